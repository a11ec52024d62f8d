"""Image segmentation: the U-Net gives every pixel a class.

    image (64, 64, 3) -> conv 8, 16, 32 -> conv 16, 8 with skips -> probabilities (64, 64, 4)

Take it to outline things: cells, organs, roads. Each training image needs a mask of classes.

Convolutions and pooling halve the image again and again. Each value then depends on a larger part
of the image, but its position is less exact. Transposed convolutions double the size again, and at
each size the skip connection adds the features from before the pooling. The deep layers tell what
is there, the skip connections tell where it ends. The paper's network has no padding, no batch
normalisation and more channels.

In the report: the masks over the images, true and predicted. Intersection over union (IoU) and
Dice are means over the classes, so a small class counts as much as a large one. The fraction of
correct pixels says little, because most pixels are background.

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
from data_prep.images import tasks as image_tasks
from recipes import scores
from recipes.layers.sizes import check_integers, check_shape, check_tuples
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_segmentation(input_shape=(64, 64, 3), num_classes=4, filters=(8, 16, 32)):
    """Build the network, not compiled.

    Args:
        input_shape: (height, width, channels) of an image; height and width are multiples of
            2 ** (len(filters) - 1), or None for images of different sizes; pixels from 0 to 1.
        num_classes: number of classes of a pixel.
        filters: channels at each size, from the whole image to the smallest.

    Returns:
        A keras.Model from images to probabilities (batch, height, width, num_classes).

    Raises:
        ValueError: if a size is not an integer >= 1, or height or width is no such multiple.

    Example:
        import numpy as np

        images = np.random.rand(64, 64, 64, 3)  # (images, height, width, channels)
        masks = np.random.randint(4, size=(64, 64, 64))  # the class of each pixel

        model = build_segmentation(input_shape=(64, 64, 3), num_classes=4)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(images, masks, batch_size=16, epochs=1)
        predicted_masks = model.predict(images).argmax(axis=-1)  # (64, 64, 64)
    """
    free = ("height", "width")
    check_shape("build_segmentation", input_shape, "height", "width", "channels", free=free)
    check_integers("build_segmentation", num_classes=num_classes)
    check_tuples("build_segmentation", filters=filters)
    multiple = 2 ** (len(filters) - 1)
    if any(side and side % multiple for side in input_shape[:2]):  # None: known only later
        raise ValueError(
            f"build_segmentation: images {input_shape} with {len(filters)} filters; pad height and "
            f"width to multiples of {multiple}, or give fewer filters."
        )

    images = keras.Input(input_shape)
    x = _convolve_twice(images, filters[0])  # (batch, height, width, filters[0])
    skips = []
    for channels in filters[1:]:
        skips.append(x)
        x = layers.MaxPooling2D()(x)  # half the height and width
        x = _convolve_twice(x, channels)

    for channels, skip in zip(reversed(filters[:-1]), reversed(skips), strict=True):
        x = layers.Conv2DTranspose(channels, 2, strides=2)(x)  # twice the height and width
        x = layers.Concatenate()([skip, x])
        x = _convolve_twice(x, channels)

    probabilities = layers.Conv2D(num_classes, 1, activation="softmax")(x)
    return keras.Model(images, probabilities, name="segmentation")


def _convolve_twice(x, channels):
    """Two convolutions at one size, (batch, height, width, channels)."""
    for _ in range(2):
        x = layers.Conv2D(channels, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.ReLU()(x)
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
        seed: sets the initial weights, the order of the images and the validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        filters: channels at full size, doubled at each halving.
        depth: number of sizes, integer >= 1.
        tile: side in pixels of the squares to train on; 0 for whole images.
        augmentation: also train on each image turned and mirrored, eight versions of it.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: if a flag is below 1, or training images cannot be halved or turned.
    """
    if min(depth, filters) < 1:
        raise data_prep.DataError(f"depth {depth}, filters {filters}; give 1 or more of each.")
    scenes = data_prep.load_scenes(data, seed=seed, tile=tile)
    _check_sizes(scenes, depth, augmentation)

    images = scenes.train.inputs
    masks = scenes.train.labels["masks"]
    if augmentation:
        images = image_tasks.eight_ways(images)
        masks = image_tasks.eight_ways(masks)
    channels = tuple(filters * 2**level for level in range(depth))
    model = build_segmentation((None, None, scenes.input_shape[-1]), len(scenes.classes), channels)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(images), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=8,  # several batches per call: faster for a small model
    )
    model.fit(
        images,
        masks,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(scenes.validation.inputs, scenes.validation.labels["masks"]),
        callbacks=list(callbacks),
    )

    # The only use of the test images.
    predictions = {"this recipe": _predict(model, scenes.test.inputs, depth)}
    predictions |= scores.segmentation_baselines(scenes)
    table = {
        name: scores.segmentation(scenes.test.labels["masks"], predicted, scenes.classes)
        for name, predicted in predictions.items()
    }
    return Report(
        model=model,
        headline="IoU",
        scores=table.pop("this recipe"),
        baselines=table,
        data=scenes.describe(),
        pictures=_pictures(scenes, predictions),
    )


def _check_sizes(scenes, depth, augmentation):
    """Refuse training images that cannot be halved, or turned."""
    height, width, _ = scenes.input_shape
    multiple = 2 ** (depth - 1)
    if height % multiple or width % multiple:
        raise data_prep.DataError(
            f"images of {height} x {width} pixels cannot be halved {depth - 1} times; give --tile "
            f"a multiple of {multiple}."
        )
    if augmentation and height != width:
        raise data_prep.DataError(
            f"images of {height} x {width} pixels are not square, so --augmentation cannot turn "
            f"them; give --tile a multiple of {multiple}."
        )


def _predict(model, images, depth):
    """Classes (images, height, width); images are mirrored at the border to a size that fits."""
    multiple = 2 ** (depth - 1)
    _, height, width, _ = images.shape
    padding = ((0, 0), (0, -height % multiple), (0, -width % multiple), (0, 0))
    padded = np.pad(images, padding, "reflect")

    classes = model.predict(padded, batch_size=8, verbose=0).argmax(axis=-1)
    return classes[:, :height, :width]


def _pictures(scenes, predictions):
    """The first test images, side by side, under their true and predicted masks."""
    masks = {
        "truth": scenes.test.labels["masks"],
        "prediction": predictions["this recipe"],
        "otsu": predictions["Otsu threshold"],
    }
    count = max(1, 256 // scenes.test.inputs.shape[2])  # about 256 pixels wide
    strip = np.hstack(scenes.test.inputs[:count])
    return {
        picture: visualize.plot_segmentation(strip, np.hstack(mask[:count]), scenes.classes[1:])
        for picture, mask in masks.items()
    }
