"""The times of a table's rows: how they are read, and where they have gaps."""

import warnings

import numpy as np
import pandas as pd

from data_prep.errors import DataError

GAP = 1.5  # a step between two rows that is longer than this many usual steps is a gap


def read_times(frame, time, source):
    """Read the times of a table's rows.

    Args:
        frame: DataFrame.
        time: name of the time column; None for the index.
        source: name of the table in errors.

    Returns:
        (index, times, are_dates): a pandas Index that names the rows; nanoseconds for dates and
        periods, or numbers as they are, (rows,), None if an index holds no times; and whether they
        are dates.

    Raises:
        DataError: if the time column does not hold times, or a time is missing.
    """
    index = frame.index if time is None else pd.Index(frame[time])
    if time is None and isinstance(index, pd.RangeIndex):
        return index, None, False

    given = index
    if index.dtype == object or isinstance(index.dtype, pd.StringDtype):
        index = _parse_dates(given)
        if time is None and index.hasnans:
            return given, None, False  # an index of names, not of times
    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp()

    if isinstance(index, pd.DatetimeIndex):
        if index.hasnans:
            row = int(np.argmax(index.isna()))
            value = given[row]
            what = "no time" if pd.isna(value) else f"{value!r}, which is not a time"
            raise DataError(f"{source}: row {row} has {what}; correct it or leave the row out.")
        return index, index.as_unit("ns").asi8, True

    if index.dtype.kind not in "iuf":
        if time is None:
            return index, None, False
        raise DataError(
            f"{source}: the time column {time!r} holds {index.dtype}; give dates or numbers."
        )

    times = index.to_numpy()
    if not np.isfinite(times).all():
        row = int(np.argmin(np.isfinite(times)))
        raise DataError(f"{source}: row {row} has the time {times[row]}; leave the row out.")
    dtype = np.int64 if index.dtype.kind in "iu" else np.float64
    return index, times.astype(dtype), False


def _parse_dates(texts):
    """Dates from an Index of texts; NaT for a text that is not a date."""
    with warnings.catch_warnings():
        # pandas warns if the formats differ; such texts become NaT.
        warnings.simplefilter("ignore", UserWarning)
        dates = pd.to_datetime(texts, errors="coerce", utc=True)
    return pd.DatetimeIndex(dates).tz_localize(None)


def time_steps(times, groups):
    """The time from each row to the next.

    Args:
        times: (rows,).
        groups: number of each row's group, (rows,); None for one group.

    Returns:
        (steps, same_group): (rows - 1,) each; whether both rows are of one group.
    """
    same_group = np.ones(len(times) - 1, bool)
    if groups is not None:
        same_group = np.diff(groups) == 0
    return np.diff(times), same_group


def run_bounds(times, groups, rows, freq, max_gap, are_dates, source):
    """Find the runs: successive rows of one group without a time gap.

    Args:
        times: time of each row, (rows,); None without times.
        groups: number of each row's group, (rows,); None for one group.
        rows: number of rows.
        freq: usual step from row to row; None for the median step.
        max_gap: longest step that is not a gap; None for 1.5 usual steps.
        are_dates: whether the times are dates.
        source: name of the table in errors.

    Returns:
        The first row of each run, and then the number of rows, (runs + 1,).
    """
    if times is None:
        if freq is not None or max_gap is not None:
            raise DataError(
                f"{source}: freq= and max_gap= need a time; name its column with time=."
            )
        new_run = np.zeros(rows - 1, bool) if groups is None else np.diff(groups) != 0
    else:
        steps, same_group = time_steps(times, groups)
        steps = np.abs(steps)
        longest = _longest_step(steps[same_group], freq, max_gap, are_dates)
        new_run = ~same_group | (steps > longest)
    return np.concatenate([[0], np.flatnonzero(new_run) + 1, [rows]])


def _longest_step(steps, freq, max_gap, are_dates):
    """The longest step that is not a gap, in the unit of the times."""
    usual = _time_span("freq", freq, are_dates)
    longest = _time_span("max_gap", max_gap, are_dates)
    if longest is not None:
        return longest

    moving = steps[steps > 0]
    if usual is None and len(moving):
        usual = np.median(moving)
    return np.inf if usual is None else GAP * usual


def _time_span(name, value, are_dates):
    """A span of time, such as "2h" or 60.0, as a number in the unit of the times."""
    if value is None:
        return None

    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
        span = float(value)
        if are_dates and np.isfinite(span):
            raise DataError(f"{name}={value!r}: give a span with its unit, such as '60s' or '1D'.")
    else:
        only_unit = isinstance(value, str) and value[:1].isalpha()  # "h" for "1h"
        text = f"1{value}" if only_unit else value
        unit = 1 if are_dates else 1e9  # nanoseconds; numbers as times are seconds
        try:
            span = pd.Timedelta(text).value / unit
        except (ValueError, TypeError) as error:
            raise DataError(
                f"{name}={value!r} is not a span of time; give one such as '60s', '1h' or '31D'."
            ) from error

    if not span > 0:
        raise DataError(f"{name}={value!r}: give a span longer than 0.")
    return span
