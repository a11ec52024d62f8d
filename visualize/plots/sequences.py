"""Plots of series and clips: what speaks for a class, and the next frames."""

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure

from visualize.errors import VisualizeError
from visualize.style import BLUE, ORANGE, make_panels, style_axes

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


def plot_next_frames(past, future, predictions, ax=None):
    """Draw one clip as a strip: its frames, and below the last ones what was predicted for them.

    Args:
        past: (frames, height, width) or (frames, height, width, 1): what was read, 0 to 1.
        future: the same of the frames that came.
        predictions: {what predicted: frames like `future`}, a row each.
        ax: matplotlib Axes to divide into panels; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if the shapes do not fit each other.
    """
    past, future = _grey(past), _grey(future)
    rows = {name: _grey(frames) for name, frames in predictions.items()}
    for name, frames in {"past": past[: len(future)], **rows}.items():
        if frames.shape[-2:] != future.shape[-2:] or (name in rows and len(frames) != len(future)):
            raise VisualizeError(
                f"{name} {frames.shape} does not fit the future {future.shape}: frames of one "
                f"size, and as many predicted as came."
            )
    columns = len(past) + len(future)
    ratio = future.shape[1] / future.shape[2]
    if ax is None:
        size = (0.75 * columns + 1.5, 0.75 * ratio * (1 + len(rows)) + 0.5)
        ax = Figure(figsize=size).add_axes((1.4 / size[0], 0.02, 1 - 1.5 / size[0], 0.86))
    panels = make_panels(ax, 1 + len(rows), columns)
    for panel in panels.ravel():
        panel.set_axis_off()
    strips = {"truth": np.concatenate([past, future]), **rows}
    for line, (name, frames) in zip(panels, strips.items(), strict=True):
        for panel, frame in zip(line[-len(frames) :], frames, strict=True):
            panel.set_axis_on()
            panel.imshow(frame, cmap="gray", vmin=0, vmax=1, aspect="auto")
            panel.set_xticks([])
            panel.set_yticks([])
        beside = line[-len(frames)]
        beside.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9, parse_math=False)
    for number, panel in enumerate(panels[0], start=1 - len(past)):
        panel.set_title("last" if number == 0 else f"{number:+d}", fontsize=9, pad=3)
    return ax.figure


def _grey(frames):
    """Frames as (frames, height, width)."""
    frames = np.asarray(frames, "float64")
    if frames.ndim == 4 and frames.shape[-1] == 1:
        frames = frames[..., 0]
    if frames.ndim != 3 or not frames.size:
        raise VisualizeError(
            f"frames {frames.shape}: give (frames, height, width) or (frames, height, width, 1)."
        )
    return frames
