"""Scores of networks that read or write text: n-gram models and a bag of words."""

import numpy as np
from scipy.sparse import coo_array
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression

from recipes.scores.classification import classification, classification_baselines


def ngram_bits(train, test, order, size):
    """Bits per token of a text under an interpolated n-gram model (Witten and Bell).

    The model predicts a token c from its history h, the order - 1 tokens before it. It mixes the
    counts of the training text with the model of the next lower order, whose history h' is one
    token shorter: P_n(c | h) = (count(h c) + kinds(h) P_(n-1)(c | h')) / (count(h) + kinds(h)),
    where kinds(h) is the number of different tokens that followed h. Below order 1 all `size`
    tokens are equally likely. Source: Witten and Bell, "The zero-frequency problem", 1991,
    method C.

    Args:
        train: the text to count in, token numbers (tokens,).
        test: the text to score, token numbers (tokens,); its first tokens have a shorter history.
        order: tokens in an n-gram, 1 or more.
        size: number of tokens in the vocabulary.

    Returns:
        Mean over all tokens of `test` of -log2 of their probability.
    """
    train, test = np.asarray(train, "int64"), np.asarray(test, "int64")
    if order < 1 or size**order >= 2**62:
        raise ValueError(
            f"n-grams of {order} tokens out of {size}: give a smaller order, 1 or more."
        )
    probability = np.full(len(test), 1 / size)
    for length in range(1, order + 1):
        grams, counts = np.unique(_grams(train, length, size), return_counts=True)
        before, first, kinds = np.unique(grams // size, return_index=True, return_counts=True)
        totals = np.add.reduceat(counts, first)  # n-grams that begin with each of `before`
        here = _grams(test, length, size)
        counted = _look_up(here, grams, counts)
        total, kind = _look_up(here // size, before, totals), _look_up(here // size, before, kinds)
        scored = probability[length - 1 :]
        mixed = (counted + kind * scored) / np.maximum(total + kind, 1)
        probability[length - 1 :] = np.where(total, mixed, scored)
    return float(-np.log2(probability).mean())


def _grams(tokens, length, size):
    """One number for each sequence of `length` tokens, (tokens - length + 1,)."""
    numbers = np.zeros(len(tokens) - length + 1, "int64")
    for place in range(length):
        numbers = numbers * size + tokens[place : place + len(numbers)]
    return numbers


def _look_up(keys, known, values):
    """The value of each key in the sorted `known`, or 0."""
    places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[places] == keys, values[places], 0)


def text_baselines(data, names=("majority", "bag of words"), penalties=(1, 10, 100)):
    """Fit simple classifiers of texts on the training part and score them on the test part.

    Args:
        data: a data_prep.Dataset with token ids (texts, length), 0 for padding, and labels
            (texts,).
        names: "majority" always predicts the most frequent class. "bag of words" is a logistic
            regression on which words a text has, whatever their order; counts are weighted by
            tf-idf, so that a word which many texts have counts little.
        penalties: inverse strengths of the bag of words' penalty on weights, C in scikit-learn.
            The best one on the validation part is used.

    Returns:
        {name: the scores of `classification`; of "majority" the accuracy alone}.
    """
    table = {}
    for name in names:
        if name == "bag of words":
            table[name] = _bag_of_words(data, penalties)
        else:
            table |= classification_baselines(data, [name])
    return table


def _bag_of_words(data, penalties):
    size = 1 + max(int(np.max(part.inputs, initial=0)) for part in data.parts().values())

    def counts(ids):
        rows, columns = np.nonzero(ids)
        places = (rows, np.asarray(ids)[rows, columns])
        # Equal places are added up: how often each id stands in each text.
        return coo_array((np.ones(len(rows)), places), shape=(len(ids), size)).tocsr()

    weights = TfidfTransformer(sublinear_tf=True).fit(counts(data.train.inputs))
    inputs = {name: weights.transform(counts(part.inputs)) for name, part in data.parts().items()}
    best, best_score = None, -1
    for penalty in penalties:
        model = LogisticRegression(C=penalty, max_iter=1000)
        model.fit(inputs["train"], data.train.labels)
        score = model.score(inputs["validation"], data.validation.labels)
        if score > best_score:
            best, best_score = model, score
    probabilities = best.predict_proba(inputs["test"])
    return classification(data.test.labels, probabilities, data.classes)
