"""Images with a class for each pixel."""

from pathlib import Path

import numpy as np

from data_prep.dataset import Dataset, Part, fingerprint, stratified_split
from data_prep.errors import DataError
from data_prep.files.npz import TRAIN_AND_TEST, read_npz
from data_prep.sources.named import find_named

STACK = ("images", "labels")  # the arrays of a file with one stack of slices


def load_scenes(name="shapes", seed=0, validation=0.1, tile=0):
    """Load images with a class for each pixel.

    Args:
        name: "shapes", or the path of an .npz file. The file contains x_train, y_train, x_test
            and y_test, or only images and labels, such as the slices of a stack in their order.
            The last fifth of a stack becomes the test part. Images are (examples, height, width)
            or (examples, height, width, 1 or 3), bytes or numbers from 0 to 1. Labels are
            (examples, height, width), integers >= 0. The array `classes` may name the classes.
        seed: selects the validation part. The test part is the same for every seed.
        validation: fraction of the training images for validation. In a stack, the validation
            images are consecutive, because neighbouring slices look alike.
        tile: side in pixels of the square tiles that the training and validation images are cut
            into; 0 for whole images. The images are cut after the split, so no image is in two
            parts. If the side of an image is no multiple of `tile`, the last tile overlaps the
            one before. Test images are never cut.

    Returns:
        A Dataset. Inputs are float32 (examples, height, width, channels), 0 to 1. Labels are a
        dict: "masks", int64 (examples, height, width), positions in `classes`; for "shapes" also
        "captions", strings (examples,).

    Raises:
        DataError: if there are no such data, or they cannot be used. The message names the file
            and the array.
    """
    named = find_named(name, "scenes", "the path of an .npz file")
    if named:
        title, source = str(name), named.full_source()
        parts, classes = named.load(), ("background", "circle", "square", "triangle")
        is_stack = False
    else:
        title, source = Path(name).stem, f"file {name}"
        parts, classes, is_stack = _read_scenes_npz(Path(name))

    train, test = parts["train"], parts["test"]
    height, width = train["masks"].shape[1:]
    largest = min(height, width)
    if tile < 0 or tile > largest:
        raise DataError(
            f"tile is {tile}, and {title} has images of {height} x {width} pixels; give a side of "
            f"1 to {largest}, or 0 for whole images."
        )

    split = _split_stack if is_stack else _split_images
    train_rows, validation_rows = split(len(train["masks"]), validation, seed)
    test_rows = np.arange(len(test["masks"]))
    arrays = []  # in the order of the fingerprint
    for scenes in parts.values():
        arrays.append(
            [array.astype(str) if key == "captions" else array for key, array in scenes.items()]
        )

    scale = 255 if train["images"].dtype == np.uint8 else 1
    return Dataset(
        name=title,
        source=source,
        train=_make_part(train, train_rows, tile),
        validation=_make_part(train, validation_rows, tile),
        test=_make_part(test, test_rows),
        classes=classes,
        fingerprint=fingerprint(arrays),
        to_original=lambda images: images * scale,
    )


def _split_images(count, validation, seed):
    """(train rows, validation rows), sampled at random."""
    no_classes = np.zeros(count)
    return stratified_split(no_classes, validation, seed)


def _split_stack(count, validation, seed):
    """(train rows, validation rows): the validation rows are consecutive."""
    size = max(1, round(validation * count))
    first = np.random.default_rng(seed).integers(count - size + 1)
    validation_rows = np.arange(first, first + size)
    train_rows = np.setdiff1d(np.arange(count), validation_rows)
    return train_rows, validation_rows


def _make_part(scenes, rows, tile=0):
    """The Part with some rows of the scenes, cut into tiles unless `tile` is 0."""
    images = scenes["images"][rows]
    scale = np.float32(255 if images.dtype == np.uint8 else 1)
    images = images.astype("float32") / scale
    masks = scenes["masks"][rows].astype("int64")

    if tile:
        return Part(_cut_tiles(images, tile), {"masks": _cut_tiles(masks, tile)})

    labels = {"masks": masks}
    if "captions" in scenes:
        labels["captions"] = scenes["captions"][rows]
    return Part(images, labels)


def _cut_tiles(images, side):
    """Cut images (examples, height, width, ...) into tiles, (tiles, side, side, ...).

    The tiles of an image follow each other, row by row.
    """
    height, width = images.shape[1:3]
    tops = [*range(0, height - side, side), height - side]
    lefts = [*range(0, width - side, side), width - side]

    tiles = []
    for top in tops:
        for left in lefts:
            tiles.append(images[:, top : top + side, left : left + side])
    tiles = np.stack(tiles, axis=1)  # (examples, tiles of an image, side, side, ...)
    return tiles.reshape(-1, *tiles.shape[2:])


def _read_scenes_npz(path):
    """({part: {"images", "masks"}}, class names, whether it is one stack) of a checked file."""
    if not path.is_file() or path.suffix != ".npz":
        raise DataError(
            f"{path}: no such .npz file; scenes are read from one with "
            f"{', '.join(TRAIN_AND_TEST)}, or {' and '.join(STACK)}."
        )
    arrays = read_npz(path, TRAIN_AND_TEST, STACK, optional=("classes",))
    names = arrays.pop("classes", None)

    is_stack = len(arrays) == len(STACK)
    if is_stack:
        images, masks = arrays.values()
        _check_scenes(images, masks, f"{path}: images", "labels")
        x_train, y_train, x_test, y_test = _cut_test_part(images, masks, path)
    else:
        x_train, y_train, x_test, y_test = arrays.values()
        _check_scenes(x_train, y_train, f"{path}: x_train", "y_train")
        _check_scenes(x_test, y_test, f"{path}: x_test", "y_test")
        if x_train.shape[3:] != x_test.shape[3:]:
            raise DataError(
                f"{path}: x_train is {x_train.shape} and x_test {x_test.shape}; give both the "
                f"same channels."
            )

    classes = _class_names(names, max(int(y_train.max()), int(y_test.max())), path)
    parts = {
        "train": {"images": _with_channels(x_train), "masks": y_train},
        "test": {"images": _with_channels(x_test), "masks": y_test},
    }
    return parts, classes, is_stack


def _cut_test_part(images, masks, path):
    """(x_train, y_train, x_test, y_test) of a stack: the last fifth is the test part."""
    count = len(images)
    if count < 5:
        raise DataError(f"{path}: {count} images cannot be divided into parts; give 5 or more.")
    test_size = -(-count // 5)  # a fifth, rounded up
    first = count - test_size
    return images[:first], masks[:first], images[first:], masks[first:]


def _class_names(names, greatest, path):
    """The given names of the classes, or their numbers; `greatest` is the greatest label."""
    if names is not None and greatest >= len(names):
        raise DataError(
            f"{path}: a label is {greatest}, and `classes` has {len(names)} names, counted from 0; "
            f"name each class, or leave `classes` out."
        )
    if greatest == 0 or greatest > 255:
        raise DataError(
            f"{path}: the greatest label is {greatest}; number the classes 0, 1, ...; there must "
            f"be 2 to 256 of them."
        )
    if names is None:
        names = range(greatest + 1)
    return tuple(map(str, names))


def _with_channels(images):
    """Images as (examples, height, width, channels)."""
    return images if images.ndim == 4 else images[..., None]


def _check_scenes(images, masks, where, mask_name):
    """Refuse images and masks that do not fit together or cannot be used for training."""
    if images.ndim not in (3, 4) or 0 in images.shape or images.shape[3:] not in ((), (1,), (3,)):
        raise DataError(
            f"{where} has shape {images.shape}; give (examples, height, width), or (examples, "
            f"height, width, channels) with 1 or 3 channels."
        )

    is_float = images.dtype.kind == "f"
    if not is_float and images.dtype != np.uint8:
        raise DataError(
            f"{where} holds {images.dtype}; give bytes (uint8), or numbers from 0 to 1."
        )
    if is_float and not (0 <= images.min() <= images.max() <= 1):
        raise DataError(
            f"{where} goes from {images.min():g} to {images.max():g}; scale it to 0 to 1, without "
            f"NaN."
        )

    if masks.shape != images.shape[:3] or masks.dtype.kind not in "iub":
        raise DataError(
            f"{where} is {images.shape}, and {mask_name} {masks.dtype} {masks.shape}; give each "
            f"pixel one class, an integer."
        )
    if masks.min() < 0:
        raise DataError(f"{where}: {mask_name} has {masks.min()}; number the classes from 0.")
