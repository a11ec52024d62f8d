"""The house style, and plots of a training run: curves, confusion matrix, gradients, forecast."""

import numpy as np
from matplotlib.figure import Figure

from visualize.errors import VisualizeError

INK, FAINT = "#1b1f24", "#c9ced6"
BLUE, ORANGE = "#2166ac", "#d95f02"  # apart for the colour-blind and in grey print


def make_axes(ax, width, height):
    """The given Axes, or the one of a new Figure of `width` x `height` inches."""
    if ax is not None:
        return ax
    return Figure(figsize=(width, height), layout="constrained").subplots()


def make_panels(ax, rows, columns, gap=(0.08, 0.08)):
    """Divide an Axes into a grid of small Axes.

    Args:
        ax: matplotlib Axes that gives its place; only its title stays visible.
        rows: number of rows.
        columns: number of columns.
        gap: (horizontal, vertical) space between panels, in widths and heights of a panel.

    Returns:
        Array (rows, columns) of Axes.
    """
    ax.set_axis_off()
    width = 1 / (columns + (columns - 1) * gap[0])
    height = 1 / (rows + (rows - 1) * gap[1])
    panels = np.empty((rows, columns), dtype=object)
    for row, column in np.ndindex(rows, columns):
        left = column * width * (1 + gap[0])
        bottom = 1 - height - row * height * (1 + gap[1])
        panels[row, column] = ax.inset_axes((left, bottom, width, height))
    return panels


def make_canvas(ax, width, height, inches=0.8):
    """An Axes to draw on in units of equal length, without frame.

    Args:
        ax: matplotlib Axes, or None for a new Figure.
        width: width of the canvas in units.
        height: height of the canvas in units.
        inches: length of a unit in a new Figure.

    Returns:
        (ax, points): the Axes, and how many points a unit is long, so that text can grow with it.
    """
    if ax is None:
        figure = Figure(figsize=(inches * width, inches * height))
        ax = figure.add_axes((0, 0, 1, 1))
    ax.set_axis_off()
    box = ax.get_window_extent()
    points = 72 / ax.figure.dpi * min(box.width / width, box.height / height)
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    return ax, points


def style_axes(ax):
    """A light grid behind the data, and a frame on two sides."""
    ax.grid(color=FAINT, linewidth=0.5)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


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


def gradient_norms(model, inputs, labels):
    """Norm of the loss's gradient in each layer, for one batch; the model stays as it is.

    Args:
        model: a compiled keras.Model on the TensorFlow backend.
        inputs: a batch of inputs.
        labels: their labels.

    Returns:
        {layer name: Euclidean norm of the gradient over all trainable weights of the layer}, in
        the order of `model.layers`. The model is called as at prediction: without dropout, and
        with the stored statistics of batch normalisation.

    Raises:
        VisualizeError: if the model is not compiled, or the backend is not TensorFlow.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        raise VisualizeError(
            f"gradient norms need the TensorFlow backend, not {keras.backend.backend()}: set "
            "KERAS_BACKEND=tensorflow, or give plot_gradient_flow norms of your own."
        )
    if not model.compiled:
        raise VisualizeError(
            f"model {model.name!r} has no loss: call model.compile(loss=...) first."
        )
    import tensorflow as tf

    weights = model.trainable_variables
    inputs = tf.nest.map_structure(keras.ops.convert_to_tensor, inputs)
    with tf.GradientTape() as tape:
        outputs = model(inputs, training=False)
        loss = model.compute_loss(x=inputs, y=labels, y_pred=outputs, training=False)
    gradients = tape.gradient(loss, [weight.value for weight in weights])
    squares = {
        id(weight): 0.0 if gradient is None else float(tf.norm(tf.convert_to_tensor(gradient))) ** 2
        for weight, gradient in zip(weights, gradients, strict=True)
    }
    return {
        layer.name: sum(squares[id(weight)] for weight in layer.trainable_variables) ** 0.5
        for layer in model.layers
        if layer.trainable_variables
    }


def plot_forecast(truth, forecast, start, window, horizon=1, ax=None):
    """Draw a forecast beside what happened, with the frame that the model saw marked.

    Args:
        truth: (rows,) the series.
        forecast: (steps,) predicted values, the first `horizon` rows after the frame's last row.
        start: first row of the frame.
        window: rows in the frame.
        horizon: distance in rows from the frame's last row to the first predicted one.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if the frame does not lie in the series, or there is nothing to draw.
    """
    truth, forecast = np.asarray(truth, "float64"), np.atleast_1d(np.asarray(forecast, "float64"))
    if truth.ndim != 1 or forecast.ndim != 1 or not forecast.size:
        raise VisualizeError(
            f"truth {truth.shape} and forecast {forecast.shape} must be one column of values each."
        )
    if window < 1 or horizon < 1 or start < 0 or start + window > len(truth):
        raise VisualizeError(
            f"no frame of {window} rows from row {start}, horizon {horizon}, in a series of "
            f"{len(truth)} rows: choose 0 <= start, 1 <= window, start + window <= rows and "
            "1 <= horizon."
        )
    first = start + window - 1 + horizon
    ax = make_axes(ax, 7.2, 3.1)
    ax.axvspan(start - 0.5, start + window - 0.5, color=FAINT, alpha=0.6, lw=0, label="frame")
    ax.plot(np.arange(len(truth)), truth, color=BLUE, label="truth")
    ax.plot(
        np.arange(first, first + len(forecast)),
        forecast,
        color=ORANGE,
        linestyle="--",
        marker="o",
        markersize=3,
        label="forecast",
    )
    ax.set_xlabel("row")
    ax.margins(x=0.02)
    ax.legend(frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0)
    style_axes(ax)
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
    style_axes(ax)
