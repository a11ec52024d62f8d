"""LSTM forecast of the next rows of a series, all at once or step by step.

    frame (104, 1) -> minus its last row -> 13 rows at a time -> lstm 64 -> next rows (52, 1)

Take it for longer series, where a linear forecast is not good enough.

A frame is the rows before the rows to forecast. It is cut into steps of several rows each. Over a
few steps an LSTM remembers more than over a hundred, and is faster. Two ways to forecast are
trained. The direct forecast computes all next rows from the last state. The autoregressive forecast
computes the next step, reads this prediction as the next input and goes on, so errors can add up.
Inputs and outputs are differences from the last row of the frame: a level that never occurred in
training, such as this year's CO2, is as easy to forecast as any other. All columns share a network.

In the report: forecasts of test rows both ways, and their errors. "linear" is ridge regression on
the same differences; a network that does not beat it is not worth its training.

Differs from forecast_linear: an LSTM instead of weighted sums, and two ways to forecast.

Reference: Lin et al., "SegRNN: segment recurrent neural network for long-term time series
forecasting", 2023; Hochreiter and Schmidhuber, "Long short-term memory", 1997.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
from keras import layers, ops

import data_prep
import visualize
from data_prep.series.forecasts import part_rows, season_rows
from recipes import scores
from recipes.layers.sizes import check_integers, check_shape
from recipes.report import Report
from recipes.schedules import warmup_cosine


@keras.saving.register_keras_serializable(package="recipes")
class FeedbackCell(layers.Layer):
    """An LSTM cell that reads its own last prediction; for keras.layers.RNN.

    Its inputs are not read: they only tell keras.layers.RNN how many steps to make. The states are
    those of the LSTM, two vectors of `units`, and the last prediction.

    Args:
        units: size of the LSTM's state.
        prediction_size: how many numbers a prediction has.
    """

    def __init__(self, units, prediction_size, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.prediction_size = prediction_size
        self.cell = layers.LSTMCell(units)
        self.dense = layers.Dense(prediction_size)
        self.state_size = (units, units, prediction_size)
        self.output_size = prediction_size

    def build(self, input_shape):
        """Make the weights of both layers."""
        self.cell.build((None, self.prediction_size))
        self.dense.build((None, self.units))

    def call(self, inputs, states, training=False):
        """The next prediction, (batch, prediction_size), and the states after it."""
        *memory, last_prediction = states
        output, memory = self.cell(last_prediction, memory, training=training)
        prediction = self.dense(output)
        return prediction, (*memory, prediction)

    def get_config(self):
        """The arguments of the constructor."""
        sizes = {"units": self.units, "prediction_size": self.prediction_size}
        return super().get_config() | sizes

    @classmethod
    def from_config(cls, config):
        """Make the cell; older saved models call the size of a prediction `answer_size`."""
        if "answer_size" in config:
            config = dict(config)
            config["prediction_size"] = config.pop("answer_size")
        return super().from_config(config)


def build_forecast_lstm(
    input_shape=(104, 1),
    horizon=52,
    units=64,
    step=13,
    dropout=0.2,
    autoregressive=False,
    name="forecast_lstm",
):
    """Build the network, not compiled.

    Args:
        input_shape: (rows of the frame, features), each with mean 0 and standard deviation 1.
        horizon: number of next rows to forecast.
        units: size of the LSTM's state.
        step: rows read at a time; it divides the frame and the horizon.
        dropout: fraction of values dropped after the LSTM of the direct forecast.
        autoregressive: whether to forecast step by step, each from the one before.
        name: name of the model, shown in progress and history.

    Returns:
        A keras.Model from frames (batch, *input_shape) to (batch, horizon, features).

    Raises:
        ValueError: if a size is not an integer >= 1, or if the step does not divide the rows of the
            frame and the horizon.

    Example:
        import numpy as np

        series = np.sin(np.arange(400) / 8) + 0.1 * np.random.randn(400)
        series = (series - series.mean()) / series.std()
        frames = np.stack([series[row : row + 48] for row in range(320)])
        next_rows = np.stack([series[row + 48 : row + 60] for row in range(320)])
        frames = frames[..., np.newaxis]  # (320, 48, 1)
        next_rows = next_rows[..., np.newaxis]  # (320, 12, 1)

        model = build_forecast_lstm(input_shape=(48, 1), horizon=12, step=6)
        model.compile("adam", "mean_squared_error")
        model.fit(frames, next_rows, batch_size=32, epochs=2)
        last_frame = series[np.newaxis, -48:, np.newaxis]
        forecast = model.predict(last_frame)  # (1, 12, 1)
    """
    check_shape("build_forecast_lstm", input_shape, "rows", "features")
    check_integers("build_forecast_lstm", horizon=horizon, units=units, step=step)

    window, features = input_shape
    if window % step or horizon % step:
        raise ValueError(
            f"build_forecast_lstm: step {step} for {window} rows in the frame and horizon "
            f"{horizon}; give a step that divides both."
        )

    inputs = keras.Input(input_shape)
    last_row = inputs[:, -1:]
    x = ops.transpose(inputs - last_row, (0, 2, 1))  # (batch, features, window)
    x = ops.reshape(x, (-1, window // step, step))  # (batch * features, steps, rows of a step)

    if autoregressive:
        _, *memory = layers.LSTM(units, return_state=True)(x)
        last_step = x[:, -1]
        decoder = layers.RNN(FeedbackCell(units, step), return_sequences=True)
        steps = layers.RepeatVector(horizon // step)(last_step)
        x = decoder(steps, initial_state=[*memory, last_step])
    else:
        x = layers.Dropout(dropout)(layers.LSTM(units)(x))  # (batch * features, units)
        x = layers.Dense(horizon)(x)

    x = ops.reshape(x, (-1, features, horizon))
    outputs = ops.transpose(x, (0, 2, 1)) + last_row  # (batch, horizon, features)
    return keras.Model(inputs, outputs, name=name)


def run(
    data="co2",
    epochs=20,
    batch_size=32,
    seed=0,
    learning_rate=0.005,
    window=104,
    horizon=52,
    step=13,
    season=0,
    split="0.7,0.1,0.2",
    callbacks=(),
):
    """Train both ways to forecast and report the errors on the test rows.

    Args:
        data: co2, elnino, or a CSV or Parquet file whose first column is the time.
        epochs: passes over the training frames.
        batch_size: frames per training step.
        seed: sets the initial weights and the order of the frames.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        window: rows in a frame.
        horizon: how many next rows to forecast.
        step: rows that the LSTM reads at a time; it divides window and horizon.
        season: number of rows after which the series repeats; 0 chooses it from the time between
            rows: 24 for hourly rows, 52 for weekly rows, ...
        split: rows for training, validation and test, in time order, such as 8640,2880,2880, or
            fractions of all.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: if the step does not divide window and horizon.
    """
    if step < 1 or window % step or horizon % step:
        raise data_prep.DataError(
            f"step={step}: window={window} and horizon={horizon}; give a step that divides both."
        )
    series = data_prep.load_series(data)
    period = season_rows(series, window, season)
    parts = _make_parts(series, window, horizon, season=period, split=split)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(parts.train), batch_size, epochs)
    forecasts = {}
    for method in ("autoregressive", "direct"):
        model = build_forecast_lstm(
            parts.input_shape,
            horizon,
            step=step,
            autoregressive=method == "autoregressive",
            name="forecast_lstm" if method == "direct" else "autoregressive",
        )
        model.compile(
            optimizer=keras.optimizers.Adam(schedule),
            loss="mean_squared_error",
            steps_per_execution=8,  # several batches per call: faster for a small model
        )
        model.fit(
            parts.train.batches(batch_size, shuffle=True, seed=seed),
            epochs=epochs,
            validation_data=parts.validation.batches(256),
            callbacks=list(callbacks),
        )

        # The only use of the test rows.
        forecasts[method] = model.predict(parts.test.batches(256), verbose=0)

    errors = _compare(parts, forecasts, period)
    return Report(
        model=model,
        headline="mean squared error",
        higher_is_better=False,
        scores=_both_ways(errors),
        baselines={name: errors[name] for name in ("persistence", "seasonal naive")},
        comparisons={name: errors[name] for name in ("autoregressive", "linear")},
        data=parts.describe(),
        pictures={"forecasts": _plot_examples(parts, forecasts, period)},
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


def _compare(parts, forecasts, season):
    """{name: errors on the test rows} of both forecasts and of simple ones."""
    simple = ("persistence", "seasonal naive", "linear")
    every = forecasts | scores.forecast_baselines(parts, season, simple)
    return {name: scores.forecast(parts.test, values) for name, values in every.items()}


def _both_ways(errors):
    """The errors of the direct forecast, then those of the autoregressive one."""
    autoregressive = {
        f"{name}, autoregressive": value for name, value in errors["autoregressive"].items()
    }
    return errors["direct"] | autoregressive


def _plot_examples(parts, forecasts, season):
    """Forecasts of some test frames both ways, compared with the last season repeated."""
    shown = {name: forecasts[name] for name in ("direct", "autoregressive")}
    shown |= scores.forecast_baselines(parts, season, ["seasonal naive"])
    examples = scores.forecast_examples(parts.test, shown)
    return visualize.plot_forecasts(**examples)
