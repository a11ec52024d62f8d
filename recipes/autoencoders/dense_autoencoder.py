"""Autoencoder: compresses an image into a few numbers and rebuilds it from them.

    image (8, 8, 1) -> encoder: dense 256 -> code (8,) -> decoder: dense 256 -> image (8, 8, 1)

The first autoencoder to try. Take it for its code, the few numbers: the codes place images on a map
without labels, find similar images, or serve as features for another task.

The encoder turns the image into its code, the decoder turns the code back into an image. Both learn
together, and the image is input and target at once, so no labels are needed. The loss is the mean
squared error of the pixels. The code has fewer numbers than the image has pixels, so the network
cannot copy the image: the code has to keep what differs from image to image.

A linear autoencoder can do no better than principal component analysis (PCA) with as many numbers.
PCA maps the images to a flat surface; layers of ReLUs can follow a curved one.

In the report: the error on test images, compared with PCA of equal size; test images above their
reconstructions; and the codes on a map, with a colour for each class, although training saw no
labels. The linear probe, a linear classifier trained on the codes, measures how much of the class
the codes keep. On the digits the error is half that of PCA: `--seeds 3` gives 0.0118 against
0.0247.

Reference: Hinton and Salakhutdinov, "Reducing the dimensionality of data with neural networks",
2006.
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


def build_dense_autoencoder(input_shape=(8, 8, 1), latent_size=8, units=(256,)):
    """Build the network, not compiled.

    `model.get_layer("encoder")` and `model.get_layer("decoder")` are its two halves.

    Args:
        input_shape: (height, width, channels) of an image; pixels from 0 to 1.
        latent_size: number of values in the code.
        units: widths of the hidden layers of the encoder; the decoder has them in reverse order.

    Returns:
        A keras.Sequential of encoder and decoder, from images (batch, *input_shape) to images of
        the same shape.

    Raises:
        ValueError: if a size is not an integer >= 1, or units is not a tuple of them.

    Example:
        import numpy as np

        images = np.random.rand(256, 28, 28, 1)  # pixels from 0 to 1

        model = build_dense_autoencoder(input_shape=(28, 28, 1), latent_size=16)
        model.compile("adam", "mean_squared_error")
        model.fit(images, images, batch_size=64, epochs=2)  # the image is input and target
        codes = model.get_layer("encoder").predict(images)  # (256, 16)
        rebuilt = model.get_layer("decoder").predict(codes)  # (256, 28, 28, 1)
    """
    check_shape("build_dense_autoencoder", input_shape, "height", "width", "channels")
    check_integers("build_dense_autoencoder", latent_size=latent_size)
    check_tuples("build_dense_autoencoder", units=units)
    height, width, channels = input_shape

    encoder = keras.Sequential([keras.Input(input_shape), layers.Flatten()], name="encoder")
    for size in units:
        encoder.add(layers.Dense(size, activation="relu"))
    # Linear: a ReLU could not give negative numbers, and could be 0 for every image.
    encoder.add(layers.Dense(latent_size))  # (batch, latent_size)

    decoder = keras.Sequential([keras.Input((latent_size,))], name="decoder")
    for size in reversed(units):
        decoder.add(layers.Dense(size, activation="relu"))
    decoder.add(layers.Dense(height * width * channels, activation="sigmoid"))
    decoder.add(layers.Reshape(input_shape))  # (batch, height, width, channels)

    return keras.Sequential([encoder, decoder], name="dense_autoencoder")


def run(
    data="digits",
    epochs=100,
    batch_size=64,
    seed=0,
    latent_size=8,
    units=256,
    learning_rate=0.01,
    callbacks=(),
):
    """Train on images and report how well test images are rebuilt from their codes.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: sets the initial weights, the order of the images and the validation part.
        latent_size: number of values in the code, integer >= 1.
        units: width of the hidden layer of the encoder and of the decoder, integer >= 1.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: if latent_size or units is below 1.
    """
    if min(latent_size, units) < 1:
        raise data_prep.DataError(f"latent_size {latent_size}, units {units}: give 1 or more.")
    images = data_prep.load_images(data, seed=seed)
    model = build_dense_autoencoder(images.input_shape, latent_size, (units,))

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(images.train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="mean_squared_error",
        steps_per_execution=16,  # several batches per call: faster for a small model
    )
    model.fit(
        images.train.inputs,
        images.train.inputs,  # the image is input and target
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(images.validation.inputs, images.validation.inputs),
        callbacks=list(callbacks),
    )

    # The only use of the test images.
    encoder = model.get_layer("encoder")
    decoder = model.get_layer("decoder")
    codes = {
        "train": encoder.predict(images.train.inputs, batch_size=256, verbose=0),
        "test": encoder.predict(images.test.inputs, batch_size=256, verbose=0),
    }
    rebuilt = decoder.predict(codes["test"], batch_size=256, verbose=0)

    return Report(
        model=model,
        headline="mean squared error",
        higher_is_better=False,
        scores=scores.autoencoding(images, codes, rebuilt),
        baselines=scores.autoencoding_baselines(images, {"PCA of equal size": latent_size}),
        data=images.describe(),
        pictures=_pictures(images, codes["test"], rebuilt),
    )


def _pictures(images, codes, rebuilt):
    """Test images above their reconstructions, and a map of their codes."""
    pictures = {
        "reconstructions": visualize.plot_reconstructions(images.test.inputs[:20], rebuilt[:20])
    }

    # The map needs two axes, and a colour for each class.
    if codes.shape[1] > 1 and len(images.classes) <= 20:
        classes = [images.classes[label] for label in images.test.labels]
        pictures["latent_space"] = visualize.plot_latent_space(codes[:2000], classes[:2000])

    return pictures
