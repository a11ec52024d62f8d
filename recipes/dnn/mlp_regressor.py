"""Regression: dense layers that predict a number.

    10 measurements -> dense 32 -> number (1,)

For predicting a number, such as a price or a dose, from the other numbers in a row of a table.

The number may have any size and sign, so the output layer has no activation: a sigmoid cannot
exceed 1, and a ReLU cannot go below 0. The loss is the mean squared error. The prediction that
makes this loss smallest is the mean of all targets that occur with the same input. The outputs of a
new network are near 0, so targets in the hundreds would give huge gradients. Therefore the network
is trained on targets scaled to mean 0 and deviation 1, and its predictions are scaled back to the
original unit.
Without hidden layers the network is a linear regression.

In the report: the predicted against the true numbers, and the errors in the unit of the target. The
comparison is ridge regression, a linear regression with a penalty on large weights, which suits a
few hundred rows.

Differs from mlp_classifier: no activation at the output, mean squared error, scaled targets; rows
of a table as inputs, so no random shifts; no batch normalisation.

Reference: Bishop, "Pattern recognition and machine learning", section 5.2, 2006.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
from keras import layers

import data_prep
import visualize
from recipes import scores
from recipes.layers.sizes import check_shape, check_tuples
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_mlp_regressor(input_shape=(10,), units=(32,), dropout=0.3):
    """Build the network, not compiled.

    Args:
        input_shape: (features,) of an example, each feature with mean 0 and deviation 1.
        units: width of each dense layer, from the first to the last; () for a linear regression.
        dropout: fraction of values dropped after each dense layer.

    Returns:
        A keras.Sequential from (batch, *input_shape) to numbers (batch, 1).

    Raises:
        ValueError: if input_shape is not (features,), or `units` is not a tuple of integers >= 1.

    Example:
        import numpy as np

        inputs = np.random.normal(size=(256, 10))  # each feature with mean 0 and deviation 1
        prices = np.random.normal(150, 80, size=256)

        # The network learns scaled targets; its predictions are scaled back.
        mean = prices.mean()
        deviation = prices.std()
        targets = (prices - mean) / deviation

        model = build_mlp_regressor(input_shape=(10,))
        model.compile("adam", "mean_squared_error")
        model.fit(inputs, targets, batch_size=32, epochs=2)
        predictions = model.predict(inputs) * deviation + mean  # (256, 1), prices
    """
    check_shape("build_mlp_regressor", input_shape, "features")
    if units != ():
        check_tuples("build_mlp_regressor", units=units)

    model = keras.Sequential([keras.Input(input_shape)], name="mlp_regressor")
    for size in units:
        model.add(layers.Dense(size, activation="relu"))  # (batch, size)
        model.add(layers.Dropout(dropout))

    # Any number: no activation.
    model.add(layers.Dense(1))
    return model


def run(data="diabetes", epochs=30, batch_size=32, seed=0, learning_rate=0.005, callbacks=()):
    """Train on rows of a table and report the error on test rows in the unit of the target.

    Args:
        data: diabetes, or a CSV or Parquet file with a column target of numbers like 25.0.
        epochs: passes over the training rows.
        batch_size: rows per training step.
        seed: sets the initial weights, the order of the rows and the validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: if the target has classes.
    """
    table = data_prep.load_table(data, seed=seed)
    _check_target(table, data)
    # From the training part alone: the test targets are unknown when the network is trained.
    mean = table.train.labels.mean()
    deviation = table.train.labels.std()
    model = build_mlp_regressor(table.input_shape)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(table.train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        # Predicting the mean would give 1. "huber" is less sensitive to outliers.
        loss="mean_squared_error",
        steps_per_execution=16,  # several batches per call: faster for a small model
    )
    model.fit(
        table.train.inputs,
        (table.train.labels - mean) / deviation,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(table.validation.inputs, (table.validation.labels - mean) / deviation),
        callbacks=list(callbacks),
    )

    # The only use of the test rows.
    scaled = model.predict(table.test.inputs, batch_size=256, verbose=0)  # (rows, 1)
    predictions = scaled * deviation + mean
    return Report(
        model=model,
        headline="root mean squared error",
        higher_is_better=False,
        scores=scores.regression(table.test.labels, predictions),
        baselines=scores.regression_baselines(table, names=("mean",)),
        comparisons=scores.regression_baselines(table, names=("ridge regression",)),
        data=table.describe(),
        pictures={"predictions": visualize.plot_predictions(table.test.labels, predictions)},
    )


def _check_target(table, data):
    """Refuse a target that is a class."""
    if table.classes:
        raise data_prep.DataError(
            f"{data}: the target has {len(table.classes)} classes, and a regression predicts a "
            f"number; write the numbers with a decimal point, such as 25.0."
        )
