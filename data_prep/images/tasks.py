"""Other tasks from the same images: half of the classes, shifts, rotations, few labels."""

from dataclasses import replace

import numpy as np

from data_prep.dataset import Part, check_split
from data_prep.errors import DataError


def class_halves(data):
    """Split one task into two: the first half of the classes, and the second half.

    Args:
        data: a Dataset with at least four classes.

    Returns:
        (first, second): two Datasets. Each has only the examples of its classes, in the same
        parts, with labels from 0. If the number of classes is odd, the second has one more.

    Raises:
        DataError: if there are fewer than four classes.
    """
    check_split(data, "class_halves")
    half = len(data.classes) // 2
    if half < 2:
        raise DataError(
            f"{data.name!r} has {len(data.classes)} classes, but two tasks of two classes each "
            f"need four."
        )
    return _some_classes(data, 0, half), _some_classes(data, half, len(data.classes))


def scatter(images, side):
    """Put each image at a random position in a square of zeros.

    Args:
        images: a Dataset with inputs (examples, height, width, channels).
        side: height and width of the square in pixels. If the images are not smaller than the
            square, they do not change.

    Returns:
        The Dataset with inputs (examples, side, side, channels). Repeated calls give the same
        positions.
    """
    height, width, channels = images.input_shape
    if max(height, width) >= side:
        return images

    def place(inputs):
        random = np.random.default_rng(0)
        ends = [side - height + 1, side - width + 1]
        corners = random.integers(0, ends, (len(inputs), 2))  # (top, left) of each image

        squares = np.zeros((len(inputs), side, side, channels), inputs.dtype)
        for square, image, (top, left) in zip(squares, inputs, corners, strict=True):
            square[top : top + height, left : left + width] = image
        return squares

    return images.map_inputs(place, images.to_original)


def quarter_turns(data):
    """Add copies of each image rotated by 90, 180 and 270 degrees, as classes of their own.

    Args:
        data: a Dataset with inputs (examples, height, width, channels) and classes.

    Returns:
        The Dataset with four times as many classes, and four times as many examples in each part.
        Class c, rotated q times by 90 degrees counter-clockwise, becomes class c + q * classes
        with a name such as "cat turned 90". Images that are not square do not change.
    """
    height, width, _ = data.input_shape
    if height != width:
        return data

    def add_rotations(part):
        inputs = [np.rot90(part.inputs, turns, axes=(1, 2)) for turns in range(4)]
        labels = [part.labels + turns * len(data.classes) for turns in range(4)]
        return Part(np.concatenate(inputs), np.concatenate(labels))

    rotated = [f"{name} turned {angle}" for angle in (90, 180, 270) for name in data.classes]
    parts = {name: add_rotations(part) for name, part in data.parts().items()}
    return replace(data, classes=(*data.classes, *rotated), **parts)


def in_turns(labels, seed=0):
    """A random order of the rows that takes one row of each class in turn.

    It serves to select a few labelled examples: the first rows of the order are balanced, and the
    first 30 contain the first 10.

    Args:
        labels: class of each row, (rows,).
        seed: equal seeds give equal orders.

    Returns:
        int64 (rows,), each row once. The classes of the first rows are as balanced as possible.
    """
    random = np.random.default_rng(seed)
    order = random.permutation(len(labels))
    rank = np.empty(len(labels), np.int64)  # how many rows of the same class come first
    for label in np.unique(labels):
        of_class = order[np.asarray(labels)[order] == label]
        rank[of_class] = np.arange(len(of_class))
    return order[np.argsort(rank[order], kind="stable")]


def few_labels(labels, counts, draws, epoch_size, seed=0):
    """Select small training sets, each with few labelled examples.

    Args:
        labels: class of each row, (rows,).
        counts: numbers of labelled examples, such as (10, 30). Numbers that are not smaller than
            the number of rows are left out.
        draws: number of random training sets for each number of examples.
        epoch_size: a smaller training set is repeated until it has this many rows.
        seed: equal seeds give equal rows.

    Returns:
        {number of labelled examples: [row numbers, one array per training set]}. The last entry
        is the set of all rows. The classes of each set are as balanced as possible.

    Raises:
        DataError: if draws is below 1.
    """
    if draws < 1:
        raise DataError(f"draws is {draws}; give 1 or more.")
    orders = [in_turns(labels, seed * draws + draw) for draw in range(draws)]
    samples = {}
    for count in counts:
        if count < len(labels):
            size = max(count, epoch_size)
            samples[count] = [np.resize(order[:count], size) for order in orders]

    size = max(len(labels), epoch_size)
    samples[len(labels)] = [np.resize(orders[0], size)]
    return samples


def eight_ways(images):
    """The eight symmetries of square images: four rotations, each also mirrored.

    Args:
        images: (examples, side, side, ...), for example masks without channels.

    Returns:
        (8 * examples, side, side, ...). The unchanged images come first.
    """
    mirrored = images[:, :, ::-1]
    rotations = [np.rot90(images, turns, (1, 2)) for turns in range(4)]
    rotations += [np.rot90(mirrored, turns, (1, 2)) for turns in range(4)]
    return np.concatenate(rotations)


def _some_classes(data, first, end):
    """The Dataset with only the classes `first` to `end` - 1, numbered from 0."""

    def select(part):
        selected = part.take((part.labels >= first) & (part.labels < end))
        return Part(selected.inputs, selected.labels - first)

    parts = {name: select(part) for name, part in data.parts().items()}
    return replace(data, classes=data.classes[first:end], **parts)
