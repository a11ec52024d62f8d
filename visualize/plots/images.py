"""Plots of images: grids, samples, reconstructions, pairs, segmentations."""

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from visualize.errors import VisualizeError
from visualize.style import (
    CLASS_COLORS,
    FAINT,
    INK,
    ORANGE,
    count_columns,
    make_axes,
    make_panels,
)


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
    images = to_images(images, "images")
    if labels is not None and len(labels) != len(images):
        raise VisualizeError(f"{len(labels)} labels for {len(images)} images: give one for each.")
    if len(images) > 400:
        raise VisualizeError(f"{len(images)} images are too many to see: give at most 400.")
    panels = make_image_panels(
        ax, len(images), images.shape[2] / images.shape[1], titles=labels is not None
    )
    for number, (panel, image) in enumerate(zip(panels, images, strict=True)):
        show_image(panel, image)
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
    images = to_images(np.concatenate(list(grids.values())), "grids")
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
        show_image(panel, grid.reshape(rows * (height + 1), columns * (width + 1), -1))
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
    to_images(originals, "originals")
    # Both in the range of the originals, so that black and white mean the same.
    reconstructions = np.clip(reconstructions, np.min(originals), np.max(originals))
    images = to_images(np.concatenate([originals, reconstructions]), "reconstructions")
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
            show_image(panel, images[number + below * count])
    for line in range(lines):
        panels[2 * line, 0].set_ylabel("original", fontsize=8)
        panels[2 * line + 1, 0].set_ylabel("rebuilt", fontsize=8)
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
    images = to_images(np.stack([first, second]), "images")
    ax = make_axes(ax, 4, 3)
    ax.set_axis_off()
    for left, image in zip((0, 0.52), images, strict=True):
        panel = ax.inset_axes((left, 0.34, 0.48, 0.66))
        show_image(panel, image)
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
    picture = to_images(np.asarray(image)[None], "image")[0]
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
    show_image(ax, picture)
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


def to_images(images, what):
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


def show_image(ax, image):
    """Draw one image of `to_images`."""
    if image.shape[2] == 1:
        ax.imshow(image[..., 0], cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    else:
        ax.imshow(image, interpolation="nearest")
    frame_panel(ax)


def frame_panel(ax):
    """Take the ticks away, and leave a thin grey frame."""
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(color=FAINT, linewidth=0.6)


def make_image_panels(ax, count, ratio, titles=True):
    """Axes for `count` images of that width by height, about as many columns as rows."""
    if ax is None:
        columns = max(1, min(count, round((1.6 * count / ratio) ** 0.5)))
    else:
        columns = count_columns(ax, count, ratio)
    rows = -(-count // columns)
    room = 0.22 if titles else 0
    side = 1.3 if count <= 16 else 0.9
    width, height = side * max(ratio, 0.6), side * max(ratio, 0.6) / ratio
    ax = make_axes(ax, width * columns * 1.08 + 0.2, (height * 1.08 + room) * rows + 0.2)
    panels = make_panels(ax, rows, columns, gap=(0.08, 0.08 + room / height)).ravel()
    for panel in panels[count:]:
        panel.set_axis_off()
    return panels[:count]
