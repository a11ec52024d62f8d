"""Other tasks from the same images: fewer classes or more, other places, few labels, damage."""

from dataclasses import replace

import numpy as np

from data_prep.dataset import Part, check_split
from data_prep.errors import DataError


def class_halves(data):
    """Two tasks from one: the first half of the classes, and the other half.

    Args:
        data: a Dataset with at least four classes.

    Returns:
        (first, second): a Dataset each, with the examples of its classes in each part and labels
        counted from 0. Of an odd number of classes the second has one more.

    Raises:
        DataError: where there are fewer than four classes.
    """
    check_split(data, "class_halves")
    half = len(data.classes) // 2
    if half < 2:
        raise DataError(
            f"{data.name!r} has {len(data.classes)} classes, and two tasks of two classes each "
            f"need four; give data with more."
        )
    return _some_classes(data, 0, half), _some_classes(data, half, len(data.classes))


def scatter(images, side):
    """Put each image at a random place of a square of zeros.

    Args:
        images: a Dataset with inputs (examples, height, width, channels).
        side: height and width of the square in pixels. Where an image is as large, all stay as
            they are.

    Returns:
        The Dataset with inputs (examples, side, side, channels). The places are the same every
        time.
    """
    height, width, channels = images.input_shape
    if max(height, width) >= side:
        return images

    def scattered(inputs):
        places = np.random.default_rng(0).integers(
            0, [side - height + 1, side - width + 1], (len(inputs), 2)
        )
        squares = np.zeros((len(inputs), side, side, channels), inputs.dtype)
        for square, image, (top, left) in zip(squares, inputs, places, strict=True):
            square[top : top + height, left : left + width] = image
        return squares

    return images.map_inputs(scattered, images.to_original)


def quarter_turns(data):
    """Each image in its four quarter turns, each turn of a class a class of its own.

    Args:
        data: a Dataset with inputs (examples, height, width, channels) and classes.

    Returns:
        The Dataset with four times the classes and the examples in each part: class c, turned q
        times against the clock, is c + q * classes, and named "NAME turned 90" degrees and so on.
        Images that are not square stay as they are, in their classes.
    """
    height, width, _ = data.input_shape
    if height != width:
        return data

    def turned(part):
        return Part(
            np.concatenate([np.rot90(part.inputs, turns, axes=(1, 2)) for turns in range(4)]),
            np.concatenate([part.labels + turns * len(data.classes) for turns in range(4)]),
        )

    classes = [f"{name} turned {angle}" for angle in (90, 180, 270) for name in data.classes]
    parts = {name: turned(part) for name, part in data.parts().items()}
    return replace(data, classes=(*data.classes, *classes), **parts)


def in_turns(labels, seed=0):
    """A random order of the rows that takes one of each class in turn, for drawing a few labels.

    Args:
        labels: class of each row, (rows,).
        seed: equal seeds give equal orders.

    Returns:
        int64 (rows,), each row once. The first rows have as many of each class as there can be,
        and 30 of them hold the first 10.
    """
    random = np.random.default_rng(seed)
    order = random.permutation(len(labels))
    rank = np.empty(len(labels), np.int64)  # how many of its class come before a row
    for label in np.unique(labels):
        of_class = order[np.asarray(labels)[order] == label]
        rank[of_class] = np.arange(len(of_class))
    return order[np.argsort(rank[order], kind="stable")]


def few_labels(labels, counts, draws, epoch_size, seed=0):
    """Small training sets from a large one: the rows of few labelled examples.

    Args:
        labels: class of each row, (rows,).
        counts: numbers of labels, such as (10, 30); those of as many rows or more are left out.
        draws: how many times the rows of each number are drawn.
        epoch_size: where there are fewer rows, they are repeated up to this number.
        seed: equal seeds give equal rows.

    Returns:
        {number of labels: [rows, an array for each draw]}. The last number is that of all rows,
        with one array. The classes of each are as balanced as there are rows of each class.
    """
    orders = [in_turns(labels, seed * draws + draw) for draw in range(draws)]
    samples = {}
    for count in counts:
        if count < len(labels):
            size = max(count, epoch_size)
            samples[count] = [np.resize(order[:count], size) for order in orders]

    samples[len(labels)] = [np.resize(orders[0], max(len(labels), epoch_size))]
    return samples


def eight_ways(images):
    """Square images in their four quarter turns, and the same mirrored.

    Args:
        images: (examples, side, side, ...), or masks without channels.

    Returns:
        (8 * examples, side, side, ...), first the images as they are.
    """
    mirrored = (images, images[:, :, ::-1])
    return np.concatenate([np.rot90(side, k, (1, 2)) for side in mirrored for k in range(4)])


def _some_classes(data, first, end):
    """The classes from number `first` to before number `end`, alone."""

    def chosen(part):
        part = part.take((part.labels >= first) & (part.labels < end))
        return Part(part.inputs, part.labels - first)

    parts = {name: chosen(part) for name, part in data.parts().items()}
    return replace(data, classes=data.classes[first:end], **parts)
