"""What a forecast needs to know: the rows of each part, its horizons, the length of a season."""

import numpy as np
import pandas as pd

from data_prep.errors import DataError

DAY = 86_400  # seconds
# Usual step in seconds, from .. to: rows in a season.
SEASONS = {
    "minutes": (60, 60, 1440),  # a day
    "hours": (3600, 3600, 24),
    "days": (DAY, DAY, 7),
    "weeks": (7 * DAY, 7 * DAY, 52),
    "months": (28 * DAY, 31 * DAY, 12),
    "quarters": (90 * DAY, 92 * DAY, 4),
}


def part_rows(split, rows):
    """Numbers of rows to train on, to choose on and to test on.

    Args:
        split: three numbers with commas, in time order: shares of all rows such as "0.7,0.1,0.2",
            which make up 1, or whole numbers of rows such as "8640,2880,2880"; further rows are
            left out.
        rows: how many rows there are.

    Returns:
        (training, validation, test) numbers of rows.

    Raises:
        DataError: where they are no three numbers above 0, or more than there are rows.
    """
    how = f"split={split!r}: give three numbers above 0, such as 0.7,0.1,0.2 or 8640,2880,2880"
    try:
        numbers = [float(word) for word in split.split(",")]
    except ValueError as error:
        raise DataError(f"{how}.") from error
    if len(numbers) != 3 or not all(0 < number < np.inf for number in numbers):
        raise DataError(f"{how}.")
    if max(numbers) < 1:
        if abs(sum(numbers) - 1) > 1e-6:
            raise DataError(f"{how}; these shares make up {sum(numbers):g}, not 1.")
        validation, test = (round(number * rows) for number in numbers[1:])
        return rows - validation - test, validation, test
    if any(number != int(number) for number in numbers):
        raise DataError(f"{how}, not shares and numbers of rows together.")
    if sum(numbers) > rows:
        raise DataError(f"split={split!r} needs {sum(numbers):.0f} rows, and there are {rows}.")
    return tuple(map(int, numbers))


def whole_numbers(name, text):
    """Whole numbers above 0, each once, from a text with commas such as "96,192".

    Args:
        name: what they are, for the error.
        text: the text.

    Raises:
        DataError: where it holds anything else.
    """
    words = [word.strip() for word in text.split(",")]
    numbers = [int(word) if word.isdecimal() else 0 for word in words]
    if min(numbers) < 1 or len(set(numbers)) < len(numbers):
        raise DataError(
            f"{name}={text!r}: give whole numbers above 0 with commas, each once, such as 96,192."
        )
    return numbers


def season_rows(series, window, season=0):
    """Number of rows after which a series is expected to repeat.

    Args:
        series: DataFrame with times as index.
        window: rows in a frame, which must hold a season.
        season: that number, where it is known; 0 for the usual one of the time between rows: a day
            of minutes (1440) or hours (24), a week of days (7), a year of weeks (52), months (12)
            or quarters (4).

    Raises:
        DataError: where the time between rows has no usual season, or the window is too short.
    """
    name = series.attrs.get("name", "series")
    if season < 0:
        raise DataError(f"season={season}: give a number of rows, or 0.")
    if not season:
        if not isinstance(series.index, pd.DatetimeIndex) or len(series) < 2:
            raise DataError(f"{name}: there are no times to tell the season from; give season=.")
        step = series.index.to_series().diff().median().total_seconds()
        found = [rows for low, high, rows in SEASONS.values() if low <= step <= high]
        if not found:
            raise DataError(
                f"{name}: rows that are {pd.Timedelta(seconds=step)} apart have no usual season; "
                f"give season=, the number of rows after which it repeats."
            )
        season = found[0]
    if season > window:
        raise DataError(
            f"{name}: a window of {window} rows holds no season of {season} rows; give a longer "
            f"window=, or another season=."
        )
    return season
