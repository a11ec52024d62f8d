"""Errors of predicted numbers against errors made by hand, and baselines."""

import numpy as np
import pytest

import data_prep
from recipes import scores


def test_regression_scores():
    targets, predictions = np.array([1.0, 2.0, 6.0]), np.array([1.0, 4.0, 5.0])
    wanted = {
        "mean absolute error": pytest.approx(1.0),
        "root mean squared error": pytest.approx((5 / 3) ** 0.5),
        "R2": pytest.approx(1 - 5 / 14),
    }
    assert scores.regression(targets, predictions) == wanted
    assert scores.regression(targets, predictions[:, None]) == wanted
    with pytest.raises(ValueError, match=r"targets \(3,\) and predictions \(2,\) do not fit"):
        scores.regression(targets, predictions[:2])


def test_regression_baselines_are_fitted_on_training_alone():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(60, 2))
    train = data_prep.Part(inputs, 3 * inputs[:, 0] + 1)
    test = data_prep.Part(inputs[:5], np.full(5, 100.0))
    data = data_prep.Dataset("toy", "here", train, train, test)
    found = scores.regression_baselines(data, ("mean", "ridge regression"))
    mean = train.labels.mean()
    assert found["mean"]["mean absolute error"] == pytest.approx(100 - mean)
    near = np.abs(100 - train.labels[:5]).mean()
    assert found["ridge regression"]["mean absolute error"] == pytest.approx(near, rel=1e-3)
