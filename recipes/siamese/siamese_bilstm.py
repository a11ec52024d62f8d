"""Siamese network: one bidirectional LSTM for two images, compared by distance.

    two images (8, 8, 1) -> each: 8 rows of 8 -> BiLSTM 2 x 64 -> (1024,) -> distance (1,)

Take it for pairs of sequences that are complete before they are compared, such as sentences or
finished records.

One LSTM reads the rows of an image from the top to the bottom, a second one from the bottom to the
top. Together, their states at a row contain both what is above and what is below. The embedding
holds the states of both at every row.

In the report: scores on classes that training never saw, each with its 95% interval; the hardest
test pairs, predicted right and wrong, with their distances; and the ROC curve. On digits, the
distance of the pixels themselves does better than this tower. There are only seven training
classes, and the tower mainly learns how these seven differ.

Differs from siamese_lstm: a second LSTM reads the rows from the bottom to the top.

Reference: Neculoiu, Versteegh and Rotaru, "Learning text similarity with Siamese recurrent
networks", 2016.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
from keras import layers

import data_prep
import visualize
from recipes import scores
from recipes.layers.siamese import LOSSES, compare
from recipes.layers.sizes import check_integers, check_shape
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_siamese_bilstm(input_shape=(28, 28, 1), units=64):
    """Build the network, not compiled; `get_layer("tower")` is the tower, from image to embedding.

    Args:
        input_shape: (height, width, channels) of an image; pixels from 0 to 1.
        units: size of the state of each of the two LSTMs.

    Returns:
        A keras.Model from two inputs, images (batch, *input_shape) each, to their distance
        (batch, 1). The tower's output, the embedding, is (batch, height * 2 * units).

    Raises:
        ValueError: if a size is not an integer >= 1.

    Example:
        import numpy as np

        images = np.random.rand(256, 28, 28, 1)
        labels = np.random.randint(10, size=256)

        siamese = build_siamese_bilstm(input_shape=(28, 28, 1))
        model = siamese.get_layer("tower")  # trained alone: it embeds both inputs
        model.compile("adam", loss=LOSSES["triplet"])
        model.fit(images, labels, batch_size=64, epochs=2)

        distances = siamese.predict([images[:128], images[128:]])  # (128, 1)
    """
    check_shape("build_siamese_bilstm", input_shape, "height", "width", "channels")
    check_integers("build_siamese_bilstm", units=units)
    height, width, channels = input_shape

    lstm = layers.LSTM(units, return_sequences=True)
    tower = keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Reshape((height, width * channels)),  # (batch, rows, values of a row)
            layers.Bidirectional(lstm),  # (batch, rows, 2 * units)
            layers.Flatten(),  # (batch, rows * 2 * units)
        ],
        name="tower",
    )
    return compare(tower, "siamese_bilstm")


def run(
    data="digits",
    epochs=30,
    batch_size=64,
    seed=0,
    learning_rate=0.003,
    held_out="third",
    loss="triplet",
    per_class=8,
    distortion=2.0,
    rotations=False,
    callbacks=(),
):
    """Train the tower on some classes; report one-shot accuracy and verification on others.

    Args:
        data: digits, mnist, another name of images, an .npz file, a folder of images by class, or a
            folder with Omniglot.
        epochs: passes over the training images.
        batch_size: images per training step; all of them are compared with each other.
        seed: sets the initial weights, and the images' order, distortions and validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        held_out: classes used only for testing, separated by commas; third is the last third of
            the classes, none tests on other images of the training classes.
        loss: triplet, contrastive or cross_entropy.
        per_class: images of a class batched together, at least 2; with fewer, more classes fit in.
        distortion: strength of the random rotation, shear, zoom and shift of training images; at 1
            the rotation is up to 15 degrees; 0 for none.
        rotations: add training images rotated by 90, 180 and 270 degrees, as further classes.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: if the loss is unknown or the data cannot be used.
    """
    if loss not in LOSSES:
        raise data_prep.DataError(f"loss {loss!r} is unknown; use one of {', '.join(LOSSES)}.")
    images = data_prep.load_new_classes(data, held_out, seed=seed, min_size=(8, 8))
    model = build_siamese_bilstm(images.input_shape)

    # Both inputs share one tower, so it is trained alone: each batch compares all its images.
    tower = model.get_layer("tower")
    train = data_prep.add_rotations(images.train) if rotations else images.train
    batches = data_prep.class_batches(train, batch_size, per_class, distortion, seed)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, batches.examples, batch_size, epochs)
    tower.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss=LOSSES[loss],
        steps_per_execution=16,  # several batches per call: faster for a small model
    )
    tower.fit(
        batches,
        epochs=epochs,
        validation_data=data_prep.class_batches(images.validation, batch_size, per_class),
        callbacks=list(callbacks),
    )

    # The only use of the test images.
    found = scores.compare_embeddings(
        images, lambda inputs: tower.predict(inputs, batch_size=256, verbose=0)
    )
    return Report(
        model=model,
        headline="one-shot accuracy",
        scores=found["this recipe"].scores,
        baselines={"random guess": scores.random_guess(found["this recipe"])},
        comparisons=scores.comparison_scores(images, found),
        data=images.describe(),
        pictures=_pictures(images, found),
    )


def _pictures(images, found):
    """The hardest test pairs, and the ROC curves."""
    ours = found["this recipe"]
    pairs = {
        title: (images.test.inputs[first], images.test.inputs[second], distances)
        for title, (first, second, distances) in scores.hardest_pairs(ours).items()
    }
    curves = {name: scores.roc(result) for name, result in found.items()}
    return {
        "pairs": visualize.plot_pairs(pairs, ours.threshold),
        "roc": visualize.plot_roc(curves),
    }
