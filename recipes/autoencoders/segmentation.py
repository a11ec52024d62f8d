"""The U-Net: a class for every pixel, what from the depth, where from the skips.

    image (64, 64, 3) -> conv 8, 16, 32 -> conv 16, 8 with skips -> probabilities (64, 64, 4)

The way down halves the image again and again: each value sees more of it, and knows less exactly
where. The way up doubles it, and at each size the features from the way down are put beside it, so
that what a figure is and where it ends meet. It is an autoencoder's shape, but it answers with
classes in place of its input, and through the skips there is no code that holds everything.

Scores are intersection over union and Dice by class, where a small class counts as much as a large
one. The share of pixels that are right says little: most of them are background.

On the drawn shapes it finds where figures are in an epoch, and takes several more to tell circles
from squares: with five epochs one seed of three had not, and its mean IoU was 0.71.

As in the paper: two convolutions at each size, twice the channels at each halving, and, with
--augmentation, turns and flips to make more of few images. Unlike it: zeros around the image keep
the size, batch normalisation, fewer channels, no elastic deformation and no greater weight on thin
borders.

Reference: Ronneberger et al., "U-Net: convolutional networks for biomedical image segmentation",
2015.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
import numpy as np
from keras import layers

import data_prep
import visualize
from data_prep import image_tasks
from recipes import scores
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_segmentation(input_shape=(64, 64, 3), num_classes=4, filters=(8, 16, 32)):
    """Build the network, not compiled.

    Args:
        input_shape: (height, width, channels) of an image whose sides can be halved len(filters)
            - 1 times, or None for any such; pixels from 0 to 1.
        num_classes: number of classes of a pixel.
        filters: channels at each size, from the whole image to the smallest.

    Returns:
        A keras.Model from images (batch, *input_shape) to probabilities (batch, height, width,
        num_classes).
    """
    images = keras.Input(input_shape)
    x, skips = _convolve(images, filters[0]), []  # (batch, height, width, filters[0])
    for size in filters[1:]:
        skips.append(x)
        x = _convolve(layers.MaxPooling2D()(x), size)  # half the height and width, size
    for size, skip in zip(filters[-2::-1], skips[::-1], strict=True):
        x = layers.Conv2DTranspose(size, 2, strides=2)(x)  # twice the height and width, size
        x = _convolve(layers.Concatenate()([skip, x]), size)
    probabilities = layers.Conv2D(num_classes, 1, activation="softmax")(x)
    return keras.Model(images, probabilities, name="segmentation")


def _convolve(x, size):
    for _ in range(2):
        x = layers.Conv2D(size, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    return x


def run(
    data="shapes",
    epochs=10,
    batch_size=16,
    seed=0,
    learning_rate=0.01,
    filters=8,
    depth=3,
    tile=0,
    augmentation=False,
    callbacks=(),
):
    """Train on images with masks, report intersection over union on test images.

    Args:
        data: shapes, or an .npz file of images and masks, as data_prep.load_scenes reads it.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: draws the first weights, the order of images and the validation part.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        filters: channels at full size, doubled at each halving.
        depth: number of sizes, 1 or more.
        tile: side in pixels of the squares to train on; 0 for whole images.
        augmentation: also train on each image turned and mirrored, eight for one.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    if min(depth, filters) < 1:
        raise data_prep.DataError(f"depth {depth}, filters {filters}; give 1 or more of each.")
    scenes = data_prep.load_scenes(data, seed=seed, tile=tile)
    height, width, channels = scenes.input_shape
    step = 2 ** (depth - 1)
    if height % step or width % step or (augmentation and height != width):
        raise data_prep.DataError(
            f"images of {height} x {width} pixels cannot be halved {depth - 1} times, or turned; "
            f"give --tile a multiple of {step}."
        )
    kept, images, masks = scenes.validation, scenes.train.inputs, scenes.train.labels["masks"]
    if augmentation:
        images, masks = image_tasks.eight_ways(images), image_tasks.eight_ways(masks)
    sizes = tuple(filters * 2**level for level in range(depth))
    model = build_segmentation((None, None, channels), len(scenes.classes), sizes)
    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(images), batch_size, epochs)
    adam, loss = keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy"
    model.compile(adam, loss, metrics=["accuracy"], steps_per_execution=8)
    checks = kept.inputs, kept.labels["masks"]
    model.fit(images, masks, batch_size, epochs, validation_data=checks, callbacks=list(callbacks))
    test, truth = scenes.test.inputs, scenes.test.labels["masks"]
    height, width = truth.shape[1:]
    # What is missing to a multiple of the step is mirrored at the border, and cut off again.
    ends = ((0, 0), (0, -height % step), (0, -width % step), (0, 0))
    answers = model.predict(np.pad(test, ends, "reflect"), batch_size=8, verbose=0).argmax(axis=-1)
    answers = {"this recipe": answers[:, :height, :width]} | scores.segmentation_baselines(scenes)
    table = {
        name: scores.segmentation(truth, found, scenes.classes) for name, found in answers.items()
    }
    shown = {"truth": truth, "answer": answers["this recipe"], "otsu": answers["Otsu threshold"]}
    side = max(1, 256 // width)  # images side by side
    return Report(
        model=model,
        headline="IoU",
        scores=table.pop("this recipe"),
        baselines=table,
        data=scenes.describe(),
        pictures={
            name: visualize.plot_segmentation(
                np.hstack(test[:side]), np.hstack(found[:side]), scenes.classes[1:]
            )
            for name, found in shown.items()
        },
    )
