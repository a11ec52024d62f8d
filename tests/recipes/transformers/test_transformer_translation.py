"""The translator: masks, and the cached decoder against the whole network."""

import re

import keras
import numpy as np
import pytest

from recipes.layers.decoding import Uncached
from recipes.transformers.transformer_translation import (
    Translator,
    build_transformer_translation,
    run,
)

RNG = np.random.default_rng(0)
LENGTH = 7  # tokens of a written text


def logits(model, sources, written):
    """The output of a network of two inputs, as an array."""
    return keras.ops.convert_to_numpy(model([sources, written], training=False))


def write(decoding, sources):
    """(texts, log-probabilities) of a decoder, as arrays."""
    found = decoding(keras.ops.convert_to_tensor(sources), training=False)
    return [keras.ops.convert_to_numpy(array) for array in found]


@pytest.fixture(scope="module")
def model():
    """A small network whose weights are random enough for each token to matter."""
    keras.utils.set_random_seed(0)
    model = build_transformer_translation(30, 20, width=16, heads=2, hidden=16, blocks=2)
    for weight in model.trainable_weights:
        weight.assign(weight + 0.3 * RNG.normal(size=weight.shape))
    return model


@pytest.fixture(scope="module")
def sources():
    """Sources of different lengths, padded with 0."""
    ids = RNG.integers(4, 30, (6, 9))
    ids[1, 4:] = 0
    ids[4, 7:] = 0
    return ids


@pytest.fixture(scope="module")
def written():
    """Texts to read, which begin with the start id."""
    ids = RNG.integers(4, 20, (6, LENGTH))
    ids[:, 0] = 2
    return ids


def test_the_cached_steps_give_the_logits_of_the_whole_network(model, sources, written):
    wanted = logits(model, sources, written)
    translator = Translator(model, LENGTH)
    memory, state = translator.begin(keras.ops.convert_to_tensor(sources))
    for place in range(LENGTH):
        tokens = keras.ops.convert_to_tensor(written[:, place])
        found, state = translator.step(tokens, place, memory, state)
        found = keras.ops.convert_to_numpy(found)
        np.testing.assert_allclose(found, wanted[:, place], atol=1e-4)


@pytest.mark.parametrize("beams", [1, 3])
def test_the_cache_changes_no_text(model, sources, beams):
    texts, scores = write(Translator(model, LENGTH, beams), sources)
    wanted_texts, wanted_scores = write(Uncached(model, LENGTH, beams), sources)
    np.testing.assert_array_equal(texts, wanted_texts)
    np.testing.assert_allclose(scores, wanted_scores, atol=1e-4)


def test_one_beam_is_greedy_search(model, sources):
    translator = Translator(model, LENGTH)
    inputs = keras.ops.convert_to_tensor(sources)
    greedy, greedy_scores = translator.greedy_search(inputs)
    beam, beam_scores = translator.beam_search(inputs, 1)
    np.testing.assert_array_equal(greedy, beam)
    np.testing.assert_allclose(greedy_scores, beam_scores, atol=1e-4)


def test_no_place_sees_a_later_one(model, sources, written):
    before = logits(model, sources, written)
    for place in range(1, LENGTH):
        changed = written.copy()
        changed[:, place] = (changed[:, place] - 3) % 16 + 4
        after = logits(model, sources, changed)
        np.testing.assert_allclose(after[:, :place], before[:, :place], atol=1e-5)
        assert np.abs(after[:, place:] - before[:, place:]).max() > 1e-2


def test_padding_changes_nothing(model, sources, written):
    wanted = logits(model, sources, written)
    padded = [np.pad(ids, ((0, 0), (0, 5))) for ids in (sources, written)]
    found = logits(model, *padded)
    np.testing.assert_allclose(found[:, :LENGTH], wanted, atol=1e-4)

    texts, scores = write(Translator(model, LENGTH), sources)
    padded_texts, padded_scores = write(Translator(model, LENGTH), padded[0])
    np.testing.assert_array_equal(padded_texts, texts)
    np.testing.assert_allclose(padded_scores, scores, atol=1e-4)


def test_reversing_the_source_changes_the_output(model, sources, written):
    full = sources[[0, 2, 3, 5]]
    forwards = logits(model, full, written[:4])
    backwards = logits(model, full[:, ::-1], written[:4])
    assert np.abs(forwards - backwards).max() > 1e-2


def test_the_attention_shown_is_that_to_the_source(model, sources, written):
    block = model.get_layer("decoder_1")
    weights = logits(keras.Model(model.inputs, block.output[1]), sources, written)
    assert weights.shape == (6, 2, LENGTH, 9)  # (batch, heads, time, source time)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-5)
    assert not weights[1, :, :, 4:].any()


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [
        ({"heads": 0}, "build_transformer_translation: heads=0; give an integer >= 1."),
        ({"width": 30}, "Attention: width 30 is no multiple of 4 heads; give one."),
    ],
)
def test_sizes_that_cannot_work_are_refused(sizes, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        build_transformer_translation(**sizes)


@pytest.mark.full
def test_at_least_95_percent_of_unseen_dates_are_written_without_an_error():
    keras.utils.set_random_seed(0)
    assert run().scores["exact match"] >= 0.95
