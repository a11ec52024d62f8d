"""CSV and Parquet files read and joined."""

import csv
import difflib
import gzip
import zlib
from pathlib import Path

import numpy as np
import pandas as pd

from data_prep.errors import DataError


def read_table(path, columns=None):
    """Read a CSV file (also .csv.gz) or a Parquet file, without guessing whether it has a header.

    Args:
        path: the file.
        columns: names of the columns of a CSV file without a header; None where line 1 has them.

    Returns:
        A pandas DataFrame; errors about its rows name the file, which it keeps in `attrs`.

    Raises:
        DataError: naming the file, the line or column, and what to do.
    """
    path = Path(path)
    if not path.is_file():
        what = "is a folder; give a file" if path.is_dir() else "no such file; give the path"
        raise DataError(f"{path}: {what} of a .csv, .csv.gz or .parquet file.")
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
    """Join tables on their time: one row for each moment that all of them have.

    Args:
        tables: {name: DataFrame}, such as {"BTC": read_table("BTC.csv"), ...}.
        time: name of the time column, in every table.

    Returns:
        A DataFrame: `time`, then the columns of each table as name_column, such as BTC_close.

    Raises:
        DataError: where a time is missing, occurs twice, or no moment is in all tables.
    """
    joined = None
    for name, table in tables.items():
        check_columns(table, [time], name)
        rows = table.set_index(time).add_prefix(f"{name}_")
        if rows.index.hasnans or not rows.index.is_unique:
            row = int(np.argmax(rows.index.isna() | rows.index.duplicated()))
            raise DataError(
                f"{name}: row {row} has the time {rows.index[row]}, which is missing or already "
                f"there, so it cannot be joined; drop one of the two rows."
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
    """Fields of the first two lines of a CSV file."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file)
        return next(lines, []), next(lines, [])


def _check_header(path, first, second, columns):
    """Refuse a header where names are given, names where there is a header, and uneven lines."""
    if not first:
        raise DataError(f"{path}: line 1 is empty; give a table with at least one row.")
    start = ", ".join(first[:3])
    numbers = sum(map(_is_number, first))
    if columns is None and numbers > len(first) / 2:
        raise DataError(
            f"{path}: line 1 ({start}, ...) holds numbers, no names; write the names of the "
            f"columns there, or give columns=."
        )
    if columns is None and not second:
        raise DataError(f"{path}: there is a header ({start}) and no row below it.")
    if columns is not None and len(columns) != len(first):
        raise DataError(
            f"{path}: {len(columns)} names in columns= for {len(first)} fields in line 1 ({start}, "
            f"...); name each field once."
        )
    if columns is not None and not numbers and any(map(_is_number, second)):
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
    """Refuse names that are no columns of the table, or that are there twice."""
    for number, name in enumerate(names):
        if name not in frame.columns:
            close = difflib.get_close_matches(str(name), map(str, frame.columns), n=1)
            raise DataError(
                f"{source}: no column {name!r}"
                + (f" (did you mean {close[0]!r}?)" if close else "")
                + f"; there are {listed(frame.columns)}."
            )
        if name in names[:number]:
            raise DataError(f"{source}: column {name!r} is named twice; name it once.")


def listed(names):
    """Names with commas, at most 12 of them."""
    shown = ", ".join(map(str, names[:12]))
    return shown + (f" and {len(names) - 12} more" if len(names) > 12 else "")
