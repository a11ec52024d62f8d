"""The layer count: input and hidden layers, deep from three hidden layers on."""

import keras
import pytest
from keras import layers, ops

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
    ("make", "inputs", "hidden"),
    [(two_towers, 2, 2), (recurrent, 1, 2)],
)
def test_count_layers(make, inputs, hidden):
    count = visualize.count_layers(make())
    assert (count.inputs, count.hidden, count.outputs) == (inputs, hidden, 1)
    assert count.count == inputs + hidden
    assert not count.deep


def sum_of_two_maps():
    """Two parallel linear maps over time, added: a linear model."""
    inputs = keras.Input((6, 2))
    maps = [layers.Dense(3)(layers.Permute((2, 1))(inputs)) for _ in range(2)]
    return keras.Model(inputs, layers.Permute((2, 1))(layers.add(maps)))


def sum_by_an_operation():
    """The same with `+` and `ops.reshape` instead of layers."""
    inputs = keras.Input((6,))
    total = layers.Dense(4)(inputs) + layers.Dense(4)(inputs)
    return keras.Model(inputs, ops.reshape(total, (-1, 2, 2)))


def sum_of_nested_maps():
    """The same, with the sum in a nested model."""
    inputs = keras.Input((6, 2))
    return keras.Model(inputs, layers.Reshape((6,))(sum_of_two_maps()(inputs)))


def residual_output():
    """The first layer also feeds the second one, so it is hidden."""
    inputs = keras.Input((4,))
    x = layers.Dense(4)(inputs)
    return keras.Model(inputs, layers.Add()([x, layers.Dense(4)(x)]))


def activation_before_the_sum():
    """A layer whose activation comes before the sum is hidden."""
    inputs = keras.Input((4,))
    x = layers.ReLU()(layers.Dense(4)(inputs))
    return keras.Model(inputs, layers.Add()([x, layers.Dense(4)(inputs)]))


def two_outputs():
    inputs = keras.Input((4,))
    x = layers.Dense(4)(inputs)
    return keras.Model(inputs, [layers.Dense(2)(x), layers.Dense(3, activation="softmax")(x)])


@pytest.mark.parametrize(
    ("make", "hidden", "outputs"),
    [
        (sum_of_two_maps, 0, 2),
        (sum_by_an_operation, 0, 2),
        (sum_of_nested_maps, 0, 2),
        (residual_output, 1, 1),
        (activation_before_the_sum, 1, 1),
        (two_outputs, 1, 2),
    ],
)
def test_layers_that_are_only_merged_belong_to_the_output(make, hidden, outputs):
    count = visualize.count_layers(make())
    assert (count.hidden, count.outputs) == (hidden, outputs)


def test_three_hidden_layers_are_deep():
    chain = [keras.Input((4,)), *[layers.Dense(4) for _ in range(4)]]
    count = visualize.count_layers(keras.Sequential(chain))
    assert str(count) == "4 (input + 3 hidden: deep)"

    shallow = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2)])
    assert str(visualize.count_layers(shallow)) == "2 (input + 1 hidden: not deep)"

    frozen = keras.Sequential(chain)
    frozen.trainable = False
    assert visualize.count_layers(frozen).hidden == 3
