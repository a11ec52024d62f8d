"""Plots of arrays and of what a model computes: activations, filters, images, codes, attention."""

import difflib
from itertools import pairwise
from statistics import NormalDist

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.patches import Rectangle

from visualize.errors import UnbuiltModelError, VisualizeError
from visualize.plots import (
    BLUE,
    FAINT,
    INK,
    ORANGE,
    make_axes,
    make_canvas,
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
# Okabe and Ito's colours, in another marker for each class, so that grey print tells them apart.
CLASS_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
CLASS_MARKERS = "os^DvP*X<>"
SIGNED = LinearSegmentedColormap.from_list("signed", [ORANGE, "white", BLUE])
MOST_PANELS = 64
READABLE = 12  # the most rows and columns of numbers that a reader can follow


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
    columns = min(4, len(functions)) if ax is None else _columns(ax, len(functions), 1.1)
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


def plot_dead_relus(model, inputs, ax=None):
    """Draw, for each layer with ReLU, the share of units that never fire on these inputs.

    Args:
        model: a built keras.Model with one input.
        inputs: (samples, ...) what to look at; the more of the data, the surer.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if there is no sample, or no layer with ReLU.
    """
    shares = dead_relu_shares(model, inputs)
    ax = make_axes(ax, 5.6, 0.42 * len(shares) + 1.2)
    names, dead = list(shares), np.array(list(shares.values()))
    rows = np.arange(len(names))
    ax.barh(rows, dead, color=ORANGE, hatch="///", edgecolor="white", label="never fires")
    ax.barh(rows, 1 - dead, left=dead, color=FAINT, label="fires")
    for row, share in zip(rows, dead, strict=True):
        ax.text(1.02, row, f"{share:.0%}", va="center")
    ax.set_yticks(rows, names, parse_math=False)
    ax.invert_yaxis()
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.5, 1], ["0%", "50%", "100%"])
    ax.set_xlabel(f"share of units, on {len(inputs)} inputs")
    ax.legend(
        frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0, fontsize=9
    )
    ax.spines[["top", "right"]].set_visible(False)
    return ax.figure


def dead_relu_shares(model, inputs):
    """Share of units in each ReLU layer that give zero for every input.

    A unit of a convolution is one of its filters: it is dead when it fires nowhere in any image.

    Args:
        model: a built keras.Model with one input.
        inputs: (samples, ...).

    Returns:
        {layer name: share between 0 and 1}, for layers of `model.layers` whose activation is
        ReLU, or that are a ReLU layer, in their order.

    Raises:
        VisualizeError: if there is no sample, or no layer with ReLU.
    """
    import keras

    fired = _fired(model, inputs, (keras.layers.ReLU,), (keras.activations.relu,), "ReLU")
    return {name: 1 - float(np.mean(units)) for name, units in fired.items()}


def firing_units(model, inputs):
    """Which units with ReLU or leaky ReLU are above zero for at least one input.

    A unit of a convolution is one of its filters: it fires when it does so anywhere in any image.

    Args:
        model: a built keras.Model with one input.
        inputs: (samples, ...).

    Returns:
        {layer name: (units,) of bool}, for layers of `model.layers` whose activation is ReLU or
        leaky ReLU, or that are such a layer, in their order.

    Raises:
        VisualizeError: if there is no sample, or no such layer.
    """
    import keras

    kinds = (keras.layers.ReLU, keras.layers.LeakyReLU)
    functions = (keras.activations.relu, keras.activations.leaky_relu)
    return _fired(model, inputs, kinds, functions, "ReLU or leaky ReLU")


def _fired(model, inputs, kinds, functions, what):
    """{layer: (units,) of bool}, which units of layers of these kinds are ever above zero."""
    import keras

    _check_model(model)
    if not len(inputs):
        raise VisualizeError("no inputs to look at: give at least one sample.")
    found = [
        layer
        for layer in model.layers
        if isinstance(layer, kinds) or getattr(layer, "activation", None) in functions
    ]
    if not found:
        raise VisualizeError(
            f"model {model.name!r} has no layer with {what} among its {len(model.layers)} layers; "
            "of a nested model, give the inner model."
        )
    probe = keras.Model(model.inputs[0], [layer.output for layer in found])
    fired = [False] * len(found)
    for start in range(0, len(inputs), 256):
        outputs = keras.tree.flatten(probe(inputs[start : start + 256], training=False))
        for place, output in enumerate(outputs):
            values = keras.ops.convert_to_numpy(output)
            fired[place] |= (values > 0).any(axis=tuple(range(values.ndim - 1)))
    return {layer.name: units for layer, units in zip(found, fired, strict=True)}


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

    _check_model(model)
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
    panels = _image_panels(ax, min(len(maps) + 1, MOST_PANELS), image.shape[1] / image.shape[0])
    _show(panels[0], _to_images(image[None], "image")[0])
    panels[0].set_title("image", fontsize=9)
    for number, (panel, values) in enumerate(zip(panels[1:], maps, strict=False), start=1):
        panel.imshow(values, cmap="viridis", interpolation="nearest")
        _frame(panel)
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
        panels = _image_panels(ax, min(filters, MOST_PANELS), width / height)
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
        _frame(panel)
    return panels[0].figure


def plot_convolution(image, kernel, ax=None):
    """Draw a convolution with its numbers, and one of its sums written out.

    As in deep learning, the kernel is not turned round (a cross-correlation), steps by 1 and stays
    inside the image.

    Args:
        image: (rows, columns) numbers, at most 12 x 12.
        kernel: (rows, columns) weights, not larger than the image and at most 5 x 5.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure. The written-out sum is the result that is furthest from zero.

    Raises:
        VisualizeError: if a shape is not as above.
    """
    image, kernel = _numbers(image, "image"), _numbers(kernel, "kernel")
    if max(kernel.shape) > 5 or (np.array(kernel.shape) > image.shape).any():
        raise VisualizeError(
            f"kernel {kernel.shape} does not fit: give one of at most 5 x 5 that is not larger "
            f"than the image {image.shape}."
        )
    patches = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    result = np.einsum("rcij,ij->rc", patches, kernel)
    row, column = np.unravel_index(np.abs(result).argmax(), result.shape)
    written = _written_sum(patches[row, column], kernel, result[row, column])
    high, wide = kernel.shape
    width = max(image.shape[1] + wide + result.shape[1] + 4, 0.19 * max(map(len, written)) + 1)
    foot = 0.6 * high + 0.6
    ax, points = make_canvas(ax, width, image.shape[0] + 1.2 + foot, inches=0.5)
    middle = foot + image.shape[0] / 2 + 0.3
    left = 0.5
    for array, title, frame, sign in (
        (image, "image", (column, row, wide, high), "*"),
        (kernel, "kernel", (0, 0, wide, high), "="),
        (result, "result", (column, row, 1, 1), ""),
    ):
        _draw_numbers(ax, points, array, left, middle, title, [frame])
        left += array.shape[1] + 0.75
        ax.text(left, middle, sign, ha="center", va="center", fontsize=0.45 * points)
        left += 0.75
    for number, line in enumerate(written):
        low = foot - 0.3 - 0.6 * number
        ax.text(0.5, low, line, fontsize=0.3 * points, color=INK, va="center")
    return ax.figure


def plot_max_pooling(image, size=2, ax=None):
    """Draw max pooling with its numbers: each block keeps its largest.

    Args:
        image: (rows, columns) numbers, at most 12 x 12; rows and columns that fill no block are
            left out, as Keras does without padding.
        size: rows and columns of a block; blocks do not overlap.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if a shape is not as above.
    """
    image = _numbers(image, "image")
    if not 1 <= size <= min(image.shape):
        raise VisualizeError(f"no block of {size} x {size} in an image {image.shape}: use less.")
    rows, columns = image.shape[0] // size, image.shape[1] // size
    blocks = image[: rows * size, : columns * size].reshape(rows, size, columns, size)
    result = blocks.max(axis=(1, 3))
    kept = []  # where the first largest number of each block is: (column, row, 1, 1)
    for row, column in np.ndindex(rows, columns):
        down, right = np.unravel_index(blocks[row, :, column].argmax(), (size, size))
        kept.append((column * size + right, row * size + down, 1, 1))
    ax, points = make_canvas(ax, image.shape[1] + columns + 2.5, image.shape[0] + 1.2, inches=0.5)
    middle = image.shape[0] / 2 + 0.3
    _draw_numbers(ax, points, image, 0.5, middle, "image", kept)
    for row, column in np.ndindex(rows, columns):
        corner = 0.5 + column * size, middle + image.shape[0] / 2 - (row + 1) * size
        ax.add_patch(Rectangle(corner, size, size, fill=False, edgecolor=INK, linewidth=2))
    ax.text(image.shape[1] + 1.25, middle, "→", ha="center", va="center", fontsize=0.5 * points)
    title = f"largest of {size} × {size}"
    _draw_numbers(ax, points, result, image.shape[1] + 2, middle, title, [])
    return ax.figure


def plot_images(images, labels=None, ax=None):
    """Draw a grid of images, such as samples of a generator.

    Args:
        images: (samples, height, width), with channels 1 or 3 last or none; all in one range.
        labels: (samples,) what to write above each, or None.
        ax: matplotlib Axes to divide into panels; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if the shapes are others, or there are more than 400 images.
    """
    images = _to_images(images, "images")
    if labels is not None and len(labels) != len(images):
        raise VisualizeError(f"{len(labels)} labels for {len(images)} images: give one for each.")
    if len(images) > 400:
        raise VisualizeError(f"{len(images)} images are too many to see: give at most 400.")
    panels = _image_panels(
        ax, len(images), images.shape[2] / images.shape[1], titles=labels is not None
    )
    for number, (panel, image) in enumerate(zip(panels, images, strict=True)):
        _show(panel, image)
        if labels is not None:
            panel.set_title(str(labels[number]), fontsize=9, pad=3, parse_math=False)
    return panels[0].figure


def plot_sample_strip(grids, ax=None):
    """Draw the samples of several moments of training, a square grid for each, side by side.

    Args:
        grids: {title: images (samples, height, width), with channels 1 or 3 last or none}, of
            one shape, in one range; the same latent in the same place.
        ax: matplotlib Axes to divide into panels; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if there is nothing to draw, or the shapes differ.
    """
    shapes = {title: np.shape(images) for title, images in grids.items()}
    if len(set(shapes.values())) != 1 or not np.prod(next(iter(shapes.values()))):
        raise VisualizeError(f"grids of the shapes {shapes}: give images of one shape.")
    samples = next(iter(shapes.values()))[0]
    images = _to_images(np.concatenate(list(grids.values())), "grids")
    height, width = images.shape[1:3]
    columns = -(-samples // int(samples**0.5))
    rows = -(-samples // columns)
    ratio = rows * (height + 1) / (columns * (width + 1))
    ax = make_axes(ax, 1.9 * len(grids), 1.9 * ratio + 0.3)
    panels = make_panels(ax, 1, len(grids))[0]
    white = images.max()
    for number, (panel, title) in enumerate(zip(panels, grids, strict=True)):
        grid = images[number * samples : (number + 1) * samples]
        grid = np.pad(grid, ((0, rows * columns - samples), (0, 1), (0, 1), (0, 0)))
        grid[:, height] = grid[:, :, width] = white  # lines between the images
        grid[samples:] = white
        grid = grid.reshape(rows, columns, height + 1, width + 1, -1).swapaxes(1, 2)
        _show(panel, grid.reshape(rows * (height + 1), columns * (width + 1), -1))
        panel.set_title(str(title), fontsize=9, parse_math=False)
    return ax.figure


def plot_reconstructions(originals, reconstructions, ax=None):
    """Draw pairs of images, each original above its reconstruction.

    Args:
        originals: (samples, height, width), with channels 1 or 3 last or none.
        reconstructions: the same shape, in the same range.
        ax: matplotlib Axes to divide into panels; a new Figure when None.

    Returns:
        The matplotlib Figure, ten pairs to a line.

    Raises:
        VisualizeError: if the shapes are others.
    """
    shapes = np.shape(originals), np.shape(reconstructions)
    if shapes[0] != shapes[1]:
        raise VisualizeError(
            f"originals {shapes[0]} and reconstructions {shapes[1]} must have one shape."
        )
    _to_images(originals, "originals")
    # Both in the range of the originals, so that black and white mean the same.
    reconstructions = np.clip(reconstructions, np.min(originals), np.max(originals))
    images = _to_images(np.concatenate([originals, reconstructions]), "reconstructions")
    count = len(images) // 2
    columns, lines = min(count, 10), -(-count // 10)
    ratio = images.shape[1] / images.shape[2]
    ax = make_axes(ax, 0.85 * columns + 0.6, 1.7 * ratio * lines + 0.4)
    panels = make_panels(ax, 2 * lines, columns)
    for panel in panels.ravel():
        panel.set_axis_off()
    for number in range(count):
        line, column = divmod(number, 10)
        for below in (0, 1):
            panel = panels[2 * line + below, column]
            panel.set_axis_on()
            _show(panel, images[number + below * count])
    for line in range(lines):
        panels[2 * line, 0].set_ylabel("original", fontsize=8)
        panels[2 * line + 1, 0].set_ylabel("rebuilt", fontsize=8)
    return ax.figure


def plot_latent_space(codes, labels, ax=None):
    """Draw the codes of samples in a latent space, by class.

    Args:
        codes: (samples, dimensions) codes, as the encoder gives them (of a VAE: the means). Of more
            than two dimensions the two in which the codes vary most are drawn, the principal axes.
        labels: (samples,) class of each.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure; the name of a class stands at the median of its codes.

    Raises:
        VisualizeError: if the shapes are others, or there are more than 20 classes.
    """
    codes, labels = np.asarray(codes), np.asarray(labels)
    if codes.ndim != 2 or codes.shape[1] < 2 or labels.shape != codes.shape[:1] or not len(codes):
        raise VisualizeError(
            f"codes {codes.shape} and labels {labels.shape} must be (samples, dimensions) and "
            "(samples,), with two dimensions or more."
        )
    names = ("latent dimension 1", "latent dimension 2")
    if codes.shape[1] > 2:
        names = [f"{which} principal axis of {codes.shape[1]}" for which in ("first", "second")]
        values, axes = np.linalg.eigh(np.atleast_2d(np.cov(codes, rowvar=False, ddof=0)))
        codes = (codes - codes.mean(axis=0)) @ axes[:, np.argsort(values)[:-3:-1]]
    classes = np.unique(labels)
    if len(classes) > 20:
        raise VisualizeError(f"{len(classes)} classes are too many to tell apart: give at most 20.")
    ax = make_axes(ax, 5.6, 5)
    for number, name in enumerate(classes):
        mine = codes[labels == name]
        ax.scatter(
            *mine.T,
            s=14,
            alpha=0.6,
            linewidths=0,
            color=CLASS_COLORS[number % len(CLASS_COLORS)],
            marker=CLASS_MARKERS[number % len(CLASS_MARKERS)],
            label=str(name),
        )
        ax.text(
            *np.median(mine, axis=0),
            str(name),
            ha="center",
            va="center",
            fontweight="bold",
            parse_math=False,
            bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "alpha": 0.8, "lw": 0},
            zorder=3,
        )
    ax.set(xlabel=names[0], ylabel=names[1])
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5), markerscale=1.6)
    style_axes(ax)
    return ax.figure


def plot_latent_manifold(decoder, size=15, ax=None):
    """Draw what a decoder makes of a grid of codes in a latent space of two dimensions.

    The codes are quantiles of the normal distribution, so that each picture stands for an equal
    share of the prior (Kingma and Welling 2014, figure 4).

    Args:
        decoder: a keras.Model from (batch, 2) to images (batch, height, width[, channels]).
        size: pictures in a row and in a column.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure; the axes give the codes.

    Raises:
        VisualizeError: if the decoder takes or gives other shapes.
    """
    _check_model(decoder)
    taken = tuple(decoder.inputs[0].shape[1:])
    if taken != (2,) or size < 2:
        raise VisualizeError(
            f"decoder {decoder.name!r} takes codes {taken} and size is {size}: give a decoder of "
            "two latent dimensions, and a size of at least 2."
        )
    normal = NormalDist()
    steps = np.array([normal.inv_cdf((number + 0.5) / size) for number in range(size)])
    # The first row of pictures has the largest second code, as in a plot.
    codes = np.array([(first, second) for second in steps[::-1] for first in steps], "float32")
    images = _to_images(decoder.predict(codes, batch_size=256, verbose=0), "decoded images")
    images = np.pad(images, ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=1)  # white lines
    height, width = images.shape[1:3]
    page = images.reshape(size, size, height, width, -1).swapaxes(1, 2)
    page = page.reshape(size * height, size * width, -1)
    ax = make_axes(ax, 5.4, 0.4 + 5 * height / width)
    _show(ax, page)
    ticks = sorted({0, size // 4, size // 2, size - 1 - size // 4, size - 1})
    names = [f"{steps[tick]:.1f}" for tick in ticks]
    ax.set_xticks([(tick + 0.5) * width - 0.5 for tick in ticks], names)
    ax.set_yticks([(size - tick - 0.5) * height - 0.5 for tick in ticks], names)
    ax.set(xlabel="latent dimension 1", ylabel="latent dimension 2")
    return ax.figure


def plot_interpolation(decoder, codes, steps=9, ax=None):
    """Draw what a decoder makes of the codes on the straight way from each code to the next.

    Args:
        decoder: a keras.Model from (batch, latent_size) to images (batch, height, width[,
            channels]).
        codes: (codes, latent_size), two or more.
        steps: images of a way, both ends included.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure, a row for each way.

    Raises:
        VisualizeError: if the decoder takes or gives other shapes, or there is no way to draw.
    """
    _check_model(decoder)
    codes = np.asarray(codes, "float32")
    if codes.ndim != 2 or codes.shape[1:] != decoder.inputs[0].shape[1:]:
        raise VisualizeError(
            f"codes {codes.shape} for decoder {decoder.name!r}, which takes "
            f"{tuple(decoder.inputs[0].shape)}: give (codes, latent_size)."
        )
    if len(codes) < 2 or steps < 2:
        raise VisualizeError(f"{len(codes)} codes in {steps} steps: give at least 2 of each.")
    shares = np.linspace(0, 1, steps, dtype="float32")[:, None]
    ways = np.concatenate([(1 - shares) * a + shares * b for a, b in pairwise(codes)])
    images = _to_images(decoder.predict(ways, batch_size=256, verbose=0), "decoded images")
    rows, ratio = len(codes) - 1, images.shape[1] / images.shape[2]
    ax = make_axes(ax, 0.8 * steps + 0.2, 0.8 * ratio * rows + 0.2)
    for panel, image in zip(make_panels(ax, rows, steps).ravel(), images, strict=True):
        _show(panel, image)
    return ax.figure


def plot_attention(weights, queries, keys, ax=None):
    """Draw which tokens each token attends to.

    Args:
        weights: (queries, keys) attention weights of one head.
        queries: tokens that attend, such as the output so far; one to a row.
        keys: tokens attended to; one to a column.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure; with at most 12 tokens each way the weights are written in.

    Raises:
        VisualizeError: if the shapes do not fit, or a weight is not between 0 and 1.
    """
    weights = np.asarray(weights, "float64")
    if weights.shape != (len(queries), len(keys)) or not weights.size:
        raise VisualizeError(
            f"weights {weights.shape} for {len(queries)} queries and {len(keys)} keys: give one "
            "head, as (queries, keys)."
        )
    if not ((weights >= 0) & (weights <= 1 + 1e-3)).all():
        raise VisualizeError("attention weights must lie between 0 and 1: give them after softmax.")
    queries, keys = [str(query) for query in queries], [str(key) for key in keys]
    width = 0.5 * len(keys) + 0.1 * max(map(len, queries)) + 0.8
    ax = make_axes(ax, width, 0.5 * len(queries) + 0.08 * max(map(len, keys)) + 0.5)
    _draw_weights(ax, weights)
    ax.set_xticks(range(len(keys)), keys, rotation=45, ha="left")
    ax.set_yticks(range(len(queries)), queries)
    for label in (*ax.get_xticklabels(), *ax.get_yticklabels()):
        label.set_parse_math(False)
    ax.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    return ax.figure


def plot_capsule_routing(weights, ax=None):
    """Draw to which capsule above each capsule sends its output, iteration by iteration.

    Args:
        weights: (iterations, input capsules, output capsules) coupling coefficients, each row with
            the sum 1 (Sabour et al. 2017); or (input capsules, output capsules) of one iteration.
        ax: matplotlib Axes to divide into one panel per iteration; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if the shape is another, or the rows do not have the sum 1.
    """
    weights = np.asarray(weights, "float64")
    if weights.ndim == 2:
        weights = weights[None]
    if weights.ndim != 3 or not weights.size:
        raise VisualizeError(
            f"routing weights {weights.shape} must be (iterations, input capsules, output capsules)"
        )
    if (weights < 0).any() or not np.allclose(weights.sum(axis=2), 1, atol=1e-3):
        raise VisualizeError(
            "routing weights must have the sum 1 over the output capsules: give the coupling "
            "coefficients after softmax."
        )
    iterations, inputs, outputs = weights.shape
    width, height = max(0.45 * outputs, 1.4), max(0.3 * min(inputs, 40), 1.4)
    ax = make_axes(ax, width * iterations * 1.2 + 0.8, height + 1)
    panels = make_panels(ax, 1, iterations, gap=(0.2, 0))[0]
    for number, (panel, coupling) in enumerate(zip(panels, weights, strict=True), start=1):
        _draw_weights(panel, coupling, aspect="auto")
        panel.set_title(f"iteration {number}", fontsize=10)
        panel.set_xlabel("output capsule")
        panel.set_xticks(range(outputs), range(1, outputs + 1))
        panel.set_yticks(range(inputs) if number == 1 and inputs <= 40 else [])
        panel.set_yticklabels(range(1, inputs + 1) if number == 1 and inputs <= 40 else [])
        panel.tick_params(length=0)
    panels[0].set_ylabel("input capsule")
    return ax.figure


def plot_siamese_pair(first, second, distance, threshold, ax=None):
    """Draw two images and how far apart a Siamese network puts them.

    Args:
        first: (height, width), with channels 1 or 3 last or none.
        second: the same shape.
        distance: distance between the two embeddings, from 0.
        threshold: pairs nearer than this are taken for the same class.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if the shapes differ, or the distance or threshold is not a distance.
    """
    if np.shape(first) != np.shape(second):
        raise VisualizeError(
            f"the images have shapes {np.shape(first)} and {np.shape(second)}: give equal ones."
        )
    if not (np.isfinite(distance) and distance >= 0 and threshold > 0):
        raise VisualizeError(
            f"distance {distance} and threshold {threshold}: give a distance from 0 on and a "
            "threshold above 0."
        )
    images = _to_images(np.stack([first, second]), "images")
    ax = make_axes(ax, 4, 3)
    ax.set_axis_off()
    for left, image in zip((0, 0.52), images, strict=True):
        panel = ax.inset_axes((left, 0.34, 0.48, 0.66))
        _show(panel, image)
    scale = ax.inset_axes((0.02, 0.12, 0.96, 0.1))
    end = 1.25 * max(distance, threshold)
    scale.axvspan(0, threshold, color=FAINT, lw=0)
    scale.axvline(threshold, color=INK, linewidth=1.5)
    scale.plot([distance], [0], color=ORANGE, marker="D", markersize=9, clip_on=False)
    scale.set(xlim=(0, end), ylim=(-1, 1), yticks=[])
    scale.set_xticks([0, threshold], ["0", f"threshold {threshold:.3g}"])
    scale.spines[["top", "left", "right"]].set_visible(False)
    verdict = "same" if distance < threshold else "different"
    scale.set_title(f"distance {distance:.3g}: {verdict}", fontsize=11)
    return ax.figure


def plot_segmentation(image, mask, classes, ax=None):
    """Draw a segmentation over its image: each class in a colour, with an outline.

    Args:
        image: (height, width), with channels 1 or 3 last or none.
        mask: (height, width) class of each pixel as an integer; 0 is the background.
        classes: names of the classes 1, 2, ..., at most 7.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if mask and image, or mask and classes, do not fit.
    """
    picture = _to_images(np.asarray(image)[None], "image")[0]
    mask = np.asarray(mask)
    if mask.shape != picture.shape[:2]:
        raise VisualizeError(f"mask {mask.shape} does not fit the image {picture.shape[:2]}.")
    if (
        not 1 <= len(classes) <= len(CLASS_COLORS)
        or not np.isin(mask, range(len(classes) + 1)).all()
    ):
        raise VisualizeError(
            f"mask holds {np.unique(mask)[:9]}, for {len(classes)} class names: give integers from "
            f"0 (background) to {len(classes)}, and at most {len(CLASS_COLORS)} classes."
        )
    ax = make_axes(ax, 5, 0.5 + 4.6 * mask.shape[0] / mask.shape[1])
    _show(ax, picture)
    handles = []
    for number in range(1, len(classes) + 1):
        color = CLASS_COLORS[number - 1]
        mine = mask == number
        overlay = np.zeros((*mask.shape, 4))
        overlay[mine] = to_rgba(color, 0.4)
        ax.imshow(overlay, interpolation="nearest")
        if mine.any() and not mine.all():
            ax.contour(mine, levels=[0.5], colors=[color], linewidths=1.6)
        handles.append(Rectangle((0, 0), 1, 1, facecolor=color, label=str(classes[number - 1])))
    ax.legend(
        handles=handles,
        frameon=False,
        ncols=4,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        borderaxespad=0.2,
    )
    return ax.figure


def _check_model(model):
    if not getattr(model, "built", False) or not getattr(model, "inputs", None):
        raise UnbuiltModelError(
            f"model {model.name!r} has no shapes yet: call model.build(input_shape), or make it "
            "with keras.Input."
        )
    if len(model.inputs) != 1:
        raise VisualizeError(
            f"model {model.name!r} has {len(model.inputs)} inputs: give a part of it that has one."
        )


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


def _to_images(images, what):
    """(samples, height, width, 1 or 3) between 0 and 1, all stretched from one range."""
    images = np.asarray(images)
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[3] not in (1, 3) or not images.size:
        raise VisualizeError(
            f"{what} {images.shape}: give (samples, height, width), with 1 or 3 channels last or "
            "none, and at least one sample."
        )
    images = images.astype("float64")
    if not np.isfinite(images).all():
        raise VisualizeError(
            f"{what}: some pixels are not finite; look for NaN where they are made."
        )
    low, high = images.min(), images.max()
    if images.shape[3] == 3 and low >= 0:
        low, high = 0, 1 if high <= 1 else 255  # colours as they are
    return (images - low) / ((high - low) or 1)


def _show(ax, image):
    """Draw one image of `_to_images`."""
    if image.shape[2] == 1:
        ax.imshow(image[..., 0], cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    else:
        ax.imshow(image, interpolation="nearest")
    _frame(ax)


def _frame(ax):
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(color=FAINT, linewidth=0.6)


def _image_panels(ax, count, ratio, titles=True):
    """Axes for `count` images of that width by height, about as many columns as rows."""
    if ax is None:
        columns = max(1, min(count, round((1.6 * count / ratio) ** 0.5)))
    else:
        columns = _columns(ax, count, ratio)
    rows = -(-count // columns)
    room = 0.22 if titles else 0
    side = 1.3 if count <= 16 else 0.9
    width, height = side * max(ratio, 0.6), side * max(ratio, 0.6) / ratio
    ax = make_axes(ax, width * columns * 1.08 + 0.2, (height * 1.08 + room) * rows + 0.2)
    panels = make_panels(ax, rows, columns, gap=(0.08, 0.08 + room / height)).ravel()
    for panel in panels[count:]:
        panel.set_axis_off()
    return panels[:count]


def _columns(ax, count, ratio):
    """How many columns of panels, `ratio` times as wide as high, fill the Axes best."""
    box = ax.get_window_extent()
    return max(1, min(count, round((count * box.width / box.height / ratio) ** 0.5)))


def _draw_weights(ax, weights, **options):
    """Weights between 0 and 1 as a picture, and as numbers where these can be read."""
    ax.imshow(weights, cmap="Blues", vmin=0, vmax=1, interpolation="nearest", **options)
    if max(weights.shape) <= READABLE:
        for row, column in np.ndindex(weights.shape):
            weight = weights[row, column]
            color = "white" if weight > 0.5 else INK
            text = f"{weight:.2f}".replace("0.", ".", 1) if weight < 0.995 else "1"
            ax.text(column, row, text, ha="center", va="center", fontsize=8, color=color)


def _numbers(array, what):
    array = np.asarray(array, "float64")
    fits = array.ndim == 2 and array.size and max(array.shape) <= READABLE
    if not fits or not np.isfinite(array).all():
        raise VisualizeError(
            f"{what} {array.shape}: give rows and columns of numbers, at most {READABLE} x "
            f"{READABLE}, such as image[:8, :8]."
        )
    return array


def _number(value):
    return f"{np.round(value, 2) + 0.0:.6g}".replace("-", "−")  # + 0.0: zero has no sign


def _written_sum(patch, kernel, result):
    """The sum of products of patch and kernel, a line for each of their rows."""
    lines = [
        " + ".join(
            f"{_factor(value)} · {_factor(weight)}"
            for value, weight in zip(values, weights, strict=True)
        )
        for values, weights in zip(patch, kernel, strict=True)
    ]
    exact = all((np.round(array, 2) == array).all() for array in (patch, kernel, result))
    return [
        *(line + " +" for line in lines[:-1]),
        f"{lines[-1]} {'=' if exact else '≈'} {_number(result)}",
    ]


def _factor(value):
    return f"({_number(value)})" if value < 0 else _number(value)


def _draw_numbers(ax, points, array, left, middle, title, frames):
    """Draw an array as a grid of unit cells, centred on the height `middle`.

    Args:
        ax: an Axes of `make_canvas`.
        points: its points per unit.
        array: (rows, columns).
        left: left edge in units.
        middle: height of the centre in units.
        title: what to write above.
        frames: [(column, row, columns, rows)] cells to mark.
    """
    rows, columns = array.shape
    top = middle + rows / 2
    longest = max(len(_number(value)) for value in array.ravel())
    size = min(0.36, 1.3 / longest)
    for column, row, wide, high in frames:
        corner = left + column, top - row - high
        ax.add_patch(Rectangle(corner, wide, high, facecolor=ORANGE, alpha=0.3, lw=0))
    for row, column in np.ndindex(array.shape):
        corner = left + column, top - row - 1
        ax.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=INK, linewidth=0.6))
        text = _number(array[row, column])
        ax.text(
            corner[0] + 0.5, corner[1] + 0.5, text, ha="center", va="center", fontsize=size * points
        )
    for column, row, wide, high in frames:
        corner = left + column, top - row - high
        ax.add_patch(Rectangle(corner, wide, high, fill=False, edgecolor=ORANGE, linewidth=2.5))
    ax.text(left + columns / 2, top + 0.3, title, ha="center", va="center", fontsize=0.3 * points)
