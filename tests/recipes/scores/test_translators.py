"""Scores of a trained translator, on a network whose answers are known."""

import keras
import numpy as np
import pytest

import data_prep
from data_prep import Dataset, Part
from recipes import scores
from recipes.layers.decoding import Uncached


def test_accuracy_counts_no_padding_and_both_speeds_are_measured():
    # A network that repeats the token that it reads: its logits are one-hot.
    source = keras.Input((None,), dtype="int32")
    written = keras.Input((None,), dtype="int32")
    model = keras.Model([source, written], keras.ops.one_hot(written, 6))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(loss=loss, weighted_metrics=["accuracy"])

    inputs = [np.array([[4, 5], [5, 4]]), np.array([[2, 4, 5], [2, 5, 0]])]
    targets = np.array([[4, 4, 5], [5, 0, 0]])  # of the four tokens, the second and third repeat
    is_text = data_prep.padding_mask(targets)
    found = scores.translator_scores(model, Uncached(model, 3), inputs, targets, is_text)

    assert found["accuracy, teacher forced"] == pytest.approx(0.5)
    assert found["texts per second"] > 0
    assert found["texts per second, uncached"] > 0


def test_baselines_are_compared_as_the_vocabulary_writes():
    train = Part(np.array(["a cat", "a dog", "no"]), np.array(["Un chat", "Un chien", "Un chat"]))
    test = Part(np.array(["the dog", "cat"]), np.array(["Un chien", "Un chat"]))
    pairs = Dataset("pairs", "made here", train, train, test)
    vocabulary = data_prep.fit_words(train.labels)  # lower case
    references = data_prep.normal_texts(test.labels, vocabulary)

    found = scores.translator_baselines(pairs, references, vocabulary)
    assert found["most frequent"]["exact match"] == 0.5
    assert found["nearest source"]["exact match"] == 1
