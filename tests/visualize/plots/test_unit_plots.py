"""Plots of firing and dead units: what they show, and which input they refuse."""

import keras
import matplotlib
import numpy as np
import pytest
from keras import layers
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import visualize
from visualize import VisualizeError, plot_unit_deaths
from visualize.plots.units import STATE_COLORS

# Four epochs of four units. They: always fire; die; recover; recover and die again.
FIRES = np.array([[1, 1, 0, 0], [1, 0, 1, 1], [1, 0, 1, 0], [1, 0, 1, 0]], dtype=bool)


def pixels(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba()).astype(int)


def panels(figure):
    """The Axes that hold an image, also those inside others, in the order of drawing."""
    found, waiting = [], list(figure.axes)
    while waiting:
        ax = waiting.pop(0)
        waiting += ax.child_axes
        found += [ax] if ax.images else []
    return found


def test_every_unit_has_its_state_in_each_epoch():
    two_layers = {"first": FIRES, "second": FIRES[:, :2]}
    figure = plot_unit_deaths({"relu": two_layers, "leaky relu": {"first": ~FIRES}})
    relu, leaky = panels(figure)
    # Those that fire least often come first. The first two fire equally often.
    first = [[1, 0, 2, 2], [0, 2, 2, 2], [1, 0, 0, 0], [0, 0, 0, 0]]
    second = [[0, 2, 2, 2], [0, 0, 0, 0]]
    rows = [tuple(row) for row in relu.images[0].get_array()]
    assert sorted(rows[:4]) == sorted(map(tuple, first))
    assert rows[2:4] == list(map(tuple, first[2:]))
    assert rows[4:] == list(map(tuple, second))
    assert relu.get_title() == "relu, 6 units:\n4 die, 2 recover,\n3 are dead at the end"
    assert leaky.get_title() == "leaky relu, 4 units:\n4 die, 2 recover,\n2 are dead at the end"
    assert [label.get_text() for label in relu.get_yticklabels()] == ["first", "second"]
    assert list(relu.lines[0].get_ydata()) == [4, 4], "a line between the layers"
    colors = [relu.images[0].cmap(place)[:3] for place in range(3)]
    assert colors == [to_rgb(color) for color in STATE_COLORS.values()]
    assert tuple(relu.images[0].get_extent()) == (0.5, 4.5, 6, 0), "epochs count from 1"


def test_unit_deaths_stay_inside_their_axes_and_give_the_same_pixels():
    before = dict(matplotlib.rcParams)
    networks = {"a": {"one": FIRES}, "b": {"one": FIRES}}
    assert (pixels(plot_unit_deaths(networks)) == pixels(plot_unit_deaths(networks))).all()
    figure = Figure(figsize=(10, 5))
    left, right = figure.subplots(1, 2)
    box = left.get_window_extent()
    inside = np.s_[int(box.y0) + 2 : int(box.y1) - 2, int(box.x0) + 2 : int(box.x1) - 2]
    empty = pixels(figure)
    assert plot_unit_deaths(networks, ax=right) is figure
    assert (pixels(figure)[::-1][inside] == empty[::-1][inside]).all()
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        ({}, "no units to plot"),
        ({"relu": {}}, "no units to plot"),
        ({"relu": {"a": FIRES, "b": FIRES[:2]}}, r"relu: layers of shape \(4, 4\), \(2, 4\)"),
        ({"relu": {"a": FIRES[0]}}, "the same number of epochs"),
        ({"relu": {"a": FIRES[:0]}}, "the same number of epochs"),
    ],
)
def test_unit_deaths_refuse_input_that_does_not_fit(networks, message):
    with pytest.raises(VisualizeError, match=message):
        plot_unit_deaths(networks)


def test_dead_units_are_counted():
    model = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(4, activation="relu", name="half dead"),
            layers.Dense(2, name="no activation"),
            layers.ReLU(name="alive"),
        ]
    )
    # Two units copy one input each; the bias keeps the other two below zero.
    model.layers[0].set_weights([np.array([[1, 0, 0, 0], [0, 1, 0, 0]]), np.array([0, 0, -1, -1])])
    model.layers[1].set_weights([np.ones((4, 2)), np.ones(2)])
    inputs = -np.ones((600, 2), "float32")
    inputs[10, 0] = inputs[590, 1] = 1  # each unit fires for one input only
    assert visualize.dead_relu_shares(model, inputs) == {"half dead": 0.5, "alive": 0}
    (ax,) = visualize.plot_dead_relus(model, inputs).axes
    assert [bar.get_width() for bar in ax.containers[0]] == [0.5, 0]
    assert [text.get_text() for text in ax.texts] == ["50%", "0%"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["half dead", "alive"]
