"""Dense layers with no activation at the end: the network that predicts a number.

    10 measurements -> dense 32 -> number (1,)

A number to predict may be of any size and sign, so the last layer is the bare weighted sum: a
sigmoid cannot go above 1, a ReLU not below 0. The loss is the mean squared error, whose best answer
is the mean of all targets that go with an input. Targets in the hundreds would make its gradients
huge and leave a network that starts near 0 far to go: it learns targets of mean 0 and deviation 1,
and its predictions are taken back to the original unit. Without its hidden layers this is linear
regression, of which ridge, with a penalty on large weights, is the form for a few hundred rows.

Differs from mlp_classifier: no activation in place of the softmax, mean squared error, scaled
targets; rows of a table, with nothing to shift, and no batch normalisation, which gained nothing
on so few.

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
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_mlp_regressor(input_shape=(10,), units=(32,), dropout=0.3):
    """Build the network, not compiled.

    Args:
        input_shape: (features,) of an example, each with mean 0 and deviation 1.
        units: width of each dense layer, from the first to the last.
        dropout: share of values dropped behind each dense layer.

    Returns:
        A keras.Sequential from (batch, *input_shape) to numbers (batch, 1).
    """
    model = keras.Sequential([keras.Input(input_shape)], name="mlp_regressor")
    for size in units:
        model.add(layers.Dense(size, activation="relu"))  # (batch, size)
        model.add(layers.Dropout(dropout))
    # Any number: no activation.
    model.add(layers.Dense(1))
    return model


def run(data="diabetes", epochs=30, batch_size=32, seed=0, learning_rate=0.005, callbacks=()):
    """Train on rows of a table, report the error on test rows in the unit of the target.

    Args:
        data: diabetes, or a CSV or Parquet file with a column target of numbers like 25.0.
        epochs: passes over the training rows.
        batch_size: rows per training step.
        seed: draws the first weights, the order of rows and the validation part.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: where the target has classes.
    """
    table = data_prep.load_table(data, seed=seed)
    if table.classes:
        raise data_prep.DataError(
            f"{data}: the target has {len(table.classes)} classes, and a regression answers with a "
            f"number; write numbers to predict with a decimal point, such as 25.0."
        )
    # Of the training part alone, as the test targets are not known.
    mean, deviation = table.train.labels.mean(), table.train.labels.std()
    model = build_mlp_regressor(table.input_shape)
    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(table.train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        # Of scaled targets: 1 is no better than the mean. "huber" is less drawn to wild outliers.
        loss="mean_squared_error",
        steps_per_execution=16,
    )
    model.fit(
        table.train.inputs,
        (table.train.labels - mean) / deviation,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(table.validation.inputs, (table.validation.labels - mean) / deviation),
        callbacks=list(callbacks),
    )
    # (batch, 1); the model answers in deviations from the mean: back to the target's unit
    predictions = model.predict(table.test.inputs, batch_size=256, verbose=0) * deviation + mean
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
