"""Texts as numbers and back: vocabularies of words, characters and word pieces.

vocabulary = data_prep.fit_words(texts.train.inputs, size=10_000)     # training texts alone
ids = vocabulary.encode(texts.train.inputs, length=80)                # (texts, 80), 0 is padding
mask = data_prep.padding_mask(ids)                                    # (texts, 80), True is text
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data_prep.dataset import Dataset, Part
from data_prep.errors import DataError

PADDING, UNKNOWN, START, END, MASK = "[PAD]", "[UNK]", "[START]", "[END]", "[MASK]"
_WORD = re.compile(r"\w+(?:'\w+)*|[^\w\s]")  # it's; one punctuation mark


@dataclass(frozen=True)
class Vocabulary:
    """Tokens and their ids. Id 0 is padding.

    Attributes:
        tokens: the token of each id.
        split: from a list of texts to a list of tokens for each.
        join: from a list of tokens to their text.
        unknown: id of all tokens that are not in the vocabulary.
        start: id that stands before a text.
        end: id that stands behind a text.
        mask: id of a hidden token, or None.
    """

    tokens: tuple
    split: Callable
    join: Callable
    unknown: int = 1
    start: int = 2
    end: int = 3
    mask: int | None = None

    def __len__(self):
        return len(self.tokens)

    @cached_property
    def _ids(self):
        return {token: number for number, token in enumerate(self.tokens)}

    def encode(self, texts, length=None, start=False, end=False, keep="first"):
        """Turn texts into ids of one length.

        A longer text loses tokens, never its start or end id; a shorter one is padded behind.

        Args:
            texts: strings, (texts,).
            length: ids in each row, start and end included; None for the longest of these texts.
            start: whether the start id stands before each text.
            end: whether the end id stands behind each text.
            keep: which tokens of a longer text stay, the "first" or the "last".

        Returns:
            int32 (texts, length).

        Raises:
            DataError: where the texts are no strings, or the length leaves no room for a token.
        """
        if keep not in ("first", "last"):
            raise DataError(f'keep is {keep!r}; give "first" or "last".')
        rows = [
            [self._ids.get(token, self.unknown) for token in tokens]
            for tokens in self.split(_checked_texts(texts, "encode"))
        ]
        if length is None:
            length = max(map(len, rows), default=0) + start + end
        room = length - start - end
        if room < 1 and any(rows):
            raise DataError(
                f"length {length} leaves no room for a token"
                + (" beside the start and end ids" if start or end else "")
                + "; give a greater length."
            )
        ids = np.zeros((len(rows), length), np.int32)
        for row, kept in zip(ids, rows, strict=True):
            kept = kept[:room] if keep == "first" else kept[max(len(kept) - room, 0) :]
            kept = [self.start] * start + kept + [self.end] * end
            row[: len(kept)] = kept
        return ids

    def decode(self, ids):
        """Turn ids into texts: each up to its end id, without padding and start ids.

        Args:
            ids: whole numbers (texts, length), or a list of lists of them.

        Returns:
            A list of strings; an unknown token is "[UNK]".

        Raises:
            DataError: where an id is not in the vocabulary.
        """
        texts = []
        for number, row in enumerate(ids):
            row = np.asarray(row)
            if row.ndim != 1 or (row.size and row.dtype.kind not in "iu"):
                raise DataError(
                    f"decode needs whole numbers (texts, length), but row {number} is {row.dtype} "
                    f"{row.shape}; take the argmax of probabilities first."
                )
            wrong = row[(row < 0) | (row >= len(self))]
            if wrong.size:
                raise DataError(
                    f"row {number} holds the id {wrong[0]}, but this vocabulary has ids 0 to "
                    f"{len(self) - 1}; decode with the vocabulary that encoded."
                )
            ends = np.flatnonzero(row == self.end)
            row = row[: ends[0]] if ends.size else row
            texts.append(self.join([self.tokens[i] for i in row if i not in (0, self.start)]))
        return texts


def fit_words(texts, size=20_000, lower=True):
    """Make a vocabulary of the most frequent words and punctuation marks.

    Decoding puts one space between tokens.

    Args:
        texts: training texts, (texts,). Validation and test texts stay out.
        size: greatest number of ids, the special ones included.
        lower: whether capitals are written small.

    Returns:
        A Vocabulary: 0 padding, 1 unknown, 2 start, 3 end, then words, the most frequent first.

    Raises:
        DataError: where there is no text, or the size is too small.
    """

    def split(texts):
        return [_WORD.findall(text.lower() if lower else text) for text in texts]

    counts = Counter(word for words in split(_training_texts(texts)) for word in words)
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    if size < 5:
        raise DataError(f"size {size} leaves no word beside 4 special ids; give a greater size.")
    tokens = (PADDING, UNKNOWN, START, END, *ranked[: size - 4])
    return Vocabulary(tokens, split, " ".join)


def fit_characters(texts):
    """Make a vocabulary of all characters in the training texts.

    Args:
        texts: training texts, (texts,). Validation and test texts stay out.

    Returns:
        A Vocabulary: 0 padding, 1 unknown, 2 start, 3 end, then characters in Unicode order.

    Raises:
        DataError: where there is no text.
    """
    characters = sorted(set().union(*_training_texts(texts)))
    tokens = (PADDING, UNKNOWN, START, END, *characters)
    return Vocabulary(tokens, lambda texts: [list(text) for text in texts], "".join)


def fit_wordpieces(texts, size=8_000, lower=True):
    """Make a vocabulary of word pieces: frequent words whole, others in parts such as "##ing".

    Args:
        texts: training texts, (texts,). Validation and test texts stay out.
        size: greatest number of ids, the special ones included.
        lower: whether capitals are written small and accents left out, as in BERT uncased.

    Returns:
        A Vocabulary: 0 padding, 1 unknown, 2 start, 3 end, 4 mask, then word pieces.

    Raises:
        DataError: where there is no text, or the size is too small for all characters.
    """
    from tokenizers import trainers

    texts = _training_texts(texts)
    tokenizer = _wordpiece_tokenizer({UNKNOWN: 0}, lower)
    words = {
        word
        for written in set().union(*(text.split() for text in texts))
        for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(
            tokenizer.normalizer.normalize_str(written)
        )
    }
    # The trainer numbers these in the order of a hash that is new in each process, and breaks
    # ties by number: given in order as special tokens, they make equal vocabularies.
    inner = {f"##{character}" for word in words for character in word[1:]}
    first = {word[0] for word in words}
    special = [PADDING, UNKNOWN, START, END, MASK]
    alphabet = sorted(first) + sorted(inner)
    if size < len(special) + len(alphabet):
        raise DataError(
            f"size {size} is too small for word pieces of texts with {len(alphabet)} characters "
            f"at the start of and within words; give {len(special) + len(alphabet)} or more."
        )
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=special + alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    ids = tokenizer.get_vocab()
    return _wordpiece_vocabulary(sorted(ids, key=ids.get), lower)


def read_wordpieces(path, lower=True):
    """Read a vocabulary of word pieces from the vocab.txt of a BERT checkpoint.

    Args:
        path: a file with one token per line, "[PAD]" in line 1; also .gz and .xz.
        lower: whether capitals are written small and accents left out, as in BERT uncased.

    Returns:
        A Vocabulary, whose start and end are "[CLS]" and "[SEP]".

    Raises:
        DataError: naming the file, and the line or the token.
    """
    from data_prep.text.texts import read_text

    tokens = read_text(path).rstrip("\n").split("\n")
    if tokens[0] != PADDING:
        raise DataError(f"{path}, line 1: {tokens[0]!r}, not {PADDING!r}; give a BERT vocab.txt.")
    line_of = {}
    for number, token in enumerate(tokens, start=1):
        if token in line_of:
            raise DataError(
                f"{path}, line {number}: {token!r} is already in line {line_of[token]}; each token "
                f"has one line."
            )
        line_of[token] = number
    for token in (UNKNOWN, "[CLS]", "[SEP]"):
        if token not in line_of:
            raise DataError(f"{path}: no line {token!r}; give the vocab.txt of a BERT checkpoint.")
    return _wordpiece_vocabulary(tokens, lower, "[CLS]", "[SEP]")


def padding_mask(ids):
    """Which ids are text: bool, the shape of `ids`, False where there is padding."""
    return np.asarray(ids) != 0


def teacher_forcing(ids):
    """Turn sequences into what a decoder reads and what it must answer, one step on.

    A decoder that has read `inputs` up to a step must answer `targets` at that step:

        ids       start  a   b    end  0
        inputs    start  a   b    0          start + text
        targets   a      b   end  0          text + end

    Ids without start, end and padding, such as a window of a long text, are shifted alike:
    inputs are all but the last, targets all but the first. This is the only place that shifts.

    Args:
        ids: whole numbers (examples, steps), padded behind with 0.

    Returns:
        (inputs, targets): each (examples, steps - 1). Where the target is padding, so is the
        input.

    Raises:
        DataError: where the shape is another, or there is padding before text.
    """
    ids = np.asarray(ids)
    if ids.ndim != 2 or ids.shape[1] < 2 or ids.dtype.kind not in "iu":
        raise DataError(
            f"teacher_forcing needs whole numbers (examples, steps) with two or more steps, not "
            f"{ids.dtype} {ids.shape}; encode texts with start and end."
        )
    is_text = padding_mask(ids)
    late = (is_text[:, 1:] & ~is_text[:, :-1]).any(axis=1)
    if late.any():
        raise DataError(
            f"row {int(late.argmax())} has padding (0) before text; pad behind the text, as "
            f"Vocabulary.encode does."
        )
    targets = ids[:, 1:]
    return np.where(is_text[:, 1:], ids[:, :-1], 0).astype(ids.dtype), targets


def stream_windows(ids, batch_size, steps=None):
    """Cut one long text into windows, in the order in which a stateful network reads them.

    The text is laid in `batch_size` streams of equal length, which are read side by side. Row 3 of
    a batch goes on where row 3 of the batch before ended:

        text       a b c d e f g h i j k l m        batch_size=2, steps=3
        stream 0   a b c d e f                      batch 0   a b c   and   g h i
        stream 1   g h i j k l                      batch 1   d e f   and   j k l

    Args:
        ids: whole numbers (characters,), none of them padding.
        batch_size: number of streams.
        steps: characters in a window; None for one window as long as a stream.

    Returns:
        (inputs, targets): each (windows * batch_size, steps), for fit with this batch size and
        without shuffling. Targets are the inputs one character on. What does not fill a window of
        every stream, at the end of each, is left out.

    Raises:
        DataError: where the text is too short for one window of every stream.
    """
    parts = teacher_forcing(np.asarray(ids)[None])
    length = parts[0].shape[1] // batch_size
    steps = steps or length
    if not steps or length < steps:
        raise DataError(
            f"a text of {len(ids)} characters in {batch_size} streams leaves {length} for a window "
            f"of {steps or 1}; give a longer text, or fewer streams, or a smaller window."
        )
    windows = length // steps
    inputs, targets = (
        part[0, : batch_size * length]
        .reshape(batch_size, length)[:, : windows * steps]
        .reshape(batch_size, windows, steps)
        .swapaxes(0, 1)
        .reshape(-1, steps)
        for part in parts
    )
    return inputs, targets


def _wordpiece_vocabulary(tokens, lower, start=START, end=END):
    ids = {token: number for number, token in enumerate(tokens)}
    # Made anew, so that "[PAD]" written in a text is split like any word and becomes no padding.
    tokenizer = _wordpiece_tokenizer(ids, lower)

    def split(texts):
        return [
            encoding.tokens
            for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False)
        ]

    return Vocabulary(
        tokens=tuple(tokens),
        split=split,
        join=lambda pieces: " ".join(pieces).replace(" ##", ""),
        unknown=ids[UNKNOWN],
        start=ids[start],
        end=ids[end],
        mask=ids.get(MASK),
    )


def _wordpiece_tokenizer(ids, lower):
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(models.WordPiece(ids, unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lower)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def _training_texts(texts):
    if isinstance(texts, (Dataset, Part)):
        raise DataError(
            f"a vocabulary is fitted on texts, not on a {type(texts).__name__}: give the training "
            f"texts alone, such as data.train.inputs."
        )
    texts = _checked_texts(texts, "a vocabulary")
    if not any(text.strip() for text in texts):
        raise DataError("a vocabulary needs training texts, and there is no text in these.")
    return texts


def _checked_texts(texts, what):
    if isinstance(texts, (str, bytes)):
        raise DataError(f"{what} needs a list of texts, not one text; put it in a list.")
    texts = list(texts)
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise DataError(
                f"{what} needs strings, but text {number} is {text!r:.40}; leave it out."
            )
    return texts
