"""Dataset: the container for all kinds of data, with train, validation and test parts."""

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
        inputs: an array (examples, ...), or a tuple or dict of such arrays.
        labels: the outputs to be learnt, in the same form.
    """

    inputs: object
    labels: object

    def __len__(self):
        return len(arrays_of(self.inputs)[0])

    def __repr__(self):
        shapes = self.shapes()
        return f"{type(self).__name__}(inputs {shapes['inputs']}, labels {shapes['labels']})"

    def take(self, numbers):
        """The part with some of its examples: a slice, a mask, or an array of row numbers."""
        return Part(_take(self.inputs, numbers), _take(self.labels, numbers))

    def shapes(self):
        """Shapes of inputs and labels, in the same tuples and dicts as the arrays."""
        return {"inputs": _shapes(self.inputs), "labels": _shapes(self.labels)}


@dataclass(frozen=True, repr=False)
class Dataset:
    """Data ready for training, with what a report says about it.

    Each part is a Part, or Frames: they have the same attributes, and cut batches from a series.

    Attributes:
        name: short name, such as "digits", or the name of the file without its suffix.
        source: where the data come from, and their licence if it is known.
        train: the part to fit on. Scalers and baselines are fitted on this part alone.
        validation: examples for choosing epochs and settings; taken from the training data.
        test: examples for the final scores; used once, at the end.
        classes: names of the classes, in the order of the class numbers; () if there are none.
        fingerprint: SHA-256 of the raw arrays, before any split or scaling.
        to_original: a function from inputs back to their original units.
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
        """Apply a function to the inputs of each part.

        Args:
            function: a function from inputs to new inputs.
            to_original: a function from new inputs back to the original units.

        Returns:
            The Dataset with new inputs.
        """
        parts = {
            name: Part(function(part.inputs), part.labels) for name, part in self.parts().items()
        }
        return replace(self, to_original=to_original, **parts)

    def parts(self):
        """The three parts by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    def describe(self):
        """The entry of report.json about the data: strings, numbers, lists and dicts."""
        return {
            "name": self.name,
            "source": self.source,
            "shapes": {name: part.shapes() for name, part in self.parts().items()},
            "classes": list(self.classes),
            "fingerprint": self.fingerprint,
        }


def check_split(data, what):
    """Raise a DataError if `data` is not a Dataset, such as frames that are not split.

    Args:
        data: what the user gave.
        what: the name of the step that needs a Dataset, for the error.
    """
    if not isinstance(data, Dataset):
        raise DataError(
            f"{what} needs a Dataset with its train, validation and test parts, not "
            f"{type(data).__name__}; split it first, or give the whole Dataset."
        )


def arrays_of(tree):
    """All arrays in nested tuples, lists and dicts, as a flat list."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, (tuple, list)):
        return [array for branch in tree for array in arrays_of(branch)]
    return [tree]


def fingerprint(*trees):
    """SHA-256 over the types, shapes and bytes of all arrays, the same for equal data."""
    digest = hashlib.sha256()
    for array in arrays_of(trees):
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def stratified_split(labels, fraction, seed, what="validation"):
    """Divide rows into two sets with about the same fraction of each class.

    Args:
        labels: class of each row, (rows,).
        fraction: fraction of the rows in the second set, from 0 to below 1; 0 leaves it empty.
        seed: equal seeds give equal sets.
        what: name of the second set in the error, such as "test".

    Returns:
        (first, second): sorted row numbers. Each row is in exactly one of them.

    Raises:
        DataError: if a class has too few rows for both sets.
    """
    if fraction == 0:
        return np.arange(len(labels)), np.arange(0)
    try:
        first, second = train_test_split(
            np.arange(len(labels)), test_size=fraction, stratify=labels, random_state=seed
        )
    except ValueError as error:
        classes, counts = np.unique(labels, return_counts=True)
        rarest = counts.argmin()
        raise DataError(
            f"cannot cut a stratified {what} part of {fraction:.0%} from {len(labels)} examples of "
            f"{len(classes)} classes (the rarest, {classes[rarest]}, has {counts[rarest]}): give "
            f"more examples."
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
