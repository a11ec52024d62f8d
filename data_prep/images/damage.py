"""Images with a hidden part, and methods to repair them."""

import functools

import numpy as np

from data_prep.errors import DataError

DAMAGE = ("hole", "text", "both")


def damage(images, kind="both", seed=0):
    """Hide part of each image with a hole or with text, at a random position.

    Args:
        images: (examples, height, width, channels), pixels from 0 to 1, at least 4 x 4 pixels.
        kind: "hole", a grey rectangle with sides of a third to half of the image; "text", white
            letters that cover the whole image like a watermark; "both", a random one of the two
            for each image.
        seed: an integer, or several. Equal seeds give equal damage.

    Returns:
        (damaged, masks): images of the same shape, and booleans (examples, height, width, 1),
        True for hidden pixels.

    Raises:
        DataError: if the kind is unknown, or the images are too small.
    """
    if kind not in DAMAGE:
        raise DataError(f"damage {kind!r} is unknown; use one of {', '.join(DAMAGE)}.")
    count, height, width, _ = images.shape
    if min(height, width) < 4:
        raise DataError(f"images of {height} x {width} pixels are too small for holes; give 4 x 4.")

    random = np.random.default_rng(seed)
    probability_of_text = {"hole": 0, "text": 1, "both": 0.5}[kind]
    has_text = random.random(count) < probability_of_text

    rows = _random_spans(random, count, height)  # (examples, height)
    columns = _random_spans(random, count, width)  # (examples, width)
    masks = rows[:, :, None] & columns[:, None, :]  # (examples, height, width)

    sheet = _text_sheet(height, width)
    windows = np.lib.stride_tricks.sliding_window_view(sheet, (height, width))
    tops = random.integers(0, windows.shape[0], count)
    lefts = random.integers(0, windows.shape[1], count)
    masks[has_text] = windows[tops[has_text], lefts[has_text]]
    masks = masks[..., None]  # (examples, height, width, 1)

    cover = np.where(has_text, 1, 0.5).astype(images.dtype)  # white letters, grey holes
    damaged = np.where(masks, cover[:, None, None, None], images)
    return damaged, masks


def _random_spans(random, count, side):
    """A random span of a third to half of `side` per image: booleans (count, side)."""
    shortest, longest = -(-side // 3), side // 2
    sizes = random.integers(shortest, longest, count, endpoint=True)
    starts = random.integers(0, side - sizes, endpoint=True)
    ends = starts + sizes

    positions = np.arange(side)
    return (positions >= starts[:, None]) & (positions < ends[:, None])


def damaged_batches(images, kind="both", batch_size=64, seed=0):
    """Batches of damaged images, with the undamaged images as labels.

    Each epoch has new damage and a new order.

    Args:
        images: (examples, height, width, channels), pixels from 0 to 1.
        kind: as in `damage`.
        batch_size: images in a batch. The last batch may be smaller.
        seed: sets the damage and the order of the images.

    Returns:
        A keras.utils.PyDataset of inputs (batch, height, width, channels + 1), the damaged images
        with their masks as last channel, and labels (batch, height, width, channels).
    """
    from data_prep.batches import Batches

    def epoch_order(epoch):
        return np.random.default_rng((seed, epoch)).permutation(len(images))

    def gather(rows, epoch, number):
        whole = images[rows]
        damaged, masks = damage(whole, kind, (seed, epoch, number))
        return with_masks(damaged, masks), whole

    return Batches(len(images), batch_size, gather, epoch_order)


def with_masks(damaged, masks):
    """Damaged images with their masks as one more channel, (..., channels + 1)."""
    return np.concatenate([damaged, masks.astype(damaged.dtype)], axis=-1)


def fill(damaged, masks, how="biharmonic"):
    """Repair each damaged image from its own visible pixels.

    Args:
        damaged: (examples, height, width, channels).
        masks: booleans (examples, height, width, 1), True for pixels to fill.
        how: "mean", the mean of the visible pixels of each channel; "biharmonic", the smoothest
            surface that continues the visible pixels (scikit-image; Damelin and Hoang, "On surface
            completion and image inpainting by biharmonic functions", 2018).

    Returns:
        The images with the masked pixels filled, 0 to 1. All other pixels are unchanged.
    """
    if how == "mean":
        visible = ~masks
        counts = visible.sum(axis=(1, 2))
        means = np.sum(damaged, axis=(1, 2), where=visible) / counts  # (examples, channels)
        return np.where(masks, means[:, None, None], damaged)

    from skimage.restoration import inpaint_biharmonic

    filled = [
        inpaint_biharmonic(image, mask[..., 0], channel_axis=-1)
        for image, mask in zip(damaged, masks, strict=True)
    ]
    filled = np.clip(filled, 0, 1)
    return np.where(masks, filled, damaged).astype(damaged.dtype)


def fill_from_components(damaged, masks, train, size):
    """Repair damaged images by principal components fitted to their visible pixels.

    Each filled pixel is its expected value under probabilistic PCA, given the visible pixels
    (Tipping and Bishop, "Probabilistic principal component analysis", 1999).

    Args:
        damaged: (examples, height, width, channels).
        masks: booleans (examples, height, width, 1), True for pixels to fill.
        train: undamaged images that the components are fitted to, (examples, height, width,
            channels).
        size: number of components, at most the number of training images and less than the
            number of values per image.

    Returns:
        The images with the masked pixels filled, 0 to 1. All other pixels are unchanged.
    """
    from sklearn.decomposition import PCA

    pca = PCA(size, random_state=0).fit(train.reshape(len(train), -1))
    noise = max(pca.noise_variance_, 1e-6)
    # The variance of a component is the sum of its signal and the noise of every direction.
    signal = np.maximum(pca.explained_variance_ - noise, 1e-12)
    penalty = np.diag(noise / signal)  # (components, components)

    filled = damaged.copy()
    for image, mask in zip(filled, masks, strict=True):
        visible = ~np.broadcast_to(mask, image.shape).ravel()  # (values,)
        components = pca.components_[:, visible]
        difference = image.ravel()[visible] - pca.mean_[visible]
        code = np.linalg.solve(components @ components.T + penalty, components @ difference)

        values = np.clip(pca.mean_ + code @ pca.components_, 0, 1)
        image[...] = np.where(mask, values.reshape(image.shape), image)
    return filled


@functools.lru_cache(maxsize=4)
def _text_sheet(height, width):
    """Lines of random letters as booleans, larger than the image, to cut windows from."""
    from PIL import Image, ImageDraw, ImageFont

    random = np.random.default_rng(0)
    sheet_width, sheet_height = 12 * width, 12 * height
    font_size = max(8, round(0.6 * height))
    font = ImageFont.load_default(font_size)
    letters = list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")

    sheet = Image.new("1", (sheet_width, sheet_height))
    pen = ImageDraw.Draw(sheet)
    for top in range(-font_size, sheet_height, round(1.3 * font_size)):
        line = "".join(random.choice(letters, sheet_width // 3))
        left = -int(random.integers(font_size))
        pen.text((left, top), line, fill=1, font=font, stroke_width=height // 28)

    covered = np.asarray(sheet.convert("L")) > 0  # Pillow's own booleans hold 255 for True
    covered.flags.writeable = False
    return covered
