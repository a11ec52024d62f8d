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

# Activations of keras.activations that cannot be plotted as a curve, and why.
NO_CURVE = {
    "glu": "it splits its input vector in two halves",
    "log_softmax": "it needs a whole vector; plot softmax",
    "sparsemax": "it needs a whole vector; plot softmax",
    "threshold": "it needs a threshold and a value",
}

# Negative weights orange, zero white, positive weights blue.
SIGNED = LinearSegmentedColormap.from_list("signed", [ORANGE, "white", BLUE])
MOST_PANELS = 64


def plot_activations(activations=ACTIVATIONS, ax=None):
    """Plot activation functions, each with its derivative.

    Softmax works on a whole vector, so its panel shows an example vector and its probabilities.

    Args:
        activations: names from `keras.activations`, or "prelu", which is plotted with its initial
            slope of 0.25 (He et al. 2015).
        ax: matplotlib Axes to divide into panels; a new Figure when None.

    Returns:
        The matplotlib Figure, one panel per function.

    Raises:
        VisualizeError: if there is no name, or no activation of that name that has a curve.
    """
    functions = {name: _activation(name) for name in activations}
    if not functions:
        raise VisualizeError("no activation given: pass names such as 'relu' and 'tanh'.")

    columns = min(4, len(functions)) if ax is None else count_columns(ax, len(functions), 1.1)
    rows = -(-len(functions) // columns)
    ax = make_axes(ax, 2.5 * columns, 2.3 * rows)
    panels = make_panels(ax, rows, columns, gap=(0.22, 0.36)).ravel()
    for panel, (name, function) in zip(panels, functions.items(), strict=False):
        if name == "softmax":
            _draw_softmax(panel, function)
        else:
            _draw_curves(panel, function)
        panel.set_title(TITLES.get(name, name), fontsize=11)
        if panel is panels[0] or name == "softmax":
            panel.legend(
                frameon=False, fontsize=8, loc="upper left", borderaxespad=0.1, handlelength=1.6
            )
    for panel in panels[len(functions) :]:
        panel.set_axis_off()
    return ax.figure


def _activation(name):
    """Return an activation as a function from NumPy array to NumPy array."""
    from keras import activations, ops

    if name == "prelu":
        return lambda x: ops.convert_to_numpy(activations.leaky_relu(x, negative_slope=0.25))
    try:
        function = activations.get(str(name))
    except ValueError:
        raise VisualizeError(
            f"no activation {name!r} in keras.activations{_suggest(str(name), ACTIVATIONS)}."
        ) from None
    if name in NO_CURVE:
        raise VisualizeError(f"{name} has no curve to plot: {NO_CURVE[name]}.")
    return lambda x: ops.convert_to_numpy(function(x))


def _draw_curves(ax, function):
    """Draw an activation and its derivative, which is computed from central differences."""
    x = np.linspace(-4, 4, 400)  # does not hit 0, 3 and -3, where some functions have a corner
    step = 1e-4
    slope = (function(x + step) - function(x - step)) / (2 * step)
    slope[1:][np.abs(np.diff(slope)) > 0.1] = np.nan  # a gap where the derivative jumps

    ax.axhline(0, color=INK, linewidth=0.6)
    ax.axvline(0, color=INK, linewidth=0.6)
    ax.plot(x, function(x), color=BLUE, linewidth=2, label="value")
    ax.plot(x, slope, color=ORANGE, linewidth=1.6, linestyle="--", label="derivative")
    ax.set(xlim=(-4, 4), ylim=(-2.2, 3.2), xticks=[-4, -2, 0, 2, 4], yticks=[-2, -1, 0, 1, 2, 3])
    style_axes(ax)


def _draw_softmax(ax, function):
    """Draw an example vector and its softmax as bars."""
    vector = np.array([1.0, 2.0, 3.0, -1.0])
    probabilities = function(vector[None])[0]
    places = np.arange(len(vector))

    ax.axhline(0, color=INK, linewidth=0.6)
    ax.bar(places - 0.17, vector, 0.32, color=BLUE, label="vector")
    ax.bar(places + 0.17, probabilities, 0.32, color=ORANGE, hatch="///", label="probabilities")
    for place, probability in zip(places, probabilities, strict=True):
        ax.text(place + 0.31, probability + 0.08, f"{probability:.2f}", fontsize=8, ha="center")
    ax.set(xlim=(-0.5, 3.8), ylim=(-2.2, 4.6), xticks=[], yticks=[-2, -1, 0, 1, 2, 3])
    style_axes(ax)


def plot_feature_maps(model, image, layer, ax=None):
    """Plot the feature maps of one layer for an image: where each of its filters responds.

    Args:
        model: a built keras.Model with one input of images.
        image: (height, width, channels) or (height, width), one image in the shape and range that
            the model takes.
        layer: name of a layer with an output of shape (1, rows, columns, filters).
        ax: matplotlib Axes to divide into panels; a new Figure when None.

    Returns:
        The matplotlib Figure: the image, then up to 63 feature maps, one panel per filter.

    Raises:
        VisualizeError: if there is no such layer, or the shapes do not fit.
    """
    import keras

    check_single_input(model)
    found = _find_layer(model, layer)
    image = np.asarray(image, "float32")
    if image.ndim == 2:
        image = image[..., None]
    _check_image(image, model)

    output = keras.Model(model.inputs[0], found.output)(image[None], training=False)
    maps = keras.ops.convert_to_numpy(output)
    if maps.ndim != 4:
        raise VisualizeError(
            f"layer {layer!r} returns {maps.shape}, not (1, rows, columns, filters): choose a "
            "convolution or pooling layer."
        )

    maps = np.moveaxis(maps[0], -1, 0)  # (filters, rows, columns)
    ratio = image.shape[1] / image.shape[0]
    panels = make_image_panels(ax, min(len(maps) + 1, MOST_PANELS), ratio)
    show_image(panels[0], to_images(image[None], "image")[0])
    panels[0].set_title("image", fontsize=9)
    for number, (panel, values) in enumerate(zip(panels[1:], maps, strict=False), start=1):
        panel.imshow(values, cmap="viridis", interpolation="nearest")
        frame_panel(panel)
        panel.set_title(f"{number}", fontsize=9)
    return panels[0].figure


def _check_image(image, model):
    """Raise an error if the shape of the image is not the input shape of the model."""
    input_shape = tuple(model.inputs[0].shape[1:])
    fits = len(input_shape) == image.ndim and all(
        wanted in (None, given) for wanted, given in zip(input_shape, image.shape, strict=True)
    )
    if not fits:
        raise VisualizeError(
            f"image {image.shape} does not fit model {model.name!r}, which takes {input_shape}."
        )


def plot_filters(model, layer, ax=None):
    """Plot the filters of a convolution: positive weights blue, negative weights orange.

    Args:
        model: a built keras.Model.
        layer: name of a Conv2D layer.
        ax: matplotlib Axes to divide into panels; a new Figure when None.

    Returns:
        The matplotlib Figure. With one input channel: one panel per filter, up to 64. With more:
        one row per input channel, up to 8, and one column per filter, up to 16.

    Raises:
        VisualizeError: if there is no such layer, or it is not a Conv2D layer.
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
    if kernel.shape[2] == 1:
        panels, weights_by_panel = _panels_of_one_channel(ax, kernel)
    else:
        panels, weights_by_panel = _panels_of_channels(ax, kernel)

    limit = np.abs(kernel).max() or 1  # of the colour scale, the same for all filters
    for panel, weights in zip(panels, weights_by_panel, strict=True):
        panel.imshow(weights, cmap=SIGNED, vmin=-limit, vmax=limit, interpolation="nearest")
        frame_panel(panel)
    return panels[0].figure


def _panels_of_one_channel(ax, kernel):
    """Return (panels, weights of each panel): one panel per filter, with its number."""
    height, width, _, filters = kernel.shape
    panels = make_image_panels(ax, min(filters, MOST_PANELS), width / height)
    for number, panel in enumerate(panels, start=1):
        panel.set_title(f"{number}", fontsize=9)
    return panels, [kernel[:, :, 0, number] for number in range(len(panels))]


def _panels_of_channels(ax, kernel):
    """Return (panels, weights of each panel): one row per channel, one column per filter."""
    channels, filters = kernel.shape[2:]
    rows, columns = min(channels, 8), min(filters, 16)
    ax = make_axes(ax, 0.75 * columns + 0.6, 0.75 * rows + 0.6)
    panels = make_panels(ax, rows, columns).ravel()
    ax.set_title(
        f"rows: channels 1 to {rows} of {channels}, columns: filters 1 to {columns} of {filters}",
        fontsize=9,
        pad=8,
    )
    return panels, [kernel[:, :, row, column] for row, column in np.ndindex(rows, columns)]


def _find_layer(model, name):
    """Return the layer of this name, or raise an error that suggests one."""
    names = [layer.name for layer in model.layers]
    if name not in names:
        raise VisualizeError(
            f"no layer {name!r} in model {model.name!r}{_suggest(str(name), names)}."
        )
    return model.get_layer(name)


def _suggest(name, names):
    """Return the end of an error message: the most similar of the names, or all of them."""
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; it has {', '.join(names)}"
