"""WGAN-GP: a GAN that estimates a distance, kept smooth by a gradient penalty.

    latent (64,) -> 2 x 2 -> 4 x 4 -> image (8, 8, 1) -> 4 x 4 -> 2 x 2 -> value (1,)

Take it where training a DCGAN is unstable, and longer training does not matter. The
discriminator is called the critic here.

The critic gives an image a value, not a probability: high for real images, low for generated ones,
with a slope of at most 1. Under this rule, the greatest difference between the mean value of real
and of generated images is the Wasserstein distance: how far the generated images would have to be
moved to become the real ones. The gradient of this distance is useful even where no generated image
looks real.

A penalty enforces the rule: at random mixtures of real and generated images the slope should be 1.
The critic has no batch normalisation, since the penalty is for single images. Several of its steps
for each step of the generator keep its estimate of the distance good.

In the report: discriminator_loss, the weighted penalty minus the distance. Unlike the losses of
`gan`, this loss says how good the images are: it rises towards 0 as they get better.

Differs from dcgan: another loss, a gradient penalty, several critic steps.

Reference: Gulrajani et al., "Improved training of Wasserstein GANs", 2017.
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
from recipes.gans.dcgan import build_generator, check_sizes
from recipes.layers.adversarial import SampleGrid, TwoPlayers
from recipes.report import Report


def gradient_penalty(critic, real, generated, fraction):
    """How far the slope of a critic is from 1, at mixtures of real and generated images.

    Equation 3 of the paper, without its weight: the mean over the batch of (|slope| - 1)^2. A slope
    of zero has no direction: its penalty is 1, with a gradient of zero.

    Args:
        critic: a keras.Model from images (batch, height, width, channels) to values (batch, 1).
        real: images (batch, height, width, channels).
        generated: images of the same shape.
        fraction: weight of the real image in each mixture, 0 to 1, (batch, 1, 1, 1).

    Returns:
        A scalar tensor.
    """
    import tensorflow as tf

    mixed = ops.convert_to_tensor(fraction * real + (1 - fraction) * generated)
    with tf.GradientTape() as tape:
        tape.watch(mixed)
        values = critic(mixed, training=True)
    gradients = tape.gradient(values, mixed)  # (batch, height, width, channels)

    squares = ops.sum(ops.square(gradients), axis=(1, 2, 3))  # (batch,)
    slopes = ops.sqrt(ops.maximum(squares, 1e-12))  # the derivative of the root is infinite at 0
    return ops.mean(ops.square(slopes - 1))


@keras.saving.register_keras_serializable(package="recipes")
class WassersteinGAN(TwoPlayers):
    """A generator and a critic, which is the layer "discriminator".

    A model from noise (batch, latent_size) to images and their values. `fit` takes real images and
    needs the TensorFlow backend.
    """

    def compile(self, critic_steps=5, penalty_weight=10.0, **options):
        """Set the training options.

        The critic makes `critic_steps` steps for each step of the generator. Its loss contains the
        gradient penalty times `penalty_weight`. `options` are those of TwoPlayers.compile.
        """
        super().compile(**options)
        self.critic_steps = critic_steps
        self.penalty_weight = penalty_weight

    def get_compile_config(self):
        """The options of `compile`, which `save` writes; None before `compile`."""
        config = super().get_compile_config()
        if config:
            config["critic_steps"] = self.critic_steps
            config["penalty_weight"] = self.penalty_weight
        return config

    def train_step(self, images):
        """Several steps of the critic, each on its part of the batch, then one of the generator."""
        import tensorflow as tf  # only training needs TensorFlow; other backends can predict

        generator = self.get_layer("generator")
        critic = self.get_layer("discriminator")
        latent_size = generator.input_shape[-1]

        for step in range(self.critic_steps):
            real = images[step :: self.critic_steps]
            count = ops.shape(real)[0]
            noise = keras.random.normal((count, latent_size))
            generated = generator(noise, training=True)
            fraction = keras.random.uniform((count, 1, 1, 1))
            with tf.GradientTape() as tape:
                distance = ops.mean(critic(real, training=True) - critic(generated, training=True))
                penalty = gradient_penalty(critic, real, generated, fraction)
                loss = self.penalty_weight * penalty - distance
            weights = critic.trainable_variables
            self.discriminator_optimizer.apply(tape.gradient(loss, weights), weights)
            self.discriminator_loss.update_state(loss)

        # The generator raises the critic's values, with as many images as in one critic step.
        noise = keras.random.normal((count, latent_size))
        with tf.GradientTape() as tape:
            values = critic(generator(noise, training=True), training=True)
            loss = -ops.mean(values)
        weights = generator.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        self.generator_loss.update_state(loss)

        return self.get_metrics_result()


def build_wgan_gp(image_shape=(8, 8, 1), latent_size=64, filters=(64, 32)):
    """Build both networks in one model, not compiled.

    Args:
        image_shape: (height, width, channels) of an image, height and width multiples of 4; pixels
            from 0 to 1.
        latent_size: numbers in a vector of noise, sampled from N(0, 1).
        filters: channels of the generator at a quarter and at half the size; the critic has them in
            reverse.

    Returns:
        A keras.Model from noise (batch, latent_size) to images (batch, *image_shape) and the
        critic's values of them (batch, 1). `get_layer("generator")` and
        `get_layer("discriminator")`, the critic, are the two networks. `fit` needs the
        TensorFlow backend.

    Raises:
        ValueError: if height and width are not multiples of 4, there are not exactly two filters,
            or a size is not an integer >= 1.

    Example:
        import numpy as np

        images = np.random.rand(256, 28, 28, 1)

        model = build_wgan_gp(image_shape=(28, 28, 1), latent_size=64)
        model.compile(
            critic_steps=2,  # a batch of 64 gives 32 images to each critic step
            generator_optimizer=keras.optimizers.Adam(0.0002, beta_1=0.0, beta_2=0.9),
            discriminator_optimizer=keras.optimizers.Adam(0.0002, beta_1=0.0, beta_2=0.9),
        )
        model.fit(images, batch_size=64, epochs=1)

        noise = np.random.normal(size=(16, 64))
        samples = model.get_layer("generator").predict(noise)  # (16, 28, 28, 1)
    """
    check_sizes("build_wgan_gp", image_shape, latent_size, filters)

    generator = build_generator(image_shape, latent_size, filters)

    critic = keras.Sequential([keras.Input(image_shape)], name="discriminator")
    for number in reversed(filters):
        critic.add(layers.Conv2D(number, 4, strides=2, padding="same"))  # half the size
        critic.add(layers.LeakyReLU(0.2))
    critic.add(layers.Flatten())
    # (batch, 1). No bias: it would cancel in the difference of the two means.
    critic.add(layers.Dense(1, use_bias=False))

    noise = keras.Input((latent_size,))
    generated = generator(noise)
    values = critic(generated)
    return WassersteinGAN(noise, [generated, values], name="wgan_gp")


def run(
    data="digits",
    epochs=150,
    batch_size=64,
    seed=0,
    learning_rate=0.001,
    critic_steps=2,
    callbacks=(),
):
    """Train on images and report the Frechet distance of generated images to test images.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: real images per step of the critic.
        seed: sets the initial weights, the order of the images and the noise.
        learning_rate: the initial learning rate of Adam in both networks; it decays to zero.
        critic_steps: steps of the critic for each step of the generator; the paper has 5.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: if critic_steps is below 1 or above the number of training images.
    """
    images = data_prep.load_images(data, seed=seed, validation=0, multiple_of=4)
    if not 1 <= critic_steps <= len(images.train):
        raise data_prep.DataError(f"critic_steps {critic_steps}; give 1 to {len(images.train)}.")
    model = build_wgan_gp(images.input_shape)
    generator = model.get_layer("generator")

    # A batch holds images for all critic steps, so the total is cut to a multiple of these steps.
    train = images.train.inputs[: len(images.train) // critic_steps * critic_steps]
    batch_images = batch_size * critic_steps

    # Decay to zero: the networks come to rest, and the last epoch is the final model.
    steps = epochs * math.ceil(len(train) / batch_images)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    critic_schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps * critic_steps)
    model.compile(
        critic_steps=critic_steps,
        generator_optimizer=keras.optimizers.Adam(schedule, beta_1=0.0, beta_2=0.9),
        discriminator_optimizer=keras.optimizers.Adam(critic_schedule, beta_1=0.0, beta_2=0.9),
        steps_per_execution=4,  # several batches per call: faster for a small model
    )

    # As many samples as test images; the first 25 are also generated during training.
    noise_shape = (len(images.test), generator.input_shape[-1])
    noise = np.random.default_rng(seed).normal(size=noise_shape)
    grid = SampleGrid(generator, noise[:25])
    model.fit(train, batch_size=batch_images, epochs=epochs, callbacks=[*callbacks, grid])
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
