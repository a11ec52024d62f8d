"""Search by codes of images against brute force, and the simple codes to compare with."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

import data_prep
from recipes import scores


@hypothesis.settings(deadline=None)
@hypothesis.given(st.integers(1, 130), st.integers(1, 40), st.integers(0, 99))
def test_hamming_search_is_brute_force(bits, examples, seed):
    rng = np.random.default_rng(seed)
    codes, queries = rng.integers(0, 2, (examples, bits)), rng.integers(0, 2, (3, bits))
    count = int(rng.integers(1, examples + 1))
    packed = np.packbits(codes, axis=1), np.packbits(queries, axis=1)
    found = scores.hamming_search(*packed, count)
    distances = (codes != queries[:, None]).sum(axis=2)
    np.testing.assert_array_equal(found, np.argsort(distances, axis=1, kind="stable")[:, :count])


def test_hamming_search_refuses_what_does_not_fit():
    codes = np.zeros((4, 3), np.uint8)
    with pytest.raises(ValueError, match="cannot find 5 of 4 codes"):
        scores.hamming_search(codes, codes, 5)
    with pytest.raises(ValueError, match="same number of bytes"):
        scores.hamming_search(codes, np.zeros((4, 9), np.uint8), 1)
    with pytest.raises(ValueError, match=r"codes float64 \(4, 3\): give packed bits"):
        scores.hamming_search(codes.astype(float), codes, 1)


def test_exact_search_is_brute_force():
    rng = np.random.default_rng(0)
    inputs, queries = rng.normal(size=(50, 2, 3)), rng.normal(size=(120, 2, 3))
    found = scores.exact_search(inputs, queries, 7)
    distances = np.square(inputs - queries[:, None]).sum(axis=(2, 3))
    np.testing.assert_array_equal(found, np.argsort(distances, axis=1)[:, :7])
    assert scores.exact_search(inputs, inputs, 50)[:, 0].tolist() == list(range(50))
    with pytest.raises(ValueError, match="cannot find 0 of 50 inputs"):
        scores.exact_search(inputs, queries, 0)


def test_precision_counts_what_has_the_class_of_the_query():
    assert scores.precision_at([[1, 1, 0, 1], [2, 2, 1, 0]], [1, 2]) == pytest.approx(5 / 8)
    with pytest.raises(ValueError, match=r"found \(2, 2\) and of queries \(3,\) do not fit"):
        scores.precision_at([[1, 1], [2, 2]], [1, 2, 3])


def test_retrieval_searches_the_training_part_for_test_inputs():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 60)
    train = data_prep.Part((labels + rng.normal(0, 0.1, 120))[:, None], labels)
    test = data_prep.Part(np.array([[0.0], [1.0], [1.1]]), np.array([0, 1, 0]))
    data = data_prep.Dataset("two", "here", train, train, test, ("a", "b"))
    codings = {
        "bit": lambda inputs: inputs > 0.5,
        "number": lambda inputs: inputs,
        "nothing": lambda inputs: inputs > 9,
    }
    table, rows = scores.retrieval(data, codings, count=20)
    for name in ("bit", "number"):
        assert table[name]["precision at 10"] == pytest.approx(2 / 3)
        assert table[name]["precision at 20"] == pytest.approx(2 / 3)
        assert table[name]["milliseconds per query"] > 0
        assert rows[name].shape == (3, 20)
        np.testing.assert_array_equal(labels[rows[name][:2]], [[0] * 20, [1] * 20])
    nearest = np.abs(train.inputs[:, 0] - 1.1).argsort()[:20]
    np.testing.assert_array_equal(rows["number"][2], nearest)
    # All codes are equal: what comes first must not be a class, as it would in the file's order.
    assert 0.2 < table["nothing"]["precision at 20"] < 0.8


def test_codings_are_projections_from_the_mean_of_training():
    rng = np.random.default_rng(0)
    spread = np.array([3.0, 1.0, 0.1])
    train = data_prep.Part(5 + spread * rng.normal(size=(200, 3)), np.zeros(200, int))
    test = data_prep.Part(train.inputs + 100, train.labels)
    found = scores.hashing_baselines(
        data_prep.Dataset("three", "here", train, train, test, ("a",)), 2
    )
    signs = found["PCA signs"](train.inputs)
    for column in range(2):
        agree = (signs[:, column] == (train.inputs[:, column] > 5)).mean()
        assert agree > 0.9 or agree < 0.1
    assert 0.4 < found["random projections"](train.inputs).mean() < 0.6
    assert found["principal components"](test.inputs).shape == (200, 2)
    np.testing.assert_array_equal(found["pixels"](test.inputs), test.inputs)
