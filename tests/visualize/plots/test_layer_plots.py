"""Plots of layers, compared with automatic differentiation and with the layers themselves."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import visualize
from visualize.plots.layers import NO_CURVE


@pytest.fixture
def convolution():
    """A model of 8 x 8 images with a convolution `look` of four filters, then Dense `tell`."""
    seed = keras.initializers.GlorotUniform(seed=0)
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu", kernel_initializer=seed, name="look"),
            layers.Flatten(),
            layers.Dense(2, kernel_initializer=seed, name="tell"),
        ],
        name="small",
    )


def curves(ax):
    """The lines (value, derivative) of each panel by its title; a line is (x, y)."""
    return {
        panel.get_title(): [line.get_data() for line in panel.lines if len(line.get_xdata()) > 2]
        for panel in ax.child_axes
    }


def test_activations_and_their_derivatives_equal_automatic_differentiation():
    (ax,) = visualize.plot_activations().axes
    plotted = curves(ax)
    assert len(plotted) == 12
    assert plotted.pop("softmax") == []
    (x, value), (_, slope) = plotted.pop("prelu (learned slope)")
    np.testing.assert_allclose(value, np.where(x < 0, 0.25 * x, x))
    assert set(np.round(slope[~np.isnan(slope)], 6)) == {0.25, 1}
    assert np.isnan(slope).sum() == 1, "a gap where the derivative jumps"
    for name, ((x, value), (_, slope)) in plotted.items():
        point = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(point)
            expected = keras.activations.get(name)(point)
        np.testing.assert_allclose(value, expected.numpy(), err_msg=name)
        exact = tf.convert_to_tensor(tape.gradient(expected, point)).numpy()
        shown = ~np.isnan(slope)
        assert shown.sum() >= len(x) - 2, name
        np.testing.assert_allclose(slope[shown], exact[shown], atol=1e-6, err_msg=name)


def test_every_activation_of_keras_has_a_plot_or_is_refused():
    names = [name for name in dir(keras.activations) if not name.startswith("_")]
    names = set(names) - {"get", "serialize", "deserialize"}
    assert names > set(NO_CURVE)
    for name in names - set(NO_CURVE) - {"softmax"}:
        (ax,) = visualize.plot_activations([name]).axes
        ((x, value), _) = curves(ax)[name]
        alone = keras.activations.get(name)(x[:, None])  # each number is its own vector
        np.testing.assert_allclose(value, np.ravel(alone), err_msg=name)


def test_softmax_shows_probabilities_of_a_vector():
    (ax,) = visualize.plot_activations(["softmax"]).axes
    (panel,) = ax.child_axes
    vector, probabilities = ([bar.get_height() for bar in bars] for bars in panel.containers)
    expected = np.exp(vector) / np.exp(vector).sum()
    np.testing.assert_allclose(probabilities, expected, rtol=1e-6)
    assert [text.get_text() for text in panel.texts] == [f"{value:.2f}" for value in expected]


def test_a_dead_filter_fires_nowhere_in_any_image(convolution):
    kernel = np.zeros((3, 3, 1, 4))
    kernel[1, 1, 0, 0] = 1
    model = keras.models.clone_model(convolution)
    model.layers[0].set_weights([kernel, np.array([0, -1, 0, 0])])
    image = np.zeros((1, 8, 8, 1), "float32")
    image[0, 4, 4] = 1
    assert visualize.dead_relu_shares(model, image) == {"look": 0.75}
    # In this image one filter fires, at one position.
    figure = visualize.plot_feature_maps(model, image[0], "look")
    shown = [panel.images[0].get_array() for panel in figure.axes[0].child_axes if panel.images]
    assert [int(values.sum()) for values in shown] == [1, 1, 0, 0, 0]


def test_feature_maps_and_filters_are_those_of_the_layer(convolution):
    image = np.random.default_rng(0).random((8, 8)).astype("float32")
    look = convolution.get_layer("look")
    maps = look(image[None, :, :, None]).numpy()[0]
    panels = visualize.plot_feature_maps(convolution, image, "look").axes[0].child_axes
    assert [panel.get_title() for panel in panels[:5]] == ["image", "1", "2", "3", "4"]
    for number in range(4):
        shown = panels[number + 1].images[0].get_array()
        np.testing.assert_allclose(shown, maps[..., number], atol=1e-6)
    kernel = look.get_weights()[0]
    panels = visualize.plot_filters(convolution, "look").axes[0].child_axes
    for number in range(4):
        assert (panels[number].images[0].get_array() == kernel[:, :, 0, number]).all()
    low, high = panels[0].images[0].get_clim()
    assert -low == high == np.abs(kernel).max(), "zero is white"


def test_filters_of_several_channels_are_rows():
    model = keras.Sequential([keras.Input((5, 5, 3)), layers.Conv2D(2, 3, name="look")])
    (ax,) = visualize.plot_filters(model, "look").axes
    kernel = model.layers[0].get_weights()[0]
    shown = [panel.images[0].get_array() for panel in ax.child_axes]
    expected = [kernel[:, :, row, column] for row in range(3) for column in range(2)]
    assert np.array_equal(shown, expected)
    assert ax.get_title() == "rows: channels 1 to 3 of 3, columns: filters 1 to 2 of 2"
