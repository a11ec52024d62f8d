"""Plots of a training run: curves, confusion matrix, gradients."""

import numpy as np
from matplotlib.figure import Figure

from visualize.errors import VisualizeError
from visualize.style import BLUE, FAINT, INK, ORANGE, make_axes, style_axes


def plot_training_curves(history, ax=None):
    """Draw every quantity of a training history, training against validation.

    Args:
        history: {name: values by epoch}, as in `keras.callbacks.History.history`. A name with a
            twin "val_..." shares its axes.
        ax: matplotlib Axes to draw a single quantity into; a new Figure with one panel per
            quantity when None.

    Returns:
        The matplotlib Figure.
    """
    names = [
        name
        for name in history
        if not (name.startswith("val_") and name[4:] in history) and name != "learning_rate"
    ]
    if not names:
        raise VisualizeError("the history is empty: train for at least one epoch.")
    if ax is None:
        columns = min(len(names), 3)
        lines = -(-len(names) // columns)
        figure = Figure(figsize=(4.2 * columns, 3.1 * lines), layout="constrained")
        panels = figure.subplots(lines, columns, squeeze=False).ravel()
    elif len(names) > 1:
        raise VisualizeError(f"one Axes for {len(names)} quantities: {', '.join(names)}; pass one.")
    else:
        figure, panels = ax.figure, [ax]
    for panel, name in zip(panels, names, strict=False):
        _plot_quantity(panel, name, history)
    for panel in panels[len(names) :]:
        panel.set_axis_off()
    return figure


def _plot_quantity(ax, name, history):
    values = history[name]
    epochs = np.arange(1, len(values) + 1)
    marker = "o" if len(values) < 30 else None
    ax.plot(epochs, values, color=BLUE, marker=marker, markersize=3, label="training")
    if f"val_{name}" in history:
        ax.plot(
            epochs,
            history[f"val_{name}"],
            color=ORANGE,
            marker=marker,
            markersize=3,
            linestyle="--",
            label="validation",
        )
        ax.legend(frameon=False)
    ax.set_xlabel("epoch")
    ax.set_title(name.replace("_", " "))
    ax.xaxis.get_major_locator().set_params(integer=True)
    style_axes(ax)


def plot_confusion_matrix(matrix, classes, ax=None):
    """Draw counts of true class against predicted class, the mistakes standing out.

    Args:
        matrix: (classes, classes) counts; row = true class, column = predicted class.
        classes: names of the classes, in that order.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.
    """
    matrix = np.asarray(matrix)
    size = len(classes)
    if matrix.shape != (size, size):
        raise VisualizeError(f"matrix {matrix.shape} and {size} class names do not fit each other.")
    if ax is None:
        side = min(max(3.6, 0.42 * size + 1.4), 14)
        figure = Figure(figsize=(side, side), layout="constrained")
        ax = figure.subplots()
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    ticks = range(size) if size <= 40 else range(0, size, -(-size // 40))
    names = [str(classes[tick]) for tick in ticks]
    ax.set_xticks(list(ticks), names, rotation=90 if max(map(len, names)) > 3 else 0)
    ax.set_yticks(list(ticks), names)
    ax.set_xlabel("predicted")
    ax.set_ylabel("true")
    if size <= 20:
        for row, column in np.argwhere(matrix):
            wrong = row != column
            color = ORANGE if wrong else "white" if shares[row, column] > 0.5 else INK
            ax.text(
                column,
                row,
                f"{matrix[row, column]}",
                ha="center",
                va="center",
                color=color,
                fontsize=8,
                fontweight="bold" if wrong else "normal",
            )
    ax.set_title(f"{int(matrix.sum() - np.trace(matrix))} of {int(matrix.sum())} wrong")
    return ax.figure


def plot_gradient_flow(norms, ax=None):
    """Draw how large the gradient is in each layer: where it vanishes, and where it explodes.

    Args:
        norms: {layer: norm, or norms by epoch}, from the first layer to the last, as
            `gradient_norms` gives them.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure: the first and the last epoch as lines, all epochs as a band.

    Raises:
        VisualizeError: if there is no layer, or not the same number of epochs for each.
    """
    if not norms:
        raise VisualizeError("no gradient norms given: pass {layer: norms by epoch}.")
    lengths = {name: np.size(values) for name, values in norms.items()}
    if len(set(lengths.values())) > 1 or 0 in lengths.values():
        raise VisualizeError(
            f"layers have different numbers of epochs, or none: {lengths}; give each one norm "
            "per epoch."
        )
    values = np.array([np.ravel(by_epoch) for by_epoch in norms.values()], dtype="float64")
    ax = make_axes(ax, max(4.2, 0.55 * len(norms) + 1.2), 3.4)
    rows = np.arange(len(norms))
    epochs = values.shape[1]
    if epochs > 2:
        ax.fill_between(
            rows, values.min(axis=1), values.max(axis=1), color=FAINT, label="all epochs", lw=0
        )
    ax.plot(rows, values[:, 0], color=BLUE, marker="o", markersize=5, label="epoch 1")
    if epochs > 1:
        ax.plot(
            rows,
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
    long = max(map(len, norms)) > 6
    ax.set_xticks(rows, list(norms), rotation=90 if long else 0, parse_math=False)
    ax.set_xlabel("layer, from input to output")
    ax.set_ylabel("norm of the gradient")
    style_axes(ax)
    return ax.figure
