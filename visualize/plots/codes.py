"""Plots of the codes of an autoencoder: where they lie, and what is decoded from them."""

from itertools import pairwise
from statistics import NormalDist

import numpy as np

from visualize.errors import VisualizeError
from visualize.measures.units import check_single_input
from visualize.plots.images import show_image, to_images
from visualize.style import CLASS_COLORS, CLASS_MARKERS, make_axes, make_panels, style_axes


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
    check_single_input(decoder)
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
    images = to_images(decoder.predict(codes, batch_size=256, verbose=0), "decoded images")
    images = np.pad(images, ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=1)  # white lines
    height, width = images.shape[1:3]
    page = images.reshape(size, size, height, width, -1).swapaxes(1, 2)
    page = page.reshape(size * height, size * width, -1)
    ax = make_axes(ax, 5.4, 0.4 + 5 * height / width)
    show_image(ax, page)
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
    check_single_input(decoder)
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
    images = to_images(decoder.predict(ways, batch_size=256, verbose=0), "decoded images")
    rows, ratio = len(codes) - 1, images.shape[1] / images.shape[2]
    ax = make_axes(ax, 0.8 * steps + 0.2, 0.8 * ratio * rows + 0.2)
    for panel, image in zip(make_panels(ax, rows, steps).ravel(), images, strict=True):
        show_image(panel, image)
    return ax.figure
