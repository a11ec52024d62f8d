"""The layer count of the notes: inputs and hidden layers, deep from three hidden."""

import keras
import pytest
from keras import layers

import visualize


def two_towers():
    left, right = keras.Input((4,)), keras.Input((4,))
    tower = keras.Sequential([layers.Dense(3), layers.BatchNormalization(), layers.Dense(2)])
    joined = layers.Concatenate()([tower(left), tower(right)])
    return keras.Model([left, right], layers.Dense(1)(joined))


def recurrent():
    return keras.Sequential(
        [
            keras.Input((5,), dtype="int32"),
            layers.Embedding(10, 4),
            layers.Bidirectional(layers.LSTM(3)),
            layers.Dropout(0.5),
            layers.Dense(2),
            layers.Softmax(),
        ]
    )


@pytest.mark.parametrize(
    ("make", "inputs", "hidden", "deep"),
    [(two_towers, 2, 2, False), (recurrent, 1, 2, False)],
)
def test_count_layers(make, inputs, hidden, deep):
    count = visualize.count_layers(make())
    assert (count.inputs, count.hidden, count.outputs, count.deep) == (inputs, hidden, 1, deep)
    assert count.count == inputs + hidden


def test_three_hidden_layers_are_deep():
    chain = [keras.Input((4,)), *[layers.Dense(4) for _ in range(4)]]
    count = visualize.count_layers(keras.Sequential(chain))
    assert str(count) == "4 (input + 3 hidden: deep)"
    shallow = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2)])
    assert str(visualize.count_layers(shallow)) == "2 (input + 1 hidden: not deep)"
    frozen = keras.Sequential(chain)
    frozen.trainable = False
    assert visualize.count_layers(frozen).hidden == 3
