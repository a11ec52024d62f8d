"""Bounds on the likelihood: against integrals, and where the likelihood is known."""

import numpy as np
import pytest
from scipy import special, stats

import data_prep
from recipes import scores


def test_nats_are_the_cross_entropy_summed_over_pixels_and_colours():
    random = np.random.default_rng(0)
    images, ink = random.uniform(0.01, 0.99, (2, 5, 4, 4, 3))
    by_pixel = -images * np.log(ink) - (1 - images) * np.log(1 - ink)
    wanted = by_pixel.sum(axis=(1, 2, 3))
    np.testing.assert_allclose(scores.bernoulli_nats(images, ink), wanted, rtol=1e-6)

    copies = scores.bernoulli_nats(images, images)
    assert (copies < wanted).all()
    np.testing.assert_allclose(copies, stats.bernoulli(images).entropy().sum(axis=(1, 2, 3)))

    wrong = scores.bernoulli_nats([[0.0, 1.0]], [[1.0, 1.0]])
    assert wrong == pytest.approx(-np.log(1e-7), rel=1e-3), "finite where a pixel is quite wrong"


WEIGHTS, BIAS = np.array([[2.0, -1.0, 0.5, 3.0]]), np.array([0.3, 0.1, -1.0, 0.0])
IMAGES = np.array([[1, 0, 1, 1], [0, 1, 0, 0], [0.2, 0.4, 0.9, 0.5]])


def toy(codes):
    """A decoder of one latent number and four pixels."""
    return special.expit(codes @ WEIGHTS + BIAS)


def posteriors():
    """Negative log likelihoods of IMAGES, means and log variances of their codes; by integrals."""
    z, weight = np.polynomial.hermite_e.hermegauss(150)
    ink = toy(z[:, None])
    joint = np.exp(-scores.bernoulli_nats(np.repeat(IMAGES, 150, 0), np.tile(ink, (3, 1))))
    joint = joint.reshape(3, 150) * weight / weight.sum()
    marginal = joint.sum(axis=1, keepdims=True)
    mean = (joint * z).sum(axis=1, keepdims=True) / marginal
    variance = (joint * (z - mean) ** 2).sum(axis=1, keepdims=True) / marginal
    return -np.log(marginal).mean(), mean, np.log(variance)


def test_bounds_meet_a_likelihood_that_is_known():
    exact, means, logs = posteriors()
    found = scores.variational(IMAGES, means, logs, toy, samples=20_000)
    assert found["IWAE, 20000 samples"] == pytest.approx(exact, abs=0.003)
    assert exact + 0.005 < found["negative ELBO"] < exact + 0.1
    assert found["negative ELBO"] == found["cross-entropy"] + found["KL divergence"]
    # However poor the posterior is: importance weights make up for it, the ELBO does not.
    poor = scores.variational(IMAGES, means + 1, logs, toy, samples=20_000)
    assert poor["IWAE, 20000 samples"] == pytest.approx(exact, abs=0.05)
    assert poor["negative ELBO"] > found["negative ELBO"] + 0.3


def test_the_estimate_falls_with_the_samples_from_the_elbo_to_the_likelihood():
    exact, means, logs = posteriors()
    many = [np.repeat(array, 2000, axis=0) for array in (IMAGES, means + 1, logs)]
    by_samples = [
        list(scores.variational(*many, toy, samples, seed=samples).values())
        for samples in (1, 3, 10, 100)
    ]
    estimates = [found[3] for found in by_samples]
    assert estimates[0] == pytest.approx(by_samples[3][0], abs=0.05), "of one sample: the ELBO"
    assert estimates[0] > estimates[1] > estimates[2] > estimates[3] > exact - 0.01


def test_a_decoder_that_ignores_the_code_has_the_same_bounds():
    ink = np.array([0.2, 0.9, 0.5, 0.4])
    nothing = np.zeros((3, 2))
    found = scores.variational(
        IMAGES, nothing, nothing, lambda codes: np.tile(ink, (len(codes), 1)), 7, block=10
    )
    wanted = scores.bernoulli_nats(IMAGES, np.tile(ink, (3, 1))).mean()
    assert found["negative ELBO"] == pytest.approx(wanted, rel=1e-6)
    assert found["IWAE, 7 samples"] == pytest.approx(wanted, rel=1e-6)
    assert found["KL divergence"] == found["active units"] == 0
    assert found["entropy of the pixels"] == scores.bernoulli_nats(IMAGES, IMAGES).mean()


def test_active_units_are_those_whose_mean_moves():
    means = np.random.default_rng(0).normal(size=(400, 3)) * (1.0, 0.2, 0.02)
    found = scores.variational(
        np.zeros((400, 4)), means, means, lambda z: np.full((len(z), 4), 0.5)
    )
    assert found["active units"] == 2


def test_baselines_of_pixels_are_bounds_of_models():
    random = np.random.default_rng(0)
    codes = random.normal(size=(600, 2))
    images = special.expit(codes @ random.normal(size=(2, 12)) * 2).reshape(600, 3, 4, 1)
    parts = np.split(images, [400, 500])
    labels = codes[:, 0] > 0
    parts = [
        data_prep.Part(inputs, classes.astype(int))
        for inputs, classes in zip(parts, np.split(labels, [400, 500]), strict=True)
    ]
    data = data_prep.Dataset("toy", "sampled", *parts, classes=("a", "b"))
    found = scores.likelihood_baselines(data, 2)
    mean = np.broadcast_to(images[:400].mean(axis=0), images[500:].shape)
    wanted = scores.bernoulli_nats(images[500:], mean).mean()
    assert found["mean image"]["negative ELBO"] == pytest.approx(wanted)
    by_components = found["Gaussian on PCA"]
    floor = scores.bernoulli_nats(images[500:], images[500:]).mean()
    assert floor < by_components["negative ELBO"] < wanted - 0.2
    assert (
        by_components["mean squared error"]
        == scores.autoencoding_baselines(data, {"PCA": 2})["PCA"]["mean squared error"]
    )
    none = scores.likelihood_baselines(data, 40)["Gaussian on PCA"]["negative ELBO"]
    assert np.isfinite(none), "as many components as there are pixels"
