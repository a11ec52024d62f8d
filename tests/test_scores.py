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
        "majority": {"accuracy": pytest.approx(1 / 5)},
        "nearest centroid": {"accuracy": pytest.approx(1 / 5)},
    }
