"""Pairs of texts as ids: alignment, what is cut, what is unknown, what is refused."""

import numpy as np
import pytest

import data_prep
from data_prep import DataError
from data_prep.dataset import Dataset, Part


def make_pairs(test=(("ba", "B A"),)):
    """Three training pairs of characters or words, and some test pairs."""

    def part(rows):
        sources, targets = zip(*rows, strict=True)
        return Part(np.array(sources, object), np.array(targets, object))

    train = part([("ab", "A B"), ("abb c", "A B B C"), ("c", "C")])
    return Dataset("letters", "made here", train, part([("a", "A")]), part(test))


def test_targets_are_the_decoder_inputs_one_step_later():
    pairs = make_pairs()
    ids, source_vocabulary, target_vocabulary = data_prep.encode_pairs(pairs)
    sources, decoder_inputs = ids.train.inputs

    assert source_vocabulary.decode(sources) == list(pairs.train.inputs)
    assert target_vocabulary.decode(ids.train.labels) == list(pairs.train.labels)
    assert target_vocabulary.decode(decoder_inputs) == list(pairs.train.labels)
    assert (decoder_inputs[:, 0] == target_vocabulary.start).all()
    np.testing.assert_array_equal(decoder_inputs[1, 1:], ids.train.labels[1, :-1])
    assert (sources == source_vocabulary.end).sum(axis=1).tolist() == [1, 1, 1]

    # All parts are as long as the longest training text, with its end.
    assert {part.inputs[0].shape[1] for part in ids.parts().values()} == {6}
    assert {part.labels.shape[1] for part in ids.parts().values()} == {8}
    assert ids.source == "made here"
    assert ids.to_original(ids.test.inputs) == ["ba"]


def test_the_arrays_for_fit_leave_out_padding():
    ids, _, _ = data_prep.encode_pairs(make_pairs())
    inputs, targets, is_text = data_prep.decoder_arrays(ids.train)
    assert inputs[0] is ids.train.inputs[0]
    assert targets is ids.train.labels
    # "A B", "A B B C" and "C", each with its end id.
    assert is_text.sum(axis=1).tolist() == [4, 8, 2]
    assert (targets[~is_text] == 0).all()


def test_texts_that_are_cut_and_unknown_tokens_are_counted():
    pairs = make_pairs(test=[("a" * 20, "A"), ("axa", "A X Y")])
    ids, _, target_vocabulary = data_prep.encode_pairs(pairs, source_length=3, target_length=2)
    assert ids.train.inputs[0].shape == (3, 4)
    assert ids.train.labels.shape == (3, 3)
    assert target_vocabulary.decode(ids.train.labels) == ["A ", "A ", "C"]
    assert ids.source == (
        "made here"
        "; letters: sources: 1 of 3 of the train part cut after 4 ids"
        "; letters: sources: 1 of 2 of the test part cut after 4 ids"
        "; letters: sources: 1 of 25 ids of the test part are unknown"
        "; letters: targets: 2 of 3 of the train part cut after 4 ids"
        "; letters: targets: 1 of 2 of the test part cut after 4 ids"
        "; letters: targets: 2 of 10 ids of the test part are unknown"
    )


@pytest.mark.parametrize("tokens", ["characters", "words", "wordpieces"])
def test_references_are_what_decoding_can_write(tokens):
    pairs = make_pairs()
    ids, _, vocabulary = data_prep.encode_pairs(pairs, tokens, vocabulary_size=50)
    normal = data_prep.normal_texts(pairs.train.labels, vocabulary)
    assert vocabulary.decode(ids.train.labels) == normal


def test_words_are_compared_in_lower_case_with_single_spaces():
    _, _, vocabulary = data_prep.encode_pairs(make_pairs(), "words")
    assert data_prep.normal_texts(["It's  ME, new."], vocabulary) == ["it's me , new ."]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"tokens": "letters"},
            "tokens is 'letters'; give characters, words or wordpieces.",
        ),
        (
            {"source_length": -1},
            "source_length is -1; give the number of tokens, or 0 for the longest.",
        ),
        (
            {"target_length": -2},
            "target_length is -2; give the number of tokens, or 0 for the longest.",
        ),
    ],
)
def test_options_that_cannot_be_used_are_refused(options, message):
    with pytest.raises(DataError) as error:
        data_prep.encode_pairs(make_pairs(), **options)
    assert str(error.value) == message
