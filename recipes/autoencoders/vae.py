"""Variational autoencoder: compresses images to codes and generates new images.

    image (8, 8, 1) -> 3 x dense 256 -> mean, log variance (2,) -> code (2,) -> 3 x dense -> image

An autoencoder whose decoder works alone: a code sampled from the normal distribution N(0, I) gives
a new image. Take it to generate images, to interpolate between them, or to see a data set on a
map. With few numbers in a code its images are blurred; a GAN's are sharper, but it has no encoder.

The decoder of a plain autoencoder has seen the codes of training images alone, and nothing says
where these lie. Here the encoder maps each image to a distribution N(mean, variance), and training
samples the code from it, so that similar codes must give similar images. The loss is the
cross-entropy of the pixels plus the KL divergence of the distribution from N(0, I), which keeps the
codes where N(0, I) is. The sum, the negative ELBO, is an upper bound on -log p(image), in nats.

In the report: new images of this network, and of the same network without noise and KL divergence.
Compare their Frechet distances from the test images. The plain network comes closer when its codes
are sampled from a Gaussian fitted to its own codes: mostly it lacks a rule for where codes lie.
"active units" counts the numbers of a code that are used: with --latent-size 16 only 3 are.

Differs from dense_autoencoder: the sampled code, the KL divergence, cross-entropy as the error.

Reference: Kingma and Welling, "Auto-encoding variational Bayes", 2014.
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
from recipes.layers.latent import kl_divergence
from recipes.layers.sizes import check_integers, check_shape, check_tuples
from recipes.report import Report
from recipes.schedules import warmup_cosine


# The class was once called DrawCode. Models saved then load only if that name stays registered.
@keras.saving.register_keras_serializable(package="recipes", name="DrawCode")
class Sampling(layers.Layer):
    """Sample a code from N(mean, variance) in training; in prediction the code is the mean.

    The noise is sampled from N(0, I), then scaled and shifted: so the gradient reaches mean and
    variance. The layer adds the KL divergence from N(0, I), averaged over the batch, to the loss.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seeds = keras.random.SeedGenerator()

    def call(self, inputs, training=False):
        """Return codes (batch, latent_size) for [mean, log variance], both of that shape."""
        mean, log_variance = inputs
        self.add_loss(ops.mean(kl_divergence(mean, log_variance)))
        if not training:
            return mean

        noise = keras.random.normal(ops.shape(mean), dtype=mean.dtype, seed=self.seeds)
        return mean + ops.exp(log_variance / 2) * noise


@keras.saving.register_keras_serializable(package="recipes")
def cross_entropy(images, rebuilt):
    """Return the cross-entropy of images, summed over the pixels, in nats: a loss for `compile`.

    Both are (batch, height, width, channels). `images` has pixels from 0 to 1, and `rebuilt` gives
    the probability that a pixel is 1.
    """
    by_pixel = keras.losses.binary_crossentropy(images[..., None], rebuilt[..., None])
    return ops.sum(by_pixel, axis=(1, 2, 3))


def build_vae(
    input_shape=(8, 8, 1), latent_size=2, units=(256, 256, 256), variational=True, name="vae"
):
    """Build the network, not compiled.

    `model.get_layer("encoder")` gives [mean, log variance], (batch, latent_size) each, and
    `model.get_layer("decoder")` makes images from codes (batch, latent_size).

    Args:
        input_shape: (height, width, channels) of an image; pixels from 0 to 1.
        latent_size: numbers in a code.
        units: widths of the encoder's hidden layers; the decoder has them in reverse order.
        variational: False for a plain autoencoder: the encoder gives the code, without noise and
            KL divergence.
        name: name of the model, shown in progress and history.

    Returns:
        A keras.Model from images to rebuilt images, both (batch, *input_shape).

    Raises:
        ValueError: if a size is not an integer >= 1, or units is not a tuple of them.

    Example:
        import numpy as np

        images = np.random.rand(256, 28, 28, 1)

        model = build_vae(input_shape=(28, 28, 1), latent_size=2)
        # cross_entropy is a sum over the pixels. "binary_crossentropy" is a mean, here 784 times
        # smaller: the KL divergence would outweigh it, and all images would get the same code.
        model.compile("adam", cross_entropy)
        model.fit(images, images, batch_size=64, epochs=2)

        codes = np.random.normal(size=(16, 2))
        new_images = model.get_layer("decoder").predict(codes)  # (16, 28, 28, 1)
    """
    check_shape("build_vae", input_shape, "height", "width", "channels")
    check_integers("build_vae", latent_size=latent_size)
    check_tuples("build_vae", units=units)
    height, width, channels = input_shape

    image = keras.Input(input_shape)
    x = layers.Flatten()(image)
    for size in units:
        x = layers.Dense(size, activation="relu")(x)
    mean = layers.Dense(latent_size, name="mean")(x)  # (batch, latent_size)
    if variational:
        log_variance = layers.Dense(latent_size, name="log_variance")(x)
        encoder = keras.Model(image, [mean, log_variance], name="encoder")
    else:
        encoder = keras.Model(image, mean, name="encoder")

    code = keras.Input((latent_size,))
    x = code
    for size in reversed(units):
        x = layers.Dense(size, activation="relu")(x)
    x = layers.Dense(height * width * channels, activation="sigmoid")(x)
    decoder = keras.Model(code, layers.Reshape(input_shape)(x), name="decoder")

    image = keras.Input(input_shape)
    x = encoder(image)
    if variational:
        x = Sampling(name="code")(x)  # (batch, latent_size)
    return keras.Model(image, decoder(x), name=name)


def run(
    data="digits",
    epochs=100,
    batch_size=64,
    seed=0,
    learning_rate=0.006,
    latent_size=2,
    units=256,
    samples=500,
    callbacks=(),
):
    """Train with and without noise, report the bound on test images and score new images.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: sets the initial weights, the noise, the order of the images and the validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        latent_size: numbers in a code; with 2 the report has the map of all codes.
        units: width of the three hidden layers of encoder and decoder.
        samples: codes sampled for each test image to score it.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: if latent_size, units or samples is below 1.
    """
    if min(latent_size, units, samples) < 1:
        raise data_prep.DataError(
            f"latent_size {latent_size}, units {units}, samples {samples}: give 1 or more of each."
        )
    images = data_prep.load_images(data, seed=seed, min_size=(4, 4))
    shape = images.input_shape
    widths = (units, units, units)
    model = build_vae(shape, latent_size, widths)
    plain = build_vae(shape, latent_size, widths, variational=False, name="plain_autoencoder")

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(images.train), batch_size, epochs)
    for network in (model, plain):
        network.compile(
            optimizer=keras.optimizers.Adam(schedule),
            loss=cross_entropy,
            steps_per_execution=16,  # several batches per call: faster for a small model
        )
        # Validation takes the mean as the code, so its loss is below the bound.
        network.fit(
            images.train.inputs,
            images.train.inputs,
            batch_size=batch_size,
            epochs=epochs,
            validation_data=(images.validation.inputs, images.validation.inputs),
            callbacks=list(callbacks),
        )

    # The only use of the test images.
    new_images = _generate(model, plain, images, seed)
    bounds, means, rebuilt = _score_codes(model, images, samples)
    return Report(
        model=model,
        headline="negative ELBO",
        higher_is_better=False,
        scores=bounds | _score_new_images(images, new_images),
        baselines=scores.likelihood_baselines(images, latent_size),
        data=images.describe(),
        pictures=_pictures(model, images, means, rebuilt, new_images),
    )


def _score_codes(model, images, samples):
    """How well codes describe the test images: (scores, mean codes, rebuilt images)."""
    encoder = model.get_layer("encoder")
    decode = model.get_layer("decoder").predict_on_batch
    test = images.test.inputs
    train_means, _ = encoder.predict(images.train.inputs, verbose=0)
    means, log_variances = encoder.predict(test, verbose=0)
    rebuilt = decode(means)

    bounds = scores.variational(test, means, log_variances, decode=decode, samples=samples)
    kept = scores.autoencoding(images, {"train": train_means, "test": means}, rebuilt)
    return bounds | kept, means, rebuilt


def _generate(model, plain, images, seed):
    """New images by the kind of network and of codes, as many of each as there are test images."""
    decode = model.get_layer("decoder").predict_on_batch
    decode_plain = plain.get_layer("decoder").predict_on_batch
    plain_codes = plain.get_layer("encoder").predict(images.train.inputs, verbose=0)
    count = len(images.test)

    random = np.random.default_rng(seed)
    codes = random.normal(size=(count, plain_codes.shape[1]))
    covariance = np.atleast_2d(np.cov(plain_codes.T))
    fitted_codes = random.multivariate_normal(plain_codes.mean(axis=0), covariance, count)
    return {
        "variational": decode(codes),
        "plain": decode_plain(codes),
        "plain, Gaussian of its codes": decode_plain(fitted_codes),
    }


def _score_new_images(images, new_images):
    """Scores of the new images; of all but the variational ones the Frechet distance alone."""
    classifier = scores.fit_feature_classifier(images)
    by_name = {}
    for name, generated in new_images.items():
        by_name[name] = scores.generation(classifier, images, generated)
    _, mixture, floor = scores.generation_baselines(classifier, images)

    found = by_name.pop("variational") | floor
    for name, others in (by_name | mixture).items():
        found[f"Frechet distance, {name}"] = others["Frechet distance"]
    return found


def _pictures(model, images, means, rebuilt, new_images):
    """Rebuilt and new images, the images between two codes, and where the codes of classes lie."""
    decoder = model.get_layer("decoder")
    test = images.test.inputs
    by_name = {"test images": test} | new_images
    grids = {name: shown[:64] for name, shown in by_name.items()}
    _, first_of_class = np.unique(images.test.labels, return_index=True)

    pictures = {
        "rebuilt": visualize.plot_reconstructions(test[:20], rebuilt[:20]),
        "samples": visualize.plot_sample_strip(grids),
        "interpolation": visualize.plot_interpolation(decoder, means[first_of_class]),
    }
    latent_size = means.shape[1]
    if latent_size == 2:
        pictures["manifold"] = visualize.plot_latent_manifold(decoder)
    if latent_size > 1 and len(images.classes) <= 20:
        pictures["codes"] = visualize.plot_latent_space(means, images.test.labels)
    return pictures
