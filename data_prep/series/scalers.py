"""Scalers of frames: fitted on training rows alone, stored with the data, and undone."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.preprocessing import StandardScaler

from data_prep.dataset import check_split
from data_prep.errors import DataError

KINDS = ("standard", "min_max", "percent_change", "log")
FITTED_KINDS = ("standard", "min_max")  # these have numbers that are fitted on the training rows


@dataclass(frozen=True, eq=False)
class Scaling:
    """Scaling of inputs, and of labels that are values.

    Attributes:
        kinds: the scalers, in the order in which they are applied.
        inputs: {kind: (shift, size)} for fitted kinds; shift and size are (features,) each.
        targets: the same for the targets, (targets,) each.
        starts: first rows of the training frames on whose rows it was fitted.
    """

    kinds: tuple
    inputs: dict
    targets: dict
    starts: np.ndarray

    def labels(self, labels, last_targets):
        """Scale labels.

        Args:
            labels: (frames,), (frames, targets), (frames, steps) or (frames, steps, targets).
            last_targets: targets in each frame's last row, (frames, targets).

        Returns:
            float32 labels of the same shape.
        """
        labels, shape = _with_target_axis(labels, last_targets)
        for kind in self.kinds:
            if kind == "percent_change":  # relative to the frame's last row, which can be undone
                labels = labels / _with_axes_of(labels, last_targets) - 1
            else:
                labels = _forward(kind, labels, self.targets.get(kind))
        return labels.reshape(shape).astype(np.float32)

    def undo_labels(self, labels, last_targets):
        """Undo the scaling of labels or predictions; the arguments are those of `labels`.

        Returns:
            float64 labels in the units of the target.
        """
        labels, shape = _with_target_axis(labels, last_targets)
        for kind in reversed(self.kinds):
            if kind == "percent_change":
                labels = (labels + 1) * _with_axes_of(labels, last_targets)
            else:
                labels = _backward(kind, labels, self.targets.get(kind))
        return labels.reshape(shape)

    def undo_inputs(self, inputs, table=None, starts=None):
        """Undo the scaling of inputs.

        Args:
            inputs: scaled inputs, (frames, window, features).
            table: the Table of the frames; needed to undo percent change.
            starts: first row of each frame, (frames,); needed to undo percent change.

        Returns:
            float64 inputs in the units of the series.

        Raises:
            DataError: if percent change is to be undone without table and starts.
        """
        inputs = np.asarray(inputs, np.float64)
        for kind in reversed(self.kinds):
            if kind != "percent_change":
                inputs = _backward(kind, inputs, self.inputs.get(kind))
            elif table is None:
                raise DataError(
                    "percent change is undone frame by frame, from the row before each frame: use "
                    "data.test.inputs_to_original(inputs)."
                )
            else:
                row_before = table.inputs[starts - 1].astype(np.float64)  # (frames, features)
                inputs = np.cumprod(inputs + 1, axis=1) * row_before[:, None]
        return inputs


def scale(data, kinds):
    """Scale inputs, and labels that are values, by numbers that are fitted on the training rows.

    The training rows are the rows of the training frames and of their labels.

    Args:
        data: a Dataset of Frames, as the split functions return it.
        kinds: "standard" (mean 0, standard deviation 1), "min_max" (0 to 1), "log" or
            "percent_change" (inputs: change from the row before; labels: change from the frame's
            last row). Or several in the order to apply them, such as
            ("percent_change", "standard").

    Returns:
        The Dataset with scaled parts. `labels_to_original` of a part undoes the scaling of labels
        and predictions, `inputs_to_original` that of inputs. With "percent_change", a frame is left
        out if there is no row before it in the same part, without a gap.

    Raises:
        DataError: for an unknown scaler, or a value that has no logarithm or no percent change.
    """
    kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    _check_kinds(kinds)
    check_split(data, "scale")
    parts = data.parts()
    _check_parts(parts)
    if "percent_change" in kinds:
        parts = _with_row_before(parts)

    table, labelling = data.train.table, data.train.labelling
    starts = parts["train"].starts
    is_training_row = covered(len(table), starts, starts + labelling.span)

    values, fitted_inputs = _fit(table.inputs, kinds, is_training_row, table, table.features)
    fitted_targets = {}
    if labelling.kind in ("value", "next"):
        _, fitted_targets = _fit(table.targets, kinds, is_training_row, table, table.target_names)

    scaling = Scaling(kinds, fitted_inputs, fitted_targets, starts)
    parts = {name: replace(part, values=values, scaling=scaling) for name, part in parts.items()}
    return replace(data, to_original=scaling.undo_inputs, **parts)


def covered(rows, firsts, ends):
    """Find the rows that lie in one of many ranges.

    Args:
        rows: number of rows.
        firsts: first row of each range, (ranges,).
        ends: row after the last row of each range, (ranges,).

    Returns:
        Whether firsts <= row < ends for any range, (rows,) of bool.
    """
    begin = np.bincount(firsts, minlength=rows + 1)
    end = np.bincount(ends, minlength=rows + 1)
    ranges_at_row = np.cumsum((begin - end)[:rows])
    return ranges_at_row > 0


def _check_kinds(kinds):
    for kind in kinds:
        if kind not in KINDS:
            raise DataError(f"no scaler is named {kind!r}: choose {', '.join(KINDS)}.")
    if not kinds or len(set(kinds)) < len(kinds):
        raise DataError(f"scalers {kinds}: name one or more, each once.")
    if "percent_change" in kinds[1:] or {"percent_change", "log"} <= set(kinds):
        raise DataError(
            f"scalers {kinds}: percent_change must come first, and not with log; leave one out."
        )
    if "log" in kinds[1:]:
        raise DataError(f"scalers {kinds}: log must come first; others give numbers below 0.")


def _check_parts(parts):
    for name, part in parts.items():
        if not hasattr(part, "table"):
            raise DataError(
                f"the {name} part does not hold Frames; scale() is for data from make_frames."
            )
        if part.scaling is not None:
            raise DataError("the data is scaled already; name all scalers in one call.")


def _with_row_before(parts):
    """Leave out the frames without a row before them, which percent change needs.

    That row must be in the same run as the frame, must not be missing, and must not belong to
    another part, unless the frames reach back.

    Args:
        parts: {name: Frames}.

    Returns:
        The parts with fewer frames.
    """
    table = parts["train"].table
    run_starts = table.bounds[:-1]
    used_rows = {
        name: covered(len(table), part.starts, part.starts + part.labelling.span)
        for name, part in parts.items()
    }

    found = {}
    for name, part in parts.items():
        kept = ~np.isin(part.starts, run_starts)
        if not part.reaches_back:
            others = [rows for other, rows in used_rows.items() if other != name]
            used_by_others = np.any(others, axis=0)
            kept &= ~used_by_others[part.starts - 1]
        kept[kept] = ~np.isin(part.starts[kept] - 1, table.missing[0])

        dropped = dict(part.dropped)
        left_out = int(np.count_nonzero(~kept))
        if left_out:
            dropped["frames without a row before them"] = left_out
        found[name] = replace(part.take(kept), dropped=dropped)

    if not len(found["train"]) or not len(found["test"]):
        raise DataError("percent change leaves no frame in a part; give more rows.")
    return found


def _fit(values, kinds, is_training_row, table, names):
    """Fit the scalers on the training rows, and scale all rows.

    Args:
        values: (rows, columns).
        kinds: the scalers, in the order in which they are applied.
        is_training_row: (rows,) of bool.
        table: the Table of the rows, for errors.
        names: names of the columns, for errors.

    Returns:
        The scaled values, float32 (rows, columns); and {kind: (shift, size)} for fitted kinds,
        with shift and size (columns,) each.
    """
    scaled = np.empty(values.shape, np.float32)
    shifts = {kind: [] for kind in kinds if kind in FITTED_KINDS}
    sizes = {kind: [] for kind in kinds if kind in FITTED_KINDS}

    for number, name in enumerate(names):
        column = values[:, number].astype(np.float64)
        for kind in kinds:
            if kind == "percent_change":
                column = _percent_change(column, table, name)
            elif kind == "log":
                _check_positive(column, table, name)
                column = _forward(kind, column, None)
            else:
                training = column[is_training_row & np.isfinite(column)]
                shift, size = _shift_and_size(kind, training)
                column = _forward(kind, column, (shift, size))
                shifts[kind].append(shift)
                sizes[kind].append(size)
        scaled[:, number] = column

    fitted = {kind: (np.array(shifts[kind]), np.array(sizes[kind])) for kind in shifts}
    return scaled, fitted


def _shift_and_size(kind, column):
    """What a scaler subtracts from a column, and then divides it by; 1 for a constant column."""
    if kind == "standard":
        # Not column.std(): rounding makes it 2.8e-17 for a column of 0.1.
        scaler = StandardScaler().fit(column[:, None])
        return scaler.mean_[0], scaler.scale_[0]

    shift, size = column.min(), np.ptp(column)
    return shift, size if size > 0 else 1.0


def _percent_change(column, table, name):
    """Change from the row before, as a fraction of it; NaN at the start of each run."""
    zero = np.flatnonzero(column == 0)
    if len(zero):
        raise DataError(
            f"{table.source}: column {name!r} is 0 at {table.place(zero[0])}, and has no percent "
            f"change; leave it out with features=, or use another scaler."
        )

    changes = np.full_like(column, np.nan)
    changes[1:] = column[1:] / column[:-1] - 1
    changes[table.bounds[:-1]] = np.nan
    return changes


def _check_positive(column, table, name):
    low = np.flatnonzero(column <= 0)
    if len(low):
        raise DataError(
            f"{table.source}: column {name!r} is {column[low[0]]:g} at {table.place(low[0])}, and "
            f"has no logarithm; leave it out with features=, or use another scaler."
        )


def _forward(kind, values, fitted):
    if kind == "log":
        return np.log(values)
    shift, size = fitted
    return (values - shift) / size


def _backward(kind, values, fitted):
    if kind == "log":
        return np.exp(values)
    shift, size = fitted
    return values * size + shift


def _with_target_axis(labels, last_targets):
    """Labels as float64 (frames, ..., targets), and the shape that they had before."""
    labels = np.asarray(labels, np.float64)
    frames, targets = last_targets.shape
    if labels.shape[0] != frames or labels.size % (frames * targets or 1):
        raise DataError(
            f"{labels.shape} labels for {frames} frames and {targets} targets; give those of "
            f"all frames, or name the frames with numbers=."
        )
    if targets == 1:
        return labels[..., None], labels.shape
    return labels, labels.shape


def _with_axes_of(labels, last_targets):
    """The last targets, (frames, targets), with as many axes as labels (frames, ..., targets).

    The axes in the middle have length 1, so that NumPy broadcasts.
    """
    frames, targets = last_targets.shape
    middle = (1,) * (labels.ndim - 2)
    return last_targets.reshape(frames, *middle, targets).astype(np.float64)
