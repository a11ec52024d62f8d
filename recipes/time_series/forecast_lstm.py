"""An LSTM that forecasts the next rows of a series, at once or step by step.

    frame (104, 1) -> less its last row -> 13 rows at a time -> lstm 64 -> next rows (52, 1)

The frame becomes a sequence of steps of several rows each: over a few steps an LSTM remembers more,
and is faster, than over a hundred. Two heads are trained: the direct one gives all next rows at
once; the autoregressive one gives the next step, reads its own answer and goes on, so that errors
add up. What comes in and out is the distance from the frame's last row: a level that training never
saw, such as this year's CO2, is then no harder than any other. Quantities share the network.

Differs from forecast_linear: an LSTM in place of weighted sums, and both ways to many steps.

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
from recipes import scores
from recipes.report import Report
from recipes.schedules import warmup_cosine


@keras.saving.register_keras_serializable(package="recipes")
class FeedbackCell(layers.Layer):
    """An LSTM cell that reads its own last answer; for keras.layers.RNN, which counts the steps.

    Args:
        units: size of the LSTM's state.
        answer_size: numbers in an answer.
    """

    def __init__(self, units, answer_size, **kwargs):
        super().__init__(**kwargs)
        self.units, self.answer_size = units, answer_size
        self.cell, self.dense = layers.LSTMCell(units), layers.Dense(answer_size)
        self.state_size, self.output_size = (units, units, answer_size), answer_size

    def build(self, input_shape):
        """Make the weights of both layers."""
        self.cell.build((None, self.answer_size))
        self.dense.build((None, self.units))

    def call(self, inputs, states, training=False):
        """The next answer, (batch, answer_size), and the states; what comes in is not read."""
        output, memory = self.cell(states[2], states[:2], training=training)
        answer = self.dense(output)
        return answer, (*memory, answer)

    def get_config(self):
        """What a saved model keeps."""
        return super().get_config() | {"units": self.units, "answer_size": self.answer_size}


def build_forecast_lstm(
    input_shape=(104, 1), horizon=52, units=64, step=13, dropout=0.2, autoregressive=False
):
    """Build the network, not compiled.

    Args:
        input_shape: (rows of the frame, quantities), each with mean 0 and deviation 1.
        horizon: number of next rows to forecast.
        units: size of the LSTM's state.
        step: rows read at a time; frame and horizon are whole numbers of steps.
        dropout: share of values dropped behind the LSTM of the direct forecast.
        autoregressive: whether to forecast step by step, each from the one before.

    Returns:
        A keras.Model from frames (batch, *input_shape) to (batch, horizon, quantities).
    """
    window, quantities = input_shape
    inputs = keras.Input(input_shape)
    last = inputs[:, -1:]
    x = ops.transpose(inputs - last, (0, 2, 1))  # (batch, quantities, window)
    x = ops.reshape(x, (-1, window // step, step))  # (batch * quantities, steps, rows of a step)
    if autoregressive:
        _, *memory = layers.LSTM(units, return_state=True)(x)
        x = x[:, -1]
        decoder = layers.RNN(FeedbackCell(units, step), return_sequences=True)
        x = decoder(layers.RepeatVector(horizon // step)(x), initial_state=[*memory, x])
    else:
        x = layers.Dropout(dropout)(layers.LSTM(units)(x))
        x = layers.Dense(horizon)(x)
    x = ops.reshape(x, (-1, quantities, horizon))
    outputs = ops.transpose(x, (0, 2, 1)) + last  # (batch, horizon, quantities)
    return keras.Model(inputs, outputs, name="forecast_lstm")


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
    """Train both ways to forecast, report the errors on the test rows.

    Args:
        data: co2, elnino, or a CSV or Parquet file whose first column is the time.
        epochs: passes over the training frames.
        batch_size: frames per training step.
        seed: draws the first weights and the order of frames.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        window: rows in a frame.
        horizon: how many next rows to forecast.
        step: rows that the LSTM reads at a time; window and horizon are whole numbers of steps.
        season: rows after which the series repeats; 0 for a day of hours, a year of weeks, ...
        split: rows to train on, choose on and test on, in time order, such as 8640,2880,2880, or
            shares of all.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: where window or horizon is no whole number of steps.
    """
    if step < 1 or window % step or horizon % step:
        raise data_prep.DataError(
            f"step={step}: window={window} and horizon={horizon} must be whole numbers of steps; "
            f"give a step that divides both."
        )
    series = data_prep.load_series(data)
    season = data_prep.season_rows(series, window, season)
    training, validation, test = data_prep.part_rows(split, len(series))
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
    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(parts.train), batch_size, epochs)
    forecasts = {}
    for way in ("autoregressive", "direct"):
        model = build_forecast_lstm(
            parts.input_shape, horizon, step=step, autoregressive=way == "autoregressive"
        )
        model.compile(
            optimizer=keras.optimizers.Adam(schedule),
            loss="mean_squared_error",
            steps_per_execution=8,
        )
        model.fit(
            parts.train.batches(batch_size, shuffle=True, seed=seed),
            epochs=epochs,
            validation_data=parts.validation.batches(256),
            callbacks=list(callbacks),
        )
        forecasts[way] = model.predict(parts.test.batches(256), verbose=0)
    simple = scores.forecast_baselines(parts, season)
    shown = {"direct": forecasts["direct"]} | forecasts
    shown["seasonal naive"] = simple["seasonal naive"]
    examples = scores.forecast_examples(parts.test, shown)
    forecasts |= simple | scores.forecast_baselines(parts, season, ["linear"])
    errors = {way: scores.forecast(parts.test, values) for way, values in forecasts.items()}
    fed_back = {f"{name}, autoregressive": v for name, v in errors["autoregressive"].items()}
    return Report(
        model=model,
        headline="mean squared error",
        higher_is_better=False,
        scores=errors["direct"] | fed_back,
        comparisons={name: errors[name] for name in ("autoregressive", "linear")},
        baselines={name: errors[name] for name in simple},
        data=parts.describe(),
        pictures={"forecasts": visualize.plot_forecasts(**examples)},
    )
