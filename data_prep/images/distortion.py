"""Random affine distortions of images; rotated copies of classes as new classes."""

import numpy as np
from scipy.ndimage import map_coordinates

from data_prep.dataset import Part
from data_prep.errors import DataError

# The largest changes with strength 1. Koch et al. 2015 shear and scale Omniglot as much, but
# rotate and shift it less.
MOST_DEGREES = 15
MOST_SHEAR = 0.3
MOST_ZOOM = 0.2
MOST_SHIFT = 0.08  # as a fraction of height and of width


def distort(images, strength=1.0, seed=0):
    """Rotate, shear, scale and shift each image by random amounts of its own.

    The amounts are independent and uniform; for the scale, its logarithm is uniform. With strength
    1, an image is rotated by up to 15 degrees, sheared by up to 0.3, scaled by 1 / 1.2 to 1.2 and
    shifted by up to 8% of height and width. Rows and columns have their own scale and shift. Pixels
    are interpolated linearly; pixels from outside the image are 0.

    Args:
        images: (examples, height, width, channels).
        strength: factor for all changes, >= 0; 0 changes nothing.
        seed: an integer, or several. Equal seeds give equal distortions.

    Returns:
        New images of the same shape and data type.

    Raises:
        DataError: if the strength is negative or not finite.
    """
    if not (np.isfinite(strength) and strength >= 0):
        raise DataError(f"distortion is {strength}; give a number >= 0, such as 1.")
    count, height, width, channels = images.shape
    if strength == 0 or count == 0:
        return images.copy()

    random = np.random.default_rng(seed)
    angle = random.uniform(-1, 1, count) * strength * np.deg2rad(MOST_DEGREES)
    shear = random.uniform(-1, 1, count) * strength * MOST_SHEAR
    zoom = np.exp(random.uniform(-1, 1, (2, count)) * strength * np.log1p(MOST_ZOOM))
    shift = random.uniform(-1, 1, (2, count)) * strength * MOST_SHIFT

    # Where each pixel of the new image lies in the old one, both measured from the centre:
    # old row = zoom * (cos * row - sin * column) + shift,
    # old column = zoom * (sin * row + cos * column) + shift + shear * old row.
    rows, columns = np.mgrid[:height, :width].astype("float32")
    rows, columns = rows - (height - 1) / 2, columns - (width - 1) / 2

    def each(values):
        return values.astype("float32")[:, None, None]  # (examples, 1, 1)

    cos, sin = each(np.cos(angle)), each(np.sin(angle))
    old_rows = each(zoom[0]) * (cos * rows - sin * columns) + each(shift[0] * height)
    old_columns = each(zoom[1]) * (sin * rows + cos * columns) + each(shift[1] * width)
    old_columns = old_columns + each(shear) * old_rows
    old_rows += (height - 1) / 2
    old_columns += (width - 1) / 2  # (examples, height, width)

    numbers = np.broadcast_to(each(np.arange(count)), old_rows.shape)
    places = np.stack([numbers, old_rows, old_columns])
    distorted = np.empty_like(images)
    for channel in range(channels):
        # The first coordinate, the image's number, is an integer: no two images are mixed.
        map_coordinates(images[..., channel], places, distorted[..., channel], order=1)
    return distorted


def add_rotations(part):
    """Add each image rotated by 90, 180 and 270 degrees; each class gives three new classes.

    Args:
        part: a Part with images (examples, side, side, channels) and class numbers as labels.

    Returns:
        A Part with four times as many examples, the original ones first. The numbers of the new
        classes follow the largest label.

    Raises:
        DataError: if the images are not square.
    """
    height, width = part.inputs.shape[1:3]
    if height != width:
        raise DataError(f"images of {height} x {width} pixels cannot be rotated; give square ones.")
    num_classes = part.labels.max() + 1
    turned = [np.rot90(part.inputs, turns, axes=(1, 2)) for turns in range(4)]
    labels = [part.labels + turns * num_classes for turns in range(4)]
    return Part(np.concatenate(turned), np.concatenate(labels))
