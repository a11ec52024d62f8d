"""Table: the rows that frames are cut from, read and checked, in time order."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data_prep.errors import DataError
from data_prep.series.times import read_times, run_bounds, time_steps
from data_prep.tables.columns import check_choice, check_integer, number_column
from data_prep.tables.files import check_columns, listed, read_table

BLOCK = 65_536  # rows checked at a time, so that checking needs little memory


@dataclass(frozen=True, eq=False)
class Table:
    """Checked rows. The rows of each group are together, in time order.

    Attributes:
        name: short name, such as the name of the file without its suffix.
        source: name in errors: a file, or a short name.
        origin: where the rows come from, for the report.
        features: names of the columns of `inputs`.
        inputs: (rows, features), float32 or float64; a view of the given array if possible.
        target_names: names of the columns of `targets`.
        targets: (rows, targets): float32 or float64, or class numbers, int64, -1 if missing.
        classes: names of the classes in `targets`; () for numbers.
        index: pandas Index that names the rows.
        times: time of each row as a number, (rows,); None without times.
        groups: number of each row's group, (rows,); None for one series.
        group_names: name of each group.
        bounds: first row of each run without a gap, and then the number of rows, (runs + 1,).
        missing: (row numbers with a missing or infinite input, the same for targets).
        in_order: whether time never goes back within a group.
        dropped: {what was left out or filled, and why: how many}.
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
    times: np.ndarray | None
    groups: np.ndarray | None
    group_names: tuple
    bounds: np.ndarray
    missing: tuple
    in_order: bool
    dropped: dict

    def __len__(self):
        return len(self.inputs)

    def place(self, row):
        """The name of a row in a message: its number, and its time if there are times."""
        return f"row {row}" if self.times is None else f"row {row} ({self.index[row]})"


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
        features: names of the input columns; None for all but the time, the group and a target of
            classes.
        target: name or list of names of the target columns; None for the only feature.
        target_kind: what the targets hold: "numbers", "classes", or "any" if no target has to be
            named.
        group: name of the column that tells several series apart.
        time: name of the time column; None for the index, if it holds times.
        freq: usual step from row to row; None for the median step.
        max_gap: longest step that is not a gap; None for 1.5 usual steps.
        columns: names of the columns, if the series has none.
        order: rows that go back in time: "refuse", "sort" or "keep".
        duplicates: rows of the same time: "refuse", keep the "first" or "last", or "keep" all.
        missing: NaN and infinities: "refuse", "fill" or "drop".
        fill_limit: for "fill": number of rows to carry a value forward.

    Returns:
        A Table.

    Raises:
        DataError: says what is wrong, in which row and column, and what to do.
    """
    check_choice("order", order, ("refuse", "sort", "keep"))
    check_choice("duplicates", duplicates, ("refuse", "first", "last", "keep"))
    check_choice("missing", missing, ("refuse", "fill", "drop"))
    if (missing == "fill") != (fill_limit is not None):
        raise DataError("missing='fill' and fill_limit= (a number of rows) go together: give both.")
    if fill_limit is not None:
        check_integer("fill_limit", fill_limit, 1)

    frame, name, source, origin = _as_frame(series, columns)
    features, target = _choose_columns(frame, features, target, target_kind, group, time, source)

    # Bring the rows of each group together, in time order.
    index, times, are_dates = read_times(frame, time, source)
    groups, group_names = _read_groups(frame, group, source)
    rows = _Rows(frame, index, times, groups)
    if order == "sort" and times is None:
        raise DataError(f"{source}: there is no time to sort by; name its column with time=.")
    new_order = _row_order(times, groups, order)
    if new_order is not None:
        rows = rows.take(new_order)

    dropped = {}
    in_order = True
    if times is not None:
        in_order = _check_order(rows, order, source)
        checked = _without_duplicates(rows, duplicates, source)
        if len(checked) < len(rows):
            dropped["rows with the time of another row"] = len(rows) - len(checked)
        rows = checked

    # Read the columns.
    inputs = np.ascontiguousarray(_numbers(rows, features, source))
    classes = ()
    if target_kind == "classes":
        targets, classes = _classes(rows.frame, target[0], source)
    else:
        targets = _target_numbers(rows, features, inputs, target, source)
    bounds = run_bounds(rows.times, rows.groups, len(inputs), freq, max_gap, are_dates, source)

    # Find the missing values, and fill them.
    missing_inputs, missing_targets = _missing_rows(inputs), _missing_rows(targets)
    if missing == "refuse":
        _refuse_missing(missing_inputs, inputs, features, rows, source)
        _refuse_missing(missing_targets, targets, target, rows, source)
    if missing == "fill" and (len(missing_inputs) or len(missing_targets)):
        before = len(np.union1d(missing_inputs, missing_targets))
        targets_are_inputs = np.may_share_memory(inputs, targets)
        inputs = _fill_forward(inputs, bounds, fill_limit)
        if targets_are_inputs:
            targets = inputs[:, [features.index(column) for column in target]]
        else:
            targets = _fill_forward(targets, bounds, fill_limit)

        missing_inputs, missing_targets = _missing_rows(inputs), _missing_rows(targets)
        after = len(np.union1d(missing_inputs, missing_targets))
        dropped["rows filled from the row before"] = before - after

    return Table(
        name=name,
        source=source,
        origin=origin,
        features=tuple(features),
        inputs=inputs,
        target_names=tuple(target),
        targets=targets,
        classes=classes,
        index=rows.index,
        times=rows.times,
        groups=rows.groups,
        group_names=group_names,
        bounds=bounds,
        missing=(missing_inputs, missing_targets),
        in_order=in_order,
        dropped=dropped,
    )


@dataclass(frozen=True, eq=False)
class _Rows:
    """The rows of a table while it is checked.

    Attributes:
        frame: all columns, as a DataFrame.
        index: pandas Index that names the rows.
        times: time of each row, (rows,); None without times.
        groups: number of each row's group, (rows,); None for one series.
        given: number of each row in the given table, (rows,); None if no row was moved.
    """

    frame: pd.DataFrame
    index: pd.Index
    times: np.ndarray | None
    groups: np.ndarray | None
    given: np.ndarray | None = None

    def __len__(self):
        return len(self.frame)

    def take(self, numbers):
        """Some of the rows, in the order of `numbers`."""
        return _Rows(
            frame=self.frame.iloc[numbers],
            index=self.index[numbers],
            times=None if self.times is None else self.times[numbers],
            groups=None if self.groups is None else self.groups[numbers],
            given=numbers if self.given is None else self.given[numbers],
        )

    def place(self, row):
        """The name of a row in a message: its number in the given table, and its time."""
        number = row if self.given is None else self.given[row]
        return f"row {number}" if self.times is None else f"row {number} ({self.index[row]})"


def _as_frame(series, columns):
    """(DataFrame, name, source, origin) of any series; an array is not copied."""
    if isinstance(series, (str, Path)):
        series, columns = read_table(series, columns), None
    if isinstance(series, pd.Series):
        series = series.to_frame("value" if series.name is None else series.name)
    if not isinstance(series, pd.DataFrame):
        array = np.asarray(series)
        if array.ndim not in (1, 2) or 0 in array.shape:
            raise DataError(
                f"the array has shape {array.shape}; a series is (rows,) or (rows, features), and "
                f"neither is 0."
            )
        if array.dtype.kind not in "fiub":
            raise DataError(f"the array holds {array.dtype}, not real numbers; convert it.")
        series = pd.DataFrame(array.reshape(len(array), -1), copy=False)

    # Named data have a name for errors and an origin for the report; a file is both.
    origin = series.attrs.get("source", "series")
    source = series.attrs.get("name", origin)
    name = Path(source).name.split(".")[0]
    return _check_frame(series, source, columns), name, source, origin


def _check_frame(frame, source, columns):
    """The DataFrame with names for its columns. Raises a DataError if it cannot be a series."""
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
            f"several series apart."
        )
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise DataError(f"{source} has two columns named {twice!r}; rename one of them.")
    return frame


def _choose_columns(frame, features, target, target_kind, group, time, source):
    """(features, targets) as lists of names of columns."""
    if target is None:
        targets = []
    else:
        targets = list(target) if isinstance(target, (list, tuple)) else [target]
    others = [name for name in (group, time) if name is not None]
    check_columns(frame, [*targets, *others], source)

    if features is None:
        not_features = {group, time}
        if target_kind == "classes":
            not_features |= set(targets)
        features = [column for column in frame.columns if column not in not_features]
    else:
        features = [features] if isinstance(features, str) else list(features)
        check_columns(frame, features, source)
    if not features:
        raise DataError(f"{source}: no column is left as a feature; name them with features=.")

    if target is None:
        only_feature = target_kind == "numbers" and len(features) == 1
        if not only_feature and target_kind != "any":
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


def _read_groups(frame, group, source):
    """(number of each row's group, names of the groups); (None, ()) without groups."""
    if group is None:
        return None, ()

    numbers, names = pd.factorize(frame[group])
    if (numbers < 0).any():
        raise DataError(
            f"{source}: row {int(np.argmax(numbers < 0))} has no group in {group!r}; name its "
            f"group or leave the row out."
        )
    return numbers, tuple(names.tolist())


def _row_order(times, groups, order):
    """The order of the rows with each group together, sorted by time if `order` is "sort".

    Returns:
        Row numbers, (rows,); None if the rows are in this order already.
    """
    if order == "sort":
        keys = (times,) if groups is None else (times, groups)
        rows = np.lexsort(keys)
    elif groups is not None:
        rows = np.argsort(groups, kind="stable")
    else:
        return None
    return None if np.array_equal(rows, np.arange(len(rows))) else rows


def _check_order(rows, order, source):
    """Whether time never goes back within a group. Raises a DataError if it must not."""
    steps, same_group = time_steps(rows.times, rows.groups)
    back = np.flatnonzero((steps < 0) & same_group) + 1
    if len(back) and order == "refuse":
        raise DataError(
            f"{source}: {rows.place(back[0])} is earlier than the row before it "
            f"({rows.index[back[0] - 1]}); order='sort' sorts the rows by time, "
            f"group= separates several series, order='keep' keeps them as they are."
        )
    return not len(back)


def _without_duplicates(rows, duplicates, source):
    """The rows without those of the same time, by the rule `duplicates`."""
    steps, same_group = time_steps(rows.times, rows.groups)
    repeated = np.flatnonzero((steps == 0) & same_group) + 1  # the later row of each two
    if not len(repeated) or duplicates == "keep":
        return rows
    if duplicates == "refuse":
        raise DataError(
            f"{source}: {rows.place(repeated[0])} has the time of the row before it; "
            f"duplicates='first' or 'last' keeps one of them, 'keep' both, "
            f"group= separates several series."
        )

    kept = np.ones(len(rows), bool)
    kept[repeated if duplicates == "first" else repeated - 1] = False
    return rows.take(np.flatnonzero(kept))


def _numbers(rows, columns, source):
    """Columns as one float array, (rows, columns): a view if the table is one already."""
    frame = rows.frame
    if columns != list(frame.columns):
        frame = frame[columns]
    if set(frame.dtypes) in ({np.dtype("float32")}, {np.dtype("float64")}):
        return frame.to_numpy()
    return np.column_stack([number_column(frame[name], rows.place, source) for name in columns])


def _target_numbers(rows, features, inputs, target, source):
    """The targets, (rows, targets): a view of the inputs if they are neighbouring features."""
    if not set(target) <= set(features):
        return _numbers(rows, target, source)

    columns = [features.index(name) for name in target]
    first, end = columns[0], columns[0] + len(columns)
    if columns == list(range(first, end)):
        return inputs[:, first:end]
    return inputs[:, columns]


def _classes(frame, target, source):
    """Class numbers, (rows, 1), -1 if missing; and the names of the classes in order."""
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
            f"{source}: column {target!r} holds {len(names)} different numbers, not classes; use "
            f"label='value'."
        )
    names = tuple(f"{name:g}" if isinstance(name, float) else str(name) for name in names)
    return numbers.astype(np.int64)[:, None], names


def _is_missing(values):
    """Whether each value is NaN, infinite, or the number -1 of a missing class."""
    return values < 0 if values.dtype.kind == "i" else ~np.isfinite(values)


def _missing_rows(values):
    """Numbers of the rows with a missing value, in ascending order."""
    found = []
    for first in range(0, len(values), BLOCK):
        block = values[first : first + BLOCK]
        found.append(first + np.flatnonzero(_is_missing(block).any(axis=1)))
    return np.concatenate(found)


def _refuse_missing(missing_rows, values, columns, rows, source):
    """Raise a DataError that names the first missing value, if there is one."""
    if not len(missing_rows):
        return
    row = missing_rows[0]
    column = int(np.argmax(_is_missing(values[row])))
    what = "missing" if values.dtype.kind == "i" else str(values[row, column])
    raise DataError(
        f"{source}: column {columns[column]!r} is {what} at {rows.place(row)}; missing='fill' "
        f"with fill_limit= carries the value before it forward, missing='drop' drops the "
        f"frames that use it."
    )


def _fill_forward(values, bounds, limit):
    """A copy with up to `limit` missing rows filled from the last value, within each run."""
    values = values.copy()
    row = np.arange(len(values))
    run_start = np.repeat(bounds[:-1], np.diff(bounds))  # first row of each row's run

    for column in values.T:
        missing = _is_missing(column)
        last_good = np.maximum.accumulate(np.where(missing, -1, row))
        fillable = missing & (last_good >= run_start) & (row - last_good <= limit)
        column[fillable] = column[last_good[fillable]]
    return values
