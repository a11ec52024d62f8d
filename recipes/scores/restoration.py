"""Scores of restored images, denoised or filled in, and simple filters to compare with."""

import numpy as np
from scipy import ndimage
from skimage.metrics import structural_similarity

FILTERS = {  # each with the widths to choose from
    "Gaussian filter": (
        lambda images, width: ndimage.gaussian_filter(images, (0, width, width, 0)),
        (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.2, 1.5, 2.0),
    ),
    "median filter": (
        lambda images, width: ndimage.median_filter(images, (1, width, width, 1)),
        (1, 2, 3, 4, 5, 7),
    ),
}


def psnr(truth, images, masks=None):
    """Peak signal-to-noise ratio in dB, the mean over the images.

    For one image it is -10 log10 of the mean squared error of its pixels, which go from 0 to 1.
    The error counts at least as much as rounding to 256 grey levels, (1 / 255)^2 / 12: so no image
    has more than 58.9 dB, and a perfect one does not make the mean infinite.

    Args:
        truth: (images, height, width, channels).
        images: the same shape.
        masks: the pixels that count, booleans (images, height, width, 1), at least one in each
            image; None for all pixels.
    """
    truth, images, masks = _masked(truth, images, masks)
    squared_errors = np.square(truth - images) * masks
    errors = squared_errors.sum(axis=(1, 2, 3)) / masks.sum(axis=(1, 2, 3))

    rounding_error = (1 / 255) ** 2 / 12
    return float(np.mean(-10 * np.log10(np.maximum(errors, rounding_error))))


def ssim(truth, images, masks=None):
    """Structural similarity in windows of 7 x 7 pixels, the mean over pixels and then images.

    Args:
        truth: (images, height, width, channels), 7 x 7 or more, from 0 to 1.
        images: the same shape.
        masks: as in `psnr`. The windows around these pixels include their surroundings. None for
            all pixels that are at least 3 pixels away from the border.

    Reference: Wang et al., "Image quality assessment: from error visibility to structural
    similarity", 2004; computed by scikit-image.
    """
    if masks is None:
        masks = np.zeros((*np.shape(truth)[:3], 1), bool)
        masks[:, 3:-3, 3:-3] = True
    truth, images, masks = _masked(truth, images, masks)

    similarities = []
    for clean, image, mask in zip(truth, images, masks, strict=True):
        _, by_pixel = structural_similarity(clean, image, data_range=1, channel_axis=-1, full=True)
        similarities.append((by_pixel * mask).sum() / mask.sum())
    return float(np.mean(similarities))


def denoising(truth, denoised):
    """How close denoised images are to the clean ones.

    Args:
        truth: clean images, (images, height, width, channels), 0 to 1.
        denoised: denoised images, the same shape.

    Returns:
        {"mean squared error", "PSNR"}, as `psnr` gives it.
    """
    truth, denoised = np.asarray(truth, "float64"), np.asarray(denoised, "float64")
    return {
        "mean squared error": float(np.mean(np.square(denoised - truth))),
        "PSNR": psnr(truth, denoised),
    }


def filter_baselines(truth, noisy, test):
    """Denoise images with simple filters, whose widths are chosen on validation images.

    Args:
        truth: clean validation images, (images, height, width, channels), 0 to 1.
        noisy: the same images with noise.
        test: noisy images to denoise, in the same range.

    Returns:
        {"Gaussian filter", "median filter"}: `test` after each filter, clipped to 0 to 1. The width
        is the standard deviation of the Gaussian, or the side of the median's square, in pixels.
    """
    found = {}
    for name, (smooth, widths) in FILTERS.items():
        smoothed = [np.clip(smooth(noisy, width), 0, 1) for width in widths]
        errors = [np.square(images - truth).mean() for images in smoothed]
        best_width = widths[int(np.argmin(errors))]

        found[name] = np.clip(smooth(test, best_width), 0, 1)
    return found


def _masked(truth, images, masks):
    """Two sets of images as float64, and masks of their shape, checked."""
    truth, images = np.asarray(truth, "float64"), np.asarray(images, "float64")
    if truth.ndim != 4 or images.shape != truth.shape:
        raise ValueError(
            f"truth {truth.shape} and images {images.shape} do not fit: both are (images, height, "
            f"width, channels)."
        )

    mask_shape = (*truth.shape[:3], 1)
    masks = np.ones(mask_shape, bool) if masks is None else np.asarray(masks, bool)
    if masks.shape != mask_shape or not masks.any(axis=(1, 2, 3)).all():
        raise ValueError(
            f"masks {masks.shape} for images {truth.shape}: give (images, height, width, 1), with "
            f"a pixel or more in each."
        )
    return truth, images, np.broadcast_to(masks, truth.shape)
