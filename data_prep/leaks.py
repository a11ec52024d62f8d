"""Proof that what a model is tested on is not in what it was trained on."""

import itertools

import numpy as np
import pandas as pd

from data_prep.dataset import arrays_of, check_split
from data_prep.errors import DataError
from data_prep.series.scalers import covered

BLOCK = 4096  # frames gathered together


def check(data):
    """Prove that no row or label of the test and validation parts occurs in training.

    Frames of one table are compared row by row: those that inputs and labels are made from. Where
    frames were split with reach_back=True, later ones may see rows of an earlier part: there no row
    of a later part's labels may be in an earlier one.
    Frames of different tables are compared by the time and the content of their rows, or without a
    time by the content of each frame, as are all other examples. A scaler must not have been fitted
    on their rows either.

    Args:
        data: a Dataset.

    Returns:
        One line that says what was compared.

    Raises:
        DataError: naming the first leak.
    """
    check_split(data, "check")
    parts = {name: part for name, part in data.parts().items() if len(part)}
    pairs = list(itertools.combinations(parts, 2))
    for earlier, later in pairs:
        _compare(parts[earlier], parts[later], earlier, later, data.name)
    _check_scaler(data)
    counts = ", ".join(f"{len(part):,} {name}" for name, part in parts.items())
    unit = _unit(parts["train"], *parts.values())
    reaches_back = getattr(data.test, "reaches_back", False)
    what = {
        "rows": "no row that labels are made from is in an earlier part"
        if reaches_back
        else "no row that inputs or labels are made from is in two parts",
        "moments": "no row of the same time and content is in two parts",
        "examples": "no example is in two parts",
    }[unit]
    scaled = getattr(data.train, "scaling", None) is not None
    return f"{data.name}: {counts} examples: {what}" + (
        "; scaled by the training rows alone." if scaled else "."
    )


def _unit(first, *others):
    """What can be compared: rows of one table, rows by time and content, or whole examples."""
    parts = (first, *others)
    if not all(hasattr(part, "table") for part in parts):
        return "examples"
    if all(part.table is first.table for part in parts):
        return "rows"
    timed = all(part.table.moments is not None for part in parts)
    same = all(part.features == first.features for part in parts)
    return "moments" if timed and same else "examples"


def _compare(first, second, first_name, second_name, name):
    unit = _unit(first, second)
    if unit == "rows":
        shared = (_input_rows(first) | _label_rows(first)) & _own_rows(second)
        if shared.any():
            row = int(np.argmax(shared))
            what = "a label" if _label_rows(second)[row] else "a frame"
            raise DataError(
                f"{name}: leak: {first.table.place(row)} is in {what} of the {second_name} part "
                f"and in the {first_name} part, with {np.count_nonzero(shared) - 1} more rows; "
                f"split with split_by_time, split_by_group or split_stratified."
            )
        return
    contents = _moments if unit == "moments" else _examples
    shared = np.flatnonzero(np.isin(contents(second), contents(first)))
    if len(shared):
        raise DataError(
            f"{name}: leak: {'row' if unit == 'moments' else 'example'} {shared[0]} of the "
            f"{second_name} part is also in the {first_name} part, with {len(shared) - 1} more; "
            f"take them out of one of the two."
        )


def _input_rows(frames):
    """Rows that the inputs are made from, (rows,) of bool."""
    before = frames.scaling is not None and "percent_change" in frames.scaling.kinds
    return covered(len(frames.table), frames.starts - before, frames.starts + frames.window)


def _own_rows(frames):
    """Rows that an earlier part must not have: the labels', and the inputs' but to reach back."""
    return _label_rows(frames) if frames.reaches_back else _input_rows(frames) | _label_rows(frames)


def _label_rows(frames):
    """Rows that the labels are made from, (rows,) of bool."""
    last, rows = frames.starts + (frames.window - 1), frames.labelling.rows
    return covered(len(frames.table), last + rows.start, last + rows.stop)


def _moments(frames):
    """A number for each row that inputs or labels are made from: its group, time and content."""
    table = frames.table
    rows = np.flatnonzero(_input_rows(frames) | _label_rows(frames))
    content = pd.DataFrame(table.inputs[rows].astype(np.float64))
    content["time"] = table.moments[rows]
    if table.groups is not None:
        content["group"] = np.array(table.group_names, object)[table.groups[rows]]
    return pd.util.hash_pandas_object(content, index=False).to_numpy()


def _examples(part):
    """A number for the content of each example's inputs."""
    if hasattr(part, "gather"):
        blocks = (
            part.gather(slice(first, first + BLOCK))[0] for first in range(0, len(part), BLOCK)
        )
        return np.concatenate([_hashes(block) for block in blocks])
    found = [_hashes(np.asarray(array)) for array in arrays_of(part.inputs)]
    return np.bitwise_xor.reduce([hashes * np.uint64(2 * n + 1) for n, hashes in enumerate(found)])


def _hashes(array):
    rows = np.ascontiguousarray(array).reshape(len(array), -1)
    content = np.array([row.tobytes() for row in rows], object)
    return pd.util.hash_array(content, categorize=False)


def _check_scaler(data):
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
