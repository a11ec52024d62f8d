"""Summaries made of a document's own sentences: the best possible ones, and simple ones."""

import re
from collections import Counter

import numpy as np

from recipes.scores.translation import rouge


def pick_oracle(documents, references):
    """Pick the sentences that are the best summary of each document, knowing the written one.

    Sentences are picked one by one, each time the one that raises ROUGE-1 + ROUGE-2 (F-scores)
    most, until none raises it. Source: Nallapati et al., "SummaRuNNer", 2017.

    Args:
        documents: lists of sentences, (documents,).
        references: the written summaries, (documents,).

    Returns:
        List of booleans (sentences,), one array for each document, True for the picked sentences.
        Where no sentence shares a word with the summary, none is picked.
    """
    return [_pick(*pair) for pair in zip(documents, references, strict=True)]


def pick_best(documents, ratings, number):
    """Pick the sentences with the highest ratings.

    Args:
        documents: lists of sentences, (documents,).
        ratings: numbers of each document, at least one for each of its sentences.
        number: sentences to pick of each document; a shorter document is picked as a whole.

    Returns:
        List of booleans (sentences,), one array for each document.
    """
    picked = []
    for sentences, rating in zip(documents, ratings, strict=True):
        best = np.argsort(-np.asarray(rating)[: len(sentences)], kind="stable")[:number]
        picked.append(np.isin(np.arange(len(sentences)), best))
    return picked


def join_picked(documents, picked):
    """The picked sentences of each document as one text, in the order of the document."""
    texts = []
    for sentences, is_picked in zip(documents, picked, strict=True):
        texts.append(" ".join(np.array(sentences, object)[is_picked]))
    return texts


def summaries(references, texts):
    """ROUGE-1, ROUGE-2 and ROUGE-L of summaries, as `rouge` gives them, and their mean length.

    Longer texts share more words, so summaries should be compared with others of their length.
    """
    words = [len(text.split()) for text in texts]
    return rouge(references, texts) | {"words": float(np.mean(words))}


def summary_baselines(documents, references, number, seed=0):
    """Scores of sentences picked without reading them.

    Args:
        documents: lists of sentences, (documents,).
        references: the written summaries, (documents,).
        number: sentences that the network picks.
        seed: sets the random sentences.

    Returns:
        {name: scores of `summaries`}: `number` random sentences, the first `number`, and the
        first 3 (in news a strong summary, called lead-3).
    """
    rng = np.random.default_rng(seed)
    random = [rng.random(len(sentences)) for sentences in documents]
    picked = {"random sentences": pick_best(documents, random, number)}

    from_the_start = [-np.arange(len(sentences)) for sentences in documents]
    for first in sorted({number, 3}):
        name = f"first {first} sentences" if first > 1 else "first sentence"
        picked[name] = pick_best(documents, from_the_start, first)
    return {
        name: summaries(references, join_picked(documents, masks)) for name, masks in picked.items()
    }


def _pick(sentences, summary):
    """Booleans (sentences,): the oracle of one document."""
    tables = [_shared_ngrams(sentences, summary, length) for length in (1, 2)]
    picked = np.zeros(len(sentences), bool)
    best = 0.0
    while True:
        score = np.zeros(len(sentences))  # of the picked sentences and one more
        for counts, totals, wanted in tables:
            shared = np.minimum(counts[picked].sum(axis=0) + counts, wanted).sum(axis=1)
            total = totals[picked].sum() + totals
            score += 2 * shared / np.maximum(total + wanted.sum(), 1)

        score[picked] = 0
        if score.max() <= best:
            return picked
        best = score.max()
        picked[score.argmax()] = True


def _shared_ngrams(sentences, summary, length):
    """Counts of the summary's n-grams in each sentence, of all in each sentence, and in itself."""

    def ngrams(text):
        words = re.findall(r"\w+", text.lower())
        return Counter(zip(*(words[start:] for start in range(length)), strict=False))

    wanted = ngrams(summary)
    found = [ngrams(sentence) for sentence in sentences]
    counts = np.array([[ngram[key] for key in wanted] for ngram in found])
    totals = np.array([ngram.total() for ngram in found])
    return counts.reshape(len(sentences), len(wanted)), totals, np.array(list(wanted.values()))
