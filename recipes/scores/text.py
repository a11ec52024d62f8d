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
    train = np.asarray(train, "int64")
    test = np.asarray(test, "int64")
    if order < 1 or size**order >= 2**62:
        raise ValueError(
            f"n-grams of {order} tokens out of {size}: give a smaller order, 1 or more."
        )

    probabilities = np.full(len(test), 1 / size)
    for length in range(1, order + 1):
        grams, gram_counts = np.unique(_grams(train, length, size), return_counts=True)

        # A gram number without its last token is the number of the history. Grams are sorted, so
        # those with the same history are neighbours.
        histories, first, kinds = np.unique(grams // size, return_index=True, return_counts=True)
        history_counts = np.add.reduceat(gram_counts, first)

        test_grams = _grams(test, length, size)
        test_histories = test_grams // size
        count = _look_up(test_grams, grams, gram_counts)
        history_count = _look_up(test_histories, histories, history_counts)
        kind_count = _look_up(test_histories, histories, kinds)

        # The first length - 1 tokens keep the probability of their shorter history, and so does a
        # token whose history is not in the training text.
        lower = probabilities[length - 1 :]
        mixed = (count + kind_count * lower) / np.maximum(history_count + kind_count, 1)
        probabilities[length - 1 :] = np.where(history_count, mixed, lower)
    return float(-np.log2(probabilities).mean())


def _grams(tokens, length, size):
    """One number for each sequence of `length` tokens, (tokens - length + 1,)."""
    numbers = np.zeros(len(tokens) - length + 1, "int64")
    for place in range(length):
        numbers = numbers * size + tokens[place : place + len(numbers)]
    return numbers


def _look_up(keys, sorted_keys, values):
    """The value of each key, or 0 for one that is not among `sorted_keys`."""
    places = np.searchsorted(sorted_keys, keys)
    places = np.minimum(places, len(sorted_keys) - 1)
    return np.where(sorted_keys[places] == keys, values[places], 0)


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
    """Scores of a logistic regression on tf-idf weights, with the best of some penalties."""
    size = 1 + max(int(np.max(part.inputs, initial=0)) for part in data.parts().values())
    counts = {name: _token_counts(part.inputs, size) for name, part in data.parts().items()}
    weighting = TfidfTransformer(sublinear_tf=True).fit(counts["train"])
    inputs = {name: weighting.transform(part_counts) for name, part_counts in counts.items()}

    best_model = None
    best_accuracy = -1
    for penalty in penalties:
        model = LogisticRegression(C=penalty, max_iter=1000)
        model.fit(inputs["train"], data.train.labels)
        accuracy = model.score(inputs["validation"], data.validation.labels)
        if accuracy > best_accuracy:
            best_model = model
            best_accuracy = accuracy

    probabilities = best_model.predict_proba(inputs["test"])
    return classification(data.test.labels, probabilities, data.classes)


def _token_counts(ids, size):
    """How often each token id but 0 stands in each text, a sparse array (texts, size)."""
    ids = np.asarray(ids)
    texts, places = np.nonzero(ids)
    tokens = ids[texts, places]

    # tocsr adds up the ones with equal coordinates.
    ones = np.ones(len(texts))
    return coo_array((ones, (texts, tokens)), shape=(len(ids), size)).tocsr()
