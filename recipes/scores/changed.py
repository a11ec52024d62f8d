"""Scores of an image classifier on changed images: shifted, rotated, or laid over one another."""

import numpy as np

from data_prep.images.moved import overlap_images, rotate_images, shift_images

DEGREES = 30


def changed_images(predict, part):
    """Accuracy on the images unchanged, shifted, rotated, and laid over one another.

    Images are shifted by up to an eighth of the smaller side along each axis, or rotated by up to
    30 degrees in both directions. An overlapped pair counts as correct if its two classes have the
    two highest scores. The changes are the same in every call.

    Args:
        predict: a function from images (examples, height, width, channels) to scores of the
            classes, (examples, classes).
        part: a data_prep Part with images and labels (examples,).

    Returns:
        {"accuracy", "accuracy, shifted", "accuracy, rotated", "accuracy, overlapped"}, 0 to 1.
        The last score is left out if all images have one class.
    """
    images, labels = part.inputs, part.labels
    pixels = min(images.shape[1:3]) // 8
    changed = {
        "accuracy": images,
        "accuracy, shifted": shift_images(images, pixels),
        "accuracy, rotated": rotate_images(images, DEGREES),
    }
    found = {}
    for name, inputs in changed.items():
        predicted = np.argmax(predict(inputs), axis=1)
        found[name] = float(np.mean(predicted == labels))

    if len(np.unique(labels)) > 1:
        overlapped, pairs = overlap_images(images, labels)
        two_highest = np.argsort(predict(overlapped), axis=1)[:, -2:]
        is_right = (np.sort(two_highest, axis=1) == np.sort(pairs, axis=1)).all(axis=1)
        found["accuracy, overlapped"] = float(is_right.mean())
    return found
