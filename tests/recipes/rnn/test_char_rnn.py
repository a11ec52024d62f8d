"""The text generator: reading in windows, and writing in a compiled loop."""

import keras
import numpy as np
import pytest

import data_prep
from recipes.rnn.char_rnn import ResetStates, Writer, build_char_rnn

SIZE = 11


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    model = build_char_rnn(SIZE, units=(12, 9))
    model.set_weights([3 * weight for weight in model.get_weights()])  # far from undecided
    return model


@pytest.fixture
def texts():
    return np.random.default_rng(0).integers(SIZE, size=(3, 7)).astype("int32")


def test_windows_with_kept_states_are_read_as_the_whole_text(model):
    text = np.random.default_rng(0).integers(1, SIZE, size=41)
    whole = data_prep.stream_windows(text, 2)[0]
    stateful = build_char_rnn(SIZE, units=(12, 9), batch_size=2)
    stateful.set_weights(model.get_weights())
    wanted = model.predict(whole, verbose=0)  # (2, 20, SIZE)
    windows = data_prep.stream_windows(text, 2, 5)[0]
    for _ in range(2):  # the second time, states are set back
        stateful.predict(windows, batch_size=2, verbose=0)
        reset = ResetStates()
        reset.set_model(stateful)
        reset.on_test_begin()  # as at the start of an epoch
    found = stateful.predict(windows, batch_size=2, verbose=0)  # (4 * 2, 5, SIZE)
    found = found.reshape(4, 2, 5, SIZE).swapaxes(0, 1).reshape(2, 20, SIZE)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_the_likeliest_characters_are_those_of_one_prediction_after_the_other(model, texts):
    written = Writer(model, 6, temperature=0).predict(texts, verbose=0)
    text = texts
    for _ in range(6):
        number = model.predict(text, verbose=0)[:, -1].argmax(axis=-1)
        text = np.concatenate([text, number[:, None]], axis=1)
    np.testing.assert_array_equal(written, text[:, 7:])
    only = Writer(model, 6, temperature=1.0, top_k=1, seed=5).predict(texts, verbose=0)
    np.testing.assert_array_equal(only, written)


@pytest.mark.parametrize(("temperature", "top_k"), [(1.0, 0), (2.0, 0), (0.5, 3)])
def test_characters_are_sampled_as_often_as_they_are_likely(model, texts, temperature, top_k):
    many = np.repeat(texts[:1], 4000, axis=0)
    sampled = Writer(model, 1, temperature, top_k).predict(many, batch_size=4000, verbose=0)
    logits = model.predict(texts[:1], verbose=0)[0, -1].astype("float64") / temperature
    if top_k:
        logits[np.argsort(logits)[:-top_k]] = -np.inf
    likely = np.exp(logits) / np.exp(logits).sum()
    shares = np.bincount(sampled[:, 0], minlength=SIZE) / 4000
    assert np.abs(shares - likely).max() < 4 * 0.5 / np.sqrt(4000)
    assert (shares[likely == 0] == 0).all()


def test_equal_seeds_write_the_same(model, texts):
    first, again, other = (
        Writer(model, 20, seed=seed).predict(texts, verbose=0) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
