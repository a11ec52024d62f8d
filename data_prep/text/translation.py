"""Pairs of texts as ids for a network that reads one text and writes the other.

pairs = data_prep.load_text_pairs("dates", seed=0)
ids, source_vocabulary, target_vocabulary = data_prep.encode_pairs(pairs, "characters")
sources, decoder_inputs = ids.train.inputs
"""

from dataclasses import replace

from data_prep.dataset import Part
from data_prep.errors import DataError
from data_prep.text.vocabulary import (
    fit_characters,
    fit_wordpieces,
    fit_words,
    padding_mask,
    teacher_forcing,
)

TOKENS = ("characters", "words", "wordpieces")


def encode_pairs(
    pairs, tokens="characters", vocabulary_size=8_000, source_length=0, target_length=0
):
    """Fit both vocabularies on the training pairs and turn all pairs into ids.

    Each source ends with the end id. The decoder inputs are the start id and the target, the labels
    are the target and the end id: each label is the next decoder input (`teacher_forcing`).

    Args:
        pairs: a Dataset from `load_text_pairs`.
        tokens: what an id stands for: "characters", "words" (in lower case) or "wordpieces" (with
            capitals and accents).
        vocabulary_size: largest number of ids of each vocabulary. It does not limit characters, of
            which all are kept.
        source_length: largest number of tokens in a source, without the end id; a longer source is
            cut at its end. 0 for the number of the longest training source.
        target_length: largest number of tokens in a target, likewise.

    Returns:
        (ids, source vocabulary, target vocabulary). `ids` is a Dataset. Its inputs are a tuple of
        sources (pairs, source_length + 1) and decoder inputs (pairs, target_length + 1); its labels
        are (pairs, target_length + 1). Its text `source` tells how many texts were cut, and how
        many tokens of the test part are unknown.

    Raises:
        DataError: if an option cannot be used, or the training texts have too few different tokens
            for a vocabulary.
    """
    if tokens not in TOKENS:
        raise DataError(f"tokens is {tokens!r}; give {', '.join(TOKENS[:-1])} or {TOKENS[-1]}.")
    _check_length("source_length", source_length)
    _check_length("target_length", target_length)

    source_texts = {name: part.inputs for name, part in pairs.parts().items()}
    target_texts = {name: part.labels for name, part in pairs.parts().items()}
    source_vocabulary = _fit(source_texts["train"], tokens, vocabulary_size)
    target_vocabulary = _fit(target_texts["train"], tokens, vocabulary_size)

    sources, source_notes = _encode_parts(
        source_texts, source_vocabulary, source_length, f"{pairs.name}: sources", start=False
    )
    targets, target_notes = _encode_parts(
        target_texts, target_vocabulary, target_length, f"{pairs.name}: targets", start=True
    )

    parts = {}
    for name in pairs.parts():
        decoder_inputs, labels = teacher_forcing(targets[name])
        parts[name] = Part((sources[name], decoder_inputs), labels)

    ids = replace(
        pairs,
        source="; ".join([pairs.source, *source_notes, *target_notes]),
        to_original=lambda inputs: source_vocabulary.decode(inputs[0]),
        **parts,
    )
    return ids, source_vocabulary, target_vocabulary


def decoder_arrays(part):
    """The arrays of a part for `fit` and `evaluate`: inputs, targets, sample weights.

    Args:
        part: a Part from `encode_pairs`, or one whose labels are ids.

    Returns:
        (inputs, targets, is_text): a list of the part's input arrays; its labels; and booleans of
        the labels' shape, False for padding. As sample weights, they leave out padding.
    """
    return list(part.inputs), part.labels, padding_mask(part.labels)


def normal_texts(texts, vocabulary):
    """Convert texts to the form in which a vocabulary writes them, as if no token were unknown.

    Convert references before they are compared with decoded texts. Then capitals and spaces that
    the vocabulary cannot write do not count as errors.

    Args:
        texts: strings, (texts,).
        vocabulary: a Vocabulary.

    Returns:
        A list of strings.
    """
    return [vocabulary.join(tokens) for tokens in vocabulary.split(list(texts))]


def _check_length(name, length):
    if length < 0:
        raise DataError(f"{name} is {length}; give the number of tokens, or 0 for the longest.")


def _fit(texts, tokens, size):
    """The vocabulary of some training texts."""
    if tokens == "characters":
        return fit_characters(texts)
    if tokens == "words":
        return fit_words(texts, size)
    return fit_wordpieces(texts, size, lower=False)


def _encode_parts(texts, vocabulary, length, what, start):
    """({part: ids}, notes about texts that were cut and tokens that are unknown)."""
    whole = {name: vocabulary.encode(part, start=start, end=True) for name, part in texts.items()}
    longest = whole["train"].shape[1]
    room = length + start + 1 if length else longest  # ids, with the start and end ids
    room = min(room, longest)

    ids, notes = {}, []
    for name, part in texts.items():
        ids[name] = vocabulary.encode(part, room, start=start, end=True)
        cut = int((padding_mask(whole[name]).sum(axis=1) > room).sum())
        if cut:
            notes.append(f"{what}: {cut} of {len(part)} of the {name} part cut after {room} ids")

    test = whole["test"][padding_mask(whole["test"])]
    unknown = int((test == vocabulary.unknown).sum())
    if unknown:
        notes.append(f"{what}: {unknown} of {len(test)} ids of the test part are unknown")
    return ids, notes
