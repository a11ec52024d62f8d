"""Images from named data, an .npz file or image files, and images as sequences of frames."""

from pathlib import Path

import numpy as np

from data_prep.dataset import Dataset, fingerprint, stratified_split
from data_prep.errors import DataError
from data_prep.files.npz import TRAIN_AND_TEST, read_npz
from data_prep.images.files import ImagesPart, check_image_size, load_image_files
from data_prep.sources.named import find_named


def load_images(
    data="digits",
    seed=0,
    validation=0.1,
    image_size=(64, 64),
    channels=3,
    min_size=(1, 1),
    multiple_of=1,
    lazy=False,
):
    """Load images with one class each, scaled to the range 0 to 1.

    Args:
        data: "digits", "faces" or "textures" (installed with libraries), "mnist" or
            "fashion_mnist" (downloaded once by Keras), or the path of an .npz file with the
            arrays x_train, y_train, x_test and y_test: images (examples, height, width) or
            (examples, height, width, channels), labels (examples,) as integers or strings; or
            image files: a folder with one folder of images per class, or with the folders train,
            test and validation that each have these; or a CSV file (.csv, .csv.gz) with the
            columns path (from the folder of the CSV) and label. Without a test folder a fifth of
            each class is the test part, the same for every seed.
        seed: draws the validation part. The test part is the same for every seed.
        validation: share of the training images, the same in each class, to cut for validation.
        image_size: (height, width) in pixels that image files are brought to.
        channels: 1 for grey, 3 for colour, that image files are brought to.
        min_size: least (height, width) in pixels that the network can take.
        multiple_of: what the network needs height and width to be a multiple of, such as 4 where
            it halves them twice.
        lazy: leave image files on disk, for more of them than fit into memory; arrays stay arrays.

    Returns:
        A Dataset. Inputs are float32 (examples, height, width, channels): bytes are divided by
        255, other numbers scaled by the least and greatest value of the training part. Labels are
        int64 (examples,), numbers into `classes`. Each part is an ImagesPart, whose `batches` and
        `dataset` give batches of arrays and of files alike.

        Image files give a FilesDataset, a Dataset with `report`, the FileReport on refused and
        changed files. They are stretched to `image_size`, turned upright as their EXIF data say,
        and laid on white where they are transparent. Where `lazy`, the parts are ImageFilesPart.

    Raises:
        DataError: naming the file, the array and what to do.
    """
    path = Path(data)
    named = find_named(data, "images", "the path of an .npz file, a folder or a CSV")
    if named:
        name, where = str(data), f"data {data!r}"
        arrays, source = named.load(), named.full_source()
    elif path.is_dir() or path.name.endswith((".csv", ".csv.gz")):
        image_size = check_image_size(image_size, channels)
        if image_size[0] < min_size[0] or image_size[1] < min_size[1]:
            raise DataError(
                f"image_size is {image_size}, and this network needs {min_size[0]} x {min_size[1]} "
                f"pixels or more."
            )
        _check_multiple(image_size, multiple_of, f"image_size is {image_size}")
        return load_image_files(path, image_size, channels, seed, validation, lazy)
    else:
        name, where = path.stem, str(path)
        arrays, source = _read_arrays(path), f"file {path}"
    x_train, y_train, x_test, y_test = check_images(arrays, where)
    if x_train.shape[1] < min_size[0] or x_train.shape[2] < min_size[1]:
        raise DataError(
            f"{where}: x_train has images of {x_train.shape[1]} x {x_train.shape[2]} pixels, and "
            f"this network needs {min_size[0]} x {min_size[1]} or more; enlarge them."
        )
    size = x_train.shape[1:3]
    _check_multiple(
        size, multiple_of, f"{where}: x_train has images of {size[0]} x {size[1]} pixels"
    )
    classes = np.unique(y_train)
    rows, validation_rows = stratified_split(y_train, validation, seed)
    low, high = _value_range(x_train, rows)

    def scaled(images):
        images = (images.astype("float32") - low) / (high - low)
        return images if images.ndim == 4 else images[..., None]

    def part(images, labels):
        return ImagesPart(scaled(images), np.searchsorted(classes, labels))

    return Dataset(
        name=name,
        source=source,
        train=part(x_train[rows], y_train[rows]),
        validation=part(x_train[validation_rows], y_train[validation_rows]),
        test=part(x_test, y_test),
        classes=tuple(str(label) for label in classes),
        fingerprint=fingerprint(x_train, y_train, x_test, y_test),
        to_original=lambda images: images * (high - low) + low,
    )


def _check_multiple(size, multiple_of, what):
    if size[0] % multiple_of or size[1] % multiple_of:
        raise DataError(
            f"{what}, and this network needs multiples of {multiple_of}; crop, enlarge or pad them."
        )


def image_rows(images):
    """Turn each image into a sequence of frames, one frame per row of pixels.

    Args:
        images: a Dataset with inputs (examples, height, width, channels).

    Returns:
        The Dataset with inputs (examples, height, width * channels): `height` time steps, from
        the top row to the bottom row. Each sequence has the label of its image.
    """
    shape = images.input_shape
    if len(shape) != 3:
        raise DataError(
            f"image_rows needs inputs of shape (examples, height, width, channels), "
            f"but those of {images.name!r} are (examples, {', '.join(map(str, shape))})."
        )
    height, width, channels = shape
    return images.map_inputs(
        lambda inputs: inputs.reshape(-1, height, width * channels),
        lambda rows: images.to_original(rows.reshape(-1, height, width, channels)),
    )


def check_images(arrays, where):
    """Refuse images and labels that do not fit each other or cannot be trained on.

    Args:
        arrays: x_train, y_train, x_test, y_test.
        where: what to call the data in an error, such as the path of its file.

    Returns:
        The same four arrays, labels as (examples,).
    """
    x_train, y_train, x_test, y_test = arrays
    parts = {"train": (x_train, y_train), "test": (x_test, y_test)}
    for part, (images, labels) in parts.items():
        here = f"{where}: x_{part}"
        if images.ndim not in (3, 4) or 0 in images.shape:
            raise DataError(
                f"{here} has shape {images.shape}; images are (examples, height, width) or "
                f"(examples, height, width, channels), none of them 0."
            )
        if not (np.issubdtype(images.dtype, np.number) or images.dtype == bool):
            raise DataError(f"{here} holds {images.dtype}, not numbers; save pixel values.")
        if np.iscomplexobj(images):
            raise DataError(f"{here} holds complex numbers; save real pixel values.")
        if not np.isfinite(images).all():
            first = tuple(int(i) for i in np.argwhere(~np.isfinite(images))[0])
            raise DataError(f"{here} is not finite at index {first}; replace or drop that image.")
        here = f"{where}: y_{part}"
        if labels.ndim == 2 and labels.shape[1] == 1:
            labels = labels[:, 0]
        if labels.ndim != 1:
            raise DataError(
                f"{here} has shape {labels.shape}; give one class per image, ({len(images)},), "
                f"not one-hot rows."
            )
        if len(labels) != len(images):
            raise DataError(
                f"{here} has {len(labels)} labels for {len(images)} images in x_{part}; "
                f"give each image one label."
            )
        if labels.dtype.kind not in "iuUb":
            raise DataError(f"{here} holds {labels.dtype}; labels are integers or strings.")
        parts[part] = images, labels
    (x_train, y_train), (x_test, y_test) = parts.values()
    if x_test.shape[1:] != x_train.shape[1:]:
        raise DataError(
            f"{where}: x_test has images of shape {x_test.shape[1:]}, x_train of "
            f"{x_train.shape[1:]}; bring them to one size."
        )
    classes = np.unique(y_train)
    if len(classes) < 2:
        raise DataError(f"{where}: y_train has {len(classes)} class; a classifier needs two.")
    unknown = np.setdiff1d(y_test, classes)
    if len(unknown):
        raise DataError(
            f"{where}: y_test has the label {unknown[0]!s}, which y_train has not; "
            f"training labels are {', '.join(map(str, classes[:12]))}."
        )
    return x_train, y_train, x_test, y_test


def _read_arrays(path):
    """The four arrays of an .npz file as they are."""
    if not path.exists():
        raise DataError(f"{path}: no such file; give an .npz file, a folder of images or a CSV.")
    if path.suffix != ".npz":
        raise DataError(
            f"{path}: images are read from an .npz file with {', '.join(TRAIN_AND_TEST)}, from a "
            f"folder with one folder per class, or from a CSV with the columns path and label."
        )
    return tuple(read_npz(path, TRAIN_AND_TEST).values())


def _value_range(x_train, rows):
    """Least and greatest pixel value: 0 and 255 for bytes, otherwise as in the training rows."""
    if x_train.dtype == np.uint8:
        return np.float32(0), np.float32(255)
    low, high = np.float32(x_train[rows].min()), np.float32(x_train[rows].max())
    return low, high if high > low else low + np.float32(1)
