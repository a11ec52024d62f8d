"""Plots of a training run: curves, confusion matrix, gradient flow."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import visualize


def test_training_curves_show_the_history():
    history = {"loss": [3.0, 2.0, 1.0], "val_loss": [3.5, 2.5, 2.0], "accuracy": [0.1, 0.5, 0.9]}
    figure = visualize.plot_training_curves(history)
    loss, accuracy = (ax for ax in figure.axes if ax.axison)
    assert [list(line.get_ydata()) for line in loss.lines] == [
        history["loss"],
        history["val_loss"],
    ]
    assert list(accuracy.lines[0].get_xdata()) == [1, 2, 3]
    with pytest.raises(ValueError, match="history is empty"):
        visualize.plot_training_curves({})


def test_plots_draw_into_a_given_axes():
    ax = Figure().subplots()
    assert visualize.plot_training_curves({"loss": [1.0, 0.5]}, ax=ax) is ax.figure
    ax = Figure().subplots()
    assert visualize.plot_confusion_matrix(np.eye(2, dtype=int), ["a", "b"], ax=ax) is ax.figure
    with pytest.raises(ValueError, match="one Axes for 2 metrics"):
        visualize.plot_training_curves({"loss": [1.0], "accuracy": [1.0]}, ax=ax)


def test_confusion_matrix_shows_counts_and_mistakes():
    figure = visualize.plot_confusion_matrix([[3, 1], [0, 4]], ["cat", "dog"])
    (ax,) = figure.axes
    assert sorted(text.get_text() for text in ax.texts) == ["1", "3", "4"]
    assert ax.get_title() == "1 of 8 wrong"
    assert [label.get_text() for label in ax.get_yticklabels()] == ["cat", "dog"]
    with pytest.raises(ValueError, match="do not fit each other"):
        visualize.plot_confusion_matrix([[1]], ["a", "b"])


def test_gradient_flow_shows_first_last_and_all_epochs():
    norms = {"first": [1e-3, 1e-4, 1e-2], "second": [1, 2, 3]}
    (ax,) = visualize.plot_gradient_flow(norms).axes
    first, last = ax.lines
    assert list(first.get_ydata()) == [1e-3, 1]
    assert list(last.get_ydata()) == [1e-2, 3]
    band = ax.collections[0].get_paths()[0].vertices
    assert {1e-4, 1e-2} <= set(band[band[:, 0] == 0, 1])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["first", "second"]
    assert ax.get_yscale() == "log"
    (ax,) = visualize.plot_gradient_flow({"only": 0.5}).axes
    assert list(ax.lines[0].get_ydata()) == [0.5]
