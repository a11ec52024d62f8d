"""Dense layers with one sigmoid unit at the end: yes or no, with a probability.

    30 measurements -> dense 32 -> dense 16 -> probability of the second class (1,)

One number is enough for two classes: the sigmoid turns it into the probability p of the second
class, and that of the first is 1 - p. Binary cross-entropy is -log(p) where the second class is
true, -log(1 - p) where it is not. Above a half the second class is answered; another threshold
trades missed cases for false alarms, and the AUC judges the network for all thresholds at once.
Without its hidden layers this is logistic regression, which on a few hundred rows may well win.

Differs from mlp_classifier: one sigmoid unit in place of the softmax, binary cross-entropy; rows of
a table, with nothing to shift, and no batch normalisation, which gained nothing on so few.

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


def build_mlp_binary(input_shape=(30,), units=(32, 16), dropout=0.3):
    """Build the network, not compiled.

    Args:
        input_shape: (features,) of an example, each with mean 0 and deviation 1.
        units: width of each dense layer, from the first to the last.
        dropout: share of values dropped behind each dense layer.

    Returns:
        A keras.Sequential from (batch, *input_shape) to the probability of class 1, (batch, 1).
    """
    model = keras.Sequential([keras.Input(input_shape)], name="mlp_binary")
    for size in units:
        model.add(layers.Dense(size, activation="relu"))  # (batch, size)
        model.add(layers.Dropout(dropout))
    # The probability of class 1. Logits are numerically safer to train on: no activation here, and
    # from_logits=True in the loss, which then takes logarithms before a small probability is
    # rounded to 0. Keras on TensorFlow does so behind a sigmoid by itself; on JAX and PyTorch it
    # cuts probabilities off at 1e-7. The page keeps the sigmoid, so that predictions can be read.
    model.add(layers.Dense(1, activation="sigmoid"))
    return model


def run(data="breast_cancer", epochs=30, batch_size=32, seed=0, learning_rate=0.002, callbacks=()):
    """Train on rows of a table, report accuracy and AUC on test rows.

    Args:
        data: breast_cancer, or a CSV or Parquet file with a column target of two classes.
        epochs: passes over the training rows.
        batch_size: rows per training step.
        seed: draws the first weights, the order of rows and the validation part.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: where the target does not have two classes.
    """
    table = data_prep.load_table(data, seed=seed)
    if len(table.classes) != 2:
        found = f"has {len(table.classes)} classes" if table.classes else "is a number, no class"
        raise data_prep.DataError(
            f"{data}: the target {found}, and one sigmoid tells two classes apart; give a target "
            f"of two whole numbers or two texts."
        )
    model = build_mlp_binary(table.input_shape)
    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(table.train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="binary_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=16,
    )
    model.fit(
        table.train.inputs,
        table.train.labels,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(table.validation.inputs, table.validation.labels),
        callbacks=list(callbacks),
    )
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
