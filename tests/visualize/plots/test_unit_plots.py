"""The life of each unit, and the dead ones of each layer: what is drawn, and what is refused."""

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
from visualize.plots.units import FATES

# Four epochs of four units: always fires, dies for good, comes back, comes back and dies again.
FIRES = np.array([[1, 1, 0, 0], [1, 0, 1, 1], [1, 0, 1, 0], [1, 0, 1, 0]], dtype=bool)


def pixels(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba()).astype(int)


def panels(figure):
    """The Axes inside others that hold an image, in the order drawn."""
    found, waiting = [], list(figure.axes)
    while waiting:
        ax = waiting.pop(0)
        waiting += ax.child_axes
        found += [ax] if ax.images else []
    return found


def test_every_unit_is_drawn_with_its_fate():
    two_layers = {"first": FIRES, "second": FIRES[:, :2]}
    figure = plot_unit_deaths({"relu": two_layers, "leaky relu": {"first": ~FIRES}})
    relu, leaky = panels(figure)
    # By how seldom a unit fires: comes back and dies, dies for good; comes back; always fires.
    first = [[1, 0, 2, 2], [0, 2, 2, 2], [1, 0, 0, 0], [0, 0, 0, 0]]
    second = [[0, 2, 2, 2], [0, 0, 0, 0]]
    drawn = [tuple(row) for row in relu.images[0].get_array()]
    assert sorted(drawn[:4]) == sorted(map(tuple, first))
    assert drawn[2:4] == list(map(tuple, first[2:]))
    assert drawn[4:] == list(map(tuple, second))
    assert relu.get_title() == "relu, 6 units:\n4 die, 2 fire again,\n3 are dead at the end"
    assert leaky.get_title() == "leaky relu, 4 units:\n4 die, 2 fire again,\n2 are dead at the end"
    assert [label.get_text() for label in relu.get_yticklabels()] == ["first", "second"]
    assert list(relu.lines[0].get_ydata()) == [4, 4], "a line between the layers"
    colors = [relu.images[0].cmap(place)[:3] for place in range(3)]
    assert colors == [to_rgb(color) for color in FATES.values()]
    assert tuple(relu.images[0].get_extent()) == (0.5, 4.5, 6, 0), "epochs count from 1"


def test_unit_deaths_keep_to_their_axes_and_give_the_same_pixels():
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
        ({}, "no units to draw"),
        ({"relu": {}}, "no units to draw"),
        ({"relu": {"a": FIRES, "b": FIRES[:2]}}, r"relu: layers of shape \(4, 4\), \(2, 4\)"),
        ({"relu": {"a": FIRES[0]}}, "the same number of epochs"),
        ({"relu": {"a": FIRES[:0]}}, "the same number of epochs"),
    ],
)
def test_unit_deaths_name_what_is_wrong(networks, message):
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
    # Two units copy an input each, two are held below zero by their bias.
    model.layers[0].set_weights([np.array([[1, 0, 0, 0], [0, 1, 0, 0]]), np.array([0, 0, -1, -1])])
    model.layers[1].set_weights([np.ones((4, 2)), np.ones(2)])
    inputs = -np.ones((600, 2), "float32")
    inputs[10, 0] = inputs[590, 1] = 1  # to fire once, early or late, is enough
    assert visualize.dead_relu_shares(model, inputs) == {"half dead": 0.5, "alive": 0}
    (ax,) = visualize.plot_dead_relus(model, inputs).axes
    assert [bar.get_width() for bar in ax.containers[0]] == [0.5, 0]
    assert [text.get_text() for text in ax.texts] == ["50%", "0%"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["half dead", "alive"]
