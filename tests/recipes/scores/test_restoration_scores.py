"""Scores of restored images against scikit-image, and simple filters."""

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from recipes import scores


def noisy(count=3, side=9, channels=1, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.uniform(size=(count, side, side, channels))
    return truth, np.clip(truth + rng.normal(0, 0.1, truth.shape), 0, 1)


@pytest.mark.parametrize("channels", [1, 3])
def test_psnr_and_ssim_are_those_of_scikit_image(channels):
    truth, images = noisy(channels=channels)
    pairs = list(zip(truth, images, strict=True))
    wanted = np.mean([peak_signal_noise_ratio(*pair, data_range=1) for pair in pairs])
    assert scores.psnr(truth, images) == pytest.approx(wanted)
    options = {"data_range": 1, "channel_axis": -1}
    wanted = np.mean([structural_similarity(*pair, **options) for pair in pairs])
    assert scores.ssim(truth, images) == pytest.approx(wanted)
    masks = np.random.default_rng(1).random((3, 9, 9, 1)) < 0.3
    maps = [structural_similarity(*pair, full=True, **options)[1] for pair in pairs]
    wanted = np.mean([one[mask[..., 0]].mean() for one, mask in zip(maps, masks, strict=True)])
    assert scores.ssim(truth, images, masks) == pytest.approx(wanted)
    wanted = np.mean(
        [
            peak_signal_noise_ratio(one[mask[..., 0]], other[mask[..., 0]], data_range=1)
            for (one, other), mask in zip(pairs, masks, strict=True)
        ]
    )
    assert scores.psnr(truth, images, masks) == pytest.approx(wanted)


def test_psnr_of_equal_images_ends_at_the_rounding_to_bytes():
    truth, _ = noisy(2)
    assert scores.psnr(truth, truth) == pytest.approx(58.92, abs=0.005)
    assert scores.ssim(truth, truth) == pytest.approx(1)
    # Rounding to bytes has that error, so it is about as good.
    assert scores.psnr(truth, np.round(truth * 255) / 255) == pytest.approx(58.92, abs=0.6)


def test_psnr_counts_the_masked_pixels_alone():
    truth, images = noisy(1)
    masks = np.zeros((1, 9, 9, 1), bool)
    masks[0, 2, 3] = True
    images[0, 2, 3] = truth[0, 2, 3] + 0.1
    images[0, 5:] = 77
    assert scores.psnr(truth, images, masks) == pytest.approx(20)
    with pytest.raises(ValueError, match=r"masks \(1, 9, 9, 1\) .* a pixel or more in each"):
        scores.psnr(truth, images, np.zeros((1, 9, 9, 1), bool))
    with pytest.raises(ValueError, match=r"truth \(1, 9, 9, 1\) and images \(9, 9, 1\)"):
        scores.ssim(truth, images[0])


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
    for name, restored in found.items():
        error = np.square(restored - smooth[3:]).mean()
        assert error < 0.25 * np.square(noisy[3:] - smooth[3:]).mean(), name
        assert restored.min() >= 0
        assert restored.max() <= 1


def test_filters_change_nothing_where_there_is_no_noise():
    sharp = np.random.default_rng(0).uniform(size=(4, 12, 12, 1))
    for name, restored in scores.filter_baselines(sharp[:2], sharp[:2], sharp[2:]).items():
        np.testing.assert_allclose(restored, sharp[2:], atol=1e-3, err_msg=name)


def test_a_median_takes_single_wrong_pixels_away():
    flat = np.full((2, 9, 9, 1), 0.3)
    dotted = flat.copy()
    dotted[:, 4, 4] = 1
    found = scores.filter_baselines(flat, dotted, dotted)
    np.testing.assert_array_equal(found["median filter"], flat)
    assert found["Gaussian filter"].max() > 0.3
