"""Convolutional autoencoder: convolutions compress an image and rebuild it.

    image (8, 8, 1) -> conv 32 -> conv 64 -> code (8,) -> 2 transposed convs -> image (8, 8, 1)

Take it for larger images. A dense layer needs a weight for each pixel and unit; a convolution uses
the same small kernel at all positions, and a pattern learnt in one place is known in all.

The convolutions of the encoder have a stride of 2: the kernel moves two pixels at a time, so each
convolution halves height and width. The decoder doubles them again by transposed convolutions: each
input value multiplies the kernel, the products are placed two pixels apart, and they are added
where they overlap. The code between the halves is a plain vector, as in PCA.

In the report: the error on test images, compared with PCA of equal size; test images above their
reconstructions; the codes on a map, with a colour for each class; and the linear probe, a linear
classifier trained on the codes. On the digits `--seeds 3` gives an error of 0.0117, PCA 0.0247.
dense_autoencoder is as good on them: in 8 x 8 pixels a pattern has few positions to appear at.

Differs from dense_autoencoder: convolutions in both halves.

Reference: Masci et al., "Stacked convolutional auto-encoders for hierarchical feature extraction",
2011.
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


def build_conv_autoencoder(
    input_shape=(8, 8, 1), latent_size=8, filters=(32, 64), kernel_sizes=(5, 3)
):
    """Build the network, not compiled.

    `model.get_layer("encoder")` and `model.get_layer("decoder")` are its two halves.

    Args:
        input_shape: (height, width, channels) of an image of any size; pixels from 0 to 1.
        latent_size: number of values in the code.
        filters: number of kernels in each convolution of the encoder, as many convolutions as you
            like; each halves height and width. The decoder has them in reverse order.
        kernel_sizes: height and width of the kernels of each convolution, in pixels.

    Returns:
        A keras.Sequential of encoder and decoder, from images (batch, *input_shape) to images of
        the same shape.

    Raises:
        ValueError: if a size is not an integer >= 1, if filters is not a tuple of them, or if there
            are not as many kernel sizes as filters.

    Example:
        import numpy as np

        images = np.random.rand(128, 28, 28, 1)  # pixels from 0 to 1

        model = build_conv_autoencoder(input_shape=(28, 28, 1), latent_size=16, filters=(16, 32))
        model.compile("adam", "mean_squared_error")
        model.fit(images, images, batch_size=64, epochs=2)  # the image is input and target
        codes = model.get_layer("encoder").predict(images)  # (128, 16)
        rebuilt = model.get_layer("decoder").predict(codes)  # (128, 28, 28, 1)
    """
    check_shape("build_conv_autoencoder", input_shape, "height", "width", "channels")
    check_tuples("build_conv_autoencoder", filters=filters)
    check_integers("build_conv_autoencoder", latent_size=latent_size)
    if not isinstance(kernel_sizes, (tuple, list)) or len(kernel_sizes) != len(filters):
        raise ValueError(
            f"build_conv_autoencoder: filters {filters} and kernel_sizes {kernel_sizes}; give as "
            f"many kernel sizes as filters."
        )
    height, width, channels = input_shape

    encoder = keras.Sequential([keras.Input(input_shape)], name="encoder")
    for count, size in zip(filters, kernel_sizes, strict=True):
        encoder.add(layers.Conv2D(count, size, strides=2, padding="same", activation="relu"))
    rows, columns = encoder.output_shape[1:3]  # height and width, halved and rounded up each time
    encoder.add(layers.Flatten())
    encoder.add(layers.Dense(latent_size))  # (batch, latent_size)

    decoder = keras.Sequential([keras.Input((latent_size,))], name="decoder")
    decoder.add(layers.Dense(rows * columns * filters[-1], activation="relu"))
    decoder.add(layers.Reshape((rows, columns, filters[-1])))
    for count, size in zip(reversed(filters[:-1]), reversed(kernel_sizes[1:]), strict=True):
        decoder.add(
            layers.Conv2DTranspose(count, size, strides=2, padding="same", activation="relu")
        )
    decoder.add(
        layers.Conv2DTranspose(
            channels, kernel_sizes[0], strides=2, padding="same", activation="sigmoid"
        )
    )

    # Halving rounds up, so the doubled image may be larger than the original: cut the rest off.
    scale = 2 ** len(filters)
    extra_rows = rows * scale - height
    extra_columns = columns * scale - width
    if extra_rows or extra_columns:
        decoder.add(layers.Cropping2D([(0, extra_rows), (0, extra_columns)]))

    return keras.Sequential([encoder, decoder], name="conv_autoencoder")


def run(
    data="digits",
    epochs=50,
    batch_size=64,
    seed=0,
    latent_size=8,
    filters=32,
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
        filters: number of kernels in the first convolution, integer >= 1; the second has twice as
            many.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: if latent_size or filters is below 1.
    """
    if min(latent_size, filters) < 1:
        raise data_prep.DataError(f"latent_size {latent_size}, filters {filters}: give 1 or more.")
    images = data_prep.load_images(data, seed=seed)
    model = build_conv_autoencoder(images.input_shape, latent_size, (filters, 2 * filters))

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
