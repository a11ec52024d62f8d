"""Series by name or from files: values in time, and whole series with one class each."""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

from data_prep.dataset import Dataset, Part, fingerprint, stratified_split
from data_prep.errors import DataError
from data_prep.files.npz import TRAIN_AND_TEST, read_npz
from data_prep.sources.named import find_named
from data_prep.tables.files import join_tables, read_table

PRICES = ["time", "low", "high", "open", "close", "volume"]


def load_series(data):
    """Load a time series.

    Args:
        data: one of

            - "co2", "elnino" or "sunspots" (installed with statsmodels), sorted and at a fixed
              frequency.
            - The path of a CSV (.csv, .csv.gz) or Parquet file whose first column is the time.
              `make_frames` itself reads other files, such as those without a header.
            - A folder of prices: a CSV file without a header for each market, with the columns
              time (seconds since 1970), low, high, open, close and volume. The series has the
              columns NAME_close and NAME_volume of each market, at the times that all have, in
              time order.

    Returns:
        A DataFrame with the time as index and one column per feature, in its units. A missing value
        is NaN. `attrs` holds name, source and fingerprint.

    Raises:
        DataError: for an unknown name or another kind of data, or naming the file and its row.
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
    """Load series of equal length, each with a class.

    Args:
        data: "control_charts", or the path of an .npz file with the arrays x_train, y_train, x_test
            and y_test. Series are (examples, time) or, as in the UCR archive,
            (examples, channels, time). Labels are (examples,), integers or strings. If an array
            `classes` holds the names of the classes, labels are integers that index it.
        seed: samples the validation part. The test part is the same for every seed.
        validation: fraction of the training series for validation, the same for each class; 0 for
            no validation series.

    Returns:
        A Dataset. Inputs are float32 (examples, time, channels). Each channel is standardised by
        its mean and standard deviation in the training part. Labels are int64 (examples,).

    Raises:
        DataError: names the file, the array, and what to do.
    """
    named = find_named(data, "labelled series", "the path of an .npz file")
    if named:
        name, source, names = str(data), named.full_source(), None
        x_train, y_train, x_test, y_test = named.load()
    else:
        name, source = Path(data).stem, f"file {data}"
        (x_train, y_train, x_test, y_test), names = _read_series_npz(Path(data))

    classes = np.unique(y_train)
    if names is None:
        class_names = tuple(str(label) for label in classes)
    else:
        class_names = tuple(str(names[label]) for label in classes)

    rows, validation_rows = stratified_split(y_train, validation, seed)
    inputs = _time_first(x_train)
    mean, deviation = _mean_and_deviation(inputs[rows])

    def part(series, labels):
        return Part((series - mean) / deviation, np.searchsorted(classes, labels))

    return Dataset(
        name=name,
        source=source,
        train=part(inputs[rows], y_train[rows]),
        validation=part(inputs[validation_rows], y_train[validation_rows]),
        test=part(_time_first(x_test), y_test),
        classes=class_names,
        fingerprint=fingerprint(x_train, y_train, x_test, y_test),
        to_original=lambda series: series * deviation + mean,
    )


def _time_first(series):
    """Series as float32 (examples, time, channels)."""
    series = series.astype("float32")
    return series[..., None] if series.ndim == 2 else series.swapaxes(1, 2)


def _mean_and_deviation(series):
    """Mean and standard deviation of each channel, (channels,); deviation 1 for a constant channel.

    scikit-learn finds the constant channels: through rounding, their deviation may be small but
    not 0.
    """
    scaler = StandardScaler().fit(series.reshape(-1, series.shape[-1]))
    deviation = np.where(scaler.scale_ == 1, 1, series.std(axis=(0, 1)))
    return series.mean(axis=(0, 1)), deviation.astype("float32")


def _read_series(path):
    """Read a table whose first column is the time, which becomes the index."""
    frame = read_table(path)
    time, *features = frame.columns
    for column in features:
        if not pd.api.types.is_numeric_dtype(frame[column]):
            raise DataError(f"{path}: column {column!r} does not hold numbers; leave it out.")
    if pd.api.types.is_numeric_dtype(frame[time]):
        raise DataError(
            f"{path}: the first column, {time!r}, holds numbers, not dates; give the file to "
            f"make_frames with time={time!r}."
        )

    times = pd.to_datetime(frame[time], errors="coerce")
    if times.isna().any():
        row = int(times.isna().argmax())
        raise DataError(
            f"{path}: row {row} of the first column, {time!r}, is {frame[time][row]!r}, not a "
            f"date; put the time into the first column."
        )
    return frame.set_index(pd.DatetimeIndex(times, name="time")).drop(columns=time)


def _read_prices(folder):
    """Read close and volume of every market in a folder, with the time as index."""
    paths = [path for path in sorted(Path(folder).iterdir()) if ".csv" in path.suffixes]
    if not paths:
        raise DataError(f"{folder}: no .csv or .csv.gz file in this folder; give one with prices.")

    tables = {}
    for path in paths:
        market = path.name.split(".csv")[0]
        tables[market] = read_table(path, PRICES)[["time", "close", "volume"]]

    frame = join_tables(tables, "time").set_index("time").sort_index()
    return frame.set_axis(pd.to_datetime(frame.index, unit="s"))


def _read_series_npz(path):
    """Read and check an .npz file: (the arrays of TRAIN_AND_TEST, class names or None)."""
    if not path.is_file() or path.suffix != ".npz":
        raise DataError(
            f"{path}: no such .npz file; labelled series are read from one with "
            f"{', '.join(TRAIN_AND_TEST)}."
        )
    found = read_npz(path, TRAIN_AND_TEST, optional=("classes",))
    names = found.pop("classes", None)
    x_train, y_train, x_test, y_test = found.values()

    for part, series, labels in (("train", x_train, y_train), ("test", x_test, y_test)):
        _check_series(path, part, series, x_train.shape[1:])
        _check_labels(path, part, labels, len(series), y_train)

    if names is not None and (y_train.dtype.kind == "U" or y_train.max() >= len(names)):
        raise DataError(
            f"{path}: y_train must hold integers that index its {len(names)} classes; name each "
            f"class, or leave `classes` out."
        )
    return (x_train, y_train, x_test, y_test), names


def _check_series(path, part, series, shape):
    """Raise a DataError unless the series are numbers of the shape of the training series."""
    if series.ndim not in (2, 3) or 0 in series.shape or series.dtype.kind not in "fiu":
        raise DataError(
            f"{path}: x_{part} is {series.dtype} {series.shape}; give numbers, "
            f"(examples, time) or (examples, channels, time)."
        )
    if series.shape[1:] != shape:
        raise DataError(
            f"{path}: x_{part} has series of shape {series.shape[1:]}, x_train of {shape}; bring "
            f"them to one length."
        )
    if not np.isfinite(series).all():
        first = tuple(map(int, np.argwhere(~np.isfinite(series))[0]))
        raise DataError(
            f"{path}: x_{part} is not finite at index {first}; replace or drop that series."
        )


def _check_labels(path, part, labels, num_series, train_labels):
    """Raise a DataError unless each series has a label that training has too."""
    if labels.shape != (num_series,) or labels.dtype.kind not in "iuU":
        raise DataError(
            f"{path}: y_{part} is {labels.dtype} {labels.shape} for {num_series} series; "
            f"give each one class, an integer or a string."
        )
    unknown = np.setdiff1d(labels, train_labels)
    if len(unknown):
        raise DataError(
            f"{path}: y_{part} has the label {unknown[0]}, which y_train does not have; give "
            f"training series of it or leave it out."
        )
