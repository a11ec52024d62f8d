"""Image classifier: convolution and pooling, twice, then a dense layer.

    image (8, 8, 1) -> conv 12 -> pool -> conv 32 -> pool -> dense 256 -> probabilities (10,)

The first network to try on small images with one label each.

A convolution slides a small kernel of weights over the image and measures how well it matches at
each position. All positions share the kernel: 25 weights cover an image of any size, and a pattern
learnt on the left is recognised on the right. The stride is the step from one position to the
next, here 1. Padding "same" puts zeros around the image, so the output is as large as the input;
with "valid" the output loses the border.

Max pooling keeps the strongest match of each 2 x 2 block, which halves height and width and
tolerates small shifts. It also enlarges the receptive field, the part of the image that one value
depends on: 5 x 5 pixels after the first convolution, 6 x 6 after its pooling, then 10 x 10 and
12 x 12. The dense layer sees all positions at once.

In the report: which classes are confused, the test images the network is least sure of, its
kernels, and what they respond to.

Reference: LeCun et al., "Gradient-based learning applied to document recognition", 1998.
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


def build_cnn(
    input_shape=(8, 8, 1),
    num_classes=10,
    filters=(12, 32),
    kernel_sizes=(5, 3),
    units=256,
    dropout=0.25,
):
    """Build the network, not compiled.

    Args:
        input_shape: (height, width, channels) of an image, at least 8 x 8; pixels from 0 to 1.
        num_classes: number of classes, the size of the output.
        filters: number of kernels in the first and in the second convolution.
        kernel_sizes: height and width of the kernels of each convolution, in pixels.
        units: width of the dense layer.
        dropout: fraction of values dropped before the output layer.

    Returns:
        A keras.Sequential from images (batch, *input_shape) to probabilities (batch, num_classes).

    Raises:
        ValueError: if the image is smaller than 8 x 8 or than the kernels need, if there are not
            exactly two filters and two kernel sizes, or if a size is not an integer >= 1.

    Example:
        import numpy as np

        images = np.random.rand(256, 28, 28, 1)
        labels = np.random.randint(10, size=256)

        model = build_cnn(input_shape=(28, 28, 1), num_classes=10)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(images, labels, batch_size=64, epochs=2)
        probabilities = model.predict(images)  # (256, 10)
    """
    check_shape("build_cnn", input_shape, "height", "width", "channels")
    check_tuples("build_cnn", filters=filters, kernel_sizes=kernel_sizes)
    check_integers("build_cnn", num_classes=num_classes, units=units)
    if len(filters) != 2 or len(kernel_sizes) != 2:
        raise ValueError(
            f"build_cnn: filters {filters} and kernel_sizes {kernel_sizes}; give two numbers each, "
            f"one for each convolution."
        )

    # The second kernel must fit twice into the pooled image, for the second pooling.
    smallest = max(8, 2 * (kernel_sizes[1] + 1))
    height, width, _ = input_shape
    if min(height, width) < smallest:
        raise ValueError(
            f"build_cnn: images of {height} x {width}; give at least {smallest} x {smallest} "
            f"pixels."
        )

    return keras.Sequential(
        [
            keras.Input(input_shape),  # (batch, height, width, channels)
            # Normalising after the pooling is a quarter of the work. No bias: it would cancel.
            layers.Conv2D(
                filters[0], kernel_sizes[0], padding="same", use_bias=False, name="conv_1"
            ),
            layers.MaxPooling2D(),  # (batch, height / 2, width / 2, filters[0])
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.Conv2D(filters[1], kernel_sizes[1], padding="valid", use_bias=False),
            layers.MaxPooling2D(),  # (batch, height / 4 - 1, width / 4 - 1, filters[1])
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(units, activation="relu"),
            layers.Dropout(dropout),
            layers.Dense(num_classes, activation="softmax"),
        ],
        name="cnn",
    )


def run(data="digits", epochs=30, batch_size=64, seed=0, learning_rate=0.005, callbacks=()):
    """Train on images and report the accuracy on test images.

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
    images = data_prep.load_images(data, seed=seed, min_size=(8, 8))
    model = build_cnn(images.input_shape, len(images.classes))

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(images.train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=16,  # several batches per call: faster for a small model
    )
    model.fit(
        images.train.inputs,
        images.train.labels,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(images.validation.inputs, images.validation.labels),
        callbacks=list(callbacks),
    )

    # The only use of the test images.
    probabilities = model.predict(images.test.inputs, batch_size=256, verbose=0)
    return Report(
        model=model,
        headline="accuracy",
        scores=scores.classification(images.test.labels, probabilities, images.classes),
        baselines=scores.classification_baselines(images),
        data=images.describe(),
        pictures=_pictures(model, images, probabilities),
    )


def _pictures(model, images, probabilities):
    """Which classes are confused, the hardest test images, and what the first kernels see."""
    labels = images.test.labels
    matrix = scores.confusion(labels, probabilities)
    hardest, titles = scores.hardest(labels, probabilities, images.classes)

    return {
        "confusion": visualize.plot_confusion_matrix(matrix, images.classes),
        "hardest": visualize.plot_images(images.test.inputs[hardest], titles),
        "filters": visualize.plot_filters(model, "conv_1"),
        "feature_maps": visualize.plot_feature_maps(model, images.test.inputs[0], "conv_1"),
    }
