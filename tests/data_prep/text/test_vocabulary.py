"""Vocabularies: from texts to ids and back."""

import gzip
import lzma

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import data_prep

WORDS = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"]

TEXTS = [f"{WORDS[n % 10]} {WORDS[n * 7 % 9]} number {n}." for n in range(40)]


def pack(path, content):
    """Write text or bytes, packed as the path's last suffix says."""
    content = content if isinstance(content, bytes) else content.encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    opened = {".gz": gzip.open, ".xz": lzma.open}.get(path.suffix, open)
    with opened(path, "wb") as file:
        file.write(content)
    return path


def test_words_are_ranked_by_training_texts_alone():
    words = data_prep.fit_words(["It's the end, the END.", "the sea"])
    assert words.tokens[:4] == ("[PAD]", "[UNK]", "[START]", "[END]")
    assert words.tokens[4:] == ("the", "end", ",", ".", "it's", "sea")
    ids = words.encode(["The sea is", ""], start=True, end=True)
    assert ids.dtype == np.int32
    assert ids.tolist() == [[2, 4, 9, 1, 3], [2, 3, 0, 0, 0]]
    assert data_prep.padding_mask(ids).tolist() == [[True] * 5, [True, True, False, False, False]]
    assert words.decode(ids) == ["the sea [UNK]", ""]
    assert len(data_prep.fit_words(TEXTS, size=10)) == 10
    assert "End" in data_prep.fit_words(["The End"], lower=False).tokens


def test_characters_come_back_exactly():
    characters = data_prep.fit_characters(["c a", "b\n"])
    assert characters.tokens[4:] == ("\n", " ", "a", "b", "c")
    assert characters.encode(["abx"]).tolist() == [[6, 7, 1]]
    assert characters.decode([[6, 3, 7]]) == ["a"]  # up to the end id


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=1, max_size=5))
def test_characters_round_trip(texts):
    characters = data_prep.fit_characters([*texts, "ab"])
    ids = characters.encode(texts, start=True, end=True)
    assert characters.decode(ids) == texts
    assert data_prep.padding_mask(ids).sum(axis=1).tolist() == [len(text) + 2 for text in texts]


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=5))
def test_words_round_trip(texts):
    words = data_prep.fit_words([*texts, "a b"])
    ids = words.encode(texts, length=300, end=True)
    assert words.encode(words.decode(ids), length=300, end=True).tolist() == ids.tolist()


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["C"])), max_size=4))
def test_word_pieces_round_trip(texts):
    pieces = data_prep.fit_wordpieces([*texts, "a b"], size=400 + 2 * sum(map(len, texts)))
    ids = pieces.encode(texts, length=400, end=True)
    if not (ids == pieces.unknown).any():
        assert pieces.encode(pieces.decode(ids), length=400, end=True).tolist() == ids.tolist()


@settings(deadline=None)
@given(
    st.lists(st.integers(4, 9), max_size=12),
    st.integers(3, 8),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["first", "last"]),
)
def test_truncation_keeps_start_and_end(tokens, length, start, end, keep):
    characters = data_prep.fit_characters(["abcdef"])
    text = characters.decode([tokens])[0]
    (ids,) = characters.encode([text], length=length, start=start, end=end, keep=keep).tolist()
    room = length - start - end
    kept = tokens[:room] if keep == "first" else tokens[-room:]
    expected = [2] * start + kept + [3] * end
    assert ids == expected + [0] * (length - len(expected))


def test_word_pieces_are_equal_in_every_process(python):
    code = (
        "import data_prep\n"
        f"texts = {TEXTS!r}\n"
        "print(*data_prep.fit_wordpieces(texts, size=70).tokens)\n"
    )
    here = [data_prep.fit_wordpieces(TEXTS, size=70).tokens for _ in range(2)]
    elsewhere = tuple(python("-c", code).stdout.split())
    assert here == [elsewhere, elsewhere]
    assert elsewhere[:5] == ("[PAD]", "[UNK]", "[START]", "[END]", "[MASK]")
    assert len(elsewhere) == 70
    assert "number" in elsewhere


def test_word_pieces_split_unknown_words_and_written_special_tokens():
    pieces = data_prep.fit_wordpieces(TEXTS, size=80)
    assert pieces.mask == 4
    ids = pieces.encode(["alphaeta numbér [PAD]"])
    text = pieces.decode(ids)[0]
    assert text.startswith("alphaeta number")
    assert ids.min() > 0  # "[PAD]" in a text is not padding
    assert pieces.decode(pieces.encode(["the NUMBER 1."])) == ["the number 1 ."]


def test_a_bert_vocabulary_is_read(tmp_path):
    tokens = ["[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##aff", "##able"]
    path = pack(tmp_path / "vocab.txt", "\n".join([*tokens, "!", ""]))
    pieces = data_prep.read_wordpieces(path)
    assert len(pieces) == 10
    assert (pieces.unknown, pieces.start, pieces.end, pieces.mask) == (2, 3, 4, 5)
    ids = pieces.encode(["Unaffable!"], length=8, start=True, end=True)
    assert ids.tolist() == [[3, 6, 7, 8, 9, 4, 0, 0]]  # as in BERT's own example
    assert pieces.decode(ids) == ["unaffable !"]


def test_teacher_forcing_shifts_once():
    inputs, targets = data_prep.teacher_forcing([[2, 7, 8, 3, 0], [2, 7, 8, 9, 3]])
    assert inputs.tolist() == [[2, 7, 8, 0], [2, 7, 8, 9]]
    assert targets.tolist() == [[7, 8, 3, 0], [7, 8, 9, 3]]
    inputs, targets = data_prep.teacher_forcing(np.arange(1, 13).reshape(2, 6))
    assert (inputs + 1 == targets).all()


@settings(deadline=None)
@given(st.lists(st.text("abcdef", max_size=9), min_size=1, max_size=6))
def test_teacher_forcing_is_start_and_text_against_text_and_end(texts):
    characters = data_prep.fit_characters(["abcdef"])
    inputs, targets = data_prep.teacher_forcing(characters.encode(texts, start=True, end=True))
    length = max(map(len, texts)) + 1
    np.testing.assert_array_equal(inputs, characters.encode(texts, length=length, start=True))
    np.testing.assert_array_equal(targets, characters.encode(texts, length=length, end=True))
    same = data_prep.padding_mask(inputs) == data_prep.padding_mask(targets)
    assert same.all()


def test_windows_of_streams_hold_every_character_with_the_next_as_its_target():
    inputs, targets = data_prep.stream_windows(np.arange(1, 33), batch_size=3, steps=5)
    assert inputs.tolist() == [
        [1, 2, 3, 4, 5],
        [11, 12, 13, 14, 15],
        [21, 22, 23, 24, 25],
        [6, 7, 8, 9, 10],
        [16, 17, 18, 19, 20],
        [26, 27, 28, 29, 30],
    ]
    assert (targets == inputs + 1).all()
    inputs, targets = data_prep.stream_windows(np.arange(1, 9), batch_size=2)
    assert (inputs.tolist(), targets.tolist()) == ([[1, 2, 3], [4, 5, 6]], [[2, 3, 4], [5, 6, 7]])


CHARACTERS = data_prep.fit_characters(["abc"])


BAD_CALLS = {
    "is fitted on texts, not on a Part; give only the training texts": lambda: data_prep.fit_words(
        data_prep.Part(np.array(["a"]), np.array([0]))
    ),
    "a vocabulary needs a list of texts, not one text": lambda: data_prep.fit_characters("abc"),
    "a vocabulary needs training texts, but these are all empty": lambda: data_prep.fit_words(
        ["", " "]
    ),
    "a vocabulary needs strings, but text 1 is 5": lambda: data_prep.fit_characters(["a", 5]),
    "size 4 leaves no room for a word": lambda: data_prep.fit_words(["a b"], size=4),
    "size 6 is too small for word pieces of texts with 3 characters": (
        lambda: data_prep.fit_wordpieces(["ab ac"], size=6)
    ),
    "encode needs a list of texts, not one text": lambda: CHARACTERS.encode("abc"),
    "encode needs strings, but text 0 is None": lambda: CHARACTERS.encode([None]),
    "length 2 leaves no room for a token next to the start and end ids": (
        lambda: CHARACTERS.encode(["abc"], length=2, start=True, end=True)
    ),
    'keep is \'middle\'; give "first" or "last".': lambda: CHARACTERS.encode(["a"], keep="middle"),
    "row 1 has the id 7, but this vocabulary has ids 0 to 6": (
        lambda: CHARACTERS.decode([[4], [4, 7]])
    ),
    "row 0 is float64 (3,); take the argmax of probabilities first": (
        lambda: CHARACTERS.decode(np.zeros((2, 3)))
    ),
    "teacher_forcing needs integers (examples, steps) with two or more steps": (
        lambda: data_prep.teacher_forcing([4, 5, 6])
    ),
    "a text of 30 characters in 3 streams leaves 9 for a window of 10": (
        lambda: data_prep.stream_windows(np.arange(1, 31), 3, 10)
    ),
    "the training texts have 1 different word ('yes'); give texts with two": (
        lambda: data_prep.fit_words(["Yes", "yes yes"])
    ),
    "the training texts have 1 different character ('a'); give texts with two": (
        lambda: data_prep.fit_characters(["aa", "a"])
    ),
    "the training texts have 1 different word ('yes'); give": (
        lambda: data_prep.fit_wordpieces(["Yes", "yes yes"])
    ),
    "row 1 has padding (0) before text": lambda: data_prep.teacher_forcing([[4, 5], [0, 5]]),
    "limit is 0; give the number of pairs": lambda: data_prep.load_text_pairs("dates", limit=0),
    "nothing of the kind 'text' is named 'docstring' (did you mean 'docstrings'?)": (
        lambda: data_prep.load_text("docstring")
    ),
    "nothing of the kind 'pairs' is named 'date' (did you mean 'dates'?)": (
        lambda: data_prep.load_text_pairs("date")
    ),
}


@pytest.mark.parametrize("message", BAD_CALLS)
def test_bad_calls_are_refused(message):
    with pytest.raises(data_prep.DataError) as caught:
        BAD_CALLS[message]()
    assert message in str(caught.value)


BAD_VOCABULARIES = {
    "line 1: 'the', not '[PAD]'; give a BERT vocab.txt": "the\n[UNK]\n",
    "line 4: 'a' is already in line 3": "[PAD]\n[UNK]\na\na\n",
    "no line '[CLS]'": "[PAD]\n[UNK]\na\n",
}


@pytest.mark.parametrize("message", BAD_VOCABULARIES)
def test_bad_vocabularies_are_refused_by_line(message, tmp_path):
    path = pack(tmp_path / "vocab.txt", BAD_VOCABULARIES[message])
    with pytest.raises(data_prep.DataError) as caught:
        data_prep.read_wordpieces(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
