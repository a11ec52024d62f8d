"""Documents as sentences, for a network that reads sentence by sentence.

documents = data_prep.split_sentences(texts, 20)                   # lists of sentences
words = data_prep.encode_sentences(documents, vocabulary, 20, 30)  # (documents, 20, 30)
"""

import re

import numpy as np

from data_prep.errors import DataError

_SENTENCE_END = re.compile(r"\s*\n\s*|(?<=[.!?])\s+(?=[\"'(\[]?[A-Z0-9])")


def split_sentences(texts, most=None):
    """Split texts into sentences.

    A sentence ends at a line break, and after ".", "!" or "?" if a space and then a capital letter
    or a digit follow, also after an opening quote or bracket. So "e.g. Paris" is split by mistake,
    but an abbreviation before a lower-case letter is not split.

    Args:
        texts: strings, (texts,).
        most: number of sentences kept of each text, from its start; None for all.

    Returns:
        A list of lists of strings, one list per text. No sentence is empty.

    Raises:
        DataError: if a text is empty, or `most` is below 1.
    """
    if most is not None and most < 1:
        raise DataError(f"most is {most}, so no sentence is kept; give 1 or more.")
    documents = []
    for number, text in enumerate(texts):
        if not text.strip():
            raise DataError(f"text {number} is empty, so it has no sentence; leave it out.")
        documents.append(_SENTENCE_END.split(text.strip())[:most])
    return documents


def encode_sentences(documents, vocabulary, most_sentences, most_words):
    """Turn documents into one array of ids; longer documents and sentences are cut at their ends.

    Args:
        documents: lists of sentences, (documents,).
        vocabulary: a Vocabulary, such as that of `fit_words`.
        most_sentences: number of sentences kept of each document.
        most_words: number of tokens kept of each sentence.

    Returns:
        int32 (documents, most_sentences, most_words). Missing words and sentences are 0, padding.

    Raises:
        DataError: if a number is below 1.
    """
    if most_sentences < 1 or most_words < 1:
        raise DataError(
            f"most_sentences is {most_sentences} and most_words is {most_words}, so no word is "
            f"kept; give 1 or more of each."
        )
    ids = np.zeros((len(documents), most_sentences, most_words), np.int32)
    for row, sentences in zip(ids, documents, strict=True):
        kept = sentences[:most_sentences]
        row[: len(kept)] = vocabulary.encode(kept, most_words)
    return ids
