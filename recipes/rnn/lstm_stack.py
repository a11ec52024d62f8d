"""Stacked LSTMs that read an image row by row, as a sequence, and name its class.

    rows (8, 8) -> lstm 96 -> lstm 96 -> probabilities (10,)

The notes' advice for an LSTM is to start with small layers and to stack them only when one is not
enough. All layers but the last hand on their output at every step, so that the next one has a
sequence to read; the last hands on only what it knows at the end of the sequence.

Reference: Hochreiter and Schmidhuber, "Long short-term memory", 1997.
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


def build_lstm_stack(input_shape=(8, 8), num_classes=10, units=(96, 96), dropout=0.2):
    """Build the network, not compiled.

    Args:
        input_shape: (time steps, features per step); the number of steps may be None.
        num_classes: number of classes, the size of the output.
        units: size of the state of each LSTM, from the first to the last.
        dropout: share of values dropped behind each LSTM.

    Returns:
        A keras.Sequential from (batch, *input_shape) to probabilities (batch, num_classes).
    """
    model = keras.Sequential([keras.Input(input_shape)], name="lstm_stack")
    for number, size in enumerate(units, start=1):
        last = number == len(units)
        # (batch, time, units), from the last LSTM (batch, units)
        model.add(layers.LSTM(size, return_sequences=not last))
        model.add(layers.Dropout(dropout))
    model.add(layers.Dense(num_classes, activation="softmax"))
    return model


def run(data="digits", epochs=30, batch_size=64, seed=0, learning_rate=0.004, callbacks=()):
    """Train on images read row by row, report accuracy on test images.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: draws the first weights, the order of images and the validation part.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    rows = data_prep.image_rows(data_prep.load_images(data, seed=seed))
    model = build_lstm_stack(rows.input_shape, len(rows.classes))
    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(rows.train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=16,
    )
    model.fit(
        rows.train.inputs,
        rows.train.labels,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(rows.validation.inputs, rows.validation.labels),
        callbacks=list(callbacks),
    )
    probabilities = model.predict(rows.test.inputs, batch_size=256, verbose=0)
    matrix = scores.confusion(rows.test.labels, probabilities)
    return Report(
        model=model,
        headline="accuracy",
        scores=scores.classification(rows.test.labels, probabilities, rows.classes),
        baselines=scores.classification_baselines(rows),
        data=rows.describe(),
        pictures={"confusion": visualize.plot_confusion_matrix(matrix, rows.classes)},
    )
