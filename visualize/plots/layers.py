"""Plots of layers: activation functions, feature maps, filters."""

import difflib

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from visualize.errors import VisualizeError
from visualize.measures.units import check_single_input
from visualize.plots.images import frame_panel, make_image_panels, show_image, to_images
from visualize.style import (
    BLUE,
    INK,
    ORANGE,
    count_columns,
    make_axes,
    make_panels,
    style_axes,
)

ACTIVATIONS = (
    "linear",
    "sigmoid",
    "hard_sigmoid",
    "tanh",
    "softsign",
    "softplus",
    "relu",
    "leaky_relu",
    "prelu",
    "elu",
    "selu",
    "softmax",
)
TITLES = {"prelu": "prelu (learned slope)"}
NO_CURVE = {
    "glu": "it halves a vector",
    "log_softmax": "it works on a whole vector; draw softmax",
    "sparsemax": "it works on a whole vector; draw softmax",
    "threshold": "it needs a threshold and a value",
}
SIGNED = LinearSegmentedColormap.from_list("signed", [ORANGE, "white", BLUE])
MOST_PANELS = 64


def plot_activations(activations=ACTIVATIONS, ax=None):
    """Draw activation functions, each with its derivative.

    Softmax works on a whole vector, so its panel shows an example vector and its probabilities.

    Args:
        activations: names of `keras.activations`, or "prelu", drawn with the slope 0.25 from
            which its training starts (He et al. 2015).
        ax: matplotlib Axes to divide into one panel per function; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if a name is not known.
    """
    functions = {name: _activation(name) for name in activations}
    if not functions:
        raise VisualizeError("no activation given: pass names such as 'relu' and 'tanh'.")
    columns = min(4, len(functions)) if ax is None else count_columns(ax, len(functions), 1.1)
    rows = -(-len(functions) // columns)
    ax = make_axes(ax, 2.5 * columns, 2.3 * rows)
    panels = make_panels(ax, rows, columns, gap=(0.22, 0.36)).ravel()
    for panel, (name, function) in zip(panels, functions.items(), strict=False):
        (_plot_softmax if name == "softmax" else _plot_activation)(panel, function)
        panel.set_title(TITLES.get(name, name), fontsize=11)
        if panel is panels[0] or name == "softmax":
            panel.legend(
                frameon=False, fontsize=8, loc="upper left", borderaxespad=0.1, handlelength=1.6
            )
    for panel in panels[len(functions) :]:
        panel.set_axis_off()
    return ax.figure


def _activation(name):
    from keras import activations, ops

    if name == "prelu":
        return lambda x: ops.convert_to_numpy(activations.leaky_relu(x, negative_slope=0.25))
    try:
        function = activations.get(str(name))
    except ValueError:
        raise VisualizeError(
            f"no activation {name!r} in keras.activations{_nearest(str(name), ACTIVATIONS)}."
        ) from None
    if name in NO_CURVE:
        raise VisualizeError(f"{name} has no curve to draw: {NO_CURVE[name]}.")
    return lambda x: ops.convert_to_numpy(function(x))


def _plot_activation(ax, function):
    x = np.linspace(-4, 4, 400)  # without 0 and +-3, where some have a corner
    step = 1e-4
    slope = (function(x + step) - function(x - step)) / (2 * step)
    slope[1:][np.abs(np.diff(slope)) > 0.1] = np.nan  # a jump is no line
    ax.axhline(0, color=INK, linewidth=0.6)
    ax.axvline(0, color=INK, linewidth=0.6)
    ax.plot(x, function(x), color=BLUE, linewidth=2, label="value")
    ax.plot(x, slope, color=ORANGE, linewidth=1.6, linestyle="--", label="derivative")
    ax.set(xlim=(-4, 4), ylim=(-2.2, 3.2), xticks=[-4, -2, 0, 2, 4], yticks=[-2, -1, 0, 1, 2, 3])
    style_axes(ax)


def _plot_softmax(ax, function):
    vector = np.array([1.0, 2.0, 3.0, -1.0])
    places = np.arange(len(vector))
    ax.axhline(0, color=INK, linewidth=0.6)
    ax.bar(places - 0.17, vector, 0.32, color=BLUE, label="vector")
    probabilities = function(vector[None])[0]
    ax.bar(places + 0.17, probabilities, 0.32, color=ORANGE, hatch="///", label="probabilities")
    for place, probability in zip(places, probabilities, strict=True):
        ax.text(place + 0.31, probability + 0.08, f"{probability:.2f}", fontsize=8, ha="center")
    ax.set(xlim=(-0.5, 3.8), ylim=(-2.2, 4.6), xticks=[], yticks=[-2, -1, 0, 1, 2, 3])
    style_axes(ax)


def plot_feature_maps(model, image, layer, ax=None):
    """Draw what the filters of one layer see in an image.

    Args:
        model: a built keras.Model with one input of images.
        image: (height, width, channels) one image as the model takes it, or (height, width).
        layer: name of a layer whose output has shape (1, rows, columns, filters).
        ax: matplotlib Axes to divide into one panel per filter; a new Figure when None.

    Returns:
        The matplotlib Figure: the image, then the feature maps, the first 63 of them.

    Raises:
        VisualizeError: if there is no such layer, or the shapes do not fit.
    """
    import keras

    check_single_input(model)
    found = _find_layer(model, layer)
    image = np.asarray(image, "float32")
    if image.ndim == 2:
        image = image[..., None]
    wanted = tuple(model.inputs[0].shape[1:])
    if len(wanted) != image.ndim or any(
        size not in (None, given) for size, given in zip(wanted, image.shape, strict=True)
    ):
        raise VisualizeError(
            f"image {image.shape} does not fit model {model.name!r}, which takes {wanted}."
        )
    output = keras.Model(model.inputs[0], found.output)(image[None], training=False)
    maps = keras.ops.convert_to_numpy(output)
    if maps.ndim != 4:
        raise VisualizeError(
            f"layer {layer!r} gives {maps.shape}, not (1, rows, columns, filters): choose a "
            "convolution or pooling layer."
        )
    maps = np.moveaxis(maps[0], -1, 0)
    panels = make_image_panels(ax, min(len(maps) + 1, MOST_PANELS), image.shape[1] / image.shape[0])
    show_image(panels[0], to_images(image[None], "image")[0])
    panels[0].set_title("image", fontsize=9)
    for number, (panel, values) in enumerate(zip(panels[1:], maps, strict=False), start=1):
        panel.imshow(values, cmap="viridis", interpolation="nearest")
        frame_panel(panel)
        panel.set_title(f"{number}", fontsize=9)
    return panels[0].figure


def plot_filters(model, layer, ax=None):
    """Draw the filters of a convolution: positive weights blue, negative ones orange.

    Args:
        model: a built keras.Model.
        layer: name of a Conv2D layer.
        ax: matplotlib Axes to divide into panels; a new Figure when None.

    Returns:
        The matplotlib Figure. With one input channel: a panel per filter, the first 64. With more:
        a row per input channel, a column per filter, the first 8 and 16.

    Raises:
        VisualizeError: if there is no such layer, or it is no convolution.
    """
    import keras

    found = _find_layer(model, layer)
    if not isinstance(found, keras.layers.Conv2D) or not found.built:
        names = [entry.name for entry in model.layers if isinstance(entry, keras.layers.Conv2D)]
        raise VisualizeError(
            f"layer {layer!r} of model {model.name!r} is no Conv2D with weights; it has "
            f"{', '.join(names) or 'none'}."
        )
    kernel = keras.ops.convert_to_numpy(found.kernel)  # (rows, columns, channels, filters)
    limit = np.abs(kernel).max() or 1
    height, width, channels, filters = kernel.shape
    if channels == 1:
        panels = make_image_panels(ax, min(filters, MOST_PANELS), width / height)
        shown = [kernel[:, :, 0, number] for number in range(len(panels))]
        for number, panel in enumerate(panels, start=1):
            panel.set_title(f"{number}", fontsize=9)
    else:
        rows, columns = min(channels, 8), min(filters, 16)
        ax = make_axes(ax, 0.75 * columns + 0.6, 0.75 * rows + 0.6)
        grid = make_panels(ax, rows, columns)
        ax.set_title(
            f"rows: channels 1 to {rows} of {channels}, columns: filters 1 to {columns} of "
            f"{filters}",
            fontsize=9,
            pad=8,
        )
        panels = grid.ravel()
        shown = [kernel[:, :, row, column] for row, column in np.ndindex(rows, columns)]
    for panel, weights in zip(panels, shown, strict=True):
        panel.imshow(weights, cmap=SIGNED, vmin=-limit, vmax=limit, interpolation="nearest")
        frame_panel(panel)
    return panels[0].figure


def _find_layer(model, name):
    names = [layer.name for layer in model.layers]
    if name not in names:
        raise VisualizeError(
            f"no layer {name!r} in model {model.name!r}{_nearest(str(name), names)}."
        )
    return model.get_layer(name)


def _nearest(name, names):
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; it has {', '.join(names)}"
