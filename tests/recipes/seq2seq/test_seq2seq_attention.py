"""seq2seq_attention: the attention's equations, its mask, and the fair comparison."""

import keras
import numpy as np
import pytest

from recipes.seq2seq import seq2seq_attention
from recipes.seq2seq.seq2seq import build_seq2seq
from recipes.seq2seq.seq2seq_attention import SourceAttention, build_seq2seq_attention


def test_attention_is_its_formula():
    rng = np.random.default_rng(0)
    queries = rng.normal(size=(3, 4, 6)).astype("float32")
    keys = rng.normal(size=(3, 5, 8)).astype("float32")
    mask = np.arange(5) < np.array([[5], [3], [1]])

    attention = SourceAttention()
    outputs = attention(queries, keys, keys_mask=mask)
    contexts, weights = map(keras.ops.convert_to_numpy, outputs)
    kernel = keras.ops.convert_to_numpy(attention.kernel)
    assert kernel.shape == (6, 8)

    for row, length in enumerate((5, 3, 1)):
        known = keys[row, :length]
        exponentials = np.exp(queries[row] @ kernel @ known.T)
        expected = exponentials / exponentials.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(weights[row, :, :length], expected, atol=1e-5)
        np.testing.assert_allclose(contexts[row], expected @ known, atol=1e-5)


def test_weights_sum_to_one_and_are_zero_on_padding():
    model = build_seq2seq_attention(12, 9, embedding=6, units=5)
    viewer = keras.Model(model.inputs, model.get_layer("attention").output[1])
    sources = np.array([[4, 5, 6, 3], [7, 3, 0, 0]], "int32")
    written = np.array([[2, 4, 5], [2, 6, 0]], "int32")

    weights = keras.ops.convert_to_numpy(viewer([sources, written]))
    assert weights.shape == (2, 3, 4)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-6)
    assert (weights[1, :, 2:] == 0).all()
    assert (weights[0] > 0).all()


@pytest.mark.parametrize(
    ("units", "target_size", "embedding"), [(16, 16, 32), (64, 16, 32), (64, 4000, 128)]
)
def test_the_network_without_attention_has_as_many_weights(units, target_size, embedding):
    plain_units = seq2seq_attention._plain_units(units, target_size, embedding)
    plain = build_seq2seq(100, target_size, embedding, plain_units)
    model = build_seq2seq_attention(100, target_size, embedding, units)
    assert plain.count_params() == pytest.approx(model.count_params(), rel=0.02)


@pytest.mark.full
def test_french_beats_seq2seq_and_the_nearest_training_sentence(data_folder):
    report = seq2seq_attention.run(
        str(data_folder / "tatoeba" / "fra.txt.xz"),
        epochs=12,
        batch_size=128,
        learning_rate=0.012,
        limit=10_000,
        tokens="wordpieces",
        vocabulary_size=2_000,
        embedding=64,
        dropout=0.2,
    )
    for name in ("seq2seq", "nearest source"):
        assert report.scores["BLEU"] > report.baselines[name]["BLEU"]
