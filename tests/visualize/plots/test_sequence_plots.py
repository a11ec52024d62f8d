"""Plots of series and clips: what they show, and which input they refuse."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import visualize
from visualize import VisualizeError

SERIES = np.array([[0.0, 1.0, 4.0, 2.0], [3.0, 3.0, 3.0, 3.0]])
EVIDENCE = np.array([[2.0, 2.0, -2.0, -2.0], [0.0, 0.0, 0.0, 0.0]])
FRAMES = np.arange(5.0)[:, None, None] / 4 * np.ones((5, 2, 3))  # each brighter than the one before
DAYS = np.arange("2024-01-01", "2024-01-08", dtype="datetime64[D]")
FORECASTS = {
    "times": np.stack([DAYS, DAYS + 30]),
    "history": [[1, 2, 3, 4], [5, 6, 7, 8]],
    "truth": [[5, 6, 7], [9, 9, 9]],
    "forecasts": {"network": [[5, 5, 5], [8, 8, 8]], "naive": [[4, 4, 4], [7, 7, 7]]},
    "quantity": "price ($)",
}
PICTURES = {
    "forecasts": lambda **options: visualize.plot_forecasts(**FORECASTS, **options),
    "next_frames": lambda **options: visualize.plot_next_frames(
        FRAMES[:3],
        FRAMES[3:],
        {"network": FRAMES[:2, ..., None], "repeat": FRAMES[[2, 2]]},
        **options,
    ),
    "class_activation": lambda **options: visualize.plot_class_activation(
        SERIES, EVIDENCE, ["up", "$flat"], **options
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_plot_stays_inside_its_figure(name):
    figure = PICTURES[name]()
    ax = Figure(figsize=(6, 4), layout="constrained").subplots()
    assert PICTURES[name](ax=ax) is ax.figure
    for plotted in (figure, ax.figure):
        FigureCanvasAgg(plotted).draw()
        box = plotted.get_tightbbox()  # in inches
        assert box.x0 >= -0.05
        assert box.x1 <= plotted.get_figwidth() + 0.05


def test_forecasts_start_after_the_marked_frame():
    first, second = visualize.plot_forecasts(**FORECASTS).axes
    assert second.get_ylabel() == "price ($)"
    frame = first.patches[0].get_extents().transformed(first.transData.inverted())
    lines = {line.get_label(): line for line in first.lines}
    truth = lines["truth"].get_xdata(orig=False)
    assert (frame.x0, frame.x1) == pytest.approx((truth[0], truth[3]))
    np.testing.assert_array_equal(lines["truth"].get_ydata(), [1, 2, 3, 4, 5, 6, 7])
    np.testing.assert_array_equal(lines["network"].get_ydata(), [5, 5, 5])
    np.testing.assert_array_equal(lines["network"].get_xdata(orig=False), truth[4:])
    np.testing.assert_array_equal(second.lines[2].get_ydata(), [7, 7, 7])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"forecasts": {}}, "0 forecasts to plot: give 1 to 6"),
        ({"truth": [5, 6, 7]}, r"truth \(3,\): give"),
        ({"history": np.zeros((0, 4))}, r"history \(0, 4\) .* none of them empty"),
        ({"times": DAYS}, r"times \(7,\): \(2, 7\) is needed"),
        ({"forecasts": {"a": [[1, 2]] * 2}}, r"a \(2, 2\): \(2, 3\) is needed"),
    ],
)
def test_forecasts_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(VisualizeError, match=message):
        visualize.plot_forecasts(**FORECASTS | changes)


def test_a_forecast_starts_one_horizon_after_the_frame():
    (ax,) = visualize.plot_forecast(np.arange(20), [14, 15], start=8, window=5, horizon=3).axes
    box = ax.patches[0].get_extents().transformed(ax.transData.inverted())
    rows = np.arange(20)
    assert list(rows[(rows > box.x0) & (rows < box.x1)]) == [8, 9, 10, 11, 12]
    truth, forecast = ax.lines
    assert list(truth.get_ydata()) == list(range(20))
    assert list(forecast.get_xdata()) == [15, 16]
    assert list(forecast.get_ydata()) == [14, 15]


def test_class_activation_is_orange_for_the_class_and_blue_against_it():
    figure = PICTURES["class_activation"]()
    FigureCanvasAgg(figure).draw()
    first, second = figure.axes[:2]
    (lines,) = first.collections
    np.testing.assert_array_equal(lines.get_segments()[1], [[1, 1], [2, 4]])
    np.testing.assert_array_equal(lines.get_array(), [2, 0, -2])
    red, green, blue = lines.get_colors()[0][:3]
    assert red > blue, "for the class is orange"
    red, green, blue = lines.get_colors()[2][:3]
    assert blue > red, "against the class is blue"
    grey = to_rgb(second.collections[0].get_colors()[0])
    assert max(grey) - min(grey) < 0.02, "neutral is grey, on the colour scale of all series"
    assert [ax.get_title() for ax in (first, second)] == ["up", "$flat"]


@pytest.mark.parametrize(
    ("series", "evidence", "titles", "message"),
    [
        (SERIES, EVIDENCE[:1], ["a", "b"], r"series \(2, 4\) and activations \(1, 4\)"),
        (SERIES[0], EVIDENCE[0], ["a"], r"series \(4,\) and activations \(4,\)"),
        (SERIES, EVIDENCE, ["a"], "1 titles for 2 series"),
    ],
)
def test_class_activation_refuses_input_that_does_not_fit(series, evidence, titles, message):
    with pytest.raises(VisualizeError, match=message):
        visualize.plot_class_activation(series, evidence, titles)


def test_next_frames_stand_below_the_frames_that_they_predict():
    figure = PICTURES["next_frames"]()
    FigureCanvasAgg(figure).draw()
    panels = [panel for panel in figure.axes[0].child_axes if panel.images]
    images = [panel.images[0] for panel in panels]
    values = [image.get_array().mean() for image in images]
    np.testing.assert_allclose(values, [0, 0.25, 0.5, 0.75, 1, 0, 0.25, 0.5, 0.5])
    lefts = [panel.get_window_extent().x0 for panel in panels]
    np.testing.assert_allclose(lefts[5:7], lefts[3:5])
    assert all(image.get_clim() == (0, 1) for image in images), "all frames share one range"
    titles = [panel.get_title() for panel in panels if panel.get_title()]
    assert titles == ["-2", "-1", "last", "+1", "+2"]
    names = [panel.get_ylabel() for panel in panels if panel.get_ylabel()]
    assert names == ["truth", "network", "repeat"]


def test_next_frames_refuse_input_that_does_not_fit():
    with pytest.raises(VisualizeError, match=r"network \(1, 2, 3\) does not fit the future \(2, "):
        visualize.plot_next_frames(FRAMES[:3], FRAMES[3:], {"network": FRAMES[:1]})
    with pytest.raises(VisualizeError, match=r"past \(3, 2, 2\) does not fit"):
        visualize.plot_next_frames(FRAMES[:3, :, :2], FRAMES[3:], {})
    with pytest.raises(VisualizeError, match=r"frames \(2, 3\): give"):
        visualize.plot_next_frames(FRAMES[0], FRAMES[3:], {})
