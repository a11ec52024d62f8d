"""Images with a class for each pixel."""

from pathlib import Path

import numpy as np

from data_prep.dataset import Dataset, Part, fingerprint, stratified_split
from data_prep.errors import DataError
from data_prep.files.npz import TRAIN_AND_TEST, read_npz
from data_prep.sources.named import find_named

STACK = ("images", "labels")  # such as the slices of a stack, in their order


def load_scenes(name="shapes", seed=0, validation=0.1, tile=0):
    """Load images with a class for each pixel.

    Args:
        name: "shapes"; or the path of an .npz file with x_train, y_train, x_test and y_test, or
            with images and labels alone, such as the slices of a stack in their order, of which
            the last fifth is the test part. Images are (examples, height, width) or (examples,
            height, width, 1 or 3) of bytes, or numbers from 0 to 1; labels (examples, height,
            width) whole numbers from 0. `classes` may name these.
        seed: draws the validation part. The test part is the same for every seed.
        validation: share of the training images to cut for validation. Of a stack these are
            neighbours, as slices beside each other are alike.
        tile: side in pixels of squares that the training and validation images are cut into after
            the split, so that no image is in two parts; 0 for whole images. Where it does not
            divide a side, the last square overlaps the one before. Test images stay whole.

    Returns:
        A Dataset. Inputs are float32 (examples, height, width, channels), 0 to 1. Labels are a
        dict: "masks", int64 (examples, height, width), numbers into `classes`, and of "shapes"
        also "captions", strings (examples,).

    Raises:
        DataError: where the name is none, or of another kind; naming the file, the array and what
            to do.
    """
    named = find_named(name, "scenes", "the path of an .npz file")
    if named:
        parts, classes = named.load(), ("background", "circle", "square", "triangle")
        title, source, stack = str(name), named.full_source(), False
    else:
        parts, classes, stack = _read_scenes_npz(Path(name))
        title, source = Path(name).stem, f"file {name}"
    train, count = parts["train"], len(parts["train"]["masks"])
    if stack:
        size = max(1, round(validation * count))
        first = np.random.default_rng(seed).integers(count - size + 1)
        validation_rows = np.arange(first, first + size)
        rows = np.setdiff1d(np.arange(count), validation_rows)
    else:
        rows, validation_rows = stratified_split(np.zeros(count), validation, seed)
    sides = train["masks"].shape[1:]
    if tile < 0 or tile > min(sides):
        raise DataError(
            f"tile is {tile}, and {title} has images of {sides[0]} x {sides[1]} pixels; give a "
            f"side of 1 to {min(sides)}, or 0 for whole images."
        )

    def part(scenes, part_rows=slice(None), tile=0):
        images = scenes["images"][part_rows]
        images = images / np.float32(255) if images.dtype == np.uint8 else images.astype("float32")
        labels = {"masks": scenes["masks"][part_rows].astype("int64")}
        if tile:
            images, labels["masks"] = _tiles(images, tile), _tiles(labels["masks"], tile)
        elif "captions" in scenes:
            labels["captions"] = scenes["captions"][part_rows]
        return Part(images, labels)

    scale = 255 if train["images"].dtype == np.uint8 else 1
    return Dataset(
        name=title,
        source=source,
        train=part(train, rows, tile),
        validation=part(train, validation_rows, tile),
        test=part(parts["test"]),
        classes=classes,
        fingerprint=fingerprint(
            [
                [array.astype(str) if key == "captions" else array for key, array in scenes.items()]
                for scenes in parts.values()
            ]
        ),
        to_original=lambda images: images * scale,
    )


def _tiles(images, side):
    """Squares of images (examples, height, width, ...), row by row, (squares, side, side, ...)."""
    tops, lefts = ([*range(0, length - side, side), length - side] for length in images.shape[1:3])
    cut = [images[:, top : top + side, left : left + side] for top in tops for left in lefts]
    return np.stack(cut, axis=1).reshape(-1, *cut[0].shape[1:])


def _read_scenes_npz(path):
    """({part: {"images", "masks"}}, class names, whether it is one stack), checked."""
    if not path.is_file() or path.suffix != ".npz":
        raise DataError(
            f"{path}: no such .npz file; scenes are read from one with "
            f"{', '.join(TRAIN_AND_TEST)}, or {' and '.join(STACK)}."
        )
    found = read_npz(path, TRAIN_AND_TEST, STACK, optional=("classes",))
    names = found.pop("classes", None)
    stack = len(found) == len(STACK)
    arrays = list(found.values())
    pairs = {"": arrays} if stack else {"train": arrays[:2], "test": arrays[2:]}
    for part, (images, masks) in pairs.items():
        called = {"images": f"x_{part}", "labels": f"y_{part}"} if part else {}
        _check_scenes(images, masks, f"{path}: {called.get('images', 'images')}", called)
    if not stack and arrays[0].shape[3:] != arrays[2].shape[3:]:
        raise DataError(
            f"{path}: x_train is {arrays[0].shape} and x_test {arrays[2].shape}; give both the "
            f"same channels."
        )
    images, masks = arrays[0], arrays[1]
    if stack:
        count = len(images)
        if count < 5:
            raise DataError(f"{path}: {count} images cannot be divided into parts; give 5 or more.")
        cut = count - -(-count // 5)
        arrays = [images[:cut], masks[:cut], images[cut:], masks[cut:]]
    greatest = max(int(arrays[1].max()), int(arrays[3].max()))
    if names is not None and greatest >= len(names):
        raise DataError(
            f"{path}: a label is {greatest}, and `classes` has {len(names)} names, counted from 0; "
            f"name each class, or leave `classes` out."
        )
    if greatest == 0 or greatest > 255:
        raise DataError(
            f"{path}: the greatest label is {greatest}; number the classes 0, 1, ..., two or more "
            f"and at most 256."
        )
    classes = tuple(map(str, range(greatest + 1) if names is None else names))

    def part(images, masks):
        return {"images": images if images.ndim == 4 else images[..., None], "masks": masks}

    return {"train": part(*arrays[:2]), "test": part(*arrays[2:])}, classes, stack


def _check_scenes(images, masks, here, called):
    """Refuse images and masks that do not fit each other or cannot be trained on."""
    labels = called.get("labels", "labels")
    if images.ndim not in (3, 4) or 0 in images.shape or images.shape[3:] not in ((), (1,), (3,)):
        raise DataError(
            f"{here} has shape {images.shape}; give (examples, height, width), or the same with 1 "
            f"or 3 channels behind."
        )
    if images.dtype.kind != "f" and images.dtype != np.uint8:
        raise DataError(f"{here} holds {images.dtype}; give bytes (uint8), or numbers from 0 to 1.")
    if images.dtype.kind == "f" and not (0 <= images.min() <= images.max() <= 1):
        raise DataError(
            f"{here} goes from {images.min():g} to {images.max():g}; scale it to 0 to 1, without "
            f"NaN."
        )
    if masks.shape != images.shape[:3] or masks.dtype.kind not in "iub":
        raise DataError(
            f"{here} is {images.shape}, and {labels} {masks.dtype} {masks.shape}; give each pixel "
            f"one class, a whole number."
        )
    if masks.min() < 0:
        raise DataError(f"{here}: {labels} has {masks.min()}; number the classes from 0.")
