"""Units that fire, and units that are dead."""

import keras
import numpy as np
import pytest
from keras import layers

from visualize import VisualizeError, dead_relu_shares, firing_units


def rectifiers():
    """ReLU and leaky ReLU, as layers and as activations: two units copy an input, one is dead."""
    inputs = keras.Input((2,))
    x = layers.Dense(3, activation="relu", name="relu function")(inputs)
    y = layers.Dense(3, activation="leaky_relu", name="leaky function")(inputs)
    z = layers.Dense(3, name="no rectifier")(inputs)
    outputs = [x, y, layers.ReLU(name="relu layer")(z), layers.LeakyReLU(name="leaky layer")(z)]
    model = keras.Model(inputs, layers.Concatenate()(outputs))
    for layer in model.layers:
        if layer.weights:  # units 0 and 1 copy one input each, unit 2 is always below zero
            layer.set_weights([np.array([[1, 0, 0], [0, 1, 0]]), np.array([0, 0, -1])])
    return model


def test_leaky_units_fire_where_relu_units_do():
    inputs = -np.ones((600, 2), "float32")
    inputs[590, 0] = 1  # one input above zero, in the last batch, is enough
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
