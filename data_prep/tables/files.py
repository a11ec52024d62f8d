"""CSV and Parquet files: read, and joined on their time."""

import csv
import difflib
import gzip
import zlib
from pathlib import Path

import numpy as np
import pandas as pd

from data_prep.errors import DataError


def read_table(path, columns=None):
    """Read a CSV file (also .csv.gz) or a Parquet file.

    Whether a CSV file has a header is not guessed: it must have one, unless `columns` is given.

    Args:
        path: the file.
        columns: names of the columns of a CSV file without a header; None if line 1 is a header.

    Returns:
        A pandas DataFrame. Its `attrs` hold the name of the file, for later errors.

    Raises:
        DataError: names the file, the line or column, and what to do.
    """
    path = Path(path)
    if path.is_dir():
        raise DataError(f"{path}: is a folder; give a .csv, .csv.gz or .parquet file.")
    if not path.is_file():
        raise DataError(f"{path}: no such file; give the path of a .csv, .csv.gz or .parquet file.")
    if path.suffix == ".parquet":
        return _read_parquet(path, columns)
    if path.suffixes[-2:] != [".csv", ".gz"] and path.suffix != ".csv":
        raise DataError(f"{path}: tables are read from .csv, .csv.gz or .parquet files.")

    try:
        first, second = first_lines(path)
        _check_header(path, first, second, columns)
        frame = pd.read_csv(path, names=columns, index_col=False, low_memory=False)
    except pd.errors.ParserError as error:
        reason = str(error).strip().removeprefix("Error tokenizing data. C error: ")
        raise DataError(f"{path}: {reason}; give every line the same fields.") from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: byte {error.start} is not UTF-8 text; save it as UTF-8."
        ) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path}: damaged gzip file ({error}); get the file again.") from error

    frame.attrs["source"] = str(path)
    return frame


def join_tables(tables, time):
    """Join tables on their time: one row for each time that all of them have.

    Args:
        tables: {name: DataFrame}, such as {"BTC": read_table("BTC.csv"), ...}.
        time: name of the time column, in every table.

    Returns:
        A DataFrame: `time`, then the columns of each table as name_column, such as BTC_close.

    Raises:
        DataError: if a time is missing or occurs twice, or no time is in all tables.
    """
    joined = None
    for name, table in tables.items():
        check_columns(table, [time], name)
        rows = table.set_index(time).add_prefix(f"{name}_")

        cannot_be_joined = rows.index.isna() | rows.index.duplicated()
        if cannot_be_joined.any():
            row = int(np.argmax(cannot_be_joined))
            raise DataError(
                f"{name}: row {row} cannot be joined, as its time {rows.index[row]} is missing or "
                f"that of another row; drop the row."
            )
        joined = rows if joined is None else joined.join(rows, how="inner")

    if joined is None or not len(joined):
        raise DataError(
            f"no {time} is in all of {', '.join(tables)}; give tables that cover the same time."
        )

    joined = joined.reset_index()
    joined.attrs["source"] = " + ".join(tables)
    return joined


def _read_parquet(path, columns):
    if columns is not None:
        raise DataError(f"{path}: a Parquet file names its columns; leave columns= out.")

    try:
        frame = pd.read_parquet(path)
    except ImportError as error:
        raise DataError(f"{path}: reading Parquet needs pyarrow: pip install pyarrow.") from error
    except (OSError, ValueError) as error:  # pyarrow's own errors are ValueErrors
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: not a readable Parquet file ({reason}).") from error

    frame.attrs["source"] = str(path)
    return frame


def first_lines(path):
    """The fields of line 1 and of line 2 of a CSV file, two lists."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file)
        return next(lines, []), next(lines, [])


def _check_header(path, first, second, columns):
    """Raise a DataError if the file has no header, or has one although `columns` are given.

    Args:
        path: the file.
        first: fields of line 1.
        second: fields of line 2.
        columns: names of the columns; None if line 1 should be a header.
    """
    if not first:
        raise DataError(f"{path}: line 1 is empty; give a table with at least one row.")

    start = ", ".join(first[:3])
    numbers = sum(map(_is_number, first))
    if columns is None:
        if numbers > len(first) / 2:
            raise DataError(
                f"{path}: line 1 ({start}, ...) holds numbers, not names; write the names of the "
                f"columns there, or give columns=."
            )
        if not second:
            raise DataError(f"{path}: there is a header ({start}) and no row below it.")
    else:
        if len(columns) != len(first):
            raise DataError(
                f"{path}: {len(columns)} names in columns= for {len(first)} fields in line 1 "
                f"({start}, ...); name each field once."
            )
        if not numbers and any(map(_is_number, second)):
            raise DataError(f"{path}: line 1 ({start}, ...) is a header; leave columns= out.")

    if second and len(second) != len(first):
        raise DataError(
            f"{path}: line 2 has {len(second)} fields, line 1 has {len(first)}; give every line "
            f"the same fields."
        )


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def check_columns(frame, names, source):
    """Raise a DataError for a name that is not a column of the table, or that occurs twice.

    Args:
        frame: DataFrame.
        names: a list of names.
        source: name of the table in errors.
    """
    for number, name in enumerate(names):
        if name not in frame.columns:
            close = difflib.get_close_matches(str(name), map(str, frame.columns), n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise DataError(
                f"{source}: no column {name!r}{hint}; there are {listed(frame.columns)}."
            )
        if name in names[:number]:
            raise DataError(f"{source}: column {name!r} is named twice; name it once.")


def listed(names):
    """The first 12 names with commas between them, and how many more there are."""
    text = ", ".join(map(str, names[:12]))
    if len(names) > 12:
        text += f" and {len(names) - 12} more"
    return text
