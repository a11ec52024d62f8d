"""Frames: sequences of rows from a series, each with its label."""

import itertools
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from data_prep.errors import DataError
from data_prep.series.labels import Labelling, make_labelling, windows_of
from data_prep.series.table import Table, checked_table
from data_prep.tables.columns import whole

BLOCK_BYTES = 8 << 20  # frames handed to tf.data at once; larger blocks leave the processor's cache


def make_frames(
    series,
    window,
    horizon=None,
    *,
    stride=1,
    features=None,
    target=None,
    label="value",
    steps=None,
    dead_band=None,
    rule=None,
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
    """Cut a series into frames of `window` rows, each with its label.

    `horizon` is the distance in rows from a frame's last row to its target:

        row        0    1    2    3    4    5    6    7    8
        frame 0   [---- window=4 ----]<- horizon=3 ->T
        frame 1        [---- window=4 ----]<- horizon=3 ->T

    Frame 0 has the rows 0 to 3, its last row is 3, its target row is 3 + 3 = 6. With `stride=1`
    the next frame begins one row later. A frame and its target row lie in one group and in one run
    of rows without a time gap; where they would not, there is no frame.

    Labels, with `last` for a frame's last row:

        "value"      the target at row last + horizon
        "next"       the target at the `steps` rows last + horizon, last + horizon + 1, ...
        "direction"  "up" where the target at last + horizon is greater than at last, or "down";
                     with dead_band "flat" where they differ by at most so much
        "class"      from the class column over the `window` rows that end at last + horizon: that
                     of the "last" row, the "majority" (of equally many, the first in `classes`), or
                     of two classes the second where "any" row has it
        a function   of (frame, future): DataFrames of the window's rows and of the `horizon` rows
                     behind it, with all columns used; returns a number, an array or a class name

    Args:
        series: DataFrame, Series, array of (rows,) or (rows, features), or the path of a .csv,
            .csv.gz or .parquet file. An array of float32 or float64 is used in place: do not change
            it afterwards.
        window: rows in a frame.
        horizon: rows from a frame's last row to its target. By default 1, and 0 for classes: the
            frame's own.
        stride: rows from the start of one frame to the start of the next.
        features: names of the input columns. By default all but time, group and a class target.
        target: name of the target column, or a list of names for "value" and "next".
        label: one of the above.
        steps: number of values for "next".
        dead_band: for "direction": 0 or more, in units of the target.
        rule: for "class": "last" (the default), "majority" or "any".
        group: name of the column that tells one series from another. Its rows may be mixed.
        time: name of the time column. By default the index, where it holds dates, periods or
            numbers. Numbers count as seconds where freq or max_gap has a unit.
        freq: usual step from row to row, such as "1min". By default the median step.
        max_gap: longest step that is no gap, such as "2h"; math.inf for no gaps. By default 1.5
            times freq.
        columns: names of the columns, for an array or a CSV file without a header.
        order: rows that step back in time: "refuse", "sort" by time, or "keep" as they are,
            where a long step back is a gap too.
        duplicates: rows of one time: "refuse", keep the "first" or "last", or "keep" all.
        missing: NaN and infinities: "refuse", "fill" with the value before, or "drop" the frames
            that touch one. Frames that touch what could not be filled are dropped too.
        fill_limit: rows that a value may be carried forward by "fill".

    Returns:
        Frames.

    Raises:
        DataError: saying what is wrong, in which row and column, and what to do.
    """
    window = whole("window", window, 1)
    stride = whole("stride", stride, 1)
    labelling = make_labelling(label, window, horizon, steps, dead_band, rule)
    table = checked_table(
        series,
        features=features,
        target=target,
        target_kind={"class": "classes", "function": "any"}.get(labelling.kind, "numbers"),
        group=group,
        time=time,
        freq=freq,
        max_gap=max_gap,
        columns=columns,
        order=order,
        duplicates=duplicates,
        missing=missing,
        fill_limit=fill_limit,
    )
    labelling = labelling.for_table(table)
    starts, dropped = _starts(table, labelling, stride)
    frames = Frames(table, starts, labelling, table.inputs, dropped=table.dropped | dropped)
    return frames._with_labels_of(label) if callable(label) else frames


@dataclass(frozen=True, eq=False, repr=False)
class Frames:
    """Frames and labels, gathered from the series only when they are asked for.

    Stands where a `Part` stands in a `Dataset`. Iterating gives (DataFrame, label), as does
    `frames[3]`; `.arrays()`, `.dataset()` and `.batches()` are the fast forms.

    Attributes:
        table: the checked rows.
        starts: first row of each frame, (frames,).
        labelling: how labels are made.
        values: (rows, features) that frames are cut from: the table's inputs, or those scaled.
        stored: labels that a function gave, (frames, ...); None where they follow from the rows.
        scaling: how `values` and labels were scaled; None for not at all.
        dropped: {what and why: how many} was left out.
        reaches_back: whether validation and test frames may see rows of an earlier part.
    """

    table: Table
    starts: np.ndarray
    labelling: Labelling
    values: np.ndarray
    stored: np.ndarray | None = None
    scaling: object = None
    dropped: dict = field(default_factory=dict)
    reaches_back: bool = False

    def __len__(self):
        return len(self.starts)

    def __repr__(self):
        inputs, labels = self.shapes().values()
        return f"Frames(inputs {tuple(inputs)}, labels {tuple(labels)} {self.labelling.kind})"

    def __iter__(self):
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, number):
        """(DataFrame of (window, features), label) of one frame."""
        if not -len(self) <= number < len(self):
            raise IndexError(f"frame {number} of {len(self)}")
        start = int(self.starts[number])
        rows = slice(start, start + self.window)
        frame = pd.DataFrame(
            self.values[rows], index=self.table.index[rows], columns=list(self.table.features)
        )
        return frame, self.gather([number])[1][0]

    @property
    def window(self):
        """Rows in a frame."""
        return self.labelling.window

    @property
    def features(self):
        """Names of the input columns."""
        return self.table.features

    @property
    def classes(self):
        """Names of the classes in the order of their numbers; () for values."""
        return self.labelling.classes

    @property
    def inputs(self):
        """All frames, float32 (frames, window, features): a new array each time."""
        return self.gather(slice(None))[0]

    @cached_property
    def labels(self):
        """All labels: float32, or class numbers as int64, (frames, ...)."""
        return self._labels(slice(None))

    def shapes(self):
        """Shapes of inputs and labels, without gathering them."""
        inputs = [len(self), self.window, len(self.features)]
        return {"inputs": inputs, "labels": [len(self), *self._labels(slice(0, 0)).shape[1:]]}

    def gather(self, numbers):
        """Inputs and labels of some frames.

        Args:
            numbers: which frames: a slice, or an array of numbers.

        Returns:
            (float32 (frames, window, features), labels (frames, ...)).
        """
        inputs = self._windows[self.starts[numbers]]
        return inputs.astype(np.float32, copy=False), self._labels(numbers)

    def arrays(self):
        """(inputs, labels) of all frames."""
        return self.inputs, self.labels

    def take(self, numbers):
        """Some of the frames: a slice, a mask, or an array of numbers."""
        stored = None if self.stored is None else self.stored[numbers]
        return replace(self, starts=self.starts[numbers], stored=stored)

    def order(self, seed, epoch):
        """Numbers of all frames in a random order, the same for equal seeds and epochs."""
        numbers = np.arange(len(self), dtype=np.int32)
        np.random.default_rng([seed, epoch]).shuffle(numbers)
        return numbers

    def batches(self, batch_size=32, shuffle=False, seed=0):
        """A keras.utils.PyDataset of (inputs, labels) for `fit` on any backend: the fastest form.

        Args:
            batch_size: frames per batch.
            shuffle: whether to draw a new order for every epoch.
            seed: equal seeds give equal orders.
        """
        from data_prep.batches import Batches

        def draw_order(epoch):
            return self.order(seed, epoch)

        def gather(rows, epoch, number):
            return self.gather(rows)

        batch_size = whole("batch_size", batch_size, 1)
        return Batches(len(self), batch_size, gather, draw_order if shuffle else None)

    def dataset(self, batch_size=32, shuffle=False, seed=0):
        """A tf.data.Dataset of (inputs, labels), with the arguments and the order of `batches`.

        Give `fit` shuffle=False beside it: Keras warns that it cannot shuffle a tf.data.Dataset.
        """
        import tensorflow as tf

        batch_size = whole("batch_size", batch_size, 1)
        frame_bytes = 4 * self.window * len(self.features)
        block = batch_size * max(1, BLOCK_BYTES // (batch_size * frame_bytes))
        epochs = itertools.count()

        def blocks():
            order = self.order(seed, next(epochs)) if shuffle else None
            for first in range(0, len(self), block):
                rows = slice(first, first + block)
                yield self.gather(rows if order is None else order[rows])

        signature = tuple(
            tf.TensorSpec((None, *array.shape[1:]), array.dtype)
            for array in self.gather(slice(0, 0))
        )
        dataset = tf.data.Dataset.from_generator(blocks, output_signature=signature)
        dataset = dataset.prefetch(1).rebatch(batch_size)
        count = tf.data.experimental.assert_cardinality(-(-len(self) // batch_size))
        return dataset.apply(count).prefetch(2)

    def inputs_to_original(self, inputs, numbers=slice(None)):
        """Inputs of these frames in the units of the series.

        Args:
            inputs: (frames, window, features), as gathered or predicted.
            numbers: which frames they are, as in `gather`.
        """
        if self.scaling is None:
            return inputs
        return self.scaling.undo_inputs(inputs, self.table, self.starts[numbers])

    def labels_to_original(self, labels, numbers=slice(None)):
        """Labels or predictions for these frames in the units of the target.

        Args:
            labels: the shape that `labels` has, also with a last axis of 1 more.
            numbers: which frames they are, as in `gather`.
        """
        if self.scaling is None or self.classes or self.stored is not None:
            return labels
        last = self.starts[numbers] + (self.window - 1)
        return self.scaling.undo_labels(labels, self.table.targets[last])

    @cached_property
    def _windows(self):
        return windows_of(self.values, self.window)

    def _labels(self, numbers):
        if self.stored is not None:
            return self.stored[numbers]
        starts = self.starts[numbers]
        labels = self.labelling.labels(self.table.targets, starts)
        if self.scaling is None or self.classes:
            return labels
        return self.scaling.labels(labels, self.table.targets[starts + (self.window - 1)])

    def _with_labels_of(self, function):
        """The frames with the labels that a function of (frame, future) gives them."""
        table, horizon = self.table, self.labelling.horizon
        extra = [n for n, name in enumerate(table.target_names) if name not in table.features]
        names = [*table.features, *(table.target_names[n] for n in extra)]
        rows = pd.DataFrame(table.inputs, index=table.index, copy=False)
        if extra:
            rows = pd.concat(
                [rows, pd.DataFrame(table.targets[:, extra], index=table.index)], axis=1
            )
        rows.columns = names
        found = []
        for start in self.starts:
            end = start + self.window
            found.append(function(rows.iloc[start:end], rows.iloc[end : end + horizon]))
        try:
            labels = np.array(found)
        except ValueError as error:
            raise DataError(
                f"{table.source}: the label function gave arrays of different shapes; give every "
                f"frame one of the same shape."
            ) from error
        if labels.dtype.kind in "US":
            classes, labels = np.unique(labels, return_inverse=True)
            names = tuple(str(name) for name in classes)
            return replace(self, stored=labels, labelling=replace(self.labelling, classes=names))
        if labels.dtype.kind not in "fiub":
            raise DataError(
                f"{table.source}: the label function gave {found[0]!r} for the frame at "
                f"{table.place(self.starts[0])}; return a number, an array or a class name."
            )
        bad = ~np.isfinite(labels).reshape(len(labels), -1).all(axis=1)
        if bad.any():
            first = int(np.argmax(bad))
            raise DataError(
                f"{table.source}: the label function gave {found[first]!r} for the frame at "
                f"{table.place(self.starts[first])}; return finite numbers."
            )
        kind = np.float32 if labels.dtype.kind == "f" else np.int64
        return replace(self, stored=labels.astype(kind))


def _starts(table, labelling, stride):
    """First rows of all frames, and what was left out of them."""
    span = labelling.span
    kind = np.int32 if len(table) < 2**31 else np.int64
    runs = zip(table.bounds[:-1], table.bounds[1:], strict=True)
    starts = np.concatenate(
        [np.arange(first, end - span + 1, stride, dtype=kind) for first, end in runs]
    )
    longest = int(np.diff(table.bounds).max())
    if not len(starts):
        runs = len(table.bounds) - 1
        raise DataError(
            f"{table.source}: no frame fits: a window of {labelling.window} rows with its label "
            f"needs {span} rows, and the longest of {runs} runs without a gap has {longest}; give "
            f"more rows, a smaller window or horizon, or a longer max_gap=."
        )
    dropped = {}
    across = _frames_without_gaps(table, span, stride) - len(starts)
    if across:
        dropped["frames across a time gap"] = across
    if any(map(len, table.missing)):
        touched = _touched(table, labelling, starts)
        if touched.all():
            raise DataError(
                f"{table.source}: every frame touches a missing value; fill them, or leave out the "
                f"column that has them with features=."
            )
        if touched.any():
            dropped["frames that touch a missing value"] = int(touched.sum())
            starts = starts[~touched]
    return starts, dropped


def _frames_without_gaps(table, span, stride):
    """How many frames there would be if time had no gap."""
    lengths = [len(table)] if table.groups is None else np.bincount(table.groups)
    return sum(max(0, (int(length) - span) // stride + 1) for length in lengths)


def _touched(table, labelling, starts):
    """Whether the inputs or the label of each frame are made from a row with a missing value."""

    def between(rows, firsts, ends):  # whether one of these rows is in firsts <= row < ends
        return np.searchsorted(rows, firsts) < np.searchsorted(rows, ends)

    in_inputs, in_targets = table.missing
    ends, rows = starts + labelling.window, labelling.rows
    touched = between(in_inputs, starts, ends)
    touched |= between(in_targets, ends - 1 + rows.start, ends - 1 + rows.stop)
    if labelling.kind == "direction":  # from the frame's last row
        touched |= between(in_targets, ends - 1, ends)
    return touched
