"""How the label of a frame is made: a value, several values, a direction or a class."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from data_prep.errors import DataError
from data_prep.tables.columns import check_integer

# {kind of label: arguments of make_frames that belong to it}.
OPTIONS = {
    "value": (),
    "next": ("steps",),
    "direction": ("dead_band",),
    "class": ("rule",),
}

RULES = ("last", "majority", "any")
DIRECTIONS = ("down", "flat", "up")


@dataclass(frozen=True)
class Labelling:
    """How labels are made, in the words of `make_frames`.

    Attributes:
        kind: "value", "next", "direction", "class" or "function".
        window: rows in a frame.
        horizon: rows from a frame's last row to its target.
        steps: number of values in a label.
        dead_band: largest change that is "flat"; None without this class.
        rule: "last", "majority" or "any".
        classes: names of the classes in the order of their numbers; () for values.
    """

    kind: str
    window: int
    horizon: int
    steps: int = 1
    dead_band: float | None = None
    rule: str = "last"
    classes: tuple = ()

    @property
    def rows(self):
        """The rows that a label is made from, counted from the frame's last row (row 0)."""
        if self.kind == "function":
            return range(1, self.horizon + 1)
        if self.kind == "class" and self.rule != "last":
            return range(self.horizon - self.window + 1, self.horizon + 1)
        return range(self.horizon, self.horizon + self.steps)

    @property
    def span(self):
        """Number of rows from a frame's first row to the last row of the frame and its label."""
        return self.window + max(0, self.rows.stop - 1)

    def for_table(self, table):
        """The Labelling with the classes of a table.

        Args:
            table: a Table.

        Raises:
            DataError: if the label would be among the inputs, or does not fit the targets.
        """
        self._check_targets(table)
        if self.kind == "direction":
            classes = ("down", "up") if self.dead_band is None else DIRECTIONS
            return replace(self, classes=classes)
        return replace(self, classes=table.classes)

    def _check_targets(self, table):
        features_too = set(table.target_names) & set(table.features)
        if self.kind != "function" and self.rows.start <= 0 and features_too:
            raise DataError(
                f"{table.source}: the target {sorted(features_too, key=str)[0]!r} is also a "
                f"feature, and with horizon={self.horizon} the label's row lies within the frame, "
                f"so the label would be among the inputs; leave the target out with features=, or "
                f"give a larger horizon=."
            )
        if self.kind == "direction" and len(table.target_names) > 1:
            raise DataError(f"{table.source}: direction needs one target; name it with target=.")
        if self.kind == "class" and self.rule == "any" and len(table.classes) > 2:
            raise DataError(
                f"{table.source}: rule='any' needs two classes, and {table.target_names[0]!r} has "
                f"{len(table.classes)}; use 'last' or 'majority'."
            )

    def labels(self, targets, starts):
        """Labels of the frames that begin at `starts`.

        Args:
            targets: (rows, targets).
            starts: row number of the first row of each frame, (frames,).

        Returns:
            Values, float32: (frames,), (frames, targets), (frames, steps) or
            (frames, steps, targets). Or class numbers, int64 (frames,).
        """
        last = starts + (self.window - 1)
        if self.kind == "direction":
            change = targets[last + self.horizon, 0] - targets[last, 0]
            return self._directions(change)
        if self.kind == "class":
            return self._class_numbers(targets, starts)

        if self.kind == "value":
            labels = targets[last + self.horizon]  # (frames, targets)
        else:
            # (frames, steps, targets)
            labels = windows_of(targets, self.steps)[last + self.horizon]
        if targets.shape[1] == 1:
            labels = labels[..., 0]
        return labels.astype(np.float32, copy=False)

    def _directions(self, change):
        """Class numbers of the changes of a target, (frames,)."""
        if self.dead_band is None:
            return (change > 0).astype(np.int64)
        up = (change > self.dead_band).astype(np.int64)
        down = change < -self.dead_band
        return 1 + up - down

    def _class_numbers(self, targets, starts):
        """Class numbers by rule, (frames,)."""
        if self.rule == "last":
            last = starts + (self.window - 1)
            return targets[last + self.horizon, 0]

        rows = windows_of(targets, self.window)[starts + self.horizon, :, 0]  # (frames, window)
        if self.rule == "any":
            return (rows == 1).any(axis=1).astype(np.int64)
        counts = [(rows == number).sum(axis=1) for number in range(len(self.classes))]
        return np.argmax(counts, axis=0)


def make_labelling(label, window, horizon, steps, dead_band, rule):
    """Make a Labelling from arguments of `make_frames`.

    Raises:
        DataError: for a wrong value, or an argument that belongs to another kind of label.
    """
    kind = "function" if callable(label) else label
    if kind not in (*OPTIONS, "function"):
        raise DataError(
            f"label={label!r}: choose {', '.join(map(repr, OPTIONS))}, or give a function of "
            f"(frame, future)."
        )

    given = {"steps": steps, "dead_band": dead_band, "rule": rule}
    for name, value in given.items():
        if value is not None and name not in OPTIONS.get(kind, ()):
            owner = next(label for label, names in OPTIONS.items() if name in names)
            raise DataError(f"{name}= belongs to label={owner!r}, not to {kind!r}; leave it out.")

    if kind == "next" and steps is None:
        raise DataError("label='next' needs steps=, the number of values to predict.")
    if dead_band is not None and not (np.isreal(dead_band) and 0 <= dead_band < np.inf):
        raise DataError(f"dead_band={dead_band!r}: give a number >= 0, in units of the target.")
    if rule not in (None, *RULES):
        raise DataError(f"rule={rule!r}: choose one of {', '.join(map(repr, RULES))}.")

    if horizon is None:
        horizon = 0 if kind == "class" else 1
    horizon = check_integer("horizon", horizon, 1 if kind == "direction" else 0)
    steps = 1 if steps is None else check_integer("steps", steps, 1)
    return Labelling(kind, window, horizon, steps, dead_band, rule or "last")


def windows_of(values, window):
    """A view of all windows of an array (rows, columns): (rows - window + 1, window, columns)."""
    return sliding_window_view(values, window, axis=0).transpose(0, 2, 1)
