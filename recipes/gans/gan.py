"""GAN: one network generates images, another tells them from real ones.

    latent (64,) -> dense 256, 512 -> image (8, 8, 1) -> dense 512, 256 -> logit (1,)

The simplest of the GANs, and the one to read first: both networks are dense. Take it to generate
small images: the trained generator makes as many as you like, of the kind it was trained on.

The generator turns a vector of noise into an image. The discriminator says whether an image is real
or generated. In each step the discriminator learns to tell a batch of real images from a batch of
generated ones. Then the generator learns to make images that the discriminator takes for real. The
generator never sees a real image: all that it learns comes through the gradient of the
discriminator. Both steps are in `GAN.train_step`. Dropout keeps the discriminator from learning the
training images by heart, and the learning rate decays to zero so that the two networks come to
rest.

In the report: the same noise turned into images at several times of the training. The two losses do
not say how good the images are, since each loss depends on the other network. The Frechet distance
does say it: a classifier trained on the real images computes features of generated images and of
test images, and the distance compares the two sets of features. The distance is lower for better
images. A Gaussian mixture, without any network, is hard to beat on images that are few and small.

Reference: Goodfellow et al., "Generative adversarial nets", 2014.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import math

import keras
import numpy as np
from keras import layers, ops

import data_prep
import visualize
from recipes import scores
from recipes.layers.adversarial import SampleGrid, TwoPlayers
from recipes.layers.sizes import check_integers, check_shape, check_tuples
from recipes.report import Report


@keras.saving.register_keras_serializable(package="recipes")
class GAN(TwoPlayers):
    """A generator and a discriminator that train against each other.

    A functional model from noise (batch, latent_size) to generated images and the discriminator's
    logits of them. `fit` takes real images and needs the TensorFlow backend.
    """

    def train_step(self, images):
        """One step of the discriminator, then one of the generator."""
        import tensorflow as tf  # only training needs TensorFlow; other backends can predict

        generator = self.get_layer("generator")
        discriminator = self.get_layer("discriminator")
        noise_shape = (ops.shape(images)[0], generator.input_shape[-1])

        # Train the discriminator: binary cross-entropy, label 1 for real, 0 for generated images.
        generated = generator(keras.random.normal(noise_shape), training=True)
        with tf.GradientTape() as tape:
            real_logits = discriminator(images, training=True)
            generated_logits = discriminator(generated, training=True)
            loss = ops.mean(ops.softplus(-real_logits) + ops.softplus(generated_logits))
        weights = discriminator.trainable_variables
        self.discriminator_optimizer.apply(tape.gradient(loss, weights), weights)
        self.discriminator_loss.update_state(loss)

        # Train the generator: now label 1 for generated images. The gradient of -log(D) is strong
        # where the discriminator is sure; that of the original log(1 - D) vanishes there.
        with tf.GradientTape() as tape:
            generated = generator(keras.random.normal(noise_shape), training=True)
            generated_logits = discriminator(generated, training=True)
            loss = ops.mean(ops.softplus(-generated_logits))
        weights = generator.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        self.generator_loss.update_state(loss)

        return self.get_metrics_result()


def build_gan(image_shape=(8, 8, 1), latent_size=64, units=(256, 512), dropout=0.3):
    """Build both networks in one model, not compiled.

    Args:
        image_shape: (height, width, channels) of an image; pixels from 0 to 1.
        latent_size: numbers in a vector of noise, sampled from N(0, 1).
        units: width of the generator's dense layers; the discriminator has them in reverse.
        dropout: fraction of values dropped after each of the discriminator's dense layers.

    Returns:
        A keras.Model from noise (batch, latent_size) to images (batch, *image_shape) and the
        discriminator's logits of them (batch, 1). `get_layer("generator")` and
        `get_layer("discriminator")` are the two networks. `fit` needs the TensorFlow
        backend.

    Raises:
        ValueError: if a size is not an integer >= 1, or units is not a tuple of them.

    Example:
        import numpy as np

        images = np.random.rand(256, 28, 28, 1)

        model = build_gan(image_shape=(28, 28, 1), latent_size=64)
        model.compile(
            generator_optimizer=keras.optimizers.Adam(0.0002, beta_1=0.5),
            discriminator_optimizer=keras.optimizers.Adam(0.0002, beta_1=0.5),
        )
        model.fit(images, batch_size=64, epochs=2)

        noise = np.random.normal(size=(16, 64))
        samples = model.get_layer("generator").predict(noise)  # (16, 28, 28, 1)
    """
    check_shape("build_gan", image_shape, "height", "width", "channels")
    check_integers("build_gan", latent_size=latent_size)
    check_tuples("build_gan", units=units)
    height, width, channels = image_shape

    generator = keras.Sequential([keras.Input((latent_size,))], name="generator")
    for size in units:
        generator.add(layers.Dense(size, use_bias=False))  # (batch, size)
        generator.add(layers.BatchNormalization(momentum=0.9))
        generator.add(layers.LeakyReLU(0.2))
    generator.add(layers.Dense(height * width * channels, activation="sigmoid"))
    generator.add(layers.Reshape(image_shape))  # (batch, height, width, channels)

    discriminator = keras.Sequential(
        [keras.Input(image_shape), layers.Flatten()], name="discriminator"
    )
    for size in reversed(units):
        discriminator.add(layers.Dense(size))  # (batch, size)
        discriminator.add(layers.LeakyReLU(0.2))
        discriminator.add(layers.Dropout(dropout))
    discriminator.add(layers.Dense(1))  # (batch, 1)

    noise = keras.Input((latent_size,))
    generated = generator(noise)
    logits = discriminator(generated)
    return GAN(noise, [generated, logits], name="gan")


def run(data="digits", epochs=150, batch_size=64, seed=0, learning_rate=0.001, callbacks=()):
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
    images = data_prep.load_images(data, seed=seed, validation=0, min_size=(4, 4))
    model = build_gan(images.input_shape)
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
