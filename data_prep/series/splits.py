"""Splits of frames into train, validation and test parts.

The parts share no row, except for inputs with `reach_back=True`.
"""

from dataclasses import replace

import numpy as np

from data_prep.dataset import Dataset, fingerprint, stratified_split
from data_prep.errors import DataError

PARTS = ("train", "validation", "test")

# Length of a stratified block, in spans of a frame and its label. Frames that cross from a block of
# one part into a block of another part are left out: with 20 spans, at most about one in 20.
BLOCK = 20


def split_by_time(frames, test=0.2, validation=0.1, reach_back=False):
    """Train on the oldest rows, validate on the rows after them, test on the latest rows.

    Every row belongs to one part. A frame belongs to a part if all its rows and all rows of its
    label do. Around the cut between two parts, window + horizon - 1 frames would share rows with
    both; they are left out:

        rows     0 ............................ cut ................... end
        train    [--window--]<-horizon->T       |
        left out          [--window--]<-horizon->T
        test                                    [--window--]<-horizon->T

    With `reach_back`, a validation or test frame belongs to the part of its label's rows, and its
    inputs may lie before the cut: they are in the past when the forecast is made. Every row of
    these parts is then forecast. Training frames and their labels still end before the cut:

        test                      [--window--]<-horizon->T

    If there are groups with times, all groups are cut at the same times. If the groups have no
    times, each is cut at the same fraction of its rows.

    Args:
        frames: Frames.
        test: fraction of the rows, from 0 to 1, or number of rows; the last ones are for testing.
        validation: the same for the rows before them; 0 for no validation part.
        reach_back: whether the inputs of validation and test frames may lie before the cut.

    Returns:
        A Dataset of Frames.

    Raises:
        DataError: if a part would have no frame, or the rows are not in time order.
    """
    table = frames.table
    if not table.in_order:
        raise DataError(
            f"{table.source}: rows were kept out of time order and cannot be split by time; use "
            f"order='sort'."
        )

    num_rows = len(table)
    test_rows = _rows("test", test, num_rows)
    validation_rows = _rows("validation", validation, num_rows)
    if test_rows + validation_rows >= num_rows:
        raise DataError(
            f"{validation_rows} validation and {test_rows} test rows of {num_rows} leave none for "
            f"training; give smaller numbers."
        )

    position = _positions(table)
    in_order = position if table.groups is None else np.sort(position)
    cuts = [in_order[num_rows - test_rows - validation_rows], in_order[num_rows - test_rows]]
    part_of_row = np.searchsorted(cuts, position, side="right").astype(np.int8)
    if not reach_back:
        return _dataset(frames, part_of_row)

    label_rows = frames.labelling.rows
    if label_rows.start < 1:
        raise DataError(
            f"{table.source}: reach_back=True needs labels that come after the frame; with "
            f"horizon={frames.labelling.horizon} the label is made from the frame's own rows."
        )
    last = frames.starts + (frames.window - 1)
    part_of_frame = _same_or_none(
        part_of_row[last + label_rows.start], part_of_row[last + (label_rows.stop - 1)]
    )
    return _dataset(replace(frames, reaches_back=True), part_of_row, part_of_frame)


def split_by_group(frames, test=0.2, validation=0.1, seed=0):
    """Train on some groups and test on others, such as patients that training never saw.

    Args:
        frames: Frames made with group=.
        test: fraction of the groups, from 0 to 1, or a list of their names.
        validation: the same for validation; 0 for no validation part.
        seed: chooses the groups, if `test` or `validation` is a fraction.

    Returns:
        A Dataset of Frames.

    Raises:
        DataError: if there are no groups, too few of them, or none of a given name.
    """
    table = frames.table
    if table.groups is None:
        raise DataError(f"{table.source}: there are no groups; name their column with group=.")

    names = list(table.group_names)
    free_groups = np.random.default_rng(seed).permutation(len(names)).tolist()
    part_of_group = np.zeros(len(names), np.int8)
    wanted = {"test": test, "validation": validation}

    # Groups that are given by name come first, so that no fraction takes them.
    for part, groups in wanted.items():
        if not isinstance(groups, (list, tuple)):
            continue
        for name in groups:
            if name not in names or names.index(name) not in free_groups:
                raise DataError(
                    f"{part}: group {name!r} is not there or named twice; there are "
                    f"{', '.join(map(str, names[:12]))}."
                )
            group = names.index(name)
            free_groups.remove(group)
            part_of_group[group] = PARTS.index(part)

    for part, fraction in wanted.items():
        if isinstance(fraction, (list, tuple)):
            continue
        count = _rows(part, fraction, len(names), least=1)
        sampled, free_groups = free_groups[:count], free_groups[count:]
        part_of_group[sampled] = PARTS.index(part)
    return _dataset(frames, part_of_group[table.groups])


def split_stratified(frames, test=0.2, validation=0.1, seed=0):
    """Split at random, with about the same fraction of each class in all parts.

    What is sampled depends on the frames:

    - If no two frames share a row, single frames.
    - If there are groups, whole groups.
    - Otherwise blocks of rows, each 20 times as long as a frame with its label. Frames that cross
      from a block of one part into a block of another part are left out.

    Args:
        frames: Frames with classes.
        test: fraction of the frames, from 0 to 1.
        validation: the same for validation; 0 for no validation part.
        seed: chooses the frames, groups or blocks of each part.

    Returns:
        A Dataset of Frames.

    Raises:
        DataError: if there are no classes, or too few frames, groups or blocks.
    """
    table = frames.table
    if not frames.classes:
        raise DataError(f"labels of kind {frames.labelling.kind!r} have no classes to stratify by.")

    validation_fraction = _fraction("validation", validation)
    test_fraction = _fraction("test", test)
    if validation_fraction + test_fraction >= 1:
        raise DataError(f"test={test} and validation={validation} leave nothing for training.")

    span = frames.labelling.span
    share_no_row = (np.diff(frames.starts) >= span).all()
    if table.groups is None and share_no_row:
        return _sample_frames(frames, validation_fraction, test_fraction, seed)

    unit_of_row = table.groups
    if unit_of_row is None:
        unit_of_row = np.arange(len(table)) // (BLOCK * span)  # blocks of rows
    first_unit = unit_of_row[frames.starts]
    last_unit = unit_of_row[frames.starts + (span - 1)]
    in_one_unit = first_unit == last_unit

    counts = np.zeros((unit_of_row.max() + 1, len(frames.classes)))
    np.add.at(counts, (first_unit[in_one_unit], frames.labels[in_one_unit]), 1)

    train_fraction = 1 - (validation_fraction + test_fraction)
    fractions = np.array([train_fraction, validation_fraction, test_fraction])
    part_of_unit = _sample_units(counts, fractions, seed)
    return _dataset(frames, part_of_unit[unit_of_row])


def _positions(table):
    """A number for each row that orders all rows in time, (rows,)."""
    num_rows = len(table)
    if table.groups is None:
        return np.arange(num_rows)
    if table.times is not None:
        return table.times

    # From 0 to 1 in each group.
    lengths = np.bincount(table.groups)
    first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    row_in_group = np.arange(num_rows) - first[table.groups]
    return row_in_group / lengths[table.groups]


def _same_or_none(first, second):
    """The part where both agree, (frames,); -1 where they do not."""
    return np.where(first == second, first, -1)


def _sample_frames(frames, validation, test, seed):
    """A Dataset of single frames that are sampled by class."""
    rest, test_frames = stratified_split(frames.labels, test, seed, "test")
    part_of_frame = np.zeros(len(frames), np.int8)
    part_of_frame[test_frames] = PARTS.index("test")

    if validation:
        fraction_of_rest = validation / (1 - test)
        _, sampled = stratified_split(frames.labels[rest], fraction_of_rest, seed)
        part_of_frame[rest[sampled]] = PARTS.index("validation")
    return _dataset(frames, None, part_of_frame)


def _sample_units(counts, fractions, seed):
    """Give each unit to a part, so that every part comes near its fraction of every class.

    Args:
        counts: frames of each class in each unit, (units, classes).
        fractions: fraction of the frames for each part, (parts,).
        seed: samples the order of the units.

    Returns:
        The number of each unit's part, (units,).
    """
    num_parts = np.count_nonzero(fractions)
    if len(counts) < 3 * num_parts:
        raise DataError(
            f"{len(counts)} groups or blocks of frames are too few to sample {num_parts} parts "
            f"from; give more rows, or use split_by_time."
        )

    wanted = fractions[:, None] * counts.sum(axis=0)  # (parts, classes)
    given = np.zeros_like(wanted)
    part_of_unit = np.zeros(len(counts), np.int8)

    # Random order, then the units with the most frames of one class first: small ones fit later.
    order = np.random.default_rng(seed).permutation(len(counts))
    order = order[np.argsort(-counts[order].max(axis=1), kind="stable")]
    for unit in order:
        # The fraction of its frames that each part still lacks, by class.
        lacking = np.where(wanted > 0, (wanted - given) / np.maximum(wanted, 1e-9), -np.inf)
        part = np.argmax(lacking @ counts[unit]) if counts[unit].any() else 0
        given[part] += counts[unit]
        part_of_unit[unit] = part
    return part_of_unit


def _dataset(frames, part_of_row, part_of_frame=None):
    """Make the Dataset.

    Args:
        frames: all frames.
        part_of_row: number of each row's part, (rows,); None if single frames were sampled.
        part_of_frame: number of each frame's part, (frames,), -1 for none. By default the part
            that has all rows of the frame and of its label.
    """
    table, span = frames.table, frames.labelling.span
    if frames.scaling is not None:
        raise DataError(f"{table.source}: the frames are scaled already; split first, then scale.")

    if part_of_frame is None:
        first = part_of_row[frames.starts]
        last = part_of_row[frames.starts + (span - 1)]
        part_of_frame = _same_or_none(first, last)

    dropped = dict(frames.dropped)
    left_out = int(np.count_nonzero(part_of_frame < 0))
    if left_out:
        dropped["frames on the border of two parts"] = left_out

    parts = {}
    for number, name in enumerate(PARTS):
        selected = np.flatnonzero(part_of_frame == number)

        # The validation part may be empty if no row was asked for.
        part_of_unit = part_of_frame if part_of_row is None else part_of_row
        asked_for = name != "validation" or (part_of_unit == number).any()
        if not len(selected) and asked_for:
            raise DataError(_no_frame(frames, name))
        parts[name] = replace(frames.take(selected), dropped=dropped)

    return Dataset(
        name=table.name,
        source=table.origin,
        classes=frames.classes,
        fingerprint=fingerprint(table.inputs, table.targets),
        **parts,
    )


def _no_frame(frames, name):
    """The error message for a part without a frame."""
    labelling = frames.labelling
    if frames.reaches_back and name != "train":
        need = f"a label needs {len(labelling.rows)} rows"
    else:
        need = f"a window of {labelling.window} rows with its label needs {labelling.span} rows"
    advice = "give it more rows"
    if name == "validation":
        advice += ", or 0 for none"
    return f"the {name} part has no frame: {need} that lie in this part alone; {advice}."


def _rows(what, value, total, least=0):
    """A number of rows (or groups) from a number or a fraction of them."""
    is_integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    no_test = what == "test" and not value
    if is_integer and not no_test and 0 <= value <= total:
        return int(value)

    count = total * _fraction(what, value)
    return max(round(count), least) if count else 0


def _fraction(what, value):
    """The value as float. Raises a DataError if it is not a fraction, or 0 for the test part."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
        raise DataError(f"{what}={value!r}: give a fraction from 0 to below 1, such as 0.1.")
    if what == "test" and not value:
        raise DataError("test=0: a data set needs a test part; give a fraction such as 0.1.")
    return float(value)
