"""Direction classifier: will a series be up or down some rows later? An LSTM.

    changes (52, 1) -> lstm 32 -> probabilities of down and up (2,)

Take it for prices, sales and other series where only the direction of the change matters.

A frame is the rows that a prediction is made from. Each of its values is the percent change from
the row before, so that a price of 40 and a price of 4000 move alike. Where prices mostly rise, "up"
every time is often right. So training keeps as many frames with the label "up" as with "down", and
in the score both classes count the same. Overlapping frames have similar results, which are not
independent. The confidence interval of the score therefore resamples blocks of successive frames
(block bootstrap).

In the report: the score, its interval, and whether the interval lies above chance, which is one
half. Compare the score with "reversal", the opposite of the last direction. Prices of one minute
swing between what buyers offer and what sellers ask, so this baseline is often right and learns
nothing. Only a network that beats it has learnt a pattern.

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
from recipes.layers.sizes import check_integers, check_shape
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_direction_lstm(input_shape=(52, 1), num_classes=2, units=32, dropout=0.2):
    """Build the network, not compiled.

    Args:
        input_shape: (rows of the frame, features), each with mean 0 and standard deviation 1; the
            number of rows may be None.
        num_classes: number of classes, the size of the output.
        units: size of the LSTM's state.
        dropout: fraction of values dropped after the LSTM.

    Returns:
        A keras.Sequential from frames (batch, *input_shape) to probabilities (batch, num_classes).

    Raises:
        ValueError: if a size is not an integer >= 1.

    Example:
        import numpy as np

        prices = 100 + np.random.randn(300).cumsum()
        changes = 100 * (prices[1:] / prices[:-1] - 1)  # percent
        frames = np.stack([changes[row : row + 30] for row in range(260)])
        frames = frames[..., np.newaxis]  # (260, 30, 1)
        rises = np.array([prices[row + 35] > prices[row + 30] for row in range(260)])
        labels = rises.astype(int)  # up or down 5 rows after the frame

        model = build_direction_lstm(input_shape=(30, 1))
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(frames[:200], labels[:200], batch_size=32, epochs=2)
        later_frames = frames[235:]  # they share no row with the training frames
        probabilities = model.predict(later_frames)  # of down and up, (25, 2)
    """
    check_shape("build_direction_lstm", input_shape, "rows", "features", free=("rows",))
    check_integers("build_direction_lstm", num_classes=num_classes, units=units)

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
    """Train on balanced classes and report how well up and down are told apart in the last rows.

    Args:
        data: co2, elnino, a CSV or Parquet file whose first column is the time, or a folder of
            prices: CSV files without a header of time in seconds, low, high, open, close, volume.
        epochs: passes over the training frames.
        batch_size: frames per training step.
        seed: sets the initial weights, the order of the frames and which are kept for balance.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        target: the column whose direction is predicted; not needed where there is only one.
        window: rows in a frame.
        horizon: rows from the last of the frame to the one that is up or down.
        test: fraction of the rows, the last ones, to test on.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: if a frame is not longer than the horizon.
    """
    if horizon >= window:
        raise data_prep.DataError(
            f"horizon={horizon}: a frame of {window} rows does not hold the last {horizon} changes "
            f"to compare with; give a longer window or a shorter horizon."
        )
    frames = _make_frames(data, target, window, horizon)
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
        steps_per_execution=8,  # several batches per call: faster for a small model
    )
    model.fit(
        parts.train.batches(batch_size, shuffle=True, seed=seed),
        epochs=epochs,
        validation_data=parts.validation.batches(256),
        callbacks=list(callbacks),
    )

    # The only use of the test frames.
    probabilities = model.predict(parts.test.batches(256), verbose=0)
    found = _compare(parts, probabilities, window + horizon)
    ours = found["network"]
    chance = 1 / len(parts.classes)
    better = ours["low end of 95%"] > chance
    return Report(
        model=model,
        headline="balanced accuracy",
        scores=scores.classification(parts.test.labels, probabilities, parts.classes)
        | ours
        | {"better than chance (1 yes, 0 no)": float(better)},
        baselines={name: found[name] for name in ("majority", "persistence", "reversal")},
        comparisons={"logistic regression": found["logistic regression"]},
        data=parts.describe(),
        pictures={"confusion": _plot_confusion(parts, probabilities, ours, better)},
    )


def _make_frames(data, target, window, horizon):
    """Frames of a series, labelled with the direction."""
    series = data_prep.load_series(data)
    # There is no percent change from 0, such as the volume of a minute without trade.
    has_zero = (series == 0).any()
    series.loc[:, has_zero] += 1
    return data_prep.make_frames(
        series,
        window,
        horizon,
        target=target or None,
        label="direction",
        missing="fill",
        fill_limit=window,
    )


def _compare(parts, probabilities, span):
    """{name: balanced accuracy and its interval} of the network and of simple models.

    Args:
        parts: the Dataset.
        probabilities: of the network, for the test frames.
        span: rows from the first row of a frame to its label. Frames further apart share no row.
    """
    labels = parts.test.labels
    predictions = scores.direction_baselines(parts)
    predictions |= scores.direction_baselines(parts, ["logistic regression"])
    predictions["network"] = probabilities.argmax(axis=1)

    block = min(span, 1 + len(labels) // 5)
    return {
        name: scores.balanced_accuracy(labels, predicted, block)
        for name, predicted in predictions.items()
    }


def _plot_confusion(parts, probabilities, ours, better):
    """Which direction is taken for which, with the score and its interval as the title."""
    matrix = scores.confusion(parts.test.labels, probabilities)
    figure = visualize.plot_confusion_matrix(matrix, parts.classes)
    figure.axes[0].set_title(
        f"balanced accuracy {ours['balanced accuracy']:.3f}\n"
        f"95%: {ours['low end of 95%']:.3f} to {ours['high end of 95%']:.3f}\n"
        f"{'better' if better else 'no better'} than chance"
    )
    return figure
