"""Greedy and beam search, against the network's own probabilities and all possible texts."""

from itertools import product

import keras
import numpy as np
import pytest
from keras import layers, ops

from recipes.layers.decoding import Decoding, Uncached
from recipes.scores.speed import texts_per_second

VOCABULARY, LENGTH = 7, 4  # ids: padding, unknown, start, end, and three words


class Cached(Decoding):
    """The decoder of the small network below, one cell step at a time."""

    def begin(self, source):
        _, *state = self.model.get_layer("encoder")(self.model.get_layer("embedding")(source))
        return [], state

    def step(self, tokens, place, memory, state):
        x = self.model.get_layer("embedding")(tokens)
        x, state = self.model.get_layer("decoder").cell(x, state)
        return self.model.get_layer("logits")(x), state


@pytest.fixture(scope="module")
def model():
    """A small encoder-decoder whose weights are large, so that it is far from undecided."""
    keras.utils.set_random_seed(3)
    source = keras.Input((None,), dtype="int32")
    text = keras.Input((None,), dtype="int32")
    embedding = layers.Embedding(VOCABULARY, 8, name="embedding")
    _, *state = layers.LSTM(8, return_state=True, name="encoder")(embedding(source))
    decoder = layers.LSTM(8, return_sequences=True, name="decoder")
    x = decoder(embedding(text), initial_state=state)
    model = keras.Model([source, text], layers.Dense(VOCABULARY, name="logits")(x))
    model.set_weights([5 * weight for weight in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def sources():
    return np.random.default_rng(0).integers(4, VOCABULARY, (40, 5)).astype("int32")


@pytest.fixture(scope="module")
def written(model, sources):
    """{(class, beams): (texts, scores)} of the sources."""
    found = {}
    for decoding in (Cached, Uncached):
        for beams in (1, 4):
            decoder = decoding(model, LENGTH, beams)
            found[decoding, beams] = decoder.predict(sources, verbose=0)
    return found


def log_probability(model, sources, texts):
    """Sum of the log-probabilities of the tokens of each text, read with teacher forcing."""
    inputs = np.pad(texts[:, :-1], ((0, 0), (1, 0)), constant_values=2)
    logits = model.predict([sources, inputs], verbose=0)
    logs = ops.convert_to_numpy(ops.log_softmax(logits))
    gained = np.take_along_axis(logs, texts[..., None], axis=-1)[..., 0]
    return (gained * (texts != 0)).sum(axis=-1)


def all_texts():
    """All texts of up to LENGTH tokens, padded after the end id."""
    words = [1, 3, 4, 5, 6]
    texts = {
        text[: text.index(3) + 1] if 3 in text else text for text in product(words, repeat=LENGTH)
    }
    return np.array([text + (0,) * (LENGTH - len(text)) for text in sorted(texts)], "int32")


@pytest.mark.parametrize("beams", [1, 4])
def test_cached_and_uncached_write_the_same(written, beams):
    texts, scores = written[Cached, beams]
    uncached_texts, uncached_scores = written[Uncached, beams]
    np.testing.assert_array_equal(texts, uncached_texts)
    np.testing.assert_allclose(scores, uncached_scores, atol=1e-4)
    assert len(np.unique(texts, axis=0)) > 3, "the texts depend on the sources"


@pytest.mark.parametrize("beams", [1, 4])
def test_a_score_is_the_sum_of_the_log_probabilities_of_the_tokens(model, sources, written, beams):
    texts, scores = written[Cached, beams]
    np.testing.assert_allclose(scores, log_probability(model, sources, texts), atol=1e-4)


def test_a_beam_of_one_is_greedy(model, sources):
    decoding = Cached(model, LENGTH)
    greedy = decoding.greedy_search(ops.convert_to_tensor(sources))
    beam = decoding.beam_search(ops.convert_to_tensor(sources), 1)
    np.testing.assert_array_equal(*map(ops.convert_to_numpy, (greedy[0], beam[0])))
    np.testing.assert_allclose(*map(ops.convert_to_numpy, (greedy[1], beam[1])), atol=1e-5)


def test_a_wide_beam_finds_the_best_of_all_texts(model, sources):
    every_text = all_texts()
    found, scores = Cached(model, LENGTH, beams=len(every_text)).predict(sources[:8], verbose=0)
    for source, text, score in zip(sources[:8], found, scores, strict=True):
        likely = log_probability(model, np.tile(source, (len(every_text), 1)), every_text)
        np.testing.assert_array_equal(text, every_text[likely.argmax()])
        np.testing.assert_allclose(score, likely.max(), atol=1e-4)


def test_more_beams_find_better_texts_on_average(written):
    assert written[Cached, 4][1].mean() > written[Cached, 1][1].mean()


@pytest.mark.parametrize("beams", [1, 4])
def test_nothing_follows_the_end_and_padding_is_never_written(written, beams):
    texts, _ = written[Cached, beams]
    assert not np.isin(texts, 2).any(), "a start id"
    is_end = texts == 3
    assert is_end.any(), "no text ends"
    after_end = (np.cumsum(is_end, axis=1) - is_end) > 0
    np.testing.assert_array_equal(texts == 0, after_end)


def test_sizes_are_checked(model):
    with pytest.raises(ValueError, match="Cached: beams=0; give an integer >= 1"):
        Cached(model, LENGTH, beams=0)
    with pytest.raises(ValueError, match="Uncached: length=0"):
        Uncached(model, 0)


def test_speed_counts_whole_batches(model, sources):
    decoding = Cached(model, LENGTH)
    read = []
    decoding.predict = lambda batch, **options: read.append(len(batch))  # reads, writes nothing
    assert texts_per_second(decoding, sources, batch_size=16) > 0
    assert read == [16, 32], "one batch to compile, then two of three, without the smaller rest"
    read.clear()
    assert texts_per_second(decoding, sources, batch_size=100) > 0
    assert read == [40, 40]
