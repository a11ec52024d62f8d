"""VAE-GAN: a variational autoencoder whose decoder is a GAN's generator.

    image (8, 8, 1) -> code (16,) -> image (8, 8, 1) -> 4 x 4 -> 2 x 2 -> logit (1,)

Take it where images need codes, as in a VAE, but samples should be sharper.

A VAE compares images pixel by pixel. Where it is not sure at which pixel a stroke ends, it averages
the possibilities, so its samples are blurred. Here encoder and decoder form a VAE, decoder and
discriminator a GAN. An image and its reconstruction are compared by their pixels and by their
features, the output of the discriminator's convolutions: a stroke that ends one pixel later has
other pixels but nearly the same features. The paper compares features alone.

In the report: VAE-GAN, VAE and GAN side by side. The VAE is the same model trained without the
discriminator, the GAN the same without the encoder. Samples are scored by the Frechet distance,
reconstructions of up to 500 test images by the squared error. Since the GAN has no encoder,
gradient descent searches for the code that reconstructs an image best.

Differs from dcgan: an encoder before the generator, and a reconstruction error.

Reference: Larsen et al., "Autoencoding beyond pixels using a learned similarity metric", 2016.
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
from recipes.layers.latent import kl_divergence
from recipes.report import Report

RECONSTRUCTION_WEIGHT = 640  # of the error per pixel: the greater, the more a code must tell
GENERATOR_WEIGHT = 0.1  # of the same error in the generator's loss


@keras.saving.register_keras_serializable(package="recipes")
class VAEGAN(TwoPlayers):
    """An encoder, a generator and a discriminator.

    A functional model of the three networks. `fit` takes images and needs the TensorFlow backend.
    With `trainable = False` for the encoder it trains as a GAN, for the discriminator as a VAE.
    """

    def generator_variables(self):
        """The variables that the generator's optimizer trains: those of encoder and generator."""
        encoder = self.get_layer("encoder")
        generator = self.get_layer("generator")
        return [*encoder.trainable_variables, *generator.trainable_variables]

    def train_step(self, images):
        """One step of encoder and generator, and one of the discriminator."""
        import tensorflow as tf  # only training needs TensorFlow; other backends can predict

        encoder = self.get_layer("encoder")
        generator = self.get_layer("generator")
        discriminator = self.get_layer("discriminator")
        noise_shape = (ops.shape(images)[0], generator.input_shape[-1])
        logits = []  # of generated and of reconstructed images

        # The terms of the losses; a term stays 0 if its network is not trained.
        divergence = 0.0
        reconstruction_error = 0.0
        adversarial_loss = 0.0

        with tf.GradientTape(persistent=True) as tape:
            if discriminator.trainable:
                features, real_logits = discriminator(images, training=True)
                generated = generator(keras.random.normal(noise_shape), training=True)
                _, generated_logits = discriminator(generated, training=True)
                logits.append(generated_logits)

            if encoder.trainable:
                mean, log_variance = encoder(images, training=True)
                code = mean + ops.exp(log_variance / 2) * keras.random.normal(noise_shape)
                reconstructed = generator(code, training=True)
                divergence = ops.mean(kl_divergence(mean, log_variance))

            if encoder.trainable and discriminator.trainable:
                new_features, reconstructed_logits = discriminator(reconstructed, training=True)
                logits.append(reconstructed_logits)
                squares = ops.sum(ops.square(new_features - features))
                squares += ops.sum(ops.square(reconstructed - images))
                pixels = ops.cast(ops.size(images), squares.dtype)
                reconstruction_error = RECONSTRUCTION_WEIGHT * squares / pixels
            elif encoder.trainable:
                cross_entropy = ops.binary_crossentropy(images, reconstructed)
                reconstruction_error = ops.mean(ops.sum(cross_entropy, axis=(1, 2, 3)))

            if discriminator.trainable:
                # Binary cross-entropy; the generator is trained with label 1 for its own images.
                fake_logits = ops.stack(logits)
                real_loss = ops.mean(ops.softplus(-real_logits))
                discriminator_loss = real_loss + ops.mean(ops.softplus(fake_logits))
                adversarial_loss = ops.mean(ops.softplus(-fake_logits))

            encoder_loss = divergence + reconstruction_error
            generator_loss = adversarial_loss + GENERATOR_WEIGHT * reconstruction_error

        gradients = tape.gradient(generator_loss, generator.trainable_variables)
        if encoder.trainable:
            gradients = tape.gradient(encoder_loss, encoder.trainable_variables) + gradients
        self.optimizer.apply(gradients, self.generator_variables())
        self.generator_loss.update_state(generator_loss)

        if discriminator.trainable:
            weights = discriminator.trainable_variables
            self.discriminator_optimizer.apply(tape.gradient(discriminator_loss, weights), weights)
            self.discriminator_loss.update_state(discriminator_loss)

        return self.get_metrics_result()


def _features(x, filters):
    """Features (batch, height / 4 * width / 4 * filters[0]) of images."""
    for number in reversed(filters):
        x = layers.Conv2D(number, 4, strides=2, padding="same")(x)  # half the size
        x = layers.LeakyReLU(0.2)(x)
    return layers.Flatten()(x)


def build_vae_gan(
    image_shape=(8, 8, 1), latent_size=16, filters=(64, 32), dropout=0.3, name="vae_gan"
):
    """Build the three networks in one model, not compiled.

    Args:
        image_shape: (height, width, channels) of an image, height and width multiples of 4; pixels
            from 0 to 1.
        latent_size: numbers in a code.
        filters: channels of the generator at a quarter and at half the size; encoder and
            discriminator have them in reverse.
        dropout: fraction of features dropped before the discriminator's logit.
        name: name of the model, shown in progress and history.

    Returns:
        A keras.Model with input images (batch, *image_shape) and two outputs: the images
        reconstructed from the mean codes, and the discriminator's logits (batch, 1) for those
        reconstructions. `get_layer` gives the networks: "encoder", from images to mean and log
        variance of the code; "generator", the decoder; "discriminator", from images to features and
        logits. `fit` needs the TensorFlow backend.

    Raises:
        ValueError: if height and width are not multiples of 4, there are not exactly two filters,
            or a size is not an integer >= 1.

    Example:
        import numpy as np

        images = np.random.rand(128, 28, 28, 1)

        model = build_vae_gan(image_shape=(28, 28, 1), latent_size=16)
        model.compile(
            generator_optimizer=keras.optimizers.Adam(0.001, beta_1=0.5),
            discriminator_optimizer=keras.optimizers.Adam(0.001, beta_1=0.5),
        )
        model.fit(images, batch_size=64, epochs=1)
        reconstructed, logits = model.predict(images)  # (128, 28, 28, 1), (128, 1)

        codes = np.random.normal(size=(16, 16))
        samples = model.get_layer("generator").predict(codes)  # (16, 28, 28, 1)
    """
    check_sizes("build_vae_gan", image_shape, latent_size, filters)

    images = keras.Input(image_shape)
    features = _features(images, filters)
    mean = layers.Dense(latent_size)(features)
    log_variance = layers.Dense(latent_size)(features)
    encoder = keras.Model(images, [mean, log_variance], name="encoder")

    generator = build_generator(image_shape, latent_size, filters)

    images = keras.Input(image_shape)
    features = _features(images, filters)
    logits = layers.Dense(1)(layers.Dropout(dropout)(features))  # (batch, 1)
    discriminator = keras.Model(images, [features, logits], name="discriminator")

    images = keras.Input(image_shape)
    mean, _ = encoder(images)
    reconstructed = generator(mean)
    _, logits = discriminator(reconstructed)
    return VAEGAN(images, [reconstructed, logits], name=name)


def run(data="digits", epochs=40, batch_size=32, seed=0, learning_rate=0.002, callbacks=()):
    """Train VAE-GAN, VAE and GAN on images and report the Frechet distance of their samples.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: sets the initial weights, the order of the images and the noise.
        learning_rate: the initial learning rate of Adam in all networks; it decays to zero.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    images = data_prep.load_images(data, seed=seed, validation=0, multiple_of=4)
    train = images.train.inputs
    latent_size = 16
    noise = np.random.default_rng(seed).normal(size=(len(images.test), latent_size))

    # Decay to zero: the networks come to rest, and the last epoch is the final model.
    steps = epochs * math.ceil(len(train) / batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)

    models = {}
    grids = {}
    for title, left_out in (("VAE-GAN", None), ("VAE", "discriminator"), ("GAN", "encoder")):
        name = title.lower().replace("-", "_")
        model = build_vae_gan(images.input_shape, latent_size, name=name)
        if left_out:
            model.get_layer(left_out).trainable = False
        model.compile(
            generator_optimizer=keras.optimizers.Adam(schedule, beta_1=0.5),
            discriminator_optimizer=keras.optimizers.Adam(schedule, beta_1=0.5),
            steps_per_execution=16,  # several batches per call: faster for a small model
        )
        grid = SampleGrid(model.get_layer("generator"), noise[:25])
        model.fit(train, batch_size=batch_size, epochs=epochs, callbacks=[*callbacks, grid])
        models[title] = model
        grids[title] = grid.grids

    # The only use of the test images.
    classifier = scores.fit_feature_classifier(images)
    baselines, comparisons, real = scores.generation_baselines(classifier, images)
    found, pictures = _compare(models, images, noise, classifier)
    return Report(
        model=models["VAE-GAN"],
        headline="Frechet distance",
        higher_is_better=False,
        scores=found["VAE-GAN"] | real,
        baselines={"VAE": found["VAE"]} | baselines,
        comparisons={"GAN": found["GAN"]} | comparisons,
        data=images.describe(),
        pictures={"strip": visualize.plot_sample_strip(grids["VAE-GAN"])} | pictures,
    )


def _compare(models, images, noise, classifier):
    """Scores and pictures of what each model generates and reconstructs."""
    some = images.test.inputs[:500]
    found = {}
    samples = {}
    reconstructions = {"test images": some[:25]}

    for title, model in models.items():
        generator = model.get_layer("generator")
        generated = generator.predict(noise, batch_size=256, verbose=0)
        if model.get_layer("encoder").trainable:
            reconstructed, _ = model.predict(some, verbose=0)
        else:
            codes = scores.best_codes(generator, some, noise)
            reconstructed = generator.predict(codes, verbose=0)

        found[title] = scores.generation(classifier, images, generated)
        found[title]["mean squared error"] = float(np.mean(np.square(reconstructed - some)))
        samples[title] = generated[:49]
        reconstructions[title] = reconstructed[:25]

    return found, {
        "samples": visualize.plot_sample_strip(samples),
        "rebuilt": visualize.plot_sample_strip(reconstructions),
    }
