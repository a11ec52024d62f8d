"""A table of rows in time order, read and checked, that frames are cut from."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data_prep.errors import DataError
from data_prep.tables.columns import check_choice, number_column, whole
from data_prep.tables.files import check_columns, listed, read_table

GAP = 1.5  # a step longer than this many usual steps is a gap
BLOCK = 65_536  # rows looked at together, so that checking needs no memory of the table's size


@dataclass(frozen=True, eq=False)
class Table:
    """Checked rows. Those of one group lie together, in time order.

    Attributes:
        name: short name, such as the stem of the file.
        source: what errors call it: a file, or a short name.
        origin: where the rows come from, for the report.
        features: names of the columns of `inputs`.
        inputs: (rows, features), float32 or float64; a view on the user's array where it can be.
        target_names: names of the columns of `targets`.
        targets: (rows, targets), float32 or float64, or class numbers, int64, -1 where missing.
        classes: names of the classes in `targets`; () for numbers.
        index: pandas Index that names the rows.
        moments: time of each row as a number, (rows,); None without a time.
        groups: number of each row's group, (rows,); None for one series.
        group_names: name of each group.
        bounds: first row of each run without a gap, and the number of rows, (runs + 1,).
        missing: rows with NaN or infinity in the inputs, and those in the targets.
        in_order: whether time never steps back within a group.
        dropped: {what and why: how many} rows left out or filled.
    """

    name: str
    source: str
    origin: str
    features: tuple
    inputs: np.ndarray
    target_names: tuple
    targets: np.ndarray
    classes: tuple
    index: pd.Index
    moments: np.ndarray | None
    groups: np.ndarray | None
    group_names: tuple
    bounds: np.ndarray
    missing: tuple
    in_order: bool
    dropped: dict

    def __len__(self):
        return len(self.inputs)

    def place(self, row):
        """What to call a row in a message."""
        return f"row {row}" if self.moments is None else f"row {row} ({self.index[row]})"


def checked_table(
    series,
    *,
    features=None,
    target=None,
    target_kind="numbers",
    group=None,
    time=None,
    freq=None,
    max_gap=None,
    columns=None,
    order="refuse",
    duplicates="refuse",
    missing="refuse",
    fill_limit=None,
):
    """Read any series into a Table; the arguments are those of `make_frames`.

    Args:
        series: DataFrame, Series, array, or the path of a CSV or Parquet file.
        features: names of the input columns; None for all that are not the time, the group or a
            target of classes.
        target: name or list of names of the target columns; None for the only feature.
        target_kind: "numbers", "classes", or "any" where no target has to be named.
        group: name of the column that tells one series from another.
        time: name of the time column; None for the index, where that is a time.
        freq: usual step from row to row; None for the median step.
        max_gap: longest step that is no gap; None for 1.5 usual steps.
        columns: names of the columns, where the series has none.
        order: "refuse", "sort" or "keep" rows that step back in time.
        duplicates: "refuse" or "keep" rows of the same time, or keep their "first" or "last".
        missing: "refuse", "fill" or "drop" NaN and infinities.
        fill_limit: rows that a value may be carried forward.

    Returns:
        A Table.
    """
    check_choice("order", order, ("refuse", "sort", "keep"))
    check_choice("duplicates", duplicates, ("refuse", "first", "last", "keep"))
    check_choice("missing", missing, ("refuse", "fill", "drop"))
    if (missing == "fill") != (fill_limit is not None):
        raise DataError("missing='fill' and fill_limit= (a number of rows) go together: give both.")
    if fill_limit is not None:
        whole("fill_limit", fill_limit, 1)
    frame, name, source, origin = _as_frame(series, columns)
    features, target = _choose_columns(frame, features, target, target_kind, group, time, source)

    index, moments, dated = _time(frame, time, source)
    groups, group_names = _groups(frame, group, source)
    if order == "sort" and moments is None:
        raise DataError(f"{source}: there is no time to sort by; name its column with time=.")
    rows = _row_order(moments, groups, order)
    if rows is not None:
        frame, index = frame.iloc[rows], index[rows]
        moments = None if moments is None else moments[rows]
        groups = None if groups is None else groups[rows]

    def place(row):
        number = row if rows is None else rows[row]
        return f"row {number}" if moments is None else f"row {number} ({index[row]})"

    dropped = {}
    in_order = True
    if moments is not None:
        step, same = _steps(moments, groups)
        back = np.flatnonzero((step < 0) & same) + 1
        in_order = not len(back)
        if len(back) and order == "refuse":
            raise DataError(
                f"{source}: {place(back[0])} is earlier than the row before it "
                f"({index[back[0] - 1]}); order='sort' sorts the rows by time, "
                f"group= separates several series, order='keep' leaves them."
            )
        twice = np.flatnonzero((step == 0) & same) + 1
        if len(twice) and duplicates == "refuse":
            raise DataError(
                f"{source}: {place(twice[0])} has the time of the row before it; "
                f"duplicates='first' or 'last' keeps one of them, 'keep' both, "
                f"group= separates several series."
            )
        if len(twice) and duplicates in ("first", "last"):
            kept = np.ones(len(frame), bool)
            kept[twice if duplicates == "first" else twice - 1] = False
            kept = np.flatnonzero(kept)
            rows = kept if rows is None else rows[kept]
            frame, index, moments = frame.iloc[kept], index[kept], moments[kept]
            groups = None if groups is None else groups[kept]
            dropped["rows with the time of another row"] = len(twice)

    inputs = np.ascontiguousarray(_numbers(frame, features, place, source))
    if target_kind == "classes":
        targets, classes = _classes(frame, target[0], source)
    else:
        targets, classes = _target_numbers(frame, features, inputs, target, place, source), ()
    bounds = _bounds(moments, groups, len(inputs), freq, max_gap, dated, source)

    bad = [_missing_rows(inputs), _missing_rows(targets)]
    if missing == "refuse":
        _refuse_missing(bad, (inputs, targets), (features, target), place, source)
    if missing == "fill" and any(map(len, bad)):
        before = len(np.union1d(*bad))
        shared = np.may_share_memory(inputs, targets)
        inputs = _fill_forward(inputs, bounds, fill_limit)
        columns_of = [features.index(column) for column in target] if shared else None
        targets = inputs[:, columns_of] if shared else _fill_forward(targets, bounds, fill_limit)
        bad = [_missing_rows(inputs), _missing_rows(targets)]
        dropped["rows filled from the row before"] = before - len(np.union1d(*bad))
    return Table(
        name=name,
        source=source,
        origin=origin,
        features=tuple(features),
        inputs=inputs,
        target_names=tuple(target),
        targets=targets,
        classes=classes,
        index=index,
        moments=moments,
        groups=groups,
        group_names=group_names,
        bounds=bounds,
        missing=tuple(bad),
        in_order=in_order,
        dropped=dropped,
    )


def _as_frame(series, columns):
    """(DataFrame, name, source, origin) of whatever was given, without copying an array."""
    if isinstance(series, (str, Path)):
        series, columns = read_table(series, columns), None
    if isinstance(series, pd.Series):
        series = series.to_frame("value" if series.name is None else series.name)
    if not isinstance(series, pd.DataFrame):
        array = np.asarray(series)
        if array.ndim not in (1, 2) or 0 in array.shape:
            raise DataError(
                f"the array has shape {array.shape}; a series is (rows,) or (rows, features), none "
                f"of them 0."
            )
        if array.dtype.kind not in "fiub":
            raise DataError(f"the array holds {array.dtype}, not real numbers; convert it.")
        series = pd.DataFrame(array.reshape(len(array), -1), copy=False)
    origin = series.attrs.get("source", "series")
    # Data that have a name are called by it; the origin of others is their file.
    source = series.attrs.get("name", origin)
    return _check_frame(series, source, columns), Path(source).name.split(".")[0], source, origin


def _check_frame(frame, source, columns):
    if columns is not None:
        if len(columns) != frame.shape[1]:
            raise DataError(
                f"{source}: {len(columns)} names in columns= for {frame.shape[1]} columns; name "
                f"each column once."
            )
        frame = frame.set_axis(list(columns), axis=1)
    if not len(frame):
        raise DataError(f"{source} has no rows; give at least a window and its label.")
    if frame.columns.nlevels > 1 or frame.index.nlevels > 1:
        raise DataError(
            f"{source} has a MultiIndex; use reset_index(), and group= for the column that tells "
            f"one series from another."
        )
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise DataError(f"{source} has two columns named {twice!r}; rename one of them.")
    return frame


def _choose_columns(frame, features, target, target_kind, group, time, source):
    """(features, targets) as lists of names that are in the table."""
    targets = list(target) if isinstance(target, (list, tuple)) else [target]
    targets = [] if target is None else targets
    check_columns(frame, [*targets, *(name for name in (group, time) if name is not None)], source)
    if features is None:
        others = {group, time, *(targets if target_kind == "classes" else ())}
        features = [column for column in frame.columns if column not in others]
    else:
        features = [features] if isinstance(features, str) else list(features)
        check_columns(frame, features, source)
    if not features:
        raise DataError(f"{source}: no column is left as a feature; name them with features=.")
    if target is None:
        if target_kind == "classes" or (target_kind == "numbers" and len(features) > 1):
            raise DataError(
                f"{source}: which column is the target? Name it with target=, one of "
                f"{listed(frame.columns)}."
            )
        targets = features
    if target_kind == "classes" and len(targets) > 1:
        raise DataError(
            f"{source}: {len(targets)} targets for a class; name one column in target=."
        )
    return features, targets


def _time(frame, time, source):
    """(index, moments, whether they are dates): nanoseconds, or numbers as they are."""
    index = frame.index if time is None else pd.Index(frame[time])
    if time is None and isinstance(index, pd.RangeIndex):
        return index, None, False
    text = index.dtype == object or isinstance(index.dtype, pd.StringDtype)
    if text:
        with warnings.catch_warnings():  # on formats that differ: such rows become NaT
            warnings.simplefilter("ignore", UserWarning)
            parsed = pd.DatetimeIndex(pd.to_datetime(index, errors="coerce", utc=True)).tz_localize(
                None
            )
        if time is None and parsed.hasnans:
            return index, None, False  # an index of names
        given, index = index, parsed
    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp()
    if isinstance(index, pd.DatetimeIndex):
        if index.hasnans:
            row = int(np.argmax(index.isna()))
            what = f"{given[row]!r}, which is not a time" if text else "no time"
            raise DataError(f"{source}: row {row} has {what}; correct it or leave the row out.")
        return index, index.as_unit("ns").asi8, True
    if time is None and index.dtype.kind not in "iuf":
        return index, None, False
    if index.dtype.kind not in "iuf":
        raise DataError(
            f"{source}: the time column {time!r} holds {index.dtype}; give dates or numbers."
        )
    moments = index.to_numpy()
    if not np.isfinite(moments).all():
        row = int(np.argmin(np.isfinite(moments)))
        raise DataError(f"{source}: row {row} has the time {moments[row]}; leave the row out.")
    return index, moments.astype(np.int64 if index.dtype.kind in "iu" else np.float64), False


def _groups(frame, group, source):
    if group is None:
        return None, ()
    numbers, names = pd.factorize(frame[group])
    if (numbers < 0).any():
        raise DataError(
            f"{source}: row {int(np.argmax(numbers < 0))} has no group in {group!r}; name its "
            f"group or leave the row out."
        )
    return numbers, tuple(names.tolist())


def _row_order(moments, groups, order):
    """The rows of each group together, sorted by time where asked; None where they are so."""
    if order == "sort":
        keys = (moments,) if groups is None else (moments, groups)
        rows = np.lexsort(keys)
    elif groups is None or np.count_nonzero(np.diff(groups)) == groups.max():
        return None
    else:
        rows = np.argsort(groups, kind="stable")
    return None if np.array_equal(rows, np.arange(len(rows))) else rows


def _steps(moments, groups):
    """Time from each row to the next, and whether they are of one group, (rows - 1,) each."""
    same = np.ones(len(moments) - 1, bool) if groups is None else np.diff(groups) == 0
    return np.diff(moments), same


def _bounds(moments, groups, rows, freq, max_gap, dated, source):
    """First row of each run of one group without a gap, then the number of rows."""
    if moments is None:
        if freq is not None or max_gap is not None:
            raise DataError(
                f"{source}: freq= and max_gap= need a time; name its column with time=."
            )
        breaks = np.zeros(rows - 1, bool) if groups is None else np.diff(groups) != 0
    else:
        step, same = _steps(moments, groups)
        step = np.abs(step)
        usual = _span("freq", freq, dated)
        longest = _span("max_gap", max_gap, dated)
        if longest is None:
            moving = step[same & (step > 0)]
            usual = np.median(moving) if usual is None and len(moving) else usual
            longest = np.inf if usual is None else GAP * usual
        breaks = ~same | (step > longest)
    return np.concatenate([[0], np.flatnonzero(breaks) + 1, [rows]])


def _span(name, value, dated):
    """A span of time as a number of the same unit as the moments."""
    if value is None:
        return None
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
        span = float(value)
        if dated and np.isfinite(span):
            raise DataError(f"{name}={value!r}: give a span with its unit, such as '60s' or '1D'.")
    else:
        try:
            text = f"1{value}" if isinstance(value, str) and value[:1].isalpha() else value
            span = pd.Timedelta(text).value / (1 if dated else 1e9)  # numbers are seconds
        except (ValueError, TypeError) as error:
            raise DataError(
                f"{name}={value!r} is no span of time; give one such as '60s', '1h' or '31D'."
            ) from error
    if not span > 0:
        raise DataError(f"{name}={value!r}: give a span longer than 0.")
    return span


def _numbers(frame, columns, place, source):
    """Columns as one float array, (rows, columns): a view where they already are one."""
    frame = frame if columns == list(frame.columns) else frame[columns]
    if set(frame.dtypes) in ({np.dtype("float32")}, {np.dtype("float64")}):
        return frame.to_numpy()
    return np.column_stack([number_column(frame[name], place, source) for name in columns])


def _target_numbers(frame, features, inputs, target, place, source):
    """(rows, targets): views on columns of the inputs where they lie side by side."""
    if not set(target) <= set(features):
        return _numbers(frame, target, place, source)
    columns = [features.index(name) for name in target]
    if columns == list(range(columns[0], columns[0] + len(columns))):
        return inputs[:, columns[0] : columns[0] + len(columns)]
    return inputs[:, columns]


def _classes(frame, target, source):
    """Class numbers (rows, 1), -1 where missing, and the names of the classes in order."""
    try:
        numbers, names = pd.factorize(frame[target], sort=True)
    except TypeError as error:
        raise DataError(
            f"{source}: column {target!r} mixes kinds of classes ({error}); give text or numbers."
        ) from error
    if len(names) < 2:
        raise DataError(
            f"{source}: column {target!r} has {len(names)} class; a class label needs two."
        )
    if names.dtype.kind == "f" and len(names) > 100:
        raise DataError(
            f"{source}: column {target!r} holds {len(names)} different numbers, no classes; use "
            f"label='value'."
        )
    names = tuple(f"{name:g}" if isinstance(name, float) else str(name) for name in names)
    return numbers.astype(np.int64)[:, None], names


def _missing(values):
    return values < 0 if values.dtype.kind == "i" else ~np.isfinite(values)


def _missing_rows(values):
    """Rows with NaN or infinity, or without a class, in ascending order."""
    found = [
        first + np.flatnonzero(_missing(values[first : first + BLOCK]).any(axis=1))
        for first in range(0, len(values), BLOCK)
    ]
    return np.concatenate(found)


def _refuse_missing(bad, arrays, names, place, source):
    for rows, values, columns in zip(bad, arrays, names, strict=True):
        if len(rows):
            row = rows[0]
            column = int(np.argmax(_missing(values[row])))
            what = "missing" if values.dtype.kind == "i" else str(values[row, column])
            raise DataError(
                f"{source}: column {columns[column]!r} is {what} at {place(row)}; missing='fill' "
                f"with fill_limit= carries the value before it forward, missing='drop' drops the "
                f"frames that touch it."
            )


def _fill_forward(values, bounds, limit):
    """A copy with gaps of at most `limit` rows filled from the row before, within each run."""
    values = values.copy()
    row = np.arange(len(values))
    run_start = np.repeat(bounds[:-1], np.diff(bounds))
    for column in values.T:
        bad = _missing(column)
        last_good = np.maximum.accumulate(np.where(bad, -1, row))
        fillable = bad & (last_good >= run_start) & (row - last_good <= limit)
        column[fillable] = column[last_good[fillable]]
    return values
