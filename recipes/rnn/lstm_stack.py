"""Image classifier: stacked LSTMs that read an image row by row.

    rows (8, 8) -> lstm 96 -> lstm 96 -> probabilities (10,)

The usual network for sequences that are too long for a simple RNN to remember. Start with one small
layer, and stack a second layer only when one is not enough.

An LSTM has two states. The cell state carries the memory: at each step three gates decide, unit by
unit, what the cell state forgets, takes in and shows. The hidden state is what it shows, and goes
to the next step and to the next layer. Every layer but the last returns its hidden state at
every step, so that the next layer has a sequence to read. The last layer returns only the hidden
state after the last step, which stands for the whole sequence.

In the report: the accuracy on test images, next to that of simple classifiers of the same images,
and which classes are confused.

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
from recipes.layers.sizes import check_integers, check_shape, check_tuples
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_lstm_stack(input_shape=(8, 8), num_classes=10, units=(96, 96), dropout=0.2):
    """Build the network, not compiled.

    Args:
        input_shape: (time steps, features per step); the number of steps may be None.
        num_classes: number of classes, the size of the output.
        units: size of the state of each LSTM, from the first to the last.
        dropout: fraction of values dropped after each LSTM.

    Returns:
        A keras.Sequential from (batch, *input_shape) to probabilities (batch, num_classes).

    Raises:
        ValueError: if the input shape is not (time steps, features per step), `units` is not a
            tuple, or a size is not an integer >= 1.

    Example:
        import numpy as np

        sequences = np.random.rand(128, 28, 28)  # images of 28 rows, each of 28 pixels
        labels = np.random.randint(10, size=128)

        model = build_lstm_stack(input_shape=(28, 28), num_classes=10, units=(64, 64))
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(sequences, labels, epochs=2)
        probabilities = model.predict(sequences)  # (128, 10)
    """
    check_shape("build_lstm_stack", input_shape, "time steps", "features", free=("time steps",))
    check_integers("build_lstm_stack", num_classes=num_classes)
    check_tuples("build_lstm_stack", units=units)

    model = keras.Sequential(name="lstm_stack")
    model.add(keras.Input(input_shape))  # (batch, time, features)
    for size in units[:-1]:
        model.add(layers.LSTM(size, return_sequences=True))  # (batch, time, units)
        model.add(layers.Dropout(dropout))
    model.add(layers.LSTM(units[-1]))  # (batch, units), the state after the last step
    model.add(layers.Dropout(dropout))
    model.add(layers.Dense(num_classes, activation="softmax"))
    return model


def run(data="digits", epochs=30, batch_size=64, seed=0, learning_rate=0.004, callbacks=()):
    """Train on images read row by row and report the accuracy on test images.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: sets the initial weights, the order of the images and the validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
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
        steps_per_execution=16,  # several batches per call: faster for a small model
    )
    model.fit(
        rows.train.inputs,
        rows.train.labels,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(rows.validation.inputs, rows.validation.labels),
        callbacks=list(callbacks),
    )

    # The only use of the test images.
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
