"""Series by name or from files: values in time, and whole series with a class each."""

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
    mean, deviation = _mean_and_deviation(inputs[rows])

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


def _mean_and_deviation(series):
    """Mean and deviation of each channel, (channels,); 1 for a channel that does not change.

    scikit-learn tells which do not: rounding can leave a deviation that is small but not 0.
    """
    scaler = StandardScaler().fit(series.reshape(-1, series.shape[-1]))
    deviation = np.where(scaler.scale_ == 1, 1, series.std(axis=(0, 1)))
    return series.mean(axis=(0, 1)), deviation.astype("float32")


def _read_series(path):
    """A table with its first column, a time, as index."""
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
    paths = [path for path in sorted(Path(folder).iterdir()) if ".csv" in path.suffixes]
    if not paths:
        raise DataError(f"{folder}: no .csv or .csv.gz file in this folder; give one with prices.")
    tables = {path.name.split(".csv")[0]: read_table(path, PRICES) for path in paths}
    tables = {name: table[["time", "close", "volume"]] for name, table in tables.items()}
    frame = join_tables(tables, "time").set_index("time").sort_index()
    return frame.set_axis(pd.to_datetime(frame.index, unit="s"))


def _read_series_npz(path):
    """The four arrays of TRAIN_AND_TEST, checked, and the names of the classes or None."""
    if not path.is_file() or path.suffix != ".npz":
        raise DataError(
            f"{path}: no such .npz file; labelled series are read from one with "
            f"{', '.join(TRAIN_AND_TEST)}."
        )
    found = read_npz(path, TRAIN_AND_TEST, optional=("classes",))
    names = found.pop("classes", None)
    arrays = list(found.values())
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
