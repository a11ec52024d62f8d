"""Pairs, triplets and N-way episodes, for networks that learn whether two inputs are alike.

The functions `..._rows` sample row numbers: they need little memory however large the examples are.
The functions `make_...` gather the examples themselves.
"""

from dataclasses import replace

import numpy as np

from data_prep.dataset import Part, check_split
from data_prep.errors import DataError

PAIR_CLASSES = ("different", "same")


def hold_out_classes(data, classes):
    """Keep some classes for testing alone: training sees no example of them.

    Args:
        data: a Dataset with classes.
        classes: names of the classes to hold out, such as ("7", "8", "9").

    Returns:
        The Dataset. Its training and validation parts have the examples of the other classes, from
        the same parts as before. Its test part has all examples of the held-out classes, from all
        three parts, in an order that does not depend on the seed. Class numbers do not change.

    Raises:
        DataError: for an unknown class, or if fewer than two classes remain for training.
    """
    held_out = {str(name) for name in classes}
    unknown = sorted(held_out - set(data.classes))
    if unknown:
        raise DataError(
            f"{data.name!r} has no class {unknown[0]!r}; its classes are "
            f"{', '.join(data.classes[:12])}."
        )
    if not held_out or len(data.classes) - len(held_out) < 2:
        raise DataError(
            f"{len(held_out)} of the {len(data.classes)} classes of {data.name!r} are held out; "
            f"hold out at least one and keep two for training."
        )

    numbers = [number for number, name in enumerate(data.classes) if name in held_out]
    kept, tested = {}, []
    for name, part in data.parts().items():
        is_held_out = np.isin(part.labels, numbers)
        kept[name] = part.take(~is_held_out)
        tested.append(part.take(is_held_out))

    test = Part(
        np.concatenate([part.inputs for part in tested]),
        np.concatenate([part.labels for part in tested]),
    )
    # The seed has divided training from validation. It must not change the order of the test part.
    test = test.take(_order_by_content(test))
    return replace(data, train=kept["train"], validation=kept["validation"], test=test)


def make_pairs(data, pairs_per_example=2, seed=0):
    """Pair the examples of each part: half of the pairs have the same class.

    Args:
        data: a Dataset with one array as inputs and class numbers as labels.
        pairs_per_example: average number of pairs that start with each example.
        seed: samples the training and validation pairs. The test pairs are the same for every seed.

    Returns:
        The Dataset of pairs. Inputs are a tuple of two arrays (pairs, ...). Labels are int64
        (pairs,): 1 if both examples have the same class, 0 otherwise.

    Raises:
        DataError: if a part has one class only, or no class with two examples.
    """

    def pair_up(part, part_seed):
        rows, same = pair_rows(part.labels, pairs_per_example * len(part), part_seed)
        return Part(_take_columns(part.inputs, rows), same)

    return replace(
        _map_parts(data, pair_up, seed),
        classes=PAIR_CLASSES,
        to_original=lambda pair: tuple(data.to_original(inputs) for inputs in pair),
    )


def make_triplets(data, triplets_per_example=1, seed=0):
    """Join examples to triplets: two examples of one class, and one of another class.

    Args:
        data: a Dataset with one array as inputs and class numbers as labels.
        triplets_per_example: average number of triplets that start with each example.
        seed: samples the training and validation triplets. The test triplets are the same for
            every seed.

    Returns:
        The Dataset of triplets. Inputs are a tuple of three arrays (triplets, ...): anchor,
        positive (the anchor's class) and negative (another class). Labels are the class of the
        anchor, (triplets,).

    Raises:
        DataError: if a part has one class only, or no class with two examples.
    """

    def join_three(part, part_seed):
        rows = triplet_rows(part.labels, triplets_per_example * len(part), part_seed)
        return Part(_take_columns(part.inputs, rows), part.labels[rows[:, 0]])

    return replace(
        _map_parts(data, join_three, seed),
        to_original=lambda triplet: tuple(data.to_original(inputs) for inputs in triplet),
    )


def make_episodes(part, episodes, ways, shots=1, queries=1, groups=None, seed=0):
    """Sample N-way K-shot tasks from one part, usually the test part with held-out classes.

    Args:
        part: a Part with one array as inputs and class numbers as labels.
        episodes: number of tasks.
        ways: number of classes in a task.
        shots: examples of each class whose class is given, in a task.
        queries: examples of each class whose class is to be predicted, in a task.
        groups: group of each example, (examples,), such as the alphabets of Omniglot. All classes
            of a task are then from one group, and equal labels in two groups are two classes.
            None for a single group.
        seed: equal seeds give equal episodes.

    Returns:
        A Part. Inputs are (support, query): (episodes, ways, shots, ...) and
        (episodes, ways * queries, ...). Labels are int64 (episodes, ways * queries): for each
        query the position of its class among the support, 0 to ways - 1.

    Raises:
        DataError: if no group has `ways` classes with `shots + queries` examples each.
    """
    support, query, labels = episode_rows(part.labels, episodes, ways, shots, queries, groups, seed)
    return Part((_take(part.inputs, support), _take(part.inputs, query)), labels)


def pair_rows(labels, pairs, seed=0):
    """Sample row numbers of pairs: in turn two of the same class, and two of different classes.

    All examples start about equally many pairs of each kind. Only an example that is alone in its
    class starts no pair of the same class. No example is paired with itself.

    Args:
        labels: class of each example, (examples,).
        pairs: number of pairs.
        seed: equal seeds give equal pairs.

    Returns:
        (rows, same): int64 (pairs, 2), and int64 (pairs,) with 1 for the same class, 0 for
        different classes.

    Raises:
        DataError: if there is one class only, or no class has two examples.
    """
    _check_count(pairs, "pairs")
    classes = _ClassRows(labels)
    random = np.random.default_rng(seed)

    same = 1 - np.arange(pairs) % 2  # 1, 0, 1, 0, ...
    num_same = same.sum()
    rows = np.empty((pairs, 2), np.int64)

    anchors = classes.anchors(num_same, random, need_partner=True)
    rows[same == 1] = classes.same(anchors, random)

    anchors = classes.anchors(pairs - num_same, random)
    rows[same == 0] = classes.other(anchors, random)
    return rows, same


def triplet_rows(labels, triplets, seed=0):
    """Sample row numbers of triplets: anchor, another example of its class, one of another class.

    Args:
        labels: class of each example, (examples,).
        triplets: number of triplets.
        seed: equal seeds give equal triplets.

    Returns:
        int64 (triplets, 3): anchor, positive, negative.

    Raises:
        DataError: if there is one class only, or no class has two examples.
    """
    _check_count(triplets, "triplets")
    classes = _ClassRows(labels)
    random = np.random.default_rng(seed)

    anchors = classes.anchors(triplets, random, need_partner=True)
    anchors_and_positives = classes.same(anchors, random)
    negatives = classes.other(anchors, random)[:, 1]
    return np.column_stack([anchors_and_positives, negatives])


def episode_rows(labels, episodes, ways, shots=1, queries=1, groups=None, seed=0):
    """Sample row numbers of N-way K-shot tasks. No example occurs twice in a task.

    Args:
        labels: class of each example, (examples,).
        episodes: number of tasks.
        ways: number of classes in a task, sampled for each task.
        shots: examples of each class whose class is given, in a task.
        queries: examples of each class whose class is to be predicted, in a task.
        groups: group of each example, (examples,), such as the alphabets of Omniglot. All classes
            of a task are then from one group, and equal labels in two groups are two classes.
            None for a single group.
        seed: equal seeds give equal episodes.

    Returns:
        (support, query, query labels): row numbers (episodes, ways, shots); row numbers
        (episodes, ways * queries) in random order; and for each query the position of its class
        among the support, 0 to ways - 1, (episodes, ways * queries).

    Raises:
        DataError: if no group has `ways` classes with `shots + queries` examples each.
    """
    for count, what in ((episodes, "episodes"), (shots, "shots"), (queries, "queries")):
        _check_count(count, what)
    if ways < 2:
        raise DataError(f"ways is {ways}; a task needs at least two classes to choose from.")

    labels = _check_labels(labels)
    groups = np.zeros(len(labels), np.int64) if groups is None else np.asarray(groups)
    if groups.shape != labels.shape:
        raise DataError(f"{len(groups)} groups for {len(labels)} labels; give one per example.")

    examples_needed = shots + queries
    usable_groups = _groups_with_enough(labels, groups, ways, examples_needed)

    random = np.random.default_rng(seed)
    sampled = np.empty((episodes, ways, examples_needed), np.int64)
    for episode in sampled:
        classes = usable_groups[random.integers(len(usable_groups))]
        chosen = random.permutation(len(classes))[:ways]
        for position, number in enumerate(chosen):
            episode[position] = random.choice(classes[number], examples_needed, replace=False)

    support = sampled[:, :, :shots]
    query = sampled[:, :, shots:].reshape(episodes, -1)
    query_labels = np.tile(np.repeat(np.arange(ways), queries), (episodes, 1))

    # Random order: otherwise the place of a query would tell its class.
    places = np.tile(np.arange(ways * queries), (episodes, 1))
    order = random.permuted(places, axis=1)
    query = np.take_along_axis(query, order, axis=1)
    query_labels = np.take_along_axis(query_labels, order, axis=1)
    return support, query, query_labels


def _groups_with_enough(labels, groups, ways, examples_needed):
    """The groups from which a task can be sampled.

    Returns:
        A list with one entry per group: a list of the row numbers of each class that has enough
        examples.
    """
    usable_groups = []
    most_classes = 0
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        member_labels = labels[members]
        classes = [members[member_labels == label] for label in np.unique(member_labels)]
        classes = [rows for rows in classes if len(rows) >= examples_needed]

        most_classes = max(most_classes, len(classes))
        if len(classes) >= ways:
            usable_groups.append(classes)

    if not usable_groups:
        raise DataError(
            f"a task of {ways} ways needs {ways} classes with {examples_needed} examples each "
            f"(shots + queries); there are {most_classes}: lower ways, shots or queries."
        )
    return usable_groups


class _ClassRows:
    """Row numbers sorted by class, to find partners of the same or of another class fast.

    A place is a position in the sorted rows. The places of a class follow each other, so a partner
    is found by adding a random step to a place.
    """

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

        self.start = np.repeat(starts, counts)  # first place of the class, for each place
        self.count = np.repeat(counts, counts)  # examples of the class, for each place

    def anchors(self, number, random, need_partner=False):
        """Sample places to start from; each is used once before one is used again.

        Args:
            number: how many places.
            random: a NumPy generator.
            need_partner: leave out the examples that are alone in their class.
        """
        places = np.arange(len(self.rows))
        if need_partner:
            places = places[self.count > 1]

        rounds = -(-number // len(places))
        if not rounds:
            return places[:0]
        return np.concatenate([random.permutation(places) for _ in range(rounds)])[:number]

    def same(self, anchors, random):
        """Rows (anchors, 2): each anchor, and another example of its class."""
        start, count = self.start[anchors], self.count[anchors]
        step = random.integers(1, count)
        partners = start + (anchors - start + step) % count
        return self.rows[np.column_stack([anchors, partners])]

    def other(self, anchors, random):
        """Rows (anchors, 2): each anchor, and an example of another class."""
        start, count, total = self.start[anchors], self.count[anchors], len(self.rows)
        step = random.integers(0, total - count)
        partners = (start + count + step) % total
        return self.rows[np.column_stack([anchors, partners])]


def _order_by_content(part):
    """Row numbers that sort a part by class and then by input, whatever its order was."""

    def content(row):
        example = np.asarray(part.inputs[row])
        return part.labels[row], str(example) if example.dtype == object else example.tobytes()

    return np.array(sorted(range(len(part)), key=content), np.int64)


def _map_parts(data, function, seed):
    """The Dataset with `function(part, seed)` in place of each part; seed 0 for the test part."""
    check_split(data, "pairing")
    parts = {}
    for name, part in data.parts().items():
        part_seed = 0 if name == "test" else seed
        try:
            parts[name] = function(part, part_seed)
        except DataError as error:
            raise DataError(f"{data.name!r}, {name} part: {error}") from error
    return replace(data, **parts)


def _take_columns(inputs, rows):
    """One array of inputs for each column of row numbers, (examples, columns)."""
    return tuple(inputs[column] for column in rows.T)


def _take(inputs, rows):
    """Inputs (*rows.shape, ...) of row numbers in an array of any shape."""
    return inputs[rows.ravel()].reshape(*rows.shape, *inputs.shape[1:])


def _check_labels(labels):
    labels = np.asarray(labels)
    if labels.ndim != 1 or not len(labels):
        raise DataError(f"labels have shape {labels.shape}; give one class per example.")
    return labels


def _check_count(count, what):
    if count < 1:
        raise DataError(f"{what} is {count}; ask for at least one.")
