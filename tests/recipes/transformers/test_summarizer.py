"""The summariser: what padding, order and labels do, whatever the network has learnt."""

import json

import keras
import numpy as np
import pytest

from data_prep import DataError
from recipes.transformers import summarizer


def documents(number=6, sentences=5, words=4):
    return np.random.default_rng(0).integers(1, 50, (number, sentences, words))


def write_pairs(path, document, summary, number=40):
    """A .jsonl file of pairs; "{}" in both texts is replaced by a word of each pair's own."""
    rows = []
    for row in range(number):
        word = f"w{row}"
        rows.append({"body": document.replace("{}", word), "short": summary.replace("{}", word)})
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def test_padding_changes_nothing():
    model = summarizer.build_summarizer(50)
    words = documents()
    words[1, :, 3:] = 0  # shorter sentences
    words[2, 3:] = 0  # fewer sentences
    wanted = model.predict(words, verbose=0)
    padded = np.pad(words, [(0, 0), (0, 3), (0, 5)])
    found = model.predict(padded, verbose=0)
    np.testing.assert_allclose(found[:, :5], wanted, atol=1e-6)

    alone = model.predict(words[2:3, :3], verbose=0)
    np.testing.assert_allclose(alone, wanted[2:3, :3], atol=1e-6)
    longer = np.where(padded == 0, 7, padded)  # words in place of the padding do change it
    assert np.abs(model.predict(longer, verbose=0)[:, :5] - wanted).max() > 1e-4


def test_padding_has_no_part_in_the_loss():
    model = summarizer.build_summarizer(50)
    model.compile(loss="binary_crossentropy", weighted_metrics=["accuracy"])
    words = documents()
    labels = np.random.default_rng(1).integers(0, 2, (6, 5, 1)).astype("float32")
    weights = np.ones((6, 5), bool)
    wanted = model.evaluate(words, labels, sample_weight=weights, verbose=0)

    words = np.pad(words, [(0, 0), (0, 9), (0, 0)])
    labels = np.pad(labels, [(0, 0), (0, 9), (0, 0)], constant_values=1)
    weights = np.pad(weights, [(0, 0), (0, 9)])
    found = model.evaluate(words, labels, sample_weight=weights, verbose=0)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_a_sentence_is_rated_by_its_words_and_by_its_neighbours():
    model = summarizer.build_summarizer(50)
    words = documents()
    wanted = model.predict(words, verbose=0)
    same_words = model.predict(words[:, :, ::-1], verbose=0)  # the mean has no order
    np.testing.assert_allclose(same_words, wanted, atol=1e-6)
    turned = model.predict(words[:, ::-1], verbose=0)[:, ::-1]
    assert np.abs(turned - wanted).max() > 1e-4


def test_the_mean_of_a_sentence_is_that_of_its_words():
    embedding = keras.layers.Embedding(50, 8, mask_zero=True)
    words = documents()
    words[0, 1, 2:] = 0
    words[0, 2] = 0
    means = keras.ops.convert_to_numpy(summarizer.SentenceMean()(embedding(words)))
    vectors = keras.ops.convert_to_numpy(embedding.embeddings)
    np.testing.assert_allclose(means[0, 1], vectors[words[0, 1, :2]].mean(axis=0), atol=1e-6)
    np.testing.assert_array_equal(means[0, 2], 0)


@pytest.mark.parametrize(
    ("document", "summary", "message"),
    [
        ("Only one sentence {}.", "one {}", "no training document has two sentences"),
        ("First {}. Second {}.", "zebra{}", "one of them with a word of its summary"),
        ("First {}. Second {}.", " ", "field 'short' is empty"),
        (" ", "words {}", "field 'body' is empty"),
    ],
)
def test_nothing_to_learn_is_refused(tmp_path, document, summary, message):
    path = write_pairs(tmp_path / "pairs.jsonl", document, summary)
    with pytest.raises(DataError, match=message) as caught:
        summarizer.run(path, source="body", target="short")
    assert "\n" not in str(caught.value)


def test_sizes_and_options_are_refused(tmp_path):
    path = write_pairs(tmp_path / "pairs.jsonl", "First {}. Second {}.", "second {}")
    with pytest.raises(DataError, match="no field 'summary'"):
        summarizer.run(path, source="body", target="summary")
    with pytest.raises(DataError, match="give 1 or more"):
        summarizer.run(path, source="body", target="short", most_sentences=0)
    with pytest.raises(ValueError, match="units=0; give an integer >= 1"):
        summarizer.build_summarizer(units=0)


@pytest.mark.full
def test_news_are_summarised_better_than_by_their_first_sentences(data_folder):
    report = summarizer.run(
        data_folder / "bbc_news_summary" / "bbc_news_summary.jsonl.xz",
        epochs=4,
        source="article",
        target="summary",
        most_sentences=40,
        target_length=40,
    )
    assert report.data["sentences in a summary"] == 7
    assert report.scores["ROUGE-L"] < report.comparisons["oracle"]["ROUGE-L"]
    for name, found in report.baselines.items():
        assert report.scores["ROUGE-2"] > found["ROUGE-2"], name
        assert report.scores["ROUGE-L"] > found["ROUGE-L"], name
