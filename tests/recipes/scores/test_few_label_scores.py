"""Accuracy for several numbers of labels: means, and the lines of the curve."""

import numpy as np
import pytest

import visualize
from recipes.scores.few_labels import accuracy_curve, mean_accuracies


def test_means_are_over_the_samples_and_all_labels_come_last():
    means = mean_accuracies({100: [0.2, 0.4], 1000: [0.5, 0.7], 5000: [0.8]})
    assert means == {
        "accuracy": 0.8,
        "accuracy with 100 labels": pytest.approx(0.3),
        "accuracy with 1000 labels": 0.6,
    }


def test_a_number_with_fewer_samples_is_filled_and_can_be_plotted():
    accuracies = {
        "not_pretrained": {100: [0.1, 0.3], 5000: [0.7]},
        "bert": {100: [0.2, 0.4], 5000: [0.8]},
    }
    counts, lines, *names = accuracy_curve(accuracies)
    assert counts == [100, 5000]
    assert list(lines) == ["not pretrained", "bert"]
    np.testing.assert_array_equal(lines["bert"], [(0.2, 0.8), (0.4, np.nan)])

    figure = visualize.plot_lines(counts, lines, *names, log_x=True)
    (line, *_) = figure.axes[0].get_lines()
    np.testing.assert_allclose(line.get_ydata(), [0.2, 0.7])
