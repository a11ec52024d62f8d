"""The five types of recurrent network: one or many steps go in, one or many out.

    one: years (2,) or many: years (22, 1) -> gru 32 -> one number (1,) or many (11, 1)

A recurrent network is as long as its sequences, so the same cell serves all of these; on a yearly
series, with one year one step:

    one_to_one             this year and its change -> the next: a feed-forward network
    one_to_many            the same -> the next 11: the vector is the input of every step
    many_to_one            22 years -> the next: only the last state is used
    many_to_many_equal     22 years -> after each, the one that follows: every state is used
    many_to_many           22 years -> the next 11: an encoder reads, a decoder then writes

All beat persistence. On so few years the linear forecast beside many_to_many is the better one.

Reference: Karpathy, "The unreasonable effectiveness of recurrent neural networks", 2015; Sutskever
et al., "Sequence to sequence learning with neural networks", 2014.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
import numpy as np
from keras import layers

import data_prep
import visualize
from recipes import scores
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_rnn_types(kind="many_to_many", window=22, steps=11, features=1, units=32):
    """Build the network of one type, not compiled.

    Args:
        kind: "one_to_one", "one_to_many", "many_to_one", "many_to_many_equal" or "many_to_many".
        window: steps that go in, where many do; None for any number.
        steps: steps that come out of "one_to_many" and "many_to_many".
        features: numbers per step, or in the one vector that goes in.
        units: size of the state.

    Returns:
        A keras.Sequential from (batch, features) or (batch, window, features) to (batch, 1),
        (batch, window, 1) or (batch, steps, 1).
    """
    goes_in, _, comes_out = kind.partition("_to_")
    model = keras.Sequential(name="rnn_types")
    if goes_in == "one":
        model.add(keras.Input((features,)))
        model.add(layers.Dense(units, activation="tanh"))  # (batch, units)
    else:
        model.add(keras.Input((window, features)))
        # (batch, units), the last state; for an answer at every step (batch, window, units), all
        model.add(layers.GRU(units, return_sequences=comes_out == "many_equal"))
    if comes_out == "many":
        model.add(layers.RepeatVector(steps))  # (batch, steps, units): the vector, at every step
        model.add(layers.GRU(units, return_sequences=True))  # (batch, steps, units)
    model.add(layers.Dense(1))  # of a sequence at each of its steps, with the same weights
    return model


def run(data="sunspots", epochs=20, batch_size=16, seed=0, learning_rate=0.01, callbacks=()):
    """Train each type on a task that needs it, report errors on the latest years.

    Args:
        data: sunspots, elnino, co2, or a CSV or Parquet file whose first column is the time and
            whose second is the series.
        epochs: passes over the training frames.
        batch_size: frames per training step.
        seed: draws the first weights and the order of frames.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report on many_to_many; the scores have the error of every type.
    """
    series = data_prep.load_series(data).iloc[:, :1]
    frames = data_prep.make_frames(series, 22, label="next", steps=11, missing="drop")
    frames = data_prep.scale(data_prep.split_by_time(frames, 0.25, 0.15), "standard")
    train, validation, test = (_tasks(part) for part in frames.parts().values())
    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(frames.train), batch_size, epochs)
    table, errors = {}, {}
    for kind, (inputs, targets, _) in train.items():
        model = build_rnn_types(kind, features=inputs.shape[-1])
        model.compile(
            optimizer=keras.optimizers.Adam(schedule),
            loss="mean_squared_error",
            steps_per_execution=8,
        )
        model.fit(
            inputs,
            targets,
            batch_size=batch_size,
            epochs=epochs,
            validation_data=validation[kind][:2],
            callbacks=list(callbacks),
        )
        inputs, *numbers = test[kind]
        numbers.append(model.predict(inputs, batch_size=256, verbose=0)[..., 0])
        # (frames, steps), back in the unit of the series
        truth, last, answer = map(frames.test.labels_to_original, numbers)
        errors[kind] = scores.regression(truth.ravel(), answer.ravel())
        persistence = scores.regression(truth.ravel(), np.broadcast_to(last, truth.shape).ravel())
        table[kind] = {
            "persistence": persistence["root mean squared error"],
            "network": errors[kind]["root mean squared error"],
        }
    linear = scores.forecast_baselines(frames, 11, ["linear"])["linear"][..., 0]
    linear = frames.test.labels_to_original(linear)
    seen = frames.test.inputs_to_original(frames.test.inputs)[-1, :, 0]
    return Report(
        model=model,
        headline="root mean squared error",
        higher_is_better=False,
        scores=errors["many_to_many"]
        | {f"root mean squared error of {kind}": row["network"] for kind, row in table.items()}
        | {f"persistence for {kind}": row["persistence"] for kind, row in table.items()},
        baselines={"persistence": persistence},
        comparisons={"linear": scores.regression(truth.ravel(), linear.ravel())},
        data=frames.describe(),
        pictures={
            "types": visualize.plot_rnn_types(),
            "errors": visualize.plot_score_table(table),
            "forecast": visualize.plot_forecast(
                np.append(seen, truth[-1]), answer[-1], 0, len(seen)
            ),
        },
    )


def _tasks(frames):
    """{type: (inputs, targets (frames, steps), what persistence answers)}, from the same frames."""
    years, following = frames.inputs, frames.labels  # (frames, 22, 1), (frames, 11)
    now = years[:, -1]  # (frames, 1)
    state = np.concatenate([now, now - years[:, -2]], axis=1)  # (frames, 2): level and change
    shifted = np.concatenate([years[:, 1:, 0], following[:, :1]], axis=1)
    return {
        "one_to_one": (state, following[:, :1], now),
        "one_to_many": (state, following, now),
        "many_to_one": (years, following[:, :1], now),
        "many_to_many_equal": (years, shifted, years[..., 0]),
        "many_to_many": (years, following, now),
    }
