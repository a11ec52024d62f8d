"""Masked words: scores by the definition, the baseline of frequencies, predictions as text."""

import keras
import numpy as np
import pytest

import data_prep
from recipes.scores.masked_words import (
    masked_word_baseline,
    masked_word_predictions,
    masked_word_scores,
)

TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "green", "blue", "sky", "grass")


class FixedLogits(keras.Model):
    """A model with the same logits for every text, (texts, places, vocabulary)."""

    def __init__(self, logits):
        super().__init__()
        self.logits = logits

    def call(self, inputs):
        return keras.ops.convert_to_tensor(self.logits)


def make_sample():
    """Two texts with two chosen places each; the last place only fills the row."""
    ids = np.array([[2, 7, 8, 3], [2, 5, 9, 3]])
    places = np.array([[1, 2], [1, 1]])
    words = np.array([[7, 8], [5, 5]])
    weights = np.array([[1, 1], [1, 0]], "float32")
    return (ids, ids * 0, places), words, weights


def test_scores_leave_out_places_that_fill_the_row():
    sample = make_sample()
    logits = np.random.default_rng(0).normal(size=(2, 2, len(TOKENS))).astype("float32")
    logits[0, 0, 7] = 9.0
    model = FixedLogits(logits)
    model.compile(
        loss=keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, reduction="mean_with_sample_weight"
        ),
        weighted_metrics=["accuracy"],
    )
    scores = masked_word_scores(model, sample)

    probabilities = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    true = [probabilities[0, 0, 7], probabilities[0, 1, 8], probabilities[1, 0, 5]]
    right = [logits[0, 0].argmax() == 7, logits[0, 1].argmax() == 8, logits[1, 0].argmax() == 5]
    assert scores["masked word bits"] == pytest.approx(-np.mean(np.log2(true)), rel=1e-5)
    assert scores["masked word accuracy"] == pytest.approx(np.mean(right))


def test_the_baseline_knows_frequencies_only():
    train_ids = np.array([[2, 5, 5, 3], [2, 5, 8, 3]])  # special ids do not count
    scores = masked_word_baseline(train_ids, make_sample(), len(TOKENS))
    assert scores["masked word accuracy"] == pytest.approx(1 / 3)  # 5, the most frequent one

    # A more frequent token is more probable, so fewer bits are needed for text of it.
    other = np.array([[2, 9, 9, 3], [2, 9, 6, 3]])
    unlike = masked_word_baseline(other, make_sample(), len(TOKENS))
    assert scores["masked word bits"] < unlike["masked word bits"]


def test_predictions_show_the_true_word_beside_the_masked_text():
    vocabulary = data_prep.Vocabulary(TOKENS, None, " ".join, mask=4)
    logits = np.zeros((1, 2, len(TOKENS)), "float32")
    logits[0, 0, 7] = 9.0
    (text,) = masked_word_predictions(FixedLogits(logits), make_sample(), vocabulary).values()

    first, _, blue, sky = text.split("\n")
    assert first == "[MASK] [MASK]"
    assert blue.split()[:4] == ["blue", "predicted:", "blue", "100%,"]
    assert sky.split()[0] == "sky"
