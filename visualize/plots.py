"""Plots of a training run: learning curves and the confusion matrix."""

import numpy as np
from matplotlib.figure import Figure

INK, FAINT = "#1b1f24", "#c9ced6"
BLUE, ORANGE = "#2166ac", "#d95f02"  # apart for the colour-blind and in grey print


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
        raise ValueError("the history is empty: train for at least one epoch.")
    if ax is None:
        columns = min(len(names), 3)
        lines = -(-len(names) // columns)
        figure = Figure(figsize=(4.2 * columns, 3.1 * lines), layout="constrained")
        panels = figure.subplots(lines, columns, squeeze=False).ravel()
    elif len(names) > 1:
        raise ValueError(f"one Axes for {len(names)} quantities: {', '.join(names)}; pass one.")
    else:
        figure, panels = ax.figure, [ax]
    for panel, name in zip(panels, names, strict=False):
        _plot_quantity(panel, name, history)
    for panel in panels[len(names) :]:
        panel.set_axis_off()
    return figure


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
        raise ValueError(f"matrix {matrix.shape} and {size} class names do not fit each other.")
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
    ax.grid(color=FAINT, linewidth=0.5)
    ax.spines[["top", "right"]].set_visible(False)
