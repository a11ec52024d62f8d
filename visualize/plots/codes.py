"""Plots of the latent codes of an autoencoder, and of the images decoded from them."""

from itertools import pairwise
from statistics import NormalDist

import numpy as np

from visualize.errors import VisualizeError
from visualize.measures.units import check_single_input
from visualize.plots.images import show_image, to_images
from visualize.style import CLASS_COLORS, CLASS_MARKERS, make_axes, make_panels, style_axes

MOST_CLASSES = 20  # more cannot be told apart
CHANGES = (-0.25, -0.2, -0.15, -0.1, -0.05, 0, 0.05, 0.1, 0.15, 0.2, 0.25)


def plot_latent_space(codes, labels, ax=None):
    """Plot the latent codes of samples as points, one colour and marker per class.

    Args:
        codes: (samples, dimensions) codes from the encoder; for a VAE, the means. If there are
            more than two dimensions, the first two principal components are plotted.
        labels: (samples,) class of each sample.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure. The name of each class stands at the median of its codes.

    Raises:
        VisualizeError: if a shape is wrong, or there are more than 20 classes.
    """
    codes, labels = np.asarray(codes), np.asarray(labels)
    if codes.ndim != 2 or codes.shape[1] < 2 or labels.shape != codes.shape[:1] or not len(codes):
        raise VisualizeError(
            f"codes {codes.shape} and labels {labels.shape} must be (samples, dimensions) and "
            "(samples,), with two dimensions or more."
        )
    classes = np.unique(labels)
    if len(classes) > MOST_CLASSES:
        raise VisualizeError(
            f"{len(classes)} classes are too many to tell apart: give at most {MOST_CLASSES}."
        )

    points, axis_names = _to_two_dimensions(codes)
    ax = make_axes(ax, 5.6, 5)
    for number, name in enumerate(classes):
        points_of_class = points[labels == name]
        ax.scatter(
            *points_of_class.T,
            s=14,
            alpha=0.6,
            linewidths=0,
            color=CLASS_COLORS[number % len(CLASS_COLORS)],
            marker=CLASS_MARKERS[number % len(CLASS_MARKERS)],
            label=str(name),
        )
        ax.text(
            *np.median(points_of_class, axis=0),
            str(name),
            ha="center",
            va="center",
            fontweight="bold",
            parse_math=False,
            bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "alpha": 0.8, "lw": 0},
            zorder=3,
        )
    ax.set(xlabel=axis_names[0], ylabel=axis_names[1])
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5), markerscale=1.6)
    style_axes(ax)
    return ax.figure


def _to_two_dimensions(codes):
    """Return (points, axis names): the codes (samples, 2), or their first principal components."""
    dimensions = codes.shape[1]
    if dimensions == 2:
        return codes, ("latent dimension 1", "latent dimension 2")

    covariance = np.atleast_2d(np.cov(codes, rowvar=False, ddof=0))
    variances, components = np.linalg.eigh(covariance)
    two_largest = np.argsort(variances)[:-3:-1]
    points = (codes - codes.mean(axis=0)) @ components[:, two_largest]
    names = tuple(f"principal component {number} of {dimensions}" for number in (1, 2))
    return points, names


def plot_latent_manifold(decoder, size=15, ax=None):
    """Plot the images that a decoder generates from a grid of codes in two dimensions.

    The grid holds quantiles of the standard normal prior, so each image stands for an equal
    probability (Kingma and Welling 2014, figure 4).

    Args:
        decoder: a keras.Model from (batch, 2) to images (batch, height, width[, channels]).
        size: number of images in a row and in a column.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure. The ticks of the axes are the values of the codes.

    Raises:
        VisualizeError: if the input or output shape of the decoder is wrong.
    """
    check_single_input(decoder)
    input_shape = tuple(decoder.inputs[0].shape[1:])
    if input_shape != (2,) or size < 2:
        raise VisualizeError(
            f"decoder {decoder.name!r} takes codes {input_shape} and size is {size}: give a "
            "decoder of two latent dimensions, and a size of at least 2."
        )

    normal = NormalDist()
    quantiles = np.array([normal.inv_cdf((number + 0.5) / size) for number in range(size)])
    # The top row has the largest second code: the vertical axis points upwards.
    codes = np.array(
        [(first, second) for second in quantiles[::-1] for first in quantiles], "float32"
    )
    images = to_images(decoder.predict(codes, batch_size=256, verbose=0), "decoded images")

    # A white line below and to the right of each image, then all images in one.
    images = np.pad(images, ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=1)
    height, width = images.shape[1:3]
    grid = images.reshape(size, size, height, width, -1).swapaxes(1, 2)
    mosaic = grid.reshape(size * height, size * width, -1)
    ax = make_axes(ax, 5.4, 0.4 + 5 * height / width)
    show_image(ax, mosaic)

    ticks = sorted({0, size // 4, size // 2, size - 1 - size // 4, size - 1})
    names = [f"{quantiles[tick]:.1f}" for tick in ticks]
    ax.set_xticks([(tick + 0.5) * width - 0.5 for tick in ticks], names)
    ax.set_yticks([(size - tick - 0.5) * height - 0.5 for tick in ticks], names)
    ax.set(xlabel="latent dimension 1", ylabel="latent dimension 2")
    return ax.figure


def plot_interpolation(decoder, codes, steps=9, ax=None):
    """Plot the images decoded on the straight line from each code to the next.

    Args:
        decoder: a keras.Model from (batch, latent_size) to images (batch, height, width[,
            channels]).
        codes: (codes, latent_size), at least two codes.
        steps: number of images from one code to the next, both included.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure, one row for each pair of neighbouring codes.

    Raises:
        VisualizeError: if the input or output shape of the decoder is wrong, or there are fewer
            than two codes or steps.
    """
    check_single_input(decoder)
    codes = np.asarray(codes, "float32")
    if codes.ndim != 2 or codes.shape[1:] != decoder.inputs[0].shape[1:]:
        raise VisualizeError(
            f"codes {codes.shape} for decoder {decoder.name!r}, which takes "
            f"{tuple(decoder.inputs[0].shape)}: give (codes, latent_size)."
        )
    if len(codes) < 2 or steps < 2:
        raise VisualizeError(f"{len(codes)} codes in {steps} steps: give at least 2 of each.")

    weights = np.linspace(0, 1, steps, dtype="float32")[:, None]  # of the second code
    lines = [(1 - weights) * first + weights * second for first, second in pairwise(codes)]
    decoded = decoder.predict(np.concatenate(lines), batch_size=256, verbose=0)
    images = to_images(decoded, "decoded images")

    rows = len(lines)
    ratio = images.shape[1] / images.shape[2]
    ax = make_axes(ax, 0.8 * steps + 0.2, 0.8 * ratio * rows + 0.2)
    panels = make_panels(ax, rows, steps).ravel()
    for panel, image in zip(panels, images, strict=True):
        show_image(panel, image)
    return ax.figure


def plot_code_dimensions(decoder, code, changes=CHANGES, ax=None):
    """Plot how a decoded image changes when one number of its code changes, for each number.

    Source: Sabour et al., "Dynamic routing between capsules", 2017, figure 4.

    Args:
        decoder: a keras.Model from codes (batch, ...) to images (batch, height, width[, channels]).
        code: one code, in the shape that the decoder takes. Numbers that are 0 are left out: in
            a capsule network, they belong to the masked capsules.
        changes: values to add to a number, one column each.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure, one row for each number. The column of the change 0 shows the code
        unchanged.

    Raises:
        VisualizeError: if the code does not fit the decoder, all its numbers are 0, or there are no
            changes.
    """
    check_single_input(decoder)
    code, changes = np.asarray(code, "float32"), np.asarray(changes, "float32")
    if code.shape != decoder.inputs[0].shape[1:]:
        raise VisualizeError(
            f"code {code.shape} for decoder {decoder.name!r}: it takes codes "
            f"{tuple(decoder.inputs[0].shape[1:])}."
        )
    places = np.argwhere(code)
    if not len(places) or not changes.size:
        raise VisualizeError(
            f"{len(places)} numbers that are not 0, {changes.size} changes: give at least one."
        )

    codes = np.tile(code, (len(places), len(changes)) + (1,) * code.ndim)
    for row, place in enumerate(places):
        codes[(row, slice(None), *place)] += changes
    flat_codes = codes.reshape(-1, *code.shape)
    images = to_images(decoder.predict(flat_codes, batch_size=256, verbose=0), "decoded images")

    # Join all images to one, with white lines between them.
    images = np.pad(images, ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=1)
    height, width = images.shape[1:3]
    rows, columns = len(places), len(changes)
    grid = images.reshape(rows, columns, height, width, -1).swapaxes(1, 2)
    ratio = rows * height / (columns * width)
    ax = make_axes(ax, 5, 0.8 + 4.4 * ratio)
    show_image(ax, grid.reshape(rows * height, columns * width, -1))

    names = [f"{change:+.2f}" if change else "0" for change in changes]
    ax.set_xticks([(column + 0.5) * width - 0.5 for column in range(columns)], names, fontsize=8)
    ax.set_yticks([(row + 0.5) * height - 0.5 for row in range(rows)], range(1, rows + 1))
    ax.set(xlabel="added to the dimension", ylabel="dimension of the code")
    return ax.figure
