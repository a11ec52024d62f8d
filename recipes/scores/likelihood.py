"""Bounds on the likelihood of images, for networks that model a distribution."""

from itertools import product

import numpy as np
from scipy.special import logsumexp
from sklearn.decomposition import PCA

from recipes.scores.autoencoding import autoencoding_baselines
from recipes.scores.inputs import flat_inputs


def bernoulli_nats(images, probabilities):
    """Cross-entropy of images under the predicted probabilities of ink, in nats per image.

    A grey pixel of 0.3 counts as ink with probability 0.3. So even a perfect copy has the entropy
    of its pixels as cross-entropy: `bernoulli_nats(images, images)` is the lowest possible value.

    Args:
        images: pixels from 0 to 1, (images, ...).
        probabilities: the same shape; clipped to 1e-7 away from 0 and 1, as Keras's loss does.

    Returns:
        (images,) sums over all pixels, not negative.
    """
    pixels = np.asarray(images, "float64").reshape(len(images), -1)
    ink = np.asarray(probabilities, "float64").reshape(pixels.shape)
    ink = np.clip(ink, 1e-7, 1 - 1e-7)

    log_likelihoods = pixels * np.log(ink) + (1 - pixels) * np.log1p(-ink)
    return -np.sum(log_likelihoods, axis=1)


def normal_kl(means, log_variances):
    """KL divergence in nats of N(mean, variance) from N(0, I), for each example, (examples,).

    The sum over the numbers of a code of (mean^2 + variance - 1 - log variance) / 2. Source: Kingma
    and Welling, "Auto-encoding variational Bayes", 2014, appendix B.
    """
    means = np.asarray(means, "float64")
    log_variances = np.asarray(log_variances, "float64")
    return np.sum(means**2 + np.exp(log_variances) - 1 - log_variances, axis=1) / 2


def variational(images, means, log_variances, decode, samples=500, seed=0, block=20000):
    """Bounds on the negative log likelihood of images under a decoder with the prior N(0, I).

    Both are in nats per image and use the same codes, sampled from N(mean, variance). The negative
    ELBO is the mean cross-entropy plus the KL divergence in closed form. The importance-weighted
    estimate (IWAE) is minus the log of the mean of p(image | code) p(code) / q(code | image). On
    average it is no larger than the negative ELBO, and with more samples it comes closer to the
    negative log likelihood. Source: Burda et al., "Importance weighted autoencoders", 2016.

    Args:
        images: pixels from 0 to 1, (images, ...).
        means: means of their codes, (images, latent_size).
        log_variances: log variances of their codes, the same shape.
        decode: a function from float32 codes (codes, latent_size) to probabilities of ink
            (codes, ...).
        samples: codes sampled for each image.
        seed: seed of the samples.
        block: largest number of codes that are decoded at once.

    Returns:
        {"negative ELBO", "cross-entropy", "KL divergence", "IWAE, SAMPLES samples"}, where the
        first is the sum of the next two; "entropy of the pixels", the cross-entropy of perfect
        copies; and "active units", how many numbers of a code are used: the variance of their mean
        over the images is above 0.01 (also Burda et al.).
    """
    random = np.random.default_rng(seed)
    pixels = np.asarray(images, "float32").reshape(len(images), -1)
    means = np.asarray(means)
    deviations = np.exp(np.asarray(log_variances) / 2)
    latent_size = means.shape[1]

    # The images are taken in groups, so that no more than `block` codes are decoded at once.
    group_size = max(block // samples, 1)
    cross_entropies = []
    estimates = []
    for first in range(0, len(pixels), group_size):
        rows = slice(first, first + group_size)
        truth = pixels[rows, :, None]  # (images, pixels, 1)
        deviation = deviations[rows, None]  # (images, 1, latent_size)

        noise = random.normal(size=(len(truth), samples, latent_size)).astype("float32")
        codes = means[rows, None] + deviation * noise  # (images, samples, latent_size)
        decoded = np.asarray(decode(codes.reshape(-1, latent_size)), "float32")
        ink = decoded.reshape(len(truth), samples, -1)  # (images, samples, pixels)
        ink = np.clip(ink, 1e-7, 1 - 1e-7)

        # log p(image | code), (images, samples): as without any ink, plus the log odds of the ink.
        log_no_ink = np.log1p(-ink)
        log_odds = np.log(ink) - log_no_ink
        log_likelihood = np.matmul(log_odds, truth)[..., 0] + log_no_ink.sum(axis=2)
        cross_entropies.append(-log_likelihood.mean(axis=1))

        # log p(code) - log q(code | image), (images, samples).
        log_ratio = np.sum(noise**2 - codes**2, axis=2) / 2 + np.log(deviation).sum(axis=2)
        log_weights = log_likelihood + log_ratio
        estimates.append(np.log(samples) - logsumexp(log_weights, axis=1))

    cross_entropy = float(np.concatenate(cross_entropies).mean(dtype="float64"))
    divergence = float(normal_kl(means, log_variances).mean())
    return {
        "negative ELBO": cross_entropy + divergence,
        "cross-entropy": cross_entropy,
        "KL divergence": divergence,
        f"IWAE, {samples} samples": float(np.concatenate(estimates).mean(dtype="float64")),
        "entropy of the pixels": float(bernoulli_nats(images, images).mean()),
        "active units": int(np.sum(np.var(means, axis=0) > 0.01)),
    }


def likelihood_baselines(data, size, seed=0):
    """Bounds on the negative log likelihood of test images without a network.

    "mean image" gives every pixel its mean over the training images as probability of ink, the same
    for all images; its value is exact. "Gaussian on PCA" is a linear variational autoencoder: the
    mean of a code is the image's principal components, scaled to variance 1 and multiplied by a
    factor; all codes have one variance; the reconstruction is clipped by a margin away from 0 and
    1. Factor, variance and margin are the best of a grid on the validation part.

    Args:
        data: a data_prep.Dataset of images with pixels from 0 to 1.
        size: numbers in a code.
        seed: seed of the sampled codes.

    Returns:
        {baseline: {"negative ELBO": nats per image of the test part}}; for "Gaussian on PCA" also
        the scores of `autoencoding`.
    """
    inputs = flat_inputs(data)
    mean_image = np.broadcast_to(inputs["train"].mean(axis=0), inputs["test"].shape)
    mean_bound = float(bernoulli_nats(inputs["test"], mean_image).mean())

    components = min(size, *inputs["train"].shape)
    pca = PCA(components, whiten=True, random_state=0).fit(inputs["train"])

    def pca_bound(part, factor, variance, margin, samples):
        """The negative ELBO of the linear autoencoder on a part of the data."""
        means = factor * pca.transform(inputs[part])
        log_variances = np.full_like(means, np.log(variance))

        def decode(codes):
            return np.clip(pca.inverse_transform(codes), margin, 1 - margin)

        bounds = variational(inputs[part], means, log_variances, decode, samples=samples, seed=seed)
        return bounds["negative ELBO"]

    factors = (0.8, 0.9, 1)
    variances = (0.01, 0.03, 0.1, 0.3, 1)
    margins = (0.003, 0.01, 0.02, 0.05)
    grid = product(factors, variances, margins)
    best = min(grid, key=lambda setting: pca_bound("validation", *setting, samples=1))

    pca_scores = {"negative ELBO": pca_bound("test", *best, samples=10)}
    pca_scores |= autoencoding_baselines(data, {"PCA": size})["PCA"]
    return {"mean image": {"negative ELBO": mean_bound}, "Gaussian on PCA": pca_scores}
