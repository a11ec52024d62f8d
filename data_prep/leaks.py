"""A check that no two parts of a Dataset share a row or an example."""

import itertools

import numpy as np
import pandas as pd

from data_prep.dataset import arrays_of, check_split
from data_prep.errors import DataError
from data_prep.series.scalers import covered

BLOCK = 4096  # frames gathered at a time

# What was compared, as `check` says it.
ROWS_APART = "no row that inputs or labels are made from is in two parts"
LABEL_ROWS_APART = "no row that labels are made from is in an earlier part"
TIMES_APART = "no row of the same time and content is in two parts"
EXAMPLES_APART = "no example is in two parts"


def check(data):
    """Check that no two parts share a row or an example.

    What is compared depends on the parts:

    - Frames of one table: the rows that inputs and labels are made from. If the frames were split
      with `reach_back=True`, the inputs of a later part may use rows of an earlier part. Then only
      the rows of the later part's labels must not occur in the earlier part.
    - Frames of different tables that have times: the time and the content of each row.
    - Everything else: the content of each example.

    If the data are scaled, the scaler must not have been fitted on test or validation rows.

    Args:
        data: a Dataset.

    Returns:
        One line that says what was compared.

    Raises:
        DataError: for the first leak that is found.
    """
    check_split(data, "check")
    parts = {name: part for name, part in data.parts().items() if len(part)}

    for earlier, later in itertools.combinations(parts, 2):
        _compare(parts[earlier], parts[later], earlier, later, data.name)
    _check_scaler(data)

    unit = _unit(*parts.values())
    if unit == "rows":
        reaches_back = getattr(data.test, "reaches_back", False)
        result = LABEL_ROWS_APART if reaches_back else ROWS_APART
    elif unit == "times":
        result = TIMES_APART
    else:
        result = EXAMPLES_APART

    counts = ", ".join(f"{len(part):,} {name}" for name, part in parts.items())
    scaled = getattr(data.train, "scaling", None) is not None
    end = "; scaled by the training rows alone." if scaled else "."
    return f"{data.name}: {counts} examples: {result}{end}"


def _unit(*parts):
    """What can be compared: "rows" of one table, "times" with their rows, or whole "examples"."""
    if not all(hasattr(part, "table") for part in parts):
        return "examples"

    first = parts[0]
    if all(part.table is first.table for part in parts):
        return "rows"

    have_times = all(part.table.times is not None for part in parts)
    same_features = all(part.features == first.features for part in parts)
    return "times" if have_times and same_features else "examples"


def _compare(first, second, first_name, second_name, name):
    """Raise a DataError if a row or example of the second part is also in the first."""
    unit = _unit(first, second)
    if unit == "rows":
        _compare_rows(first, second, first_name, second_name, name)
        return

    contents = _row_hashes if unit == "times" else _example_hashes
    shared = np.flatnonzero(np.isin(contents(second), contents(first)))
    if len(shared):
        what = "row" if unit == "times" else "example"
        raise DataError(
            f"{name}: leak: {what} {shared[0]} of the {second_name} part is also in the "
            f"{first_name} part, with {len(shared) - 1} more; take them out of one of the two."
        )


def _compare_rows(first, second, first_name, second_name, name):
    """Raise a DataError if two parts of one table share a row."""
    rows_of_first = _input_rows(first) | _label_rows(first)
    shared = rows_of_first & _own_rows(second)
    if shared.any():
        row = int(np.argmax(shared))
        what = "a label" if _label_rows(second)[row] else "a frame"
        raise DataError(
            f"{name}: leak: {first.table.place(row)} is in {what} of the {second_name} part "
            f"and in the {first_name} part, with {np.count_nonzero(shared) - 1} more rows; "
            f"split with split_by_time, split_by_group or split_stratified."
        )


def _input_rows(frames):
    """Whether the inputs are made from each row, (rows,) of bool."""
    # The percent change of a frame's first row is made from the row before it.
    row_before = frames.scaling is not None and "percent_change" in frames.scaling.kinds
    first = frames.starts - row_before
    return covered(len(frames.table), first, frames.starts + frames.window)


def _label_rows(frames):
    """Whether the labels are made from each row, (rows,) of bool."""
    last = frames.starts + (frames.window - 1)
    rows = frames.labelling.rows
    return covered(len(frames.table), last + rows.start, last + rows.stop)


def _own_rows(frames):
    """Whether a row must not be in an earlier part, (rows,) of bool.

    These are the rows of the labels; also those of the inputs, unless the frames reach back.
    """
    if frames.reaches_back:
        return _label_rows(frames)
    return _input_rows(frames) | _label_rows(frames)


def _row_hashes(frames):
    """A hash of the time, group and content of each row that inputs or labels are made from."""
    table = frames.table
    rows = np.flatnonzero(_input_rows(frames) | _label_rows(frames))

    content = pd.DataFrame(table.inputs[rows].astype(np.float64))
    content["time"] = table.times[rows]
    if table.groups is not None:
        group_names = np.array(table.group_names, object)
        content["group"] = group_names[table.groups[rows]]
    return pd.util.hash_pandas_object(content, index=False).to_numpy()


def _example_hashes(part):
    """A hash of the content of each example's inputs, (examples,)."""
    if hasattr(part, "gather"):
        found = []
        for first in range(0, len(part), BLOCK):
            inputs, _ = part.gather(slice(first, first + BLOCK))
            found.append(_hashes(inputs))
        return np.concatenate(found)

    found = []
    for number, array in enumerate(arrays_of(part.inputs)):
        # A factor for each array: otherwise two equal arrays would cancel out.
        factor = np.uint64(2 * number + 1)
        found.append(_hashes(np.asarray(array)) * factor)
    return np.bitwise_xor.reduce(found)


def _hashes(array):
    """A hash of each row of an array (rows, ...), (rows,)."""
    rows = np.ascontiguousarray(array).reshape(len(array), -1)
    content = np.array([row.tobytes() for row in rows], object)
    return pd.util.hash_array(content, categorize=False)


def _check_scaler(data):
    """Raise a DataError if the scaler was fitted on test or validation rows."""
    scaling = getattr(data.train, "scaling", None)
    if scaling is None:
        return

    table, span = data.train.table, data.train.labelling.span
    fitted = covered(len(table), scaling.starts, scaling.starts + span)
    for name, part in data.parts().items():
        if not len(part):
            continue
        if part.scaling is not scaling:
            raise DataError(f"{data.name}: the {name} part is scaled differently; use scale(data).")

        shared = fitted & _own_rows(part)
        if name != "train" and shared.any():
            raise DataError(
                f"{data.name}: leak: the scaler was fitted on {table.place(np.argmax(shared))} of "
                f"the {name} part; use scale(data) after the split."
            )
