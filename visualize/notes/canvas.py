"""Boxes, circles, arrows and equations, from which the schematics are drawn.

Coordinates are in the units of `make_canvas`; text is 0.2 units high, so that it grows with the
drawing.
"""

from typing import NamedTuple

from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from visualize.style import BLUE, INK, make_canvas

GREY_FILL, BLUE_FILL, ORANGE_FILL = "#eceff3", "#d6e5f4", "#fde0c8"


class Shape(NamedTuple):
    """A drawn box or circle: its centre and size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self):
        """The middle of the left edge."""
        return self.x - self.width / 2, self.y

    @property
    def right(self):
        """The middle of the right edge."""
        return self.x + self.width / 2, self.y

    @property
    def top(self):
        """The middle of the top edge."""
        return self.x, self.y + self.height / 2

    @property
    def bottom(self):
        """The middle of the bottom edge."""
        return self.x, self.y - self.height / 2


class Canvas:
    """Boxes, text and arrows on a `make_canvas`."""

    def __init__(self, ax, width, height):
        self.ax, self.points = make_canvas(ax, width, height)

    def text(self, x, y, words, size=0.2, ha="center", color=INK, mathtext=True, **options):
        """Write words at a place; their size is in units."""
        return self.ax.text(
            x,
            y,
            words,
            fontsize=size * self.points,
            fontfamily="DejaVu Sans",
            math_fontfamily="dejavusans",
            ha=ha,
            va="center",
            color=color,
            parse_math=mathtext,
            **options,
        )

    def box(self, x, y, words, width=0.9, height=0.6, fill=GREY_FILL, edge=INK, **options):
        """Draw a rounded box with words in it; returns its Shape."""
        self.ax.add_patch(
            FancyBboxPatch(
                (x - width / 2 + 0.08, y - height / 2 + 0.08),
                width - 0.16,
                height - 0.16,
                boxstyle="round,pad=0.08",
                facecolor=fill,
                edgecolor=edge,
                linewidth=1.2,
                zorder=2,
            )
        )
        self.text(x, y, words, zorder=3, **options)
        return Shape(x, y, width, height)

    def circle(self, x, y, words):
        """An operation on vectors, element by element."""
        self.ax.add_patch(
            Circle((x, y), 0.24, facecolor="white", edgecolor=INK, linewidth=1.2, zorder=2)
        )
        self.text(x, y, words, zorder=3)
        return Shape(x, y, 0.48, 0.48)

    def arrow(self, *corners, color=INK, style="-", head="-|>"):
        """A line through the corners, with its head at the last."""
        self.ax.add_patch(
            FancyArrowPatch(
                path=Path(corners),
                arrowstyle=head,
                mutation_scale=0.2 * self.points,
                color=color,
                linestyle=style,
                linewidth=1.3,
                joinstyle="miter",
                shrinkA=0,
                shrinkB=0,
                zorder=1.5,
            )
        )

    def dot(self, x, y):
        """Where a line divides."""
        self.ax.add_patch(Circle((x, y), 0.06, facecolor=INK, edgecolor="none", zorder=2))

    def equations(self, equations, x, top):
        """Equations with their names, one below the other."""
        for row, (name, equation) in enumerate(equations):
            y = top - 0.55 * row
            self.text(x, y, name, size=0.19, ha="left", color=BLUE)
            self.text(x + 1.45, y, f"${equation}$", size=0.23, ha="left")
