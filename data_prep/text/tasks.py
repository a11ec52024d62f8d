"""Tasks for networks that read one text or a pair of texts, as ids and token types."""

from dataclasses import replace

import numpy as np

from data_prep.dataset import Part
from data_prep.errors import DataError


def encode_task(texts, vocabulary, length, task="classes", seed=0):
    """Encode texts for their classes, or for a task for pairs of texts.

    Args:
        texts: a Dataset of texts, as `load_text` gives it.
        vocabulary: the Vocabulary that encodes them.
        length: number of ids of a text or a pair, with the start and end ids.
        task: "classes" for the classes of the texts. "pairs" cuts each text in its middle and asks
            whether the two halves are in order; a random half of the texts are swapped.
        seed: equal seeds swap the same texts.

    Returns:
        A Dataset with inputs (ids, types), each int32 (texts, length). Types are 0, and 1 for the
        second text of a pair. The classes of "pairs" are "swapped" and "in order"; texts of a
        single token are left out.

    Raises:
        DataError: if there is no such task, or the length leaves no room for a token.
    """
    if task not in ("classes", "pairs"):
        raise DataError(f"task {task!r}: give classes or pairs.")
    room = length - (task == "pairs")  # a pair has one more end id

    def encode(part):
        ids = vocabulary.encode(part, room, start=True, end=True)
        return ids, np.zeros_like(ids)

    def decode(inputs):
        return vocabulary.decode(inputs[0])

    encoded = texts.map_inputs(encode, decode)
    if task == "classes":
        return encoded
    random = np.random.default_rng(seed)
    parts = {name: _pairs(part, vocabulary, random) for name, part in encoded.parts().items()}
    return replace(encoded, classes=("swapped", "in order"), **parts)


def _pairs(part, vocabulary, random):
    """A Part with the two halves of each text, in order (label 1) or swapped (label 0).

    ids      start  the  first  half  end  the  second  end  0
    types    0      0    0      0     0    1    1       1    0
    """
    texts = part.inputs[0]
    texts = texts[(texts != 0).sum(axis=1) >= 4]  # two tokens or more between start and end
    labels = random.integers(0, 2, len(texts))

    ids = np.zeros((len(texts), texts.shape[1] + 1), texts.dtype)
    types = np.zeros_like(ids)
    for row, text in enumerate(texts):
        tokens = text[text != 0][1:-1]
        middle = len(tokens) // 2
        halves = [tokens[:middle], tokens[middle:]]
        first, second = halves if labels[row] else halves[::-1]

        pair = [vocabulary.start, *first, vocabulary.end, *second, vocabulary.end]
        ids[row, : len(pair)] = pair
        types[row, len(first) + 2 : len(pair)] = 1
    return Part((ids, types), labels)
