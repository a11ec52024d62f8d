"""Plots that hold networks against each other: scores, spread over runs, layers, forecasts."""

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
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

# Okabe and Ito's colours and a dash and marker each, so that grey print tells the lines apart.
LINES = (
    {"color": BLUE, "marker": "o", "linestyle": "-"},
    {"color": ORANGE, "marker": "s", "linestyle": "--"},
    {"color": "#009e73", "marker": "^", "linestyle": "-."},
    {"color": "#cc79a7", "marker": "D", "linestyle": ":"},
    {"color": INK, "marker": "v", "linestyle": "-"},
    {"color": "#e69f00", "marker": "P", "linestyle": "--"},
    {"color": "#56b4e9", "marker": "X", "linestyle": "-."},
)
DEPTH = LinearSegmentedColormap.from_list("depth", [ORANGE, "#b9b5c9", BLUE])


def plot_lines(x, runs, xlabel, ylabel, log_x=False, ax=None):
    """Draw a quantity of several networks as the mean over runs, in the band of all runs.

    Args:
        x: (points,) numbers of the horizontal axis, such as epochs or numbers of labels.
        runs: {network: (runs, points) values}, at most 7 networks; NaN leaves a gap.
        xlabel: what `x` is, with its unit.
        ylabel: what the values are, with their unit.
        log_x: a logarithmic horizontal axis, with the points themselves as ticks.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if there is nothing to draw, or the shapes do not fit `x`.
    """
    x = np.asarray(x, "float64")
    runs = {name: np.asarray(values, "float64") for name, values in runs.items()}
    if not 1 <= len(runs) <= len(LINES):
        raise VisualizeError(f"{len(runs)} networks to draw: give 1 to {len(LINES)}.")
    for name, values in runs.items():
        if values.ndim != 2 or values.shape[1:] != x.shape or not values.size:
            raise VisualizeError(
                f"{name}: values {values.shape} for x {x.shape}; give (runs, points) and (points,)."
            )
    if log_x and (x <= 0).any():
        raise VisualizeError(f"x has {x.min():g}, which no logarithmic axis can show.")
    ax = make_axes(ax, 5.6, 3.9)
    for style, (name, values) in zip(LINES, runs.items(), strict=False):
        seen = ~np.isnan(values).all(axis=0)
        if len(values) > 1:
            low, high = np.nanmin(values[:, seen], axis=0), np.nanmax(values[:, seen], axis=0)
            ax.fill_between(x[seen], low, high, color=style["color"], alpha=0.18, lw=0)
        mean = np.nanmean(values[:, seen], axis=0)
        marker = style["marker"] if seen.sum() <= 30 else None
        ax.plot(x[seen], mean, **style | {"marker": marker}, markersize=4, label=name)
    if log_x:
        ax.set_xscale("log")
        ax.set_xticks(x, [f"{value:g}" for value in x])
        ax.minorticks_off()
    elif (x == np.round(x)).all():
        ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    most = max(len(values) for values in runs.values())
    band = f"line: mean, band: all of {most} runs" if most > 1 else None
    if len(runs) > 1 or band:
        ax.legend(
            frameon=False,
            title=band,
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


def plot_score_table(table, log=(), ax=None):
    """Draw a table of scores as bars, one panel for each score and the number beside each bar.

    Args:
        table: {row: {score: value}}, the same scores in every row; NaN is written without a bar.
        log: names of the scores that stand on a logarithmic axis.
        ax: matplotlib Axes to divide into panels; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if the rows have different scores, or there is nothing to draw.
    """
    rows = list(table)
    columns = list(table[rows[0]]) if rows else []
    if not columns or any(list(table[row]) != columns for row in rows):
        raise VisualizeError("the table has no rows, or rows with different scores.")
    if ax is None:
        size = (1.4 + 2.5 * len(columns), 0.29 * len(rows) + 0.8)
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(1, len(columns), squeeze=False)[0]
    else:
        panels = make_panels(ax, 1, len(columns))[0]
    places = np.arange(len(rows))
    for number, (panel, column) in enumerate(zip(panels, columns, strict=True)):
        values = np.array([table[row][column] for row in rows], "float64")
        _draw_bars(panel, places, values, column in log)
        panel.set_title(column, fontsize=10)
        panel.set_yticks(places, rows if number == 0 else [""] * len(rows), parse_math=False)
        panel.set_ylim(len(rows) - 0.4, -0.6)
    return panels[0].figure


def _draw_bars(ax, places, values, log):
    """Horizontal bars with their numbers; on a logarithmic axis only what is above zero."""
    drawn = np.isfinite(values) & ((values > 0) | (not log))
    if log and drawn.any():
        low, high = values[drawn].min() / 3, values[drawn].max()
        ax.set_xscale("log")
        ax.barh(places[drawn], values[drawn] - low, left=low, color=BLUE, height=0.62)
        ax.set_xlim(low, high * (high / low) ** 0.45)
        if low < 1 < high:
            ax.axvline(1, color=INK, linewidth=0.8)
    elif drawn.any():
        ax.barh(places[drawn], values[drawn], color=BLUE, height=0.62)
        low, high = min(0, values[drawn].min()), max(0, values[drawn].max())
        room = 0.35 * ((high - low) or 1)
        ax.set_xlim(low - room * (low < 0), high + room)
    for place, value, is_drawn in zip(places, values, drawn, strict=True):
        left = value < 0 and not log
        end = value if is_drawn else ax.get_xlim()[0]
        ax.annotate(
            f"{value:.3g}",
            (end, place),
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
    """Draw a quantity of every layer during training, a panel for each network.

    Args:
        networks: {network: {layer: values by epoch}}, layers from the first to the last.
        ylabel: what the values are.
        log: a logarithmic vertical axis; what is not above zero leaves a gap.
        first: epoch of the first value; 0 where it was measured before training.
        ax: matplotlib Axes to divide into panels; a new Figure when None.

    Returns:
        The matplotlib Figure: a line per layer, coloured from the first layer to the last, and
        one vertical axis for all panels.

    Raises:
        VisualizeError: if there is nothing to draw, or a layer has no epochs.
    """
    if not networks or not all(networks.values()):
        raise VisualizeError("no layers to draw: give {network: {layer: values by epoch}}.")
    curves = {
        network: [np.atleast_1d(np.asarray(values, "float64")) for values in layers.values()]
        for network, layers in networks.items()
    }
    if not all(values.size for lines in curves.values() for values in lines):
        raise VisualizeError("a layer has no values: train for at least one epoch.")
    if ax is None:
        columns = min(len(networks), 3)
        rows = -(-len(networks) // columns)
        figure = Figure(figsize=(2.7 * columns + 1.3, 2.7 * rows + 0.3), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    else:
        ax.set_axis_off()
        figure, room = ax.figure, ax.inset_axes((0, 0, 0.84, 1))
        grid = make_panels(room, 1, len(networks), gap=(0.25, 0))
    panels = grid.ravel()
    for panel, (network, lines) in zip(panels, curves.items(), strict=False):
        for number, values in enumerate(lines):
            shown = np.where(values > 0, values, np.nan) if log else values
            color = DEPTH(number / max(len(lines) - 1, 1))
            marker = "o" if values.size < 30 else None
            epochs = np.arange(first, first + values.size)
            panel.plot(epochs, shown, color=color, marker=marker, markersize=3)
        panel.set_title(network, fontsize=10, parse_math=False)
        panel.xaxis.get_major_locator().set_params(integer=True)
        style_axes(panel)
    finite = [value for lines in curves.values() for value in np.concatenate(lines)]
    finite = [value for value in finite if np.isfinite(value) and (value > 0 or not log)]
    for panel in panels[: len(networks)]:
        if log and finite:
            panel.set_yscale("log")
        if ax is not None and finite:  # panels of one's own are not tied to each other
            panel.set_ylim(*_limits(min(finite), max(finite), log))
        panel.set_xlabel("epoch")
        panel.xaxis.set_tick_params(labelbottom=True)
    for panel in panels[len(networks) :]:
        panel.set_axis_off()
    for panel in grid[:, 0]:
        panel.set_ylabel(ylabel)
    where = {"ax": list(panels), "fraction": 0.03, "pad": 0.02}
    if ax is not None:
        where = {"cax": ax.inset_axes((0.87, 0, 0.02, 1))}
    bar = figure.colorbar(ScalarMappable(Normalize(0, 1), DEPTH), **where)
    bar.set_ticks([0, 1], labels=["first layer", "last layer"])
    bar.ax.invert_yaxis()
    bar.outline.set_visible(False)
    return figure


def plot_predictions(targets, predictions, unit="", ax=None):
    """Draw predicted numbers against the true ones; a perfect prediction lies on the diagonal.

    Args:
        targets: (examples,) true numbers.
        predictions: (examples,) or (examples, 1) predicted numbers, in the same unit.
        unit: that unit, for the axes.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if the two do not fit each other, or hold no finite number.
    """
    targets = np.asarray(targets, "float64")
    predictions = np.asarray(predictions, "float64")
    if predictions.shape == (*targets.shape, 1):
        predictions = predictions[:, 0]
    if targets.ndim != 1 or predictions.shape != targets.shape or not targets.size:
        raise VisualizeError(
            f"targets {targets.shape} and predictions {predictions.shape} do not fit: both are "
            f"(examples,)."
        )
    both = np.concatenate([targets, predictions])
    both = both[np.isfinite(both)]
    if not both.size:
        raise VisualizeError("no target or prediction is a finite number.")
    ax = make_axes(ax, 4.2, 4.2)
    limits = _limits(both.min(), both.max(), log=False)
    ax.plot(limits, limits, color=INK, linewidth=1, linestyle="--", label="perfect")
    ax.scatter(targets, predictions, s=16, color=BLUE, alpha=0.6, lw=0, label="test examples")
    suffix = f" ({unit})" if unit else ""
    ax.set(xlim=limits, ylim=limits, aspect="equal")
    ax.set(xlabel=f"true{suffix}", ylabel=f"predicted{suffix}")
    ax.legend(frameon=False, loc="upper left")
    style_axes(ax)
    return ax.figure


def _limits(low, high, log):
    """Limits of an axis with a little room around the data."""
    if log:
        room = (high / low) ** 0.06 if high > low else 2
        return low / room, high * room
    room = 0.05 * (high - low) or 0.5
    return low - room, high + room


def plot_texts(texts, width=80, ax=None):
    """Write texts under each other, such as what was true beside what a network wrote.

    Args:
        texts: {title: text}; line ends stay.
        width: characters in a line, where longer lines are broken.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if there is no text, or `width` is below 1.
    """
    if not texts or width < 1:
        raise VisualizeError(f"{len(texts)} texts in lines of {width}: give at least 1 of each.")
    blocks = [
        [
            line[place : place + width]
            for line in text.split("\n")
            for place in range(0, max(len(line), 1), width)
        ]
        for text in texts.values()
    ]
    lines = sum(map(len, blocks)) + 1.6 * len(blocks)
    y = 1.3 * lines  # in heights of a letter, from the bottom
    ax, size = make_canvas(ax, 0.64 * width + 1, y + 0.5, inches=0.14)
    options = {"va": "top", "color": INK, "fontsize": size, "parse_math": False}
    for title, block in zip(texts, blocks, strict=True):
        ax.text(0.5, y, title, fontweight="bold", **options)
        for line in block:
            y -= 1.3
            ax.text(0.5, y, line, fontfamily="DejaVu Sans Mono", **options)
        y -= 1.6 * 1.3
    return ax.figure


def plot_forecast(truth, forecast, start, window, horizon=1, ax=None):
    """Draw a forecast beside what happened, with the frame that the model saw marked.

    Args:
        truth: (rows,) the series.
        forecast: (steps,) predicted values, the first `horizon` rows after the frame's last row.
        start: first row of the frame.
        window: rows in the frame.
        horizon: distance in rows from the frame's last row to the first predicted one.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if the frame does not lie in the series, or there is nothing to draw.
    """
    truth, forecast = np.asarray(truth, "float64"), np.atleast_1d(np.asarray(forecast, "float64"))
    if truth.ndim != 1 or forecast.ndim != 1 or not forecast.size:
        raise VisualizeError(
            f"truth {truth.shape} and forecast {forecast.shape} must be one column of values each."
        )
    if window < 1 or horizon < 1 or start < 0 or start + window > len(truth):
        raise VisualizeError(
            f"no frame of {window} rows from row {start}, horizon {horizon}, in a series of "
            f"{len(truth)} rows: choose 0 <= start, 1 <= window, start + window <= rows and "
            "1 <= horizon."
        )
    first = start + window - 1 + horizon
    ax = make_axes(ax, 7.2, 3.1)
    ax.axvspan(start - 0.5, start + window - 0.5, color=FAINT, alpha=0.6, lw=0, label="frame")
    ax.plot(np.arange(len(truth)), truth, color=BLUE, label="truth")
    ax.plot(
        np.arange(first, first + len(forecast)),
        forecast,
        color=ORANGE,
        linestyle="--",
        marker="o",
        markersize=3,
        label="forecast",
    )
    ax.set_xlabel("row")
    ax.margins(x=0.02)
    ax.legend(frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0)
    style_axes(ax)
    return ax.figure


def plot_forecasts(times, history, truth, forecasts, quantity="", ax=None):
    """Draw several forecasts beside what happened, each with the frame that was seen marked.

    Args:
        times: (examples, window + steps) dates or numbers of the frames' rows and those behind.
        history: (examples, window) what was seen.
        truth: (examples, steps) what happened behind it.
        forecasts: {name: (examples, steps)}, at most 6; the first is drawn strongest.
        quantity: what the values are, with their unit.
        ax: matplotlib Axes to divide into panels; a new Figure when None.

    Returns:
        The matplotlib Figure, a panel for each example.

    Raises:
        VisualizeError: if there is nothing to draw, or the shapes do not fit each other.
    """
    times, history, truth = np.asarray(times), np.asarray(history), np.asarray(truth)
    forecasts = {name: np.asarray(values) for name, values in forecasts.items()}
    if not 1 <= len(forecasts) < len(LINES):
        raise VisualizeError(f"{len(forecasts)} forecasts to draw: give 1 to {len(LINES) - 1}.")
    if history.ndim != 2 or truth.ndim != 2 or not history.size or not truth.size:
        raise VisualizeError(
            f"history {history.shape} and truth {truth.shape}: give (examples, window) and "
            f"(examples, steps), none of them empty."
        )
    examples, window = history.shape
    shapes = {"truth": (truth, truth.shape[1]), "times": (times, window + truth.shape[1])}
    shapes |= {name: (values, truth.shape[1]) for name, values in forecasts.items()}
    for name, (values, columns) in shapes.items():
        if values.shape != (examples, columns):
            raise VisualizeError(f"{name} {values.shape}: ({examples}, {columns}) is needed.")
    if ax is None:
        figure = Figure(figsize=(7.2, 2.1 * examples + 0.4), layout="constrained")
        panels = figure.subplots(examples, 1, squeeze=False)[:, 0]
    else:
        panels = make_panels(ax, examples, 1, gap=(0, 0.35))[:, 0]
    for number, panel in enumerate(panels):
        seen, behind = times[number, :window], times[number, window:]
        panel.axvspan(seen[0], seen[-1], color=FAINT, alpha=0.5, lw=0, label="frame")
        # The truth goes on from the frame's last row without a break.
        whole = np.concatenate([history[number], truth[number]])
        panel.plot(times[number], whole, color=BLUE, label="truth")
        styles = LINES[1 : 1 + len(forecasts)]
        for rank, (style, (name, values)) in enumerate(zip(styles, forecasts.items(), strict=True)):
            style = {key: style[key] for key in ("color", "linestyle")}
            panel.plot(behind, values[number], **style, label=name, lw=1.2 if rank else 1.9)
        if np.issubdtype(times.dtype, np.datetime64):
            locator = AutoDateLocator(minticks=4, maxticks=9)
            panel.xaxis.set_major_locator(locator)
            panel.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        panel.set_ylabel(quantity, parse_math=False)
        panel.margins(x=0.02)
        style_axes(panel)
    panels[0].legend(
        frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0
    )
    return panels[0].figure
