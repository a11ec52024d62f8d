"""Loaders of named data that are no images or text: series, tables, scenes, clips and volumes."""

import zipfile
import zlib
from lzma import LZMAError
from pathlib import Path

import numpy as np

from data_prep.dataset import Dataset, Part, fingerprint, stratified_split
from data_prep.errors import DataError
from data_prep.named import find_named
from data_prep.tables import read_examples

MIN_ROWS, MIN_ROWS_OF_CLASS = 20, 5  # so that training and test part have every class
PRICES = ["time", "low", "high", "open", "close", "volume"]
SERIES_KEYS = ("x_train", "y_train", "x_test", "y_test")


def load_series(data):
    """Load a time series.

    Args:
        data: "co2", "elnino" or "sunspots" (installed with statsmodels), sorted and at a fixed
            frequency; or the path of a CSV (.csv, .csv.gz) or Parquet file whose first column is
            the time. `make_frames` reads other files, such as those without a header, itself.
            Or a folder of prices, a CSV file without a header for each market: time (seconds since
            1970), low, high, open, close, volume. It gives NAME_close and NAME_volume of each at
            the times that all have, in the order of time.

    Returns:
        A DataFrame with the time as index and a column per quantity in its units; a missing value
        is NaN. `attrs` has name, source and fingerprint.

    Raises:
        DataError: where the name is none, or of another kind; naming the file and its row.
    """
    named = find_named(data, "series", "the path of a CSV or Parquet file")
    if named:
        name, source, frame = str(data), named.full_source(), named.load()
    else:
        read = _read_prices if Path(data).is_dir() else _read_series
        name, source, frame = Path(data).name.split(".")[0], f"file {data}", read(data)
    times = frame.index.to_numpy().astype("datetime64[s]").astype("int64")
    frame.attrs = {
        "name": name,
        "source": source,
        "fingerprint": fingerprint(times, frame.to_numpy("float64")),
    }
    return frame


def load_labelled_series(data="control_charts", seed=0, validation=0.1):
    """Load series of one length, each with a class.

    Args:
        data: "control_charts", or the path of an .npz file with x_train, y_train, x_test and
            y_test: series (examples, time) or, as in the UCR archive, (examples, channels, time);
            labels (examples,), and `classes`, their names, if they are numbers into it.
        seed: draws the validation part. The test part is the same for every seed.
        validation: share of the training series, the same in each class, to cut for validation;
            0 for none, an empty part.

    Returns:
        A Dataset. Inputs are float32 (examples, time, channels), each channel standardised by
        mean and deviation of the training part; labels int64 (examples,).

    Raises:
        DataError: naming the file, the array and what to do.
    """
    named = find_named(data, "labelled series", "the path of an .npz file")
    if named:
        name, source, names = str(data), named.full_source(), None
        x_train, y_train, x_test, y_test = named.load()
    else:
        name, source = Path(data).stem, f"file {data}"
        (x_train, y_train, x_test, y_test), names = _read_series_npz(Path(data))
    classes = np.unique(y_train)
    rows, validation_rows = stratified_split(y_train, validation, seed)

    def time_first(series):
        series = series.astype("float32")
        return series[..., None] if series.ndim == 2 else series.swapaxes(1, 2)

    inputs = time_first(x_train)
    mean, deviation = _mean_and_deviation(inputs[rows], axis=(0, 1))

    def part(series, labels):
        return Part((series - mean) / deviation, np.searchsorted(classes, labels))

    return Dataset(
        name=name,
        source=source,
        train=part(inputs[rows], y_train[rows]),
        validation=part(inputs[validation_rows], y_train[validation_rows]),
        test=part(time_first(x_test), y_test),
        classes=tuple(str(label if names is None else names[label]) for label in classes),
        fingerprint=fingerprint(x_train, y_train, x_test, y_test),
        to_original=lambda series: series * deviation + mean,
    )


def load_table(data, seed=0, validation=0.1):
    """Load a table: a row of numbers per example, and a class or a number to predict.

    Args:
        data: "breast_cancer" (classes) or "diabetes" (a number), installed with scikit-learn; or
            the path of a CSV (.csv, .csv.gz) or Parquet file with a column named target. Whole
            numbers, text or booleans in it are classes; numbers with a decimal point are numbers
            to predict. All other columns hold numbers.
        seed: draws the validation part. The test part, a fifth, is the same for every seed.
        validation: share of the training rows to cut for validation.

    Returns:
        A Dataset. Inputs are float32 (examples, features), each feature standardised by mean and
        deviation of the training part. Labels are class numbers, int64 (examples,), or, where
        `classes` is (), float32 (examples,) in their units.

    Raises:
        DataError: where the name is none, or of another kind; naming the file, its row or column.
    """
    named = find_named(data, "table", "the path of a CSV or Parquet file")
    if named:
        name, source, frame = str(data), named.full_source(), named.load()
        inputs = frame.drop(columns="target").to_numpy("float64")
        targets = frame["target"].to_numpy()
    else:
        name, source = Path(data).name.split(".")[0], f"file {data}"
        inputs, targets = read_examples(data)
    if len(targets) < MIN_ROWS:
        raise DataError(
            f"{data}: {len(targets)} rows cannot be divided into training, validation and test "
            f"rows; give at least {MIN_ROWS}."
        )
    found, numbers, counts = np.unique(targets, return_inverse=True, return_counts=True)
    if targets.dtype.kind == "f":
        classes, labels = (), targets.astype("float32")
        strata = np.zeros(len(labels), int)  # numbers have no classes to balance
    else:
        classes, labels = tuple(map(str, found)), numbers
        strata = targets
        if counts.min() < MIN_ROWS_OF_CLASS:
            raise DataError(
                f"{data}: class {found[counts.argmin()]!s} of the target has {counts.min()} of the "
                f"{MIN_ROWS_OF_CLASS} rows that a class needs; give more, or leave it out; or "
                f"write numbers to predict with a decimal point."
            )
    try:
        rows, test_rows = stratified_split(strata, 0.2, seed=0, what="test")
        kept, cut = stratified_split(strata[rows], validation, seed)
    except DataError as error:
        raise DataError(f"{data}: {error}") from error
    if len(np.unique(labels[rows[kept]])) < 2:
        raise DataError(
            f"{data}: the target of every training row is {targets[rows[kept[0]]]}; give rows with "
            f"other targets too."
        )
    train = inputs[rows[kept]]
    constant = train.min(axis=0) == train.max(axis=0)
    mean, deviation = train.mean(axis=0), np.where(constant, 1, train.std(axis=0))

    def part(part_rows):
        standardised = (inputs[part_rows] - mean) / deviation
        return Part(standardised.astype("float32"), labels[part_rows])

    return Dataset(
        name=name,
        source=source,
        train=part(rows[kept]),
        validation=part(rows[cut]),
        test=part(test_rows),
        classes=classes,
        fingerprint=fingerprint(inputs, labels),
        to_original=lambda rows: rows * deviation + mean,
    )


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


def named_volumes(name, window, seed, validation):
    """The part of `load_volumes` for named data; None where `name` is a path."""
    files = "the path of a folder, a CSV or an .npz file"
    named = find_named(name, "volumes", files)
    if named is None:
        return None
    x_train, y_train, x_test, y_test = named.load()
    classes = np.unique(y_train)
    rows, validation_rows = stratified_split(y_train, validation, seed)
    low, high = map(np.float32, window)

    def part(volumes, labels):
        inputs = (np.clip(volumes, low, high) - low) / (high - low)
        return Part(inputs[..., None], np.searchsorted(classes, labels))

    return Dataset(
        name=str(name),
        source=named.full_source(),
        train=part(x_train[rows], y_train[rows]),
        validation=part(x_train[validation_rows], y_train[validation_rows]),
        test=part(x_test, y_test),
        classes=tuple(map(str, classes)),
        fingerprint=fingerprint(x_train, y_train, x_test, y_test),
        to_original=lambda inputs: inputs * (high - low) + low,
    )


def named_clips(name, length, stride, seed, validation):
    """The part of `load_clips` for named data; None where `name` is a path."""
    from data_prep.image_frames import image_clips

    named = find_named(name, "clips", "the path of a folder or a CSV")
    if named is None:
        return None
    x_train, y_train, x_test, y_test = named.load()
    rows, validation_rows = stratified_split(np.zeros(len(x_train)), validation, seed)

    def part(clips, labels):
        cut = image_clips(clips[..., None], labels, length, stride)
        return Part(cut.inputs / np.float32(255), cut.labels)

    return Dataset(
        name=str(name),
        source=named.full_source(),
        train=part(x_train[rows], y_train[rows]),
        validation=part(x_train[validation_rows], y_train[validation_rows]),
        test=part(x_test, y_test),
        classes=tuple(map(str, np.unique(y_train))),
        fingerprint=fingerprint(x_train, y_train, x_test, y_test),
        to_original=lambda clips: clips * 255,
    )


def _tiles(images, side):
    """Squares of images (examples, height, width, ...), row by row, (squares, side, side, ...)."""
    tops, lefts = ([*range(0, length - side, side), length - side] for length in images.shape[1:3])
    cut = [images[:, top : top + side, left : left + side] for top in tops for left in lefts]
    return np.stack(cut, axis=1).reshape(-1, *cut[0].shape[1:])


def _read_scenes_npz(path):
    """({part: {"images", "masks"}}, class names, whether it is one stack), checked."""
    forms = "x_train, y_train, x_test and y_test, or images and labels"
    if not path.is_file() or path.suffix != ".npz":
        raise DataError(f"{path}: no such .npz file; scenes are read from one with {forms}.")
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            stack = not set(SERIES_KEYS) <= set(archive.files)
            if stack and not {"images", "labels"} <= set(archive.files):
                raise DataError(
                    f"{path}: it holds {', '.join(archive.files)}; name the arrays {forms}."
                )
            arrays = [archive[key] for key in (("images", "labels") if stack else SERIES_KEYS)]
            names = archive["classes"] if "classes" in archive.files else None
    except (zipfile.BadZipFile, zlib.error, LZMAError, EOFError, OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"{path}: not a readable .npz file of numbers ({error}); write it again with "
            f"numpy.savez."
        ) from error
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


def _mean_and_deviation(values, axis):
    mean, deviation = values.mean(axis=axis), values.std(axis=axis)
    return mean, np.where(deviation > 0, deviation, 1).astype("float32")


def _read_series(path):
    """A table with its first column, a time, as index."""
    import pandas as pd

    from data_prep.tables import read_table

    frame = read_table(path)
    time, *quantities = frame.columns
    for column in quantities:
        if not pd.api.types.is_numeric_dtype(frame[column]):
            raise DataError(f"{path}: column {column!r} holds no numbers; leave it out.")
    if pd.api.types.is_numeric_dtype(frame[time]):
        raise DataError(
            f"{path}: the first column, {time!r}, holds numbers, no dates; give the file to "
            f"make_frames with time={time!r}."
        )
    times = pd.to_datetime(frame[time], errors="coerce")
    if times.isna().any():
        row = int(times.isna().argmax())
        raise DataError(
            f"{path}: row {row} of the first column, {time!r}, is {frame[time][row]!r}, no date; "
            f"put the time first."
        )
    return frame.set_index(pd.DatetimeIndex(times, name="time")).drop(columns=time)


def _read_prices(folder):
    """Close and volume of every market in a folder, with the time as index."""
    import pandas as pd

    from data_prep.tables import join_tables, read_table

    paths = [path for path in sorted(Path(folder).iterdir()) if ".csv" in path.suffixes]
    if not paths:
        raise DataError(f"{folder}: no .csv or .csv.gz file in this folder; give one with prices.")
    tables = {path.name.split(".csv")[0]: read_table(path, PRICES) for path in paths}
    tables = {name: table[["time", "close", "volume"]] for name, table in tables.items()}
    frame = join_tables(tables, "time").set_index("time").sort_index()
    return frame.set_axis(pd.to_datetime(frame.index, unit="s"))


def _read_series_npz(path):
    """The four arrays of SERIES_KEYS, checked, and the names of the classes or None."""
    if not path.is_file() or path.suffix != ".npz":
        raise DataError(
            f"{path}: no such .npz file; labelled series are read from one with "
            f"{', '.join(SERIES_KEYS)}."
        )
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            missing = [key for key in SERIES_KEYS if key not in archive.files]
            if missing:
                raise DataError(
                    f"{path}: no array {missing[0]!r} (it holds {', '.join(archive.files)}); "
                    f"name the arrays {', '.join(SERIES_KEYS)}."
                )
            arrays = [archive[key] for key in SERIES_KEYS]
            names = archive["classes"] if "classes" in archive.files else None
    except (zipfile.BadZipFile, zlib.error, LZMAError, EOFError, OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"{path}: not a readable .npz file of numbers ({error}); write it again with "
            f"numpy.savez."
        ) from error
    for part, (series, labels) in {"train": arrays[:2], "test": arrays[2:]}.items():
        if series.ndim not in (2, 3) or 0 in series.shape or series.dtype.kind not in "fiu":
            raise DataError(
                f"{path}: x_{part} is {series.dtype} {series.shape}; give numbers, "
                f"(examples, time) or (examples, channels, time)."
            )
        if series.shape[1:] != arrays[0].shape[1:]:
            raise DataError(
                f"{path}: x_{part} has series of shape {series.shape[1:]}, x_train of "
                f"{arrays[0].shape[1:]}; bring them to one length."
            )
        if not np.isfinite(series).all():
            first = tuple(map(int, np.argwhere(~np.isfinite(series))[0]))
            raise DataError(
                f"{path}: x_{part} is not finite at index {first}; replace or drop that series."
            )
        if labels.shape != series.shape[:1] or labels.dtype.kind not in "iuU":
            raise DataError(
                f"{path}: y_{part} is {labels.dtype} {labels.shape} for {len(series)} series; "
                f"give each one class, an integer or a string."
            )
        unknown = np.setdiff1d(labels, arrays[1])
        if len(unknown):
            raise DataError(
                f"{path}: y_{part} has the label {unknown[0]}, which y_train has not; give "
                f"training series of it or leave it out."
            )
    if names is not None and (arrays[1].dtype.kind == "U" or arrays[1].max() >= len(names)):
        raise DataError(
            f"{path}: y_train does not hold numbers into its {len(names)} classes; name each "
            f"class, or leave `classes` out."
        )
    return arrays, names
