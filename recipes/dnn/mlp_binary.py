"""Binary classifier: dense layers, then one sigmoid unit for a probability.

    30 measurements -> dense 32 -> dense 16 -> probability of the second class (1,)

For examples of two classes, such as benign and malignant, that are rows of numbers in a table.

One output is enough for two classes. The sigmoid turns a number into a probability p, that of the
second class; the probability of the first class is 1 - p. The loss is the binary cross-entropy:
-log(p) where the second class is true, -log(1 - p) where the first is. The predicted class is the
second one if p is above 0.5. A lower threshold misses fewer cases and gives more false alarms.
Without hidden layers the network is a logistic regression.

In the report: the accuracy, and the AUC, which scores the probabilities over all thresholds. A
logistic regression is the comparison: on a few hundred rows it may well win.

Differs from mlp_classifier: one sigmoid unit and binary cross-entropy; rows of a table as inputs,
so no random shifts; no batch normalisation.

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


def build_mlp_binary(input_shape=(30,), units=(32, 16), dropout=0.3):
    """Build the network, not compiled.

    Args:
        input_shape: (features,) of an example, each feature with mean 0 and deviation 1.
        units: width of each dense layer, from the first to the last; () for a logistic regression.
        dropout: fraction of values dropped after each dense layer.

    Returns:
        A keras.Sequential from (batch, *input_shape) to the probability of class 1, (batch, 1).

    Raises:
        ValueError: if input_shape is not (features,), or `units` is not a tuple of integers >= 1.

    Example:
        import numpy as np

        measurements = np.random.rand(256, 30)
        labels = np.random.randint(2, size=256)  # 0 or 1

        # Keep mean and deviation: new measurements are standardised with the same numbers.
        mean = measurements.mean(axis=0)
        deviation = measurements.std(axis=0)
        inputs = (measurements - mean) / deviation

        model = build_mlp_binary(input_shape=(30,))
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        model.fit(inputs, labels, batch_size=32, epochs=2)
        probabilities = model.predict(inputs)  # (256, 1), of class 1
    """
    check_shape("build_mlp_binary", input_shape, "features")
    if units != ():
        check_tuples("build_mlp_binary", units=units)

    model = keras.Sequential([keras.Input(input_shape)], name="mlp_binary")
    for size in units:
        model.add(layers.Dense(size, activation="relu"))  # (batch, size)
        model.add(layers.Dropout(dropout))

    # The sigmoid makes predictions easy to read. Logits are numerically safer to train on: leave
    # the activation out, and give the loss from_logits=True. It then takes logarithms before a
    # small probability is rounded to 0. On TensorFlow, Keras does so for a sigmoid by itself; on
    # JAX and PyTorch it clips probabilities at 1e-7.
    model.add(layers.Dense(1, activation="sigmoid"))
    return model


def run(data="breast_cancer", epochs=30, batch_size=32, seed=0, learning_rate=0.002, callbacks=()):
    """Train on rows of a table and report accuracy and AUC on test rows.

    Args:
        data: breast_cancer, or a CSV or Parquet file with a column target of two classes.
        epochs: passes over the training rows.
        batch_size: rows per training step.
        seed: sets the initial weights, the order of the rows and the validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: if the target does not have two classes.
    """
    table = data_prep.load_table(data, seed=seed)
    _check_target(table, data)
    model = build_mlp_binary(table.input_shape)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(table.train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="binary_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=16,  # several batches per call: faster for a small model
    )
    model.fit(
        table.train.inputs,
        table.train.labels,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(table.validation.inputs, table.validation.labels),
        callbacks=list(callbacks),
    )

    # The only use of the test rows.
    probabilities = model.predict(table.test.inputs, batch_size=256, verbose=0)
    matrix = scores.confusion(table.test.labels, probabilities)
    return Report(
        model=model,
        headline="accuracy",
        scores=scores.classification(table.test.labels, probabilities, table.classes),
        baselines=scores.classification_baselines(table, names=("majority",)),
        comparisons=scores.classification_baselines(table, names=("logistic regression",)),
        data=table.describe(),
        pictures={"confusion": visualize.plot_confusion_matrix(matrix, table.classes)},
    )


def _check_target(table, data):
    """Refuse a target that does not have exactly two classes."""
    if len(table.classes) == 2:
        return

    found = f"has {len(table.classes)} classes" if table.classes else "is a number, not a class"
    raise data_prep.DataError(
        f"{data}: the target {found}, and one sigmoid unit tells two classes apart; give a target "
        f"of two integers or two texts."
    )
