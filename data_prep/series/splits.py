"""Train, validation and test parts of frames that share no row."""

from dataclasses import replace

import numpy as np

from data_prep.dataset import Dataset, fingerprint, stratified_split
from data_prep.errors import DataError

PARTS = ("train", "validation", "test")
BLOCK = 20  # rows of a stratified block, in spans of a frame: about a 20th of the frames is lost


def split_by_time(frames, test=0.2, validation=0.1, reach_back=False):
    """Train on the past, choose on what follows, test on the latest rows.

    Every row belongs to one part. A frame is in a part where all its rows and its label's are, so
    that between two parts the window + horizon - 1 frames that would share rows are left out:

        rows     0 ............................ cut ................... end
        train    [--window--]<-horizon->T       |
        left out          [--window--]<-horizon->T
        test                                    [--window--]<-horizon->T

    With `reach_back` it is the label's rows that a validation or test frame has in its part; the
    rows that it sees may lie before the cut, as what has happened is known when one forecasts. Then
    every row of these parts is forecast. Training frames end before the cut, labels too:

        test                      [--window--]<-horizon->T

    Groups that have a time are cut at the same moment, others each at the same share of its rows.

    Args:
        frames: Frames.
        test: share of the rows, 0 to 1, or number of rows, that come last.
        validation: the same for the rows before them; 0 for no validation part.
        reach_back: whether the inputs of validation and test frames may lie before the cut.

    Returns:
        A Dataset of Frames.

    Raises:
        DataError: where a part would have no frame, or rows are not in time order.
    """
    table = frames.table
    if not table.in_order:
        raise DataError(
            f"{table.source}: rows were kept out of time order and cannot be split by time; use "
            f"order='sort'."
        )
    rows = len(table)
    test, validation = _rows("test", test, rows), _rows("validation", validation, rows)
    if test + validation >= rows:
        raise DataError(
            f"{validation} validation and {test} test rows of {rows} leave none to train on; give "
            f"smaller shares."
        )
    if table.groups is None:
        place = np.arange(rows)
    elif table.moments is None:
        lengths = np.bincount(table.groups)
        first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        place = (np.arange(rows) - first[table.groups]) / lengths[table.groups]  # 0 to 1
    else:
        place = table.moments
    in_order = place if table.groups is None else np.sort(place)
    cuts = [in_order[rows - test - validation], in_order[rows - test]]
    part_of_row = np.searchsorted(cuts, place, side="right").astype(np.int8)
    if not reach_back:
        return _dataset(frames, part_of_row)
    rows = frames.labelling.rows
    if rows.start < 1:
        raise DataError(
            f"{table.source}: reach_back=True is for labels that lie behind the frame; with "
            f"horizon={frames.labelling.horizon} the label's rows are among the frame's own."
        )
    last = frames.starts + (frames.window - 1)
    part_of_frame = part_of_row[last + rows.start]
    end = part_of_row[last + (rows.stop - 1)]
    part_of_frame = np.where(part_of_frame == end, part_of_frame, -1)
    return _dataset(replace(frames, reaches_back=True), part_of_row, part_of_frame)


def split_by_group(frames, test=0.2, validation=0.1, seed=0):
    """Train on some groups, test on others, such as patients that training never saw.

    Args:
        frames: Frames made with group=.
        test: share of the groups, 0 to 1, or a list of their names.
        validation: the same; 0 for no validation part.
        seed: draws the groups of a share.

    Returns:
        A Dataset of Frames.

    Raises:
        DataError: where there are no groups, or too few, or none of a name.
    """
    table = frames.table
    if table.groups is None:
        raise DataError(f"{table.source}: there are no groups; name their column with group=.")
    numbers = np.random.default_rng(seed).permutation(len(table.group_names)).tolist()
    part_of_group = np.zeros(len(numbers), np.int8)
    named = {"test": test, "validation": validation}
    for what, share in named.items():  # groups with names first, so that no share draws them
        if isinstance(share, (list, tuple)):
            for name in share:
                if name not in table.group_names or table.group_names.index(name) not in numbers:
                    raise DataError(
                        f"{what}: group {name!r} is not there or named twice; there are "
                        f"{', '.join(map(str, table.group_names[:12]))}."
                    )
                number = table.group_names.index(name)
                numbers.remove(number)
                part_of_group[number] = PARTS.index(what)
    for what, share in named.items():
        if not isinstance(share, (list, tuple)):
            count = _rows(what, share, len(part_of_group), least=1, unit="groups")
            drawn, numbers = numbers[:count], numbers[count:]
            part_of_group[drawn] = PARTS.index(what)
    return _dataset(frames, part_of_group[table.groups])


def split_stratified(frames, test=0.2, validation=0.1, seed=0):
    """Draw parts at random with about the same share of each class.

    Frames that share no row with another are drawn one by one. Where there are groups, whole
    groups are drawn; otherwise blocks of 20 times a frame's rows and its label's, and the frames
    across the border of two blocks are left out.

    Args:
        frames: Frames with classes.
        test: share of the frames, 0 to 1.
        validation: the same; 0 for no validation part.
        seed: draws the parts.

    Returns:
        A Dataset of Frames.

    Raises:
        DataError: where there are no classes, or too few frames, groups or blocks.
    """
    table = frames.table
    if not frames.classes:
        raise DataError(f"labels of kind {frames.labelling.kind!r} have no classes to stratify by.")
    shares = _share("validation", validation), _share("test", test)
    if sum(shares) >= 1:
        raise DataError(f"test={test} and validation={validation} leave nothing to train on.")
    span = frames.labelling.span
    if table.groups is None and (np.diff(frames.starts) >= span).all():
        return _draw_frames(frames, *shares, seed)
    unit_of_row = np.arange(len(table)) // (BLOCK * span) if table.groups is None else table.groups
    unit = unit_of_row[frames.starts]
    whole = unit == unit_of_row[frames.starts + (span - 1)]
    counts = np.zeros((unit_of_row.max() + 1, len(frames.classes)))
    np.add.at(counts, (unit[whole], frames.labels[whole]), 1)
    part_of_unit = _draw_units(counts, np.array([1 - sum(shares), *shares]), seed)
    return _dataset(frames, part_of_unit[unit_of_row])


def _draw_frames(frames, validation, test, seed):
    numbers, test_numbers = stratified_split(frames.labels, test, seed, "test")
    part_of_frame = np.zeros(len(frames), np.int8)
    part_of_frame[test_numbers] = PARTS.index("test")
    if validation:
        share = validation / (1 - test)
        drawn = stratified_split(frames.labels[numbers], share, seed)[1]
        part_of_frame[numbers[drawn]] = PARTS.index("validation")
    return _dataset(frames, None, part_of_frame)


def _draw_units(counts, shares, seed):
    """Part of each unit, so that every part comes near its share of every class.

    Args:
        counts: frames of each class in each unit, (units, classes).
        shares: share of each part, (parts,).
        seed: draws the order in which units are dealt out.
    """
    if len(counts) < 3 * np.count_nonzero(shares):
        raise DataError(
            f"{len(counts)} groups or blocks of frames are too few to draw "
            f"{np.count_nonzero(shares)} parts from; give more rows, or use split_by_time."
        )
    wanted = shares[:, None] * counts.sum(axis=0)  # (parts, classes)
    given = np.zeros_like(wanted)
    part_of_unit = np.zeros(len(counts), np.int8)
    order = np.random.default_rng(seed).permutation(len(counts))
    for unit in order[np.argsort(-counts[order].max(axis=1), kind="stable")]:
        # The part that lacks most of this unit's classes, in shares of what it should have.
        lack = np.where(wanted > 0, (wanted - given) / np.maximum(wanted, 1e-9), -np.inf)
        part = np.argmax(lack @ counts[unit]) if counts[unit].any() else 0
        given[part] += counts[unit]
        part_of_unit[unit] = part
    return part_of_unit


def _dataset(frames, part_of_row, part_of_frame=None):
    """A Dataset of the frames that lie in one part with all their rows and their label's."""
    table, span = frames.table, frames.labelling.span
    if frames.scaling is not None:
        raise DataError(f"{table.source}: the frames are scaled already; split first, then scale.")
    if part_of_frame is None:
        part_of_frame = part_of_row[frames.starts]
        end = part_of_row[frames.starts + (span - 1)]
        part_of_frame = np.where(part_of_frame == end, part_of_frame, -1)
    across = int(np.count_nonzero(part_of_frame < 0))
    dropped = frames.dropped | ({"frames on the border of two parts": across} if across else {})
    parts = {}
    for number, name in enumerate(PARTS):
        numbers = np.flatnonzero(part_of_frame == number)
        # Validation may be asked for as 0; a part that was given rows has frames.
        given = part_of_frame if part_of_row is None else part_of_row
        if not len(numbers) and (name != "validation" or (given == number).any()):
            need = f"a window of {frames.window} rows with its label needs {span} rows"
            if frames.reaches_back and name != "train":
                need = f"a label needs {len(frames.labelling.rows)} rows"
            raise DataError(
                f"the {name} part has no frame: {need} that lie in this part alone; give it a "
                f"larger share{', or 0 for none' if name == 'validation' else ''}."
            )
        parts[name] = replace(frames.take(numbers), dropped=dropped)
    return Dataset(
        name=table.name,
        source=table.origin,
        classes=frames.classes,
        fingerprint=fingerprint(table.inputs, table.targets),
        **parts,
    )


def _rows(what, share, rows, least=0, unit="rows"):
    """A share of the rows, or a number of rows, as a number of rows."""
    whole = isinstance(share, (int, np.integer)) and not isinstance(share, bool)
    if whole and (share or what != "test") and 0 <= share <= rows:
        return int(share)
    count = rows * _share(what, share)
    return max(round(count), least) if count else 0


def _share(what, share):
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share < 1:
        raise DataError(f"{what}={share!r}: give a share from 0 to below 1, such as 0.1.")
    if what == "test" and not share:
        raise DataError("test=0: a data set needs a test part; give a share such as 0.1.")
    return float(share)
