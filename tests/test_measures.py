"""What is measured in a network during training: gradients by layer, units that fire or die."""

import keras
import matplotlib
import numpy as np
import pytest
from keras import layers
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from recipes import catalog, runner
from visualize import VisualizeError, dead_relu_shares, gradient_norms
from visualize.data_plots import firing_units
from visualize.unit_deaths import FATES, plot_unit_deaths

# Four epochs of four units: always fires, dies for good, comes back, comes back and dies again.
FIRES = np.array([[1, 1, 0, 0], [1, 0, 1, 1], [1, 0, 1, 0], [1, 0, 1, 0]], dtype=bool)


def page(name):
    """The module of a recipe page."""
    return runner.load(catalog.find(name))


def rectifiers():
    """ReLU and leaky ReLU, as layers and as activations, behind one input each copied or held."""
    inputs = keras.Input((2,))
    x = layers.Dense(3, activation="relu", name="relu function")(inputs)
    y = layers.Dense(3, activation="leaky_relu", name="leaky function")(inputs)
    z = layers.Dense(3, name="no rectifier")(inputs)
    outputs = [x, y, layers.ReLU(name="relu layer")(z), layers.LeakyReLU(name="leaky layer")(z)]
    model = keras.Model(inputs, layers.Concatenate()(outputs))
    for layer in model.layers:
        if layer.weights:  # units 0 and 1 copy an input each, unit 2 is held below zero
            layer.set_weights([np.array([[1, 0, 0], [0, 1, 0]]), np.array([0, 0, -1])])
    return model


def test_leaky_units_fire_where_relu_units_do():
    inputs = -np.ones((600, 2), "float32")
    inputs[590, 0] = 1  # to fire once, in the last batch, is enough
    fires = firing_units(rectifiers(), inputs)
    assert set(fires) == {"relu function", "leaky function", "relu layer", "leaky layer"}
    for name, units in fires.items():
        assert units.dtype == bool
        assert list(units) == [True, False, False], name


def test_dead_relu_shares_leave_leaky_layers_out():
    shares = dead_relu_shares(rectifiers(), -np.ones((3, 2), "float32"))
    assert shares == {"relu function": 1, "relu layer": 1}


def test_a_filter_fires_when_it_does_anywhere():
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.Conv2D(2, 1), layers.LeakyReLU()])
    model.layers[0].set_weights([np.ones((1, 1, 1, 2)), np.array([0, -2])])
    image = -np.ones((1, 4, 4, 1), "float32")
    image[0, 2, 3] = 1
    (units,) = firing_units(model, image).values()
    assert list(units) == [True, False]


def test_firing_units_name_what_is_missing():
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)], name="plain")
    with pytest.raises(VisualizeError, match="'plain' has no layer with ReLU or leaky ReLU"):
        firing_units(model, np.zeros((1, 2)))
    with pytest.raises(VisualizeError, match="at least one sample"):
        firing_units(rectifiers(), np.zeros((0, 2)))


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


def test_dying_relu_counts_each_unit_once():
    assert page("dying_relu")._count("x", FIRES) == {
        "units of x that died": 3,
        "units of x that recovered": 2,
        "share of x dead at the end": 0.5,
    }


def test_slope_zero_is_a_relu_and_a_dead_unit_gets_no_gradient():
    build = page("dying_relu").build_dying_relu
    images, labels = np.ones((2, 8, 8, 1), "float32"), np.array([0, 1])
    norms = {}
    for slope in (0.0, 0.2):
        model = build(hidden_layers=1, units=3, negative_slope=slope)
        dense = next(layer for layer in model.layers if layer.weights)
        dense.set_weights([np.full((64, 3), -1.0), np.zeros(3)])  # all below zero: all dead
        model.compile(loss="sparse_categorical_crossentropy")
        norms[slope] = gradient_norms(model, images, labels)[dense.name]
        assert not np.any([units.any() for units in firing_units(model, images).values()])
    assert norms[0.0] == 0
    assert norms[0.2] > 0


def test_the_gradient_shrinks_by_a_quarter_per_sigmoid_and_not_around_a_skip():
    """One unit per layer with weight 1 and input 0: the chain rule by hand."""
    build = page("vanishing_gradient").build_vanishing_gradient
    images, labels = np.zeros((1, 1, 1, 1), "float32"), np.array([0])
    for residual in (False, True):
        model = build((1, 1, 1), 2, residual=residual, hidden_layers=3, units=1)
        x = 0.0
        for number in (1, 2, 3):
            # The bias takes its input away again, so that each sigmoid stands at 0: slope 1/4.
            model.get_layer(f"hidden_{number}").set_weights([np.ones((1, 1)), np.array([-x])])
            x = x + 0.5 if residual and number > 1 else 0.5
        model.get_layer("output").set_weights([np.array([[1.0, 0.0]]), np.array([-x, 0.0])])
        model.compile(loss="sparse_categorical_crossentropy")
        norms = gradient_norms(model, images, labels)
        # Softmax of (0, 0) with label 0: the loss falls by 1/2 per unit of x. Inputs of the layers
        # are 0, 0.5 and, with a skip, 1; weight and bias of a layer share its norm.
        through = 1.25 if residual else 0.25
        passed = [0.5 * 0.25 * through**2, 0.5 * 0.25 * through, 0.5 * 0.25]
        taken = [0.0, 0.5, 1.0 if residual else 0.5]
        expected = [p * np.hypot(1, t) for p, t in zip(passed, taken, strict=True)]
        found = [norms[f"hidden_{number}"] for number in (1, 2, 3)]
        np.testing.assert_allclose(found, expected, rtol=1e-5)
