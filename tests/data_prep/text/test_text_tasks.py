"""Tasks of one text or a pair of texts: classes, and halves that are in order or swapped."""

import numpy as np
import pytest

import data_prep
from data_prep.dataset import Dataset, Part
from data_prep.text.tasks import encode_task

WORDS = ("one", "two", "three", "four", "five", "six")


def make_texts():
    """A Dataset of texts of five words, and one text of a single word."""
    random = np.random.default_rng(0)

    def part(size):
        texts = [" ".join(random.choice(WORDS, 5)) for _ in range(size)]
        return Part(np.array([*texts, "one"], object), np.arange(size + 1) % 2)

    return Dataset("words", "made here", part(40), part(5), part(5), classes=("even", "odd"))


def test_one_text_keeps_its_class_and_has_one_type():
    texts = make_texts()
    vocabulary = data_prep.fit_words(texts.train.inputs, 20)
    encoded = encode_task(texts, vocabulary, 7)
    ids, types = encoded.test.inputs
    assert ids.shape == types.shape == (6, 7)
    assert not types.any()
    assert (ids[:, 0] == vocabulary.start).all()
    assert encoded.classes == ("even", "odd")
    assert vocabulary.decode(ids) == list(texts.test.inputs)
    assert encoded.to_original(encoded.test.inputs) == list(texts.test.inputs)


def test_pairs_are_halves_in_order_or_swapped():
    texts = make_texts()
    vocabulary = data_prep.fit_words(texts.train.inputs, 20)
    pairs = encode_task(texts, vocabulary, 20, "pairs", seed=1)
    assert pairs.classes == ("swapped", "in order")
    assert set(pairs.train.labels) == {0, 1}

    ids, types = pairs.train.inputs
    assert len(ids) == 40  # the text of a single word has no two halves
    for text, row, row_types, label in zip(
        texts.train.inputs[:40], ids, types, pairs.train.labels, strict=True
    ):
        (first,) = vocabulary.decode([row[(row > 0) & (row_types == 0)]])
        (second,) = vocabulary.decode([row[row_types == 1]])
        joined = f"{first} {second}" if label else f"{second} {first}"
        assert joined == text
        assert (row == vocabulary.end).sum() == 2


def test_an_unknown_task_is_refused():
    texts = make_texts()
    vocabulary = data_prep.fit_words(texts.train.inputs, 20)
    with pytest.raises(data_prep.DataError, match="give classes or pairs"):
        encode_task(texts, vocabulary, 20, "halves")
