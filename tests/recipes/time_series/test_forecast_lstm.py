"""The LSTM forecast: shared by all columns, free of the level, fed back; what is refused."""

import zipfile

import keras
import numpy as np
import pytest

from data_prep import DataError
from recipes.time_series.forecast_lstm import build_forecast_lstm
from recipes.time_series.forecast_lstm import run as run_forecast_lstm


@pytest.mark.parametrize("autoregressive", [False, True])
def test_the_lstm_is_one_for_all_columns_and_moves_with_the_level(autoregressive, tmp_path):
    model = build_forecast_lstm((8, 2), 6, units=5, step=2, autoregressive=autoregressive)
    frames = np.random.default_rng(0).normal(size=(3, 8, 2)).astype("float32")
    forecast = np.array(model(frames))
    assert forecast.shape == (3, 6, 2)
    np.testing.assert_allclose(model(frames + 100), forecast + 100, atol=1e-3)
    np.testing.assert_allclose(model(frames[..., ::-1]), forecast[..., ::-1], atol=1e-5)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(frames), forecast, atol=1e-6)


def test_the_autoregressive_forecast_reads_its_own_predictions():
    model = build_forecast_lstm((8, 1), 6, units=5, step=2, autoregressive=True)
    frames = np.random.default_rng(0).normal(size=(3, 8, 1)).astype("float32")
    encoder = next(layer for layer in model.layers if isinstance(layer, keras.layers.LSTM))
    decoder = next(layer for layer in model.layers if type(layer) is keras.layers.RNN).cell
    steps = (frames - frames[:, -1:]).reshape(3, 4, 2)
    _, *memory = encoder(steps)
    read, predictions = steps[:, -1], []
    for _ in range(3):
        output, memory = decoder.cell(read, memory)
        read = decoder.dense(output)
        predictions.append(np.array(read))
    wanted = np.concatenate(predictions, axis=1)[..., None] + frames[:, -1:]
    np.testing.assert_allclose(model(frames), wanted, atol=1e-5)


def test_steps_that_do_not_divide_the_frame_are_refused():
    with pytest.raises(DataError, match="step=10: window=104 and horizon=52; give a step"):
        run_forecast_lstm(step=10)


@pytest.mark.parametrize("autoregressive", [False, True])
@pytest.mark.parametrize(
    ("window", "horizon", "step"), [(104, 52, 10), (104, 50, 13), (104, 104, 10)]
)
def test_a_step_that_does_not_divide_both_is_refused(window, horizon, step, autoregressive):
    message = f"build_forecast_lstm: step {step} for {window} rows in the frame and horizon"
    with pytest.raises(ValueError, match=f"{message} {horizon}; give a step that divides both"):
        build_forecast_lstm((window, 1), horizon, step=step, autoregressive=autoregressive)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"horizon": 0}, "horizon=0; give an integer >= 1"),
        ({"step": -13}, "step=-13; give an integer >= 1"),
        ({"units": 0}, "units=0; give an integer >= 1"),
        ({"input_shape": (0, 1)}, r"shape \(0, 1\); give \(rows, features\)"),
        ({"input_shape": (None, 1)}, r"shape \(None, 1\); give"),
        ({"input_shape": (104,)}, r"shape \(104,\); give"),
    ],
)
def test_sizes_that_cannot_work_are_refused(sizes, message):
    with pytest.raises(ValueError, match=f"^build_forecast_lstm: {message}"):
        build_forecast_lstm(**sizes)


def test_a_model_saved_with_the_old_name_of_a_size_loads(tmp_path):
    model = build_forecast_lstm((8, 1), 6, units=5, step=2, autoregressive=True)
    model.save(tmp_path / "new.keras")
    with zipfile.ZipFile(tmp_path / "new.keras") as new:
        files = {name: new.read(name) for name in new.namelist()}
    assert files["config.json"].count(b'"prediction_size"') == 1
    files["config.json"] = files["config.json"].replace(b'"prediction_size"', b'"answer_size"')
    with zipfile.ZipFile(tmp_path / "old.keras", "w") as old:
        for name, content in files.items():
            old.writestr(name, content)

    frames = np.random.default_rng(0).normal(size=(3, 8, 1)).astype("float32")
    again = keras.saving.load_model(tmp_path / "old.keras")
    np.testing.assert_array_equal(again(frames), model(frames))
