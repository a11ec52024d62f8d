"""Settings of a forecast: the rows of each part, the horizons, the length of a season."""

import numpy as np
import pandas as pd

from data_prep.errors import DataError

DAY = 86_400  # seconds

# (shortest step, longest step, rows in a season); steps in seconds.
SEASONS = {
    "minutes": (60, 60, 1440),  # a day
    "hours": (3600, 3600, 24),  # a day
    "days": (DAY, DAY, 7),  # a week
    "weeks": (7 * DAY, 7 * DAY, 52),  # a year
    "months": (28 * DAY, 31 * DAY, 12),  # a year
    "quarters": (90 * DAY, 92 * DAY, 4),  # a year
}


def part_rows(split, rows):
    """Number of rows for training, validation and testing.

    Args:
        split: three numbers with commas between them, for the three parts in time order. Either
            fractions that add up to 1, such as "0.7,0.1,0.2", or numbers of rows, such as
            "8640,2880,2880"; the rows after these are not used.
        rows: number of rows in the series.

    Returns:
        (training, validation, test) numbers of rows.

    Raises:
        DataError: if these are not three numbers above 0, or more than there are rows.
    """
    advice = f"split={split!r}: give three numbers above 0, such as 0.7,0.1,0.2 or 8640,2880,2880"
    try:
        numbers = [float(word) for word in split.split(",")]
    except ValueError as error:
        raise DataError(f"{advice}.") from error
    if len(numbers) != 3 or not all(0 < number < np.inf for number in numbers):
        raise DataError(f"{advice}.")

    if max(numbers) < 1:
        if abs(sum(numbers) - 1) > 1e-6:
            raise DataError(f"{advice}; these fractions add up to {sum(numbers):g}, not 1.")
        validation, test = (round(number * rows) for number in numbers[1:])
        return rows - validation - test, validation, test

    if any(number != int(number) for number in numbers):
        raise DataError(f"{advice}, not fractions and numbers of rows together.")
    if sum(numbers) > rows:
        raise DataError(f"split={split!r} needs {sum(numbers):.0f} rows, and there are {rows}.")
    return tuple(map(int, numbers))


def whole_numbers(name, text):
    """Read different integers >= 1 from a text such as "96,192".

    Args:
        name: name of the setting, for the error.
        text: the numbers, with commas between them.

    Raises:
        DataError: if the text holds anything else, or a number twice.
    """
    words = [word.strip() for word in text.split(",")]
    numbers = [int(word) if word.isdecimal() else 0 for word in words]
    if min(numbers) < 1 or len(set(numbers)) < len(numbers):
        raise DataError(
            f"{name}={text!r}: give different integers >= 1 with commas between them, such as "
            f"96,192."
        )
    return numbers


def season_rows(series, window, season=0):
    """Number of rows after which a series is expected to repeat.

    Args:
        series: DataFrame with times as index.
        window: rows in a frame; at least one season.
        season: this number if it is known. 0 looks it up by the time between rows: a day of
            minutes (1440) or hours (24), a week of days (7), a year of weeks (52), months (12) or
            quarters (4).

    Raises:
        DataError: if no usual season is known for the time between rows, or the window is shorter
            than a season.
    """
    name = series.attrs.get("name", "series")
    if season < 0:
        raise DataError(f"season={season}: give a number of rows, or 0.")
    if not season:
        season = _usual_season(series, name)

    if season > window:
        raise DataError(
            f"{name}: a window of {window} rows is shorter than a season of {season} rows; give a "
            f"longer window=, or another season=."
        )
    return season


def _usual_season(series, name):
    """Rows in a season, by the median time between rows."""
    if not isinstance(series.index, pd.DatetimeIndex) or len(series) < 2:
        raise DataError(
            f"{name}: the season cannot be looked up, as the rows have no times; give season=."
        )

    step = series.index.to_series().diff().median().total_seconds()
    for shortest, longest, rows in SEASONS.values():
        if shortest <= step <= longest:
            return rows
    raise DataError(
        f"{name}: rows that are {pd.Timedelta(seconds=step)} apart have no usual season; "
        f"give season=, the number of rows after which it repeats."
    )
