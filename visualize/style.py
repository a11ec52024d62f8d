"""Colours, axes, panels and canvases that all pictures share."""

import numpy as np
from matplotlib.figure import Figure

INK = "#1b1f24"  # text and lines
GREY_TEXT = "#5b6470"  # less important text, and arrows
FAINT = "#c9ced6"  # grids, and areas below the data

# Distinct for colour-blind readers and in grey print.
BLUE, ORANGE = "#2166ac", "#d95f02"

# The colours of Okabe and Ito. Each class also has its own marker, for grey print.
CLASS_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
CLASS_MARKERS = "os^DvP*X<>"


def make_axes(ax, width, height):
    """Return the given Axes, or the Axes of a new Figure of `width` x `height` inches."""
    if ax is not None:
        return ax
    return Figure(figsize=(width, height), layout="constrained").subplots()


def make_panels(ax, rows, columns, gap=(0.08, 0.08)):
    """Divide an Axes into a grid of small Axes.

    Args:
        ax: matplotlib Axes whose area the panels fill; only its title stays visible.
        rows: number of rows.
        columns: number of columns.
        gap: (horizontal, vertical) space between panels, as fractions of a panel's width and
            height.

    Returns:
        Array (rows, columns) of Axes.
    """
    ax.set_axis_off()

    # Positions are fractions of the Axes, measured from its lower left corner.
    width = 1 / (columns + (columns - 1) * gap[0])
    height = 1 / (rows + (rows - 1) * gap[1])

    panels = np.empty((rows, columns), dtype=object)
    for row, column in np.ndindex(rows, columns):
        left = column * width * (1 + gap[0])
        bottom = 1 - height - row * height * (1 + gap[1])
        panels[row, column] = ax.inset_axes((left, bottom, width, height))
    return panels


def make_canvas(ax, width, height, inches=0.8):
    """Return an Axes without a frame whose units are equally long in both directions.

    Args:
        ax: matplotlib Axes, or None for a new Figure.
        width: width of the canvas in units.
        height: height of the canvas in units.
        inches: length of one unit in a new Figure.

    Returns:
        (ax, points): the Axes, and the length of one unit in points, to scale text with it.
    """
    if ax is None:
        figure = Figure(figsize=(inches * width, inches * height))
        ax = figure.add_axes((0, 0, 1, 1))
    ax.set_axis_off()

    box = ax.get_window_extent()
    points = 72 / ax.figure.dpi * min(box.width / width, box.height / height)
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    return ax, points


def style_axes(ax):
    """Draw a light grid below the data, and keep the frame on two sides only."""
    ax.grid(color=FAINT, linewidth=0.5)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


def count_columns(ax, count, ratio):
    """Return the number of columns for which `count` panels fill the Axes best.

    Args:
        ax: the matplotlib Axes to divide.
        count: number of panels.
        ratio: width of a panel divided by its height.
    """
    box = ax.get_window_extent()
    return max(1, min(count, round((count * box.width / box.height / ratio) ** 0.5)))
