"""Checks of columns and arguments that all tables share."""

import numpy as np
import pandas as pd

from data_prep.errors import DataError

ADVICE = "name the input columns with features=, the time with time="


def number_column(column, place, source, advice=ADVICE):
    """Read a column of numbers.

    Args:
        column: pandas Series of numbers, or of texts that are numbers.
        place: a function from a row number to the name of the row in errors.
        source: name of the table in errors.
        advice: what the user can do with a column that does not hold numbers.

    Returns:
        float32 or float64 (rows,), NaN for a missing value.

    Raises:
        DataError: if the column holds something else.
    """
    dtype, name = column.dtype, column.name
    if pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype):
        fits_float32 = str(dtype).lower() in ("float32", "float16")
        return column.to_numpy(np.float32 if fits_float32 else np.float64, na_value=np.nan)

    holds_text = pd.api.types.is_object_dtype(dtype) or isinstance(dtype, pd.StringDtype)
    if not holds_text:
        raise DataError(f"{source}: column {name!r} holds {dtype}, not numbers; {advice}.")

    numbers = pd.to_numeric(column, errors="coerce")
    bad = np.flatnonzero(numbers.isna() & column.notna())
    if len(bad):
        raise DataError(
            f"{source}: column {name!r} holds {column.iloc[bad[0]]!r} at {place(bad[0])}, not a "
            f"number; correct it, or {advice}."
        )
    return numbers.to_numpy(np.float64)


def check_integer(name, value, least):
    """The argument as int. Raises a DataError if it is not an integer >= `least`."""
    is_integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not is_integer or value < least:
        raise DataError(f"{name}={value!r}: give an integer >= {least}.")
    return int(value)


def check_choice(name, value, choices):
    """Raise a DataError if an argument is not one of its choices."""
    if value not in choices:
        raise DataError(f"{name}={value!r}: choose one of {', '.join(map(repr, choices))}.")
