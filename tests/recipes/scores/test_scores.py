"""Scores against counts made by hand, and baselines that never see the test part."""

import numpy as np
import pytest

import data_prep
from recipes import scores

LABELS = np.array([0, 0, 0, 1, 1, 2])
PREDICTED = np.array([0, 1, 0, 1, 1, 0])


def probabilities(predicted, classes=3):
    return np.eye(classes)[predicted] * 0.5 + 0.1


def test_classification_counts():
    found = scores.classification(LABELS, probabilities(PREDICTED), ["a", "b", "c"])
    assert found == {
        "accuracy": pytest.approx(4 / 6),
        "accuracy of a": pytest.approx(2 / 3),
        "accuracy of b": 1.0,
        "accuracy of c": 0.0,
    }


def test_a_class_without_test_examples_is_left_out():
    found = scores.classification(LABELS, probabilities(PREDICTED, 4), ["a", "b", "c", "d"])
    assert "accuracy of d" not in found


def test_confusion_has_true_classes_in_rows():
    matrix = scores.confusion(LABELS, probabilities(PREDICTED, 4))
    wanted = [[2, 1, 0, 0], [0, 2, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    np.testing.assert_array_equal(matrix, wanted)


def test_labels_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"labels \(6, 1\) and probabilities \(6, 3\) do not fit"):
        scores.confusion(LABELS[:, None], probabilities(PREDICTED))


def test_baselines_are_fitted_on_training_alone():
    # Two far clusters; in the test part their labels are swapped and most are of class 1.
    inputs = np.array([[0.0], [0.1], [0.2], [9.0], [9.1]])
    train = data_prep.Part(inputs, np.array([0, 0, 0, 1, 1]))
    test = data_prep.Part(inputs, np.array([1, 1, 1, 0, 1]))
    data = data_prep.Dataset("toy", "here", train, train, test, classes=("a", "b"))
    assert scores.classification_baselines(data) == {
        "majority": {"accuracy": pytest.approx(1 / 5), "AUC": 0.5},
        "nearest centroid": {"accuracy": pytest.approx(1 / 5)},
    }


def test_two_classes_may_come_as_one_probability():
    labels = np.array([0, 0, 1, 1])
    second = np.array([0.1, 0.6, 0.4, 0.9])  # of the four pairs (0, 1), three are in order
    wanted = {"accuracy": 0.5, "AUC": 0.75, "accuracy of no": 0.5, "accuracy of yes": 0.5}
    for form in (second, second[:, None], np.stack([1 - second, second], axis=1)):
        assert scores.classification(labels, form, ["no", "yes"]) == wanted
        np.testing.assert_array_equal(scores.confusion(labels, form), [[1, 1], [1, 1]])
    alone = scores.classification(np.zeros(4, int), second, ["no", "yes"])
    assert "AUC" not in alone, "one class has no ranking"


def test_regression_scores():
    targets, predictions = np.array([1.0, 2.0, 6.0]), np.array([1.0, 4.0, 5.0])
    wanted = {
        "mean absolute error": pytest.approx(1.0),
        "root mean squared error": pytest.approx((5 / 3) ** 0.5),
        "R2": pytest.approx(1 - 5 / 14),
    }
    assert scores.regression(targets, predictions) == wanted
    assert scores.regression(targets, predictions[:, None]) == wanted
    with pytest.raises(ValueError, match=r"targets \(3,\) and predictions \(2,\) do not fit"):
        scores.regression(targets, predictions[:2])


def test_regression_baselines_are_fitted_on_training_alone():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(60, 2))
    train = data_prep.Part(inputs, 3 * inputs[:, 0] + 1)
    test = data_prep.Part(inputs[:5], np.full(5, 100.0))
    data = data_prep.Dataset("toy", "here", train, train, test)
    found = scores.regression_baselines(data, ("mean", "ridge regression"))
    mean = train.labels.mean()
    assert found["mean"]["mean absolute error"] == pytest.approx(100 - mean)
    near = np.abs(100 - train.labels[:5]).mean()
    assert found["ridge regression"]["mean absolute error"] == pytest.approx(near, rel=1e-3)


def test_majority_looks_at_no_input():
    train = data_prep.Part(np.array(["no", "number", "here"]), np.array([0, 1, 1]))
    data = data_prep.Dataset("toy", "here", train, train, train, classes=("a", "b"))
    found = scores.classification_baselines(data, ("majority",))
    assert found == {"majority": {"accuracy": pytest.approx(2 / 3), "AUC": 0.5}}


def test_logistic_regression_stands_beside():
    inputs = np.linspace(-1, 1, 40)[:, None]
    part = data_prep.Part(inputs, (inputs[:, 0] > 0).astype(int))
    data = data_prep.Dataset("toy", "here", part, part, part, classes=("a", "b"))
    found = scores.classification_baselines(data, ("logistic regression",))
    assert found == {"logistic regression": {"accuracy": 1.0, "AUC": 1.0}}


def test_the_hardest_examples_come_first_with_what_was_said():
    labels = np.array([0, 1, 2, 0])
    shares = np.array([[0.9, 0.1, 0.0], [0.7, 0.2, 0.1], [0.3, 0.3, 0.4], [0.0, 0.0, 1.0]])
    rows, titles = scores.hardest(labels, shares, ["a", "b", "c"], count=3)
    assert list(rows) == [3, 1, 2]
    assert titles == [
        "true a\npredicted c (p = 1.00)",
        "true b\npredicted a (p = 0.70)",
        "true c\npredicted c (p = 0.40)",
    ]
    rows, titles = scores.hardest(np.array([1, 0]), np.array([0.25, 0.125]), ["no", "yes"])
    assert titles == ["true yes\npredicted no (p = 0.75)", "true no\npredicted no (p = 0.88)"]


def test_unigram_bits_are_the_entropy_of_the_counts_with_room_for_the_unseen():
    train = [0] * 6 + [1] * 2
    # Two kinds were seen, so that 2 of 10 parts are shared by all four tokens alike.
    likely = np.array([6 + 2 / 4, 2 + 2 / 4, 2 / 4, 2 / 4]) / 10
    for token in range(4):
        found = scores.ngram_bits(train, [token], 1, 4)
        assert found == pytest.approx(-np.log2(likely[token]))
    assert likely.sum() == pytest.approx(1)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_ngram_probabilities_of_all_tokens_sum_to_one(order):
    rng = np.random.default_rng(0)
    train, before = rng.integers(5, size=60), [3, 1, 4]
    bits = [scores.ngram_bits(train, before, order, 5)]
    sums = sum(
        2 ** (3 * bits[0] - 4 * scores.ngram_bits(train, [*before, token], order, 5))
        for token in range(5)
    )
    assert sums == pytest.approx(1)


def test_ngrams_follow_the_formula_token_by_token():
    train, test, size, order = [0, 1, 0, 1, 2, 0, 1, 1], [1, 0, 1, 2, 1], 3, 3

    def probability(token, before):
        lower = 1 / size if not before else probability(token, before[1:])
        places = range(len(train) - len(before))
        behind = [
            train[i + len(before)] for i in places if train[i : i + len(before)] == list(before)
        ]
        kinds = len(set(behind))
        return (behind.count(token) + kinds * lower) / (len(behind) + kinds) if behind else lower

    bits = [-np.log2(probability(t, test[max(0, i - order + 1) : i])) for i, t in enumerate(test)]
    assert scores.ngram_bits(train, test, order, size) == pytest.approx(np.mean(bits))


def test_long_ngrams_know_a_text_that_repeats():
    text = [0, 1, 2, 3] * 200
    assert scores.ngram_bits(text, text, 1, 4) > 1.9
    assert scores.ngram_bits(text, text, 3, 4) < 0.05
    with pytest.raises(ValueError, match="n-grams of 0 tokens"):
        scores.ngram_bits(text, text, 0, 4)


def test_one_nearest_neighbour_answers_with_the_class_of_the_nearest_input():
    # The centroids, 4 and 5, would give the opposite answers.
    train = data_prep.Part(np.array([[0.0], [8.0], [4.5], [5.5]]), np.array([0, 0, 1, 1]))
    test = data_prep.Part(np.array([[0.5], [7.0], [5.2], [4.6]]), np.array([0, 0, 1, 0]))
    empty = data_prep.Part(np.zeros((0, 1)), np.zeros(0, int))
    data = data_prep.Dataset("toy", "here", train, empty, test, classes=("a", "b"))
    found = scores.classification_baselines(data, ("1-nearest neighbour",))
    assert found == {"1-nearest neighbour": {"accuracy": 0.75}}, "no ranking, so no AUC"


def test_errors_of_frames_are_given_for_each_step():
    truth = np.zeros((2, 3, 4, 5, 1))
    predictions = truth.copy()
    predictions[:, 1] = 0.5
    predictions[0, 2] = 1
    assert scores.frame_prediction(truth, predictions) == {
        "mean squared error": pytest.approx(0.25),
        "mean squared error 1 ahead": 0.0,
        "mean squared error 2 ahead": pytest.approx(0.25),
        "mean squared error 3 ahead": pytest.approx(0.5),
    }
    with pytest.raises(ValueError, match=r"truth \(2, 3, 4, 5, 1\) and predictions \(3, 4, 5, 1\)"):
        scores.frame_prediction(truth, predictions[0])


def bag(*texts):
    """Texts of ids padded to length 4, and their classes: 1 where id 5 is among them."""
    ids = np.array([(text + [0] * 4)[:4] for text in texts])
    return data_prep.Part(ids, (ids == 5).any(axis=1).astype(int))


def test_a_bag_of_words_knows_which_ids_a_text_has_but_not_where():
    texts = [5, 2], [3, 5], [2, 3], [3], [4, 5], [4, 2], [5], [2, 4, 3]
    train = bag(*texts * 20)
    test = bag([2, 5], [7, 5], [3, 2], [2])  # id 7 is in no training text
    data = data_prep.Dataset("toy", "here", train, train, test, classes=("a", "b"))
    found = scores.text_baselines(data, ["bag of words"])["bag of words"]
    assert found == {"accuracy": 1.0, "AUC": 1.0, "accuracy of a": 1.0, "accuracy of b": 1.0}
    order = data_prep.Part(np.array([[2, 3], [3, 2]] * 4), np.array([0, 1] * 4))
    data = data_prep.Dataset("toy", "here", order, order, order, classes=("a", "b"))
    assert scores.text_baselines(data, ["bag of words"])["bag of words"]["accuracy"] == 0.5, (
        "the same words in another order"
    )


def test_a_bag_of_words_leaves_padding_out():
    # The texts of one class are shorter: padding alone would tell the classes apart.
    train = data_prep.Part(np.array([[2, 2, 2, 2], [2, 0, 0, 0]] * 4), np.array([0, 1] * 4))
    data = data_prep.Dataset("toy", "here", train, train, train, classes=("a", "b"))
    assert scores.text_baselines(data, ["bag of words"])["bag of words"]["accuracy"] == 0.5


def test_principal_components_rebuild_what_lies_in_a_plane_and_no_more():
    random = np.random.default_rng(0)
    plane = random.normal(size=(60, 2)) @ random.normal(size=(2, 6))
    inputs, labels = plane.reshape(60, 2, 3), (plane[:, 0] > 0).astype(int)
    part = data_prep.Part(inputs, labels)
    data = data_prep.Dataset("plane", "drawn", part, part, part, ("below", "above"))
    found = scores.autoencoding_baselines(data, {"PCA": 2})["PCA"]
    assert found["mean squared error"] == pytest.approx(0, abs=1e-12)
    assert found["accuracy of a linear probe"] > 0.9
    one = scores.autoencoding_baselines(data, {"PCA": 1})["PCA"]["mean squared error"]
    singular = np.linalg.svd(plane - plane.mean(axis=0), compute_uv=False)
    assert one == pytest.approx(singular[1] ** 2 / plane.size)
    codes = {"train": plane[:, :1], "test": plane[:, :1]}
    rebuilt = scores.autoencoding(data, codes, inputs + 0.5)
    assert rebuilt["mean squared error"] == pytest.approx(0.25)
    with pytest.raises(ValueError, match="does not have the inputs' shape"):
        scores.autoencoding(data, codes, plane)
