"""NewClasses: data whose test classes are not the training classes. Batches of several classes."""

from dataclasses import dataclass

import numpy as np

from data_prep.dataset import Dataset, Part
from data_prep.errors import DataError


@dataclass(frozen=True, repr=False)
class NewClasses(Dataset):
    """A Dataset for verification and one-shot tasks; its test classes are usually new.

    Attributes:
        groups: group of each test example, integers (examples,), such as its alphabet. All classes
            of a one-shot task come from one group. Examples of group -1 are in no sampled task.
            None for a single group.
        runs: a Part of fixed one-shot tasks, as from `make_episodes`, or None.
        runs_ink: (support, query) of `runs` in their original size, booleans
            (tasks, images, height, width), True for ink, or None.
    """

    groups: np.ndarray | None = None
    runs: Part | None = None
    runs_ink: tuple | None = None


def class_batches(part, batch_size=64, per_class=4, distortion=0.0, seed=0):
    """Batches with several images of each class, for losses that compare the images of a batch.

    In each epoch, the images of each class are divided at random into sets of `per_class`, and the
    sets are divided at random among the batches. Each epoch has every image at least once. Some
    images come again, to fill the last set of their class.

    Args:
        part: a Part with one array as inputs and class numbers as labels.
        batch_size: images in a batch, rounded down to a multiple of `per_class`. The last batch
            may be smaller.
        per_class: images in a set, at least 2.
        distortion: strength of random distortions, as in `distort`; 0 for none.
        seed: selects the sets, their order and the distortions.

    Returns:
        A keras.utils.PyDataset of (inputs, labels).

    Raises:
        DataError: if per_class is below 2, or a batch has no room for two sets.
    """
    from data_prep.batches import Batches
    from data_prep.images.distortion import distort

    if per_class < 2 or batch_size < 2 * per_class:
        raise DataError(
            f"batch_size {batch_size}, {per_class} images in a set: give at least 2 in a set, and "
            f"a batch of at least two sets."
        )
    labels = np.asarray(part.labels)
    rows_of_class = [np.flatnonzero(labels == label) for label in np.unique(labels)]

    def epoch_order(epoch):
        random = np.random.default_rng((seed, epoch))
        sets = []
        for rows in rows_of_class:
            count = -(-len(rows) // per_class) * per_class
            order = np.resize(random.permutation(rows), count)
            sets.append(order.reshape(-1, per_class))
        sets = np.concatenate(sets)
        return random.permutation(sets).ravel()

    def gather(rows, epoch, number):
        inputs = part.inputs[rows]
        if distortion:
            inputs = distort(inputs, distortion, (seed, epoch, number))
        return inputs, labels[rows]

    size = batch_size // per_class * per_class
    return Batches(len(epoch_order(0)), size, gather, epoch_order)
