"""Tables whose rows are independent examples: numbers, and a target to predict."""

import difflib
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

from data_prep.dataset import Dataset, Part, fingerprint, stratified_split
from data_prep.errors import DataError
from data_prep.sources.named import find_named
from data_prep.tables.columns import number_column
from data_prep.tables.files import first_lines, listed, read_table

# With fewer, the training and the test part could not both have every class.
MIN_ROWS = 20
MIN_ROWS_OF_CLASS = 5

TEST_FRACTION = 0.2


def load_table(data, seed=0, validation=0.1):
    """Load a table of examples: each row has numbers, and a class or a number to predict.

    Args:
        data: "breast_cancer" (classes) or "diabetes" (a number), installed with scikit-learn; or
            the path of a CSV (.csv, .csv.gz) or Parquet file with a column named target. If this
            column holds integers, text or booleans, they are classes. If it holds numbers with a
            decimal point, they are numbers to predict. All other columns hold numbers.
        seed: samples the validation part. The test part, a fifth, is the same for every seed.
        validation: fraction of the training rows for validation.

    Returns:
        A Dataset. Inputs are float32 (examples, features). Each feature is standardised by its mean
        and standard deviation in the training part. Labels are class numbers, int64 (examples,);
        or, if `classes` is (), numbers in their units, float32 (examples,).

    Raises:
        DataError: for an unknown name or another kind of data, or naming the file and its row or
            column.
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
    labels, classes = _labels(data, targets)
    train_rows, validation_rows, test_rows = _split(data, targets, labels, seed, validation)

    scaler = StandardScaler().fit(inputs[train_rows])
    mean, deviation = scaler.mean_, scaler.scale_  # the scale is 1 for a constant column

    def part(rows):
        standardised = (inputs[rows] - mean) / deviation
        return Part(standardised.astype("float32"), labels[rows])

    return Dataset(
        name=name,
        source=source,
        train=part(train_rows),
        validation=part(validation_rows),
        test=part(test_rows),
        classes=classes,
        fingerprint=fingerprint(inputs, labels),
        to_original=lambda rows: rows * deviation + mean,
    )


def _labels(data, targets):
    """(labels, class names): class numbers, or float32 numbers to predict and ()."""
    if targets.dtype.kind == "f":
        return targets.astype("float32"), ()

    found, numbers, counts = np.unique(targets, return_inverse=True, return_counts=True)
    if counts.min() < MIN_ROWS_OF_CLASS:
        raise DataError(
            f"{data}: class {found[counts.argmin()]!s} of the target has {counts.min()} of the "
            f"{MIN_ROWS_OF_CLASS} rows that a class needs; give more, or leave it out; or "
            f"write numbers to predict with a decimal point."
        )
    return numbers, tuple(map(str, found))


def _split(data, targets, labels, seed, validation):
    """Row numbers of the training, validation and test part."""
    strata = targets
    if targets.dtype.kind == "f":  # numbers have no classes: all rows are in one stratum
        strata = np.zeros(len(targets), int)
    try:
        rest, test_rows = stratified_split(strata, TEST_FRACTION, seed=0, what="test")
        kept, sampled = stratified_split(strata[rest], validation, seed)
    except DataError as error:
        raise DataError(f"{data}: {error}") from error

    train_rows, validation_rows = rest[kept], rest[sampled]
    if len(np.unique(labels[train_rows])) < 2:
        raise DataError(
            f"{data}: the target of every training row is {targets[train_rows[0]]}; give rows "
            f"with other targets too."
        )
    return train_rows, validation_rows, test_rows


def read_examples(path, target="target"):
    """Read a table whose rows are independent examples: numbers, and a target to predict.

    Args:
        path: a CSV (.csv, .csv.gz) or Parquet file with the names of its columns.
        target: name of the column to predict; all others hold numbers.

    Returns:
        (inputs, targets): float64 (rows, features), and (rows,): classes, as integers or strings;
        or numbers to predict, as float64, if the column holds numbers with a decimal point.

    Raises:
        DataError: names the file, the row (the first is row 0) or column, and what to do.
    """
    path = Path(path)
    frame = read_table(path)
    source = str(path)

    header = list(frame.columns)
    if path.suffix != ".parquet":
        header, _ = first_lines(path)
    _check_names(header, source)
    if target not in frame.columns:
        raise DataError(_no_target(header, target, source))

    features = [name for name in frame.columns if name != target]
    if not features:
        raise DataError(f"{source}: {target!r} is the only column; add columns to predict it from.")

    def place(row):
        return f"row {row}"

    columns = []
    for name in features:
        advice = "leave it out or turn it into numbers"
        column = number_column(frame[name], place, source, advice)
        _refuse_missing(~np.isfinite(column), column, name, source)
        columns.append(column)
    return np.column_stack(columns).astype("float64"), _targets(frame[target], source)


def _check_names(header, source):
    """Raise a DataError if a column has no name, or the name of another."""
    unnamed = [number for number, name in enumerate(header) if not str(name).strip()]
    if unnamed:
        raise DataError(
            f"{source}: column {unnamed[0]} has no name; name it, or leave it out if it numbers "
            f"the rows (to_csv(index=False) writes no such column)."
        )
    repeated = [name for number, name in enumerate(header) if name in header[:number]]
    if repeated:
        raise DataError(f"{source} has two columns named {repeated[0]!r}; rename one of them.")


def _no_target(header, target, source):
    """The error message for a table without the target column."""
    lower_case = [str(name).lower() for name in header]
    close = difflib.get_close_matches(target, lower_case, n=1)
    advice = "rename "
    if close:
        likely = header[lower_case.index(close[0])]
        advice = f"rename {likely!r}, or "
    return f"{source}: no column {target!r}, the one to predict; {advice}one of {listed(header)}."


def _targets(column, source):
    """The targets (rows,): classes as integers or strings, or numbers to predict as float64."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    dtype, name = column.dtype, column.name
    _refuse_missing(column.isna().to_numpy(), column.to_numpy(), name, source)

    if pd.api.types.is_float_dtype(dtype):
        numbers = column.to_numpy(np.float64)
        _refuse_missing(~np.isfinite(numbers), numbers, name, source)
        return numbers
    if pd.api.types.is_integer_dtype(dtype):
        return column.to_numpy(np.int64)

    types = {type(value) for value in column}
    if types <= {bool, np.bool_} or types <= {str}:
        return column.to_numpy(str)
    type_names = sorted(kind.__name__ for kind in types)
    raise DataError(
        f"{source}: column {name!r} holds {' and '.join(type_names)}; give classes as integers or "
        f"text, numbers to predict with a decimal point."
    )


def _refuse_missing(is_missing, values, name, source):
    """Raise a DataError that names the first missing value of a column, if there is one.

    Args:
        is_missing: whether each value is missing or infinite, (rows,).
        values: (rows,).
        name: name of the column.
        source: name of the table.
    """
    if not is_missing.any():
        return
    row = int(np.argmax(is_missing))
    what = "infinite" if str(values[row]) in ("inf", "-inf") else "missing"
    raise DataError(
        f"{source}: column {name!r} is {what} in row {row} (the first is row 0); fill it in, "
        f"or leave the row or the column out."
    )
