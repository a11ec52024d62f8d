"""Series classifiers: the three networks, the class activation map, what is refused."""

import keras
import numpy as np
import pytest

import data_prep
from recipes.time_series import classify_series


@pytest.fixture(scope="module")
def charts(tmp_path_factory):
    """A few labelled series in a file: one class rises, the other falls."""
    random = np.random.default_rng(0)
    slopes = np.repeat([1, -1], 10)
    series = slopes[:, None] * np.linspace(-1, 1, 12) + random.normal(0, 0.1, (20, 12))
    labels = (slopes > 0).astype(int)
    path = tmp_path_factory.mktemp("charts") / "charts.npz"
    np.savez(path, x_train=series, y_train=labels, x_test=series, y_test=labels)
    return path


@pytest.mark.parametrize("network", classify_series.NETWORKS)
def test_series_are_classified_by_each_network_without_a_validation_part(network, charts):
    keras.utils.set_random_seed(0)
    report = classify_series.run(charts, epochs=2, batch_size=8, network=network, validation=0)
    kinds = {type(layer) for layer in report.model.layers}
    assert (keras.layers.Conv1D in kinds) == (network != "lstm")
    assert (keras.layers.LSTM in kinds) == (network != "fcn")
    assert ("class_activation" in report.pictures) == (network != "lstm")
    assert report.data["shapes"]["validation"]["inputs"] == [0, 12, 1]
    assert report.baselines["1-nearest neighbour"] == {"accuracy": 1.0}


def test_the_class_activation_adds_up_to_the_prediction():
    model = classify_series.build_classify_series((12, 1), 3)
    keras.utils.set_random_seed(0)
    series = np.random.default_rng(0).normal(size=(2, 12, 1)).astype("float32")
    maps = keras.Model(model.inputs, model.get_layer("features").output).predict(series, verbose=0)
    kernel, bias = model.get_layer("classes").get_weights()
    logits = (maps @ kernel).mean(axis=1) + bias  # the mean over all steps
    wanted = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict(series, verbose=0), wanted, rtol=1e-4)


def test_an_unknown_network_is_refused():
    with pytest.raises(data_prep.DataError, match="'cnn': give one of fcn, lstm, both"):
        classify_series.run(network="cnn")


def test_sizes_that_cannot_work_are_refused():
    build = classify_series.build_classify_series
    with pytest.raises(ValueError, match="build_classify_series: network 'cnn'; give one of fcn"):
        build(network="cnn")
    for filters in ((8, 8), (8, 8, 8, 8)):
        with pytest.raises(ValueError, match=r"filters \(8, 8.*\); give three numbers"):
            build(filters=filters)
    assert build(network="lstm", filters=(), units=2).output_shape == (None, 6), "not used"


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"input_shape": (0, 1)}, r"shape \(0, 1\); give \(time steps, channels\)"),
        ({"input_shape": (60,)}, r"shape \(60,\); give"),
        ({"input_shape": (60, None)}, r"shape \(60, None\); give"),
        ({"filters": 64}, "filters=64; give a tuple of integers >= 1"),
        ({"filters": ()}, r"filters=\(\); give a tuple"),
        ({"network": "both", "units": 0}, "units=0; give an integer >= 1"),
        ({"num_classes": 0}, "num_classes=0; give an integer >= 1"),
    ],
)
def test_wrong_shapes_and_sizes_are_refused(sizes, message):
    build = classify_series.build_classify_series
    with pytest.raises(ValueError, match=f"^build_classify_series: {message}"):
        build(**sizes)
    assert build((None, 1), filters=(2, 2, 2)).output_shape == (None, 6)
