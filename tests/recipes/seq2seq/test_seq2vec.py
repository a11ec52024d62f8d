"""A text read into one vector: what the network must do, whatever it has learnt."""

import json

import keras
import numpy as np
import pytest

import data_prep
from recipes.seq2seq import seq2vec


@pytest.fixture(scope="module")
def model():
    """A network as it is before training."""
    keras.utils.set_random_seed(0)
    return seq2vec.build_seq2vec(50, 3, embedding=8, units=6)


@pytest.fixture
def ids():
    """Word ids of four texts; the second has five words, the others have nine."""
    ids = np.random.default_rng(0).integers(1, 50, (4, 9))
    ids[1, 5:] = 0
    return ids


def write_rows(path, texts, labels):
    rows = [{"text": text, "label": label} for text, label in zip(texts, labels, strict=True)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def test_padding_changes_nothing(model, ids):
    wanted = model.predict(ids, verbose=0)
    padded = np.pad(ids, [(0, 0), (0, 20)])
    np.testing.assert_allclose(model.predict(padded, verbose=0), wanted, atol=1e-5)

    alone = model.predict(ids[1:2, :5], verbose=0)
    np.testing.assert_allclose(alone, wanted[1:2], atol=1e-5)

    words_in_place_of_padding = np.where(padded == 0, 7, padded)
    changed = model.predict(words_in_place_of_padding, verbose=0)
    assert np.abs(changed - wanted).max() > 1e-4


def test_the_order_of_the_words_matters(model, ids):
    forwards = model.predict(ids[[0, 2, 3]], verbose=0)
    backwards = model.predict(ids[[0, 2, 3], ::-1], verbose=0)
    assert (np.abs(forwards - backwards).max(axis=1) > 1e-4).all()


def test_the_vector_is_the_maximum_of_the_states_of_an_lstm(model, ids):
    """The equations of the LSTM in NumPy, without padding."""
    embedding, kernel, recurrent, bias = model.get_weights()[:4]

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    def vector(text):
        output, state, outputs = np.zeros(6), np.zeros(6), []
        for word in text:
            values = embedding[word] @ kernel + output @ recurrent + bias
            write, forget, candidate, show = np.split(values, 4)
            state = sigmoid(forget) * state + sigmoid(write) * np.tanh(candidate)
            output = sigmoid(show) * np.tanh(state)
            outputs.append(output)
        return np.max(outputs, axis=0)

    encoder = keras.Model(model.input, model.get_layer("vector").output)
    wanted = [vector(text[text != 0]) for text in ids]
    np.testing.assert_allclose(encoder.predict(ids, verbose=0), wanted, atol=1e-5)


def test_reading_word_by_word_is_predicting_each_beginning(model, ids):
    probabilities = seq2vec.read_word_by_word(model, ids)
    assert probabilities.shape == (4, 9, 3)
    for count in (1, 4, 9):
        wanted = model.predict(ids[:, :count], verbose=0)
        np.testing.assert_allclose(probabilities[:, count - 1], wanted, atol=1e-5)
    after_the_end = probabilities[1, 5:]
    np.testing.assert_allclose(after_the_end, probabilities[1, [4] * 4], atol=1e-5)


def test_a_text_without_words_and_one_word_have_probabilities(model):
    for ids in ([[0, 0, 0]], [[1]]):
        probabilities = model.predict(np.array(ids), verbose=0)
        assert probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_it_learns_the_order_that_a_bag_of_words_cannot_see(tmp_path):
    rng = np.random.default_rng(0)
    texts, labels = [], []
    for number in range(600):
        filler = " ".join(f"w{word}" for word in rng.integers(0, 30, 2))
        good_first = bool(number % 2)
        texts.append(f"good {filler} bad" if good_first else f"bad {filler} good")
        labels.append("good first" if good_first else "bad first")

    path = write_rows(tmp_path / "order.jsonl", texts, labels)
    report = seq2vec.run(path, epochs=6, length=4, vocabulary_size=100, embedding=8, units=8)
    assert report.scores["accuracy"] > 0.95
    assert report.comparisons["bag of words"]["accuracy"] < 0.7
    assert set(report.pictures) == {"reading_rise", "reading_fall", "vectors", "confusion"}
    ticks = report.pictures["reading_rise"].axes[0].get_xticklabels()
    assert {"good", "bad"} <= {tick.get_text() for tick in ticks}


@pytest.mark.parametrize("size", ["vocabulary_size", "num_classes", "embedding", "units"])
def test_sizes_are_refused_in_one_sentence(size):
    for wrong in (0, -1, 2.5, "4", None):
        with pytest.raises(ValueError, match=f"^build_seq2vec: {size}=.*integer >= 1.$"):
            seq2vec.build_seq2vec(**{size: wrong})


@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [
        (["good film", " "], ["a", "b"], "line 2: field 'text' is empty"),
        (["good film", "bad film"], ["a", "a"], "there is 1 class"),
        (["up " * count for count in range(1, 41)], ["a", "b"] * 20, "have 1 different word"),
    ],
)
def test_texts_that_cannot_be_learnt_are_refused_in_one_sentence(tmp_path, texts, labels, message):
    path = write_rows(tmp_path / "texts.jsonl", texts, labels)
    with pytest.raises(data_prep.DataError, match=message):
        seq2vec.run(path)


def test_a_vocabulary_without_room_is_refused_in_one_sentence(tmp_path):
    texts = [f"word{number} text" for number in range(40)]
    path = write_rows(tmp_path / "texts.jsonl", texts, [number % 2 for number in range(40)])
    with pytest.raises(data_prep.DataError, match="size 4 leaves no room for a word"):
        seq2vec.run(path, vocabulary_size=4)


@pytest.mark.full
def test_movie_reviews_against_the_published_network(data_folder):
    """Kim 2014 reports 76.1% for a convolutional network with random initial embeddings."""
    reviews = data_folder / "rt_polarity"
    report = seq2vec.run(reviews, epochs=3, learning_rate=0.002, length=40, vocabulary_size=20_000)
    assert report.scores["accuracy"] > 0.74
