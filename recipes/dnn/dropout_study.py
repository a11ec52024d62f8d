"""Dropout study: the same network with and without dropout, on few images.

    image (8, 8, 1) -> 64 pixels -> 2 x (dropout -> dense 512) -> dropout -> probabilities (10,)

Take it when a network fits its training images much better than new ones.

A wide network memorises a hundred images: it is right on each of them, and far too confident where
it is wrong on new images. Doing better on training images than on new ones is called overfitting.
Dropout sets a random fraction of the values to zero in each training step, so no unit can rely on
another one. For a prediction all units work, and together they act as a mean over the many thinner
networks of the training.

In the report: the cross-entropy, in which a network pays for confidence in its mistakes, and the
gap, the cross-entropy on test images minus that on training images. Both networks are trained
several times, each time on newly sampled images; the scores are means. The scores on training
images are measured as for a prediction, without dropout. The progress bar shows worse scores: they
are measured while units are dropped.

Differs from mlp_classifier: few images, no shifts, no batch normalisation, and a comparison with
the network without dropout.

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
from data_prep.dataset import stratified_split
from recipes.layers.sizes import check_integers, check_tuples
from recipes.report import Report
from recipes.schedules import warmup_cosine

NETWORKS = {  # {name: (dropout, input dropout)}
    "without dropout": (0.0, 0.0),
    "with dropout": (0.5, 0.2),
}


def build_dropout_study(
    input_shape=(8, 8, 1),
    num_classes=10,
    units=(512, 512),
    dropout=0.5,
    input_dropout=0.2,
    name="dropout_study",
):
    """Build the network, not compiled.

    Args:
        input_shape: (height, width, channels) of an image; pixels from 0 to 1.
        num_classes: number of classes, the size of the output.
        units: width of each dense layer, from the first to the last.
        dropout: fraction of values dropped after each dense layer; 0 for none.
        input_dropout: fraction of pixels dropped; 0 for none.
        name: name of the model, shown in progress and history.

    Returns:
        A keras.Sequential from images (batch, *input_shape) to probabilities (batch, num_classes).

    Raises:
        ValueError: if `units` is not a tuple, or a size is not an integer >= 1.

    Example:
        import numpy as np

        images = np.random.rand(100, 28, 28, 1)
        labels = np.random.randint(10, size=100)

        model = build_dropout_study(input_shape=(28, 28, 1), num_classes=10)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(images, labels, batch_size=32, epochs=2)
        probabilities = model.predict(images)  # (100, 10)
    """
    check_tuples("build_dropout_study", input_shape=input_shape, units=units)
    check_integers("build_dropout_study", num_classes=num_classes)

    model = keras.Sequential([keras.Input(input_shape), layers.Flatten()], name=name)
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
        seed: sets the initial weights, the training images, their order and the validation part.
        samples: images to train on, sampled from the training part, equally from each class.
        repeats: how often each network is trained; the scores are means.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report on the network with dropout; the one without is a baseline.
    """
    images = data_prep.load_images(data, seed=seed)
    _check(images, samples, repeats)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, samples, batch_size, epochs)
    histories = {name: [] for name in NETWORKS}
    measured = {name: [] for name in NETWORKS}
    for repeat in range(repeats):
        _, rows = stratified_split(images.train.labels, samples, seed * repeats + repeat)
        few = images.train.take(rows)
        for name in NETWORKS:
            is_reported = name == "with dropout" and repeat == repeats - 1
            title = "dropout_study" if is_reported else f"{name} {repeat + 1}"
            model = _build_network(images, name, title.replace(" ", "_"))
            model.compile(
                optimizer=keras.optimizers.Adam(schedule),
                loss="sparse_categorical_crossentropy",
                metrics=["accuracy"],
                steps_per_execution=16,  # several batches per call: faster for a small model
            )
            history = model.fit(
                few.inputs,
                few.labels,
                batch_size=batch_size,
                epochs=epochs,
                validation_data=(images.validation.inputs, images.validation.labels),
                callbacks=[_WithoutDropout(few), *callbacks],
            )
            histories[name].append(history.history)
            measured[name].append(_test_scores(model, images.test, history.history))

    without = _mean(measured["without dropout"])
    renamed = {f"{score} without": value for score, value in without.items()}
    return Report(
        model=model,  # the last network with dropout
        headline="cross-entropy",
        higher_is_better=False,
        scores=_mean(measured["with dropout"]) | renamed,
        baselines={
            "the same network without dropout": without,
            "equal probabilities": {"cross-entropy": float(np.log(len(images.classes)))},
        },
        data=images.describe(),
        pictures=_pictures(histories, epochs),
    )


class _WithoutDropout(keras.callbacks.Callback):
    """Add the scores on the training images, measured without dropout, to the history."""

    def __init__(self, part):
        super().__init__()
        self.part = part

    def on_epoch_end(self, epoch, logs):
        labels = self.part.labels
        probabilities = self.model.predict_on_batch(self.part.inputs)
        of_true_class = probabilities[np.arange(len(labels)), labels]
        correct = probabilities.argmax(axis=1) == labels

        logs["evaluated_loss"] = float(-np.log(np.maximum(of_true_class, 1e-7)).mean())
        logs["evaluated_accuracy"] = float(correct.mean())


def _check(images, samples, repeats):
    """Refuse numbers of samples and repeats that cannot work."""
    least = len(images.classes)
    most = len(images.train) - len(images.classes)
    if repeats < 1 or not least <= samples <= most:
        raise data_prep.DataError(
            f"{samples} samples, {repeats} repeats: give {least} to {most} samples, and 1 or more "
            f"repeats."
        )


def _build_network(images, name, title):
    """One of the two networks for these images."""
    dropout, input_dropout = NETWORKS[name]
    return build_dropout_study(
        images.input_shape,
        len(images.classes),
        dropout=dropout,
        input_dropout=input_dropout,
        name=title,
    )


def _test_scores(model, test, history):
    """Cross-entropy and accuracy on the test images, their only use, and the gap."""
    loss, accuracy = model.evaluate(test.inputs, test.labels, verbose=0)
    return {
        "cross-entropy": loss,
        "accuracy": accuracy,
        "gap": loss - history["evaluated_loss"][-1],
    }


def _mean(runs):
    """{score: mean over the runs}."""
    return {score: sum(run[score] for run in runs) / len(runs) for score in runs[0]}


def _pictures(histories, epochs):
    """Loss and accuracy on training and validation images, a line for each network."""
    pictures = {}
    for score in ("loss", "accuracy"):
        lines = {}
        for name, runs in histories.items():
            lines[f"training, {name}"] = [run[f"evaluated_{score}"] for run in runs]
            lines[f"validation, {name}"] = [run[f"val_{score}"] for run in runs]
        pictures[score] = visualize.plot_lines(range(1, epochs + 1), lines, "epoch", score)
    return pictures
