"""Convolution and pooling, twice, then a dense layer: the image classifier.

    image (8, 8, 1) -> conv 12 -> pool -> conv 32 -> pool -> dense 256 -> probabilities (10,)

The notes' order of a CNN: Convolution, Pooling, Convolution, Pooling, Fully Connected, Output.

A convolution lays a small pattern of weights, its kernel, on every place of the image and says how
well it fits there. All places share these weights: 25 of them are enough for an image of any size,
and what is learnt on the left is known on the right. The stride is the step from place to place,
here 1. Padding "same" puts zeros around the image, so that the output is as large as the input;
with "valid" the border is lost. Pooling keeps the strongest answer of each 2 x 2 neighbourhood, at
stride 2: half the height and width, and a pattern may move a little. So the receptive field grows,
the part of the image that one value sees: 5 x 5 pixels behind the first convolution, 6 x 6 behind
its pooling, then 10 x 10 and 12 x 12. The fully connected layer sees all places at once.

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
from recipes.report import Report


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
        filters: number of patterns that the first and the second convolution look for.
        kernel_sizes: height and width of those patterns, in pixels.
        units: width of the fully connected layer.
        dropout: share of values dropped before the output layer.

    Returns:
        A keras.Sequential from images (batch, *input_shape) to probabilities (batch, num_classes).
    """
    return keras.Sequential(
        [
            keras.Input(input_shape),  # (batch, height, width, channels)
            # Normalised behind the pooling: a quarter of the work. No bias: it would be undone.
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
    """Train on images, report accuracy on test images.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: draws the first weights, the order of images and the validation part.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    images = data_prep.load_images(data, seed=seed, min_size=(8, 8))
    model = build_cnn(images.input_shape, len(images.classes))
    steps = epochs * -(-len(images.train) // batch_size)
    # Up, then down to zero: the last epoch is the one to keep, so no epoch has to be chosen.
    schedule = keras.optimizers.schedules.CosineDecay(
        learning_rate / 10, steps - steps // 3, warmup_target=learning_rate, warmup_steps=steps // 3
    )
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=16,
    )
    model.fit(
        images.train.inputs,
        images.train.labels,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(images.validation.inputs, images.validation.labels),
        callbacks=list(callbacks),
    )
    probabilities = model.predict(images.test.inputs, batch_size=256, verbose=0)
    matrix = scores.confusion(images.test.labels, probabilities)
    hardest, titles = scores.hardest(images.test.labels, probabilities, images.classes)
    return Report(
        model=model,
        headline="accuracy",
        scores=scores.classification(images.test.labels, probabilities, images.classes),
        baselines=scores.classification_baselines(images),
        data=images.describe(),
        pictures={
            "confusion": visualize.plot_confusion_matrix(matrix, images.classes),
            "hardest": visualize.plot_images(images.test.inputs[hardest], titles),
            "filters": visualize.plot_filters(model, "conv_1"),
            "feature_maps": visualize.plot_feature_maps(model, images.test.inputs[0], "conv_1"),
        },
    )
