"""Plots that compare networks: scores, the spread over runs, layers, predictions, texts."""

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure

from visualize.errors import VisualizeError
from visualize.style import (
    BLUE,
    FAINT,
    INK,
    ORANGE,
    make_axes,
    make_canvas,
    make_panels,
    style_axes,
)

# The colours of Okabe and Ito. Each line also has its own dashes and marker, for grey print.
LINE_STYLES = (
    {"color": BLUE, "marker": "o", "linestyle": "-"},
    {"color": ORANGE, "marker": "s", "linestyle": "--"},
    {"color": "#009e73", "marker": "^", "linestyle": "-."},
    {"color": "#cc79a7", "marker": "D", "linestyle": ":"},
    {"color": INK, "marker": "v", "linestyle": "-"},
    {"color": "#e69f00", "marker": "P", "linestyle": "--"},
    {"color": "#56b4e9", "marker": "X", "linestyle": "-."},
)

# From the first layer to the last.
DEPTH_COLORS = LinearSegmentedColormap.from_list("depth", [ORANGE, "#b9b5c9", BLUE])


def plot_lines(x, runs, xlabel, ylabel, log_x=False, ax=None):
    """Plot one line per network: the mean over its runs, in a band from lowest to highest run.

    Args:
        x: (points,) values of the horizontal axis, such as epochs or numbers of labels.
        runs: {network: (runs, points) values}, at most 7 networks. NaN is a missing value; a
            point that all runs miss is left out.
        xlabel: name of `x`, with its unit.
        ylabel: name of the values, with their unit.
        log_x: whether the horizontal axis is logarithmic; its ticks are then the points.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if there is no network, or the shapes do not fit `x`.
    """
    x = np.asarray(x, "float64")
    runs = {name: np.asarray(values, "float64") for name, values in runs.items()}
    if not 1 <= len(runs) <= len(LINE_STYLES):
        raise VisualizeError(f"{len(runs)} networks to plot: give 1 to {len(LINE_STYLES)}.")
    for name, values in runs.items():
        if values.ndim != 2 or values.shape[1:] != x.shape or not values.size:
            raise VisualizeError(
                f"{name}: values {values.shape} for x {x.shape}; give (runs, points) and (points,)."
            )
    if log_x and (x <= 0).any():
        raise VisualizeError(f"x has {x.min():g}, which no logarithmic axis can show.")

    ax = make_axes(ax, 5.6, 3.9)
    for style, (name, values) in zip(LINE_STYLES, runs.items(), strict=False):
        _draw_runs(ax, x, values, style, name)

    if log_x:
        ax.set_xscale("log")
        ax.set_xticks(x, [f"{value:g}" for value in x])
        ax.minorticks_off()
    elif (x == np.round(x)).all():
        ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set(xlabel=xlabel, ylabel=ylabel)

    most_runs = max(len(values) for values in runs.values())
    band_note = f"line: mean, band: lowest to highest of {most_runs} runs"
    if len(runs) > 1 or most_runs > 1:
        ax.legend(
            frameon=False,
            title=band_note if most_runs > 1 else None,
            title_fontsize=8,
            alignment="left",
            fontsize=9,
            ncols=2,
            loc="lower left",
            bbox_to_anchor=(0, 1),
            borderaxespad=0,
        )
    style_axes(ax)
    return ax.figure


def _draw_runs(ax, x, values, style, name):
    """Draw the mean of values (runs, points) as a line, and their range as a band."""
    measured = ~np.isnan(values).all(axis=0)  # (points,)
    x, values = x[measured], values[:, measured]

    if len(values) > 1:
        lowest, highest = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
        ax.fill_between(x, lowest, highest, color=style["color"], alpha=0.18, lw=0)

    few_points = len(x) <= 30
    ax.plot(
        x,
        np.nanmean(values, axis=0),
        color=style["color"],
        linestyle=style["linestyle"],
        marker=style["marker"] if few_points else None,
        markersize=4,
        label=name,
    )


def plot_score_table(table, log=(), ax=None):
    """Plot a table of scores as bars: one panel per score, one bar with its number per row.

    Args:
        table: {row: {score: value}}, the same scores in every row. NaN gets a number but no bar.
        log: names of the scores that have a logarithmic axis.
        ax: matplotlib Axes to divide into panels; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if there is no row, or the rows have different scores.
    """
    rows = list(table)
    scores = list(table[rows[0]]) if rows else []
    if not scores or any(list(table[row]) != scores for row in rows):
        raise VisualizeError("the table has no rows, or rows with different scores.")

    if ax is None:
        size = (1.4 + 2.5 * len(scores), 0.29 * len(rows) + 0.8)
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(1, len(scores), squeeze=False)[0]
    else:
        panels = make_panels(ax, 1, len(scores))[0]

    heights = np.arange(len(rows))
    for number, (panel, score) in enumerate(zip(panels, scores, strict=True)):
        values = np.array([table[row][score] for row in rows], "float64")
        _draw_bars(panel, heights, values, log=score in log)
        panel.set_title(score, fontsize=10)
        # Only the first panel names the rows.
        panel.set_yticks(heights, rows if number == 0 else [""] * len(rows), parse_math=False)
        panel.set_ylim(len(rows) - 0.4, -0.6)
    return panels[0].figure


def _draw_bars(ax, heights, values, log):
    """Draw horizontal bars with their numbers; a logarithmic axis has bars above zero only."""
    has_bar = np.isfinite(values)
    if log:
        has_bar &= values > 0

    if log and has_bar.any():
        low, high = values[has_bar].min() / 3, values[has_bar].max()
        ax.set_xscale("log")
        ax.barh(heights[has_bar], values[has_bar] - low, left=low, color=BLUE, height=0.62)
        ax.set_xlim(low, high * (high / low) ** 0.45)  # the numbers need room
        if low < 1 < high:
            ax.axvline(1, color=INK, linewidth=0.8)
    elif has_bar.any():
        ax.barh(heights[has_bar], values[has_bar], color=BLUE, height=0.62)
        low, high = min(0, values[has_bar].min()), max(0, values[has_bar].max())
        room = 0.35 * ((high - low) or 1)  # for the numbers
        ax.set_xlim(low - room if low < 0 else low, high + room)

    for height, value, drawn in zip(heights, values, has_bar, strict=True):
        left = value < 0 and not log
        end = value if drawn else ax.get_xlim()[0]
        ax.annotate(
            f"{value:.3g}",
            (end, height),
            xytext=(-3 if left else 3, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontsize=8,
        )

    ax.grid(axis="x", color=FAINT, linewidth=0.5)
    ax.set_axisbelow(True)
    ax.tick_params(axis="y", length=0)
    ax.tick_params(axis="x", labelsize=8)
    ax.spines[["top", "right", "left"]].set_visible(False)


def plot_layers_over_epochs(networks, ylabel, log=False, first=1, ax=None):
    """Plot a value of every layer over the epochs, one panel per network.

    Args:
        networks: {network: {layer: values by epoch}}, from the first layer to the last.
        ylabel: name of the values.
        log: whether the vertical axis is logarithmic; values that are not positive leave a gap.
        first: epoch of the first value; 0 if it was measured before training.
        ax: matplotlib Axes to divide into panels; a new Figure when None.

    Returns:
        The matplotlib Figure. Each layer has a line, coloured from orange (first layer) to blue
        (last layer). All panels have the same vertical axis.

    Raises:
        VisualizeError: if there is no layer, or a layer has no values.
    """
    if not networks or not all(networks.values()):
        raise VisualizeError("no layers to plot: give {network: {layer: values by epoch}}.")
    curves = {
        network: [np.atleast_1d(np.asarray(values, "float64")) for values in layers.values()]
        for network, layers in networks.items()
    }
    every_curve = [values for lines in curves.values() for values in lines]
    if not all(values.size for values in every_curve):
        raise VisualizeError("a layer has no values: train for at least one epoch.")

    if ax is None:
        columns = min(len(networks), 3)
        rows = -(-len(networks) // columns)
        figure = Figure(figsize=(2.7 * columns + 1.3, 2.7 * rows + 0.3), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
        bar_place = {"ax": list(grid.ravel()), "fraction": 0.03, "pad": 0.02}
    else:
        figure = ax.figure
        ax.set_axis_off()
        left_part = ax.inset_axes((0, 0, 0.84, 1))
        grid = make_panels(left_part, 1, len(networks), gap=(0.25, 0))
        bar_place = {"cax": ax.inset_axes((0.87, 0, 0.02, 1))}

    panels = grid.ravel()
    for panel, (network, lines) in zip(panels, curves.items(), strict=False):
        _draw_layers(panel, lines, first, log)
        panel.set_title(network, fontsize=10, parse_math=False)
        panel.set_xlabel("epoch")
        panel.xaxis.get_major_locator().set_params(integer=True)
        panel.xaxis.set_tick_params(labelbottom=True)
        style_axes(panel)
    for panel in panels[len(networks) :]:
        panel.set_axis_off()
    for panel in grid[:, 0]:
        panel.set_ylabel(ylabel)

    values = np.concatenate(every_curve)
    shown = values[np.isfinite(values) & ((values > 0) | (not log))]
    for panel in panels[: len(networks)]:
        if log and shown.size:
            panel.set_yscale("log")
        if ax is not None and shown.size:  # the panels inside a given Axes share no axis
            panel.set_ylim(*_limits(shown.min(), shown.max(), log))

    bar = figure.colorbar(ScalarMappable(Normalize(0, 1), DEPTH_COLORS), **bar_place)
    bar.set_ticks([0, 1], labels=["first layer", "last layer"])
    bar.ax.invert_yaxis()
    bar.outline.set_visible(False)
    return figure


def _draw_layers(ax, curves, first, log):
    """Draw one line per layer; `curves` holds their values by epoch, `first` the first epoch."""
    for number, values in enumerate(curves):
        depth = number / max(len(curves) - 1, 1)  # from 0 to 1
        ax.plot(
            np.arange(first, first + values.size),
            np.where(values > 0, values, np.nan) if log else values,
            color=DEPTH_COLORS(depth),
            marker="o" if values.size < 30 else None,
            markersize=3,
        )


def plot_predictions(targets, predictions, unit="", ax=None):
    """Plot predicted values against true values; perfect predictions lie on the diagonal.

    Args:
        targets: (examples,) true values.
        predictions: (examples,) or (examples, 1) predicted values, in the same unit.
        unit: the unit, for the axes.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if the shapes do not fit each other, or no value is finite.
    """
    targets = np.asarray(targets, "float64")
    predictions = np.asarray(predictions, "float64")
    if predictions.shape == (*targets.shape, 1):
        predictions = predictions[:, 0]
    if targets.ndim != 1 or predictions.shape != targets.shape or not targets.size:
        raise VisualizeError(
            f"targets {targets.shape} and predictions {predictions.shape} do not fit: both must "
            f"be (examples,)."
        )

    values = np.concatenate([targets, predictions])
    finite = values[np.isfinite(values)]
    if not finite.size:
        raise VisualizeError("no target or prediction is a finite number.")

    ax = make_axes(ax, 4.2, 4.2)
    limits = _limits(finite.min(), finite.max(), log=False)
    ax.plot(limits, limits, color=INK, linewidth=1, linestyle="--", label="perfect prediction")
    ax.scatter(targets, predictions, s=16, color=BLUE, alpha=0.6, lw=0, label="test examples")

    suffix = f" ({unit})" if unit else ""
    ax.set(xlim=limits, ylim=limits, aspect="equal")
    ax.set(xlabel=f"true{suffix}", ylabel=f"predicted{suffix}")
    ax.legend(frameon=False, loc="upper left")
    style_axes(ax)
    return ax.figure


def _limits(low, high, log):
    """Return the limits of an axis, with a little room around the data."""
    if log:
        room = (high / low) ** 0.06 if high > low else 2
        return low / room, high * room

    room = 0.05 * (high - low) or 0.5
    return low - room, high + room


def plot_texts(texts, width=80, ax=None):
    """Write texts below each other, such as a true text and a generated one.

    Args:
        texts: {title: text}; line breaks are kept.
        width: number of characters after which a longer line is broken.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if there is no text, or `width` is below 1.
    """
    if not texts or width < 1:
        raise VisualizeError(f"{len(texts)} texts in lines of {width}: give at least 1 of each.")

    blocks = {title: _break_lines(text, width) for title, text in texts.items()}
    line_height = 1.3  # in heights of a letter
    title_height = 1.6 * line_height  # with the empty space above it
    number_of_lines = sum(len(lines) for lines in blocks.values())
    height = line_height * number_of_lines + title_height * len(blocks)
    ax, size = make_canvas(ax, 0.64 * width + 1, height + 0.5, inches=0.14)

    options = {"va": "top", "color": INK, "fontsize": size, "parse_math": False}
    y = height
    for title, lines in blocks.items():
        ax.text(0.5, y, title, fontweight="bold", **options)
        for line in lines:
            y -= line_height
            ax.text(0.5, y, line, fontfamily="DejaVu Sans Mono", **options)
        y -= title_height
    return ax.figure


def _break_lines(text, width):
    """Return the lines of a text, each of at most `width` characters."""
    broken = []
    for line in text.split("\n"):
        starts = range(0, max(len(line), 1), width)  # an empty line stays a line
        broken += [line[start : start + width] for start in starts]
    return broken
