"""Pages that read sequences: what their networks must do, whatever they have learnt."""

import keras
import numpy as np
import pytest

import data_prep
from recipes.time_series import classify_series, conv_lstm


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


def test_the_class_activation_adds_up_to_the_answer():
    model = classify_series.build_classify_series((12, 1), 3)
    keras.utils.set_random_seed(0)
    series = np.random.default_rng(0).normal(size=(2, 12, 1)).astype("float32")
    maps = keras.Model(model.inputs, model.get_layer("features").output).predict(series, verbose=0)
    kernel, bias = model.get_layer("classes").get_weights()
    says = (maps @ kernel).mean(axis=1) + bias  # of each step, then their mean
    wanted = np.exp(says) / np.exp(says).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict(series, verbose=0), wanted, rtol=1e-4)


def test_an_unknown_network_is_refused():
    with pytest.raises(data_prep.DataError, match="'cnn': give one of fcn, lstm, both"):
        classify_series.run(network="cnn")


def test_frames_are_cut_into_patches_and_put_together_again():
    model = conv_lstm.build_conv_lstm((2, 8, 12, 1), horizon=2, filters=(), patch=4)
    # Without a ConvLSTM each patch goes through the dense layer alone: let it pass on.
    model.layers[-4].set_weights([np.eye(16), np.zeros(16)])
    past = np.random.default_rng(0).uniform(size=(3, 2, 8, 12, 1)).astype("float32")
    frames = keras.ops.convert_to_numpy(model(past))
    passed = 1 / (1 + np.exp(-past))
    np.testing.assert_allclose(frames[:, :2], passed, rtol=1e-5)
    np.testing.assert_allclose(frames[:, 2], 0.5, err_msg="the frame to come is blank")


def test_no_answer_depends_on_a_frame_that_comes_later():
    model = conv_lstm.build_conv_lstm((4, 8, 8, 1), horizon=3)
    past = np.random.default_rng(0).uniform(size=(1, 4, 8, 8, 1)).astype("float32")
    changed = past.copy()
    changed[:, 2] = 0
    same, other = (keras.ops.convert_to_numpy(model(frames)) for frames in (past, changed))
    np.testing.assert_array_equal(same[:, :2], other[:, :2])
    assert (np.abs(same[:, 2:] - other[:, 2:]).max(axis=(0, 2, 3, 4)) > 0).all()


@pytest.mark.parametrize("options", [{"past": 0}, {"horizon": 0}, {"image_size": 30}])
def test_clips_that_cannot_be_are_refused(options):
    with pytest.raises(data_prep.DataError, match="a frame or more to read and to predict"):
        conv_lstm.run(**options)
