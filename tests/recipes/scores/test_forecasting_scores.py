"""Scores of forecasts, frames and directions, and simple forecasts of series with known results."""

import numpy as np
import pandas as pd
import pytest

import data_prep
from data_prep.series.forecasts import part_rows
from recipes import scores


def series(values, freq="h", **columns):
    index = pd.date_range("2024-01-01", periods=len(values), freq=freq)
    return pd.DataFrame({"a": values} | columns, index=index)


def parts(table, window, steps, split="0.6,0.2,0.2"):
    """The scaled parts of a table, as the pages make them."""
    _, validation, test = part_rows(split, len(table))
    target = list(table.columns)
    frames = data_prep.make_frames(table, window, target=target, label="next", steps=steps)
    data = data_prep.split_by_time(frames, test, validation, reach_back=True)
    return data_prep.scale(data, "standard")


def test_errors_of_frames_are_given_for_each_step():
    truth = np.zeros((2, 3, 4, 5, 1))
    predictions = truth.copy()
    predictions[:, 1] = 0.5
    predictions[0, 2] = 1
    assert scores.frame_prediction(truth, predictions) == {
        "mean squared error": pytest.approx(0.25),
        "mean squared error 1 ahead": 0.0,
        "mean squared error 2 ahead": pytest.approx(0.25),
        "mean squared error 3 ahead": pytest.approx(0.5),
    }
    with pytest.raises(ValueError, match=r"truth \(2, 3, 4, 5, 1\) and predictions \(3, 4, 5, 1\)"):
        scores.frame_prediction(truth, predictions[0])


def test_errors_in_scaled_and_in_original_units():
    table = series(np.tile([0.0, 10.0], 50), b=np.tile([0.0, 0.0, 2.0, 2.0], 25))
    data = parts(table, 4, 3)  # deviations 5 and 1
    wrong = data.test.labels + np.array([0.2, -1.0], "float32")
    assert scores.forecast(data.test, wrong) == pytest.approx(
        {
            "mean squared error": (0.04 + 1) / 2,
            "mean absolute error": 0.6,
            "mean absolute error of a": 1.0,
            "root mean squared error of a": 1.0,
            "mean absolute error of b": 1.0,
            "root mean squared error of b": 1.0,
        },
        rel=1e-4,
    )
    alone = parts(table[["a"]], 4, 3)
    assert alone.test.labels.shape == (18, 3)
    found = scores.forecast(alone.test, alone.test.labels[..., None])
    assert found["mean squared error"] == 0
    with pytest.raises(ValueError, match=r"forecasts \(18, 3\) for labels \(18, 3, 1\)"):
        scores.forecast(alone.test, alone.test.labels)


def test_persistence_and_seasonal_naive_repeat_rows_of_the_frame():
    data = parts(series(np.arange(100.0), b=-np.arange(100.0)), 10, 7)
    found = scores.forecast_baselines(data, season=3)
    last = data.test.inputs[:, -1]
    assert found["persistence"].shape == data.test.labels.shape
    for step in range(7):
        np.testing.assert_array_equal(found["persistence"][:, step], last)
        row = data.test.inputs[:, 7 + step % 3]
        np.testing.assert_array_equal(found["seasonal naive"][:, step], row)
    frames = data_prep.make_frames(
        series(np.arange(100.0), b=np.zeros(100)), 4, target="a", label="next", steps=2
    )
    data = data_prep.split_by_time(frames)
    with pytest.raises(ValueError, match="that forecast all their features"):
        scores.forecast_baselines(data, 3)


def test_seasonal_naive_is_right_where_the_season_repeats_exactly():
    data = parts(series(np.tile([0.0, 1.0, 5.0], 40)), 7, 8)
    found = scores.forecast_baselines(data, season=3)
    assert scores.forecast(data.test, found["seasonal naive"])["mean squared error"] == 0
    assert scores.forecast(data.test, found["persistence"])["mean squared error"] > 0.5


def test_the_linear_forecast_finds_trend_and_season_and_goes_beyond_what_it_saw():
    rows = np.arange(400)
    table = series(0.5 * rows + 3 * np.sin(rows / 4), b=20 - 2.0 * rows)
    data = parts(table, 20, 10)
    found = scores.forecast_baselines(data, 12, ["linear"])["linear"]
    errors = scores.forecast(data.test, found)
    assert errors["mean absolute error of a"] < 0.01
    assert errors["mean absolute error of b"] < 0.01


def test_the_linear_forecast_is_least_squares_without_a_penalty():
    rng = np.random.default_rng(0)
    walk = np.convolve(rng.normal(size=3003), [1, 0.8, 0.5, 0.2], "valid")
    data = parts(series(walk), 6, 2)
    found = scores.forecast_baselines(data, 2, ["linear"])["linear"]
    inputs, labels = data.train.arrays()
    last = inputs[:, -1:, 0]
    x = np.column_stack([inputs[:, :-1, 0] - last, np.ones(len(inputs))])
    weights = np.linalg.lstsq(x, labels - last, rcond=None)[0]
    inputs, last = data.test.inputs[:, :, 0], data.test.inputs[:, -1:, 0]
    wanted = np.column_stack([inputs[:, :-1] - last, np.ones(len(inputs))]) @ weights + last
    np.testing.assert_allclose(found[..., 0], wanted, atol=0.02)


def test_the_linear_forecast_never_sees_the_test_part():
    values = np.random.default_rng(1).normal(size=300).cumsum()
    changed = values.copy()
    changed[-20:] += 1000
    first, second = (
        scores.forecast_baselines(parts(series(rows), 8, 4), 4, ["linear"])["linear"]
        for rows in (values, changed)
    )
    np.testing.assert_array_equal(first[:30], second[:30])  # frames before the change


def test_examples_are_in_the_unit_of_the_last_target():
    table = series(np.arange(100.0), b=np.arange(100.0) * 3)
    data = parts(table, 6, 4)
    found = scores.forecast_examples(data.test, {"right": data.test.labels}, count=3)
    assert found["quantity"] == "b"
    np.testing.assert_allclose(found["history"][0], 3 * np.arange(74, 80), rtol=1e-5)
    np.testing.assert_allclose(found["truth"][0], 3 * np.arange(80, 84), rtol=1e-5)
    np.testing.assert_allclose(found["forecasts"]["right"], found["truth"])
    assert found["times"].shape == (3, 10)
    assert found["times"][0, 6] == table.index[80]
    assert found["times"][-1, -1] == table.index[-1]


def directions_of(rows, window=6, horizon=2, **options):
    frames = data_prep.make_frames(rows, window, horizon, label="direction")
    return data_prep.split_by_time(frames, **options)


def test_directions_of_the_last_rows_go_on_or_turn_back():
    rows = np.random.default_rng(0).normal(size=200).cumsum()
    data = directions_of(rows)
    found = scores.direction_baselines(data)
    last = data.test.starts + 5
    went_up = rows[last] > rows[last - 2]
    np.testing.assert_array_equal(found["persistence"], went_up)
    np.testing.assert_array_equal(found["reversal"], ~went_up)
    most = np.bincount(data.train.labels).argmax()
    np.testing.assert_array_equal(found["majority"], np.full(len(data.test), most))
    rising = directions_of(np.arange(100.0))
    assert scores.direction_baselines(rising)["persistence"].all()


def test_balanced_accuracy_counts_every_class_the_same():
    labels = np.repeat([0, 1], [80, 20])
    found = scores.balanced_accuracy(labels, np.zeros(100, int), 10)
    assert found == {
        "balanced accuracy": 0.5,
        "low end of 95%": 0.5,
        "high end of 95%": 0.5,
        "accuracy": 0.8,
    }
    predicted = np.where(np.arange(100) % 4 == 0, 1 - labels, labels)
    assert scores.balanced_accuracy(labels, predicted, 10)["balanced accuracy"] == 0.75


def test_the_interval_of_balanced_accuracy_is_that_of_its_two_classes():
    rng = np.random.default_rng(0)
    labels = (rng.random(5000) < 0.2).astype(int)
    predicted = np.where(rng.random(5000) < 0.7, labels, 1 - labels)
    found = scores.balanced_accuracy(labels, predicted, 10)
    counts = np.bincount(labels)
    error = 1.96 * np.sqrt(sum(0.7 * 0.3 / counts)) / 2
    width = found["high end of 95%"] - found["low end of 95%"]
    assert width == pytest.approx(2 * error, rel=0.15)
    assert found["low end of 95%"] < 0.7 < found["high end of 95%"]


def test_block_bootstrap_of_white_noise_is_the_textbook_interval():
    hits = np.random.default_rng(0).random(4000) < 0.6
    low, high = scores.block_bootstrap(hits, 20)
    error = 1.96 * np.sqrt(hits.mean() * (1 - hits.mean()) / len(hits))
    assert low == pytest.approx(hits.mean() - error, abs=0.2 * error)
    assert high == pytest.approx(hits.mean() + error, abs=0.2 * error)


def test_block_bootstrap_is_wider_where_neighbours_are_alike():
    hits = np.repeat(np.random.default_rng(0).random(400) < 0.6, 10)
    naive = np.subtract(*scores.block_bootstrap(hits, 1)[::-1])
    honest = np.subtract(*scores.block_bootstrap(hits, 100)[::-1])
    assert honest == pytest.approx(np.sqrt(10) * naive, rel=0.25)


def test_block_bootstrap_holds_the_true_mean_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = 0
    for number in range(200):
        noise = rng.normal(size=1000)
        values = np.convolve(noise, np.ones(5), "valid")  # mean 0, neighbours alike
        low, high = scores.block_bootstrap(values, 50, samples=400, seed=number)
        hits += low < 0 < high
    assert 0.88 <= hits / 200 <= 0.98


def test_block_bootstrap_of_values_that_never_change_and_what_it_refuses():
    assert scores.block_bootstrap(np.ones(50), 7) == (1, 1)
    for block in (0, 51):
        with pytest.raises(ValueError, match=f"blocks of {block} do not fit into values"):
            scores.block_bootstrap(np.ones(50), block)


def test_the_standard_split_of_etth1_gives_the_published_persistence(data_folder):
    """Zeng et al. 2023, table 2, "Repeat": 1.295, 0.713 at horizon 96."""
    table = data_prep.load_series(data_folder / "ett" / "ETTh1.csv.gz").iloc[:14400]
    data = parts(table, 336, 96, "8640,2880,2880")
    assert len(data.test) == 2880 - 96 + 1
    found = scores.forecast(data.test, scores.forecast_baselines(data, 24)["persistence"])
    assert found["mean squared error"] == pytest.approx(1.295, rel=2e-3)
    assert found["mean absolute error"] == pytest.approx(0.713, rel=2e-3)
