"""Pictures with their numbers: convolution, pooling, attention, routing."""

import numpy as np
from matplotlib.patches import Rectangle

from visualize.errors import VisualizeError
from visualize.style import INK, ORANGE, make_axes, make_canvas, make_panels

READABLE = 12  # the most rows and columns of numbers that a reader can follow


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
