"""Plots of series and clips: what speaks for a class, and the next frames."""

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure

from visualize.errors import VisualizeError
from visualize.plots import BLUE, ORANGE, make_panels, style_axes

AGAINST_FOR = LinearSegmentedColormap.from_list("against_for", [BLUE, "#c8c8c8", ORANGE])


def plot_class_activation(series, activations, titles, ax=None):
    """Draw series in the colours of what each step says for or against a class.

    Args:
        series: (series, time) values, one panel each.
        activations: (series, time), above zero where the step speaks for the class of the series.
        titles: (series,) what to write above each, such as the class.
        ax: matplotlib Axes to divide into panels; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if the shapes do not fit each other, or there is nothing to draw.
    """
    series, activations = np.asarray(series, "float64"), np.asarray(activations, "float64")
    if series.ndim != 2 or not series.size or activations.shape != series.shape:
        raise VisualizeError(
            f"series {series.shape} and activations {activations.shape}: both are (series, time)."
        )
    if len(titles) != len(series):
        raise VisualizeError(f"{len(titles)} titles for {len(series)} series: give one for each.")
    columns = min(len(series), 3)
    rows = -(-len(series) // columns)
    if ax is None:
        figure = Figure(figsize=(2.6 * columns + 0.9, 1.7 * rows + 0.3), layout="constrained")
        panels = figure.subplots(rows, columns, squeeze=False)
        where = {"ax": list(panels.ravel()), "fraction": 0.03, "pad": 0.02}
    else:
        figure = ax.figure
        ax.set_axis_off()
        panels = make_panels(ax.inset_axes((0, 0, 0.82, 1)), rows, columns, gap=(0.25, 0.5))
        where = {"cax": ax.inset_axes((0.86, 0, 0.02, 1))}
    most = np.nanmax(np.abs(activations)) or 1
    steps = np.arange(series.shape[1])
    for panel, values, says, title in zip(
        panels.ravel(), series, activations, titles, strict=False
    ):
        points = np.stack([steps, values], axis=1)  # (time, 2)
        pieces = np.stack([points[:-1], points[1:]], axis=1)  # from each step to the next
        lines = LineCollection(pieces, cmap=AGAINST_FOR, norm=Normalize(-most, most), lw=2)
        lines.set_array((says[:-1] + says[1:]) / 2)
        panel.add_collection(lines)
        panel.autoscale()
        panel.set_title(str(title), fontsize=10, parse_math=False)
        style_axes(panel)
    for panel in panels.ravel()[len(series) :]:
        panel.set_axis_off()
    bar = figure.colorbar(lines, **where)
    bar.set_ticks([-most, 0, most], labels=["against", "neither", "for the class"])
    bar.outline.set_visible(False)
    return figure
