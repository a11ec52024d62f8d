"""Search by codes: how often the examples found have the class of the query."""

import time

import numpy as np
from sklearn.decomposition import PCA

from recipes.scores.inputs import flat_inputs


def hamming_search(codes, queries, count):
    """Find the nearest codes to each query: those that differ from it in the fewest bits.

    Args:
        codes: packed bits, as from `numpy.packbits` along the last axis, (examples, bytes).
        queries: packed bits of the queries, (queries, bytes).
        count: number of codes to find for each query, at most the number of codes.

    Returns:
        Row numbers of `codes`, (queries, count): nearest first; codes at equal distance keep their
        order.
    """
    code_words = _words(codes)  # (words, examples)
    query_words = _words(queries)  # (words, queries)
    if len(code_words) != len(query_words):
        raise ValueError("codes and queries do not have the same number of bytes.")
    if not 1 <= count <= code_words.shape[1]:
        raise ValueError(f"cannot find {count} of {code_words.shape[1]} codes.")

    found = np.empty((query_words.shape[1], count), np.int64)
    for number, query in enumerate(query_words.T):
        distances = np.bitwise_count(code_words[0] ^ query[0]).astype(np.uint16)
        for code_word, query_word in zip(code_words[1:], query[1:], strict=True):
            distances += np.bitwise_count(code_word ^ query_word)

        # Sort only the codes up to the distance within which there are enough of them.
        within = np.bincount(distances).cumsum().searchsorted(count)
        near = np.flatnonzero(distances <= within)
        found[number] = near[np.argsort(distances[near], kind="stable")[:count]]
    return found


def exact_search(inputs, queries, count):
    """Find the nearest inputs to each query by Euclidean distance.

    Args:
        inputs: numbers, (examples, ...).
        queries: numbers, (queries, ...).
        count: number of inputs to find for each query, at most the number of inputs.

    Returns:
        Row numbers of `inputs`, nearest first, (queries, count).
    """
    inputs = np.reshape(inputs, (len(inputs), -1))
    queries = np.reshape(queries, (len(queries), -1))
    if not 1 <= count <= len(inputs):
        raise ValueError(f"cannot find {count} of {len(inputs)} inputs.")

    squared_lengths = np.square(inputs).sum(axis=1)
    found = np.empty((len(queries), count), np.int64)
    for first in range(0, len(queries), 100):
        rows = slice(first, first + 100)
        # |a - b|^2 = |a|^2 - 2 a b + |b|^2; the last term is the same for all inputs.
        distances = squared_lengths - 2 * queries[rows] @ inputs.T

        near = np.argpartition(distances, count - 1, axis=1)[:, :count]
        order = np.argsort(np.take_along_axis(distances, near, axis=1), axis=1)
        found[rows] = np.take_along_axis(near, order, axis=1)
    return found


def precision_at(labels_found, labels_queries):
    """Mean fraction of the examples found that have the class of their query.

    Args:
        labels_found: classes of the examples found for each query, (queries, count).
        labels_queries: classes of the queries, (queries,).
    """
    found = np.asarray(labels_found)
    wanted = np.asarray(labels_queries)
    if found.ndim != 2 or wanted.shape != found.shape[:1]:
        raise ValueError(f"classes found {found.shape} and of queries {wanted.shape} do not fit.")
    return float(np.mean(found == wanted[:, None]))


def hashing_baselines(data, size, seed=0):
    """Simple codes of images, for search.

    Args:
        data: a data_prep.Dataset with array inputs; the codes are fitted to its training part.
        size: bits or numbers in a code, at most the number of pixels and of training images.
        seed: seed of the random projections.

    Returns:
        {name: function from inputs to codes}. "random projections" and "PCA signs" give booleans
        (examples, size): on which side of the mean an input lies, along random directions or along
        the principal components. "pixels" gives the flattened inputs, "principal components" the
        coordinates along them, numbers (examples, size).
    """
    inputs = flat_inputs(data)["train"]
    pca = PCA(size, random_state=0).fit(inputs)
    directions = np.random.default_rng(seed).normal(size=(inputs.shape[1], size))

    def flat(values):
        return np.reshape(values, (len(values), -1))

    return {
        "random projections": lambda values: (flat(values) - pca.mean_) @ directions > 0,
        "PCA signs": lambda values: pca.transform(flat(values)) > 0,
        "pixels": flat,
        "principal components": lambda values: pca.transform(flat(values)),
    }


def retrieval(data, codings, count=100, seed=0):
    """Search the training part for each test input, once with each kind of code.

    Boolean codes are searched by Hamming distance, codes of numbers by Euclidean distance.

    Args:
        data: a data_prep.Dataset whose labels are classes.
        codings: {name: function from inputs to codes, (examples, size)}.
        count: number of training inputs to find for each test input.
        seed: seed of the order of the training part. Codes at equal distance come in this order,
            so that the order of the classes in the data plays no role.

    Returns:
        ({name: scores}, {name: rows of the training part, nearest first, (test inputs, count)}).
        The scores are "precision at 10" and "precision at COUNT", the fraction of the inputs found
        that have the class of the query, and "milliseconds per query" for coding and search.
    """
    order = np.random.default_rng(seed).permutation(len(data.train))
    train_inputs = data.train.inputs[order]

    scores = {}
    found = {}
    for name, coding in codings.items():
        codes = np.asarray(coding(train_inputs))
        is_bits = codes.dtype == bool
        if is_bits:
            codes = np.packbits(codes, axis=1)

        started = time.perf_counter()
        queries = np.asarray(coding(data.test.inputs))
        if is_bits:
            shuffled_rows = hamming_search(codes, np.packbits(queries, axis=1), count)
        else:
            shuffled_rows = exact_search(codes, queries, count)
        seconds = time.perf_counter() - started

        found[name] = order[shuffled_rows]
        labels = data.train.labels[found[name]]
        precisions = {
            f"precision at {most}": precision_at(labels[:, :most], data.test.labels)
            for most in (10, count)
        }
        scores[name] = precisions | {"milliseconds per query": 1000 * seconds / len(queries)}
    return scores, found


def _words(codes):
    """Packed bits (examples, bytes) as 64-bit words, (words, examples)."""
    codes = np.asarray(codes)
    if codes.ndim != 2 or codes.dtype != np.uint8:
        raise ValueError(
            f"codes {codes.dtype} {codes.shape}: give packed bits, uint8 (rows, bytes)."
        )
    padded = np.pad(codes, ((0, 0), (0, -codes.shape[1] % 8)))
    return np.ascontiguousarray(padded.view(np.uint64).T)
