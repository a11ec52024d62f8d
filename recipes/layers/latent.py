"""The KL divergence of a code from its prior, which variational autoencoders minimise."""

from keras import ops


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
