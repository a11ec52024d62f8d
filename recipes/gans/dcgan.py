"""DCGAN: a GAN of convolutions, which generates images from coarse to fine.

    latent (64,) -> 2 x 2 -> 4 x 4 -> image (8, 8, 1) -> 4 x 4 -> 2 x 2 -> logit (1,)

The usual form of a GAN for images. Take it instead of a dense GAN where a pattern may be anywhere
in the image.

The generator makes a small image of many channels from the noise. Transposed convolutions double
its height and width, twice. The discriminator goes the other way: convolutions with a stride of 2,
in place of pooling, halve height and width. A convolution knows by its structure that neighbouring
pixels belong together and that a pattern may be at any position; dense layers have to learn this
from the data. Batch normalisation in the generator keeps the training stable.

In the report: the same noise turned into images at several times of the training, and the Frechet
distance of generated images to test images. Compare it with that of `gan`: on digits of 8 x 8
pixels there is little for convolutions to gain.

Differs from gan: convolutions in both networks, no dropout.

Reference: Radford et al., "Unsupervised representation learning with deep convolutional generative
adversarial networks", 2015.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import math

import keras
import numpy as np
from keras import layers

import data_prep
import visualize
from recipes import scores
from recipes.gans.gan import GAN
from recipes.layers.adversarial import SampleGrid
from recipes.layers.sizes import check_integers, check_shape, check_tuples
from recipes.report import Report


def check_sizes(builder, image_shape, latent_size, filters):
    """Refuse sizes that cannot work where height and width are doubled twice, and halved twice.

    Args:
        builder: name of the builder, for the message.
        image_shape: (height, width, channels) of an image.
        latent_size: numbers in a vector of noise.
        filters: channels at a quarter and at half the size.

    Raises:
        ValueError: if height and width are not multiples of 4, there are not exactly two filters,
            or a size is not an integer >= 1.
    """
    check_shape(builder, image_shape, "height", "width", "channels")
    check_integers(builder, latent_size=latent_size)
    check_tuples(builder, filters=filters)
    if len(filters) != 2:
        raise ValueError(f"{builder}: filters {filters}; give two numbers of channels.")

    height, width, _ = image_shape
    if height % 4 or width % 4:
        raise ValueError(
            f"{builder}: images of {height} x {width}; give a height and a width that are "
            f"multiples of 4 pixels."
        )


def build_generator(image_shape=(8, 8, 1), latent_size=64, filters=(64, 32)):
    """Build the generator alone.

    Args:
        image_shape: (height, width, channels) of an image, height and width multiples of 4.
        latent_size: numbers in a vector of noise, sampled from N(0, 1).
        filters: channels at a quarter and at half the size.

    Returns:
        A keras.Sequential from noise (batch, latent_size) to images (batch, *image_shape).

    Raises:
        ValueError: as `check_sizes` does.
    """
    check_sizes("build_generator", image_shape, latent_size, filters)
    height, width, channels = image_shape
    rows = height // 4
    columns = width // 4

    return keras.Sequential(
        [
            keras.Input((latent_size,)),
            layers.Dense(rows * columns * filters[0], use_bias=False),
            layers.Reshape((rows, columns, filters[0])),  # (batch, rows, columns, filters[0])
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            # (batch, height / 2, width / 2, filters[1])
            layers.Conv2DTranspose(filters[1], 4, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            # (batch, height, width, channels)
            layers.Conv2DTranspose(channels, 4, strides=2, padding="same", activation="sigmoid"),
        ],
        name="generator",
    )


def build_dcgan(image_shape=(8, 8, 1), latent_size=64, filters=(64, 32)):
    """Build both networks in one model, not compiled.

    Args:
        image_shape: (height, width, channels) of an image, height and width multiples of 4; pixels
            from 0 to 1.
        latent_size: numbers in a vector of noise, sampled from N(0, 1).
        filters: channels of the generator at a quarter and at half the size; the discriminator has
            them in reverse.

    Returns:
        A keras.Model from noise (batch, latent_size) to images (batch, *image_shape) and the
        discriminator's logits of them (batch, 1). `get_layer("generator")` and
        `get_layer("discriminator")` are the two networks. `fit` needs the TensorFlow
        backend.

    Raises:
        ValueError: if height and width are not multiples of 4, there are not exactly two filters,
            or a size is not an integer >= 1.

    Example:
        import numpy as np

        images = np.random.rand(256, 28, 28, 1)

        model = build_dcgan(image_shape=(28, 28, 1), latent_size=64)
        model.compile(
            generator_optimizer=keras.optimizers.Adam(0.0002, beta_1=0.5),
            discriminator_optimizer=keras.optimizers.Adam(0.0002, beta_1=0.5),
        )
        model.fit(images, batch_size=64, epochs=1)

        noise = np.random.normal(size=(16, 64))
        samples = model.get_layer("generator").predict(noise)  # (16, 28, 28, 1)
    """
    check_sizes("build_dcgan", image_shape, latent_size, filters)

    generator = build_generator(image_shape, latent_size, filters)

    discriminator = keras.Sequential([keras.Input(image_shape)], name="discriminator")
    for number in reversed(filters):
        discriminator.add(layers.Conv2D(number, 4, strides=2, padding="same"))  # half the size
        discriminator.add(layers.LeakyReLU(0.2))
    discriminator.add(layers.Flatten())
    discriminator.add(layers.Dense(1))  # (batch, 1)

    noise = keras.Input((latent_size,))
    generated = generator(noise)
    logits = discriminator(generated)
    return GAN(noise, [generated, logits], name="dcgan")


def run(data="digits", epochs=100, batch_size=32, seed=0, learning_rate=0.002, callbacks=()):
    """Train on images and report the Frechet distance of generated images to test images.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: real images per training step.
        seed: sets the initial weights, the order of the images and the noise.
        learning_rate: the initial learning rate of Adam in both networks; it decays to zero.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    images = data_prep.load_images(data, seed=seed, validation=0, multiple_of=4)
    model = build_dcgan(images.input_shape)
    generator = model.get_layer("generator")

    # Decay to zero: the networks come to rest, and the last epoch is the final model.
    steps = epochs * math.ceil(len(images.train) / batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(
        generator_optimizer=keras.optimizers.Adam(schedule, beta_1=0.5),
        discriminator_optimizer=keras.optimizers.Adam(schedule, beta_1=0.5),
        steps_per_execution=16,  # several batches per call: faster for a small model
    )

    # As many samples as test images; the first 25 are also generated during training.
    noise_shape = (len(images.test), generator.input_shape[-1])
    noise = np.random.default_rng(seed).normal(size=noise_shape)
    grid = SampleGrid(generator, noise[:25])
    model.fit(
        images.train.inputs,
        batch_size=batch_size,
        epochs=epochs,
        callbacks=[*callbacks, grid],
    )
    samples = generator.predict(noise, batch_size=256, verbose=0)

    # The only use of the test images.
    classifier = scores.fit_feature_classifier(images)
    baselines, comparisons, real = scores.generation_baselines(classifier, images)
    return Report(
        model=model,
        headline="Frechet distance",
        higher_is_better=False,
        scores=scores.generation(classifier, images, samples) | real,
        baselines=baselines,
        comparisons=comparisons,
        data=images.describe(),
        pictures=_pictures(grid, samples),
    )


def _pictures(grid, samples):
    """How the images change during training, and samples of the trained generator."""
    return {
        "strip": visualize.plot_sample_strip(grid.grids),
        "samples": visualize.plot_images(samples[:64]),
    }
