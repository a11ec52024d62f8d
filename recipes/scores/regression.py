"""Scores of predicted numbers, and simple models to compare them with."""

import numpy as np
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import RidgeCV
from sklearn.metrics import (
    mean_absolute_error,
    r2_score,
    root_mean_squared_error,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from recipes.scores.inputs import flat_inputs

REGRESSORS = {
    "mean": DummyRegressor,
    "ridge regression": lambda: make_pipeline(
        StandardScaler(), RidgeCV(alphas=np.logspace(-3, 4, 15))
    ),
}


def regression(targets, predictions):
    """Errors of predicted numbers.

    Args:
        targets: true numbers, (examples,).
        predictions: predicted numbers in the same unit, (examples,) or (examples, 1).

    Returns:
        {"mean absolute error", "root mean squared error"} in the unit of the targets, and "R2",
        the fraction of the targets' variance that is explained, at most 1.
    """
    targets, predictions = np.asarray(targets), np.asarray(predictions)
    if predictions.shape == (*targets.shape, 1):
        predictions = predictions[:, 0]
    if targets.ndim != 1 or predictions.shape != targets.shape:
        raise ValueError(
            f"targets {targets.shape} and predictions {predictions.shape} do not fit: both are "
            f"(examples,)."
        )
    return {
        "mean absolute error": float(mean_absolute_error(targets, predictions)),
        "root mean squared error": float(root_mean_squared_error(targets, predictions)),
        "R2": float(r2_score(targets, predictions)),
    }


def regression_baselines(data, names=("mean",)):
    """Fit simple models of a number on the training part and score them on the test part.

    Args:
        data: a data_prep.Dataset with array inputs, which are flattened for the models, and
            numbers as labels (examples,).
        names: names from REGRESSORS. "mean" always predicts the mean of the training labels.
            "ridge regression" is more than a baseline: the linear model to compare a network with.
            Its penalty is chosen by cross-validation within the training part.

    Returns:
        {name: the scores of `regression`}.
    """
    inputs = flat_inputs(data)
    scores = {}
    for name in names:
        regressor = REGRESSORS[name]().fit(inputs["train"], data.train.labels)
        scores[name] = regression(data.test.labels, regressor.predict(inputs["test"]))
    return scores
