"""Rows that are independent examples: numbers, and what is to be predicted."""

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

MIN_ROWS, MIN_ROWS_OF_CLASS = 20, 5  # so that training and test part have every class


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
    scaler = StandardScaler().fit(inputs[rows[kept]])
    mean, deviation = scaler.mean_, scaler.scale_  # 1 for a column that does not change

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


def read_examples(path, target="target"):
    """Read a table whose rows are independent examples: numbers, and what is to be predicted.

    Args:
        path: a CSV (.csv, .csv.gz) or Parquet file with the names of its columns.
        target: name of the column to predict; all others hold numbers.

    Returns:
        (inputs, targets): float64 (rows, features); and classes, integers or strings, (rows,),
        or numbers, float64 (rows,), where the column holds numbers with a decimal point.

    Raises:
        DataError: naming the file, the row (the first is row 0) or column, and what to do.
    """
    path = Path(path)
    frame = read_table(path)
    source = str(path)
    header = first_lines(path)[0] if path.suffix != ".parquet" else list(frame.columns)
    blank = [number for number, name in enumerate(header) if not str(name).strip()]
    if blank:
        raise DataError(
            f"{source}: column {blank[0]} has no name; name it, or leave it out if it numbers the "
            f"rows (to_csv(index=False) writes no such column)."
        )
    twice = [name for number, name in enumerate(header) if name in header[:number]]
    if twice:
        raise DataError(f"{source} has two columns named {twice[0]!r}; rename one of them.")
    if target not in frame.columns:
        close = difflib.get_close_matches(target, [str(name).lower() for name in header], n=1)
        like = next((name for name in header if [str(name).lower()] == close), None)
        raise DataError(
            f"{source}: no column {target!r}, the one to predict; "
            + (f"rename {like!r}, or " if like is not None else "rename ")
            + f"one of {listed(frame.columns)}."
        )
    features = [name for name in frame.columns if name != target]
    if not features:
        raise DataError(f"{source}: {target!r} is the only column; add columns to predict it from.")

    def place(row):
        return f"row {row}"

    advice = "leave it out or turn it into numbers"
    columns = [number_column(frame[name], place, source, advice) for name in features]
    for name, column in zip(features, columns, strict=True):
        _refuse_missing_examples(~np.isfinite(column), column, name, source)
    return np.column_stack(columns).astype("float64"), _targets(frame[target], source)


def _targets(column, source):
    """Classes, integers or strings, or numbers to predict, float64, (rows,)."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    kind, name = column.dtype, column.name
    _refuse_missing_examples(column.isna().to_numpy(), column.to_numpy(), name, source)
    if pd.api.types.is_float_dtype(kind):
        numbers = column.to_numpy(np.float64)
        _refuse_missing_examples(~np.isfinite(numbers), numbers, name, source)
        return numbers
    if pd.api.types.is_integer_dtype(kind):
        return column.to_numpy(np.int64)
    types = {type(value) for value in column}
    if types <= {bool, np.bool_} or types <= {str}:
        return column.to_numpy(str)
    raise DataError(
        f"{source}: column {name!r} holds {' and '.join(sorted(t.__name__ for t in types))}; give "
        f"classes as whole numbers or text, numbers to predict with a decimal point."
    )


def _refuse_missing_examples(bad, values, name, source):
    """Name the first bad row of a column; `bad` and `values` are (rows,)."""
    if bad.any():
        row = int(np.argmax(bad))
        what = "infinite" if str(values[row]) in ("inf", "-inf") else "missing"
        raise DataError(
            f"{source}: column {name!r} is {what} in row {row} (the first is row 0); fill it in, "
            f"or leave the row or the column out."
        )
