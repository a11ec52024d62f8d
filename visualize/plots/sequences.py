"""Plots of series and clips: forecasts, predicted frames, which time steps decide the class."""

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from visualize.errors import VisualizeError
from visualize.plots.comparisons import LINE_STYLES
from visualize.style import BLUE, FAINT, ORANGE, make_axes, make_panels, style_axes

# Blue: against the class. Orange: for the class.
EVIDENCE = LinearSegmentedColormap.from_list("evidence", [BLUE, "#c8c8c8", ORANGE])


def plot_forecast(truth, forecast, start, window, horizon=1, ax=None):
    """Plot one forecast and the true series, and mark the frame that the model saw.

    Args:
        truth: (rows,) the series.
        forecast: (steps,) predicted values; the first one is `horizon` rows after the last row of
            the frame.
        start: first row of the frame.
        window: number of rows in the frame.
        horizon: distance in rows from the last row of the frame to the first predicted row.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if the frame does not lie in the series, or a series or forecast is empty.
    """
    truth = np.asarray(truth, "float64")
    forecast = np.atleast_1d(np.asarray(forecast, "float64"))
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

    rows = np.arange(len(truth))
    first = start + window - 1 + horizon
    predicted_rows = np.arange(first, first + len(forecast))

    ax = make_axes(ax, 7.2, 3.1)
    ax.axvspan(start - 0.5, start + window - 0.5, color=FAINT, alpha=0.6, lw=0, label="frame")
    ax.plot(rows, truth, color=BLUE, label="truth")
    ax.plot(
        predicted_rows,
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
    """Plot several forecasts for each of some examples, and mark the frame that the model saw.

    Args:
        times: (examples, window + steps) dates or numbers of the rows of each frame and of the
            steps after it.
        history: (examples, window) values in the frame.
        truth: (examples, steps) true values after the frame.
        forecasts: {name: (examples, steps)}, at most 6; the line of the first is the thickest.
        quantity: name of the values, with their unit, for the vertical axis.
        ax: matplotlib Axes to divide into panels; a new Figure when None.

    Returns:
        The matplotlib Figure, one panel for each example.

    Raises:
        VisualizeError: if an array is empty, or the shapes do not fit each other.
    """
    times, history, truth = np.asarray(times), np.asarray(history), np.asarray(truth)
    forecasts = {name: np.asarray(values) for name, values in forecasts.items()}
    _check_forecasts(times, history, truth, forecasts)

    examples, window = history.shape
    if ax is None:
        figure = Figure(figsize=(7.2, 2.1 * examples + 0.4), layout="constrained")
        panels = figure.subplots(examples, 1, squeeze=False)[:, 0]
    else:
        panels = make_panels(ax, examples, 1, gap=(0, 0.35))[:, 0]

    for number, panel in enumerate(panels):
        frame_times, later_times = times[number, :window], times[number, window:]
        panel.axvspan(frame_times[0], frame_times[-1], color=FAINT, alpha=0.5, lw=0, label="frame")

        # One line for frame and truth, without a gap between them.
        series = np.concatenate([history[number], truth[number]])
        panel.plot(times[number], series, color=BLUE, label="truth")

        styles = LINE_STYLES[1 : 1 + len(forecasts)]  # the first style is that of the truth
        for rank, (style, name) in enumerate(zip(styles, forecasts, strict=True)):
            panel.plot(
                later_times,
                forecasts[name][number],
                color=style["color"],
                linestyle=style["linestyle"],
                linewidth=1.9 if rank == 0 else 1.2,
                label=name,
            )

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


def _check_forecasts(times, history, truth, forecasts):
    """Raise an error if the arrays of `plot_forecasts` are empty or do not fit each other."""
    most = len(LINE_STYLES) - 1
    if not 1 <= len(forecasts) <= most:
        raise VisualizeError(f"{len(forecasts)} forecasts to plot: give 1 to {most}.")
    if history.ndim != 2 or truth.ndim != 2 or not history.size or not truth.size:
        raise VisualizeError(
            f"history {history.shape} and truth {truth.shape}: give (examples, window) and "
            f"(examples, steps), none of them empty."
        )

    examples, window = history.shape
    steps = truth.shape[1]
    shapes = {"truth": (truth, (examples, steps)), "times": (times, (examples, window + steps))}
    shapes |= {name: (values, (examples, steps)) for name, values in forecasts.items()}
    for name, (values, shape) in shapes.items():
        if values.shape != shape:
            raise VisualizeError(f"{name} {values.shape}: {shape} is needed.")


def plot_class_activation(series, activations, titles, ax=None):
    """Plot series whose colour shows which time steps count for or against a class.

    Args:
        series: (series, time) values, one panel for each series.
        activations: (series, time); positive where the time step counts for the class, negative
            where it counts against it.
        titles: (series,) title of each panel, such as the class.
        ax: matplotlib Axes to divide into panels; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if there is no series, or the shapes do not fit each other.
    """
    series, activations = np.asarray(series, "float64"), np.asarray(activations, "float64")
    if series.ndim != 2 or not series.size or activations.shape != series.shape:
        raise VisualizeError(
            f"series {series.shape} and activations {activations.shape}: both must be "
            f"(series, time)."
        )
    if len(titles) != len(series):
        raise VisualizeError(f"{len(titles)} titles for {len(series)} series: give one for each.")

    columns = min(len(series), 3)
    rows = -(-len(series) // columns)
    if ax is None:
        figure = Figure(figsize=(2.6 * columns + 0.9, 1.7 * rows + 0.3), layout="constrained")
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        bar_place = {"ax": list(panels), "fraction": 0.03, "pad": 0.02}
    else:
        figure = ax.figure
        ax.set_axis_off()
        left_part = ax.inset_axes((0, 0, 0.82, 1))
        panels = make_panels(left_part, rows, columns, gap=(0.25, 0.5)).ravel()
        bar_place = {"cax": ax.inset_axes((0.86, 0, 0.02, 1))}

    # One colour scale for all series.
    limit = np.nanmax(np.abs(activations)) or 1
    for panel, values, evidence, title in zip(panels, series, activations, titles, strict=False):
        lines = _draw_colored_line(panel, values, evidence, limit)
        panel.set_title(str(title), fontsize=10, parse_math=False)
        style_axes(panel)
    for panel in panels[len(series) :]:
        panel.set_axis_off()

    bar = figure.colorbar(lines, **bar_place)
    bar.set_ticks([-limit, 0, limit], labels=["against", "neutral", "for the class"])
    bar.outline.set_visible(False)
    return figure


def _draw_colored_line(ax, values, evidence, limit):
    """Draw values (time,) as a line; `evidence` (time,), from -limit to limit, is its colour."""
    steps = np.arange(len(values))
    points = np.stack([steps, values], axis=1)  # (time, 2)
    segments = np.stack([points[:-1], points[1:]], axis=1)  # (time - 1, start and end, 2)

    lines = LineCollection(segments, cmap=EVIDENCE, norm=Normalize(-limit, limit), lw=2)
    lines.set_array((evidence[:-1] + evidence[1:]) / 2)
    ax.add_collection(lines)
    ax.autoscale()
    return lines


def plot_next_frames(past, future, predictions, ax=None):
    """Plot the frames of one clip in a row, and the predictions of its last frames below them.

    Args:
        past: (frames, height, width) or (frames, height, width, 1): the input frames, 0 to 1.
        future: the true next frames, in the same form.
        predictions: {name: predicted frames, in the form of `future`}, one row for each name.
        ax: matplotlib Axes to divide into panels; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if the shapes do not fit each other.
    """
    past, future = _to_grey_frames(past), _to_grey_frames(future)
    predictions = {name: _to_grey_frames(frames) for name, frames in predictions.items()}
    _check_frames(past, future, predictions)

    rows = 1 + len(predictions)
    columns = len(past) + len(future)
    ratio = future.shape[1] / future.shape[2]
    if ax is None:
        size = (0.75 * columns + 1.5, 0.75 * ratio * rows + 0.5)
        ax = Figure(figsize=size).add_axes((1.4 / size[0], 0.02, 1 - 1.5 / size[0], 0.86))
    panels = make_panels(ax, rows, columns)
    for panel in panels.ravel():
        panel.set_axis_off()

    strips = {"truth": np.concatenate([past, future]), **predictions}
    for row, (name, frames) in zip(panels, strips.items(), strict=True):
        used = row[-len(frames) :]  # predictions stand below the last frames
        for panel, frame in zip(used, frames, strict=True):
            panel.set_axis_on()
            panel.imshow(frame, cmap="gray", vmin=0, vmax=1, aspect="auto")
            panel.set_xticks([])
            panel.set_yticks([])
        used[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9, parse_math=False)

    # Frame 0 is the last input frame.
    for number, panel in enumerate(panels[0], start=1 - len(past)):
        panel.set_title("last" if number == 0 else f"{number:+d}", fontsize=9, pad=3)
    return ax.figure


def _to_grey_frames(frames):
    """Return frames as an array (frames, height, width)."""
    frames = np.asarray(frames, "float64")
    if frames.ndim == 4 and frames.shape[-1] == 1:
        frames = frames[..., 0]
    if frames.ndim != 3 or not frames.size:
        raise VisualizeError(
            f"frames {frames.shape}: give (frames, height, width) or (frames, height, width, 1)."
        )
    return frames


def _check_frames(past, future, predictions):
    """Raise an error if frames differ in size, or predictions and future in number."""
    for name, frames in {"past": past, **predictions}.items():
        same_size = frames.shape[1:] == future.shape[1:]
        same_number = name == "past" or len(frames) == len(future)
        if not same_size or not same_number:
            raise VisualizeError(
                f"{name} {frames.shape} does not fit the future {future.shape}: give frames of "
                f"one size, and as many predicted frames as future frames."
            )
