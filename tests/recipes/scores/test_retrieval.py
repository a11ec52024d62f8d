"""Search by codes of images: what is found, and the simple codes to compare with."""

import numpy as np
import pytest

import data_prep
from recipes import scores


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
