"""The transformer encoder: attention against NumPy and Keras, masks and the order of words."""

import keras
import numpy as np
import pytest

from recipes.transformers.transformer_encoder import Attention

RNG = np.random.default_rng(0)


def numpy_attention(layer, queries, memory, mask):
    """Attention by its formula: one head after another, one example after another."""
    weights = [weight.numpy() for weight in layer.weights]
    query, query_bias, key, key_bias, value, value_bias, output, output_bias = weights
    size = layer.width // layer.heads
    outputs, maps = [], []
    for example in range(len(queries)):
        heads = []
        for head in range(layer.heads):
            part = slice(head * size, (head + 1) * size)
            q = queries[example] @ query[:, part] + query_bias[part]
            k = memory[example] @ key[:, part] + key_bias[part]
            v = memory[example] @ value[:, part] + value_bias[part]
            scores = np.where(mask[example], np.exp(q @ k.T / np.sqrt(size)), 0)
            maps.append(scores / scores.sum(axis=1, keepdims=True))
            heads.append(maps[-1] @ v)
        outputs.append(np.concatenate(heads, axis=1) @ output + output_bias)
    shape = (len(queries), layer.heads, queries.shape[1], memory.shape[1])
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


def test_heads_must_share_the_width():
    with pytest.raises(ValueError, match="^Attention: 3 heads cannot share 64; give a multiple"):
        Attention(heads=3, width=64)
