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
    size = len(classes)
    pairs = np.bincount((truth * size + predicted).ravel(), minlength=size * size)
    matrix = pairs.reshape(size, size)  # true classes in rows
    both, either = np.diag(matrix), matrix.sum(axis=0) + matrix.sum(axis=1)
    seen = either > 0
    names = [name for name, is_seen in zip(classes, seen, strict=True) if is_seen]
    values = {
        "IoU": both[seen] / (either - both)[seen],
        "Dice": 2 * both[seen] / either[seen],
    }
    means = {score: float(found.mean()) for score, found in values.items()}
    return means | {
        f"{score} of {name}": float(value)
        for score, found in values.items()
        for name, value in zip(names, found, strict=True)
    }


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
    inputs, masks = data.train.inputs, data.train.labels["masks"]
    counts = np.bincount(masks.ravel(), minlength=len(data.classes))
    present = np.flatnonzero(counts)  # a class without training pixels is never answered
    test = data.test.inputs
    grey = inputs.mean(axis=-1)
    threshold = threshold_otsu(grey.ravel())
    above = [float((grey[masks == number] > threshold).mean()) for number in present]
    sides = present[[np.argmin(above), np.argmax(above)]]
    means = np.stack([inputs[masks == number].mean(axis=0) for number in present])
    distances = [np.square(test - mean).sum(axis=-1) for mean in means]
    return {
        "majority": np.full(test.shape[:3], counts.argmax()),
        "Otsu threshold": sides[(test.mean(axis=-1) > threshold).astype(int)],
        "nearest mean colour": present[np.argmin(distances, axis=0)],
    }
