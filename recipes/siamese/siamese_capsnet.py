"""Siamese network: one tower of capsules for two images, compared by distance.

    two images (8, 8, 1) -> each: conv 64 -> capsules (32, 8) -> routing -> (16, 8) -> distance (1,)

Take it to see how well capsules compare images of classes that they were never trained on. Capsules
are meant to describe an object by its parts and their positions; such a description should also fit
a new class.

The tower is the encoder of a CapsNet. Primary capsules, the channels of a convolution cut into
vectors, vote for output capsules, and routing by agreement decides how much each vote counts. Here
an output capsule stands for no class: the loss uses only distances, and training determines what
each capsule describes. All output capsules together are the embedding.

In the report: scores on classes that training never saw, each with its 95% interval; the hardest
test pairs, predicted right and wrong, with their distances; and the ROC curve. On digits, the
distance of the pixels themselves does better than this tower. There are only seven training
classes, and the tower mainly learns how these seven differ.

Differs from capsnet: no classes and no decoder; two images are compared by their capsules.

Reference: Neill, "Siamese capsule networks", 2018.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
from keras import layers

import data_prep
import visualize
from recipes import scores
from recipes.capsnet.capsnet import Capsules
from recipes.layers.capsules import PrimaryCapsules
from recipes.layers.siamese import LOSSES, compare
from recipes.layers.sizes import check_integers, check_shape
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_siamese_capsnet(
    input_shape=(28, 28, 1),
    filters=64,
    capsule_types=8,
    capsule_size=8,
    num_capsules=16,
    rounds=3,
):
    """Build the network, not compiled; `get_layer("tower")` is the tower, from image to embedding.

    Args:
        input_shape: (height, width, channels) of an image, at least 7 x 7; pixels from 0 to 1.
        filters: number of kernels in each convolution before the capsules.
        capsule_types: number of primary capsules at each position.
        capsule_size: size of the vector of a capsule.
        num_capsules: number of output capsules.
        rounds: number of routing rounds.

    Returns:
        A keras.Model from two inputs, images (batch, *input_shape) each, to their distance
        (batch, 1). The tower's output, the embedding, is (batch, num_capsules * capsule_size).

    Raises:
        ValueError: if the image is smaller than 7 x 7, or a size is not an integer >= 1.

    Example:
        import numpy as np

        images = np.random.rand(64, 28, 28, 1)
        labels = np.random.randint(10, size=64)

        siamese = build_siamese_capsnet(input_shape=(28, 28, 1), filters=16)
        model = siamese.get_layer("tower")  # trained alone: it embeds both inputs
        model.compile("adam", loss=LOSSES["triplet"])
        model.fit(images, labels, batch_size=32, epochs=1)

        distances = siamese.predict([images[:32], images[32:]])  # (32, 1)
    """
    check_shape("build_siamese_capsnet", input_shape, "height", "width", "channels")
    check_integers(
        "build_siamese_capsnet",
        filters=filters,
        capsule_types=capsule_types,
        capsule_size=capsule_size,
        num_capsules=num_capsules,
        rounds=rounds,
    )
    height, width, _ = input_shape
    if min(height, width) < 7:
        raise ValueError(
            f"build_siamese_capsnet: images of {height} x {width}; give at least 7 x 7 pixels."
        )

    tower = keras.Sequential([keras.Input(input_shape)], name="tower")
    while min(height, width) >= 14:  # fewer positions, so fewer capsules that vote
        tower.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
        tower.add(layers.MaxPooling2D())  # half the height and width
        height, width = height // 2, width // 2
    tower.add(layers.Conv2D(filters, 3, activation="relu"))
    tower.add(PrimaryCapsules(capsule_types, capsule_size, kernel_size=3))
    tower.add(Capsules(num_capsules, capsule_size, rounds))  # (batch, num_capsules, capsule_size)
    tower.add(layers.Flatten())
    return compare(tower, "siamese_capsnet")


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
    model = build_siamese_capsnet(images.input_shape)

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
