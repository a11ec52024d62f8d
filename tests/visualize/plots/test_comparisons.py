"""Plots that hold networks against each other: what is drawn, and what is refused."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import visualize
from visualize import VisualizeError

NORMS = {"a": {"first": [1e-6, 1e-5], "last": [1.0, 2.0]}, "b": {"first": [0.0], "last": [0.5]}}
TABLE = {"relu": {"accuracy": 0.5, "ratio": 1e-3}, "selu": {"accuracy": 0.75, "ratio": np.nan}}
DAYS = np.arange("2024-01-01", "2024-01-08", dtype="datetime64[D]")
FORECASTS = {
    "times": np.stack([DAYS, DAYS + 30]),
    "history": [[1, 2, 3, 4], [5, 6, 7, 8]],
    "truth": [[5, 6, 7], [9, 9, 9]],
    "forecasts": {"network": [[5, 5, 5], [8, 8, 8]], "naive": [[4, 4, 4], [7, 7, 7]]},
    "quantity": "price ($)",
}
PICTURES = {
    "lines": lambda **options: visualize.plot_lines(
        [1, 2, 3], {"a": [[1, 2, 3], [3, 4, 5]], "b": [[0, 0, 1]]}, "epoch", "loss", **options
    ),
    "score_table": lambda **options: visualize.plot_score_table(TABLE, **options),
    "layers": lambda **options: visualize.plot_layers_over_epochs(NORMS, "norm", **options),
    "forecasts": lambda **options: visualize.plot_forecasts(**FORECASTS, **options),
    "predictions": lambda **options: visualize.plot_predictions([1, 2], [[2], [1]], **options),
    "texts": lambda **options: visualize.plot_texts({"a": "m" * 99, "said": ""}, **options),
}


def texts(figure):
    FigureCanvasAgg(figure).draw()
    return [text.get_text() for ax in figure.axes for text in ax.texts]


@pytest.mark.parametrize("name", PICTURES)
def test_draws_into_a_figure_or_given_axes_inside_its_borders(name):
    figure = PICTURES[name]()
    ax = Figure(figsize=(6, 4), layout="constrained").subplots()
    assert PICTURES[name](ax=ax) is ax.figure
    for drawn in (figure, ax.figure):
        canvas = FigureCanvasAgg(drawn)
        canvas.draw()
        box = drawn.get_tightbbox()
        assert box.x0 >= -0.05
        assert box.x1 <= drawn.get_figwidth() + 0.05


def test_lines_draws_the_mean_and_the_range_of_the_runs():
    ax = PICTURES["lines"]().axes[0]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [2, 3, 4])
    band = ax.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (1, 5)
    assert len(ax.collections) == 1, "one run has no band"
    assert ax.get_legend().get_title().get_text() == "line: mean, band: all of 2 runs"


def test_lines_leaves_out_points_that_no_run_has():
    runs = {"a": [[1, np.nan, 3], [1, np.nan, np.nan]]}
    ax = visualize.plot_lines([10, 30, 100], runs, "labels", "accuracy", log_x=True).axes[0]
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [10, 100])
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [1, 3])
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["10", "30", "100"]


@pytest.mark.parametrize(
    ("x", "runs", "message"),
    [
        ([1, 2], {}, "0 networks to draw"),
        ([1, 2], {"a": [[1, 2, 3]]}, r"a: values \(1, 3\) for x \(2,\)"),
        ([1, 2], {"a": [1, 2]}, r"a: values \(2,\) for x \(2,\)"),
        ([0, 2], {"a": [[1, 2]]}, "x has 0, which no logarithmic axis can show"),
    ],
)
def test_lines_refuses(x, runs, message):
    with pytest.raises(VisualizeError, match=message):
        visualize.plot_lines(x, runs, "x", "y", log_x=True)


def test_score_table_writes_every_number_and_draws_bars_of_that_length():
    figure = visualize.plot_score_table(TABLE, log=("ratio",))
    assert texts(figure) == ["0.5", "0.75", "0.001", "nan"]
    assert [bar.get_width() for bar in figure.axes[0].patches] == [0.5, 0.75]
    (bar,) = figure.axes[1].patches
    assert bar.get_x() + bar.get_width() == pytest.approx(1e-3)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["relu", "selu"]
    with pytest.raises(VisualizeError, match="rows with different scores"):
        visualize.plot_score_table({"a": {"x": 1}, "b": {"y": 1}})
    with pytest.raises(VisualizeError, match="no rows"):
        visualize.plot_score_table({})


def test_layers_over_epochs_share_one_axis_and_colour_by_depth():
    figure = visualize.plot_layers_over_epochs(NORMS, "norm", log=True)
    left, right, *_ = figure.axes
    assert left.get_ylim() == right.get_ylim()
    np.testing.assert_array_equal(left.lines[0].get_ydata(), [1e-6, 1e-5])
    assert np.isnan(right.lines[0].get_ydata()).all(), "zero has no place on a logarithmic axis"
    first, last = (to_rgb(line.get_color()) for line in left.lines)
    assert first[0] > last[0], "the first layer is orange"
    assert first[2] < last[2], "the last layer is blue"
    np.testing.assert_array_equal(left.lines[0].get_xdata(), [1, 2])
    before = visualize.plot_layers_over_epochs(NORMS, "norm", first=0).axes[0]
    np.testing.assert_array_equal(before.lines[0].get_xdata(), [0, 1])
    with pytest.raises(VisualizeError, match="no layers to draw"):
        visualize.plot_layers_over_epochs({"a": {}}, "norm")
    with pytest.raises(VisualizeError, match="a layer has no values"):
        visualize.plot_layers_over_epochs({"a": {"b": []}}, "norm")


def test_predictions_lie_on_the_diagonal_where_they_are_right():
    ax = visualize.plot_predictions([1, 2, 3], [[1], [2], [4]], unit="mm").axes[0]
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), [[1, 1], [2, 2], [3, 4]])
    assert ax.get_xlim() == ax.get_ylim()
    assert ax.get_xlabel() == "true (mm)"
    with pytest.raises(VisualizeError, match=r"targets \(2,\) and predictions \(3,\)"):
        visualize.plot_predictions([1, 2], [1, 2, 3])
    with pytest.raises(VisualizeError, match="finite"):
        visualize.plot_predictions([np.nan], [np.nan])


def test_texts_stand_in_lines_of_the_given_width_as_they_are():
    figure = visualize.plot_texts({"true": "abcde\n\n$f", "said": "x"}, width=4)
    assert texts(figure) == ["true", "abcd", "e", "", "$f", "said", "x"]
    with pytest.raises(VisualizeError, match="0 texts in lines of 80"):
        visualize.plot_texts({})


def test_forecasts_start_behind_the_marked_frame():
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
        ({"forecasts": {}}, "0 forecasts to draw: give 1 to 6"),
        ({"truth": [5, 6, 7]}, r"truth \(3,\): give"),
        ({"history": np.zeros((0, 4))}, r"history \(0, 4\) .* none of them empty"),
        ({"times": DAYS}, r"times \(7,\): \(2, 7\) is needed"),
        ({"forecasts": {"a": [[1, 2]] * 2}}, r"a \(2, 2\): \(2, 3\) is needed"),
    ],
)
def test_forecasts_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(VisualizeError, match=message):
        visualize.plot_forecasts(**FORECASTS | changes)


def test_the_forecast_lies_where_the_frame_and_the_horizon_say():
    (ax,) = visualize.plot_forecast(np.arange(20), [14, 15], start=8, window=5, horizon=3).axes
    box = ax.patches[0].get_extents().transformed(ax.transData.inverted())
    rows = np.arange(20)
    assert list(rows[(rows > box.x0) & (rows < box.x1)]) == [8, 9, 10, 11, 12]
    truth, forecast = ax.lines
    assert list(truth.get_ydata()) == list(range(20))
    assert list(forecast.get_xdata()) == [15, 16]
    assert list(forecast.get_ydata()) == [14, 15]
