"""Dropout against overfitting: the same network with and without, on few images.

    image (8, 8, 1) -> 64 pixels -> 2 x (dropout -> dense 512) -> dropout -> probabilities (10,)

A wide network learns a hundred images by heart: right on each of them, and far too sure where it is
wrong on others. The gap between the two is overfitting. Dropout silences a random share of the
values at each training step, so that no unit can rely on another one; at prediction all work, as a
mean over the thinner networks that were trained. Both networks are trained several times, each
time on the same newly drawn images. Their training scores are measured as at prediction: those that
Keras prints suffer from the silenced units. What counts is the cross-entropy, in which a network
pays for being sure of its mistakes; "gap" is that on test images less that on training images.

Differs from mlp_classifier: few images, no shifts, and the network without dropout beside it.

Reference: Srivastava et al., "Dropout", Journal of Machine Learning Research 15, 2014.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
import numpy as np
from keras import layers

import data_prep
import visualize
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_dropout_study(
    input_shape=(8, 8, 1), num_classes=10, units=(512, 512), dropout=0.5, input_dropout=0.2
):
    """Build the network, not compiled.

    Args:
        input_shape: (height, width, channels) of an image; pixels from 0 to 1.
        num_classes: number of classes, the size of the output.
        units: width of each dense layer, from the first to the last.
        dropout: share of values dropped behind each dense layer; 0 for none.
        input_dropout: share of pixels dropped; 0 for none.

    Returns:
        A keras.Sequential from images (batch, *input_shape) to probabilities (batch, num_classes).
    """
    model = keras.Sequential([keras.Input(input_shape), layers.Flatten()], name="dropout_study")
    model.add(layers.Dropout(input_dropout))  # (batch, height * width * channels)
    for size in units:
        model.add(layers.Dense(size, activation="relu"))  # (batch, size)
        model.add(layers.Dropout(dropout))
    model.add(layers.Dense(num_classes, activation="softmax"))
    return model


def run(
    data="digits",
    epochs=40,
    batch_size=32,
    seed=0,
    samples=100,
    repeats=3,
    learning_rate=0.003,
    callbacks=(),
):
    """Train with and without dropout, report cross-entropy and accuracy on test images.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: draws the first weights, the training images, their order and the validation part.
        samples: images to train on, drawn from the training part in equal shares of the classes.
        repeats: trainings of each network; the scores are means over them.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report on the network with dropout; the one without is a baseline.
    """
    images = data_prep.load_images(data, seed=seed)
    least, most = len(images.classes), len(images.train) - len(images.classes)
    if repeats < 1 or not least <= samples <= most:
        wrong = f"{samples} samples, {repeats} repeats"
        raise data_prep.DataError(
            f"{wrong}: give {least} to {most} samples, and 1 or more repeats."
        )
    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, samples, batch_size, epochs)
    found, curves = {}, {"loss": {}, "accuracy": {}}
    for repeat in range(repeats):
        rows = data_prep.stratified_split(images.train.labels, samples, seed * repeats + repeat)[1]
        few = images.train.take(rows)
        for name, share in {"without dropout": 0.0, "with dropout": 1.0}.items():
            model = build_dropout_study(
                images.input_shape, len(images.classes), (512, 512), 0.5 * share, 0.2 * share
            )
            model.compile(
                optimizer=keras.optimizers.Adam(schedule),
                loss="sparse_categorical_crossentropy",
                metrics=["accuracy"],
                steps_per_execution=16,
            )
            history = model.fit(
                few.inputs,
                few.labels,
                batch_size=batch_size,
                epochs=epochs,
                validation_data=(images.validation.inputs, images.validation.labels),
                callbacks=[_Training(few), *callbacks],
            ).history
            for score, lines in curves.items():
                lines.setdefault(f"training, {name}", []).append(history[f"resting_{score}"])
                lines.setdefault(f"validation, {name}", []).append(history[f"val_{score}"])
            loss, accuracy = model.evaluate(images.test.inputs, images.test.labels, verbose=0)
            found.setdefault(name, []).append([loss, accuracy, loss - history["resting_loss"][-1]])
    names = ("cross-entropy", "accuracy", "gap")
    means = {kind: dict(zip(names, np.mean(of, 0), strict=True)) for kind, of in found.items()}
    without, axis = means["without dropout"], range(1, epochs + 1)
    return Report(
        model=model,
        headline="cross-entropy",
        higher_is_better=False,
        scores=means["with dropout"] | {f"{score} without": without[score] for score in without},
        baselines={
            "the same network without dropout": without,
            "equal probabilities": {"cross-entropy": float(np.log(len(images.classes)))},
        },
        data=images.describe(),
        pictures={
            name: visualize.plot_spread(axis, curves[name], "epoch", name) for name in curves
        },
    )


class _Training(keras.callbacks.Callback):
    """Add the scores on the training images with dropout at rest, "resting_...", to the history."""

    def __init__(self, part):
        super().__init__()
        self.part = part

    def on_epoch_end(self, epoch, logs):
        probabilities, labels = self.model.predict_on_batch(self.part.inputs), self.part.labels
        right = np.maximum(probabilities[np.arange(len(labels)), labels], 1e-7)
        logs["resting_loss"] = float(-np.log(right).mean())
        logs["resting_accuracy"] = float((probabilities.argmax(1) == labels).mean())
