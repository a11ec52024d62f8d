"""Scores of classes against counts made by hand, and baselines that never see the test part."""

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


def test_two_classes_may_come_as_one_probability():
    labels = np.array([0, 0, 1, 1])
    second = np.array([0.1, 0.6, 0.4, 0.9])  # of the four pairs (0, 1), three are in order
    wanted = {"accuracy": 0.5, "AUC": 0.75, "accuracy of no": 0.5, "accuracy of yes": 0.5}
    for form in (second, second[:, None], np.stack([1 - second, second], axis=1)):
        assert scores.classification(labels, form, ["no", "yes"]) == wanted
        np.testing.assert_array_equal(scores.confusion(labels, form), [[1, 1], [1, 1]])
    alone = scores.classification(np.zeros(4, int), second, ["no", "yes"])
    assert "AUC" not in alone, "one class has no ranking"


def test_the_hardest_examples_come_first_with_the_predicted_class():
    labels = np.array([0, 1, 2, 0])
    predicted = np.array([[0.9, 0.1, 0.0], [0.7, 0.2, 0.1], [0.3, 0.3, 0.4], [0.0, 0.0, 1.0]])
    rows, titles = scores.hardest(labels, predicted, ["a", "b", "c"], count=3)
    assert list(rows) == [3, 1, 2]
    assert titles == [
        "true a, predicted c\n(p = 1.00)",
        "true b, predicted a\n(p = 0.70)",
        "true c, predicted c\n(p = 0.40)",
    ]
    rows, titles = scores.hardest(np.array([1, 0]), np.array([0.25, 0.125]), ["no", "yes"])
    assert titles == ["true yes, predicted no\n(p = 0.75)", "true no, predicted no\n(p = 0.88)"]


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


def test_majority_looks_at_no_input():
    train = data_prep.Part(np.array(["no", "number", "here"]), np.array([0, 1, 1]))
    data = data_prep.Dataset("toy", "here", train, train, train, classes=("a", "b"))
    found = scores.classification_baselines(data, ("majority",))
    assert found == {"majority": {"accuracy": pytest.approx(2 / 3), "AUC": 0.5}}


def test_logistic_regression_is_one_of_the_models_to_compare_with():
    inputs = np.linspace(-1, 1, 40)[:, None]
    part = data_prep.Part(inputs, (inputs[:, 0] > 0).astype(int))
    data = data_prep.Dataset("toy", "here", part, part, part, classes=("a", "b"))
    found = scores.classification_baselines(data, ("logistic regression",))
    assert found == {"logistic regression": {"accuracy": 1.0, "AUC": 1.0}}


def test_one_nearest_neighbour_predicts_the_class_of_the_nearest_input():
    # The centroids, 4 and 5, would predict the opposite.
    train = data_prep.Part(np.array([[0.0], [8.0], [4.5], [5.5]]), np.array([0, 0, 1, 1]))
    test = data_prep.Part(np.array([[0.5], [7.0], [5.2], [4.6]]), np.array([0, 0, 1, 0]))
    empty = data_prep.Part(np.zeros((0, 1)), np.zeros(0, int))
    data = data_prep.Dataset("toy", "here", train, empty, test, classes=("a", "b"))
    found = scores.classification_baselines(data, ("1-nearest neighbour",))
    assert found == {"1-nearest neighbour": {"accuracy": 0.75}}, "no ranking, so no AUC"
