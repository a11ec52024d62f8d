"""The callback that saves every epoch."""

import keras
import pytest

from recipes.checkpoint import Checkpoint


def test_a_resumed_fit_returns_the_history_of_all_epochs(tmp_path):

    def fit(epochs):
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        inputs = keras.ops.ones((4, 1))
        checkpoint = Checkpoint(tmp_path, "toy")
        return model.fit(inputs, inputs, epochs=epochs, verbose=0, callbacks=[checkpoint]).history

    before, after = fit(2)["loss"], fit(4)["loss"]
    assert len(after) == 4
    assert after[:2] == pytest.approx(before)
