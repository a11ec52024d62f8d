"""Bounds on the likelihood of images, for networks that model a distribution."""

from itertools import product

import numpy as np
from scipy.special import logsumexp
from sklearn.decomposition import PCA

from recipes.scores.autoencoding import autoencoding_baselines
from recipes.scores.inputs import flat_inputs


def bernoulli_nats(images, probabilities):
    """Cross-entropy of images with the pixels' probabilities of ink, in nats per image.

    A grey pixel of 0.3 counts as ink in three of ten draws, so even its own copy costs its
    entropy: `bernoulli_nats(images, images)` is the least that any model can reach.

    Args:
        images: pixels from 0 to 1, (images, ...).
        probabilities: the same shape; kept 1e-7 away from 0 and 1, as Keras's loss does.

    Returns:
        (images,) sums over all pixels, not negative.
    """
    images = np.asarray(images, "float64").reshape(len(images), -1)
    ink = np.clip(np.asarray(probabilities, "float64").reshape(images.shape), 1e-7, 1 - 1e-7)
    return -np.sum(images * np.log(ink) + (1 - images) * np.log1p(-ink), axis=1)


def normal_kl(means, log_variances):
    """KL divergence in nats of N(mean, variance), independent numbers, from N(0, I), (examples,).

    Half of mean^2 + variance - 1 - log variance, summed over a code. Source: Kingma and Welling,
    "Auto-encoding variational Bayes", 2014, appendix B.
    """
    means, logs = np.asarray(means, "float64"), np.asarray(log_variances, "float64")
    return np.sum(means**2 + np.exp(logs) - 1 - logs, axis=1) / 2


def variational(images, means, log_variances, decode, samples=500, seed=0, block=20000):
    """Bounds on the negative log likelihood of images under a decoder with the prior N(0, I).

    Both are in nats per image, and from the same codes drawn from N(mean, variance). The negative
    ELBO is their mean cross-entropy, plus the KL divergence in closed form. The importance-weighted
    estimate is minus the log of the mean of p(image | code) p(code) / q(code | image): no larger
    on average, and the nearer to the likelihood the more samples. Source: Burda et al., "Importance
    weighted autoencoders", 2016.

    Args:
        images: pixels from 0 to 1, (images, ...).
        means: of their codes, (images, latent_size).
        log_variances: the same shape.
        decode: a function from float32 codes (codes, latent_size) to probabilities of ink
            (codes, ...).
        samples: codes drawn for each image.
        seed: draws them.
        block: most codes that are decoded at once.

    Returns:
        {"negative ELBO", "cross-entropy", "KL divergence", "IWAE, SAMPLES samples"}, where the
        first is the sum of the next two; "entropy of the pixels", the cross-entropy of perfect
        copies; and "active units", numbers of a code that say something: their mean varies over
        the images by more than 0.01 (Burda et al., too).
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
    """Bounds on the negative log likelihood of test images without a network, as `variational`.

    "mean image": each pixel has its mean over the training images as probability of ink, whatever
    the image; exact. "Gaussian on PCA": an autoencoder of principal components, scaled to variance
    1 so that N(0, I) is fitted to them; the code is drawn around the image's components shrunk by
    one factor, all with one variance, and its picture clipped to leave some probability for the
    other colour. These three numbers are the best of a grid on the validation part.

    Args:
        data: a data_prep.Dataset of images with pixels from 0 to 1.
        size: numbers in a code.
        seed: draws the codes.

    Returns:
        {baseline: {"negative ELBO": nats per image of the test part}}; of the second also the
        scores of `autoencoding`.
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
