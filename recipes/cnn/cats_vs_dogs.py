"""Image classifier for photos on disk, with data augmentation: cats or dogs.

    photo (32, 32, 1) -> random changes -> (conv -> pool) x 4 -> mean -> probabilities (3,)

Take it for a few hundred or thousand photos in one folder per class. The photos stay on disk and
are read batch by batch, so they may be larger than memory.

A network soon memorises a few hundred photos and then does worse on new ones: it overfits. Data
augmentation makes this harder. Each time a photo is used in training it is mirrored, shifted,
zoomed, rotated and changed in contrast, a little and at random. The class stays the same, the
pixels never do. The layers that do this belong to the model and do nothing in prediction.

In the report: the accuracy by epoch of the same network without and with augmentation, one photo
in eleven random versions, and the test photos that the network got most wrong. Without
augmentation the training accuracy rises faster, often far above the validation accuracy. Where a
photo looks the same in all its parts, as textures do, augmentation may not help.

Differs from cnn: photos from files, augmentation, and the mean over all positions instead of a
dense layer, so photos may have any size.

Reference: Chollet, "Building powerful image classification models using very little data", 2016.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
import numpy as np
from keras import layers

import data_prep
import visualize
from recipes import scores
from recipes.layers.sizes import check_integers, check_shape, check_tuples
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_cats_vs_dogs(
    input_shape=(32, 32, 1),
    num_classes=3,
    filters=(16, 32, 64, 128),
    dropout=0.5,
    augmentation=1.0,
    name="cats_vs_dogs",
):
    """Build the network, not compiled.

    Args:
        input_shape: (height, width, channels) of a photo, sides >= 16 or None; pixels from 0 to 1.
        num_classes: number of classes, the size of the output.
        filters: number of kernels in each convolution, from the first to the last.
        dropout: fraction of values dropped before the output layer.
        augmentation: strength of the random changes in training, from 0 for none to 5.
        name: name of the model, shown in progress and history.

    Returns:
        A keras.Sequential from photos (batch, *input_shape) to probabilities (batch, num_classes).

    Raises:
        ValueError: if a size is not an integer >= 1, if the photo is too small for the poolings, of
            which each halves height and width, or if the augmentation is not between 0 and 5.

    Example:
        import numpy as np

        photos = np.random.rand(64, 64, 64, 3)
        labels = np.random.randint(2, size=64)

        model = build_cats_vs_dogs(input_shape=(64, 64, 3), num_classes=2)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(photos, labels, batch_size=32, epochs=1)
        probabilities = model.predict(photos)  # (64, 2)
    """
    axes = ("height", "width", "channels")
    check_shape("build_cats_vs_dogs", input_shape, *axes, free=("height", "width"))
    check_tuples("build_cats_vs_dogs", filters=filters)
    check_integers("build_cats_vs_dogs", num_classes=num_classes)

    height, width, _ = input_shape
    # In a large photo the first kernel moves in steps of 2 pixels: a quarter of the work.
    first_stride = 1 if None in (height, width) or min(height, width) < 64 else 2
    smallest = first_stride * (2 ** len(filters) - 1) + 1
    if any(side is not None and side < smallest for side in (height, width)):
        raise ValueError(
            f"build_cats_vs_dogs: photos of {height} x {width} with {len(filters)} poolings; "
            f"give at least {smallest} x {smallest} pixels, or fewer filters."
        )
    if not 0 <= augmentation <= 5:
        raise ValueError(f"build_cats_vs_dogs: augmentation={augmentation}; give 0 to 5.")

    model = keras.Sequential([keras.Input(input_shape)], name=name)
    if augmentation:
        fraction = 0.1 * augmentation
        changes = [
            layers.RandomFlip("horizontal"),
            layers.RandomTranslation(fraction, fraction, fill_mode="reflect"),
            layers.RandomZoom(2 * fraction, fill_mode="reflect"),
            layers.RandomRotation(fraction / 2, fill_mode="reflect"),  # fraction of a full turn
            layers.RandomContrast(2 * fraction, value_range=(0, 1)),
        ]
        model.add(keras.Sequential(changes, name="augmentation"))

    for number, count in enumerate(filters):
        kernel_size = 5 if number == 0 else 3
        stride = first_stride if number == 0 else 1
        model.add(layers.Conv2D(count, kernel_size, stride, padding="same", use_bias=False))
        model.add(layers.MaxPooling2D())  # (batch, height / 2, width / 2, count)
        model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.ReLU())

    model.add(layers.GlobalAveragePooling2D())  # (batch, filters[-1])
    model.add(layers.Dropout(dropout))
    # Softmax works for any number of classes; with two it equals a single sigmoid unit.
    model.add(layers.Dense(num_classes, activation="softmax"))
    return model


def run(
    data="textures",
    epochs=40,
    batch_size=32,
    seed=0,
    learning_rate=0.01,
    image_size=96,
    augmentation=1.0,
    callbacks=(),
):
    """Train on photos without and with augmentation, and report the accuracy on test photos.

    Args:
        data: textures, faces, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training photos.
        batch_size: photos per training step.
        seed: sets the initial weights, the order of the photos, their random changes and the
            validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        image_size: height and width in pixels to which photos from files are resized.
        augmentation: strength of the random changes in training, above 0 and at most 5.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: if the augmentation is not above 0 and at most 5.
    """
    if not 0 < augmentation <= 5:
        raise data_prep.DataError(f"augmentation {augmentation}: give a strength above 0, up to 5.")
    size = (image_size, image_size)
    photos = data_prep.load_images(data, seed, image_size=size, min_size=(16, 16), lazy=True)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(photos.train), batch_size, epochs)
    found = {}
    histories = {}
    for name, strength in (("without_augmentation", 0.0), ("cats_vs_dogs", augmentation)):
        model = build_cats_vs_dogs(
            photos.input_shape, len(photos.classes), augmentation=strength, name=name
        )
        model.compile(
            optimizer=keras.optimizers.Adam(schedule),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
            steps_per_execution=16,  # several batches per call: faster for a small model
        )
        histories[name] = model.fit(
            photos.train.batches(batch_size, shuffle=True, seed=seed),
            epochs=epochs,
            validation_data=photos.validation.batches(batch_size),
            callbacks=list(callbacks),
        ).history

        # The only use of the test photos.
        test_batches = photos.test.batches(batch_size)
        probabilities = model.predict(test_batches, verbose=0)
        labels = photos.test.labels[test_batches.rows_read]  # without files lost since loading
        found[name] = scores.classification(labels, probabilities, photos.classes)

    without = found["without_augmentation"]["accuracy"]
    with_it = found["cats_vs_dogs"]["accuracy"]
    return Report(
        model=model,
        headline="accuracy",
        scores=found["cats_vs_dogs"]
        | {"accuracy without augmentation": without, "accuracy with augmentation": with_it},
        baselines=scores.classification_baselines(photos, ["majority"]),
        comparisons={"the same network without augmentation": {"accuracy": without}},
        data=photos.describe(),
        pictures=_pictures(model, photos, test_batches.rows_read, probabilities, histories),
    )


def _pictures(model, photos, rows, probabilities, histories):
    """Confusion, the hardest test photos, one photo changed at random, and accuracy by epoch."""
    labels = photos.test.labels[rows]
    matrix = scores.confusion(labels, probabilities)
    hardest, titles = scores.hardest(labels, probabilities, photos.classes)
    hardest_photos, _ = photos.test.take(rows[hardest]).batches(12)[0]

    first_photo, _ = photos.train.batches(1)[0]
    versions = np.repeat(first_photo, 12, axis=0)
    versions[1:] = model.get_layer("augmentation")(versions[1:], training=True)

    lines = {}
    for name, history in histories.items():
        kind = "without augmentation" if name == "without_augmentation" else "with augmentation"
        lines[f"training, {kind}"] = [history["accuracy"]]
        lines[f"validation, {kind}"] = [history["val_accuracy"]]
    epochs = range(1, 1 + len(history["accuracy"]))

    return {
        "confusion": visualize.plot_confusion_matrix(matrix, photos.classes),
        "hardest": visualize.plot_images(hardest_photos, titles),
        "augmentation": visualize.plot_images(versions, ["original", *range(1, 12)]),
        "accuracy": visualize.plot_lines(epochs, lines, "epoch", "accuracy"),
    }
