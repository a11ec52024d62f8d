"""Other tasks from the same images: fewer classes or more, other places, few labels."""

from dataclasses import replace

import numpy as np

from data_prep.dataset import Part, check_split
from data_prep.errors import DataError


def take_classes(data, classes):
    """Some classes alone, as data of their own.

    Args:
        data: a Dataset with classes.
        classes: their names, at least two; the order is that of the data.

    Returns:
        The Dataset with the examples of these classes in each part, their labels counted from 0.

    Raises:
        DataError: for an unknown class, or fewer than two.
    """
    check_split(data, "take_classes")
    unknown = [name for name in classes if name not in data.classes]
    if unknown or len(set(classes)) < 2:
        wrong = f"there is no class {unknown[0]!r}" if unknown else "a task needs two classes"
        raise DataError(f"{data.name!r}: {wrong}; its classes are {', '.join(data.classes[:12])}.")
    numbers = [number for number, name in enumerate(data.classes) if name in classes]

    def chosen(part):
        part = part.take(np.isin(part.labels, numbers))
        return Part(part.inputs, np.searchsorted(numbers, part.labels))

    parts = {name: chosen(part) for name, part in data.parts().items()}
    return replace(data, classes=tuple(data.classes[number] for number in numbers), **parts)


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
