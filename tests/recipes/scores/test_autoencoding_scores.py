"""Scores and baselines of the autoencoder recipes: PSNR, filters, principal components."""

import numpy as np
import pytest

import data_prep
from recipes import scores


def test_a_constant_error_has_the_psnr_of_the_textbook():
    found = scores.denoising(np.full((3, 8, 8, 1), 0.5), np.full((3, 8, 8, 1), 0.6))
    assert found["mean squared error"] == pytest.approx(0.01)
    assert found["PSNR"] == pytest.approx(20)


def test_filters_take_the_width_that_is_best_on_the_validation_part():
    grid = np.linspace(0, 3 * np.pi, 40)
    waves = 0.5 + 0.4 * np.outer(np.sin(grid), np.cos(grid))
    smooth = np.broadcast_to(waves[..., None], (6, 40, 40, 1))
    noisy = smooth + np.random.default_rng(0).normal(0, 0.1, smooth.shape)
    found = scores.filter_baselines(smooth[:3], noisy[:3], noisy[3:])
    for name, answer in found.items():
        error = np.square(answer - smooth[3:]).mean()
        assert error < 0.25 * np.square(noisy[3:] - smooth[3:]).mean(), name
        assert answer.min() >= 0
        assert answer.max() <= 1


def test_filters_change_nothing_where_there_is_no_noise():
    sharp = np.random.default_rng(0).uniform(size=(4, 12, 12, 1))
    for name, answer in scores.filter_baselines(sharp[:2], sharp[:2], sharp[2:]).items():
        np.testing.assert_allclose(answer, sharp[2:], atol=1e-3, err_msg=name)


def test_a_median_takes_single_wrong_pixels_away():
    flat = np.full((2, 9, 9, 1), 0.3)
    dotted = flat.copy()
    dotted[:, 4, 4] = 1
    found = scores.filter_baselines(flat, dotted, dotted)
    np.testing.assert_array_equal(found["median filter"], flat)
    assert found["Gaussian filter"].max() > 0.3


def test_principal_components_may_be_given_other_inputs():
    inputs = np.random.default_rng(0).uniform(size=(100, 8, 8, 1)).astype("float32")
    part = data_prep.Part(inputs, np.arange(100) % 2)
    data = data_prep.Dataset("random", "here", part, part, part, ("a", "b"))
    same = {"train": inputs, "test": inputs}
    with_same = scores.autoencoding_baselines(data, {"PCA": 4}, same)
    assert with_same == scores.autoencoding_baselines(data, {"PCA": 4})

    other = {name: values + 0.5 for name, values in same.items()}
    changed = scores.autoencoding_baselines(data, {"PCA": 64}, other)["PCA"]
    # With all components the inputs come back as given, each 0.5 away from the wanted one.
    assert changed["mean squared error"] == pytest.approx(0.25, rel=1e-4)
