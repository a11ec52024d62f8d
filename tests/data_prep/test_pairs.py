"""Pairs, triplets and episodes: of the right classes, balanced and repeatable."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import data_prep
from data_prep.pairs import episode_rows, pair_rows, triplet_rows

# Each class has at least two examples, so that pairs of the same class exist.
LABELS = st.lists(st.integers(0, 5), min_size=1, max_size=20).map(
    lambda some: np.array(some + some)
)
SEEDS = st.integers(0, 2**32 - 1)
QUICK = settings(max_examples=60, deadline=None, derandomize=True, database=None)


@QUICK
@given(LABELS.filter(lambda labels: len(set(labels)) > 1), st.integers(1, 60), SEEDS)
def test_pairs_are_balanced_and_never_of_one_example(labels, pairs, seed):
    rows, same = pair_rows(labels, pairs, seed)
    assert rows.shape == (pairs, 2)
    assert (rows[:, 0] != rows[:, 1]).all()
    np.testing.assert_array_equal(labels[rows[:, 0]] == labels[rows[:, 1]], same == 1)
    assert same.sum() == (pairs + 1) // 2
    starts = np.bincount(rows[same == 1, 0], minlength=len(labels))
    assert starts.max() - starts.min() <= 1
    again, _ = pair_rows(labels, pairs, seed)
    np.testing.assert_array_equal(rows, again)


@QUICK
@given(LABELS.filter(lambda labels: len(set(labels)) > 1), st.integers(1, 60), SEEDS)
def test_triplets_have_the_right_classes(labels, triplets, seed):
    rows = triplet_rows(labels, triplets, seed)
    assert rows.shape == (triplets, 3)
    anchor, positive, negative = labels[rows].T
    assert (anchor == positive).all()
    assert (anchor != negative).all()
    assert (rows[:, 0] != rows[:, 1]).all()


def test_an_example_alone_in_its_class_is_only_in_pairs_of_different_classes():
    labels = np.array([0, 0, 1, 2, 2, 2])
    rows, same = pair_rows(labels, 60)
    assert 2 not in rows[same == 1]
    assert 2 in rows[same == 0, 0]
    assert 2 not in triplet_rows(labels, 60)[:, :2]


def test_every_partner_is_equally_likely():
    labels = np.repeat([0, 1, 2], [2, 3, 4])
    rows, same = pair_rows(labels, 36_000)
    counts = np.zeros((9, 9))
    np.add.at(counts, (rows[:, 0], rows[:, 1]), 1)

    same_class = labels[:, None] == labels
    possible_partners = {1: same_class & ~np.eye(9, dtype=bool), 0: ~same_class}
    for kind, possible in possible_partners.items():
        expected = 2000 * possible / possible.sum(axis=1, keepdims=True)
        assert counts[possible].sum() == (same == kind).sum()
        np.testing.assert_allclose(counts[possible], expected[possible], rtol=0.2)


@QUICK
@given(st.integers(2, 5), st.integers(1, 3), st.integers(1, 3), st.integers(1, 8), SEEDS)
def test_the_queries_of_an_episode_are_of_its_support_classes(ways, shots, queries, episodes, seed):
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(6), 6))
    sampled = episode_rows(labels, episodes, ways, shots, queries, seed=seed)
    all_support, all_queries, all_query_labels = sampled
    assert all_support.shape == (episodes, ways, shots)
    assert all_queries.shape == all_query_labels.shape == (episodes, ways * queries)

    for support, query, query_labels in zip(*sampled, strict=True):
        assert len(set(support.ravel()) | set(query)) == ways * (shots + queries)
        classes = labels[support]
        assert (classes == classes[:, :1]).all()
        assert len(set(classes[:, 0])) == ways
        np.testing.assert_array_equal(labels[query], classes[query_labels, 0])
        np.testing.assert_array_equal(np.bincount(query_labels), queries)

    again = episode_rows(labels, episodes, ways, shots, queries, seed=seed)
    for one, other in zip(sampled, again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_place_of_a_query_does_not_tell_its_class():
    labels = np.repeat(np.arange(10), 5)
    _, _, query_labels = episode_rows(labels, 500, ways=5)
    fractions = [np.mean(query_labels[:, place] == place) for place in range(5)]
    np.testing.assert_allclose(fractions, 0.2, atol=0.08)


def test_an_episode_stays_in_one_group():
    groups = np.repeat([0, 1, 2], [30, 30, 10])
    labels = np.concatenate([np.repeat(np.arange(6), 5)] * 2 + [np.repeat([0, 1], 5)])
    support, query, _ = episode_rows(labels, 50, ways=4, groups=groups)
    used = {tuple(set(groups[rows].ravel())) for rows in support}
    assert used == {(0,), (1,)}
    for support_rows, query_rows in zip(support, query, strict=True):
        assert set(groups[support_rows].ravel()) == set(groups[query_rows])


# From data sets.


def test_held_out_classes_are_not_in_training():
    digits = data_prep.load_images("digits")
    data = data_prep.hold_out_classes(digits, (7, "8", "9"))
    assert set(data.train.labels) == set(data.validation.labels) == set(range(7))
    assert set(data.test.labels) == {7, 8, 9}
    assert sum(len(part) for part in data.parts().values()) + (digits.test.labels < 7).sum() == 1797
    assert data.fingerprint == digits.fingerprint

    tested = {image.tobytes() for image in data.test.inputs}
    assert not tested & {image.tobytes() for image in data.train.inputs}

    left, right = data_prep.make_pairs(data).test.inputs
    assert {image.tobytes() for image in left} <= tested
    assert {image.tobytes() for image in right} <= tested


def test_the_order_of_the_test_part_does_not_depend_on_the_seed():
    first, second = (
        data_prep.hold_out_classes(data_prep.load_images("digits", seed=seed), ("7", "8", "9"))
        for seed in (0, 1)
    )
    np.testing.assert_array_equal(first.test.inputs, second.test.inputs)
    np.testing.assert_array_equal(first.test.labels, second.test.labels)
    assert not np.array_equal(first.train.inputs, second.train.inputs)


def test_pairs_of_a_data_set():
    data = data_prep.load_images("digits")
    pairs, other = (data_prep.make_pairs(data, 4, seed=seed) for seed in (0, 1))
    assert pairs.classes == ("different", "same")
    assert pairs.train.shapes() == {
        "inputs": [[4 * len(data.train), 8, 8, 1]] * 2,
        "labels": [4 * len(data.train)],
    }
    for part in pairs.parts().values():
        assert np.bincount(part.labels).tolist() == [len(part) // 2] * 2
    assert not np.array_equal(pairs.train.inputs[1], other.train.inputs[1])
    assert np.array_equal(pairs.test.inputs[1], other.test.inputs[1])
    left, right = pairs.to_original(pairs.test.inputs)
    assert left.max() == right.max() == 16
    assert pairs.describe()["name"] == "digits"


def test_triplets_of_a_data_set():
    data = data_prep.load_images("digits")
    triplets = data_prep.make_triplets(data, 2)
    rows = triplet_rows(data.train.labels, 2 * len(data.train), seed=0)
    assert len(triplets.train) == len(triplets.train.labels) == 2 * len(data.train)
    for column, inputs in zip(rows.T, triplets.train.inputs, strict=True):
        np.testing.assert_array_equal(inputs, data.train.inputs[column])
    np.testing.assert_array_equal(triplets.train.labels, data.train.labels[rows[:, 0]])
    assert len(triplets.to_original(triplets.test.inputs)) == 3


def test_episodes_of_a_part():
    part = data_prep.load_images("digits").test
    episodes = data_prep.make_episodes(part, episodes=7, ways=5, shots=2, queries=3, seed=4)
    support, query = episodes.inputs
    assert support.shape == (7, 5, 2, 8, 8, 1)
    assert query.shape == (7, 15, 8, 8, 1)
    assert episodes.labels.shape == (7, 15)

    support_rows, query_rows, labels = episode_rows(part.labels, 7, 5, 2, 3, seed=4)
    np.testing.assert_array_equal(support[3, 1, 0], part.inputs[support_rows[3, 1, 0]])
    np.testing.assert_array_equal(query[6, 14], part.inputs[query_rows[6, 14]])
    np.testing.assert_array_equal(episodes.labels, labels)


ONE, TWO = np.zeros(9, int), np.arange(10) % 2

REFUSED = {
    "all 9 examples are of one class; pairs and triplets need two.": lambda: pair_rows(ONE, 4),
    "no class has two examples; pairs of the same class need two.": lambda: triplet_rows(
        np.arange(5), 4
    ),
    "labels have shape (3, 2); give one class per example.": lambda: pair_rows(np.eye(3)[:, :2], 4),
    "labels have shape (0,); give one class per example.": lambda: pair_rows([], 4),
    "pairs is 0; ask for at least one.": lambda: pair_rows(TWO, 0),
    "triplets is -1; ask for at least one.": lambda: triplet_rows(TWO, -1),
    "shots is 0; ask for at least one.": lambda: episode_rows(TWO, 1, 2, shots=0),
    "ways is 1; a task needs at least two classes to choose from.": lambda: episode_rows(TWO, 1, 1),
    "a task of 3 ways needs 3 classes with 2 examples each (shots + queries); there are 2: lower "
    "ways, shots or queries.": lambda: episode_rows(TWO, 1, 3),
    "a task of 2 ways needs 2 classes with 6 examples each (shots + queries); there are 0: lower "
    "ways, shots or queries.": lambda: episode_rows(TWO, 1, 2, shots=5),
    "'digits', test part: all 174 examples are of one class; pairs and triplets need two.": (
        lambda: data_prep.make_pairs(
            data_prep.hold_out_classes(data_prep.load_images("digits"), (8,))
        )
    ),
    "4 groups for 10 labels; give one per example.": lambda: episode_rows(
        TWO, 1, 2, groups=[0] * 4
    ),
    "'digits' has no class '11'; its classes are 0, 1, 2, 3, 4, 5, 6, 7, 8, 9.": (
        lambda: data_prep.hold_out_classes(data_prep.load_images("digits"), (11,))
    ),
    "9 of the 10 classes of 'digits' are held out; hold out at least one and keep two for "
    "training.": lambda: data_prep.hold_out_classes(data_prep.load_images("digits"), range(9)),
    "0 of the 10 classes of 'digits' are held out; hold out at least one and keep two for "
    "training.": lambda: data_prep.hold_out_classes(data_prep.load_images("digits"), ()),
}


@pytest.mark.parametrize("message", REFUSED)
def test_bad_requests_are_refused(message):
    with pytest.raises(data_prep.DataError) as caught:
        REFUSED[message]()
    assert str(caught.value) == message


# Real data.


def test_omniglot_one_shot_within_an_alphabet(data_folder):
    with np.load(data_folder / "omniglot" / "omniglot.npz") as archive:
        bits = archive["evaluation_bits"]
        alphabet, character = archive["evaluation_alphabet"], archive["evaluation_character"]
    assert len(bits) == 13180
    images = np.unpackbits(bits, axis=1)[:, :11025].reshape(-1, 105, 105)
    part = data_prep.Part(images, character)
    episodes = data_prep.make_episodes(part, episodes=20, ways=20, groups=alphabet)
    support, query = episodes.inputs
    assert support.shape == (20, 20, 1, 105, 105)
    assert query.shape == (20, 20, 105, 105)

    # Alphabets with fewer than 20 characters give no task.
    rows, _, _ = episode_rows(character, 200, 20, groups=alphabet)
    sizes = [len(set(character[alphabet == group])) for group in range(20)]
    sampled = {group for group in range(20) if group in alphabet[rows]}
    assert sampled == {group for group in range(20) if sizes[group] >= 20}

    rows, same = pair_rows(alphabet.astype(int) * 100 + character, 30_000)
    assert same.sum() == 15_000
    assert (alphabet[rows[same == 1, 0]] == alphabet[rows[same == 1, 1]]).all()
