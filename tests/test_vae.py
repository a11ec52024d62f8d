"""The variational autoencoder: its terms against integrals and samples, its page's promises."""

import importlib.util

import keras
import numpy as np
import pytest
from scipy import integrate, special, stats

import data_prep
from recipes import scores
from recipes.autoencoders import vae
from recipes.autoencoders.vae import Sampling, cross_entropy
from recipes.layers.latent import kl_divergence


def drawn(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.mark.parametrize(("mean", "deviation"), [(0, 1), (1.5, 1), (0, 0.2), (-0.7, 2.5)])
def test_the_kl_divergence_is_the_integral_that_defines_it(mean, deviation):
    ours, prior = stats.norm(mean, deviation), stats.norm()

    def term(z):
        return ours.pdf(z) * (ours.logpdf(z) - prior.logpdf(z))

    wanted, _ = integrate.quad(term, mean - 12 * deviation, mean + 12 * deviation)
    logs = np.full((1, 1), 2 * np.log(deviation))
    means = np.full((1, 1), float(mean))
    assert scores.normal_kl(means, logs) == pytest.approx(wanted, abs=1e-9)
    assert numpy(kl_divergence(means, logs)) == pytest.approx(wanted, abs=1e-5)


def test_the_kl_divergence_is_what_sampling_estimates():
    means, logs = drawn((3, 4), 1), drawn((3, 4), 2)
    codes = means + np.exp(logs / 2) * np.random.default_rng(3).normal(size=(200_000, 3, 4))
    ratio = stats.norm(means, np.exp(logs / 2)).logpdf(codes) - stats.norm().logpdf(codes)
    ratio = ratio.sum(axis=2)  # (draws, 3)
    error = ratio.std(axis=0) / len(ratio) ** 0.5
    found = numpy(kl_divergence(means, logs))
    assert (np.abs(found - ratio.mean(axis=0)) < 4 * error).all()
    assert (error < 0.02 * found).all(), "near enough to tell"
    np.testing.assert_allclose(found, scores.normal_kl(means, logs), rtol=1e-5)


def test_cross_entropy_is_summed_over_pixels_and_colours():
    random = np.random.default_rng(0)
    images, ink = random.uniform(0.01, 0.99, (2, 5, 4, 4, 3)).astype("float32")
    wanted = -stats.bernoulli(ink).logpmf(1) * images - stats.bernoulli(ink).logpmf(0) * (
        1 - images
    )
    wanted = wanted.sum(axis=(1, 2, 3))
    np.testing.assert_allclose(numpy(cross_entropy(images, ink)), wanted, rtol=1e-5)
    np.testing.assert_allclose(scores.bernoulli_nats(images, ink), wanted, rtol=1e-6)
    copies = scores.bernoulli_nats(images, images)
    assert (copies < wanted).all()
    np.testing.assert_allclose(copies, stats.bernoulli(images).entropy().sum(axis=(1, 2, 3)))
    sure = scores.bernoulli_nats([[0.0, 1.0]], [[1.0, 1.0]])
    assert sure == pytest.approx(-np.log(1e-7), rel=1e-3), "finite where a pixel is quite wrong"


def test_a_code_is_drawn_in_training_and_the_mean_outside():
    keras.utils.set_random_seed(0)
    mean, log_variance = np.full((20_000, 2), [1.0, -2.0]), np.full((20_000, 2), [-1.0, 0.5])
    inputs = [mean.astype("float32"), log_variance.astype("float32")]
    layer = Sampling()
    assert (numpy(layer(inputs)) == inputs[0]).all()
    np.testing.assert_allclose(layer.losses, [scores.normal_kl(*inputs)[0]], rtol=1e-5)
    codes = numpy(layer(inputs, training=True))
    for column in (0, 1):
        normal = stats.norm(mean[0, column], np.exp(log_variance[0, column] / 2))
        assert stats.kstest(codes[:, column], normal.cdf).pvalue > 0.01
    assert abs(np.corrcoef(codes.T)[0, 1]) < 0.03
    assert (numpy(layer(inputs, training=True)) != codes).any()


def test_the_loss_of_fit_is_the_cross_entropy_plus_the_kl_divergence():
    images = np.random.default_rng(0).uniform(size=(6, 8, 8, 1)).astype("float32")
    model = vae.build_vae(units=(9, 7))
    model.compile(loss=cross_entropy)
    means, logs = model.get_layer("encoder").predict(images, verbose=0)
    rebuilt = model.get_layer("decoder").predict(means, verbose=0)
    wanted = scores.bernoulli_nats(images, rebuilt) + scores.normal_kl(means, logs)
    found = model.evaluate(images, images, batch_size=6, verbose=0)
    assert found == pytest.approx(wanted.mean(), rel=1e-5)


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
    means = drawn((400, 3)) * (1.0, 0.2, 0.02)
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
    data = data_prep.Dataset("toy", "drawn", *parts, classes=("a", "b"))
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


def test_encoder_and_decoder_come_back_from_a_file(tmp_path):
    images = np.random.default_rng(0).uniform(size=(20, 8, 8, 1)).astype("float32")
    model = vae.build_vae(units=(9, 7), latent_size=3)
    model.compile("adam", cross_entropy)
    model.fit(images, images, verbose=0)
    model.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    means, logs = again.get_layer("encoder").predict(images, verbose=0)
    assert means.shape == logs.shape == (20, 3)
    rebuilt = again.get_layer("decoder").predict(means, verbose=0)
    for network in (model, again, again):  # twice, and the same: outside training nothing is drawn
        np.testing.assert_allclose(network.predict(images, verbose=0), rebuilt, atol=1e-6)
    again.fit(images, images, verbose=0)


def test_the_plain_autoencoder_is_the_same_network_without_the_noise():
    model, plain = vae.build_vae(), vae.build_vae(variational=False)
    assert model.count_params() - plain.count_params() == 256 * 2 + 2  # the log variance
    assert not plain.losses
    images = np.random.default_rng(0).uniform(size=(4, 8, 8, 1)).astype("float32")
    assert (numpy(plain(images, training=True)) == numpy(plain(images, training=False))).all()
    assert (numpy(model(images, training=True)) != numpy(model(images, training=False))).any()


def test_bad_flags_are_refused_before_training():
    for flag in ("latent_size", "units", "samples"):
        with pytest.raises(data_prep.DataError, match=f"{flag} 0.*give 1 or more"):
            vae.run(**{flag: 0})


@pytest.mark.slow
def test_codes_drawn_from_the_prior_make_digits_in_the_variational_decoder_alone():
    keras.utils.set_random_seed(0)
    found = vae.run(epochs=60).scores
    ours = found["Frechet distance"]
    assert found["Frechet distance of real images"] < ours
    assert 2 * ours < found["Frechet distance, plain"]
    assert found["entropy of the pixels"] < found["IWAE, 500 samples"] < found["negative ELBO"]


BACKEND = """
import keras, numpy as np, sys
from recipes.autoencoders.vae import build_vae
from recipes.autoencoders.vae import cross_entropy

assert keras.backend.backend() == sys.argv[1]
keras.utils.set_random_seed(0)
images = np.random.default_rng(0).uniform(size=(64, 8, 8, 1)).astype("float32") ** 4
model = build_vae()
model.compile(keras.optimizers.Adam(0.003), cross_entropy)
losses = model.fit(images, images, epochs=10, verbose=0).history["loss"]
assert losses[-1] < losses[0] - 3, losses
model.save("vae.keras")
again = keras.saving.load_model("vae.keras")
means, logs = again.get_layer("encoder").predict(images, verbose=0)
rebuilt = again.get_layer("decoder").predict(means, verbose=0)
np.testing.assert_allclose(model.predict(images, verbose=0), rebuilt, atol=1e-5)
print("trained")
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_it_trains_on_other_backends(backend, python, monkeypatch):
    if not importlib.util.find_spec(backend):
        pytest.skip(f"{backend} is not installed")
    monkeypatch.setenv("KERAS_BACKEND", backend)
    assert python("-c", BACKEND, backend).stdout == "trained\n"
