"""Images that are shifted, rotated, or laid over one another."""

import numpy as np

from data_prep.errors import DataError


def shift_images(images, pixels, seed=0):
    """Shift each image by a random number of whole pixels; pixels from outside it are 0.

    Args:
        images: (examples, height, width, channels).
        pixels: the largest shift along each axis, an integer >= 0, less than height and width.
        seed: an integer, or several. Equal seeds give equal shifts.

    Returns:
        An array of the same shape and type.

    Raises:
        DataError: if `pixels` is out of range.
    """
    count, height, width, _ = images.shape
    check_shift(pixels, images.shape[1:])

    random = np.random.default_rng(seed)
    moves = random.integers(0, 2 * pixels, (count, 2), endpoint=True)
    edge = (pixels, pixels)
    padded = np.pad(images, ((0, 0), edge, edge, (0, 0)))

    rows = moves[:, :1] + np.arange(height)  # (examples, height)
    columns = moves[:, 1:] + np.arange(width)
    return padded[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]


def check_shift(pixels, image_shape):
    """Refuse a shift that is not an integer >= 0, less than height and width.

    Args:
        pixels: the shift.
        image_shape: (height, width, channels).

    Raises:
        DataError: if it is out of range.
    """
    most = min(image_shape[:2]) - 1
    if not (isinstance(pixels, (int, np.integer)) and 0 <= pixels <= most):
        raise DataError(f"a shift of {pixels} pixels; give an integer from 0 to {most}.")


def rotate_images(images, degrees, seed=0):
    """Rotate each image about its centre by a random angle; pixels from outside it are 0.

    Args:
        images: (examples, height, width, channels).
        degrees: the largest angle in both directions.
        seed: an integer, or several. Equal seeds give equal angles.

    Returns:
        An array of the same shape and type. Pixels are interpolated linearly.
    """
    from scipy.ndimage import rotate

    angles = np.random.default_rng(seed).uniform(-degrees, degrees, len(images))
    rotated = [
        rotate(image, angle, axes=(0, 1), reshape=False, order=1)
        for image, angle in zip(images, angles, strict=True)
    ]
    return np.stack(rotated)


def overlap_images(images, labels, seed=0):
    """Lay an image of another class over each image: of two pixels the brighter one remains.

    Source: the MultiMNIST data of Sabour et al., "Dynamic routing between capsules", 2017, without
    its shifts.

    Args:
        images: (examples, height, width, channels), brighter than their background.
        labels: class of each image, (examples,), at least two classes.
        seed: an integer, or several. Equal seeds give equal pairs.

    Returns:
        (overlapped, pairs): images of the same shape, and the two classes of each image,
        (examples, 2).

    Raises:
        DataError: if all images have one class.
    """
    labels = np.asarray(labels)
    if len(np.unique(labels)) < 2:
        raise DataError("images of one class cannot be laid over those of another; give two.")

    random = np.random.default_rng(seed)
    partners = np.array([random.choice(np.flatnonzero(labels != label)) for label in labels])
    overlapped = np.maximum(images, images[partners])
    return overlapped, np.stack([labels, labels[partners]], axis=1)


def shifted_batches(images, labels, pixels, batch_size=64, seed=0):
    """Batches of images, with new random shifts and in a new order in each epoch.

    Args:
        images: (examples, height, width, channels).
        labels: the label of each image, (examples, ...).
        pixels: the largest shift along each axis; 0 leaves the images as they are.
        batch_size: images in a batch. The last batch may be smaller.
        seed: sets the shifts and the order of the images.

    Returns:
        A keras.utils.PyDataset of (images, labels), for `fit`.

    Raises:
        DataError: if `pixels` is not an integer >= 0, less than height and width.
    """
    from data_prep.batches import Batches

    check_shift(pixels, images.shape[1:])

    def epoch_order(epoch):
        return np.random.default_rng((seed, epoch)).permutation(len(images))

    def gather(rows, epoch, number):
        return shift_images(images[rows], pixels, (seed, epoch, number)), labels[rows]

    return Batches(len(images), batch_size, gather, epoch_order)
