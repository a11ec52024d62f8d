"""Will it be up or down some rows later? An LSTM on the changes in a frame.

    changes (52, 1) -> lstm 32 -> probabilities of down and up (2,)

Each number of a frame is the percent change from the row before: a price of 40 and one of 4000 move
alike. Of the training frames as many are kept that end in up as in down, and in the score both
classes count the same: where prices rise, "up" every time would often be right and know nothing.
Frames overlap, so that their hits are no independent draws: the interval of the score comes from
blocks of neighbours. Where it reaches down to one half, the report says "no better than chance".

Prices of one minute swing between what buyers and sellers ask. The baseline "reversal", the
opposite of the last direction, knows that without learning: beat it before you speak of patterns.

Reference: Politis and Romano, "A circular block-resampling procedure for stationary data", 1992;
Hochreiter and Schmidhuber, "Long short-term memory", 1997.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
from keras import layers

import data_prep
import visualize
from recipes import scores
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_direction_lstm(input_shape=(52, 1), num_classes=2, units=32, dropout=0.2):
    """Build the network, not compiled.

    Args:
        input_shape: (rows of the frame, quantities), each with mean 0 and deviation 1.
        num_classes: number of classes, the size of the output.
        units: size of the LSTM's state.
        dropout: share of values dropped behind the LSTM.

    Returns:
        A keras.Sequential from frames (batch, *input_shape) to probabilities (batch, num_classes).
    """
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.LSTM(units),  # (batch, units)
            layers.Dropout(dropout),
            layers.Dense(num_classes, activation="softmax"),
        ],
        name="direction_lstm",
    )


def run(
    data="co2",
    epochs=20,
    batch_size=32,
    seed=0,
    learning_rate=0.005,
    target="",
    window=52,
    horizon=8,
    test=0.2,
    callbacks=(),
):
    """Train on balanced classes, report how often up and down are found in the latest rows.

    Args:
        data: co2, elnino, a CSV or Parquet file whose first column is the time, or a folder of
            prices: CSV files without a header of time in seconds, low, high, open, close, volume.
        epochs: passes over the training frames.
        batch_size: frames per training step.
        seed: draws the first weights, the order of frames and those kept for equal classes.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        target: the column whose direction is to be told; may be left out where there is but one.
        window: rows in a frame.
        horizon: rows from the frame's last to the one that is up or down.
        test: share of the rows, the last ones, to test on.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: where a frame is no longer than the horizon.
    """
    if horizon >= window:
        raise data_prep.DataError(
            f"horizon={horizon}: a frame of {window} rows does not hold the last {horizon} changes "
            f"to compare with; give a longer window or a shorter horizon."
        )
    series = data_prep.load_series(data)
    # From 0, such as the volume of a minute without trade, there is no percent change.
    series.loc[:, (series == 0).any()] += 1
    frames = data_prep.make_frames(
        series,
        window,
        horizon,
        target=target or None,
        label="direction",
        missing="fill",
        fill_limit=window,
    )
    parts = data_prep.split_by_time(frames, test=test)
    parts = data_prep.scale(parts, ("percent_change", "standard"))
    parts = data_prep.balance(parts, seed)
    model = build_direction_lstm(parts.input_shape, len(parts.classes))
    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(parts.train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=8,
    )
    model.fit(
        parts.train.batches(batch_size, shuffle=True, seed=seed),
        epochs=epochs,
        validation_data=parts.validation.batches(256),
        callbacks=list(callbacks),
    )
    labels, probabilities = parts.test.labels, model.predict(parts.test.batches(256), verbose=0)
    simple = scores.direction_baselines(parts)
    answers = simple | scores.direction_baselines(parts, ["logistic regression"])
    answers["network"] = probabilities.argmax(axis=1)
    block = min(window + horizon, 1 + len(labels) // 5)  # frames further apart share no row
    found = {
        name: scores.balanced_accuracy(labels, answer, block) for name, answer in answers.items()
    }
    mean, low, high, _ = found["network"].values()
    better = low > 1 / len(parts.classes)
    matrix = scores.confusion(labels, probabilities)
    figure = visualize.plot_confusion_matrix(matrix, parts.classes)
    figure.axes[0].set_title(
        f"balanced accuracy {mean:.3f}\n95%: {low:.3f} to {high:.3f}\n"
        f"{'better' if better else 'no better'} than chance"
    )
    return Report(
        model=model,
        headline="balanced accuracy",
        scores=scores.classification(labels, probabilities, parts.classes)
        | found["network"]
        | {"better than chance (1 yes, 0 no)": float(better)},
        comparisons={"logistic regression": found["logistic regression"]},
        baselines={name: found[name] for name in simple},
        data=parts.describe(),
        pictures={"confusion": figure},
    )
