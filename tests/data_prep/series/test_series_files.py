"""Series read from files."""

import numpy as np
import pandas as pd
import pytest

import data_prep


def test_a_series_file_has_its_first_column_as_time(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text("day,sold\n2024-01-01,3\n2024-01-02,5\n")
    series = data_prep.load_series(path)
    assert series["sold"].tolist() == [3, 5]
    assert series.index[1] == pd.Timestamp("2024-01-02")
    assert series.attrs["name"] == "sales"


SERIES_FILES = {
    "the first column, 'time', holds numbers, not dates": "time,price\n1,2\n2,3\n",
    "row 1 of the first column, 'day', is 'soon', not a date": "day,price\n2024-01-01,2\nsoon,3\n",
    "column 'note' does not hold numbers": "day,note\n2024-01-01,good\n2024-01-02,bad\n",
}


@pytest.mark.parametrize("message", SERIES_FILES)
def test_bad_series_files_are_refused_by_name(message, tmp_path):
    path = tmp_path / "series.csv"
    path.write_text(SERIES_FILES[message])
    with pytest.raises(data_prep.DataError) as caught:
        data_prep.load_series(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def charts(**changes):
    series = np.random.default_rng(0).normal(5, 3, (40, 2, 7))
    labels = np.arange(40) % 2
    good = {"x_train": series, "y_train": labels, "x_test": series[:10] + 50, "y_test": labels[:10]}
    return good | changes


HOLE = charts()["x_train"].copy()

HOLE[4, 1, 6] = np.nan


BAD_SERIES = {
    "no array 'y_test'": {"y_test": None},
    "x_train is <U1 (40, 3)": {"x_train": np.full((40, 3), "a")},
    "x_train is float64 (40,)": {"x_train": np.zeros(40)},
    "x_train is not finite at index (4, 1, 6)": {"x_train": HOLE},
    "x_test has series of shape (2, 6), x_train of (2, 7)": {"x_test": np.zeros((10, 2, 6))},
    "y_train is int64 (39,) for 40 series": {"y_train": np.arange(39) % 2},
    "y_test has the label 3, which y_train does not have": {"y_test": np.full(10, 3)},
    "y_train must hold integers that index its 1 classes": {"classes": np.array(["one"])},
    "array 'x_train' holds Python objects": {"x_train": np.array([{}] * 40, dtype=object)},
}


@pytest.mark.parametrize("message", BAD_SERIES)
def test_bad_series_arrays_are_refused_by_name(message, tmp_path):
    path = tmp_path / "charts.npz"
    arrays = {
        key: value for key, value in charts(**BAD_SERIES[message]).items() if value is not None
    }
    np.savez(path, **arrays)
    with pytest.raises(data_prep.DataError) as caught:
        data_prep.load_labelled_series(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_labelled_series_from_a_file_have_a_time_axis_first_and_class_names(tmp_path):
    path = tmp_path / "charts.npz"
    np.savez(path, **charts(), classes=np.array(["left", "right"]))
    data = data_prep.load_labelled_series(path)
    assert data.classes == ("left", "right")
    assert data.input_shape == (7, 2)
    np.testing.assert_allclose(data.train.inputs.mean(axis=(0, 1)), 0, atol=1e-5)
    assert data.test.inputs.min() > 10  # scaled by the training part, not by its own mean
    original = data.to_original(data.test.inputs)
    np.testing.assert_allclose(original, charts()["x_test"].swapaxes(1, 2), rtol=1e-4)


def test_a_channel_that_is_constant_in_training_is_only_shifted(tmp_path):
    path = tmp_path / "charts.npz"
    arrays = charts()
    arrays["x_train"][:, 1] = 0.1
    arrays["x_test"][:, 1] = 0.2
    np.savez(path, **arrays)
    data = data_prep.load_labelled_series(path)
    np.testing.assert_allclose(data.train.inputs[..., 1], 0, atol=1e-6)
    np.testing.assert_allclose(data.test.inputs[..., 1], 0.1, atol=1e-6)
    assert data.train.inputs[..., 0].std() == pytest.approx(1, rel=1e-5)


def test_with_validation_0_all_series_are_for_training(tmp_path):
    path = tmp_path / "charts.npz"
    np.savez(path, **charts())
    data = data_prep.load_labelled_series(path, validation=0)
    assert len(data.train) == len(charts()["x_train"])
    assert len(data.validation) == 0
    assert data.validation.inputs.shape[1:] == data.train.inputs.shape[1:]


def test_ucr_files(data_folder):
    for name, sizes, shape in (
        ("GunPoint", (45, 5, 150), (150, 1)),
        ("ItalyPowerDemand", (60, 7, 1029), (24, 1)),
        ("ECG5000", (450, 50, 4499), (140, 1)),
    ):
        data = data_prep.load_labelled_series(data_folder / "ucr" / f"{name}.npz")
        assert [len(part) for part in data.parts().values()] == list(sizes)
        assert data.input_shape == shape


def test_forecasting_files(data_folder):
    series = data_prep.load_series(data_folder / "ett" / "ETTh1.csv.gz")
    assert series.shape == (17420, 7)
    assert series.index[-1] == pd.Timestamp("2018-06-26 19:00")
    series = data_prep.load_series(data_folder / "forecasting" / "airline-passengers.csv")
    assert series["Passengers"].iloc[0] == 112
