"""Time-series networks: the five types of RNN, from one-to-one to many-to-many.

    one: years (2,) or many: years (22, 1) -> gru 32 -> one number (1,) or many (11, 1)

Take the type that has sequences where the data has them: on input, output or both. The same cell
serves all types. On a yearly series, where one step is one year:

    one_to_one             this year and its change -> the next year, without recurrence
    one_to_many            the same -> the next 11 years
    many_to_one            22 years -> the next year
    many_to_many_equal     22 years -> after each of them, the next year
    many_to_many           22 years -> the next 11 years

A network that reads one vector uses it at every step. A network that gives one number uses only
the last state. In many_to_many an encoder reads, and a decoder writes at another length.

In the report: the error of each type next to that of persistence, which repeats the last year.
The comparison, a linear forecast from the same 22 years, is hard to beat on a short series.

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
from recipes.layers.sizes import check_integers
from recipes.report import Report
from recipes.schedules import warmup_cosine

KINDS = ("one_to_one", "one_to_many", "many_to_one", "many_to_many_equal", "many_to_many")
WINDOW = 22  # years read: two cycles of sunspots
STEPS = 11  # years forecast
SCORE = "root mean squared error"


def build_rnn_types(
    kind="many_to_many", window=22, steps=11, features=1, units=32, name="rnn_types"
):
    """Build the network of one type, not compiled.

    Args:
        kind: "one_to_one", "one_to_many", "many_to_one", "many_to_many_equal" or "many_to_many".
        window: number of steps in the input, where it is a sequence; None for any number.
        steps: number of steps in the output of "one_to_many" and "many_to_many".
        features: numbers per step, or in the one vector that goes in.
        units: size of the state.
        name: name of the model, shown in progress and history.

    Returns:
        A keras.Sequential from (batch, features) or (batch, window, features) to (batch, 1),
        (batch, window, 1) or (batch, steps, 1).

    Raises:
        ValueError: if there is no such kind, or a size is not an integer >= 1.

    Example:
        import numpy as np

        series = np.sin(0.3 * np.arange(300))
        windows = np.lib.stride_tricks.sliding_window_view(series, 22 + 11)  # (268, 33)
        inputs = windows[:, :22, None]  # (268, 22, 1)
        targets = windows[:, 22:, None]  # (268, 11, 1)

        model = build_rnn_types(kind="many_to_many", window=22, steps=11)
        model.compile(keras.optimizers.Adam(0.01), "mean_squared_error")
        model.fit(inputs[:200], targets[:200], batch_size=16, epochs=2)
        forecasts = model.predict(inputs[200:])  # (68, 11, 1)
    """
    if kind not in KINDS:
        raise ValueError(f"build_rnn_types: kind {kind!r}; give one of {', '.join(KINDS)}.")
    check_integers("build_rnn_types", steps=steps, features=features, units=units)
    if window is not None:
        check_integers("build_rnn_types", window=window)

    model = keras.Sequential(name=name)
    if kind.startswith("many"):
        model.add(keras.Input((window, features)))
        # The state of every step (batch, window, units), or only the last one (batch, units).
        model.add(layers.GRU(units, return_sequences=kind == "many_to_many_equal"))
    else:
        model.add(keras.Input((features,)))
        model.add(layers.Dense(units, activation="tanh"))  # (batch, units)

    if kind.endswith("to_many"):
        model.add(layers.RepeatVector(steps))  # (batch, steps, units): the same at every step
        model.add(layers.GRU(units, return_sequences=True))  # (batch, steps, units)

    model.add(layers.Dense(1))  # in a sequence: at each step, with the same weights
    return model


def run(data="sunspots", epochs=20, batch_size=16, seed=0, learning_rate=0.01, callbacks=()):
    """Train each type on a task that needs it and report the errors on the latest years.

    Args:
        data: sunspots, elnino, co2, or a CSV or Parquet file: time in column 1, series in column 2.
        epochs: passes over the training frames.
        batch_size: frames per training step.
        seed: sets the initial weights and the order of the frames.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report on many_to_many; the scores have the error of every type.
    """
    series = data_prep.load_series(data).iloc[:, :1]
    frames = data_prep.make_frames(series, WINDOW, label="next", steps=STEPS, missing="drop")
    frames = data_prep.scale(data_prep.split_by_time(frames, 0.25, 0.15), "standard")
    train, validation = make_tasks(frames.train), make_tasks(frames.validation)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(frames.train), batch_size, epochs)
    networks = {}
    for kind in KINDS:
        inputs, targets, _ = train[kind]
        name = "rnn_types" if kind == "many_to_many" else kind
        model = build_rnn_types(kind, WINDOW, STEPS, features=inputs.shape[-1], name=name)
        model.compile(
            optimizer=keras.optimizers.Adam(schedule),
            loss="mean_squared_error",
            steps_per_execution=8,  # several batches per call: faster for a small model
        )
        model.fit(
            inputs,
            targets,
            batch_size=batch_size,
            epochs=epochs,
            validation_data=validation[kind][:2],
            callbacks=list(callbacks),
        )
        networks[kind] = model

    # The only use of the latest years.
    errors = _errors(networks, frames)
    return Report(
        model=networks["many_to_many"],
        headline=SCORE,
        higher_is_better=False,
        scores=errors["many_to_many"]["network"] | _scores_by_type(errors),
        baselines={"persistence": errors["many_to_many"]["persistence"]},
        comparisons={"linear": _errors_of_linear_forecast(frames)},
        data=frames.describe(),
        pictures=_pictures(networks["many_to_many"], frames, errors),
    )


def make_tasks(frames):
    """{type: (inputs, targets (frames, steps), forecast of persistence)}, from the same frames."""
    years, following = frames.inputs, frames.labels  # (frames, window, 1), (frames, steps)
    now = years[:, -1]  # (frames, 1)
    change = now - years[:, -2]
    vector = np.concatenate([now, change], axis=1)  # (frames, 2)
    shifted = np.concatenate([years[:, 1:, 0], following[:, :1]], axis=1)  # (frames, window)

    return {
        "one_to_one": (vector, following[:, :1], now),
        "one_to_many": (vector, following, now),
        "many_to_one": (years, following[:, :1], now),
        "many_to_many_equal": (years, shifted, years[..., 0]),
        "many_to_many": (years, following, now),
    }


def _errors(networks, frames):
    """{type: {"persistence" or "network": errors}} on the latest years, in the original unit."""
    tasks = make_tasks(frames.test)
    to_original = frames.test.labels_to_original
    errors = {}
    for kind, model in networks.items():
        inputs, targets, last = tasks[kind]
        forecast = model.predict(inputs, batch_size=256, verbose=0)[..., 0]  # (frames, steps)
        truth = to_original(targets)
        persistence = np.broadcast_to(to_original(last), truth.shape)
        errors[kind] = {
            "persistence": scores.regression(truth.ravel(), persistence.ravel()),
            "network": scores.regression(truth.ravel(), to_original(forecast).ravel()),
        }
    return errors


def _scores_by_type(errors):
    """The error of every type, and that of persistence on the same task."""
    networks = {f"{SCORE} of {kind}": errors[kind]["network"][SCORE] for kind in KINDS}
    persistence = {f"persistence for {kind}": errors[kind]["persistence"][SCORE] for kind in KINDS}
    return networks | persistence


def _errors_of_linear_forecast(frames):
    """The errors of a linear forecast of the same years from the same frames."""
    linear = scores.forecast_baselines(frames, STEPS, ["linear"])["linear"][..., 0]
    truth = frames.test.labels_to_original(frames.test.labels)
    return scores.regression(truth.ravel(), frames.test.labels_to_original(linear).ravel())


def _pictures(model, frames, errors):
    """The five types, the error of each, and the forecast from the latest frame."""
    table = {}
    for kind, row in errors.items():
        table[kind] = {name: error[SCORE] for name, error in row.items()}

    test = frames.test
    seen = test.inputs_to_original(test.inputs)[-1, :, 0]
    truth = test.labels_to_original(test.labels)[-1]
    outputs = model.predict(test.inputs, batch_size=256, verbose=0)[..., 0]  # (frames, steps)
    forecast = test.labels_to_original(outputs)[-1]
    return {
        "types": visualize.plot_rnn_types(),
        "errors": visualize.plot_score_table(table),
        "forecast": visualize.plot_forecast(np.append(seen, truth), forecast, 0, len(seen)),
    }
