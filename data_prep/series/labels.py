"""How a frame gets its label: a value, several, a direction or a class."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from data_prep.errors import DataError
from data_prep.tables.columns import whole

OPTIONS = {  # label: the options that belong to it
    "value": (),
    "next": ("steps",),
    "direction": ("dead_band",),
    "class": ("rule",),
}

DIRECTIONS = ("down", "flat", "up")


@dataclass(frozen=True)
class Labelling:
    """How a frame gets its label; the words are those of `make_frames`.

    Attributes:
        kind: "value", "next", "direction", "class" or "function".
        window: rows in a frame.
        horizon: rows from a frame's last row to its target.
        steps: number of values.
        dead_band: greatest change that is "flat"; None for no such class.
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
        """The rows that the label is made from, counted from the frame's last row."""
        if self.kind == "function":
            return range(1, self.horizon + 1)
        if self.kind == "class" and self.rule != "last":
            return range(self.horizon - self.window + 1, self.horizon + 1)
        return range(self.horizon, self.horizon + self.steps)

    @property
    def span(self):
        """Rows from a frame's first to its last or its label's last, whichever is later."""
        return self.window + max(0, self.rows.stop - 1)

    def for_table(self, table):
        """The same, knowing its classes; refuses a label that is among its own inputs."""
        shown = set(table.target_names) & set(table.features)
        if self.kind != "function" and self.rows.start <= 0 and shown:
            raise DataError(
                f"{table.source}: the target {sorted(shown, key=str)[0]!r} is also a feature, and "
                f"with horizon={self.horizon} the label's row lies within the frame, so the answer "
                f"would be among the inputs; leave it out with features=, or predict further."
            )
        if self.kind == "direction" and len(table.target_names) > 1:
            raise DataError(f"{table.source}: direction needs one target; name it with target=.")
        if self.kind == "class" and self.rule == "any" and len(table.classes) > 2:
            raise DataError(
                f"{table.source}: rule='any' needs two classes, and {table.target_names[0]!r} has "
                f"{len(table.classes)}; use 'last' or 'majority'."
            )
        if self.kind == "direction":
            return replace(self, classes=("down", "up") if self.dead_band is None else DIRECTIONS)
        return replace(self, classes=table.classes)

    def labels(self, targets, starts):
        """Labels of the frames that begin at `starts`.

        Args:
            targets: (rows, targets).
            starts: (frames,) row numbers.

        Returns:
            float32 (frames,), (frames, targets), (frames, steps) or (frames, steps, targets); or
            class numbers, int64 (frames,).
        """
        last = starts + (self.window - 1)
        if self.kind == "direction":
            change = targets[last + self.horizon, 0] - targets[last, 0]
            if self.dead_band is None:
                return (change > 0).astype(np.int64)
            return 1 + (change > self.dead_band).astype(np.int64) - (change < -self.dead_band)
        if self.kind == "class" and self.rule == "last":
            return targets[last + self.horizon, 0]
        if self.kind == "class":
            rows = windows_of(targets, self.window)[starts + self.horizon, :, 0]  # (frames, window)
            if self.rule == "any":
                return (rows == 1).any(axis=1).astype(np.int64)
            counts = [(rows == number).sum(axis=1) for number in range(len(self.classes))]
            return np.argmax(counts, axis=0)
        if self.kind == "value":
            labels = targets[last + self.horizon]  # (frames, targets)
        else:
            # (frames, steps, targets)
            labels = windows_of(targets, self.steps)[last + self.horizon]
        labels = labels[..., 0] if targets.shape[1] == 1 else labels
        return labels.astype(np.float32, copy=False)


def make_labelling(label, window, horizon, steps, dead_band, rule):
    """The Labelling that the arguments ask for; refuses options of another kind of label."""
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
    horizon = (0 if kind == "class" else 1) if horizon is None else horizon
    horizon = whole("horizon", horizon, 1 if kind == "direction" else 0)
    if dead_band is not None and not (np.isreal(dead_band) and 0 <= dead_band < np.inf):
        raise DataError(f"dead_band={dead_band!r}: give a number from 0, in units of the target.")
    if rule not in (None, "last", "majority", "any"):
        raise DataError(f"rule={rule!r}: choose one of 'last', 'majority', 'any'.")
    steps = 1 if steps is None else whole("steps", steps, 1)
    return Labelling(kind, window, horizon, steps, dead_band, rule or "last")


def windows_of(values, window):
    """A view of every window, (rows - window + 1, window, columns)."""
    return sliding_window_view(values, window, axis=0).transpose(0, 2, 1)
