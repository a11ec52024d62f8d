"""The convolution by Fourier transform equals that of Keras, in value and in gradient."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from recipes.layers.fourier import FourierConv2D, fourier_convolution, saves_work

# Height, width, kernel, strides: even and odd, padded and cropped, a single position.
CASES = [
    (20, 20, (9, 9), (2, 2)),
    (11, 8, (3, 5), (1, 2)),
    (9, 9, (4, 4), (3, 1)),
    (7, 12, (7, 2), (2, 3)),
    (20, 21, (8, 9), (1, 1)),
    (5, 5, (5, 5), (1, 1)),
    (12, 9, (2, 3), (3, 4)),
    (8, 8, (1, 1), (2, 2)),
]


@pytest.mark.parametrize("case", CASES)
def test_it_equals_the_convolution_of_keras(case):
    height, width, kernel, strides = case
    random = np.random.default_rng(0)
    images = random.normal(size=(3, height, width, 4)).astype("float32")
    kernels = random.normal(size=(*kernel, 4, 6)).astype("float32")
    expected = np.asarray(ops.conv(images, kernels, strides=strides, padding="valid"))
    found = np.asarray(fourier_convolution(ops.convert_to_tensor(images), kernels, strides))
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() < 2e-6 * np.abs(expected).max()


def test_its_gradients_equal_those_of_conv2d():
    random = np.random.default_rng(0)
    images = tf.constant(random.normal(size=(2, 20, 20, 3)), tf.float32)
    options = {"filters": 5, "kernel_size": 9, "strides": 2, "activation": "relu"}
    plain, fourier = layers.Conv2D(**options), FourierConv2D(**options)
    plain.build(images.shape)
    fourier.build(images.shape)
    fourier.set_weights(plain.get_weights())
    gradients = []
    for layer in (plain, fourier):
        with tf.GradientTape() as tape:
            tape.watch(images)
            loss = tf.reduce_sum(tf.square(layer(images)))
        gradients.append([loss, *tape.gradient(loss, [images, *layer.trainable_weights])])
    for expected, found in zip(*gradients, strict=True):
        scale = np.abs(expected).max()
        np.testing.assert_allclose(found / scale, expected / scale, atol=3e-6)


def test_it_is_used_for_large_kernels_on_small_images_alone(monkeypatch):
    assert saves_work((20, 20), (9, 9), (2, 2))
    assert not saves_work((6, 6), (3, 3), (2, 2)), "few multiplications anyway"
    assert not saves_work((56, 56), (9, 9), (2, 2)), "the spectrum would be 40 times the kernel"

    def refuse(*arguments):
        raise AssertionError("a small kernel is left to Conv2D")

    monkeypatch.setattr("recipes.layers.fourier.fourier_convolution", refuse)
    layer = FourierConv2D(4, 3, strides=2)
    assert layer(np.zeros((2, 6, 6, 1))).shape == (2, 2, 2, 4)
    with pytest.raises(AssertionError, match="left to Conv2D"):
        FourierConv2D(4, 9, strides=2)(np.zeros((2, 20, 20, 1)))


def test_it_saves_and_loads(tmp_path):
    image = keras.Input((20, 20, 1))
    model = keras.Model(image, FourierConv2D(4, 9, strides=2, use_bias=False)(image))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    images = np.random.default_rng(0).random((2, 20, 20, 1))
    np.testing.assert_array_equal(loaded(images), model(images))


@pytest.mark.parametrize(
    "options", [{"padding": "same"}, {"strides": 1, "dilation_rate": 2}, {"groups": 2}]
)
def test_settings_that_it_does_not_transform_give_the_outputs_of_conv2d(options):
    images = np.random.default_rng(0).normal(size=(2, 20, 20, 4)).astype("float32")
    options = {"filters": 6, "kernel_size": 9, "strides": 2} | options
    plain, fourier = layers.Conv2D(**options), FourierConv2D(**options)
    expected = plain(images)
    fourier.build(images.shape)
    fourier.set_weights(plain.get_weights())
    np.testing.assert_array_equal(fourier(images), expected)


def test_images_without_a_fixed_size_are_accepted():
    image = keras.Input((None, None, 2))
    model = keras.Model(image, FourierConv2D(3, 9)(image))
    assert model(np.zeros((1, 20, 24, 2), "float32")).shape == (1, 12, 16, 3)
