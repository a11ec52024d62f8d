"""The drawn code of a variational autoencoder, and the two terms of its bound, in nats."""

import keras
from keras import layers, ops


def kl_divergence(mean, log_variance):
    """KL divergence of N(mean, variance) from N(0, I) in closed form.

    Source: Kingma and Welling, "Auto-encoding variational Bayes", 2014, appendix B.

    Args:
        mean: (batch, latent_size).
        log_variance: the natural logarithm of the variance of each number, the same shape.

    Returns:
        (batch,) in nats.
    """
    terms = ops.square(mean) + ops.exp(log_variance) - 1 - log_variance
    return ops.sum(terms, axis=-1) / 2


@keras.saving.register_keras_serializable(package="recipes")
def cross_entropy(images, rebuilt):
    """Cross-entropy of images with their pixels' probabilities of ink: a loss for compile.

    Args:
        images: pixels from 0 to 1, (batch, height, width, channels).
        rebuilt: probabilities, the same shape.

    Returns:
        (batch,) sums over the pixels, in nats.
    """
    by_pixel = keras.losses.binary_crossentropy(images[..., None], rebuilt[..., None])
    return ops.sum(by_pixel, axis=(1, 2, 3))


@keras.saving.register_keras_serializable(package="recipes")
class DrawCode(layers.Layer):
    """Draw a code from N(mean, variance) in training; outside it the code is the mean.

    The noise comes from outside and is scaled and moved, so that the gradient reaches mean and
    variance. The KL divergence from N(0, I), its mean over the batch, is added to the model's loss.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seeds = keras.random.SeedGenerator()

    def call(self, inputs, training=False):
        """Codes (batch, latent_size) of [mean, log variance], each of that shape."""
        mean, log_variance = inputs
        self.add_loss(ops.mean(kl_divergence(mean, log_variance)))
        if not training:
            return mean
        noise = keras.random.normal(ops.shape(mean), dtype=mean.dtype, seed=self.seeds)
        return mean + ops.exp(log_variance / 2) * noise
