"""Image classifier of capsules: vectors that vote for a class and must agree.

    image (28, 28, 1) -> conv 256 -> capsules (1152, 8) -> routing -> capsules (10, 16) -> lengths

A capsule is a group of units whose output is a vector. Its length is the probability that
something, such as a stroke or a digit, is in the image; its direction describes how that looks:
slant, thickness, position. Take it where digits or objects overlap or are rotated, or where you
want this description. A plain `cnn` trains faster.

Primary capsules are the channels of a convolution, cut into vectors. Each one votes for the vector
of each class: its own vector times a weight matrix for this pair. Routing gives each vote a weight.
At first each capsule divides its vote equally among the classes. A class adds its votes to a sum s,
and squashes it to a length below 1: s |s| / (1 + |s|^2). Votes that agree with the result get more
weight. After three rounds a few capsules that agree outweigh many that do not.

The loss asks for a length of at least 0.9 for the true class, and at most 0.1 for the others. A
decoder also rebuilds the image from a single capsule: that of the true class in training, the
longest one in use. So the capsule must describe how this image differs from others of its class.

In the report: rebuilt images, and how they change with each number of a capsule. The table compares
`cnn`, also on test images that are shifted, rotated or overlapped. An overlapped pair is right if
the two longest capsules are its classes. Trained on upright digits, capsules are better with
rotated and overlapped digits here, and worse with shifted ones.

Differs from cnn: capsules, routing, margin loss and reconstruction.

Reference: Sabour, Frosst and Hinton, "Dynamic routing between capsules", 2017.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
from keras import layers, ops

import data_prep
import visualize
from data_prep.images.moved import shifted_batches
from recipes import scores
from recipes.cnn.cnn import build_cnn
from recipes.layers.capsules import KeepLongest, Lengths, PrimaryCapsules, keep_one, squash
from recipes.layers.sizes import check_integers, check_shape, check_tuples
from recipes.report import Report
from recipes.schedules import warmup_cosine

RECONSTRUCTION_WEIGHT = 0.392  # of the mean error; the paper has 0.0005 of the sum, 784 pixels


def route(votes, rounds):
    """Routing by agreement, procedure 1 of the paper.

    From votes (inputs, batch, outputs, size) to capsules (batch, outputs, size).
    """
    # The gradient goes through the last round only: less to compute, and the same accuracy.
    fixed_votes = ops.stop_gradient(votes)
    agreement = ops.zeros_like(fixed_votes[..., 0])  # (inputs, batch, outputs)

    for _ in range(rounds - 1):
        coupling = ops.softmax(agreement, axis=-1)  # sum 1 for each input capsule
        outputs = squash(ops.sum(coupling[..., None] * fixed_votes, axis=0))
        agreement = agreement + ops.sum(fixed_votes * outputs, axis=-1)

    coupling = ops.softmax(agreement, axis=-1)
    return squash(ops.sum(coupling[..., None] * votes, axis=0))


@keras.saving.register_keras_serializable(package="recipes")
class Capsules(layers.Layer):
    """Capsules of `size` numbers, each computed from the votes of all capsules of the input."""

    def __init__(self, num_capsules, size, rounds=3, **kwargs):
        super().__init__(**kwargs)
        self.num_capsules, self.size, self.rounds = num_capsules, size, rounds

    def build(self, input_shape):
        """Make a weight matrix for each pair of an input and an output capsule."""
        _, inputs, input_size = input_shape
        # At first routing divides each vote by num_capsules, so the initial weights are larger.
        deviation = self.num_capsules / (inputs * input_size) ** 0.5
        self.kernel = self.add_weight(
            shape=(inputs, input_size, self.num_capsules * self.size),
            initializer=keras.initializers.RandomNormal(stddev=deviation),
            name="kernel",
        )

    def call(self, inputs):
        """Return capsules (batch, num_capsules, size) for capsules (batch, inputs, input_size)."""
        by_capsule = ops.transpose(inputs, (1, 0, 2))  # (inputs, batch, input_size)
        votes = ops.matmul(by_capsule, self.kernel)  # (inputs, batch, num_capsules * size)
        votes = ops.reshape(votes, (inputs.shape[1], -1, self.num_capsules, self.size))
        return route(votes, self.rounds)

    def get_config(self):
        """The arguments of the layer, which `save` writes."""
        sizes = {"num_capsules": self.num_capsules, "size": self.size, "rounds": self.rounds}
        return super().get_config() | sizes


def margin_loss(labels, predicted_lengths):
    """Equation 4 of the paper: labels (batch,), lengths (batch, classes) -> losses (batch,)."""
    true = ops.one_hot(labels, predicted_lengths.shape[1], dtype=predicted_lengths.dtype)
    too_short = ops.square(ops.relu(0.9 - predicted_lengths))
    too_long = ops.square(ops.relu(predicted_lengths - 0.1))
    return ops.sum(true * too_short + 0.5 * (1 - true) * too_long, axis=1)


@keras.saving.register_keras_serializable(package="recipes")
class CapsNet(keras.Model):
    """A model from images to [lengths, rebuilt images, capsules]. `fit` takes images and labels."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return margin loss plus error of images rebuilt from the capsule of the true class."""
        predicted_lengths, _, capsules = y_pred
        labels = ops.cast(ops.reshape(y, (-1,)), "int32")
        rebuilt = self.get_layer("decoder")(keep_one(capsules, labels), training=training)

        error = ops.mean(ops.square(x - rebuilt))
        return ops.mean(margin_loss(labels, predicted_lengths)) + RECONSTRUCTION_WEIGHT * error

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Compute the metrics given to `compile` from the lengths only."""
        return super().compute_metrics(x, y, y_pred[0], sample_weight)


def build_capsnet(
    input_shape=(28, 28, 1),
    num_classes=10,
    filters=256,
    kernel_size=9,
    capsule_types=32,
    capsule_size=8,
    class_size=16,
    rounds=3,
    decoder_units=(512, 1024),
):
    """Build the network, not compiled.

    Args:
        input_shape: (height, width, channels) of an image; pixels from 0 to 1.
        num_classes: number of classes, the size of the output.
        filters: number of kernels in the first convolution.
        kernel_size: height and width of the kernels of both convolutions, in pixels.
        capsule_types: number of primary capsules at each position.
        capsule_size: size of the vector of a primary capsule.
        class_size: size of the vector of a class.
        rounds: number of routing rounds.
        decoder_units: widths of the hidden layers of the decoder.

    Returns:
        A keras.Model from images (batch, *input_shape) to lengths (batch, num_classes), images
        rebuilt from the longest capsule, and capsules (batch, num_classes, class_size). Compile it
        without a loss, since it has its own; `fit` takes images and integer labels. Its layer
        "decoder" makes images from capsules of which all but one are zero.

    Raises:
        ValueError: if a size is not an integer >= 1, decoder_units is not a tuple of them, or the
            images are too small for the kernels.

    Example:
        import numpy as np

        images = np.random.rand(64, 28, 28, 1)
        labels = np.random.randint(0, 10, size=64)

        model = build_capsnet(filters=32, capsule_types=4)
        model.compile("adam", metrics=["accuracy"])
        model.fit(images, labels, batch_size=32, epochs=1)
        class_lengths, rebuilt, capsules = model.predict(images)
    """
    check_shape("build_capsnet", input_shape, "height", "width", "channels")
    check_integers("build_capsnet", num_classes=num_classes, filters=filters, rounds=rounds)
    check_integers("build_capsnet", kernel_size=kernel_size, capsule_types=capsule_types)
    check_integers("build_capsnet", capsule_size=capsule_size, class_size=class_size)
    check_tuples("build_capsnet", decoder_units=decoder_units)
    height, width, channels = input_shape
    side = 2 * kernel_size - 1  # room for two convolutions without padding
    if min(height, width) < side:
        raise ValueError(
            f"build_capsnet: images of {height} x {width}; give at least {side} x {side} pixels."
        )

    image = keras.Input(input_shape)
    x = layers.Conv2D(filters, kernel_size, activation="relu")(image)
    x = PrimaryCapsules(capsule_types, capsule_size, kernel_size)(x)  # (batch, capsules, size)
    x = Capsules(num_classes, class_size, rounds)(x)  # (batch, num_classes, class_size)
    encoder = keras.Model(image, x, name="encoder")

    one_capsule = keras.Input((num_classes, class_size))
    x = layers.Flatten()(one_capsule)
    for units in decoder_units:
        x = layers.Dense(units, activation="relu")(x)
    x = layers.Dense(height * width * channels, activation="sigmoid")(x)
    decoder = keras.Model(one_capsule, layers.Reshape(input_shape)(x), name="decoder")

    image = keras.Input(input_shape)
    capsules = encoder(image)
    rebuilt = decoder(KeepLongest()(capsules))
    return CapsNet(image, [Lengths()(capsules), rebuilt, capsules], name="capsnet")


def run(
    data="digits",
    epochs=20,
    batch_size=64,
    seed=0,
    learning_rate=0.005,
    filters=128,
    kernel_size=3,
    capsule_types=16,
    shift=0,
    callbacks=(),
):
    """Train on images and report the accuracy on test images, unchanged and changed.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: sets the initial weights, the order of the images and the validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        filters: kernels in the first convolution; the paper has 256.
        kernel_size: height and width of all kernels, in pixels; the paper has 9.
        capsule_types: primary capsules at each position; the paper has 32.
        shift: training images are shifted at random by up to this many pixels; the paper has 2.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    side = max(8, 2 * kernel_size - 1)
    images = data_prep.load_images(data, seed=seed, min_size=(side, side))
    shape, num_classes = images.input_shape, len(images.classes)
    model = build_capsnet(shape, num_classes, filters, kernel_size, capsule_types)
    cnn = build_cnn(shape, num_classes)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(images.train), batch_size, epochs)
    for network, loss in ((model, None), (cnn, "sparse_categorical_crossentropy")):
        network.compile(
            optimizer=keras.optimizers.Adam(schedule),
            loss=loss,  # CapsNet has its own
            metrics=["accuracy"],
            steps_per_execution=16,  # several batches per call: faster for a small model
        )
        network.fit(
            shifted_batches(images.train.inputs, images.train.labels, shift, batch_size, seed),
            epochs=epochs,
            validation_data=(images.validation.inputs, images.validation.labels),
            callbacks=list(callbacks),
        )

    # The only use of the test images.
    predicted_lengths, rebuilt, capsules = model.predict(images.test.inputs, 256, verbose=0)
    changed = scores.changed_images(lambda x: model.predict(x, 256, verbose=0)[0], images.test)
    of_cnn = scores.changed_images(lambda x: cnn.predict(x, 256, verbose=0), images.test)
    return Report(
        model=model,
        headline="accuracy",
        scores=scores.classification(images.test.labels, predicted_lengths, images.classes)
        | changed,
        baselines=scores.classification_baselines(images),
        comparisons={"cnn": of_cnn},
        data=images.describe(),
        pictures=_pictures(model, images, rebuilt, capsules, {"capsnet": changed, "cnn": of_cnn}),
    )


def _pictures(model, images, rebuilt, capsules, table):
    """A table of accuracies, rebuilt test images, and images from one capsule, number by number."""
    test = images.test.inputs
    decoder = model.get_layer("decoder")
    longest = ops.convert_to_numpy(KeepLongest()(capsules[:1]))[0]  # (classes, size)

    return {
        "accuracy": visualize.plot_score_table(table),
        "rebuilt": visualize.plot_reconstructions(test[:20], rebuilt[:20]),
        "dimensions": visualize.plot_code_dimensions(decoder, longest),
    }
