"""Settings of a forecast: rows of the parts, horizons, seasons."""

import numpy as np
import pandas as pd
import pytest

from data_prep import DataError
from data_prep.series.forecasts import part_rows, season_rows, whole_numbers


def series(values, freq="h"):
    index = pd.date_range("2024-01-01", periods=len(values), freq=freq)
    return pd.DataFrame({"a": values}, index=index)


def test_parts_as_fractions_and_as_rows():
    assert part_rows("0.7,0.1,0.2", 2284) == (1599, 228, 457)
    assert part_rows("8640, 2880, 2880", 17420) == (8640, 2880, 2880)


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ("0.7,0.3", "give three numbers above 0"),
        ("a,b,c", "give three numbers above 0"),
        ("0.8,0,0.2", "give three numbers above 0"),
        ("0.7,0.2,0.2", "these fractions add up to 1.1, not 1"),
        ("80,0.1,0.1", "not fractions and numbers of rows together"),
        ("80,10,20", "needs 110 rows, and there are 100"),
    ],
)
def test_other_parts_are_refused(split, message):
    with pytest.raises(DataError, match=message):
        part_rows(split, 100)


def test_whole_numbers():
    assert whole_numbers("horizons", "96, 192") == [96, 192]
    for text in ("", "96,", "0", "1.5", "7,7"):
        with pytest.raises(DataError, match=f"horizons='{text}': give different integers >= 1"):
            whole_numbers("horizons", text)


@pytest.mark.parametrize(
    ("freq", "rows"), [("min", 1440), ("h", 24), ("D", 7), ("W", 52), ("MS", 12), ("QS", 4)]
)
def test_the_season_is_looked_up_by_the_time_between_rows(freq, rows):
    assert season_rows(series(np.arange(30.0), freq), 2000) == rows


def test_seasons_that_are_not_known_or_do_not_fit_are_refused():
    years = series(np.arange(30.0), "YS")
    with pytest.raises(DataError, match="rows that are 365 days 00:00:00 apart have no usual"):
        season_rows(years, 20)
    assert season_rows(years, 20, 11) == 11
    with pytest.raises(DataError, match="a window of 10 rows is shorter than a season of 11 rows"):
        season_rows(years, 10, 11)
    with pytest.raises(DataError, match="the season cannot be looked up"):
        season_rows(years.reset_index(drop=True), 20)
    with pytest.raises(DataError, match="season=-1"):
        season_rows(years, 20, -1)
