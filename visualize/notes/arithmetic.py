"""Pictures of operations with their numbers: convolution, pooling, attention, routing."""

import numpy as np
from matplotlib.patches import Rectangle

from visualize.errors import VisualizeError
from visualize.style import INK, ORANGE, make_axes, make_canvas, make_panels

MOST_NUMBERS = 12  # rows or columns of numbers that a reader can follow
MOST_NAMED_CAPSULES = 40


def plot_convolution(image, kernel, ax=None):
    """Plot a convolution with its numbers, and write out one of its sums.

    As in deep learning, the kernel is not flipped (a cross-correlation), the stride is 1 and the
    padding is "valid".

    Args:
        image: (rows, columns) numbers, at most 12 x 12.
        kernel: (rows, columns) weights, at most 5 x 5 and not larger than the image.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure. The sum that is written out gives the result furthest from zero.

    Raises:
        VisualizeError: if a shape is wrong, or a number is not finite.
    """
    image, kernel = _to_numbers(image, "image"), _to_numbers(kernel, "kernel")
    if max(kernel.shape) > 5 or (np.array(kernel.shape) > image.shape).any():
        raise VisualizeError(
            f"kernel {kernel.shape} does not fit: give one of at most 5 x 5 that is not larger "
            f"than the image {image.shape}."
        )

    patches = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    result = np.einsum("rcij,ij->rc", patches, kernel)
    row, column = np.unravel_index(np.abs(result).argmax(), result.shape)
    sum_lines = _write_sum(patches[row, column], kernel, result[row, column])

    # The canvas: three grids next to each other, and the sum below them. A number is a unit wide.
    kernel_rows, kernel_columns = kernel.shape
    width_of_grids = image.shape[1] + kernel_columns + result.shape[1] + 4
    width_of_sum = 0.19 * max(map(len, sum_lines)) + 1
    height_of_sum = 0.6 * kernel_rows + 0.6
    height = image.shape[0] + 1.2 + height_of_sum
    ax, points = make_canvas(ax, max(width_of_grids, width_of_sum), height, inches=0.5)

    middle = height_of_sum + image.shape[0] / 2 + 0.3
    left = 0.5
    for array, title, marked, sign in (
        (image, "image", (column, row, kernel_columns, kernel_rows), "*"),
        (kernel, "kernel", (0, 0, kernel_columns, kernel_rows), "="),
        (result, "result", (column, row, 1, 1), ""),
    ):
        _draw_numbers(ax, points, array, left, middle, title, [marked])
        left += array.shape[1] + 0.75
        ax.text(left, middle, sign, ha="center", va="center", fontsize=0.45 * points)
        left += 0.75

    for number, line in enumerate(sum_lines):
        y = height_of_sum - 0.3 - 0.6 * number
        ax.text(0.5, y, line, fontsize=0.3 * points, color=INK, va="center")
    return ax.figure


def plot_max_pooling(image, size=2, ax=None):
    """Plot max pooling with its numbers: each block keeps its largest number.

    Args:
        image: (rows, columns) numbers, at most 12 x 12. Rows and columns that do not fill a block
            are dropped, as in Keras with the padding "valid".
        size: rows and columns of a block; blocks do not overlap.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if a shape is wrong, or a number is not finite.
    """
    image = _to_numbers(image, "image")
    if not 1 <= size <= min(image.shape):
        raise VisualizeError(f"no block of {size} x {size} in an image {image.shape}: use less.")

    rows, columns = image.shape[0] // size, image.shape[1] // size
    blocks = image[: rows * size, : columns * size].reshape(rows, size, columns, size)
    result = blocks.max(axis=(1, 3))

    # The cell of the largest number in each block, as (column, row, columns, rows).
    largest = []
    for row, column in np.ndindex(rows, columns):
        block = blocks[row, :, column]
        row_in_block, column_in_block = np.unravel_index(block.argmax(), (size, size))
        largest.append((column * size + column_in_block, row * size + row_in_block, 1, 1))

    ax, points = make_canvas(ax, image.shape[1] + columns + 2.5, image.shape[0] + 1.2, inches=0.5)
    middle = image.shape[0] / 2 + 0.3
    _draw_numbers(ax, points, image, 0.5, middle, "image", largest)

    top = middle + image.shape[0] / 2
    for row, column in np.ndindex(rows, columns):
        corner = 0.5 + column * size, top - (row + 1) * size
        ax.add_patch(Rectangle(corner, size, size, fill=False, edgecolor=INK, linewidth=2))

    ax.text(image.shape[1] + 1.25, middle, "→", ha="center", va="center", fontsize=0.5 * points)
    title = f"largest of {size} × {size}"
    _draw_numbers(ax, points, result, image.shape[1] + 2, middle, title, [])
    return ax.figure


def plot_attention(weights, queries, keys, ax=None):
    """Plot which tokens each token attends to.

    Args:
        weights: (queries, keys) attention weights of one head.
        queries: tokens that attend, such as the output; one row for each.
        keys: tokens that are attended to, such as the input; one column for each.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure. It shows the weights as numbers if there are at most 12 queries and
        12 keys.

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
    height = 0.5 * len(queries) + 0.08 * max(map(len, keys)) + 0.5
    ax = make_axes(ax, width, height)
    _draw_weights(ax, weights)

    ax.set_xticks(range(len(keys)), keys, rotation=45, ha="left")
    ax.set_yticks(range(len(queries)), queries)
    for label in (*ax.get_xticklabels(), *ax.get_yticklabels()):
        label.set_parse_math(False)
    ax.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    return ax.figure


def plot_capsule_routing(weights, ax=None):
    """Plot to which output capsules each input capsule sends its output, in each iteration.

    Args:
        weights: coupling coefficients (iterations, input capsules, output capsules), or (input
            capsules, output capsules) of one iteration; each row sums to 1 (Sabour et al. 2017).
        ax: matplotlib Axes to divide into panels; a new Figure when None.

    Returns:
        The matplotlib Figure, one panel per iteration.

    Raises:
        VisualizeError: if the shape is wrong, or a row does not sum to 1.
    """
    weights = np.asarray(weights, "float64")
    if weights.ndim == 2:
        weights = weights[None]
    if weights.ndim != 3 or not weights.size:
        raise VisualizeError(
            f"routing weights {weights.shape} must be (iterations, input capsules, output "
            f"capsules)."
        )
    if (weights < 0).any() or not np.allclose(weights.sum(axis=2), 1, atol=1e-3):
        raise VisualizeError(
            "routing weights must have the sum 1 over the output capsules: give the coupling "
            "coefficients after softmax."
        )

    iterations, inputs, outputs = weights.shape
    width = max(0.45 * outputs, 1.4)
    height = max(0.3 * min(inputs, MOST_NAMED_CAPSULES), 1.4)
    ax = make_axes(ax, width * iterations * 1.2 + 0.8, height + 1)
    panels = make_panels(ax, 1, iterations, gap=(0.2, 0))[0]
    for number, (panel, couplings) in enumerate(zip(panels, weights, strict=True), start=1):
        _draw_weights(panel, couplings, aspect="auto")
        panel.set_title(f"iteration {number}", fontsize=10)
        panel.set_xlabel("output capsule")
        panel.set_xticks(range(outputs), range(1, outputs + 1))
        panel.set_yticks([])
        panel.tick_params(length=0)

    if inputs <= MOST_NAMED_CAPSULES:
        panels[0].set_yticks(range(inputs), range(1, inputs + 1))
    panels[0].set_ylabel("input capsule")
    return ax.figure


def _draw_weights(ax, weights, **options):
    """Draw weights between 0 and 1 as an image, and as numbers where these can be read."""
    ax.imshow(weights, cmap="Blues", vmin=0, vmax=1, interpolation="nearest", **options)
    if max(weights.shape) > MOST_NUMBERS:
        return

    for row, column in np.ndindex(weights.shape):
        weight = weights[row, column]
        color = "white" if weight > 0.5 else INK
        text = f"{weight:.2f}".replace("0.", ".", 1) if weight < 0.995 else "1"
        ax.text(column, row, text, ha="center", va="center", fontsize=8, color=color)


def _to_numbers(array, what):
    """Return an array (rows, columns) of finite numbers; `what` names it in the error message."""
    array = np.asarray(array, "float64")
    fits = array.ndim == 2 and array.size and max(array.shape) <= MOST_NUMBERS
    if not fits or not np.isfinite(array).all():
        raise VisualizeError(
            f"{what} {array.shape}: give rows and columns of numbers, at most {MOST_NUMBERS} x "
            f"{MOST_NUMBERS}, such as image[:8, :8]."
        )
    return array


def _write_number(value):
    """Return a number as text, with at most two decimals."""
    rounded = np.round(value, 2) + 0.0  # + 0.0 turns -0 into 0
    return f"{rounded:.6g}".replace("-", "−")


def _write_factor(value):
    """Return a factor of a product as text; a negative number needs brackets."""
    return f"({_write_number(value)})" if value < 0 else _write_number(value)


def _write_sum(patch, kernel, result):
    """Return the sum of products of patch and kernel as text, one line for each row."""
    lines = []
    for values, weights in zip(patch, kernel, strict=True):
        products = [
            f"{_write_factor(value)} · {_write_factor(weight)}"
            for value, weight in zip(values, weights, strict=True)
        ]
        lines.append(" + ".join(products))

    exact = all((np.round(array, 2) == array).all() for array in (patch, kernel, result))
    sign = "=" if exact else "≈"  # the numbers are rounded
    first_lines = [f"{line} +" for line in lines[:-1]]
    return [*first_lines, f"{lines[-1]} {sign} {_write_number(result)}"]


def _draw_numbers(ax, points, array, left, middle, title, marked):
    """Draw an array as a grid of cells, each one unit wide and high.

    Args:
        ax: an Axes from `make_canvas`.
        points: length of one unit in points.
        array: (rows, columns).
        left: left edge of the grid, in units.
        middle: height of its centre, in units.
        title: text above the grid.
        marked: [(column, row, columns, rows)], the areas of cells to mark.
    """
    rows, columns = array.shape
    top = middle + rows / 2
    areas = [
        ((left + column, top - row - height), width, height)
        for column, row, width, height in marked
    ]
    for corner, width, height in areas:
        ax.add_patch(Rectangle(corner, width, height, facecolor=ORANGE, alpha=0.3, lw=0))

    longest = max(len(_write_number(value)) for value in array.ravel())
    fontsize = points * min(0.36, 1.3 / longest)
    for row, column in np.ndindex(array.shape):
        x, y = left + column, top - row - 1
        ax.add_patch(Rectangle((x, y), 1, 1, fill=False, edgecolor=INK, linewidth=0.6))
        text = _write_number(array[row, column])
        ax.text(x + 0.5, y + 0.5, text, ha="center", va="center", fontsize=fontsize)

    # The frames of the marked areas lie above the lines of the grid.
    for corner, width, height in areas:
        ax.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=ORANGE, linewidth=2.5))
    ax.text(left + columns / 2, top + 0.3, title, ha="center", va="center", fontsize=0.3 * points)
