"""Cats or dogs: photos in folders, larger than memory, augmented in the model.

    photo (32, 32, 1) -> random changes -> (conv -> pool) x 4 -> mean -> probabilities (3,)

Photos stay on disk and are read batch by batch; a broken file is named and left out. A few hundred
photos are soon learnt by heart. So each time one comes it is mirrored, moved, zoomed and turned a
little, at random: the class stays, the pixels are never the same twice. The layers that do it are
part of the model and rest when it predicts. The same network is first trained without them; where
patches of one photo are all alike, as in the textures, it may well be the better one.

Differs from cnn: photos from files, augmentation, and the mean over all places in place of a dense
layer, so that an image of any size will do.

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
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_cats_vs_dogs(
    input_shape=(32, 32, 1), num_classes=3, filters=(16, 32, 64, 128), dropout=0.5, augmentation=1.0
):
    """Build the network, not compiled.

    Args:
        input_shape: (height, width, channels) of a photo, at least 16 x 16; pixels from 0 to 1.
        num_classes: number of classes, the size of the output.
        filters: number of patterns that each convolution looks for, from the first to the last.
        dropout: share of values dropped before the output layer.
        augmentation: strength of the random changes in training; 0 for none.

    Returns:
        A keras.Sequential from photos (batch, *input_shape) to probabilities (batch, num_classes).
    """
    model = keras.Sequential([keras.Input(input_shape)], name="cats_vs_dogs")
    if augmentation:
        share = 0.1 * augmentation
        changes = [
            layers.RandomFlip("horizontal"),
            layers.RandomTranslation(share, share, fill_mode="reflect"),
            layers.RandomZoom(2 * share, fill_mode="reflect"),
            layers.RandomRotation(share / 2, fill_mode="reflect"),  # share of a full turn
            layers.RandomContrast(2 * share, value_range=(0, 1)),
        ]
        model.add(keras.Sequential(changes, name="augmentation"))
    # A large photo is looked at in steps of 2 pixels: a quarter of the work.
    size, stride = 5, 2 if min(input_shape[:2]) >= 64 else 1
    for count in filters:
        model.add(layers.Conv2D(count, size, stride, padding="same", use_bias=False))
        size, stride = 3, 1
        model.add(layers.MaxPooling2D())  # half as high and wide, with `count` channels
        model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.ReLU())
    model.add(layers.GlobalAveragePooling2D())  # (batch, filters[-1])
    model.add(layers.Dropout(dropout))
    # Softmax for any number of classes; of two it is the same as one unit with a sigmoid.
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
    """Train on photos without and with augmentation, report accuracy on test photos.

    Args:
        data: textures, faces, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training photos.
        batch_size: photos per training step.
        seed: draws the first weights, the order of photos, their changes and the validation part.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        image_size: height and width in pixels that photos from files are brought to.
        augmentation: strength of the random changes in training, above 0.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    if augmentation <= 0:
        raise data_prep.DataError(f"augmentation is {augmentation}; give a strength above 0.")
    size = (image_size, image_size)
    photos = data_prep.load_images(data, seed, image_size=size, min_size=(16, 16), lazy=True)
    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(photos.train), batch_size, epochs)
    accuracies, lines = {}, {}
    for strength in (0.0, augmentation):
        model = build_cats_vs_dogs(photos.input_shape, len(photos.classes), augmentation=strength)
        model.compile(
            optimizer=keras.optimizers.Adam(schedule),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
            steps_per_execution=16,
        )
        history = model.fit(
            photos.train.batches(batch_size, shuffle=True, seed=seed),
            epochs=epochs,
            validation_data=photos.validation.batches(batch_size),
            callbacks=list(callbacks),
        ).history
        test = photos.test.batches(batch_size)
        probabilities = model.predict(test, verbose=0)
        labels = photos.test.labels[test.rows_read]  # a file lost by now is not among them
        found = scores.classification(labels, probabilities, photos.classes)
        kind = "with augmentation" if strength else "without augmentation"
        accuracies[f"accuracy {kind}"] = found["accuracy"]
        lines[f"training, {kind}"] = [history["accuracy"]]
        lines[f"validation, {kind}"] = [history["val_accuracy"]]
    matrix = scores.confusion(labels, probabilities)
    hardest, titles = scores.hardest(labels, probabilities, photos.classes)
    images = photos.test.take(test.rows_read[hardest]).batches(12)[0][0]
    changed = np.repeat(photos.train.batches(1)[0][0], 12, axis=0)
    changed[1:] = model.get_layer("augmentation")(changed[1:], training=True)
    without = {"accuracy": accuracies["accuracy without augmentation"]}
    return Report(
        model=model,
        headline="accuracy",
        scores=found | accuracies,
        baselines=scores.classification_baselines(photos, ["majority"]),
        comparisons={"the same network without augmentation": without},
        data=photos.describe(),
        pictures={
            "confusion": visualize.plot_confusion_matrix(matrix, photos.classes),
            "hardest": visualize.plot_images(images, titles),
            "augmentation": visualize.plot_images(changed, ["as it is", *range(1, 12)]),
            "accuracy": visualize.plot_spread(range(1, epochs + 1), lines, "epoch", "accuracy"),
        },
    )
