"""Conditional GAN: generates images of the class that you ask for.

    latent (64,), class -> 2 x 2 -> 4 x 4 -> image (8, 8, 1), class -> 4 x 4 -> 2 x 2 -> logit (1,)

A plain GAN generates images of any class. Take the conditional GAN where images have labels and
you want samples of a given class.

Both networks know the class. The generator gets it with the noise, and the discriminator gets the
class of each image, real or generated: it can reject a good 3 where a 5 was wanted. An embedding, a
learnt vector for each class, feeds the class into a network. The generator concatenates it with
the noise, the discriminator with the features of its convolutions; a dense layer then combines
features and class before the logit.

In the report: samples with the class that was asked for above each, and their label accuracy, the
fraction that a classifier trained on the real images assigns to that class. A Gaussian mixture
fitted to each class is hard to beat on images that are few and small.

Differs from dcgan: both networks get the class.

Reference: Mirza and Osindero, "Conditional generative adversarial nets", 2014.
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
from recipes.gans.dcgan import check_sizes
from recipes.layers.adversarial import SampleGrid, TwoPlayers
from recipes.layers.sizes import check_integers
from recipes.report import Report


@keras.saving.register_keras_serializable(package="recipes")
class ConditionalGAN(TwoPlayers):
    """A generator and a discriminator that both know the class.

    A functional model from noise (batch, latent_size) and classes (batch,) to generated images and
    the discriminator's logits of them. `fit` takes real images and their classes, and needs the
    TensorFlow backend.
    """

    def train_step(self, data):
        """One step of the discriminator, then one of the generator, with the same classes."""
        import tensorflow as tf  # only training needs TensorFlow; other backends can predict

        images, classes = data
        generator = self.get_layer("generator")
        discriminator = self.get_layer("discriminator")
        noise_shape = (ops.shape(images)[0], self.inputs[0].shape[-1])

        # Train the discriminator: binary cross-entropy, label 1 for real, 0 for generated images.
        generated = generator([keras.random.normal(noise_shape), classes], training=True)
        with tf.GradientTape() as tape:
            real_logits = discriminator([images, classes], training=True)
            generated_logits = discriminator([generated, classes], training=True)
            loss = ops.mean(ops.softplus(-real_logits) + ops.softplus(generated_logits))
        weights = discriminator.trainable_variables
        self.discriminator_optimizer.apply(tape.gradient(loss, weights), weights)
        self.discriminator_loss.update_state(loss)

        # Train the generator: now label 1 for generated images.
        with tf.GradientTape() as tape:
            generated = generator([keras.random.normal(noise_shape), classes], training=True)
            generated_logits = discriminator([generated, classes], training=True)
            loss = ops.mean(ops.softplus(-generated_logits))
        weights = generator.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        self.generator_loss.update_state(loss)

        return self.get_metrics_result()


def build_conditional_gan(image_shape=(8, 8, 1), num_classes=10, latent_size=64, filters=(64, 32)):
    """Build both networks in one model, not compiled.

    Args:
        image_shape: (height, width, channels) of an image, height and width multiples of 4; pixels
            from 0 to 1.
        num_classes: number of classes.
        latent_size: numbers in a vector of noise, sampled from N(0, 1), and in the embedding of a
            class.
        filters: channels of the generator at a quarter and at half the size; the discriminator has
            them in reverse.

    Returns:
        A keras.Model from noise (batch, latent_size) and classes (batch,) to images (batch,
        *image_shape) and the discriminator's logits of them (batch, 1). `get_layer("generator")`
        and `get_layer("discriminator")` are the two networks. `fit` needs the TensorFlow
        backend.

    Raises:
        ValueError: if height and width are not multiples of 4, there are not exactly two filters,
            or a size is not an integer >= 1.

    Example:
        import numpy as np

        images = np.random.rand(256, 28, 28, 1)
        labels = np.random.randint(10, size=256)

        model = build_conditional_gan(image_shape=(28, 28, 1), num_classes=10, latent_size=64)
        model.compile(
            generator_optimizer=keras.optimizers.Adam(0.0002, beta_1=0.5),
            discriminator_optimizer=keras.optimizers.Adam(0.0002, beta_1=0.5),
        )
        model.fit(images, labels, batch_size=64, epochs=1)

        noise = np.random.normal(size=(16, 64))
        threes = np.full(16, 3)
        samples = model.get_layer("generator").predict([noise, threes])  # (16, 28, 28, 1)
    """
    check_sizes("build_conditional_gan", image_shape, latent_size, filters)
    check_integers("build_conditional_gan", num_classes=num_classes)
    height, width, channels = image_shape
    rows = height // 4
    columns = width // 4

    noise = keras.Input((latent_size,))
    classes = keras.Input((), dtype="int32")
    class_vectors = layers.Embedding(num_classes, latent_size)(classes)
    x = layers.Concatenate()([noise, class_vectors])  # (batch, 2 * latent_size)
    x = layers.Dense(rows * columns * filters[0], use_bias=False)(x)
    x = layers.Reshape((rows, columns, filters[0]))(x)  # (batch, rows, columns, filters[0])
    x = layers.BatchNormalization(momentum=0.9)(x)
    x = layers.ReLU()(x)
    # (batch, height / 2, width / 2, filters[1])
    x = layers.Conv2DTranspose(filters[1], 4, strides=2, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    x = layers.ReLU()(x)
    # (batch, height, width, channels)
    x = layers.Conv2DTranspose(channels, 4, strides=2, padding="same", activation="sigmoid")(x)
    generator = keras.Model([noise, classes], x, name="generator")

    images = keras.Input(image_shape)
    classes = keras.Input((), dtype="int32")
    x = images
    for number in reversed(filters):
        x = layers.Conv2D(number, 4, strides=2, padding="same")(x)  # half the size
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Flatten()(x)
    class_vectors = layers.Embedding(num_classes, latent_size)(classes)
    x = layers.Concatenate()([x, class_vectors])  # (batch, features + latent_size)
    x = layers.Dense(latent_size)(x)
    x = layers.LeakyReLU(0.2)(x)
    logits = layers.Dense(1)(x)  # (batch, 1)
    discriminator = keras.Model([images, classes], logits, name="discriminator")

    noise = keras.Input((latent_size,))
    classes = keras.Input((), dtype="int32")
    generated = generator([noise, classes])
    logits = discriminator([generated, classes])
    return ConditionalGAN([noise, classes], [generated, logits], name="conditional_gan")


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
    model = build_conditional_gan(images.input_shape, len(images.classes))
    generator = model.get_layer("generator")

    # Decay to zero: the networks come to rest, and the last epoch is the final model.
    steps = epochs * math.ceil(len(images.train) / batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(
        generator_optimizer=keras.optimizers.Adam(schedule, beta_1=0.5),
        discriminator_optimizer=keras.optimizers.Adam(schedule, beta_1=0.5),
        steps_per_execution=16,  # several batches per call: faster for a small model
    )

    # As many samples as test images, of each class in turn; 25 are also generated during training.
    count = len(images.test)
    noise = np.random.default_rng(seed).normal(size=(count, model.inputs[0].shape[-1]))
    classes = np.arange(count) % len(images.classes)
    grid = SampleGrid(generator, [noise[:25], classes[:25]])
    model.fit(
        images.train.inputs,
        images.train.labels,
        batch_size=batch_size,
        epochs=epochs,
        callbacks=[*callbacks, grid],
    )
    samples = generator.predict([noise, classes], batch_size=256, verbose=0)

    # The only use of the test images.
    classifier = scores.fit_feature_classifier(images)
    baselines, comparisons, real = scores.generation_baselines(classifier, images, classes)
    return Report(
        model=model,
        headline="Frechet distance",
        higher_is_better=False,
        scores=scores.generation(classifier, images, samples, classes) | real,
        baselines=baselines,
        comparisons=comparisons,
        data=images.describe(),
        pictures=_pictures(grid, samples, np.array(images.classes)[classes]),
    )


def _pictures(grid, samples, names):
    """How the images change during training, and samples with the class asked for above each."""
    return {
        "strip": visualize.plot_sample_strip(grid.grids),
        "samples": visualize.plot_images(samples[:60], names[:60]),
    }
