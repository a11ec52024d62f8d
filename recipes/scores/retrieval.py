"""Search by codes: how often the examples found have the class of the query."""

import time

import numpy as np
from sklearn.decomposition import PCA

from recipes.scores.inputs import flat_inputs


def hamming_search(codes, queries, count):
    """The codes nearest to each query: those that differ from it in the fewest bits.

    Args:
        codes: packed bits, as `numpy.packbits` gives them along the last axis, (examples, bytes).
        queries: the same of what is looked for, (queries, bytes).
        count: how many to find, at most the number of codes.

    Returns:
        Row numbers into codes, nearest first and equally near in their order, (queries, count).
    """
    codes, queries = _words(codes), _words(queries)
    if codes.shape[0] != queries.shape[0]:
        raise ValueError("codes and queries do not have the same number of bytes.")
    if not 1 <= count <= codes.shape[1]:
        raise ValueError(f"cannot find {count} of {codes.shape[1]} codes.")
    found = np.empty((queries.shape[1], count), np.int64)
    for number, query in enumerate(queries.T):
        distances = np.bitwise_count(codes[0] ^ query[0]).astype(np.uint16)
        for word, bits in zip(codes[1:], query[1:], strict=True):
            distances += np.bitwise_count(word ^ bits)
        # All up to the distance within which there are enough, which are few to sort.
        within = np.bincount(distances).cumsum().searchsorted(count)
        near = np.flatnonzero(distances <= within)
        found[number] = near[np.argsort(distances[near], kind="stable")[:count]]
    return found


def exact_search(inputs, queries, count):
    """The inputs nearest to each query by Euclidean distance.

    Args:
        inputs: (examples, ...) numbers.
        queries: (queries, ...) the same of what is looked for.
        count: how many to find, at most the number of inputs.

    Returns:
        Row numbers into inputs, nearest first, (queries, count).
    """
    inputs, queries = (np.reshape(values, (len(values), -1)) for values in (inputs, queries))
    if not 1 <= count <= len(inputs):
        raise ValueError(f"cannot find {count} of {len(inputs)} inputs.")
    lengths = np.square(inputs).sum(axis=1)
    found = np.empty((len(queries), count), np.int64)
    for first in range(0, len(queries), 100):
        # |a - b|^2 = |a|^2 - 2 a b + |b|^2, of which the last is the same for all inputs.
        distances = lengths - 2 * queries[first : first + 100] @ inputs.T
        near = np.argpartition(distances, count - 1, axis=1)[:, :count]
        order = np.argsort(np.take_along_axis(distances, near, axis=1), axis=1)
        found[first : first + 100] = np.take_along_axis(near, order, axis=1)
    return found


def precision_at(labels_found, labels_queries):
    """Mean share of what was found that has the class of its query.

    Args:
        labels_found: classes of the examples found for each query, (queries, count).
        labels_queries: classes of the queries, (queries,).
    """
    found, wanted = np.asarray(labels_found), np.asarray(labels_queries)
    if found.ndim != 2 or wanted.shape != found.shape[:1]:
        raise ValueError(f"classes found {found.shape} and of queries {wanted.shape} do not fit.")
    return float(np.mean(found == wanted[:, None]))


def hashing_baselines(data, size, seed=0):
    """Simple ways to make short codes of images, for search.

    Args:
        data: a data_prep.Dataset with array inputs, of which the training part is fitted.
        size: bits or numbers in a code, at most the number of pixels and of training images.
        seed: draws the projections.

    Returns:
        {name: function from inputs to codes}: "random projections" and "PCA signs" give booleans
        (examples, size), on which side of the mean an input lies along random directions and along
        the principal components; "pixels" gives the inputs as they are, and "principal components"
        how far along them they lie, numbers (examples, size).
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
    """Search the training part for the test inputs, once with each coding.

    Codes of booleans are searched by Hamming distance, codes of numbers by Euclidean distance.

    Args:
        data: a data_prep.Dataset whose labels are classes.
        codings: {name: function from inputs to codes, (examples, size)}.
        count: how many to find.
        seed: draws the order of the training part, in which equally near codes come: not that of
            their classes.

    Returns:
        ({name: scores}, {name: rows of the training part, nearest first, (test inputs, count)}).
        Scores are "precision at 10" and "precision at COUNT", of which share the class is that of
        the query, and "milliseconds per query", coding and search of all test inputs together.
    """
    order = np.random.default_rng(seed).permutation(len(data.train))
    found, table = {}, {}
    for name, coding in codings.items():
        known = np.asarray(coding(data.train.inputs[order]))
        bits = known.dtype == bool
        known = np.packbits(known, axis=1) if bits else known
        started = time.perf_counter()
        queries = np.asarray(coding(data.test.inputs))
        if bits:
            rows = hamming_search(known, np.packbits(queries, axis=1), count)
        else:
            rows = exact_search(known, queries, count)
        seconds = time.perf_counter() - started
        found[name] = order[rows]
        labels = data.train.labels[found[name]]
        table[name] = {
            f"precision at {k}": precision_at(labels[:, :k], data.test.labels) for k in (10, count)
        } | {"milliseconds per query": 1000 * seconds / len(queries)}
    return table, found


def _words(codes):
    """Packed bits (examples, bytes) as 64-bit words, (words, examples)."""
    codes = np.asarray(codes)
    if codes.ndim != 2 or codes.dtype != np.uint8:
        raise ValueError(
            f"codes {codes.dtype} {codes.shape}: give packed bits, uint8 (rows, bytes)."
        )
    padded = np.pad(codes, ((0, 0), (0, -codes.shape[1] % 8)))
    return np.ascontiguousarray(padded.view(np.uint64).T)
