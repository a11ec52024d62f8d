"""Pages that read sequences: what their networks must do, whatever they have learnt."""

import json

import keras
import numpy as np
import pytest

import data_prep
from recipes.rnn import bidirectional_lstm, rnn_types, rnn_vs_fnn
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


@pytest.mark.parametrize("bidirectional", [False, True])
def test_padding_changes_nothing(bidirectional):
    model = bidirectional_lstm.build_bidirectional_lstm(50, 3, bidirectional=bidirectional)
    ids = np.random.default_rng(0).integers(1, 50, (4, 9))
    ids[1, 5:] = 0
    padded = np.pad(ids, [(0, 0), (0, 20)])
    wanted = model.predict(ids, verbose=0)
    np.testing.assert_allclose(model.predict(padded, verbose=0), wanted, atol=1e-5)
    alone = model.predict(ids[1:2, :5], verbose=0)
    np.testing.assert_allclose(alone, wanted[1:2], atol=1e-5)
    longer = np.where(padded == 0, 7, padded)  # words in place of the padding do change it
    assert np.abs(model.predict(longer, verbose=0) - wanted).max() > 1e-4


def test_both_directions_have_as_many_parameters_as_the_one_beside(tmp_path):
    path = tmp_path / "texts.jsonl"
    rows = [{"text": f"word{i} {'yes' if i % 2 else 'no'}", "label": i % 2} for i in range(60)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    report = bidirectional_lstm.run(path, epochs=1, length=4, vocabulary_size=20)
    one, bag = report.comparisons
    assert bag == "bag of words"
    assert report.comparisons[bag]["accuracy"] == 1.0
    units = int(one.removeprefix("one direction, ").removesuffix(" units"))
    build = bidirectional_lstm.build_bidirectional_lstm
    both = build(20, 2).count_params()
    assert build(20, 2, units=units, bidirectional=False).count_params() == pytest.approx(
        both, 0.01
    )


def test_the_pattern_stands_where_its_letters_say_and_counts_are_never_equal():
    rng = np.random.default_rng(0)
    inputs, labels = rnn_vs_fnn._pattern(200, rng)
    texts = ["".join("ABcdef"[letter] for letter in row) for row in inputs.argmax(axis=-1)]
    assert [int("AB" in text) for text in texts] == labels.tolist()
    assert {(text.count("A"), text.count("B"), len(text)) for text in texts} == {(4, 4, 24)}
    inputs, labels = rnn_vs_fnn._count(200, rng)
    first, second = inputs[..., 0].sum(axis=1), inputs[..., 1].sum(axis=1)
    assert (first != second).all()
    assert ((first > second) == labels).all()
    assert len(labels) == 200


def test_shuffled_tasks_have_the_same_steps_in_another_order():
    images = data_prep.image_rows(data_prep.load_images("digits"))
    tasks = rnn_vs_fnn._tasks(images, np.random.default_rng(0))
    for task in ("pattern", "count", "images"):
        parts = zip(tasks[f"{task} in order"], tasks[f"{task} shuffled"], strict=True)
        for (inputs, labels), (shuffled, same) in parts:
            assert (labels == same).all()
            assert (inputs != shuffled).any()
            for row, other in zip(inputs[:20], shuffled[:20], strict=True):
                assert sorted(row.tolist()) == sorted(other.tolist())


def test_each_type_is_asked_for_what_follows_its_input():
    series = np.arange(60, dtype="float32")  # each value is its own row number
    frames = data_prep.make_frames(series, 22, target=0, label="next", steps=11)
    tasks = rnn_types._tasks(frames)
    last = np.arange(21, 21 + len(frames))
    following = last[:, None] + np.arange(1, 12)
    for kind, (inputs, targets, persistence) in tasks.items():
        wanted = following if kind.endswith("to_many") else following[:, :1]
        if kind == "many_to_many_equal":
            wanted = inputs[..., 0] + 1
        np.testing.assert_array_equal(targets, wanted)
        now = inputs[..., 0] if kind == "many_to_many_equal" else last[:, None]
        np.testing.assert_array_equal(persistence, now)
    np.testing.assert_array_equal(tasks["one_to_many"][0], np.stack([last, np.ones_like(last)], 1))
    np.testing.assert_array_equal(tasks["many_to_one"][0][:, -1, 0], last)
