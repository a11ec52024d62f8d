"""Checks of columns, options and numbers that all tables share."""

import numpy as np
import pandas as pd

from data_prep.errors import DataError

ADVICE = "name the input columns with features=, the time with time="


def number_column(column, place, source, advice=ADVICE):
    """A column as float32 or float64 (rows,), NaN where a value is missing.

    Args:
        column: pandas Series.
        place: from a row number to what errors call the row.
        source: what errors call the table.
        advice: what to do with a column that holds no numbers.
    """
    kind, name = column.dtype, column.name
    if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_complex_dtype(kind):
        small = str(kind).lower() in ("float32", "float16")
        return column.to_numpy(np.float32 if small else np.float64, na_value=np.nan)
    if not (pd.api.types.is_object_dtype(kind) or isinstance(kind, pd.StringDtype)):
        raise DataError(f"{source}: column {name!r} holds {kind}, not numbers; {advice}.")
    numbers = pd.to_numeric(column, errors="coerce")
    bad = np.flatnonzero(numbers.isna() & column.notna())
    if len(bad):
        raise DataError(
            f"{source}: column {name!r} holds {column.iloc[bad[0]]!r} at {place(bad[0])}, not a "
            f"number; correct it, or {advice}."
        )
    return numbers.to_numpy(np.float64)


def whole(name, value, least):
    """Refuse an option that is no whole number from `least`; returns it as int."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise DataError(f"{name}={value!r}: give a whole number from {least}.")
    return int(value)


def check_choice(name, value, choices):
    """Refuse an option that is none of its choices."""
    if value not in choices:
        raise DataError(f"{name}={value!r}: choose one of {', '.join(map(repr, choices))}.")
