"""Autoencoder pages: their halves, what they pay for, and the noise they take away."""

import keras
import numpy as np
import pytest

import data_prep
from recipes import scores
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
    """A few images of two classes, in a file."""
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
def test_the_kl_penalty_is_finite_where_a_unit_is_always_off_or_on(value):
    assert np.isfinite(float(Sparsity("kl", 1, 0.05)(np.full((4, 2), value, "float32"))))


def test_the_l1_penalty_is_the_size_of_the_codes():
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


def test_both_sparse_forms_are_reported_and_the_one_asked_for_is_the_headline(few):
    report = sparse_autoencoder.run(few, epochs=1, latent_size=6, penalty="kl")
    for name in ("mean squared error", "fraction of active units"):
        assert report.scores[name] == report.scores[f"{name} with kl"]
        assert report.scores[name] != report.scores[f"{name} with l1"]
    assert report.model.get_layer("encoder").layers[-1].activation is keras.activations.sigmoid
    # All units of a sigmoid code are active at first: the baseline is as large as the code.
    assert report.scores["fraction of active units"] == 1
    assert report.baselines["PCA, as many as are active"] == report.comparisons["PCA of equal size"]


@pytest.mark.parametrize("noise", ["gaussian", "dropout"])
def test_noise_is_fresh_in_training_and_away_otherwise(noise):
    model = denoising_autoencoder.build_denoising_autoencoder(noise=noise, amount=0.4)
    layer, images = model.get_layer("noise"), np.full((500, 8, 8, 1), 0.5, "float32")
    np.testing.assert_array_equal(layer(images), images)
    first, second = (np.asarray(layer(images, training=True)) for _ in range(2))
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


def test_a_constant_error_has_the_psnr_of_the_textbook():
    found = scores.denoising(np.full((3, 8, 8, 1), 0.5), np.full((3, 8, 8, 1), 0.6))
    assert found["mean squared error"] == pytest.approx(0.01)
    assert found["PSNR"] == pytest.approx(20)


def test_filters_take_the_width_that_serves_the_validation_part():
    grid = np.linspace(0, 3 * np.pi, 40)
    smooth = np.broadcast_to(
        (0.5 + 0.4 * np.outer(np.sin(grid), np.cos(grid)))[..., None], (6, 40, 40, 1)
    )
    noisy = smooth + np.random.default_rng(0).normal(0, 0.1, smooth.shape)
    found = scores.filter_baselines(smooth[:3], noisy[:3], noisy[3:])
    for name, answer in found.items():
        error = np.square(answer - smooth[3:]).mean()
        assert error < 0.25 * np.square(noisy[3:] - smooth[3:]).mean(), name
        assert answer.min() >= 0
        assert answer.max() <= 1
    # Where there is no noise, the best a filter can do is nothing.
    sharp = random_images((12, 12, 1)).astype("float64")
    for name, answer in scores.filter_baselines(sharp[:2], sharp[:2], sharp[2:]).items():
        np.testing.assert_allclose(answer, sharp[2:], atol=1e-3, err_msg=name)


def test_a_median_takes_single_wrong_pixels_away():
    flat = np.full((2, 9, 9, 1), 0.3)
    dotted = flat.copy()
    dotted[:, 4, 4] = 1
    found = scores.filter_baselines(flat, dotted, dotted)
    np.testing.assert_array_equal(found["median filter"], flat)
    assert found["Gaussian filter"].max() > 0.3


def test_principal_components_may_be_shown_other_inputs(few):
    data = data_prep.load_images(few)
    same = {name: part.inputs for name, part in data.parts().items()}
    assert scores.autoencoding_baselines(data, {"PCA": 4}, same) == scores.autoencoding_baselines(
        data, {"PCA": 4}
    )
    other = {name: inputs + 0.5 for name, inputs in same.items()}
    changed = scores.autoencoding_baselines(data, {"PCA": 64}, other)["PCA"]
    # All components: the inputs shown come back, each 0.5 from those wanted.
    assert changed["mean squared error"] == pytest.approx(0.25, rel=1e-4)


@pytest.mark.parametrize(
    ("module", "options", "match"),
    [
        (dense_autoencoder, {"latent_size": 0}, "code of 0"),
        (dense_autoencoder, {"units": 0}, "0 units"),
        (conv_autoencoder, {"filters": 0}, "0 filters"),
        (conv_autoencoder, {"latent_size": 0}, "code of 0"),
        (sequence_autoencoder, {"units": 0}, "0 units"),
        (sparse_autoencoder, {"penalty": "l2"}, "penalty 'l2'"),
        (sparse_autoencoder, {"kl_weight": -0.1}, "weights 0.0005 and -0.1"),
        (sparse_autoencoder, {"noise": -1}, "noise -1"),
        (sparse_autoencoder, {"latent_size": 0}, "code of 0"),
        (sparse_autoencoder, {"noise": 1.5}, "noise 1.5"),
        (denoising_autoencoder, {"noise": "salt"}, "noise 'salt'"),
        (denoising_autoencoder, {"amount": 1.0}, "amount 1.0"),
        (denoising_autoencoder, {"latent_size": 0}, "code of 0"),
    ],
)
def test_flags_that_cannot_be_are_refused_before_training(module, options, match):
    with pytest.raises(data_prep.DataError, match=match):
        module.run(**options)


@pytest.mark.parametrize("module", [dense_autoencoder, conv_autoencoder, sequence_autoencoder])
def test_more_classes_than_a_picture_can_show_leave_it_out(module, tmp_path):
    x, y = random_images(count=252), np.arange(252) % 21
    np.savez(tmp_path / "many.npz", x_train=x, y_train=y, x_test=x[:42], y_test=y[:42])
    report = module.run(data=str(tmp_path / "many.npz"), epochs=1)
    assert list(report.pictures) == ["reconstructions"]
