"""A linear forecast of trend and rest, which long beat far larger models.

    frame (104, 1) -> trend + rest -> a dense layer over time for each, added -> next rows (52, 1)

The frame's moving average is its trend, what it leaves is the season and noise. Each of the next
rows is a weighted sum of all rows of the trend and of the rest: all steps at once, so that no error
is fed back. There is no activation: with both parts the model is linear, and one layer would do,
but two are easier to read and learn at rates of their own. All quantities share the weights.

A frame belongs to the part of the data that it forecasts: its rows may lie before the cut, its
target rows may not. Every row of the test part is forecast, none of them was a training target.

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
from recipes import scores
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_forecast_linear(input_shape=(104, 1), horizon=52, kernel_size=25):
    """Build the model, not compiled.

    Args:
        input_shape: (rows of the frame, quantities), each with mean 0 and deviation 1.
        horizon: number of next rows to forecast.
        kernel_size: rows that the moving average runs over.

    Returns:
        A keras.Model from frames (batch, *input_shape) to (batch, horizon, quantities).
    """
    window = input_shape[0]
    inputs = keras.Input(input_shape)
    # The first and the last row are repeated, so that the average is as long as the frame.
    before = ops.repeat(inputs[:, :1], (kernel_size - 1) // 2, axis=1)
    behind = ops.repeat(inputs[:, -1:], kernel_size // 2, axis=1)
    padded = ops.concatenate([before, inputs, behind], axis=1)
    trend = layers.AveragePooling1D(kernel_size, strides=1, name="trend")(padded)
    steps = []
    for part, name in ((trend, "trend"), (inputs - trend, "rest")):
        # At first all weights are alike and the forecast is the mean of the frame.
        dense = layers.Dense(
            horizon, kernel_initializer=keras.initializers.Constant(1 / window), name=f"of_{name}"
        )
        steps.append(dense(layers.Permute((2, 1))(part)))  # (batch, quantities, horizon)
    outputs = layers.Permute((2, 1))(layers.add(steps))  # (batch, horizon, quantities)
    return keras.Model(inputs, outputs, name="forecast_linear")


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
    """Train one model for each horizon, report the errors of its forecasts of the test rows.

    Args:
        data: co2, elnino, or a CSV or Parquet file whose first column is the time.
        epochs: passes over the training frames.
        batch_size: frames per training step.
        seed: draws the order of frames.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        window: rows in a frame.
        horizons: how many next rows to forecast; several with commas, the first is the headline.
        season: rows after which the series repeats; 0 for a day of hours, a year of weeks, ...
        split: rows to train on, choose on and test on, in time order, such as 8640,2880,2880, or
            shares of all.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    series = data_prep.load_series(data)
    season = data_prep.season_rows(series, window, season)
    training, validation, test = data_prep.part_rows(split, len(series))
    horizons = data_prep.whole_numbers("horizons", horizons)
    trained, errors, pictures = [], {}, {}
    for horizon in horizons:
        frames = data_prep.make_frames(
            series.iloc[: training + validation + test],
            window,
            target=list(series.columns),
            label="next",
            steps=horizon,
            missing="fill",
            fill_limit=season,
        )
        parts = data_prep.split_by_time(frames, test, validation, reach_back=True)
        parts = data_prep.scale(parts, "standard")
        model = build_forecast_linear(parts.input_shape, horizon)
        # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
        schedule = warmup_cosine(learning_rate, len(parts.train), batch_size, epochs)
        model.compile(
            optimizer=keras.optimizers.Adam(schedule),
            loss="mean_squared_error",
            steps_per_execution=16,
        )
        model.fit(
            parts.train.batches(batch_size, shuffle=True, seed=seed),
            epochs=epochs,
            validation_data=parts.validation.batches(256),
            callbacks=list(callbacks),
        )
        trained.append((model, parts.describe()))
        forecasts = {"forecast": model.predict(parts.test.batches(256), verbose=0)}
        forecasts |= scores.forecast_baselines(parts, season, ["seasonal naive"])
        examples = scores.forecast_examples(parts.test, forecasts)
        pictures[f"forecasts_{horizon}"] = visualize.plot_forecasts(**examples)
        forecasts |= scores.forecast_baselines(parts, season, ["persistence", "linear"])
        for name, values in forecasts.items():
            for error, value in scores.forecast(parts.test, values).items():
                errors.setdefault(name, {})[f"{error} at horizon {horizon}"] = value
    model, described = trained[0]
    return Report(
        model=model,
        headline=f"mean squared error at horizon {horizons[0]}",
        higher_is_better=False,
        scores=errors.pop("forecast"),
        comparisons={"linear": errors.pop("linear")},
        baselines=errors,
        data=described,
        pictures=pictures,
    )
