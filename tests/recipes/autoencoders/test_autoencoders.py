"""Autoencoder recipes: their two halves, the sparsity penalties, the noise, what they refuse."""

import keras
import numpy as np
import pytest

import data_prep
from recipes.autoencoders import (
    conv_autoencoder,
    denoising_autoencoder,
    dense_autoencoder,
    sequence_autoencoder,
    sparse_autoencoder,
)
from recipes.autoencoders.sparse_autoencoder import Sparsity

BUILDERS = {
    "dense": dense_autoencoder.build_dense_autoencoder,
    "conv": conv_autoencoder.build_conv_autoencoder,
    "sparse": sparse_autoencoder.build_sparse_autoencoder,
    "denoising": denoising_autoencoder.build_denoising_autoencoder,
    "sequence": sequence_autoencoder.build_sequence_autoencoder,
}


def random_images(shape=(8, 8, 1), count=4):
    return np.random.default_rng(0).uniform(size=(count, *shape)).astype("float32")


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """A file with a few images of two classes."""
    images = random_images((8, 8), 120)
    labels = np.arange(120) % 2
    images[labels == 1, :4] = 0
    path = tmp_path_factory.mktemp("few") / "few.npz"
    np.savez(path, x_train=images, y_train=labels, x_test=images[:20], y_test=labels[:20])
    return path


@pytest.mark.parametrize("name", BUILDERS)
def test_a_saved_autoencoder_comes_apart_into_its_halves(name, tmp_path):
    shape = (8, 8) if name == "sequence" else (8, 8, 1)
    model = BUILDERS[name](shape, latent_size=5)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    inputs = random_images(shape)
    codes = again.get_layer("encoder").predict(inputs, verbose=0)
    assert codes.shape == (4, 5)
    rebuilt = again.get_layer("decoder").predict(codes, verbose=0)
    np.testing.assert_allclose(rebuilt, model.predict(inputs, verbose=0), atol=1e-6)
    assert rebuilt.shape == inputs.shape


@pytest.mark.parametrize("shape", [(8, 8, 1), (7, 10, 3), (28, 28, 1), (5, 6, 1)])
def test_convolutions_come_back_to_any_size(shape):
    model = conv_autoencoder.build_conv_autoencoder(shape, latent_size=3, filters=(2, 4))
    assert model.output_shape == (None, *shape)


def test_the_kl_penalty_is_the_divergence_of_two_coins():
    codes = np.random.default_rng(0).uniform(0.01, 0.99, (50, 3))
    means = codes.mean(axis=0)
    coins = np.stack([means, 1 - means])
    target = np.array([[0.2], [0.8]])
    wanted = 50 * 0.5 * (target * np.log(target / coins)).sum()
    found = Sparsity("kl", 0.5, 0.2)(codes.astype("float32"))
    assert float(found) == pytest.approx(wanted, rel=1e-5)
    on_target = np.array([[0.1], [0.3]], "float32")
    assert float(Sparsity("kl", 1, 0.2)(on_target)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("value", [0, 1])
def test_the_kl_penalty_is_finite_if_a_unit_is_always_off_or_on(value):
    assert np.isfinite(float(Sparsity("kl", 1, 0.05)(np.full((4, 2), value, "float32"))))


def test_the_l1_penalty_is_the_sum_of_absolute_values():
    codes = np.array([[1, -2, 0], [0, 0, 3]], "float32")
    assert float(Sparsity("l1", 0.1)(codes)) == pytest.approx(0.6)


@pytest.mark.parametrize("penalty", ["l1", "kl"])
def test_the_loss_of_the_model_has_the_penalty_whatever_the_batch(penalty):
    model = sparse_autoencoder.build_sparse_autoencoder(penalty=penalty, weight=7.0)
    inputs = random_images()
    codes = np.asarray(model.get_layer("encoder")(inputs), "float64")
    if penalty == "l1":
        wanted = 7 * np.abs(codes).sum(axis=1).mean()
    else:
        means = codes.mean(axis=0)
        wanted = 7 * (0.05 * np.log(0.05 / means) + 0.95 * np.log(0.95 / (1 - means))).sum()
    for times in (1, 5):
        model(np.tile(inputs, (times, 1, 1, 1)))
        assert float(sum(model.losses)) == pytest.approx(wanted, rel=1e-4)


def test_both_penalties_are_reported_and_the_one_asked_for_is_the_headline(few):
    report = sparse_autoencoder.run(few, epochs=1, latent_size=6, penalty="kl")
    assert report.model.name == "sparse_autoencoder"
    for name in ("mean squared error", "fraction of active units"):
        assert report.scores[name] == report.scores[f"{name} with kl"]
        assert report.scores[name] != report.scores[f"{name} with l1"]
    assert report.model.get_layer("encoder").layers[-1].activation is keras.activations.sigmoid
    # All units of a sigmoid code are active at first: the baseline is as large as the code.
    assert report.scores["fraction of active units"] == 1
    assert report.baselines["PCA, as many as are active"] == report.comparisons["PCA of equal size"]


@pytest.mark.parametrize("noise", ["gaussian", "dropout"])
def test_noise_is_fresh_in_training_and_absent_otherwise(noise):
    model = denoising_autoencoder.build_denoising_autoencoder(noise=noise, amount=0.4)
    layer = model.get_layer("noise")
    images = np.full((500, 8, 8, 1), 0.5, "float32")
    np.testing.assert_array_equal(layer(images), images)
    first = np.asarray(layer(images, training=True))
    second = np.asarray(layer(images, training=True))
    assert not np.array_equal(first, second)
    assert first.mean() == pytest.approx(0.5, abs=0.02)
    if noise == "gaussian":
        assert first.std() == pytest.approx(0.4, abs=0.01)
    else:
        assert np.mean(first == 0) == pytest.approx(0.4, abs=0.02)
        assert first.max() == pytest.approx(0.5 / 0.6)


def test_test_images_have_the_same_noise_for_every_seed(few):
    options = {"epochs": 1, "latent_size": 3, "units": 4}
    reports = [denoising_autoencoder.run(few, seed=seed, **options) for seed in (0, 1)]
    first, second = (report.baselines["nothing done"] for report in reports)
    assert first == second
    # Noise of deviation 0.3, and less where the image is cut to the range 0 to 1.
    assert 0.03 < first["mean squared error"] < 0.09
    ours = reports[0].scores
    assert ours["mean squared error"] != ours["mean squared error without noise"]


@pytest.mark.parametrize(
    ("name", "options", "match"),
    [
        ("dense", {"latent_size": 0}, "latent_size=0"),
        ("dense", {"units": (16, 0)}, r"units=\(16, 0\)"),
        ("dense", {"units": 256}, "units=256"),
        ("dense", {"units": ()}, r"units=\(\)"),
        ("dense", {"input_shape": (0, 8, 1)}, r"shape \(0, 8, 1\)"),
        ("conv", {"filters": ()}, r"filters=\(\)"),
        ("conv", {"filters": 8}, "filters=8"),
        ("conv", {"filters": (8, 8, 8)}, r"kernel_sizes \(5, 3\)"),
        ("conv", {"kernel_sizes": 3}, "kernel_sizes 3"),
        ("conv", {"filters": (8, 0)}, r"filters=\(8, 0\)"),
        ("conv", {"latent_size": -1}, "latent_size=-1"),
        ("conv", {"input_shape": (8, None, 1)}, r"shape \(8, None, 1\)"),
        ("sparse", {"units": 0}, "units=0"),
        ("sparse", {"input_shape": (8, 8)}, r"shape \(8, 8\)"),
        ("sparse", {"penalty": "l2"}, "penalty 'l2'"),
        ("sparse", {"noise": 1.5}, "noise 1.5"),
        ("denoising", {"latent_size": 0}, "latent_size=0"),
        ("denoising", {"input_shape": (8, 8)}, r"shape \(8, 8\)"),
        ("denoising", {"noise": "salt"}, "noise 'salt'"),
        ("denoising", {"noise": "dropout", "amount": 1.0}, "amount 1.0"),
        ("denoising", {"amount": -0.1}, "amount -0.1"),
        ("sequence", {"input_shape": (0, 8)}, r"shape \(0, 8\)"),
        ("sequence", {"units": 0}, "units=0"),
    ],
)
def test_builders_refuse_sizes_and_words_in_a_sentence(name, options, match):
    with pytest.raises(ValueError, match=f"^build_{name}_autoencoder: .*{match}.*; give .*\\.$"):
        BUILDERS[name](**options)


@pytest.mark.parametrize(
    ("module", "options", "match"),
    [
        (dense_autoencoder, {"latent_size": 0}, "latent_size 0"),
        (dense_autoencoder, {"units": 0}, "units 0"),
        (conv_autoencoder, {"filters": 0}, "filters 0"),
        (conv_autoencoder, {"latent_size": 0}, "latent_size 0"),
        (sequence_autoencoder, {"units": 0}, "units 0"),
        (sequence_autoencoder, {"latent_size": 0}, "latent_size 0"),
        (sparse_autoencoder, {"penalty": "l2"}, "penalty 'l2'"),
        (sparse_autoencoder, {"kl_weight": -0.1}, "'kl': -0.1"),
        (sparse_autoencoder, {"noise": -1}, "noise -1"),
        (sparse_autoencoder, {"noise": 1.5}, "noise 1.5"),
        (sparse_autoencoder, {"latent_size": 0}, "latent_size 0"),
        (denoising_autoencoder, {"noise": "salt"}, "noise 'salt'"),
        (denoising_autoencoder, {"amount": 1.0}, "amount 1.0"),
        (denoising_autoencoder, {"latent_size": 0}, "latent_size 0"),
    ],
)
def test_flags_outside_their_range_are_refused_before_training(module, options, match):
    with pytest.raises(data_prep.DataError, match=match):
        module.run(**options)


@pytest.mark.parametrize(
    ("module", "options"),
    [
        (dense_autoencoder, {"units": 4}),
        (conv_autoencoder, {"filters": 2}),
        (sequence_autoencoder, {"units": 2}),
    ],
)
def test_the_map_of_codes_is_left_out_where_there_are_too_many_classes(module, options, tmp_path):
    x = random_images(count=252)
    y = np.arange(252) % 21
    np.savez(tmp_path / "many.npz", x_train=x, y_train=y, x_test=x[:42], y_test=y[:42])
    report = module.run(data=str(tmp_path / "many.npz"), epochs=1, **options)
    assert list(report.pictures) == ["reconstructions"]
