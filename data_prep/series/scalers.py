"""Scalers: fitted on the rows of training frames and their labels, kept with the data, undone."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.preprocessing import StandardScaler

from data_prep.dataset import check_split
from data_prep.errors import DataError

KINDS = ("standard", "min_max", "percent_change", "log")


@dataclass(frozen=True, eq=False)
class Scaling:
    """Scaling of inputs, and of labels that are values.

    Attributes:
        kinds: what is done, in this order.
        inputs: {kind: (shift, size)} of (features,) each, for the kinds that are fitted.
        targets: the same for the targets.
        starts: first rows of the training frames whose rows it was fitted on.
    """

    kinds: tuple
    inputs: dict
    targets: dict
    starts: np.ndarray

    def labels(self, labels, present):
        """Scale labels.

        Args:
            labels: (frames,), (frames, targets), (frames, steps) or (frames, steps, targets).
            present: targets in each frame's last row, (frames, targets).
        """
        labels, shape = _target_last(labels, present)
        for kind in self.kinds:
            if kind == "percent_change":  # from the frame's last row, so that it can be undone
                labels = labels / _beside(present, labels) - 1
            else:
                labels = _forward(kind, labels, self.targets.get(kind))
        return labels.reshape(shape).astype(np.float32)

    def undo_labels(self, labels, present):
        """Labels or predictions in the units of the target; the arguments are those of `labels`."""
        labels, shape = _target_last(labels, present)
        for kind in reversed(self.kinds):
            if kind == "percent_change":
                labels = (labels + 1) * _beside(present, labels)
            else:
                labels = _backward(kind, labels, self.targets.get(kind))
        return labels.reshape(shape)

    def undo_inputs(self, inputs, table=None, starts=None):
        """Inputs (frames, window, features) in the units of the series.

        Args:
            inputs: scaled inputs.
            table: the Table and
            starts: the first row of each frame, that percent change needs to be undone.
        """
        inputs = np.asarray(inputs, np.float64)
        for kind in reversed(self.kinds):
            if kind != "percent_change":
                inputs = _backward(kind, inputs, self.inputs.get(kind))
            elif table is None:
                raise DataError(
                    "percent change is undone frame by frame, from the row before each: use "
                    "data.test.inputs_to_original(inputs)."
                )
            else:
                before = table.inputs[starts - 1].astype(np.float64)  # (frames, features)
                inputs = np.cumprod(inputs + 1, axis=1) * before[:, None]
        return inputs


def scale(data, kinds):
    """Scale inputs, and labels that are values, with what the training rows alone say.

    Training rows are those of the training frames and up to their labels' last.

    Args:
        data: a Dataset of Frames, as the split functions give it.
        kinds: "standard" (mean 0, standard deviation 1), "min_max" (0 to 1), "log",
            "percent_change" (from the row before; of labels, from the frame's last row), or several
            of them in the order to apply them, such as ("percent_change", "standard").

    Returns:
        The Dataset with scaled parts. `labels_to_original` of a part undoes labels and predictions,
        `inputs_to_original` inputs. A frame without a row before it in its own part and run has no
        percent change, and is dropped.

    Raises:
        DataError: where a value has no logarithm or no percent change.
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
    rows = covered(len(table), starts, starts + labelling.span)
    values, fitted = _fit(table.inputs, kinds, rows, table, table.features)
    targets = {}
    if labelling.kind in ("value", "next"):
        targets = _fit(table.targets, kinds, rows, table, table.target_names)[1]
    scaling = Scaling(kinds, fitted, targets, starts)
    parts = {name: replace(part, values=values, scaling=scaling) for name, part in parts.items()}
    return replace(data, to_original=scaling.undo_inputs, **parts)


def covered(rows, firsts, ends):
    """Which rows lie in firsts <= row < ends of any frame, (rows,) of bool."""
    depth = np.bincount(firsts, minlength=rows + 1) - np.bincount(ends, minlength=rows + 1)
    return np.cumsum(depth[:rows]) > 0


def _check_kinds(kinds):
    for kind in kinds:
        if kind not in KINDS:
            raise DataError(f"no scaler is named {kind!r}: choose {', '.join(KINDS)}.")
    if not kinds or len(set(kinds)) < len(kinds):
        raise DataError(f"scalers {kinds}: name one or more, each once.")
    if "percent_change" in kinds[1:] or {"percent_change", "log"} <= set(kinds):
        raise DataError(
            f"scalers {kinds}: percent_change comes first, and not with log; leave one out."
        )
    if "log" in kinds[1:]:
        raise DataError(f"scalers {kinds}: log comes first; others give numbers below 0.")


def _check_parts(parts):
    for name, part in parts.items():
        if not hasattr(part, "table"):
            raise DataError(f"the {name} part is no Frames; scale() is for data from make_frames.")
        if part.scaling is not None:
            raise DataError("the data is scaled already; name all scalers in one call.")


def _with_row_before(parts):
    """Frames whose row before the first one is of the same run and of no other part."""
    table = parts["train"].table
    run_starts = table.bounds[:-1]
    used = {
        name: covered(len(table), part.starts, part.starts + part.labelling.span)
        for name, part in parts.items()
    }
    found = {}
    for name, part in parts.items():
        others = np.any([rows for other, rows in used.items() if other != name], axis=0)
        kept = ~np.isin(part.starts, run_starts)
        if not part.reaches_back:
            kept &= ~others[part.starts - 1]
        kept[kept] = ~np.isin(part.starts[kept] - 1, table.missing[0])
        lost = int(np.count_nonzero(~kept))
        dropped = part.dropped | ({"frames without a row before them": lost} if lost else {})
        found[name] = replace(part.take(kept), dropped=dropped)
    if not len(found["train"]) or not len(found["test"]):
        raise DataError("percent change leaves no frame in a part; give more rows.")
    return found


def _fit(values, kinds, rows, table, names):
    """Scaled values, float32 (rows, columns), and {kind: (shift, size)}, fitted on `rows`."""
    scaled = np.empty(values.shape, np.float32)
    fitted = {kind: ([], []) for kind in kinds if kind in ("standard", "min_max")}
    for number, name in enumerate(names):
        column = values[:, number].astype(np.float64)
        known = rows & np.isfinite(column)
        for kind in kinds:
            if kind == "percent_change":
                column = _percent_change(column, table, name)
                known &= np.isfinite(column)
                continue
            if kind == "log":
                _check_positive(column, table, name)
            else:
                shift, size = _shift_and_size(kind, column[known])
                fitted[kind][0].append(shift)
                fitted[kind][1].append(size)
            part = {kind: (shift, size)} if kind in fitted else {}
            column = _forward(kind, column, part.get(kind))
        scaled[:, number] = column
    return scaled, {kind: tuple(map(np.array, pair)) for kind, pair in fitted.items()}


def _shift_and_size(kind, column):
    """What is subtracted, then divided by; 1 for a column that does not change."""
    if kind == "standard":
        # Not column.std(): rounding makes it 2.8e-17 for a column of 0.1.
        scaler = StandardScaler().fit(column[:, None])
        return scaler.mean_[0], scaler.scale_[0]
    shift, size = column.min(), np.ptp(column)
    return shift, size if size > 0 else 1.0


def _percent_change(column, table, name):
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


def _target_last(labels, present):
    """Labels as float64 (frames, ..., targets), and the shape that they had."""
    labels = np.asarray(labels, np.float64)
    targets = present.shape[1]
    if labels.shape[0] != len(present) or labels.size % (len(present) * targets or 1):
        raise DataError(
            f"{labels.shape} labels for {len(present)} frames and {targets} targets; give those of "
            f"all frames, or name the frames with numbers=."
        )
    return (labels[..., None] if targets == 1 else labels), labels.shape


def _beside(present, labels):
    """The present, (frames, targets), with axes to stand beside labels (frames, ..., targets)."""
    middle = (1,) * (labels.ndim - 2)
    return present.reshape(len(present), *middle, present.shape[1]).astype(np.float64)
