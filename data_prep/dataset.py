"""One container for every kind of data: train, validation and test parts, each with labels."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from sklearn.model_selection import train_test_split

from data_prep.errors import DataError


@dataclass(frozen=True, repr=False)
class Part:
    """Inputs and labels of one part of the data.

    Attributes:
        inputs: an array, or a tuple or dict of arrays, all of length (examples, ...).
        labels: the same for the outputs to be learnt.
    """

    inputs: object
    labels: object

    def __len__(self):
        return len(arrays_of(self.inputs)[0])

    def __repr__(self):
        shapes = self.shapes()
        return f"{type(self).__name__}(inputs {shapes['inputs']}, labels {shapes['labels']})"

    def take(self, numbers):
        """Some of the examples: a slice, a mask, or an array of numbers."""
        return Part(_take(self.inputs, numbers), _take(self.labels, numbers))

    def shapes(self):
        """Shapes of inputs and labels, in the structure they have."""
        return {"inputs": _shapes(self.inputs), "labels": _shapes(self.labels)}


@dataclass(frozen=True, repr=False)
class Dataset:
    """Data ready to train on, and what a report has to say of it.

    A part is a Part, or Frames, which have the same attributes and gather batches from a series.

    Attributes:
        name: short name, such as "digits", or the stem of the file it came from.
        source: where it comes from, and its licence where one is known.
        train: the part to fit on. Scalers and baselines see this part alone.
        validation: cut from the training data, for choosing epochs and settings.
        test: touched once, at the end.
        classes: names of the classes, in the order of the label numbers; () for none.
        fingerprint: SHA-256 of the raw arrays before any split or scaling.
        to_original: takes inputs back to their original units.
    """

    name: str
    source: str
    train: Part
    validation: Part
    test: Part
    classes: tuple = ()
    fingerprint: str = ""
    to_original: Callable = lambda inputs: inputs

    def __repr__(self):
        parts = ", ".join(f"{name}={part!r}" for name, part in self.parts().items())
        return f"{type(self).__name__}({self.name!r}, {parts})"

    @property
    def input_shape(self):
        """Shape of one input example, without the batch axis."""
        return tuple(self.train.shapes()["inputs"][1:])

    def map_inputs(self, function, to_original):
        """The same data with `function` applied to the inputs of each part.

        Args:
            function: from inputs to inputs.
            to_original: from the new inputs back to the original units.
        """
        parts = {
            name: Part(function(part.inputs), part.labels) for name, part in self.parts().items()
        }
        return replace(self, to_original=to_original, **parts)

    def parts(self):
        """The three parts by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    def describe(self):
        """What report.json keeps of the data: plain strings, numbers, lists and dicts."""
        return {
            "name": self.name,
            "source": self.source,
            "shapes": {name: part.shapes() for name, part in self.parts().items()},
            "classes": list(self.classes),
            "fingerprint": self.fingerprint,
        }


def check_split(data, what):
    """Refuse a part, or frames that are not split, where a whole Dataset is needed."""
    if not isinstance(data, Dataset):
        raise DataError(
            f"{what} needs a Dataset with its train, validation and test parts, not "
            f"{type(data).__name__}; split it first, or give the whole Dataset."
        )


def arrays_of(tree):
    """The arrays in a tree of tuples, lists and dicts, as a flat list."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, (tuple, list)):
        return [array for branch in tree for array in arrays_of(branch)]
    return [tree]


def fingerprint(*trees):
    """SHA-256 over the types, shapes and bytes of all arrays: equal data, equal fingerprint."""
    digest = hashlib.sha256()
    for array in arrays_of(trees):
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def stratified_split(labels, fraction, seed, what="validation"):
    """Two sets of row numbers with the same share of each class.

    Args:
        labels: class of each row, (rows,).
        fraction: share of the rows that goes into the second set, 0 to 1; 0 leaves it empty.
        seed: equal seeds give equal sets.
        what: what the second set is for, named in the error.

    Returns:
        (first, second): sorted row numbers. Together they are all the rows, each once.

    Raises:
        DataError: where a class has too few rows to be in both sets.
    """
    if fraction == 0:
        return np.arange(len(labels)), np.arange(0)
    try:
        first, second = train_test_split(
            np.arange(len(labels)), test_size=fraction, stratify=labels, random_state=seed
        )
    except ValueError as error:
        counts = dict(zip(*np.unique(labels, return_counts=True), strict=True))
        rare = min(counts, key=counts.get)
        raise DataError(
            f"cannot cut a stratified {what} part of {fraction:.0%} from {len(labels)} examples of "
            f"{len(counts)} classes (the rarest, {rare}, has {counts[rare]}): give more examples."
        ) from error
    return np.sort(first), np.sort(second)


def _take(tree, numbers):
    if isinstance(tree, dict):
        return {name: _take(branch, numbers) for name, branch in tree.items()}
    if isinstance(tree, (tuple, list)):
        return tuple(_take(branch, numbers) for branch in tree)
    return tree[numbers]


def _shapes(tree):
    if isinstance(tree, dict):
        return {name: _shapes(branch) for name, branch in tree.items()}
    if isinstance(tree, (tuple, list)):
        return [_shapes(branch) for branch in tree]
    return list(tree.shape)
