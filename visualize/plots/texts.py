"""Plots for networks that write texts: attention maps, and images with their captions."""

import textwrap

import numpy as np

from visualize.errors import VisualizeError
from visualize.plots.images import frame_panel, show_image, to_images
from visualize.style import GREY_TEXT, INK, make_canvas

# All lengths are in inches.
FONT = 8 / 72
LETTER = 0.66 * FONT  # mean width of a letter
BOLD_LETTER = 0.76 * FONT
LINE = 1.35 * FONT
GAP = 0.2
PAGE_WIDTH = 10


def plot_attention_maps(maps, titles=None, ax=None):
    """Plot several attention maps in one figure, such as those of some translated sentences.

    Args:
        maps: (weights, queries, keys) of each map. Weights are (queries, keys), from 0 to 1, of
            one head; queries are the tokens that attend, one row for each, such as the output;
            keys are the tokens that are attended to, one column for each, such as the input.
        titles: title of each map, or None.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure. All maps have one colour scale, from 0 to the largest weight.

    Raises:
        VisualizeError: if the shapes do not fit, or a weight is not between 0 and 1.
    """
    if titles is None:
        titles = [""] * len(maps)
    if not len(maps) or len(titles) != len(maps):
        raise VisualizeError(
            f"{len(titles)} titles for {len(maps)} maps: give one map or more, and no titles or "
            f"one for each map."
        )
    maps = [_check_map(*each) for each in maps]
    largest = max(weights.max() for weights, _, _ in maps)

    frames = [_MapFrame(*each, title) for each, title in zip(maps, titles, strict=True)]
    corners, width, height = _place_in_lines([(frame.width, frame.height) for frame in frames])
    ax, points = make_canvas(ax, width, height + LINE, inches=1)
    for frame, (x, y) in zip(frames, corners, strict=True):
        frame.draw(ax, x, y + LINE, largest, points)

    words = f"white: 0; darkest blue: {largest:.2f}"
    ax.text(GAP, GAP, words, fontsize=FONT * points, color=GREY_TEXT, va="center")
    return ax.figure


class _MapFrame:
    """One attention map with its labels: the size that it needs, and its drawing."""

    def __init__(self, weights, queries, keys, title):
        self.weights, self.title = weights, title
        self.queries = [_visible(query) for query in queries]
        self.keys = [_visible(key) for key in keys]

        # Labels of one character fit above narrow cells, so they are not rotated.
        longest = max(map(len, self.keys))
        self.rotation = 0 if longest == 1 else 45
        self.cell = 0.19 if longest == 1 else 0.32
        slanted = 0.75 * LETTER * longest
        self.top = LINE + 0.04 if longest == 1 else slanted + LINE
        self.left = LETTER * max(map(len, self.queries)) + 0.1
        right = 0 if longest == 1 else slanted

        rows, columns = weights.shape
        self.map_width, self.map_height = self.cell * columns, self.cell * rows
        title_width = 1.1 * BOLD_LETTER * len(title)
        self.width = max(self.left + self.map_width + right, title_width)
        self.title_height = 1.5 * LINE if title else 0
        self.height = self.map_height + self.top + self.title_height

    def draw(self, ax, x, y, largest, points):
        """Draw the map; (x, y) is the lower left corner of its frame."""
        bounds = (x + self.left, y, self.map_width, self.map_height)
        panel = ax.inset_axes(bounds, transform=ax.transData)
        panel.imshow(
            self.weights, cmap="Blues", vmin=0, vmax=largest, interpolation="nearest", aspect="auto"
        )
        frame_panel(panel)

        size = FONT * points
        align = "center" if self.rotation == 0 else "left"
        panel.set_xticks(
            range(len(self.keys)), self.keys, rotation=self.rotation, ha=align, fontsize=size
        )
        panel.set_yticks(range(len(self.queries)), self.queries, fontsize=size)
        for label in (*panel.get_xticklabels(), *panel.get_yticklabels()):
            label.set_parse_math(False)
            label.set_rotation_mode("anchor")
        panel.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0, pad=2)

        top = y + self.height - LINE / 2
        options = {"fontsize": size, "fontweight": "bold", "color": INK, "parse_math": False}
        ax.text(x, top, self.title, va="center", **options)


def plot_captions(images, captions, truths, ax=None):
    """Plot images, each with the caption that a network wrote and the true caption below it.

    Args:
        images: (examples, height, width[, channels]) with 1 or 3 channels.
        captions: the caption that the network wrote for each image, strings.
        truths: the true caption of each image, a string; or a sequence of true captions, of which
            the first is shown.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure, with up to four images in a row.

    Raises:
        VisualizeError: if a shape is wrong, an image has no true caption, or the numbers of images,
            captions and truths differ.
    """
    images = to_images(images, "images")
    truths = [[truth] if isinstance(truth, str) else truth for truth in truths]
    for number, choices in enumerate(truths):
        if not len(choices):
            raise VisualizeError(
                f"truths[{number}] holds no caption: give one true caption or more for each image."
            )
    truths = [str(choices[0]) for choices in truths]
    if not len(images) == len(captions) == len(truths):
        raise VisualizeError(
            f"{len(captions)} captions and {len(truths)} true ones for {len(images)} images: give "
            f"one caption and one true caption for each image."
        )

    side = 2.2  # width of an image
    image_height = side * images.shape[1] / images.shape[2]
    blocks = []
    for caption, truth in zip(captions, truths, strict=True):
        written = textwrap.wrap(str(caption), int(side / BOLD_LETTER)) or ["(nothing)"]
        true = textwrap.wrap(f"true: {truth}", int(side / LETTER))
        blocks.append((written, true))

    most_lines = max(len(written) + len(true) for written, true in blocks)
    frame = (side, image_height + (most_lines + 1) * LINE)
    corners, width, height = _place_in_lines([frame] * len(images))
    ax, points = make_canvas(ax, width, height, inches=1)
    for image, (written, true), (x, y) in zip(images, blocks, corners, strict=True):
        y += frame[1]
        bounds = (x, y - image_height, side, image_height)
        show_image(ax.inset_axes(bounds, transform=ax.transData), image)

        line = y - image_height - LINE
        options = {"fontsize": FONT * points, "va": "center", "parse_math": False}
        for words in written:
            ax.text(x, line, words, color=INK, fontweight="bold", **options)
            line -= LINE
        for words in true:
            ax.text(x, line, words, color=GREY_TEXT, **options)
            line -= LINE
    return ax.figure


def plot_caption_attention(image, words, weights, ax=None):
    """Plot to which parts of an image a network attended for each word of its caption.

    Args:
        image: (height, width[, channels]) with 1 or 3 channels.
        words: the words of the caption that the network wrote.
        weights: (words, rows, columns) attention of each word to a grid of regions, >= 0.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure: the image, then one copy for each word. A copy has its full
        brightness where the word's weight is largest, and is dark where the weight is 0.

    Raises:
        VisualizeError: if a shape is wrong, or a weight is negative or not finite.
    """
    picture = to_images(np.asarray(image)[None], "image")[0]
    weights = np.asarray(weights, "float64")
    if weights.ndim != 3 or not weights.size or len(weights) != len(words):
        raise VisualizeError(
            f"weights {weights.shape} for {len(words)} words: give (words, rows, columns)."
        )
    if not np.isfinite(weights).all() or weights.min() < 0:
        raise VisualizeError("attention weights must be >= 0 and finite: give them after softmax.")

    height, width = picture.shape[:2]
    longest = max(len(str(word)) for word in words)
    side = max(1.3, BOLD_LETTER * longest)
    image_height = side * height / width
    frame = (side, image_height + 1.4 * LINE)
    corners, page_width, page_height = _place_in_lines([frame] * (1 + len(words)))
    ax, points = make_canvas(ax, page_width, page_height, inches=1)

    panels = []
    for title, (x, y) in zip(["image", *map(str, words)], corners, strict=True):
        bounds = (x, y, side, image_height)
        panel = ax.inset_axes(bounds, transform=ax.transData)
        show_image(panel, picture)
        options = {"fontsize": FONT * points, "va": "center", "ha": "center", "parse_math": False}
        weight = "normal" if title == "image" and not panels else "bold"
        title_height = y + image_height + 0.7 * LINE
        ax.text(x + side / 2, title_height, title, color=INK, fontweight=weight, **options)
        panels.append(panel)

    for panel, attention in zip(panels[1:], weights, strict=True):
        shade = np.zeros((*attention.shape, 4))  # black; red, green, blue, opacity
        shade[..., 3] = 0.75 * (1 - attention / (attention.max() or 1))
        extent = (-0.5, width - 0.5, height - 0.5, -0.5)
        panel.imshow(shade, extent=extent, interpolation="bilinear")
    return ax.figure


def _check_map(weights, queries, keys):
    """(weights, queries, keys) of an attention map; wrong ones are refused."""
    weights = np.asarray(weights, "float64")
    if weights.shape != (len(queries), len(keys)) or not weights.size:
        raise VisualizeError(
            f"weights {weights.shape} for {len(queries)} queries and {len(keys)} keys: give one "
            "head, as (queries, keys)."
        )
    if not ((weights >= 0) & (weights <= 1 + 1e-3)).all():
        raise VisualizeError("attention weights must lie between 0 and 1: give them after softmax.")
    return weights, queries, keys


def _visible(token):
    """A token as text; a space becomes a visible sign, and an empty token a hyphen."""
    return str(token).replace(" ", "␣") or "-"


def _place_in_lines(sizes):
    """Place frames side by side, in as many rows as they need.

    Args:
        sizes: (width, height) of each frame, in inches.

    Returns:
        (corners, width, height): the lower left corner (x, y) of each frame, and the size of the
        page. The upper edges of the frames in a row are at the same height.
    """
    lines, x = [[]], GAP
    for number, (width, _) in enumerate(sizes):
        if lines[-1] and x + width + GAP > PAGE_WIDTH:
            lines.append([])
            x = GAP
        lines[-1].append((number, x))
        x += width + GAP

    height = GAP + sum(max(sizes[number][1] for number, _ in line) + GAP for line in lines)
    corners, top = [None] * len(sizes), height - GAP
    for line in lines:
        for number, x in line:
            corners[number] = (x, top - sizes[number][1])
        top -= max(sizes[number][1] for number, _ in line) + GAP
    page_width = max(x + width for (x, _), (width, _) in zip(corners, sizes, strict=True)) + GAP
    return corners, page_width, height
