"""Classes of equal weight: fewer training examples of the frequent ones, or class weights."""

from dataclasses import replace

import numpy as np

from data_prep.dataset import check_split
from data_prep.errors import DataError


def balance(data, seed=0):
    """Leave out training examples until all classes are as frequent as the rarest.

    Args:
        data: a Dataset with class numbers as labels. Its validation and test parts do not change.
        seed: selects the examples to keep.

    Returns:
        The Dataset with a smaller training part, in the same order.

    Raises:
        DataError: if the labels are not classes, or a class has no training example.
    """
    labels, counts = _count_classes(data)
    rarest = counts.min()

    random = np.random.default_rng(seed)
    kept = []
    for number in range(len(counts)):
        examples = np.flatnonzero(labels == number)
        kept.append(random.choice(examples, rarest, replace=False))
    kept = np.sort(np.concatenate(kept))

    train = data.train.take(kept)
    left_out = len(labels) - len(kept)
    if hasattr(train, "dropped") and left_out:
        reason = "training frames left out to balance the classes"
        train = replace(train, dropped=train.dropped | {reason: left_out})
    return replace(data, train=train)


def class_weights(data):
    """Weights for `fit(class_weight=...)` that give every class the same total weight.

    Args:
        data: a Dataset with class numbers as labels.

    Returns:
        {class number: examples / (classes * examples of this class)}, counted in the training part.

    Raises:
        DataError: if the labels are not classes, or a class has no training example.
    """
    _, counts = _count_classes(data)
    examples, classes = counts.sum(), len(counts)
    return {number: float(examples / (classes * count)) for number, count in enumerate(counts)}


def _count_classes(data):
    """(labels, examples of each class) of the training part."""
    check_split(data, "balancing")
    labels = np.asarray(data.train.labels)
    if not data.classes or labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise DataError(
            f"{data.name}: the labels are not class numbers; only classes can be balanced."
        )

    counts = np.bincount(labels, minlength=len(data.classes))
    if not counts.all():
        missing = data.classes[int(np.argmin(counts))]
        raise DataError(
            f"{data.name}: the training part has no example of class {missing!r}; give rows of "
            f"that class, or split with split_stratified."
        )
    return labels, counts
