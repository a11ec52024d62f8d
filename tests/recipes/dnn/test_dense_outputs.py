"""The three dense recipes, for classes, two classes and numbers: what they refuse."""

import re

import numpy as np
import pandas as pd
import pytest

from data_prep import DataError
from recipes.dnn import mlp_binary, mlp_regressor
from recipes.dnn.mlp_binary import build_mlp_binary
from recipes.dnn.mlp_classifier import build_mlp_classifier
from recipes.dnn.mlp_regressor import build_mlp_regressor


@pytest.fixture
def three_classes(tmp_path):
    """A table whose target has three classes."""
    rows = np.arange(50)
    path = tmp_path / "mine.csv"
    pd.DataFrame({"size": rows + 0.5, "target": rows % 3}).to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("run", "data", "message"),
    [
        (mlp_binary.run, None, "mine.csv: the target has 3 classes, and one sigmoid unit tells"),
        (mlp_binary.run, "diabetes", "diabetes: the target is a number, not a class, and one"),
        (mlp_regressor.run, None, "mine.csv: the target has 3 classes, and a regression predicts"),
        (mlp_regressor.run, "digits", "load it with data_prep.load_images"),
    ],
)
def test_recipes_refuse_targets_of_another_kind(three_classes, run, data, message):
    with pytest.raises(DataError, match=message):
        run(data=data or three_classes)


@pytest.mark.parametrize(
    ("build", "options", "message"),
    [
        (build_mlp_classifier, {"units": 512}, "units=512; give a tuple of integers >= 1."),
        (build_mlp_classifier, {"num_classes": 0}, "num_classes=0; give an integer >= 1."),
        (build_mlp_classifier, {"input_shape": 64}, "input_shape=64; give a tuple of integers"),
        (
            build_mlp_classifier,
            {"input_shape": (64,)},
            "input_shape (64,) cannot be shifted; give (height, width, channels), or shift=0.",
        ),
        (build_mlp_binary, {"units": (32, 0)}, "units=(32, 0); give a tuple of integers >= 1."),
        (build_mlp_binary, {"input_shape": (8, 8, 1)}, "shape (8, 8, 1); give (features,), int"),
        (build_mlp_binary, {"input_shape": (0,)}, "shape (0,); give (features,), integers >= 1."),
        (build_mlp_regressor, {"units": -1}, "units=-1; give a tuple of integers >= 1."),
        (build_mlp_regressor, {"input_shape": (30, 5)}, "shape (30, 5); give (features,), int"),
        (build_mlp_regressor, {"input_shape": 10}, "shape 10; give (features,), integers >= 1."),
    ],
)
def test_builders_refuse_what_cannot_work(build, options, message):
    with pytest.raises(ValueError, match=re.escape(f"{build.__name__}: {message}")):
        build(**options)


def test_rows_of_features_are_classified_without_shifts():
    model = build_mlp_classifier(input_shape=(30,), num_classes=3, shift=0)
    probabilities = model.predict(np.random.default_rng(0).normal(size=(4, 30)), verbose=0)
    np.testing.assert_allclose(probabilities.sum(axis=1), np.ones(4), rtol=1e-5)


@pytest.mark.parametrize("build", [build_mlp_binary, build_mlp_classifier, build_mlp_regressor])
def test_without_hidden_layers_the_network_is_a_regression(build):
    model = build(units=())
    assert [type(layer).__name__ for layer in model.layers if layer.weights] == ["Dense"]
