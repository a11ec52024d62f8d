"""Texts as sentences: where they are split, how they are padded, what is refused."""

import numpy as np
import pytest

import data_prep
from data_prep import DataError

TEXT = """A headline without a point

It rose by 1.5 percent. "Why?" asked Ms. Lee, i.e. the chair! 2 people laughed.
 The end"""


def test_sentences_end_at_line_breaks_and_before_capitals_and_digits():
    assert data_prep.split_sentences([TEXT, " One. "]) == [
        [
            "A headline without a point",
            "It rose by 1.5 percent.",
            '"Why?" asked Ms.',  # a known error: an abbreviation before a name
            "Lee, i.e. the chair!",
            "2 people laughed.",
            "The end",
        ],
        ["One."],
    ]
    assert data_prep.split_sentences([TEXT], most=1) == [["A headline without a point"]]


def test_splitting_loses_no_character_but_spaces():
    sentences = data_prep.split_sentences([TEXT])[0]
    assert "".join("".join(sentences).split()) == "".join(TEXT.split())


def test_sentences_are_cut_and_padded():
    vocabulary = data_prep.fit_characters(["abc"])  # 4, 5, 6
    ids = data_prep.encode_sentences([["a", "abc"], ["b", "c", "a"]], vocabulary, 2, 2)
    assert ids.dtype == np.int32
    np.testing.assert_array_equal(ids, [[[4, 0], [4, 5]], [[5, 0], [6, 0]]])
    padded = data_prep.encode_sentences([["a"]], vocabulary, 3, 2)
    np.testing.assert_array_equal(padded, [[[4, 0], [0, 0], [0, 0]]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: data_prep.split_sentences(["A.", " \n"]), "text 1 is empty"),
        (lambda: data_prep.split_sentences(["A."], most=0), "give 1 or more"),
        (lambda: data_prep.encode_sentences([["a"]], None, 0, 2), "give 1 or more"),
        (lambda: data_prep.encode_sentences([["a"]], None, 2, 0), "give 1 or more"),
    ],
)
def test_what_cannot_be_used_is_refused(call, message):
    with pytest.raises(DataError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
