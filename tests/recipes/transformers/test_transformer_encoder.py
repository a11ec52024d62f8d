"""The transformer encoder: attention against NumPy and Keras, masks and the order of words."""

import re

import keras
import numpy as np
import pytest

from recipes.layers.positions import Positions
from recipes.transformers.transformer_encoder import Attention, build_transformer_encoder

RNG = np.random.default_rng(0)


def numpy_attention(layer, queries, memory, mask):
    """Attention by its formula: one head after another, one example after another."""
    weights = [weight.numpy() for weight in layer.weights]
    query, query_bias, key, key_bias, value, value_bias, output, output_bias = weights
    heads, size = layer.head_shape
    outputs, maps = [], []
    for example in range(len(queries)):
        outputs_of_heads = []
        for head in range(heads):
            part = slice(head * size, (head + 1) * size)
            q = queries[example] @ query[:, part] + query_bias[part]
            k = memory[example] @ key[:, part] + key_bias[part]
            v = memory[example] @ value[:, part] + value_bias[part]
            scores = np.where(mask[example], np.exp(q @ k.T / np.sqrt(size)), 0)
            maps.append(scores / scores.sum(axis=1, keepdims=True))
            outputs_of_heads.append(maps[-1] @ v)
        outputs.append(np.concatenate(outputs_of_heads, axis=1) @ output + output_bias)
    shape = (len(queries), heads, queries.shape[1], memory.shape[1])
    return np.stack(outputs), np.reshape(maps, shape)


@pytest.fixture
def attention():
    """(layer with random weights, queries, memory, mask)."""
    layer = Attention(heads=3, width=12)
    queries = RNG.normal(size=(4, 5, 10)).astype("float32")
    memory = RNG.normal(size=(4, 7, 8)).astype("float32")
    mask = RNG.random((4, 5, 7)) < 0.6
    mask[:, :, 0] = True
    layer.build(queries.shape, memory.shape)
    layer.set_weights([RNG.normal(size=weight.shape) for weight in layer.weights])
    return layer, queries, memory, mask


def test_attention_is_its_formula(attention):
    layer, queries, memory, mask = attention
    output, weights = map(keras.ops.convert_to_numpy, layer(queries, memory, mask))
    wanted_output, wanted_weights = numpy_attention(*attention)
    np.testing.assert_allclose(weights, wanted_weights, atol=1e-5)
    np.testing.assert_allclose(output, wanted_output, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-5)
    assert not weights[~np.broadcast_to(mask[:, None], weights.shape)].any()


def test_attention_is_that_of_keras_with_the_same_weights(attention):
    layer, queries, memory, mask = attention
    theirs = keras.layers.MultiHeadAttention(num_heads=3, key_dim=4, output_shape=12)
    theirs.build(queries.shape, memory.shape, memory.shape)
    weights = [weight.numpy() for weight in layer.weights]
    shapes = [weight.shape for weight in theirs.weights]
    theirs.set_weights([np.reshape(*pair) for pair in zip(weights, shapes, strict=True)])

    wanted = theirs(queries, memory, attention_mask=mask, return_attention_scores=True)
    for ours, right in zip(layer(queries, memory, mask), wanted, strict=True):
        np.testing.assert_allclose(ours, right, rtol=1e-5, atol=1e-5)


@pytest.fixture(scope="module")
def encoder():
    """A small encoder whose weights are random enough for each word to matter."""
    keras.utils.set_random_seed(0)
    model = build_transformer_encoder(50, 3, width=16, heads=2, hidden=16, blocks=2)
    for weight in model.trainable_weights:
        weight.assign(weight + 0.3 * RNG.normal(size=weight.shape))
    return model


def predict(model, ids):
    """Probabilities (texts, classes) as an array."""
    return keras.ops.convert_to_numpy(model(ids, training=False))


def test_padding_changes_nothing(encoder):
    ids = RNG.integers(1, 50, (4, 9))
    ids[1, 5:] = 0
    padded = np.pad(ids, [(0, 0), (0, 20)])
    wanted = predict(encoder, ids)
    np.testing.assert_allclose(predict(encoder, padded), wanted, atol=1e-5)
    np.testing.assert_allclose(predict(encoder, ids[1:2, :5]), wanted[1:2], atol=1e-5)

    longer = np.where(padded == 0, 7, padded)  # words in place of the padding do change it
    assert np.abs(predict(encoder, longer) - wanted).max() > 1e-4


def test_the_order_of_words_counts(encoder):
    ids = RNG.integers(1, 50, (4, 9))
    forwards = predict(encoder, ids)
    backwards = predict(encoder, ids[:, ::-1])
    assert np.abs(forwards - backwards).max() > 1e-3


def test_positions_are_sines_and_cosines():
    layer = Positions(scale=0.5)
    found = keras.ops.convert_to_numpy(layer(np.zeros((1, 9, 6), "float32"), first=3))[0]
    for place in range(9):
        for pair in range(3):
            angle = (place + 3) / 10_000 ** (2 * pair / 6)
            assert found[place, pair] == pytest.approx(0.5 * np.sin(angle), abs=1e-5)
            assert found[place, pair + 3] == pytest.approx(0.5 * np.cos(angle), abs=1e-5)
    assert layer(np.zeros((2, 4, 5), "float32")).shape == (2, 4, 5)  # an odd width


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [
        ({"blocks": 0}, "build_transformer_encoder: blocks=0; give an integer >= 1."),
        ({"width": 2.5}, "build_transformer_encoder: width=2.5; give an integer >= 1."),
        ({"width": 30}, "Attention: width 30 is no multiple of 4 heads; give one."),
    ],
)
def test_sizes_that_cannot_work_are_refused(sizes, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        build_transformer_encoder(**sizes)
