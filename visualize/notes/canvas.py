"""Boxes, circles, arrows and equations: the parts of the schematics.

Coordinates are in the units of `make_canvas`. Text is 0.2 units high: it grows with the drawing.
"""

from typing import NamedTuple

from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from visualize.style import BLUE, INK, make_canvas

GREY_FILL, BLUE_FILL, ORANGE_FILL = "#eceff3", "#d6e5f4", "#fde0c8"


class Shape(NamedTuple):
    """A box or circle in a drawing: its centre and its size, in units."""

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
    """A drawing of boxes, text and arrows.

    Args:
        ax: matplotlib Axes to draw into; a new Figure when None.
        width: width of the drawing in units.
        height: height of the drawing in units.
    """

    def __init__(self, ax, width, height):
        self.ax, self.points = make_canvas(ax, width, height)

    def text(self, x, y, text, size=0.2, ha="center", color=INK, mathtext=True, **options):
        """Write text at (x, y); `size` is its height in units."""
        return self.ax.text(
            x,
            y,
            text,
            fontsize=size * self.points,
            fontfamily="DejaVu Sans",
            math_fontfamily="dejavusans",
            ha=ha,
            va="center",
            color=color,
            parse_math=mathtext,
            **options,
        )

    def box(self, x, y, text, width=0.9, height=0.6, fill=GREY_FILL, edge=INK, **options):
        """Draw a rounded box around (x, y) with text in it. Returns its Shape."""
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
        self.text(x, y, text, zorder=3, **options)
        return Shape(x, y, width, height)

    def circle(self, x, y, text):
        """Draw a circle around (x, y): an element-wise operation. Returns its Shape."""
        self.ax.add_patch(
            Circle((x, y), 0.24, facecolor="white", edgecolor=INK, linewidth=1.2, zorder=2)
        )
        self.text(x, y, text, zorder=3)
        return Shape(x, y, 0.48, 0.48)

    def arrow(self, *corners, color=INK, style="-", head="-|>"):
        """Draw an arrow through the points `corners`; its head is at the last one."""
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
        """Draw a dot at (x, y), where a line branches."""
        self.ax.add_patch(Circle((x, y), 0.06, facecolor=INK, edgecolor="none", zorder=2))

    def equations(self, equations, x, top):
        """Write (name, equation) pairs below each other; `top` is the height of the first."""
        for row, (name, equation) in enumerate(equations):
            y = top - 0.55 * row
            self.text(x, y, name, size=0.19, ha="left", color=BLUE)
            self.text(x + 1.45, y, f"${equation}$", size=0.23, ha="left")
