"""Classes of equal weight, in the training part only."""

from dataclasses import replace

import numpy as np

from data_prep.dataset import check_split
from data_prep.errors import DataError


def balance(data, seed=0):
    """Leave out training examples of the frequent classes, until all are as many as the rarest.

    Args:
        data: a Dataset with class numbers as labels. Validation and test parts stay as they are.
        seed: draws the examples to keep.

    Returns:
        The Dataset with a smaller training part, its order kept.
    """
    labels, counts = _counts(data)
    generator = np.random.default_rng(seed)
    kept = [
        generator.choice(np.flatnonzero(labels == number), counts.min(), replace=False)
        for number in range(len(counts))
    ]
    kept = np.sort(np.concatenate(kept))
    train = data.train.take(kept)
    if hasattr(train, "dropped") and len(kept) < len(labels):
        lost = {"training frames left out to balance the classes": len(labels) - len(kept)}
        train = replace(train, dropped=train.dropped | lost)
    return replace(data, train=train)


def class_weights(data):
    """Weights for `fit(class_weight=...)` that make all classes count the same.

    Args:
        data: a Dataset with class numbers as labels.

    Returns:
        {class number: examples / (classes * examples of the class)}, of the training part.
    """
    counts = _counts(data)[1]
    return {n: float(counts.sum() / (len(counts) * count)) for n, count in enumerate(counts)}


def _counts(data):
    check_split(data, "balancing")
    labels = np.asarray(data.train.labels)
    if not data.classes or labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise DataError(f"{data.name}: labels are no class numbers; only classes can be balanced.")
    counts = np.bincount(labels, minlength=len(data.classes))
    if not counts.all():
        rare = data.classes[int(np.argmin(counts))]
        raise DataError(
            f"{data.name}: the training part has no example of class {rare!r}; give rows in "
            f"which that class occurs, or split it with split_stratified."
        )
    return labels, counts
