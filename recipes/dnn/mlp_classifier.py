"""Image classifier: dense layers with dropout, no convolutions.

    image (8, 8, 1) -> 64 pixels -> dense 512 -> dense 256 -> probabilities (10,)

The simplest deep network for images with one label each. It is quick to train, and it shows what
a convolutional network has to improve on.

Each unit of a dense layer takes a weighted sum of all values of the layer before. The output layer
and the loss follow from the question. For one class out of several, the output layer is a softmax:
its values are positive and sum to 1. The loss is then the cross-entropy, -log(probability of the
true class). The recipes mlp_binary and mlp_regressor show the output layer and the loss for two
other questions: one class out of two, and a number.

Batch normalisation brings the sums of each unit to mean 0 and deviation 1 over a batch, which
allows a higher learning rate. Dropout sets random values to zero in each training step, so no unit
can rely on a few others. A dense layer has a weight for each pixel: a digit moved by one pixel is
a new image for the layer. Small random shifts in training teach it that the class stays the same.

In the report: the accuracy of each class, and which classes are confused.

Reference: Srivastava et al., "Dropout: a simple way to prevent neural networks from
overfitting", 2014.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
from keras import layers

import data_prep
import visualize
from recipes import scores
from recipes.layers.sizes import check_integers, check_tuples
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_mlp_classifier(
    input_shape=(8, 8, 1), num_classes=10, units=(512, 256), dropout=0.2, shift=0.04
):
    """Build the network, not compiled.

    Args:
        input_shape: (height, width, channels) of an image; pixels from 0 to 1.
        num_classes: number of classes, the size of the output.
        units: width of each dense layer, from the first to the last; () for a softmax regression.
        dropout: fraction of values dropped after each dense layer.
        shift: largest random shift in training, as a fraction of height and width; 0 for none.

    Returns:
        A keras.Sequential from images (batch, *input_shape) to probabilities (batch, num_classes).

    Raises:
        ValueError: if `units` is not a tuple, a size is not an integer >= 1, or the input is to be
            shifted and is no image.

    Example:
        import numpy as np

        images = np.random.rand(256, 28, 28, 1)
        labels = np.random.randint(10, size=256)

        model = build_mlp_classifier(input_shape=(28, 28, 1), num_classes=10)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(images, labels, batch_size=64, epochs=2)
        probabilities = model.predict(images)  # (256, 10)
    """
    check_tuples("build_mlp_classifier", input_shape=input_shape)
    check_integers("build_mlp_classifier", num_classes=num_classes)
    if units != ():
        check_tuples("build_mlp_classifier", units=units)
    if shift and len(input_shape) != 3:
        raise ValueError(
            f"build_mlp_classifier: input_shape {input_shape} cannot be shifted; give (height, "
            f"width, channels), or shift=0."
        )

    model = keras.Sequential([keras.Input(input_shape)], name="mlp_classifier")
    if shift:
        model.add(layers.RandomTranslation(shift, shift, fill_mode="nearest"))  # the same shape
    model.add(layers.Flatten())  # (batch, height * width * channels)

    for size in units:
        # No bias: batch normalisation would cancel it, and adds its own.
        model.add(layers.Dense(size, use_bias=False))  # (batch, size)
        model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.ReLU())
        model.add(layers.Dropout(dropout))

    # The softmax makes predictions easy to read. Logits are numerically safer to train on: leave
    # the activation out, and give the loss from_logits=True. It then takes logarithms before a
    # small probability is rounded to 0. On TensorFlow, Keras does so for a softmax by itself; on
    # JAX and PyTorch it clips probabilities at 1e-7.
    model.add(layers.Dense(num_classes, activation="softmax"))
    return model


def run(data="digits", epochs=20, batch_size=64, seed=0, learning_rate=0.005, callbacks=()):
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
    images = data_prep.load_images(data, seed=seed)
    model = build_mlp_classifier(images.input_shape, len(images.classes))

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(images.train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        # Labels are class numbers; one-hot rows would need categorical_crossentropy.
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
    matrix = scores.confusion(images.test.labels, probabilities)
    return Report(
        model=model,
        headline="accuracy",
        scores=scores.classification(images.test.labels, probabilities, images.classes),
        baselines=scores.classification_baselines(images),
        data=images.describe(),
        pictures={"confusion": visualize.plot_confusion_matrix(matrix, images.classes)},
    )
