"""Verification and one-shot scores against scikit-learn and against data whose score is known."""

import numpy as np
import pytest
from scipy.spatial.distance import directed_hausdorff
from sklearn.metrics import roc_auc_score, roc_curve

import data_prep
from data_prep import NewClasses, Part
from recipes import scores
from recipes.scores.verification import (
    best_threshold,
    equal_error_rate,
    hausdorff_scores,
    modified_hausdorff,
    one_shot,
    pair_scores,
    roc_points,
)


@pytest.fixture
def pairs():
    """Distances with ties, shorter for pairs of one class; and the kinds of the pairs."""
    random = np.random.default_rng(0)
    same = random.integers(2, size=400)
    distances = np.round(random.normal(2 - same, 0.8), 1)
    return distances - distances.min(), same


@pytest.fixture
def points():
    """Classes 0 to 5 around corners of a plane, 4 and 5 for testing alone."""
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(6), 20)
    corners = np.array([[0, 0], [9, 0], [0, 9], [9, 9], [0, 4], [9, 4]])
    inputs = corners[labels] + random.normal(size=(120, 2))
    for_training = labels < 4
    rows = np.arange(120)
    train = Part(inputs, labels).take(for_training & (rows % 4 > 0))
    validation = Part(inputs, labels).take(for_training & (rows % 4 == 0))
    test = Part(inputs, labels).take(~for_training)
    return NewClasses("points", "made here", train, validation, test)


def test_auc_and_curve_equal_scikit_learn(pairs):
    distances, same = pairs
    found = pair_scores(distances, same, 1.0)
    assert found["AUC"] == pytest.approx(roc_auc_score(same, -distances))

    curve = roc_points(distances, same, np.argsort(distances), np.ones(400))
    expected = roc_curve(same, -distances, drop_intermediate=False)
    for ours, theirs in zip(curve, expected, strict=False):
        np.testing.assert_allclose(ours, theirs)


def test_counts_of_pairs_are_pairs_that_come_several_times(pairs):
    distances, same = pairs
    counts = np.random.default_rng(1).integers(4, size=400)
    rows = np.repeat(np.arange(400), counts)
    false, true = roc_points(distances, same, np.argsort(distances), counts)
    area = np.trapezoid(true, false)
    assert area == pytest.approx(roc_auc_score(same[rows], -distances[rows]))


def test_the_equal_error_rate_is_where_both_errors_are_equal():
    assert equal_error_rate(np.array([0, 0.2, 1]), np.array([0, 0.8, 1])) == pytest.approx(0.2)
    assert equal_error_rate(np.array([0, 0, 1]), np.array([0, 1, 1])) == pytest.approx(0)
    assert equal_error_rate(np.array([0, 1]), np.array([0, 1])) == pytest.approx(0.5)


def test_the_best_threshold_is_that_of_all_tried(pairs):
    distances, same = pairs
    rights = [((distances < edge) == same).mean() for edge in np.arange(-0.05, 6, 0.1)]
    threshold = best_threshold(distances, same)
    assert ((distances < threshold) == same).mean() >= max(rights) - 0.02
    assert best_threshold([1.0, 2.0, 3.0, 4.0], [1, 1, 0, 0]) == 2.5
    assert best_threshold([1.0, 2.0], [1, 1]) > 2
    assert best_threshold([1.0, 2.0], [0, 0]) == 0


def test_no_threshold_divides_pairs_of_equal_distance():
    # The only ways: all pairs different (3 right), the first one same (4), all same (2).
    distances = np.array([1.0, 2.0, 2.0, 2.0, 2.0])
    same = np.array([1, 1, 0, 0, 0])
    assert 1.0 < best_threshold(distances, same) < 2.0
    assert best_threshold(np.zeros(5), same) == 0


def test_a_class_of_one_example_is_in_no_task():
    random = np.random.default_rng(0)
    labels = np.array([0, 0, 1, 1, 2])
    part = Part(random.normal(size=(5, 3)), labels)
    data = NewClasses("points", "made here", part, part, part, classes=("a", "b", "c"))
    found = scores.verification(data, lambda inputs: inputs)
    assert 0 <= found.scores["one-shot accuracy"] <= 1


def test_intervals_hold_the_score_and_shrink_with_more_pairs(pairs):
    distances, same = pairs
    few = pair_scores(distances[:100], same[:100], 1.0)
    many = pair_scores(distances, same, 1.0)
    for name in ("AUC", "equal error rate", "accuracy"):
        widths = []
        for found in (few, many):
            low, high = found[f"{name}, 95% from"], found[f"{name}, 95% to"]
            assert low <= found[name] <= high
            widths.append(high - low)
        assert widths[1] < 0.8 * widths[0]


def test_the_interval_of_the_accuracy_is_that_of_a_binomial():
    right = np.arange(1000) < 800
    same = np.arange(1000) % 2
    distances = np.where(right == same, 0.0, 2.0)
    found = pair_scores(distances, same, 1.0)
    half = 1.96 * (0.8 * 0.2 / 1000) ** 0.5
    assert found["accuracy"] == 0.8
    assert found["accuracy, 95% from"] == pytest.approx(0.8 - half, abs=0.007)
    assert found["accuracy, 95% to"] == pytest.approx(0.8 + half, abs=0.007)


def test_one_shot_takes_the_nearest():
    support = np.array([[[0.0], [10.0]], [[0.0], [10.0]]])
    query = np.array([[[1.0], [9.0]], [[6.0], [7.0]]])
    found = one_shot((support, query, np.array([[0, 1], [0, 1]])))
    assert found["one-shot accuracy"] == 0.75
    assert (found["one-shot accuracy, 95% from"], found["one-shot accuracy, 95% to"]) == (0.5, 1)


def test_an_embedding_that_tells_the_classes_is_perfect(points):
    found = scores.compare_embeddings(points, lambda inputs: np.round(inputs / 9) * [9, 0])
    ours = found["this recipe"].scores
    assert ours["one-shot accuracy"] == ours["AUC"] == ours["accuracy"] == 1
    assert found["this recipe"].ways == 2
    assert scores.random_guess(found["this recipe"])["one-shot accuracy"] == 0.5
    assert set(scores.comparison_scores(points, found)) == {
        "pixel distance",
        "linear discriminant analysis",
    }


def test_an_embedding_that_tells_nothing_is_a_guess(points):
    random = np.random.default_rng(0)
    result = scores.verification(points, lambda inputs: random.normal(size=(len(inputs), 3)))
    assert result.scores["AUC"] == pytest.approx(0.5, abs=0.15)
    assert result.scores["one-shot accuracy"] == pytest.approx(0.5, abs=0.1)


def test_the_hardest_pairs_are_of_four_kinds(points):
    result = scores.verification(points, lambda inputs: inputs)
    predicted = result.distances < result.threshold
    for title, (first, second, distances) in scores.hardest_pairs(result, count=3).items():
        kind, outcome = title.split(", ")
        labels = points.test.labels
        assert ((labels[first] == labels[second]) == (kind == "same class")).all()
        assert (
            (distances < result.threshold) == ((kind == "same class") == (outcome == "right"))
        ).all()
        chosen = (result.same == (kind == "same class")) & (
            (predicted == result.same) == (outcome == "right")
        )
        extreme = max if kind == "same class" else min
        assert distances[0] == extreme(result.distances[chosen])


def test_modified_hausdorff_is_the_mean_form():
    a, b = np.array([[0.0, 0], [0, 1]]), np.array([[0.0, 0], [0, 4]])
    assert modified_hausdorff(a, b) == pytest.approx(1.5)  # means (0 + 1) / 2 and (0 + 3) / 2
    assert directed_hausdorff(b, a)[0] == 3  # the plain form takes the largest


def test_hausdorff_finds_shifted_drawings():
    random = np.random.default_rng(0)
    support = np.zeros((2, 5, 30, 30), bool)
    support[:, :, 5:20, 5:20] = random.random((2, 5, 15, 15)) < 0.1
    query = np.roll(support, (3, 4), axis=(2, 3))[:, ::-1]
    targets = np.tile(np.arange(5)[::-1], (2, 1))
    assert hausdorff_scores((support, query), targets)["one-shot accuracy"] == 1


@pytest.mark.full
def test_the_baseline_of_the_omniglot_benchmark(data_folder):
    """Lake's demo: the modified Hausdorff distance has 38.8% errors on the 20 runs."""
    ink, targets = data_prep.read_runs(data_folder / "omniglot" / "all_runs.zip")
    found = hausdorff_scores(ink, targets)
    assert found["one-shot accuracy"] == pytest.approx(1 - 0.388, abs=0.001)
