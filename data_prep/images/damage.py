"""Images with a part hidden, and ways to repair them."""

import functools

import numpy as np

from data_prep.errors import DataError

DAMAGE = ("hole", "text", "both")


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
    from data_prep.batches import Batches

    def draw_order(epoch):
        return np.random.default_rng((seed, epoch)).permutation(len(images))

    def gather(rows, epoch, number):
        whole = images[rows]
        return with_masks(*damage(whole, kind, (seed, epoch, number))), whole

    return Batches(len(images), batch_size, gather, draw_order)


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
