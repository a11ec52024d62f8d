"""Pairs, triplets and N-way episodes, for networks that learn whether two inputs are alike.

The `_rows` functions draw row numbers and stay small however large the examples are; the `make_`
functions gather the examples themselves.
"""

from dataclasses import replace

import numpy as np

from data_prep.dataset import Part, check_split
from data_prep.errors import DataError

PAIR_CLASSES = ("different", "same")


def hold_out_classes(data, classes):
    """Keep some classes for testing alone: no example of them is trained on.

    Args:
        data: a Dataset with classes.
        classes: names of the classes to hold out, such as ("7", "8", "9").

    Returns:
        The Dataset with the other classes in the training and validation parts, from the same
        parts as before, and with all examples of the held-out classes, of every part, as the
        test part. Class numbers stay as they are.

    Raises:
        DataError: for an unknown class, or where fewer than two classes stay to train on.
    """
    held = {str(name) for name in classes}
    unknown = sorted(held - set(data.classes))
    if unknown:
        raise DataError(
            f"{data.name!r} has no class {unknown[0]!r}; its classes are "
            f"{', '.join(data.classes[:12])}."
        )
    if not held or len(data.classes) - len(held) < 2:
        raise DataError(
            f"{len(held)} of the {len(data.classes)} classes of {data.name!r} are held out; hold "
            f"out at least one and leave two to train on."
        )
    numbers = [number for number, name in enumerate(data.classes) if name in held]
    kept, tested = {}, []
    for name, part in data.parts().items():
        out = np.isin(part.labels, numbers)
        kept[name] = part.take(~out)
        tested.append(part.take(out))
    test = Part(
        np.concatenate([part.inputs for part in tested]),
        np.concatenate([part.labels for part in tested]),
    )
    return replace(data, train=kept["train"], validation=kept["validation"], test=test)


def make_pairs(data, pairs_per_example=2, seed=0):
    """Pair the examples of each part: half of the pairs of one class, half of two classes.

    Args:
        data: a Dataset with one array as inputs and class numbers as labels.
        pairs_per_example: pairs that start with each example, on average.
        seed: draws the training and validation pairs; the test pairs are the same for every seed.

    Returns:
        The Dataset with inputs a tuple of two arrays (pairs, ...), and labels int64 (pairs,):
        1 for two examples of the same class, 0 for different classes.
    """

    def paired(part, part_seed):
        rows, same = pair_rows(part.labels, pairs_per_example * len(part), part_seed)
        return Part(_take_columns(part.inputs, rows), same)

    return replace(
        _map_parts(data, paired, seed),
        classes=PAIR_CLASSES,
        to_original=lambda pair: tuple(data.to_original(inputs) for inputs in pair),
    )


def make_triplets(data, triplets_per_example=1, seed=0):
    """Put each example beside one of its class and one of another class.

    Args:
        data: a Dataset with one array as inputs and class numbers as labels.
        triplets_per_example: triplets that start with each example, on average.
        seed: draws the training and validation triplets; those for testing are the same for
            every seed.

    Returns:
        The Dataset with inputs a tuple of three arrays (triplets, ...): anchor, positive (same
        class) and negative (another class). Labels are the anchor's class, (triplets,).
    """

    def in_threes(part, part_seed):
        rows = triplet_rows(part.labels, triplets_per_example * len(part), part_seed)
        return Part(_take_columns(part.inputs, rows), part.labels[rows[:, 0]])

    return replace(
        _map_parts(data, in_threes, seed),
        to_original=lambda three: tuple(data.to_original(inputs) for inputs in three),
    )


def make_episodes(part, episodes, ways, shots=1, queries=1, groups=None, seed=0):
    """Draw N-way K-shot tasks from one part, as a rule the test part with held-out classes.

    Args:
        part: a Part with one array as inputs and class numbers as labels.
        episodes: number of tasks.
        ways: classes in a task.
        shots: known examples of each class in a task.
        queries: unknown examples of each class in a task.
        groups: group of each example, (examples,), such as Omniglot's alphabet: the classes of a
            task are then from one group, and a label counts within its group. None for one group.
        seed: equal seeds give equal episodes.

    Returns:
        A Part. Inputs are (support, query): (episodes, ways, shots, ...) and
        (episodes, ways * queries, ...). Labels are int64 (episodes, ways * queries): the way,
        0 to ways - 1, that each query belongs to.
    """
    support, query, answers = episode_rows(
        part.labels, episodes, ways, shots, queries, groups, seed
    )
    return Part((_take(part.inputs, support), _take(part.inputs, query)), answers)


def pair_rows(labels, pairs, seed=0):
    """Draw row numbers of pairs, alternately of the same class and of different classes.

    Every example starts about equally many pairs of each kind, except that one which is alone
    in its class starts no pair of the same class. No example is paired with itself.

    Args:
        labels: class of each example, (examples,).
        pairs: how many pairs.
        seed: equal seeds give equal pairs.

    Returns:
        (rows, same): int64 (pairs, 2), and int64 (pairs,) with 1 for the same class, 0 for
        different ones.

    Raises:
        DataError: where there is one class only, or no class has two examples.
    """
    _check_count(pairs, "pairs")
    classes = _ClassRows(labels)
    random = np.random.default_rng(seed)
    same = 1 - np.arange(pairs) % 2
    rows = np.empty((pairs, 2), np.int64)
    rows[same == 1] = classes.same(classes.anchors(same.sum(), random, company=True), random)
    rows[same == 0] = classes.other(classes.anchors(pairs - same.sum(), random), random)
    return rows, same


def triplet_rows(labels, triplets, seed=0):
    """Draw row numbers of triplets: anchor, another example of its class, one of another class.

    Args:
        labels: class of each example, (examples,).
        triplets: how many triplets.
        seed: equal seeds give equal triplets.

    Returns:
        int64 (triplets, 3): anchor, positive, negative.

    Raises:
        DataError: where there is one class only, or no class has two examples.
    """
    _check_count(triplets, "triplets")
    classes = _ClassRows(labels)
    random = np.random.default_rng(seed)
    anchors = classes.anchors(triplets, random, company=True)
    positives = classes.same(anchors, random)
    return np.column_stack([positives, classes.other(anchors, random)[:, 1]])


def episode_rows(labels, episodes, ways, shots=1, queries=1, groups=None, seed=0):
    """Draw row numbers of N-way K-shot tasks. Within a task no example is there twice.

    Args:
        labels: class of each example, (examples,).
        episodes: number of tasks.
        ways: classes in a task, drawn anew for each.
        shots: known examples of each class in a task.
        queries: unknown examples of each class in a task.
        groups: group of each example, (examples,), such as Omniglot's alphabet: the classes of a
            task are then from one group, and a label counts within its group. None for one group.
        seed: equal seeds give equal episodes.

    Returns:
        (support, query, answers): row numbers (episodes, ways, shots); row numbers
        (episodes, ways * queries) in random order; and the way of each query, 0 to ways - 1,
        (episodes, ways * queries).

    Raises:
        DataError: where no group has `ways` classes with `shots + queries` examples each.
    """
    for count, what in ((episodes, "episodes"), (shots, "shots"), (queries, "queries")):
        _check_count(count, what)
    if ways < 2:
        raise DataError(f"ways is {ways}; a task needs at least two classes to choose from.")
    labels = _check_labels(labels)
    groups = np.zeros(len(labels), np.int64) if groups is None else np.asarray(groups)
    if groups.shape != labels.shape:
        raise DataError(f"{len(groups)} groups for {len(labels)} labels; give one per example.")
    need = shots + queries
    choices, most = [], 0
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        classes = [members[labels[members] == label] for label in np.unique(labels[members])]
        classes = [rows for rows in classes if len(rows) >= need]
        most = max(most, len(classes))
        if len(classes) >= ways:
            choices.append(classes)
    if not choices:
        raise DataError(
            f"a task of {ways} ways needs {ways} classes with {need} examples each (shots + "
            f"queries); there are {most}: lower ways, shots or queries."
        )
    random = np.random.default_rng(seed)
    drawn = np.empty((episodes, ways, need), np.int64)
    for episode in drawn:
        classes = choices[random.integers(len(choices))]
        for way, number in enumerate(random.permutation(len(classes))[:ways]):
            episode[way] = random.choice(classes[number], need, replace=False)
    query = drawn[:, :, shots:].reshape(episodes, -1)
    answers = np.tile(np.repeat(np.arange(ways), queries), (episodes, 1))
    order = random.permuted(np.tile(np.arange(ways * queries), (episodes, 1)), axis=1)
    return (
        drawn[:, :, :shots],
        np.take_along_axis(query, order, axis=1),
        np.take_along_axis(answers, order, axis=1),
    )


class _ClassRows:
    """Rows sorted by class, so that a partner of the same or another class is one sum away."""

    def __init__(self, labels):
        labels = _check_labels(labels)
        self.rows = np.argsort(labels, kind="stable")
        _, starts, counts = np.unique(labels[self.rows], return_index=True, return_counts=True)
        if len(counts) < 2:
            raise DataError(
                f"all {len(labels)} examples are of one class; pairs and triplets need two."
            )
        if counts.max() < 2:
            raise DataError("no class has two examples; pairs of the same class need two.")
        self.start = np.repeat(starts, counts)  # of the class at each sorted place
        self.count = np.repeat(counts, counts)

    def anchors(self, number, random, company=False):
        """Sorted places to start from: each once before one comes again."""
        places = np.arange(len(self.rows))
        if company:
            places = places[self.count > 1]
        rounds = -(-number // len(places))
        return np.concatenate([places[:0], *(random.permutation(places) for _ in range(rounds))])[
            :number
        ]

    def same(self, anchors, random):
        """Rows (anchors, 2): each anchor, and another example of its class."""
        start, count = self.start[anchors], self.count[anchors]
        partners = start + (anchors - start + random.integers(1, count)) % count
        return self.rows[np.column_stack([anchors, partners])]

    def other(self, anchors, random):
        """Rows (anchors, 2): each anchor, and an example of another class."""
        start, count, total = self.start[anchors], self.count[anchors], len(self.rows)
        partners = (start + count + random.integers(0, total - count)) % total
        return self.rows[np.column_stack([anchors, partners])]


def _map_parts(data, function, seed):
    check_split(data, "pairing")
    parts = {}
    for name, part in data.parts().items():
        try:
            parts[name] = function(part, 0 if name == "test" else seed)
        except DataError as error:
            raise DataError(f"{data.name!r}, {name} part: {error}") from error
    return replace(data, **parts)


def _take_columns(inputs, rows):
    return tuple(inputs[column] for column in rows.T)


def _take(inputs, rows):
    return inputs[rows.ravel()].reshape(*rows.shape, *inputs.shape[1:])


def _check_labels(labels):
    labels = np.asarray(labels)
    if labels.ndim != 1 or not len(labels):
        raise DataError(f"labels have shape {labels.shape}; give one class per example.")
    return labels


def _check_count(count, what):
    if count < 1:
        raise DataError(f"{what} is {count}; ask for at least one.")
