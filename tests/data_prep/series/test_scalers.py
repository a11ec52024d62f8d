"""Scalers are fitted on training rows alone, and are undone."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import data_prep
from data_prep import DataError, make_frames

DAYS = pd.date_range("2024-01-01", periods=40, freq="D")


def table(**columns):
    """Forty days: column a is the row number, b = a + 100; more columns, or others for these."""
    rows = np.arange(40.0)
    return pd.DataFrame({"a": rows, "b": rows + 100} | columns, index=DAYS)


def test_scalers_of_frames_that_reach_back():
    rows = np.arange(100.0) + 1
    rows[70:] += 1000
    frames = make_frames(rows, 5, 3)
    data = data_prep.split_by_time(frames, test=0.2, validation=0.1, reach_back=True)
    scaled = data_prep.scale(data, "standard")
    training_rows = rows[:70]
    expected = training_rows.mean(), training_rows.std()
    assert scaled.test.scaling.inputs["standard"] == expected
    assert data_prep.check(scaled).endswith("; scaled by the training rows alone.")

    all_scaled = data_prep.scale(replace(data, train=frames), "standard").train
    parts = {
        name: replace(all_scaled, starts=part.starts, reaches_back=True)
        for name, part in data.parts().items()
    }
    with pytest.raises(DataError, match=r"leak: the scaler was fitted on row 70 of the validation"):
        data_prep.check(replace(data, **parts))

    changes = data_prep.scale(data, "percent_change")
    assert len(changes.test) == len(data.test)  # the row before may be in another part
    assert len(changes.train) == len(data.train) - 1  # there is no row before the first


def test_scalers_are_fitted_on_training_rows_alone():
    rows = np.arange(100.0)
    rows[80:] += 1000
    data = data_prep.scale(data_prep.split_by_time(make_frames(rows, 5, 3)), "min_max")
    train, test = data.train.inputs, data.test.inputs
    assert train.min() == 0
    assert train.max() == pytest.approx(66 / 69)
    assert data.train.labels.max() == 1
    assert test.min() > 10
    standard = data_prep.scale(data_prep.split_by_time(make_frames(rows, 5, 3)), "standard")
    training_rows = np.arange(70)  # of frames and of their labels
    expected = training_rows.mean(), training_rows.std()
    assert standard.train.scaling.inputs["standard"] == expected


@pytest.mark.parametrize(
    "kinds",
    [
        "standard",
        "min_max",
        "log",
        "percent_change",
        ("percent_change", "standard"),
        ("log", "min_max"),
    ],
)
@pytest.mark.parametrize("label", [{}, {"label": "next", "steps": 3}])
@pytest.mark.parametrize("target", ["a", ["b", "a"]])
def test_scaling_is_undone(kinds, label, target):
    rows = np.random.default_rng(0).uniform(1, 2, (200, 2)).cumsum(axis=0)
    frames = make_frames(rows, 5, 2, columns=["a", "b"], target=target, **label)
    plain = data_prep.split_by_time(frames)
    data = data_prep.scale(plain, kinds)
    for name, part in data.parts().items():
        original = plain.parts()[name]
        original = original.take(original.starts >= part.starts[0])  # percent change drops one
        np.testing.assert_allclose(part.inputs_to_original(part.inputs), original.inputs, rtol=1e-4)
        np.testing.assert_allclose(part.labels_to_original(part.labels), original.labels, rtol=1e-4)
        some = [0, 4]
        undone = part.labels_to_original(part.labels[some], some)
        np.testing.assert_allclose(undone, original.labels[some], rtol=1e-4)
    if "percent_change" not in kinds:
        inputs = data.to_original(data.test.inputs)
        np.testing.assert_allclose(inputs, plain.test.inputs, rtol=1e-4)
    assert data_prep.check(data).endswith("; scaled by the training rows alone.")


@pytest.mark.parametrize("kind", ["standard", "min_max"])
def test_a_column_that_is_constant_in_training_is_only_shifted(kind):
    series = table(a=[0.1] * 39 + [0.2])
    frames = make_frames(series, 2, target="b")
    data = data_prep.scale(data_prep.split_by_time(frames, 0.2, 0.1, reach_back=True), kind)
    np.testing.assert_allclose(data.train.inputs[..., 0], 0, atol=1e-15)
    np.testing.assert_allclose(data.test.inputs[..., 0], 0, atol=1e-15)
    last = make_frames(series, 2, horizon=0, features="a", target="b")
    data = data_prep.scale(data_prep.split_by_time(last, 0.2, 0.1), kind)
    np.testing.assert_allclose(data.test.inputs[-1, :, 0], [0, 0.1], atol=1e-7)


def test_predictions_with_a_last_axis_of_one_are_undone():
    data = data_prep.scale(data_prep.split_by_time(make_frames(np.arange(1, 101), 5)), "standard")
    undone = data.test.labels_to_original(data.test.labels[:, None])
    assert undone.shape == (len(data.test), 1)
    np.testing.assert_allclose(undone[:, 0], np.arange(86, 101), rtol=1e-5)


def test_percent_change_of_inputs_and_labels():
    rows = 2.0 ** np.arange(40)
    plain = data_prep.split_by_time(make_frames(rows, 4, 3), validation=0)
    data = data_prep.scale(plain, "percent_change")
    assert (data.train.inputs == 1).all()  # twice the row before
    assert (data.train.labels == 7).all()  # eight times the frame's last row
    assert data.train.starts[0] == 1
    assert data.test.starts[0] == plain.test.starts[0] + 1  # the row before is in another part


def test_classes_stay_classes_when_inputs_are_scaled():
    values = np.random.default_rng(0).normal(size=100)
    data = data_prep.split_by_time(make_frames(values, 4, label="direction"))
    scaled = data_prep.scale(data, "standard")
    assert np.array_equal(scaled.test.labels, data.test.labels)
    assert np.array_equal(scaled.test.labels_to_original(data.test.labels), data.test.labels)
