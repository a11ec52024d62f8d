"""Linear forecast of the next rows: weighted sums of the trend and of the rest.

    frame (104, 1) -> trend + rest -> a dense layer over time for each, added -> next rows (52, 1)

Take it as the first forecast of a series, and as the one to compare larger models with.

A frame is the rows before the target rows, the rows to forecast. It belongs to the part (training,
validation or test) that its target rows are in; its own rows may lie in an earlier part. So every
row of the test part is forecast, and no test row was a target in training.

The moving average of a frame is its trend. The rest is noise and the season, a pattern that
repeats. Each next row is the sum of two weighted sums: one over all rows of the trend, one over all
rows of the rest. All next rows are computed at once, so no error is fed back. There is no
activation: the model is linear, and a single layer could compute the same. Two layers are easier to
interpret, and each learns at its own rate. All columns share the weights.

In the report: forecasts of test rows, and the errors of simple forecasts. "seasonal naive" repeats
the last season. "linear" is ridge regression on the differences from the last row, computed exactly
instead of trained; it may win.

Reference: Zeng, Chen, Zhang and Xu, "Are transformers effective for time series forecasting?"
(DLinear), AAAI 2023.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
from keras import layers, ops

import data_prep
import visualize
from data_prep.series.forecasts import part_rows, season_rows, whole_numbers
from recipes import scores
from recipes.layers.sizes import check_integers, check_shape
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_forecast_linear(input_shape=(104, 1), horizon=52, kernel_size=25, name="forecast_linear"):
    """Build the model, not compiled.

    Args:
        input_shape: (rows of the frame, features), each with mean 0 and standard deviation 1.
        horizon: number of next rows to forecast.
        kernel_size: number of rows in the moving average.
        name: name of the model, shown in progress and history.

    Returns:
        A keras.Model from frames (batch, *input_shape) to (batch, horizon, features).

    Raises:
        ValueError: if a size is not an integer >= 1.

    Example:
        import numpy as np

        series = np.sin(np.arange(400) / 8) + 0.1 * np.random.randn(400)
        series = (series - series.mean()) / series.std()
        frames = np.stack([series[row : row + 48] for row in range(320)])
        next_rows = np.stack([series[row + 48 : row + 60] for row in range(320)])
        frames = frames[..., np.newaxis]  # (320, 48, 1)
        next_rows = next_rows[..., np.newaxis]  # (320, 12, 1)

        model = build_forecast_linear(input_shape=(48, 1), horizon=12, kernel_size=25)
        model.compile("adam", "mean_squared_error")
        model.fit(frames, next_rows, batch_size=32, epochs=2)
        last_frame = series[np.newaxis, -48:, np.newaxis]
        forecast = model.predict(last_frame)  # (1, 12, 1)
    """
    check_shape("build_forecast_linear", input_shape, "rows", "features")
    check_integers("build_forecast_linear", horizon=horizon, kernel_size=kernel_size)

    window, _ = input_shape
    inputs = keras.Input(input_shape)
    # The first and the last row are repeated, so the average is as long as the frame.
    before = ops.repeat(inputs[:, :1], (kernel_size - 1) // 2, axis=1)
    after = ops.repeat(inputs[:, -1:], kernel_size // 2, axis=1)
    padded = ops.concatenate([before, inputs, after], axis=1)
    trend = layers.AveragePooling1D(kernel_size, strides=1, name="trend")(padded)
    rest = inputs - trend  # (batch, window, features)

    # With equal weights the first forecast is the mean of the frame.
    equal = keras.initializers.Constant(1 / window)
    of_trend = layers.Dense(horizon, kernel_initializer=equal, name="of_trend")
    of_rest = layers.Dense(horizon, kernel_initializer=equal, name="of_rest")
    from_trend = of_trend(layers.Permute((2, 1))(trend))  # (batch, features, horizon)
    from_rest = of_rest(layers.Permute((2, 1))(rest))

    forecast = layers.add([from_trend, from_rest])
    outputs = layers.Permute((2, 1))(forecast)  # (batch, horizon, features)
    return keras.Model(inputs, outputs, name=name)


def run(
    data="co2",
    epochs=20,
    batch_size=32,
    seed=0,
    learning_rate=0.001,
    window=104,
    horizons="52",
    season=0,
    split="0.7,0.1,0.2",
    callbacks=(),
):
    """Train one model for each horizon and report the errors of its forecasts of the test rows.

    Args:
        data: co2, elnino, or a CSV or Parquet file whose first column is the time.
        epochs: passes over the training frames.
        batch_size: frames per training step.
        seed: sets the order of the frames.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        window: rows in a frame.
        horizons: how many next rows to forecast; several with commas, the first is the headline.
        season: number of rows after which the series repeats; 0 chooses it from the time between
            rows: 24 for hourly rows, 52 for weekly rows, ...
        split: rows for training, validation and test, in time order, such as 8640,2880,2880, or
            fractions of all.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    series = data_prep.load_series(data)
    period = season_rows(series, window, season)
    steps_ahead = whole_numbers("horizons", horizons)
    models = {}
    descriptions = {}
    errors = {}
    pictures = {}

    for horizon in steps_ahead:
        parts = _make_parts(series, window, horizon, season=period, split=split)
        name = "forecast_linear" if horizon == steps_ahead[0] else f"horizon_{horizon}"
        model = build_forecast_linear(parts.input_shape, horizon, name=name)

        # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
        schedule = warmup_cosine(learning_rate, len(parts.train), batch_size, epochs)
        model.compile(
            optimizer=keras.optimizers.Adam(schedule),
            loss="mean_squared_error",
            steps_per_execution=16,  # several batches per call: faster for a small model
        )
        model.fit(
            parts.train.batches(batch_size, shuffle=True, seed=seed),
            epochs=epochs,
            validation_data=parts.validation.batches(256),
            callbacks=list(callbacks),
        )
        models[horizon] = model
        descriptions[horizon] = parts.describe()

        # The only use of the test rows.
        forecast = model.predict(parts.test.batches(256), verbose=0)
        errors[horizon] = _compare(parts, forecast, period)
        pictures[f"forecasts_{horizon}"] = _plot_examples(parts, forecast, period)

    found = _join_horizons(errors)
    return Report(
        model=models[steps_ahead[0]],
        headline=f"mean squared error at horizon {steps_ahead[0]}",
        higher_is_better=False,
        scores=found["forecast"],
        baselines={name: found[name] for name in ("seasonal naive", "persistence")},
        comparisons={"linear": found["linear"]},
        data=descriptions[steps_ahead[0]],
        pictures=pictures,
    )


def _make_parts(series, window, horizon, season, split):
    """Frames of all columns, labelled with their next rows, in three parts and scaled."""
    part_sizes = part_rows(split, len(series))
    frames = data_prep.make_frames(
        series.iloc[: sum(part_sizes)],
        window,
        target=list(series.columns),
        label="next",
        steps=horizon,
        missing="fill",
        fill_limit=season,
    )
    _, validation, test = part_sizes
    parts = data_prep.split_by_time(frames, test, validation, reach_back=True)
    return data_prep.scale(parts, "standard")


def _compare(parts, forecast, season):
    """{name: errors on the test rows} of the forecast and of simple ones."""
    simple = ("seasonal naive", "persistence", "linear")
    forecasts = {"forecast": forecast} | scores.forecast_baselines(parts, season, simple)
    return {name: scores.forecast(parts.test, values) for name, values in forecasts.items()}


def _join_horizons(errors):
    """From {horizon: {name: {error: value}}} to {name: {"error at horizon 52": value}}."""
    joined = {}
    for horizon, by_name in errors.items():
        for name, found in by_name.items():
            values = joined.setdefault(name, {})
            for error, value in found.items():
                values[f"{error} at horizon {horizon}"] = value
    return joined


def _plot_examples(parts, forecast, season):
    """Forecasts of some test frames, compared with the last season repeated."""
    forecasts = {"forecast": forecast}
    forecasts |= scores.forecast_baselines(parts, season, ["seasonal naive"])
    examples = scores.forecast_examples(parts.test, forecasts)
    return visualize.plot_forecasts(**examples)
