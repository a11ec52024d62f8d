"""Other tasks from the same images: fewer classes or more, other places, few labels, damage."""

import functools
from dataclasses import replace

import numpy as np

from data_prep.dataset import Part, check_split
from data_prep.errors import DataError

DAMAGE = ("hole", "text", "both")


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


def eight_ways(images):
    """Square images in their four quarter turns, and the same mirrored.

    Args:
        images: (examples, side, side, ...), or masks without channels.

    Returns:
        (8 * examples, side, side, ...), first the images as they are.
    """
    mirrored = (images, images[:, :, ::-1])
    return np.concatenate([np.rot90(side, k, (1, 2)) for side in mirrored for k in range(4)])


def damage(images, kind="both", seed=0):
    """Hide a part of each image under a hole or a text, at a place of its own.

    Args:
        images: (examples, height, width, channels), pixels from 0 to 1, 4 x 4 or more.
        kind: "hole", a grey rectangle with sides of a third to half of the image; "text", white
            letters as of a watermark that goes over the whole image; "both", one of the two for
            each image, drawn by lot.
        seed: an integer, or several; equal seeds give equal damage.

    Returns:
        (damaged, masks): images of the same shape, and booleans (examples, height, width, 1),
        true where nothing is left of the image.

    Raises:
        DataError: where the kind is another, or the images are too small.
    """
    if kind not in DAMAGE:
        raise DataError(f"damage {kind!r} is not known; use one of {', '.join(DAMAGE)}.")
    count, height, width, _ = images.shape
    if min(height, width) < 4:
        raise DataError(f"images of {height} x {width} pixels are too small for holes; give 4 x 4.")
    random = np.random.default_rng(seed)
    texts = random.random(count) < {"hole": 0, "text": 1, "both": 0.5}[kind]
    sizes, starts = [], []
    for side in (height, width):
        sizes.append(random.integers(-(-side // 3), side // 2, count, endpoint=True))
        starts.append(random.integers(0, side - sizes[-1], endpoint=True))
    rows, columns = (
        (np.arange(side) >= start[:, None]) & (np.arange(side) < (start + size)[:, None])
        for side, size, start in zip((height, width), sizes, starts, strict=True)
    )
    masks = rows[:, :, None] & columns[:, None, :]
    places = np.lib.stride_tricks.sliding_window_view(_text_sheet(height, width), (height, width))
    tops, lefts = (random.integers(0, size, count) for size in places.shape[:2])
    masks[texts] = places[tops[texts], lefts[texts]]
    masks = masks[..., None]
    cover = np.where(texts, 1, 0.5).astype(images.dtype)[:, None, None, None]
    return np.where(masks, cover, images), masks


def damaged_batches(images, kind="both", batch_size=64, seed=0):
    """Batches of images under damage that is drawn anew in each epoch, and the images as labels.

    Args:
        images: (examples, height, width, channels), pixels from 0 to 1.
        kind: as in `damage`.
        batch_size: images in a batch; the last one may be smaller.
        seed: draws the damage and the order of the images.

    Returns:
        A keras.utils.PyDataset of inputs (batch, height, width, channels + 1), the damaged image
        with its mask behind, and labels (batch, height, width, channels).
    """
    from data_prep.batches import DamagedBatches

    return DamagedBatches(images, kind, batch_size, seed)


def with_masks(damaged, masks):
    """Damaged images with their masks as one more channel, (..., channels + 1)."""
    return np.concatenate([damaged, masks.astype(damaged.dtype)], axis=-1)


def fill(damaged, masks, how="biharmonic"):
    """Repair damaged images, each from its own known pixels alone.

    Args:
        damaged: (examples, height, width, channels).
        masks: booleans (examples, height, width, 1), true where pixels are to be filled.
        how: "mean", with the mean of the known pixels of each channel; "biharmonic", with the
            smoothest surface that goes on from them (scikit-image; Damelin and Hoang, "On surface
            completion and image inpainting by biharmonic functions", 2018).

    Returns:
        The images with the pixels under the masks filled, 0 to 1, the others as they are.
    """
    if how == "mean":
        known = ~masks
        means = np.sum(damaged, axis=(1, 2), where=known) / known.sum(axis=(1, 2))
        return np.where(masks, means[:, None, None], damaged)
    from skimage.restoration import inpaint_biharmonic

    filled = [
        inpaint_biharmonic(image, mask[..., 0], channel_axis=-1)
        for image, mask in zip(damaged, masks, strict=True)
    ]
    return np.where(masks, np.clip(filled, 0, 1), damaged).astype(damaged.dtype)


def fill_from_components(damaged, masks, train, size):
    """Repair damaged images by principal components fitted to their known pixels.

    With each component as probable as its variance says and the rest as noise, the filled pixels
    are the expected ones (Tipping and Bishop, "Probabilistic principal component analysis", 1999).

    Args:
        damaged: (examples, height, width, channels).
        masks: booleans (examples, height, width, 1), true where pixels are to be filled.
        train: whole images to fit the components on, (examples, height, width, channels).
        size: number of components, at most that of examples and of values less 1.

    Returns:
        The images with the pixels under the masks filled, 0 to 1, the others as they are.
    """
    from sklearn.decomposition import PCA

    pca = PCA(size, random_state=0).fit(train.reshape(len(train), -1))
    noise = max(pca.noise_variance_, 1e-6)
    # What a component varies by is part of it noise, as in every direction.
    penalty = np.diag(noise / np.maximum(pca.explained_variance_ - noise, 1e-12))
    filled = damaged.copy()
    for image, mask in zip(filled, masks, strict=True):
        hidden = np.broadcast_to(mask, image.shape).ravel()
        known = pca.components_[:, ~hidden]
        gap = image.ravel()[~hidden] - pca.mean_[~hidden]
        code = np.linalg.solve(known @ known.T + penalty, known @ gap)
        values = pca.mean_ + code @ pca.components_
        image[...] = np.where(mask, np.clip(values, 0, 1).reshape(image.shape), image)
    return filled


@functools.lru_cache(maxsize=4)
def _text_sheet(height, width):
    """Lines of random letters, booleans, from which windows of height and width can be cut."""
    from PIL import Image, ImageDraw, ImageFont

    random = np.random.default_rng(0)
    size = max(8, round(0.6 * height))
    sheet = Image.new("1", (12 * width, 12 * height))
    pen = ImageDraw.Draw(sheet)
    font, letters = ImageFont.load_default(size), list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    for top in range(-size, 12 * height, round(1.3 * size)):
        line = "".join(random.choice(letters, 12 * width // 3))
        left = -int(random.integers(size))
        pen.text((left, top), line, fill=1, font=font, stroke_width=height // 28)
    found = np.asarray(sheet.convert("L")) > 0  # booleans that Pillow makes hold 255 for true
    found.flags.writeable = False
    return found


def _some_classes(data, first, end):
    """The classes from number `first` to before number `end`, alone."""

    def chosen(part):
        part = part.take((part.labels >= first) & (part.labels < end))
        return Part(part.inputs, part.labels - first)

    parts = {name: chosen(part) for name, part in data.parts().items()}
    return replace(data, classes=data.classes[first:end], **parts)
