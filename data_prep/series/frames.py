"""Frames: windows of successive rows of a series, each with its label."""

import itertools
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from data_prep.errors import DataError
from data_prep.series.labels import Labelling, make_labelling, windows_of
from data_prep.series.table import Table, checked_table
from data_prep.tables.columns import check_integer

# Frames given to tf.data at a time. Larger blocks do not fit into the processor's cache.
BLOCK_BYTES = 8 << 20

# What the target columns of a kind of label hold; numbers for the other kinds.
TARGET_KINDS = {"class": "classes", "function": "any"}


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

    Frame 0 has the rows 0 to 3. Its last row is 3, so its target row is 3 + 3 = 6. With `stride=1`
    the next frame begins one row later. A frame and its target row are always in one group, without
    a time gap between them: a window that crosses a group or a gap gives no frame.

    Labels, where `last` is a frame's last row:

        "value"      The target at row last + horizon.
        "next"       The target at the `steps` rows last + horizon, last + horizon + 1, ...
        "direction"  "up" if the target at last + horizon is greater than at last, otherwise "down".
                     With `dead_band`, "flat" if the two differ by at most that much.
        "class"      The class column is read over the `window` rows that end at last + horizon.
                     `rule="last"` takes the class of the final row of these; "majority" the most
                     frequent class (in a tie, the earlier one in `classes`); "any" (two classes
                     only) the second class if any of these rows has it.
        a function   Called with (frame, future): DataFrames of the window's rows, and of the
                     `horizon` rows after it, with all columns that are used. It returns a number,
                     an array or a class name.

    Args:
        series: DataFrame, Series, array of (rows,) or (rows, features), or the path of a .csv,
            .csv.gz or .parquet file. An array of float32 or float64 is not copied: do not change
            it afterwards.
        window: rows in a frame.
        horizon: rows from a frame's last row to its target. By default 1, and 0 for
            label="class": the target is then the frame's own last row.
        stride: rows from the start of one frame to the start of the next.
        features: names of the input columns. By default all but time, group and a class target.
        target: name of the target column; for "value", "next" and a function also a list of names.
            By default the only feature. If there are several features, and for "class", it must be
            given; a function works without it.
        label: one of the labels above.
        steps: number of values, for "next".
        dead_band: for "direction": a number >= 0, in units of the target.
        rule: for "class": "last" (the default), "majority" or "any".
        group: name of the column that tells several series in one table apart. Rows of different
            groups may alternate.
        time: name of the time column. By default the index, if it holds dates, periods or numbers.
            Numbers are seconds if `freq` or `max_gap` has a unit.
        freq: usual time from row to row, such as "1min". By default the median.
        max_gap: longest time between rows that is not a gap, such as "2h"; math.inf for no gaps.
            By default 1.5 times freq.
        columns: names of the columns, for an array or a CSV file without a header.
        order: rows that go back in time: "refuse" them, "sort" all rows by time, or "keep" them as
            they are. With "keep", a step back longer than `max_gap` counts as a gap.
        duplicates: rows of the same time: "refuse" them, keep the "first" or "last", or "keep" all.
        missing: NaN and infinities: "refuse" them, "fill" them with the value before, or "drop" the
            frames that use them. "fill" also drops the frames that use values it could not fill.
        fill_limit: for "fill": number of rows to carry a value forward.

    Returns:
        Frames.

    Raises:
        DataError: says what is wrong, in which row and column, and what to do.
    """
    window = check_integer("window", window, 1)
    stride = check_integer("stride", stride, 1)
    labelling = make_labelling(label, window, horizon, steps, dead_band, rule)
    table = checked_table(
        series,
        features=features,
        target=target,
        target_kind=TARGET_KINDS.get(labelling.kind, "numbers"),
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
    """Frames and labels that are gathered from the series when they are asked for.

    In a `Dataset`, Frames take the place of a `Part`. Iteration gives (DataFrame, label), and so
    does `frames[3]`. `.arrays()`, `.dataset()` and `.batches()` are faster.

    Attributes:
        table: a Table, the checked rows of the series.
        starts: number of the first row of each frame, (frames,).
        labelling: how labels are made.
        values: the rows that frames are cut from, (rows, features): the table's inputs, maybe
            scaled.
        stored: labels that a function returned, (frames, ...); None for other labels.
        scaling: how `values` and labels were scaled; None if they were not.
        dropped: {what was left out, and why: how many}.
        reaches_back: whether the inputs of this part may use rows of an earlier part.
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
        for number in range(len(self)):
            yield self[number]

    def __getitem__(self, number):
        """One frame: (DataFrame of (window, features), label)."""
        if not -len(self) <= number < len(self):
            raise IndexError(f"frame {number} of {len(self)}")

        start = int(self.starts[number])
        rows = slice(start, start + self.window)
        frame = pd.DataFrame(
            self.values[rows], index=self.table.index[rows], columns=list(self.features)
        )
        _, labels = self.gather([number])
        return frame, labels[0]

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
        """Names of the classes in the order of their numbers; () if labels are values."""
        return self.labelling.classes

    @property
    def inputs(self):
        """All frames, float32 (frames, window, features): a new array at each access."""
        return self.gather(slice(None))[0]

    @cached_property
    def labels(self):
        """All labels, (frames, ...): float32, or int64 for class numbers."""
        return self._labels(slice(None))

    def shapes(self):
        """Shapes of all inputs and labels, found without gathering them."""
        no_labels = self._labels(slice(0, 0))
        return {
            "inputs": [len(self), self.window, len(self.features)],
            "labels": [len(self), *no_labels.shape[1:]],
        }

    def gather(self, numbers):
        """Inputs and labels of some frames.

        Args:
            numbers: which frames: a slice, or an array of frame numbers.

        Returns:
            (inputs, labels): float32 (frames, window, features), and (frames, ...).
        """
        inputs = self._windows[self.starts[numbers]]
        return inputs.astype(np.float32, copy=False), self._labels(numbers)

    def arrays(self):
        """(inputs, labels) of all frames."""
        return self.inputs, self.labels

    def take(self, numbers):
        """Frames with some of the frames: a slice, a mask, or an array of frame numbers."""
        stored = None if self.stored is None else self.stored[numbers]
        return replace(self, starts=self.starts[numbers], stored=stored)

    def order(self, seed, epoch):
        """All frame numbers in random order, the same for equal seeds and epochs."""
        numbers = np.arange(len(self), dtype=np.int32)
        np.random.default_rng([seed, epoch]).shuffle(numbers)
        return numbers

    def batches(self, batch_size=32, shuffle=False, seed=0):
        """A keras.utils.PyDataset of (inputs, labels) for `fit` on any backend: the fastest form.

        Args:
            batch_size: frames in a batch.
            shuffle: whether every epoch has a new random order.
            seed: equal seeds give equal orders.
        """
        from data_prep.batches import Batches

        def order_of_epoch(epoch):
            return self.order(seed, epoch)

        def gather(rows, epoch, number):
            return self.gather(rows)

        batch_size = check_integer("batch_size", batch_size, 1)
        return Batches(len(self), batch_size, gather, order_of_epoch if shuffle else None)

    def dataset(self, batch_size=32, shuffle=False, seed=0):
        """A tf.data.Dataset of (inputs, labels) for `fit`, in the same order as `batches`.

        Call `fit` with shuffle=False: otherwise Keras warns that it cannot shuffle a
        tf.data.Dataset.

        Args:
            batch_size: frames in a batch.
            shuffle: whether every epoch has a new random order.
            seed: equal seeds give equal orders.
        """
        import tensorflow as tf

        batch_size = check_integer("batch_size", batch_size, 1)
        batch_bytes = batch_size * 4 * self.window * len(self.features)
        block = batch_size * max(1, BLOCK_BYTES // batch_bytes)  # frames
        epochs = itertools.count()

        def blocks():
            order = self.order(seed, next(epochs)) if shuffle else None
            for first in range(0, len(self), block):
                rows = slice(first, first + block)
                yield self.gather(rows if order is None else order[rows])

        no_frames = self.gather(slice(0, 0))  # empty arrays, for their shapes and types
        signature = tuple(
            tf.TensorSpec((None, *array.shape[1:]), array.dtype) for array in no_frames
        )
        dataset = tf.data.Dataset.from_generator(blocks, output_signature=signature)
        dataset = dataset.prefetch(1).rebatch(batch_size)

        num_batches = -(-len(self) // batch_size)
        set_length = tf.data.experimental.assert_cardinality(num_batches)
        return dataset.apply(set_length).prefetch(2)

    def inputs_to_original(self, inputs, numbers=slice(None)):
        """Undo the scaling of inputs of these frames.

        Args:
            inputs: (frames, window, features), as gathered or predicted.
            numbers: which frames they are, as in `gather`.

        Returns:
            The inputs in the units of the series.
        """
        if self.scaling is None:
            return inputs
        return self.scaling.undo_inputs(inputs, self.table, self.starts[numbers])

    def labels_to_original(self, labels, numbers=slice(None)):
        """Undo the scaling of labels of these frames, or of predictions for them.

        Args:
            labels: an array of the shape of `labels`; it may have one more axis, of length 1, at
                the end.
            numbers: which frames they are, as in `gather`.

        Returns:
            The labels in the units of the target.
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

        last = starts + (self.window - 1)
        return self.scaling.labels(labels, self.table.targets[last])

    def _with_labels_of(self, function):
        """The frames with the labels that a function of (frame, future) returns for them."""
        found = self._call(function)
        try:
            labels = np.array(found)
        except ValueError as error:
            raise DataError(
                f"{self.table.source}: the label function returned arrays of different shapes; "
                f"return the same shape for every frame."
            ) from error

        if labels.dtype.kind in "US":
            classes, labels = np.unique(labels, return_inverse=True)
            names = tuple(str(name) for name in classes)
            return replace(self, stored=labels, labelling=replace(self.labelling, classes=names))

        if labels.dtype.kind not in "fiub":
            raise DataError(
                f"{self.table.source}: the label function returned {found[0]!r} for the frame at "
                f"{self.table.place(self.starts[0])}; return a number, an array or a class name."
            )
        bad = ~np.isfinite(labels).reshape(len(labels), -1).all(axis=1)
        if bad.any():
            first = int(np.argmax(bad))
            raise DataError(
                f"{self.table.source}: the label function returned {found[first]!r} for the frame "
                f"at {self.table.place(self.starts[first])}; return finite numbers."
            )
        dtype = np.float32 if labels.dtype.kind == "f" else np.int64
        return replace(self, stored=labels.astype(dtype))

    def _call(self, function):
        """What a function of (frame, future) returns for each frame, as a list."""
        table = self.table
        rows = pd.DataFrame(table.inputs, index=table.index, copy=False)
        names = list(table.features)

        more = [n for n, name in enumerate(table.target_names) if name not in table.features]
        if more:
            targets = pd.DataFrame(table.targets[:, more], index=table.index)
            rows = pd.concat([rows, targets], axis=1)
            names += [table.target_names[n] for n in more]
        rows.columns = names

        found = []
        for start in self.starts:
            end = start + self.window
            frame = rows.iloc[start:end]
            future = rows.iloc[end : end + self.labelling.horizon]
            found.append(function(frame, future))
        return found


def _starts(table, labelling, stride):
    """First rows of all frames, (frames,), and {what was left out, and why: how many}."""
    span = labelling.span
    dtype = np.int32 if len(table) < 2**31 else np.int64
    runs = zip(table.bounds[:-1], table.bounds[1:], strict=True)
    starts = np.concatenate(
        [np.arange(first, end - span + 1, stride, dtype=dtype) for first, end in runs]
    )
    if not len(starts):
        lengths = np.diff(table.bounds)
        raise DataError(
            f"{table.source}: no frame fits: a window of {labelling.window} rows with its label "
            f"needs {span} rows, and the longest of {len(lengths)} runs without a gap has "
            f"{lengths.max()}; give more rows, a smaller window or horizon, or a longer max_gap=."
        )

    dropped = {}
    across_gaps = _frames_without_gaps(table, span, stride) - len(starts)
    if across_gaps:
        dropped["frames across a time gap"] = across_gaps

    if any(map(len, table.missing)):
        uses_missing = _uses_missing(table, labelling, starts)
        if uses_missing.all():
            raise DataError(
                f"{table.source}: every frame has a missing value; fill them, or leave out the "
                f"column that has them with features=."
            )
        if uses_missing.any():
            dropped["frames with a missing value"] = int(uses_missing.sum())
            starts = starts[~uses_missing]
    return starts, dropped


def _frames_without_gaps(table, span, stride):
    """How many frames there would be if the times had no gap."""
    lengths = [len(table)] if table.groups is None else np.bincount(table.groups)
    return sum(max(0, (int(length) - span) // stride + 1) for length in lengths)


def _uses_missing(table, labelling, starts):
    """Whether the inputs or the label of each frame are made from a missing value, (frames,)."""

    def any_between(rows, firsts, ends):  # is there one of the sorted rows in firsts <= row < ends?
        return np.searchsorted(rows, firsts) < np.searchsorted(rows, ends)

    missing_inputs, missing_targets = table.missing
    ends = starts + labelling.window
    last, rows = ends - 1, labelling.rows

    found = any_between(missing_inputs, starts, ends)
    found |= any_between(missing_targets, last + rows.start, last + rows.stop)
    if labelling.kind == "direction":  # it compares with the target in the frame's last row
        found |= any_between(missing_targets, last, ends)
    return found
