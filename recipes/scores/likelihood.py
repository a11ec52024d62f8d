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
    images = np.asarray(images, "float64").reshape(len(images), -1)
    ink = np.clip(np.asarray(probabilities, "float64").reshape(images.shape), 1e-7, 1 - 1e-7)
    return -np.sum(images * np.log(ink) + (1 - images) * np.log1p(-ink), axis=1)


def normal_kl(means, log_variances):
    """KL divergence in nats of N(mean, variance) from N(0, I), for each example, (examples,).

    The sum over the numbers of a code of (mean^2 + variance - 1 - log variance) / 2. Source: Kingma
    and Welling, "Auto-encoding variational Bayes", 2014, appendix B.
    """
    means, logs = np.asarray(means, "float64"), np.asarray(log_variances, "float64")
    return np.sum(means**2 + np.exp(logs) - 1 - logs, axis=1) / 2


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
    means, deviations = np.asarray(means), np.exp(np.asarray(log_variances) / 2)
    errors, weighted = [], []
    size = max(block // samples, 1)
    for first in range(0, len(pixels), size):
        rows = slice(first, first + size)
        truth, deviation = pixels[rows, :, None], deviations[rows, None]
        noise = random.normal(size=(len(truth), samples, means.shape[1])).astype("float32")
        codes = means[rows, None] + deviation * noise  # (rows, samples, latent_size)
        ink = np.asarray(decode(codes.reshape(-1, means.shape[1])), "float32")
        ink = np.clip(ink.reshape(len(truth), samples, -1), 1e-7, 1 - 1e-7)
        empty = np.log1p(-ink)  # log probability of no ink
        likelihood = np.matmul(np.log(ink) - empty, truth)[..., 0] + empty.sum(axis=2)
        ratio = np.sum(noise**2 - codes**2, axis=2) / 2 + np.log(deviation).sum(axis=2)
        errors.append(-likelihood.mean(axis=1))
        weighted.append(np.log(samples) - logsumexp(likelihood + ratio, axis=1))
    error = float(np.concatenate(errors).mean(dtype="float64"))
    kl = float(normal_kl(means, log_variances).mean())
    return {
        "negative ELBO": error + kl,
        "cross-entropy": error,
        "KL divergence": kl,
        f"IWAE, {samples} samples": float(np.concatenate(weighted).mean(dtype="float64")),
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
    mean = np.broadcast_to(inputs["train"].mean(axis=0), inputs["test"].shape)
    by_mean = float(bernoulli_nats(inputs["test"], mean).mean())
    pca = PCA(min(size, *inputs["train"].shape), whiten=True, random_state=0).fit(inputs["train"])

    def bound(part, shrink, variance, margin, samples):
        means = shrink * pca.transform(inputs[part])
        logs = np.full_like(means, np.log(variance))

        def decode(codes):
            return np.clip(pca.inverse_transform(codes), margin, 1 - margin)

        return variational(inputs[part], means, logs, decode, samples, seed)["negative ELBO"]

    grid = product((0.8, 0.9, 1), (0.01, 0.03, 0.1, 0.3, 1), (0.003, 0.01, 0.02, 0.05))
    best = min(grid, key=lambda chosen: bound("validation", *chosen, samples=1))
    gaussian = autoencoding_baselines(data, {"Gaussian on PCA": size})["Gaussian on PCA"]
    gaussian = {"negative ELBO": bound("test", *best, samples=10)} | gaussian
    return {"mean image": {"negative ELBO": by_mean}, "Gaussian on PCA": gaussian}
