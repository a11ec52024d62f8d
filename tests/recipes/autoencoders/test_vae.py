"""The variational autoencoder: its terms against integrals and samples, saved files, flags."""

import importlib.util
import json
import zipfile

import keras
import numpy as np
import pytest
from scipy import integrate, stats

import data_prep
from recipes import scores
from recipes.autoencoders import vae
from recipes.autoencoders.vae import Sampling, cross_entropy
from recipes.layers.latent import kl_divergence


def normal(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def uniform_images(count):
    return np.random.default_rng(0).uniform(size=(count, 8, 8, 1)).astype("float32")


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
    means, logs = normal((3, 4), 1), normal((3, 4), 2)
    codes = means + np.exp(logs / 2) * np.random.default_rng(3).normal(size=(200_000, 3, 4))
    ratio = stats.norm(means, np.exp(logs / 2)).logpdf(codes) - stats.norm().logpdf(codes)
    ratio = ratio.sum(axis=2)  # (samples, 3)
    error = ratio.std(axis=0) / len(ratio) ** 0.5
    found = numpy(kl_divergence(means, logs))
    assert (np.abs(found - ratio.mean(axis=0)) < 4 * error).all()
    assert (error < 0.02 * found).all(), "near enough to tell"
    np.testing.assert_allclose(found, scores.normal_kl(means, logs), rtol=1e-5)


def test_cross_entropy_is_summed_over_pixels_and_colours():
    random = np.random.default_rng(0)
    images, rebuilt = random.uniform(0.01, 0.99, (2, 5, 4, 4, 3)).astype("float32")
    by_pixel = -images * np.log(rebuilt) - (1 - images) * np.log(1 - rebuilt)
    wanted = by_pixel.sum(axis=(1, 2, 3))
    np.testing.assert_allclose(numpy(cross_entropy(images, rebuilt)), wanted, rtol=1e-5)


def test_a_code_is_sampled_in_training_and_the_mean_in_prediction():
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
    images = uniform_images(6)
    model = vae.build_vae(units=(9, 7))
    model.compile(loss=cross_entropy)
    means, logs = model.get_layer("encoder").predict(images, verbose=0)
    rebuilt = model.get_layer("decoder").predict(means, verbose=0)
    wanted = scores.bernoulli_nats(images, rebuilt) + scores.normal_kl(means, logs)
    found = model.evaluate(images, images, batch_size=6, verbose=0)
    assert found == pytest.approx(wanted.mean(), rel=1e-5)


def test_encoder_and_decoder_come_back_from_a_file(tmp_path):
    images = uniform_images(20)
    model = vae.build_vae(units=(9, 7), latent_size=3)
    model.compile("adam", cross_entropy)
    model.fit(images, images, verbose=0)
    model.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    means, logs = again.get_layer("encoder").predict(images, verbose=0)
    assert means.shape == logs.shape == (20, 3)
    rebuilt = again.get_layer("decoder").predict(means, verbose=0)
    for network in (model, again, again):  # twice, and the same: prediction samples nothing
        np.testing.assert_allclose(network.predict(images, verbose=0), rebuilt, atol=1e-6)
    again.fit(images, images, verbose=0)


def test_a_file_that_names_the_former_module_of_the_layer_loads(tmp_path):
    images = uniform_images(20)
    model = vae.build_vae(units=(9, 7))
    model.compile("adam", cross_entropy)
    model.fit(images, images, verbose=0)
    model.save(tmp_path / "new.keras")

    with zipfile.ZipFile(tmp_path / "new.keras") as file:
        members = {name: file.read(name) for name in file.namelist()}
    config = json.loads(members["config.json"])
    (layer,) = [layer for layer in config["config"]["layers"] if layer["name"] == "code"]
    assert layer["module"] == "recipes.autoencoders.vae"
    layer.update(
        module="recipes.layers.latent",
        class_name="DrawCode",
        registered_name="recipes>DrawCode",
    )
    members["config.json"] = json.dumps(config)
    with zipfile.ZipFile(tmp_path / "old.keras", "w") as file:
        for name, content in members.items():
            file.writestr(name, content)

    again = keras.saving.load_model(tmp_path / "old.keras")
    assert isinstance(again.get_layer("code"), Sampling)
    wanted = model.predict(images, verbose=0)
    np.testing.assert_array_equal(again.predict(images, verbose=0), wanted)
    again.fit(images, images, verbose=0)


def test_the_plain_autoencoder_is_the_same_network_without_the_noise():
    model = vae.build_vae()
    plain = vae.build_vae(variational=False, name="plain")
    assert (model.name, plain.name) == ("vae", "plain")
    assert model.count_params() - plain.count_params() == 256 * 2 + 2  # the log variance
    assert not plain.losses
    images = uniform_images(4)
    assert (numpy(plain(images, training=True)) == numpy(plain(images, training=False))).all()
    assert (numpy(model(images, training=True)) != numpy(model(images, training=False))).any()


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"input_shape": (8, 8)}, r"shape \(8, 8\); give \(height, width, channels\)"),
        ({"latent_size": 0}, "latent_size=0; give an integer >= 1"),
        ({"units": 256}, "units=256; give a tuple of integers >= 1"),
        ({"units": ()}, r"units=\(\); give a tuple"),
        ({"units": (8, 0)}, r"units=\(8, 0\); give a tuple"),
    ],
)
def test_sizes_that_cannot_work_are_refused(sizes, message):
    with pytest.raises(ValueError, match=f"^build_vae: {message}"):
        vae.build_vae(**sizes)


def test_bad_flags_are_refused_before_training():
    for flag in ("latent_size", "units", "samples"):
        with pytest.raises(data_prep.DataError, match=f"{flag} 0.*give 1 or more"):
            vae.run(**{flag: 0})


@pytest.mark.slow
def test_codes_sampled_from_the_prior_make_digits_in_the_variational_decoder_alone():
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
