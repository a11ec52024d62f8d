"""Images with one class each, and images as sequences of rows."""

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
        data: one of

            - a name: "digits", "faces" or "textures" (installed with libraries), "mnist" or
              "fashion_mnist" (downloaded once by Keras);
            - the path of an .npz file with the arrays x_train, y_train, x_test and y_test. Images
              are (examples, height, width) or (examples, height, width, channels). Labels are
              (examples,), integers or strings;
            - a folder with one folder of image files per class, or with the folders train, test
              and validation that each contain such class folders;
            - a CSV file (.csv, .csv.gz) with the columns path (relative to the folder of the CSV)
              and label.

            If image files come without a test folder, a fifth of each class becomes the test part.
        seed: selects the validation part. The test part is the same for every seed.
        validation: fraction of the training images, the same in each class, for validation.
        image_size: (height, width) in pixels. Image files are resized to it.
        channels: 1 for grey, 3 for colour. Image files are converted to it.
        min_size: smallest (height, width) in pixels that the network accepts.
        multiple_of: height and width must be multiples of this number, for example 4 for a
            network that halves them twice.
        lazy: leave image files on disk, for data larger than the memory. Has no effect on arrays.

    Returns:
        A Dataset. Inputs are float32 (examples, height, width, channels). Bytes are divided by
        255. Other numbers are scaled by the smallest and largest value of the training part.
        Labels are int64 (examples,), positions in `classes`. Each part is an ImagesPart, whose
        `batches` and `dataset` give batches of arrays and of files alike.

        Image files give a FilesDataset: a Dataset with `report`, the FileReport on refused and
        changed files. The images are stretched to `image_size`, rotated as their EXIF data say,
        and transparent pixels become white. With `lazy`, the parts are ImageFilesPart.

    Raises:
        DataError: if the data cannot be used. The message names the file or the array.
    """
    path = Path(data)
    named = find_named(data, "images", "the path of an .npz file, a folder or a CSV")

    if named is None and (path.is_dir() or path.name.endswith((".csv", ".csv.gz"))):
        image_size = check_image_size(image_size, channels)
        what = f"image_size is {image_size}"
        if image_size[0] < min_size[0] or image_size[1] < min_size[1]:
            raise DataError(
                f"{what}, and this network needs {min_size[0]} x {min_size[1]} pixels or more."
            )
        _check_multiple(image_size, multiple_of, what)
        return load_image_files(path, image_size, channels, seed, validation, lazy)

    if named:
        name, where = str(data), f"data {data!r}"
        arrays, source = named.load(), named.full_source()
    else:
        name, where = path.stem, str(path)
        arrays, source = _read_arrays(path), f"file {path}"
    x_train, y_train, x_test, y_test = check_images(arrays, where)

    height, width = x_train.shape[1:3]
    what = f"{where}: x_train has images of {height} x {width} pixels"
    if height < min_size[0] or width < min_size[1]:
        raise DataError(
            f"{what}, and this network needs {min_size[0]} x {min_size[1]} or more; enlarge them."
        )
    _check_multiple((height, width), multiple_of, what)

    classes = np.unique(y_train)
    train_rows, validation_rows = stratified_split(y_train, validation, seed)
    low, high = _value_range(x_train, train_rows)

    def make_part(images, labels):
        inputs = (images.astype("float32") - low) / (high - low)
        if inputs.ndim == 3:
            inputs = inputs[..., None]  # (examples, height, width, 1)
        return ImagesPart(inputs, np.searchsorted(classes, labels))

    return Dataset(
        name=name,
        source=source,
        train=make_part(x_train[train_rows], y_train[train_rows]),
        validation=make_part(x_train[validation_rows], y_train[validation_rows]),
        test=make_part(x_test, y_test),
        classes=tuple(str(label) for label in classes),
        fingerprint=fingerprint(x_train, y_train, x_test, y_test),
        to_original=lambda images: images * (high - low) + low,
    )


def image_rows(images):
    """Turn each image into a sequence of frames, one frame per row of pixels.

    Args:
        images: a Dataset with inputs (examples, height, width, channels).

    Returns:
        The Dataset with inputs (examples, height, width * channels): `height` time steps, from
        the top row to the bottom row. Each sequence has the label of its image.

    Raises:
        DataError: if the inputs have another shape.
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
    """Refuse images and labels that do not fit together or cannot be used for training.

    Args:
        arrays: x_train, y_train, x_test, y_test.
        where: name of the data for error messages, such as the path of the file.

    Returns:
        The same four arrays, with labels of shape (examples,).

    Raises:
        DataError: if an array cannot be used.
    """
    x_train, y_train, x_test, y_test = arrays
    _check_pixels(x_train, f"{where}: x_train")
    y_train = _check_labels(y_train, len(x_train), where, "train")
    _check_pixels(x_test, f"{where}: x_test")
    y_test = _check_labels(y_test, len(x_test), where, "test")

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
            f"{where}: y_test has the label {unknown[0]!s}, but y_train does not; "
            f"training labels are {', '.join(map(str, classes[:12]))}."
        )
    return x_train, y_train, x_test, y_test


def _check_pixels(images, where):
    """Refuse an array that does not contain images of finite real numbers."""
    if images.ndim not in (3, 4) or 0 in images.shape:
        raise DataError(
            f"{where} has shape {images.shape}; images are (examples, height, width) or "
            f"(examples, height, width, channels), and each size is at least 1."
        )
    if not (np.issubdtype(images.dtype, np.number) or images.dtype == bool):
        raise DataError(f"{where} holds {images.dtype}, not numbers; save pixel values.")
    if np.iscomplexobj(images):
        raise DataError(f"{where} holds complex numbers; save real pixel values.")

    finite = np.isfinite(images)
    if not finite.all():
        first = tuple(int(index) for index in np.argwhere(~finite)[0])
        raise DataError(f"{where} is not finite at index {first}; replace or drop that image.")


def _check_labels(labels, count, where, part):
    """Refuse labels that are not one class per image; returns them as (examples,)."""
    here = f"{where}: y_{part}"
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise DataError(
            f"{here} has shape {labels.shape}; give one class per image, ({count},), "
            f"not one-hot rows."
        )
    if len(labels) != count:
        raise DataError(
            f"{here} has {len(labels)} labels for {count} images in x_{part}; "
            f"give each image one label."
        )
    if labels.dtype.kind not in "iuUb":
        raise DataError(f"{here} holds {labels.dtype}; labels are integers or strings.")
    return labels


def _check_multiple(size, multiple_of, what):
    """Refuse a height or width that is not a multiple; `what` begins the message."""
    if size[0] % multiple_of or size[1] % multiple_of:
        raise DataError(
            f"{what}, and this network needs multiples of {multiple_of}; crop, enlarge or pad them."
        )


def _read_arrays(path):
    """The four arrays of an .npz file, unchanged."""
    if not path.exists():
        raise DataError(f"{path}: no such file; give an .npz file, a folder of images or a CSV.")
    if path.suffix != ".npz":
        raise DataError(
            f"{path}: images are read from an .npz file with {', '.join(TRAIN_AND_TEST)}, from a "
            f"folder with one folder per class, or from a CSV with the columns path and label."
        )
    return tuple(read_npz(path, TRAIN_AND_TEST).values())


def _value_range(x_train, train_rows):
    """(low, high) pixel values that become 0 and 1.

    They are 0 and 255 for bytes, otherwise the smallest and largest value of the training rows.
    """
    if x_train.dtype == np.uint8:
        return np.float32(0), np.float32(255)

    low = np.float32(x_train[train_rows].min())
    high = np.float32(x_train[train_rows].max())
    if high <= low:
        high = low + np.float32(1)  # a constant image
    return low, high
