"""Scores of predicted masks, and simple segmentations to compare them with."""

import numpy as np
from skimage.filters import threshold_otsu


def segmentation(truth, predicted, classes):
    """How well the classes of pixels are predicted, over all images together.

    Args:
        truth: true class of each pixel, integers (images, height, width).
        predicted: predicted classes, the same shape.
        classes: names of the classes, in label order.

    Returns:
        {"IoU": intersection over union, mean over the classes, "Dice": twice the intersection over
        the sum of both sizes, mean over the classes, "IoU of NAME", "Dice of NAME", ...}, 0 to 1.
        A class that is neither in `truth` nor in `predicted` is left out.
    """
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    if truth.shape != predicted.shape:
        raise ValueError(f"truth {truth.shape} and predicted {predicted.shape} do not fit.")

    # Counts of pixels, (classes, classes), with the true classes in rows.
    size = len(classes)
    counts = np.bincount((truth * size + predicted).ravel(), minlength=size * size)
    confusion = counts.reshape(size, size)

    in_both = np.diag(confusion)
    sum_of_sizes = confusion.sum(axis=0) + confusion.sum(axis=1)
    occurs = sum_of_sizes > 0

    intersections = in_both[occurs]
    unions = (sum_of_sizes - in_both)[occurs]
    by_class = {
        "IoU": intersections / unions,
        "Dice": 2 * intersections / sum_of_sizes[occurs],
    }

    scores = {score: float(values.mean()) for score, values in by_class.items()}
    names = [classes[number] for number in np.flatnonzero(occurs)]
    for score, values in by_class.items():
        for name, value in zip(names, values, strict=True):
            scores[f"{score} of {name}"] = float(value)
    return scores


def segmentation_baselines(data):
    """Simple segmentations of the test part, each pixel by itself.

    Args:
        data: a data_prep.Dataset with images (images, height, width, channels) and a dict of
            labels, of which "masks" are classes (images, height, width).

    Returns:
        {name: predicted classes of the test part, integers (images, height, width)}. "majority"
        predicts the most frequent class of the training part. "Otsu threshold" splits the grey
        levels of the training part by Otsu's method, and predicts on each side the class that has
        the largest fraction of its pixels there. "nearest mean colour" predicts the class whose
        mean colour in the training part is nearest.
    """
    images = data.train.inputs
    masks = data.train.labels["masks"]
    test_images = data.test.inputs

    # A class without training pixels is never predicted.
    counts = np.bincount(masks.ravel(), minlength=len(data.classes))
    present = np.flatnonzero(counts)

    # Otsu: the class with the smallest fraction of its pixels above the threshold lies below it.
    grey = images.mean(axis=-1)
    threshold = threshold_otsu(grey.ravel())
    above = [float((grey[masks == number] > threshold).mean()) for number in present]
    below_class = present[np.argmin(above)]
    above_class = present[np.argmax(above)]

    means = np.stack([images[masks == number].mean(axis=0) for number in present])
    distances = [np.square(test_images - mean).sum(axis=-1) for mean in means]
    return {
        "majority": np.full(test_images.shape[:3], counts.argmax()),
        "Otsu threshold": np.where(test_images.mean(axis=-1) > threshold, above_class, below_class),
        "nearest mean colour": present[np.argmin(distances, axis=0)],
    }
