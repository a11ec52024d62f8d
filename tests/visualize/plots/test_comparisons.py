"""Plots that compare networks: what they show, and which input they refuse."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import visualize
from visualize import VisualizeError

NORMS = {"a": {"first": [1e-6, 1e-5], "last": [1.0, 2.0]}, "b": {"first": [0.0], "last": [0.5]}}
TABLE = {"relu": {"accuracy": 0.5, "ratio": 1e-3}, "selu": {"accuracy": 0.75, "ratio": np.nan}}
PICTURES = {
    "lines": lambda **options: visualize.plot_lines(
        [1, 2, 3], {"a": [[1, 2, 3], [3, 4, 5]], "b": [[0, 0, 1]]}, "epoch", "loss", **options
    ),
    "score_table": lambda **options: visualize.plot_score_table(TABLE, **options),
    "layers": lambda **options: visualize.plot_layers_over_epochs(NORMS, "norm", **options),
    "predictions": lambda **options: visualize.plot_predictions([1, 2], [[2], [1]], **options),
    "texts": lambda **options: visualize.plot_texts({"a": "m" * 99, "generated": ""}, **options),
}


def texts(figure):
    FigureCanvasAgg(figure).draw()
    return [text.get_text() for ax in figure.axes for text in ax.texts]


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


def test_lines_show_the_mean_and_the_range_of_the_runs():
    (ax,) = PICTURES["lines"]().axes
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [2, 3, 4])
    band = ax.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (1, 5)
    assert len(ax.collections) == 1, "one run has no band"
    assert ax.get_legend().get_title().get_text() == "line: mean, band: lowest to highest of 2 runs"


def test_lines_leave_out_points_that_all_runs_miss():
    runs = {"a": [[1, np.nan, 3], [1, np.nan, np.nan]]}
    ax = visualize.plot_lines([10, 30, 100], runs, "labels", "accuracy", log_x=True).axes[0]
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [10, 100])
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [1, 3])
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["10", "30", "100"]


@pytest.mark.parametrize(
    ("x", "runs", "message"),
    [
        ([1, 2], {}, "0 networks to plot"),
        ([1, 2], {"a": [[1, 2, 3]]}, r"a: values \(1, 3\) for x \(2,\)"),
        ([1, 2], {"a": [1, 2]}, r"a: values \(2,\) for x \(2,\)"),
        ([0, 2], {"a": [[1, 2]]}, "x has 0, which no logarithmic axis can show"),
    ],
)
def test_lines_refuse_input_that_does_not_fit(x, runs, message):
    with pytest.raises(VisualizeError, match=message):
        visualize.plot_lines(x, runs, "x", "y", log_x=True)


def test_a_score_table_has_every_number_and_a_bar_of_that_length():
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
    assert np.isnan(right.lines[0].get_ydata()).all(), "a logarithmic axis has no zero"
    first, last = (to_rgb(line.get_color()) for line in left.lines)
    assert first[0] > last[0], "the first layer is orange"
    assert first[2] < last[2], "the last layer is blue"
    np.testing.assert_array_equal(left.lines[0].get_xdata(), [1, 2])
    before = visualize.plot_layers_over_epochs(NORMS, "norm", first=0).axes[0]
    np.testing.assert_array_equal(before.lines[0].get_xdata(), [0, 1])
    with pytest.raises(VisualizeError, match="no layers to plot"):
        visualize.plot_layers_over_epochs({"a": {}}, "norm")
    with pytest.raises(VisualizeError, match="a layer has no values"):
        visualize.plot_layers_over_epochs({"a": {"b": []}}, "norm")


def test_perfect_predictions_lie_on_the_diagonal():
    ax = visualize.plot_predictions([1, 2, 3], [[1], [2], [4]], unit="mm").axes[0]
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), [[1, 1], [2, 2], [3, 4]])
    assert ax.get_xlim() == ax.get_ylim()
    assert ax.get_xlabel() == "true (mm)"
    with pytest.raises(VisualizeError, match=r"targets \(2,\) and predictions \(3,\)"):
        visualize.plot_predictions([1, 2], [1, 2, 3])
    with pytest.raises(VisualizeError, match="finite"):
        visualize.plot_predictions([np.nan], [np.nan])


def test_texts_are_broken_into_lines_of_the_given_width():
    figure = visualize.plot_texts({"true": "abcde\n\n$f", "generated": "x"}, width=4)
    assert texts(figure) == ["true", "abcd", "e", "", "$f", "generated", "x"]
    with pytest.raises(VisualizeError, match="0 texts in lines of 80"):
        visualize.plot_texts({})
