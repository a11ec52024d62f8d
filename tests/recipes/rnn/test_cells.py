"""The written-out cells against Keras's own layers, on every backend that is installed."""

import importlib.util

import pytest

COMPARE = """
import sys
import keras
import numpy as np
from keras import layers
from recipes.rnn.lstm_cell import GRUCell, LSTMCell, VanillaCell

assert keras.backend.backend() == sys.argv[1]
PAIRS = {
    "vanilla": (VanillaCell(6), layers.SimpleRNN(6, return_sequences=True)),
    "lstm": (LSTMCell(6), layers.LSTM(6, return_sequences=True)),
    "gru": (GRUCell(6), layers.GRU(6, return_sequences=True)),
    "gru_before": (
        GRUCell(6, reset_after=False),
        layers.GRU(6, return_sequences=True, reset_after=False),
    ),
}
rng = np.random.default_rng(0)
inputs = rng.normal(size=(3, 9, 5)).astype("float32")
targets = rng.normal(size=(3, 9, 6)).astype("float32")
for name, (cell, theirs) in PAIRS.items():
    ours = layers.RNN(type(cell).from_config(cell.get_config()), return_sequences=True)
    outputs, gradients, starts = [], [], []
    for layer in (ours, theirs):
        model = keras.Sequential([keras.Input((9, 5)), layer])
        if not outputs:
            starts = [weight.shape for weight in model.get_weights()]
            weights = [0.5 * rng.normal(size=shape) for shape in starts]
        assert [weight.shape for weight in model.get_weights()] == starts
        model.set_weights(weights)
        outputs.append(model.predict_on_batch(inputs))
        # A step of plain gradient descent at rate 1 changes each weight by its gradient.
        model.compile(keras.optimizers.SGD(1.0), "mean_squared_error")
        before = model.get_weights()
        model.train_on_batch(inputs, targets)
        gradients.append([a - b for a, b in zip(before, model.get_weights())])
    np.testing.assert_allclose(*outputs, rtol=0, atol=1e-5)
    for found, wanted in zip(*gradients):
        assert np.abs(wanted).max() > 1e-3, "a gradient to compare"
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)
    print("equal", name)
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_cells_equal_kerass_layers_in_outputs_and_gradients(backend, python, monkeypatch):
    if not importlib.util.find_spec(backend):
        pytest.skip(f"{backend} is not installed")
    monkeypatch.setenv("KERAS_BACKEND", backend)
    done = python("-c", COMPARE, backend)
    assert done.stdout.split("\n")[:-1] == [
        f"equal {name}" for name in ("vanilla", "lstm", "gru", "gru_before")
    ]


def test_a_new_lstm_forgets_nothing():
    from recipes.rnn.lstm_cell import LSTMCell

    cell = LSTMCell(2)
    cell.build((None, 3))
    assert cell.b.numpy().tolist() == [0, 0, 1, 1, 0, 0, 0, 0]


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("steps", [1, 7])
def test_back_propagation_through_time_by_hand_equals_automatic_differentiation(steps, activation):
    import keras
    import numpy as np

    from recipes.rnn.simple_rnn import build_simple_rnn, gradients_through_time

    rng = np.random.default_rng(0)
    model = build_simple_rnn((steps, 5), 4, units=6, activation=activation, dropout=0.0)
    model.set_weights([0.5 * rng.normal(size=weight.shape) for weight in model.get_weights()])
    inputs = rng.normal(size=(9, steps, 5)).astype("float32")
    labels = rng.integers(4, size=9)
    weights = model.get_weights()
    by_hand, norms = gradients_through_time(weights, inputs, labels, activation)
    model.compile(keras.optimizers.SGD(1.0), "sparse_categorical_crossentropy")
    model.train_on_batch(inputs, labels)
    for before, after, found in zip(weights, model.get_weights(), by_hand, strict=True):
        assert np.abs(found).max() > 1e-3 or (steps == 1 and found.shape == (6, 6))
        np.testing.assert_allclose(found, before - after, rtol=0, atol=1e-6)
    assert norms.shape == (steps,)
    assert norms[-1] == 1
