"""Vocabularies of words, characters and word pieces: from texts to ids and back.

vocabulary = data_prep.fit_words(texts.train.inputs, size=10_000)  # training texts only
ids = vocabulary.encode(texts.train.inputs, length=80)             # (texts, 80), 0 is padding
mask = data_prep.padding_mask(ids)                                 # (texts, 80), True for text
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data_prep.dataset import Dataset, Part
from data_prep.errors import DataError
from data_prep.text.files import read_text

PADDING, UNKNOWN, START, END, MASK = "[PAD]", "[UNK]", "[START]", "[END]", "[MASK]"
_WORD = re.compile(r"\w+(?:'\w+)*|[^\w\s]")  # a word such as it's, or a punctuation mark


@dataclass(frozen=True)
class Vocabulary:
    """Tokens and their ids. Id 0 is padding.

    Attributes:
        tokens: the token of each id.
        split: a function from a list of texts to one list of tokens per text.
        join: a function from a list of tokens to their text.
        unknown: id of all tokens that are not in the vocabulary.
        start: id before the first token of a text.
        end: id after the last token of a text.
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

        A longer text loses tokens, but never its start or end id. A shorter text is padded at the
        end.

        Args:
            texts: strings, (texts,).
            length: number of ids per text, including start and end; None for the longest text.
            start: whether the start id comes before each text.
            end: whether the end id comes after each text.
            keep: which tokens of a longer text are kept, the "first" or the "last".

        Returns:
            int32 (texts, length).

        Raises:
            DataError: if the texts are not strings, or the length is too small for a token.
        """
        if keep not in ("first", "last"):
            raise DataError(f'keep is {keep!r}; give "first" or "last".')

        ids_of_texts = []
        for tokens in self.split(_checked_texts(texts, "encode")):
            ids_of_texts.append([self._ids.get(token, self.unknown) for token in tokens])

        if length is None:
            length = max(map(len, ids_of_texts), default=0) + start + end
        room = length - start - end
        if room < 1 and any(ids_of_texts):
            special = " next to the start and end ids" if start or end else ""
            raise DataError(
                f"length {length} leaves no room for a token{special}; give a larger length."
            )

        rows = np.zeros((len(ids_of_texts), length), np.int32)  # 0 is padding
        for row, ids in zip(rows, ids_of_texts, strict=True):
            surplus = max(len(ids) - room, 0)
            kept = ids[:room] if keep == "first" else ids[surplus:]
            kept = [self.start] * start + kept + [self.end] * end
            row[: len(kept)] = kept
        return rows

    def decode(self, ids):
        """Turn ids into texts. A text stops at its end id; padding and start ids are left out.

        Args:
            ids: integers (texts, length), or a list of lists of integers.

        Returns:
            A list of strings. An unknown token is "[UNK]".

        Raises:
            DataError: if an id is not in the vocabulary.
        """
        texts = []
        for number, row in enumerate(ids):
            row = np.asarray(row)
            if row.ndim != 1 or (row.size and row.dtype.kind not in "iu"):
                raise DataError(
                    f"decode needs integers (texts, length), but row {number} is {row.dtype} "
                    f"{row.shape}; take the argmax of probabilities first."
                )
            wrong = row[(row < 0) | (row >= len(self))]
            if wrong.size:
                raise DataError(
                    f"row {number} has the id {wrong[0]}, but this vocabulary has ids 0 to "
                    f"{len(self) - 1}; decode with the vocabulary that encoded."
                )

            ends = np.flatnonzero(row == self.end)
            if ends.size:
                row = row[: ends[0]]
            tokens = [self.tokens[index] for index in row if index not in (0, self.start)]
            texts.append(self.join(tokens))
        return texts


def fit_words(texts, size=20_000, lower=True):
    """Make a vocabulary of the most frequent words and punctuation marks.

    Decoding puts one space between tokens.

    Args:
        texts: training texts only, (texts,).
        size: largest number of ids, including the special ones.
        lower: whether to convert texts to lower case.

    Returns:
        A Vocabulary: 0 padding, 1 unknown, 2 start, 3 end, then words, the most frequent first.

    Raises:
        DataError: if there is no text or only one word, or the size is too small.
    """

    def split(texts):
        return [_WORD.findall(text.lower() if lower else text) for text in texts]

    counts = Counter()
    for words in split(_training_texts(texts)):
        counts.update(words)
    _check_tokens(counts, "word")
    if size < 5:
        raise DataError(
            f"size {size} leaves no room for a word next to 4 special ids; give a larger size."
        )

    by_frequency = sorted(counts, key=lambda word: (-counts[word], word))
    tokens = (PADDING, UNKNOWN, START, END, *by_frequency[: size - 4])
    return Vocabulary(tokens, split, " ".join)


def fit_characters(texts):
    """Make a vocabulary of all characters in the training texts.

    Args:
        texts: training texts only, (texts,).

    Returns:
        A Vocabulary: 0 padding, 1 unknown, 2 start, 3 end, then characters in Unicode order.

    Raises:
        DataError: if there is no text or only one character.
    """

    def split(texts):
        return [list(text) for text in texts]

    characters = sorted(set().union(*_training_texts(texts)))
    _check_tokens(characters, "character")
    tokens = (PADDING, UNKNOWN, START, END, *characters)
    return Vocabulary(tokens, split, "".join)


def fit_wordpieces(texts, size=8_000, lower=True):
    """Make a vocabulary of word pieces: frequent words, and parts of words such as "##ing".

    Args:
        texts: training texts only, (texts,).
        size: largest number of ids, including the special ones.
        lower: whether to convert to lower case and remove accents, as in BERT uncased.

    Returns:
        A Vocabulary: 0 padding, 1 unknown, 2 start, 3 end, 4 mask, then word pieces.

    Raises:
        DataError: if there is no text or only one word, or the size is too small for all
            characters.
    """
    from tokenizers import trainers

    texts = _training_texts(texts)
    tokenizer = _wordpiece_tokenizer({UNKNOWN: 0}, lower)
    words = _split_words(texts, tokenizer)
    _check_tokens(words, "word")

    # The trainer numbers characters in the order of a hash that differs between processes, and it
    # breaks ties by number. Passed in order as special tokens, they give equal vocabularies.
    at_start = {word[0] for word in words}
    inside = {f"##{character}" for word in words for character in word[1:]}
    alphabet = sorted(at_start) + sorted(inside)
    special = [PADDING, UNKNOWN, START, END, MASK]
    smallest = len(special) + len(alphabet)
    if size < smallest:
        raise DataError(
            f"size {size} is too small for word pieces of texts with {len(alphabet)} characters "
            f"at the start of and within words; give {smallest} or more."
        )

    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=special + alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    id_of = tokenizer.get_vocab()
    return _wordpiece_vocabulary(sorted(id_of, key=id_of.get), lower)


def read_wordpieces(path, lower=True):
    """Read a vocabulary of word pieces from the vocab.txt of a BERT checkpoint.

    Args:
        path: a file with one token per line and "[PAD]" in line 1. It may be packed (.gz or .xz).
        lower: whether to convert to lower case and remove accents, as in BERT uncased.

    Returns:
        A Vocabulary. Its start and end are "[CLS]" and "[SEP]".

    Raises:
        DataError: if it is no such file. The message names the file, and the line or the token.
    """
    tokens = read_text(path).rstrip("\n").split("\n")
    if tokens[0] != PADDING:
        raise DataError(f"{path}, line 1: {tokens[0]!r}, not {PADDING!r}; give a BERT vocab.txt.")
    line_of = {}
    for number, token in enumerate(tokens, start=1):
        if token in line_of:
            raise DataError(
                f"{path}, line {number}: {token!r} is already in line {line_of[token]}; give "
                f"each token one line."
            )
        line_of[token] = number

    for token in (UNKNOWN, "[CLS]", "[SEP]"):
        if token not in line_of:
            raise DataError(f"{path}: no line {token!r}; give the vocab.txt of a BERT checkpoint.")
    return _wordpiece_vocabulary(tokens, lower, "[CLS]", "[SEP]")


def padding_mask(ids):
    """Which ids are text: booleans with the shape of `ids`, False for padding."""
    return np.asarray(ids) != 0


def teacher_forcing(ids):
    """Make the inputs and targets of a decoder: the target is the next id.

    At each step, the decoder has read `inputs` up to this step and must predict `targets`:

        ids       start  a   b    end  0
        inputs    start  a   b    0          start + text
        targets   a      b   end  0          text + end

    Ids without start, end and padding, such as a window of a long text, are shifted in the same
    way: the inputs are all ids but the last, the targets all ids but the first. No other function
    shifts.

    Args:
        ids: integers (examples, steps), padded with 0 at the end.

    Returns:
        (inputs, targets): each (examples, steps - 1). If a target is padding, its input is padding
        too.

    Raises:
        DataError: if the shape is wrong, or there is padding before text.
    """
    ids = np.asarray(ids)
    if ids.ndim != 2 or ids.shape[1] < 2 or ids.dtype.kind not in "iu":
        raise DataError(
            f"teacher_forcing needs integers (examples, steps) with two or more steps, not "
            f"{ids.dtype} {ids.shape}; encode texts with start and end."
        )

    is_text = padding_mask(ids)
    padding_before_text = (is_text[:, 1:] & ~is_text[:, :-1]).any(axis=1)  # (examples,)
    if padding_before_text.any():
        raise DataError(
            f"row {int(padding_before_text.argmax())} has padding (0) before text; pad after the "
            f"text, as Vocabulary.encode does."
        )

    targets = ids[:, 1:]
    inputs = np.where(is_text[:, 1:], ids[:, :-1], 0).astype(ids.dtype)
    return inputs, targets


def stream_windows(ids, batch_size, steps=None):
    """Cut one long text into windows in the order in which a stateful network reads them.

    The text is divided into `batch_size` streams of equal length, which are read in parallel. Row
    3 of a batch continues row 3 of the batch before:

        text       a b c d e f g h i j k l m        batch_size=2, steps=3
        stream 0   a b c d e f                      batch 0   a b c   and   g h i
        stream 1   g h i j k l                      batch 1   d e f   and   j k l

    Args:
        ids: integers (characters,), without padding.
        batch_size: number of streams.
        steps: characters in a window; None for one window as long as a stream.

    Returns:
        (inputs, targets): each (windows * batch_size, steps), for `fit` with this batch size and
        without shuffling. The target is the next character. Characters at the end of a stream that
        do not fill a window are left out.

    Raises:
        DataError: if the text is too short for one window per stream.
    """
    inputs, targets = teacher_forcing(np.asarray(ids)[None])
    length = inputs.shape[1] // batch_size  # of a stream
    steps = steps or length
    if not steps or length < steps:
        raise DataError(
            f"a text of {len(ids)} characters in {batch_size} streams leaves {length} for a window "
            f"of {steps or 1}; give a longer text, or fewer streams, or a smaller window."
        )
    windows = length // steps

    def cut(sequence):
        streams = sequence[: batch_size * length].reshape(batch_size, length)
        streams = streams[:, : windows * steps].reshape(batch_size, windows, steps)
        batches = streams.swapaxes(0, 1)  # (windows, batch_size, steps)
        return batches.reshape(-1, steps)

    return cut(inputs[0]), cut(targets[0])


def _wordpiece_vocabulary(tokens, lower, start=START, end=END):
    """The Vocabulary of some word pieces, in the order of their ids."""
    ids = {token: number for number, token in enumerate(tokens)}
    # A new tokenizer without special tokens: "[PAD]" in a text is split like any other word.
    tokenizer = _wordpiece_tokenizer(ids, lower)

    def split(texts):
        encodings = tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [encoding.tokens for encoding in encodings]

    return Vocabulary(
        tokens=tuple(tokens),
        split=split,
        join=lambda pieces: " ".join(pieces).replace(" ##", ""),
        unknown=ids[UNKNOWN],
        start=ids[start],
        end=ids[end],
        mask=ids.get(MASK),
    )


def _split_words(texts, tokenizer):
    """The set of all words in some texts, as the tokenizer normalises and splits them."""
    between_spaces = set()
    for text in texts:
        between_spaces.update(text.split())

    words = set()
    for written in between_spaces:
        normalised = tokenizer.normalizer.normalize_str(written)
        for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normalised):
            words.add(word)
    return words


def _wordpiece_tokenizer(ids, lower):
    """A tokenizer with BERT's normalisation and word boundaries."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(models.WordPiece(ids, unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lower)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def _training_texts(texts):
    """The texts as a list; refuses a Dataset or Part, and texts without content."""
    if isinstance(texts, (Dataset, Part)):
        raise DataError(
            f"a vocabulary is fitted on texts, not on a {type(texts).__name__}; give only the "
            f"training texts, such as data.train.inputs."
        )
    texts = _checked_texts(texts, "a vocabulary")
    if not any(text.strip() for text in texts):
        raise DataError("a vocabulary needs training texts, but these are all empty.")
    return texts


def _check_tokens(tokens, kind):
    """Refuse training texts in which there is nothing to tell apart: one word, or one character."""
    if len(tokens) < 2:
        found = ", ".join(map(repr, tokens)) or "none"
        raise DataError(
            f"the training texts have {len(tokens)} different {kind} ({found}); give texts with "
            f"two or more."
        )


def _checked_texts(texts, what):
    """The texts as a list of strings; `what` begins the error message."""
    if isinstance(texts, (str, bytes)):
        raise DataError(f"{what} needs a list of texts, not one text; put it in a list.")
    texts = list(texts)
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise DataError(
                f"{what} needs strings, but text {number} is {text!r:.40}; leave it out."
            )
    return texts
