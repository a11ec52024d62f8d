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

MOST_IMAGES = 400  # more are too small to see
PAIRS_IN_A_LINE = 10


def plot_images(images, labels=None, ax=None):
    """Plot a grid of images, such as generated samples.

    Args:
        images: (samples, height, width[, channels]) with 1 or 3 channels, all in one range.
        labels: (samples,) titles of the images, or None.
        ax: matplotlib Axes to divide into panels; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if a shape is wrong, or there are more than 400 images.
    """
    images = to_images(images, "images")
    if labels is not None and len(labels) != len(images):
        raise VisualizeError(f"{len(labels)} labels for {len(images)} images: give one for each.")
    if len(images) > MOST_IMAGES:
        raise VisualizeError(
            f"{len(images)} images are too many to see: give at most {MOST_IMAGES}."
        )

    ratio = images.shape[2] / images.shape[1]
    panels = make_image_panels(ax, len(images), ratio, titles=labels is not None)
    for number, (panel, image) in enumerate(zip(panels, images, strict=True)):
        show_image(panel, image)
        if labels is not None:
            panel.set_title(str(labels[number]), fontsize=9, pad=3, parse_math=False)
    return panels[0].figure


def plot_sample_strip(grids, ax=None):
    """Plot grids of samples side by side, such as one grid for each of several epochs.

    Args:
        grids: {title: images (samples, height, width[, channels])} with 1 or 3 channels, all of
            one shape and in one range. The same latent vector belongs in the same place.
        ax: matplotlib Axes to divide into panels; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if there are no images, or the shapes differ.
    """
    shapes = {title: np.shape(images) for title, images in grids.items()}
    if len(set(shapes.values())) != 1 or not np.prod(next(iter(shapes.values()))):
        raise VisualizeError(f"grids of the shapes {shapes}: give images of one shape.")

    # In one range: a grey value means the same in every grid.
    images = to_images(np.concatenate(list(grids.values())), "grids")
    height, width, channels = images.shape[1:]
    images_of_grid = images.reshape(len(grids), -1, height, width, channels)
    samples = images_of_grid.shape[1]
    columns = -(-samples // int(samples**0.5))
    rows = -(-samples // columns)

    ratio = rows * (height + 1) / (columns * (width + 1))
    ax = make_axes(ax, 1.9 * len(grids), 1.9 * ratio + 0.3)
    panels = make_panels(ax, 1, len(grids))[0]
    for panel, title, grid in zip(panels, grids, images_of_grid, strict=True):
        show_image(panel, _to_mosaic(grid, rows, columns, white=images.max()))
        panel.set_title(str(title), fontsize=9, parse_math=False)
    return ax.figure


def _to_mosaic(images, rows, columns, white):
    """Join images (samples, height, width, channels) to one image of rows and columns.

    A line of the value `white` follows each image below and to its right; places without an image
    are white too.
    """
    samples, height, width, channels = images.shape
    shape = (rows * columns, height + 1, width + 1, channels)
    tiles = np.full(shape, white)
    tiles[:samples, :height, :width] = images

    grid = tiles.reshape(rows, columns, *shape[1:]).swapaxes(1, 2)
    return grid.reshape(rows * (height + 1), columns * (width + 1), channels)


def plot_reconstructions(originals, reconstructions, ax=None):
    """Plot pairs of images: each original above its reconstruction.

    Args:
        originals: (samples, height, width[, channels]) with 1 or 3 channels.
        reconstructions: the same shape, in the same range; values outside the range of the
            originals are clipped.
        ax: matplotlib Axes to divide into panels; a new Figure when None.

    Returns:
        The matplotlib Figure, ten pairs in a line.

    Raises:
        VisualizeError: if a shape is wrong.
    """
    shapes = np.shape(originals), np.shape(reconstructions)
    if shapes[0] != shapes[1]:
        raise VisualizeError(
            f"originals {shapes[0]} and reconstructions {shapes[1]} must have one shape."
        )
    to_images(originals, "originals")  # raises an error that names the originals

    # Both in the range of the originals: black and white mean the same in both.
    reconstructions = np.clip(reconstructions, np.min(originals), np.max(originals))
    images = to_images(np.concatenate([originals, reconstructions]), "reconstructions")
    count = len(images) // 2
    originals, reconstructions = images[:count], images[count:]

    columns = min(count, PAIRS_IN_A_LINE)
    lines = -(-count // PAIRS_IN_A_LINE)
    ratio = images.shape[1] / images.shape[2]
    ax = make_axes(ax, 0.85 * columns + 0.6, 1.7 * ratio * lines + 0.4)
    panels = make_panels(ax, 2 * lines, columns)
    for panel in panels.ravel():
        panel.set_axis_off()

    for number in range(count):
        line, column = divmod(number, PAIRS_IN_A_LINE)
        upper, lower = panels[2 * line, column], panels[2 * line + 1, column]
        upper.set_axis_on()
        show_image(upper, originals[number])
        lower.set_axis_on()
        show_image(lower, reconstructions[number])

    for line in range(lines):
        panels[2 * line, 0].set_ylabel("original", fontsize=8)
        panels[2 * line + 1, 0].set_ylabel("rebuilt", fontsize=8)
    return ax.figure


def plot_siamese_pair(first, second, distance, threshold, ax=None):
    """Plot two images and the distance between their embeddings in a Siamese network.

    Args:
        first: (height, width[, channels]) with 1 or 3 channels.
        second: an image of the same shape.
        distance: distance between the two embeddings, >= 0.
        threshold: the network predicts the same class if the distance is smaller.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if the shapes differ, or the distance or the threshold is out of range.
    """
    if np.shape(first) != np.shape(second):
        raise VisualizeError(
            f"the images have shapes {np.shape(first)} and {np.shape(second)}: give equal ones."
        )
    if not (np.isfinite(distance) and distance >= 0 and threshold > 0):
        raise VisualizeError(
            f"distance {distance} and threshold {threshold}: give a distance >= 0 and a threshold "
            "above 0."
        )

    images = to_images(np.stack([first, second]), "images")
    ax = make_axes(ax, 4, 3)
    ax.set_axis_off()
    for left, image in zip((0, 0.52), images, strict=True):
        panel = ax.inset_axes((left, 0.34, 0.48, 0.66))
        show_image(panel, image)

    # The distance as a mark on a scale; grey up to the threshold.
    scale = ax.inset_axes((0.02, 0.12, 0.96, 0.1))
    end = 1.25 * max(distance, threshold)
    scale.axvspan(0, threshold, color=FAINT, lw=0)
    scale.axvline(threshold, color=INK, linewidth=1.5)
    scale.plot([distance], [0], color=ORANGE, marker="D", markersize=9, clip_on=False)
    scale.set(xlim=(0, end), ylim=(-1, 1), yticks=[])
    scale.set_xticks([0, threshold], ["0", f"threshold {threshold:.3g}"])
    scale.spines[["top", "left", "right"]].set_visible(False)

    prediction = "same class" if distance < threshold else "different classes"
    scale.set_title(f"distance {distance:.3g}: {prediction}", fontsize=11)
    return ax.figure


def plot_segmentation(image, mask, classes, ax=None):
    """Plot a segmentation over its image: each class has a colour and an outline.

    Args:
        image: (height, width[, channels]) with 1 or 3 channels.
        mask: (height, width) class of each pixel, an integer; 0 is the background.
        classes: names of the classes 1, 2, ..., at most 7.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if the mask does not fit the image or the classes.
    """
    picture = to_images(np.asarray(image)[None], "image")[0]
    mask = np.asarray(mask)
    if mask.shape != picture.shape[:2]:
        raise VisualizeError(f"mask {mask.shape} does not fit the image {picture.shape[:2]}.")
    most = len(CLASS_COLORS)
    if not 1 <= len(classes) <= most or not np.isin(mask, range(len(classes) + 1)).all():
        raise VisualizeError(
            f"mask holds {np.unique(mask)[:9]}, for {len(classes)} class names: give integers from "
            f"0 (background) to {len(classes)}, and at most {most} classes."
        )

    ax = make_axes(ax, 5, 0.5 + 4.6 * mask.shape[0] / mask.shape[1])
    show_image(ax, picture)
    handles = []
    for number, name in enumerate(classes, start=1):
        color = CLASS_COLORS[number - 1]
        of_class = mask == number
        overlay = np.zeros((*mask.shape, 4))  # red, green, blue, opacity
        overlay[of_class] = to_rgba(color, 0.4)
        ax.imshow(overlay, interpolation="nearest")
        if of_class.any() and not of_class.all():
            ax.contour(of_class, levels=[0.5], colors=[color], linewidths=1.6)
        handles.append(Rectangle((0, 0), 1, 1, facecolor=color, label=str(name)))

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
    """Check images and scale them to the range from 0 to 1, all by the same factor.

    Args:
        images: (samples, height, width[, channels]) with 1 or 3 channels. Colour images that are
            not negative keep their colours: 0 to 1, or 0 to 255, is the full range.
        what: name of the images, for the error message.

    Returns:
        Array (samples, height, width, 1 or 3), from 0 to 1.

    Raises:
        VisualizeError: if the shape is wrong, or a pixel is not finite.
    """
    images = np.asarray(images)
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[3] not in (1, 3) or not images.size:
        raise VisualizeError(
            f"{what} {images.shape}: give (samples, height, width) or (samples, height, width, "
            "channels), with 1 or 3 channels and at least one sample."
        )
    images = images.astype("float64")
    if not np.isfinite(images).all():
        raise VisualizeError(f"{what}: some pixels are not finite; look for NaN in their source.")

    low, high = images.min(), images.max()
    if images.shape[3] == 3 and low >= 0:
        low, high = 0, 1 if high <= 1 else 255
    return (images - low) / ((high - low) or 1)


def show_image(ax, image):
    """Draw one image from `to_images`: (height, width, 1 or 3), from 0 to 1."""
    if image.shape[2] == 1:
        ax.imshow(image[..., 0], cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    else:
        ax.imshow(image, interpolation="nearest")
    frame_panel(ax)


def frame_panel(ax):
    """Remove the ticks, and keep a thin grey frame."""
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(color=FAINT, linewidth=0.6)


def make_image_panels(ax, count, ratio, titles=True):
    """Make one panel per image, in about as many columns as rows.

    Args:
        ax: matplotlib Axes to divide into panels; a new Figure when None.
        count: number of images.
        ratio: width of an image divided by its height.
        titles: whether each panel needs room for a title.

    Returns:
        Array (count,) of Axes.
    """
    if ax is None:
        columns = max(1, min(count, round((1.6 * count / ratio) ** 0.5)))
    else:
        columns = count_columns(ax, count, ratio)
    rows = -(-count // columns)

    # In inches. A narrow image is drawn higher, or it would be too narrow to see.
    side = 1.3 if count <= 16 else 0.9
    width = side * max(ratio, 0.6)
    height = width / ratio
    title_height = 0.22 if titles else 0

    ax = make_axes(ax, width * columns * 1.08 + 0.2, (height * 1.08 + title_height) * rows + 0.2)
    gap = (0.08, 0.08 + title_height / height)
    panels = make_panels(ax, rows, columns, gap).ravel()
    for panel in panels[count:]:
        panel.set_axis_off()
    return panels[:count]
