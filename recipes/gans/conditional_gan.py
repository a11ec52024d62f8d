"""Conditional GAN: both networks know the class, so samples come as asked for.

    latent (64,), class -> 2 x 2 -> 4 x 4 -> image (8, 8, 1), class -> 4 x 4 -> 2 x 2 -> logit (1,)

A GAN draws what it likes. Here the generator gets a class with its noise, and the discriminator the
class of each image, drawn or real: it can find fault with a good 3 that was to be a 5. Each class
is a vector that is learnt, an embedding. The generator has it behind its noise, the discriminator
behind what its convolutions found in the image, and a dense layer between the two and the logit.

How often samples have the class asked for, says a classifier trained on the real images.

Measured on a fifth of the training digits, kept out, in 150 epochs: Frechet distance 3.1, and 99.7%
have the class asked for. With dropout of 0.3 in the discriminator it was 3.1 and 97.2%, so there is
none. With that dropout, and the class as one more channel of the image in place of the dense layer,
4.9 and 96.9%; with the projection of Miyato and Koyama (2018), a product of the features and a
vector of the class, 10.1 and 99.3%. On test digits a Gaussian mixture of each class is better
still.

Differs from dcgan: a class goes into both networks.
Reference: Mirza and Osindero, "Conditional generative adversarial nets", 2014.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
import numpy as np
from keras import layers, ops

import data_prep
import visualize
from recipes import scores
from recipes.layers.adversarial import SampleGrid, TwoPlayers
from recipes.report import Report


@keras.saving.register_keras_serializable(package="recipes")
class ConditionalGAN(TwoPlayers):
    """A generator and a discriminator that both know the class, on TensorFlow.

    Its layers are the two networks: a functional model of noise (batch, latent_size) and classes
    (batch,) as inputs, and drawn images with the discriminator's logits as outputs. `fit` takes
    real images and their classes.
    """

    def train_step(self, data):
        """One step of the discriminator, then one of the generator."""
        import tensorflow as tf  # building and predicting need any backend, training needs this one

        images, classes = data
        generator, discriminator = self.get_layer("generator"), self.get_layer("discriminator")
        shape = ops.shape(images)[0], self.inputs[0].shape[-1]
        drawn = generator([keras.random.normal(shape), classes], training=True)
        with tf.GradientTape() as tape:
            real_logits = discriminator([images, classes], training=True)
            drawn_logits = discriminator([drawn, classes], training=True)
            loss = ops.mean(ops.softplus(-real_logits) + ops.softplus(drawn_logits))
        weights = discriminator.trainable_variables
        self.discriminator_optimizer.apply(tape.gradient(loss, weights), weights)
        self.discriminator_loss.update_state(loss)
        with tf.GradientTape() as tape:
            drawn = generator([keras.random.normal(shape), classes], training=True)
            loss = ops.mean(ops.softplus(-discriminator([drawn, classes], training=True)))
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
        latent_size: numbers in a vector of noise, drawn from N(0, 1), and in that of a class.
        filters: channels of the generator at a quarter and at half the size; the discriminator has
            them in reverse.

    Returns:
        A keras.Model from noise (batch, latent_size) and classes (batch,) to images (batch,
        *image_shape) and the discriminator's logits of them (batch, 1). `get_layer("generator")`
        and `get_layer("discriminator")` are the two networks. It trains on TensorFlow.
    """
    height, width, channels = image_shape
    coarse = height // 4, width // 4, filters[0]
    noise, classes = keras.Input((latent_size,)), keras.Input((), dtype="int32")
    x = layers.Concatenate()([noise, layers.Embedding(num_classes, latent_size)(classes)])
    x = layers.Dense(coarse[0] * coarse[1] * coarse[2], use_bias=False)(x)
    x = layers.Reshape(coarse)(x)  # (batch, height / 4, width / 4, filters[0])
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    # (batch, height / 2, width / 2, filters[1])
    x = layers.Conv2DTranspose(filters[1], 4, strides=2, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.Conv2DTranspose(channels, 4, strides=2, padding="same", activation="sigmoid")(x)
    generator = keras.Model([noise, classes], x, name="generator")

    images, classes = keras.Input(image_shape), keras.Input((), dtype="int32")
    x = images
    for number in reversed(filters):
        x = layers.Conv2D(number, 4, strides=2, padding="same")(x)  # half the height and width
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Flatten()(x)
    of_class = layers.Embedding(num_classes, latent_size)(classes)
    x = layers.Dense(latent_size)(layers.Concatenate()([x, of_class]))
    logit = layers.Dense(1)(layers.LeakyReLU(0.2)(x))
    discriminator = keras.Model([images, classes], logit, name="discriminator")

    noise, classes = keras.Input((latent_size,)), keras.Input((), dtype="int32")
    drawn = generator([noise, classes])
    logit = discriminator([drawn, classes])
    return ConditionalGAN([noise, classes], [drawn, logit], name="conditional_gan")


def run(data="digits", epochs=100, batch_size=32, seed=0, learning_rate=0.002, callbacks=()):
    """Train on images, report the Frechet distance of samples to test images.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: real images per training step.
        seed: draws the first weights, the order of images and the noise.
        learning_rate: the first step size of Adam in both networks; it falls to zero.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    images = data_prep.load_images(data, seed=seed, validation=0, multiple_of=4)
    model = build_conditional_gan(images.input_shape, len(images.classes))
    steps = epochs * -(-len(images.train) // batch_size)
    # Down to zero: the networks come to rest, and the last epoch is the one to keep.
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(
        generator_optimizer=keras.optimizers.Adam(schedule, beta_1=0.5),
        discriminator_optimizer=keras.optimizers.Adam(schedule, beta_1=0.5),
        steps_per_execution=16,
    )
    generator, count = model.get_layer("generator"), len(images.test)
    noise = np.random.default_rng(seed).normal(size=(count, model.inputs[0].shape[-1]))
    asked = np.arange(count) % len(images.classes)
    fixed = SampleGrid(generator, [noise[:25], asked[:25]])
    model.fit(
        images.train.inputs,
        images.train.labels,
        batch_size=batch_size,
        epochs=epochs,
        callbacks=[*callbacks, fixed],
    )
    samples = generator.predict([noise, asked], batch_size=256, verbose=0)
    judge = scores.fit_feature_classifier(images)
    baselines, beside, floor = scores.generation_baselines(judge, images, asked)
    found = scores.generation(judge, images, samples, asked)
    return Report(
        model=model,
        headline="Frechet distance",
        higher_is_better=False,
        scores=found | floor,
        baselines=baselines,
        comparisons=beside,
        data=images.describe(),
        pictures={
            "strip": visualize.plot_sample_strip(fixed.grids),
            "samples": visualize.plot_images(samples[:60], np.array(images.classes)[asked[:60]]),
        },
    )
