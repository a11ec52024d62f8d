"""Inpainting: an autoencoder that fills holes and removes watermarks.

    image and mask (8, 8, 2) -> conv 16, 32, 64 -> code (2, 2, 64) -> conv 32, 16 -> image (8, 8, 1)

Take it to repair images when it is known which pixels are damaged. A part of each training image
is hidden, under a grey rectangle or under letters. The network sees the rest, and a mask that is 1
where the image is hidden. The damage is new in every epoch.

The network predicts all pixels; then the known pixels are put back, so the network learns from the
hidden ones alone. The code is larger than the image and could simply copy it. But the hidden pixels
cannot be copied, so the code has to hold what kind of image this is. The code is a map, not a
vector, so no linear classifier is fitted to it.

In the report: filled holes and removed text, with two comparisons. Biharmonic filling continues
the image from the border of the hole as smoothly as possible. It uses this image alone, and works
best under letters, where a known pixel is always near. Principal components fill the hidden
pixels from the known ones by a linear model of all training images.

Reference: Pathak et al., "Context encoders: feature learning by inpainting", 2016.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
import numpy as np
from keras import layers, ops

import data_prep
import visualize
from data_prep.images import damage as image_damage
from recipes import scores
from recipes.layers.sizes import check_shape, check_tuples
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_inpainting(input_shape=(8, 8, 2), filters=(16, 32, 64)):
    """Build the network, not compiled; `get_layer("encoder")` and `("decoder")` are its halves.

    Args:
        input_shape: (height, width, channels + 1) of an image with its mask as the last channel,
            1 where the image is hidden; pixels from 0 to 1.
        filters: channels at full, half and quarter size.

    Returns:
        A keras.Model from images with masks (batch, *input_shape) to whole images (batch, height,
        width, channels), known pixels unchanged. The encoder gives the code (batch, height / 4,
        width / 4, filters[-1]); from it the decoder predicts all pixels.

    Raises:
        ValueError: if the mask is the only channel, there are not exactly three filters, or a size
            is not an integer >= 1.

    Example:
        import numpy as np

        images = np.random.rand(128, 28, 28, 1)
        masks = np.zeros((128, 28, 28, 1))
        masks[:, 8:18, 8:18] = 1  # hidden
        damaged = np.where(masks == 1, 0.5, images)
        inputs = np.concatenate([damaged, masks], axis=-1)  # (128, 28, 28, 2)

        model = build_inpainting(input_shape=(28, 28, 2))
        model.compile("adam", "mean_squared_error")
        model.fit(inputs, images, batch_size=64, epochs=1)
        repaired = model.predict(inputs)  # (128, 28, 28, 1)
    """
    check_shape("build_inpainting", input_shape, "height", "width", "channels + 1")
    check_tuples("build_inpainting", filters=filters)
    height, width, channels_and_mask = input_shape
    if channels_and_mask < 2:
        raise ValueError(
            f"build_inpainting: input_shape {input_shape} has no room for the mask; give (height, "
            f"width, channels + 1)."
        )
    if len(filters) != 3:
        raise ValueError(
            f"build_inpainting: filters {filters}; give three numbers, the channels at full, half "
            f"and quarter size."
        )

    encoder = keras.Sequential([keras.Input(input_shape)], name="encoder")
    _add_block(encoder, layers.Conv2D, filters[0], strides=1)  # (batch, height, width, filters[0])
    _add_block(encoder, layers.Conv2D, filters[1], strides=2)  # half the height and width
    _add_block(encoder, layers.Conv2D, filters[2], strides=2)
    _add_block(encoder, layers.Conv2D, filters[2], strides=1)
    # (batch, height / 4, width / 4, filters[2]), rounded up

    decoder = keras.Sequential([keras.Input(encoder.output_shape[1:])], name="decoder")
    _add_block(decoder, layers.Conv2D, filters[2], strides=1)
    _add_block(decoder, layers.Conv2DTranspose, filters[1], strides=2)  # twice the height and width
    _add_block(decoder, layers.Conv2DTranspose, filters[0], strides=2)
    decoder.add(layers.Conv2D(channels_and_mask - 1, 3, padding="same", activation="sigmoid"))
    # Cut off what the rounding added.
    decoder.add(layers.Cropping2D(((0, -height % 4), (0, -width % 4))))

    inputs = keras.Input(input_shape)
    image = inputs[..., :-1]
    mask = inputs[..., -1:]
    predicted = decoder(encoder(inputs))
    repaired = ops.where(mask > 0.5, predicted, image)
    return keras.Model(inputs, repaired, name="inpainting")


def _add_block(model, convolution, channels, strides):
    """Add a convolution of a 3 x 3 kernel, batch normalisation and ReLU."""
    model.add(convolution(channels, 3, strides=strides, padding="same", use_bias=False))
    model.add(layers.BatchNormalization(momentum=0.9))
    model.add(layers.ReLU())


def run(
    data="digits",
    epochs=30,
    batch_size=64,
    seed=0,
    learning_rate=0.01,
    damage="both",
    test_images=2000,
    callbacks=(),
):
    """Train on damaged images, report how well the hidden pixels of test images are filled.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images, each with new damage.
        batch_size: images per training step.
        seed: sets the initial weights, the order of the images, their damage and the validation
            part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        damage: hole, text or both, to train on; the test images are scored with each of the two.
        test_images: number of test images to score, integer >= 1; biharmonic filling is slow.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: if test_images is below 1.
    """
    if test_images < 1:
        raise data_prep.DataError(f"test images {test_images}; give 1 or more to score.")
    images = data_prep.load_images(data, seed=seed, min_size=(8, 8))
    batches = image_damage.damaged_batches(images.train.inputs, damage, batch_size, seed)
    height, width, channels = images.input_shape
    model = build_inpainting((height, width, channels + 1))

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(images.train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="mean_squared_error",
        steps_per_execution=16,  # several batches per call: faster for a small model
    )
    validation = images.validation.inputs
    damaged_validation = image_damage.with_masks(*image_damage.damage(validation, damage, seed))
    model.fit(
        batches,
        epochs=epochs,
        validation_data=(damaged_validation, validation),
        callbacks=list(callbacks),
    )

    # The only use of the test images.
    order = np.random.default_rng(0).permutation(len(images.test))
    truth = images.test.inputs[order[:test_images]]
    hole_scores, hole_picture = _repair(model, images, truth, damage="hole", where="in the hole")
    text_scores, text_picture = _repair(model, images, truth, damage="text", where="under text")
    table = {name: hole_scores[name] | text_scores[name] for name in hole_scores}
    own_scores = table.pop("this recipe")
    baselines = {name: table.pop(name) for name in ("mean of the known pixels", "biharmonic")}
    return Report(
        model=model,
        headline="PSNR in the hole",
        scores=own_scores,
        baselines=baselines,
        comparisons=table,
        data=images.describe(),
        pictures={"hole": hole_picture, "text": text_picture},
    )


def _repair(model, images, truth, damage, where):
    """Damage test images and repair them in several ways: (scores by name, picture)."""
    train = images.train.inputs
    damaged, masks = image_damage.damage(truth, damage, seed=0)  # the same for every seed
    size = min(64, len(train) - 1, train[0].size - 1)
    by_components = image_damage.fill_from_components(damaged, masks, train, size)
    inputs = image_damage.with_masks(damaged, masks)
    repaired = {
        "this recipe": model.predict(inputs, batch_size=256, verbose=0),
        "mean of the known pixels": image_damage.fill(damaged, masks, "mean"),
        "biharmonic": image_damage.fill(damaged, masks, "biharmonic"),
        f"{size} principal components": by_components,
    }

    table = {}
    for name, filled in repaired.items():
        table[name] = {
            f"PSNR {where}": scores.psnr(truth, filled, masks),
            f"SSIM {where}": scores.ssim(truth, filled, masks),
        }

    rows = {"original": truth, "damaged": damaged} | repaired
    strips = [np.hstack(row[:12]) for row in rows.values()]
    return table, visualize.plot_images(strips, list(rows))
