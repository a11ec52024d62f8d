"""Summaries made of a document's own sentences: the oracle, baselines, and their scores."""

import re
from collections import Counter

import numpy as np

from recipes.scores.translation import rouge


def pick_oracle(documents, references):
    """Pick the sentences of each document that match its reference summary best.

    Sentences are picked one by one. Each time it is the sentence that raises ROUGE-1 + ROUGE-2
    (F-scores) most; if none raises it, the search ends. Source: Nallapati et al., "SummaRuNNer",
    2017.

    Args:
        documents: lists of sentences, (documents,).
        references: the reference summaries, strings (documents,).

    Returns:
        List of boolean arrays (sentences,), one for each document, True for a picked sentence. If
        no sentence shares a word with the summary, none is picked.
    """
    return [_pick(*pair) for pair in zip(documents, references, strict=True)]


def pick_best(documents, ratings, number):
    """Pick the sentences with the highest ratings.

    Args:
        documents: lists of sentences, (documents,).
        ratings: the ratings of the sentences of each document. Extra ratings at the end, which
            belong to padding, are ignored.
        number: number of sentences to pick from each document. If a document has fewer, all of
            them are picked.

    Returns:
        List of boolean arrays (sentences,), one for each document, True for a picked sentence.
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
    """The scores of `rouge`, and "words", the mean number of words in a summary.

    Longer summaries share more words with the references, so only summaries of about the same
    length should be compared.
    """
    words = [len(text.split()) for text in texts]
    return rouge(references, texts) | {"words": float(np.mean(words))}


def summary_baselines(documents, references, number, seed=0):
    """Score baselines: sentences that are picked without reading them.

    Args:
        documents: lists of sentences, (documents,).
        references: the reference summaries, strings (documents,).
        number: number of sentences that the network picks from each document.
        seed: sets the random sentences.

    Returns:
        {name: scores of `summaries`} of `number` random sentences, of the first `number`
        sentences, and of the first 3 (for news a strong baseline, called lead-3).
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
    """Which sentences of one document are its oracle, booleans (sentences,)."""
    tables = [_shared_ngrams(sentences, summary, length) for length in (1, 2)]
    picked = np.zeros(len(sentences), bool)
    best = 0.0
    while True:
        score = np.zeros(len(sentences))  # of the picked sentences together with each other one
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
    """Count the n-grams of a summary in each sentence.

    Returns:
        (counts, totals, wanted): how often each different n-gram of the summary is in each
        sentence, (sentences, n-grams); the number of all n-grams in each sentence, (sentences,);
        and how often each n-gram is in the summary, (n-grams,).
    """

    def ngrams(text):
        words = re.findall(r"\w+", text.lower())
        return Counter(zip(*(words[start:] for start in range(length)), strict=False))

    wanted = ngrams(summary)
    found = [ngrams(sentence) for sentence in sentences]
    counts = np.array([[ngram[key] for key in wanted] for ngram in found])
    totals = np.array([ngram.total() for ngram in found])
    return counts.reshape(len(sentences), len(wanted)), totals, np.array(list(wanted.values()))
