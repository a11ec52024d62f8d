"""The linear forecast against its formula, several horizons, and what is refused."""

import keras
import numpy as np
import pandas as pd
import pytest

from recipes.time_series.forecast_linear import build_forecast_linear
from recipes.time_series.forecast_linear import run as run_forecast_linear


def test_dlinear_is_a_moving_average_with_repeated_ends_and_two_weighted_sums():
    rng = np.random.default_rng(0)
    model = build_forecast_linear((12, 2), horizon=3, kernel_size=5)
    weights = [rng.normal(size=weight.shape) for weight in model.get_weights()]
    model.set_weights(weights)
    frames = rng.normal(size=(4, 12, 2)).astype("float32")
    padded = np.pad(frames, ((0, 0), (2, 2), (0, 0)), "edge")
    trend = np.stack([padded[:, row : row + 5].mean(axis=1) for row in range(12)], axis=1)
    wanted = np.einsum("bwq,ws->bsq", trend, weights[0]) + weights[1][:, None]
    wanted += np.einsum("bwq,ws->bsq", frames - trend, weights[2]) + weights[3][:, None]
    np.testing.assert_allclose(model(frames), wanted, rtol=1e-4, atol=1e-5)
    fresh = build_forecast_linear((12, 2), horizon=3)
    mean = np.broadcast_to(frames.mean(axis=1, keepdims=True), (4, 3, 2))
    np.testing.assert_allclose(fresh(frames), mean, atol=1e-5)


def test_several_horizons_and_quantities_of_a_file(tmp_path):
    rows = np.arange(300)
    times = pd.date_range("2024-01-01", periods=300, freq="D")
    table = pd.DataFrame({"a": np.sin(rows / 4), "b": rows * 0.1}, times)
    table.to_csv(tmp_path / "two.csv", index_label="time")
    networks = []
    names = keras.callbacks.LambdaCallback(
        on_train_begin=lambda logs: networks.append(names.model.name)
    )
    report = run_forecast_linear(
        str(tmp_path / "two.csv"),
        epochs=1,
        window=14,
        horizons="3,7",
        split="200,40,50",
        callbacks=[names],
    )
    assert report.headline == "mean squared error at horizon 3"
    for errors in (report.scores, *report.baselines.values(), *report.comparisons.values()):
        assert {f"mean squared error at horizon {n}" for n in (3, 7)} <= set(errors)
        assert "mean absolute error of b at horizon 7" in errors
    assert report.data["shapes"]["test"] == {"inputs": [48, 14, 2], "labels": [48, 3, 2]}
    assert list(report.pictures) == ["forecasts_3", "forecasts_7"]
    assert report.model.output_shape == (None, 3, 2)
    assert networks == ["forecast_linear", "horizon_7"]


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"horizon": 0}, "horizon=0; give an integer >= 1"),
        ({"kernel_size": 0}, "kernel_size=0; give an integer >= 1"),
        ({"input_shape": (0, 1)}, r"shape \(0, 1\); give \(rows, features\)"),
        ({"input_shape": (104, 0)}, r"shape \(104, 0\); give"),
        ({"input_shape": (None, 1)}, r"shape \(None, 1\); give"),
        ({"input_shape": (104,)}, r"shape \(104,\); give"),
    ],
)
def test_sizes_that_cannot_work_are_refused(sizes, message):
    with pytest.raises(ValueError, match=f"^build_forecast_linear: {message}"):
        build_forecast_linear(**sizes)
