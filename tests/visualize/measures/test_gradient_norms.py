"""Gradient norms of the layers against closed forms."""

import keras
import numpy as np
import pytest
from keras import layers

import visualize


def test_gradient_norms_equal_the_closed_form():
    random = np.random.default_rng(0)
    x, y = random.normal(size=(8, 3)), random.normal(size=(8, 1))

    model = keras.Sequential([keras.Input((3,)), layers.Dense(1, name="line"), layers.Dropout(0.5)])
    model.compile(loss="mse")
    weight, bias = model.get_weights()

    # The mean squared error of a linear map has these gradients.
    error = x @ weight + bias - y
    gradient = np.append(2 * (x * error).mean(axis=0), 2 * error.mean())

    norms = visualize.gradient_norms(model, x, y)
    assert norms == {"line": pytest.approx(np.linalg.norm(gradient), rel=1e-5)}
    assert (model.get_weights()[0] == weight).all()


def test_gradient_norms_need_a_compiled_model():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
    with pytest.raises(visualize.VisualizeError, match=r"model\.compile\(loss="):
        visualize.gradient_norms(model, np.zeros((8, 3)), np.zeros((8, 1)))


def test_gradient_norms_count_repeated_rows_of_an_embedding():
    model = keras.Sequential([keras.Input((2,), dtype="int32"), layers.Embedding(3, 1, name="e")])
    model.compile(loss=lambda y, prediction: keras.ops.sum(prediction))
    norms = visualize.gradient_norms(model, np.array([[1, 1]]), np.zeros((1, 2, 1)))
    assert norms["e"] == pytest.approx(2), "row 1 is used twice, so its gradient is 2"
