"""Plots of training: curves, confusion matrix, gradient flow."""

import numpy as np
from matplotlib.figure import Figure

from visualize.errors import VisualizeError
from visualize.style import BLUE, FAINT, INK, ORANGE, make_axes, style_axes

MOST_NUMBERED_CLASSES = 20  # of a larger confusion matrix the counts cannot be read
MOST_NAMED_CLASSES = 40  # of a larger confusion matrix only some classes are named


def plot_training_curves(history, ax=None):
    """Plot every metric of a training history, with training and validation in one panel.

    Args:
        history: {metric: values by epoch}, as in `keras.callbacks.History.history`. The values of
            "val_<metric>" are drawn into the panel of the metric.
        ax: matplotlib Axes to draw one metric into; a new Figure with one panel per metric when
            None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if the history is empty, or has several metrics for one Axes.
    """
    metrics = [
        name
        for name in history
        if not (name.startswith("val_") and name[4:] in history) and name != "learning_rate"
    ]
    if not metrics:
        raise VisualizeError("the history is empty: train for at least one epoch.")

    if ax is None:
        columns = min(len(metrics), 3)
        rows = -(-len(metrics) // columns)
        figure = Figure(figsize=(4.2 * columns, 3.1 * rows), layout="constrained")
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
    elif len(metrics) > 1:
        raise VisualizeError(f"one Axes for {len(metrics)} metrics: {', '.join(metrics)}; use one.")
    else:
        figure, panels = ax.figure, [ax]

    for panel, metric in zip(panels, metrics, strict=False):
        _draw_metric(panel, metric, history)
    for panel in panels[len(metrics) :]:
        panel.set_axis_off()
    return figure


def _draw_metric(ax, metric, history):
    """Draw the training values of one metric and, if there are any, its validation values."""
    values = history[metric]
    epochs = np.arange(1, len(values) + 1)
    marker = "o" if len(values) < 30 else None

    ax.plot(epochs, values, color=BLUE, marker=marker, markersize=3, label="training")
    if f"val_{metric}" in history:
        ax.plot(
            epochs,
            history[f"val_{metric}"],
            color=ORANGE,
            marker=marker,
            markersize=3,
            linestyle="--",
            label="validation",
        )
        ax.legend(frameon=False)

    ax.set_xlabel("epoch")
    ax.set_title(metric.replace("_", " "))
    ax.xaxis.get_major_locator().set_params(integer=True)
    style_axes(ax)


def plot_confusion_matrix(matrix, classes, ax=None):
    """Plot the counts of true and predicted classes, with the mistakes in orange.

    Args:
        matrix: (classes, classes) counts; a row is a true class, a column a predicted class.
        classes: names of the classes, in the same order.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if the shape of the matrix does not fit the classes.
    """
    matrix = np.asarray(matrix)
    size = len(classes)
    if matrix.shape != (size, size):
        raise VisualizeError(f"matrix {matrix.shape} and {size} class names do not fit each other.")

    if ax is None:
        side = min(max(3.6, 0.42 * size + 1.4), 14)
        figure = Figure(figsize=(side, side), layout="constrained")
        ax = figure.subplots()

    # The colour is the fraction of the examples of the true class.
    fractions = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    ax.imshow(fractions, cmap="Blues", vmin=0, vmax=1)

    ticks = list(range(size))
    if size > MOST_NAMED_CLASSES:
        ticks = ticks[:: -(-size // MOST_NAMED_CLASSES)]
    names = [str(classes[tick]) for tick in ticks]
    ax.set_xticks(ticks, names, rotation=90 if max(map(len, names)) > 3 else 0)
    ax.set_yticks(ticks, names)
    ax.set_xlabel("predicted class")
    ax.set_ylabel("true class")

    if size <= MOST_NUMBERED_CLASSES:
        _draw_counts(ax, matrix, fractions)
    total = int(matrix.sum())
    mistakes = int(total - np.trace(matrix))
    ax.set_title(f"{mistakes} of {total} wrong")
    return ax.figure


def _draw_counts(ax, matrix, fractions):
    """Write the counts that are not zero into the cells of a confusion matrix."""
    for row, column in np.argwhere(matrix):
        mistake = row != column
        on_dark = fractions[row, column] > 0.5
        color = "white" if on_dark else INK
        if mistake:
            color = ORANGE
        ax.text(
            column,
            row,
            f"{matrix[row, column]}",
            ha="center",
            va="center",
            color=color,
            fontsize=8,
            fontweight="bold" if mistake else "normal",
        )


def plot_gradient_flow(norms, ax=None):
    """Plot the norm of the gradient in each layer: where it vanishes, and where it explodes.

    Args:
        norms: {layer: norm, or norms by epoch}, from the first layer to the last, as from
            `gradient_norms`.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure. The first and the last epoch are lines; a band covers all epochs.

    Raises:
        VisualizeError: if there is no layer, or the layers differ in their number of epochs.
    """
    if not norms:
        raise VisualizeError("no gradient norms given: pass {layer: norms by epoch}.")
    epochs_by_layer = {name: np.size(values) for name, values in norms.items()}
    if len(set(epochs_by_layer.values())) > 1 or 0 in epochs_by_layer.values():
        raise VisualizeError(
            f"layers have different numbers of epochs, or none: {epochs_by_layer}; give one norm "
            "per epoch for each layer."
        )

    values = np.array([np.ravel(by_epoch) for by_epoch in norms.values()], dtype="float64")
    depths = np.arange(len(norms))
    epochs = values.shape[1]

    ax = make_axes(ax, max(4.2, 0.55 * len(norms) + 1.2), 3.4)
    if epochs > 2:
        lowest, highest = values.min(axis=1), values.max(axis=1)
        ax.fill_between(depths, lowest, highest, color=FAINT, label="all epochs", lw=0)
    ax.plot(depths, values[:, 0], color=BLUE, marker="o", markersize=5, label="epoch 1")
    if epochs > 1:
        ax.plot(
            depths,
            values[:, -1],
            color=ORANGE,
            marker="s",
            markersize=5,
            linestyle="--",
            label=f"epoch {epochs}",
        )
        ax.legend(frameon=False)

    if (values > 0).any():
        ax.set_yscale("log")
    long_names = max(map(len, norms)) > 6
    ax.set_xticks(depths, list(norms), rotation=90 if long_names else 0, parse_math=False)
    ax.set_xlabel("layer, from input to output")
    ax.set_ylabel("norm of the gradient")
    style_axes(ax)
    return ax.figure
