"""Scores of predictions on test data, and the trivial baselines to hold them against."""

import math
import time
import warnings
from itertools import product

import keras
import numpy as np
from keras import layers, ops
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.special import logsumexp
from skimage.filters import threshold_otsu
from skimage.metrics import structural_similarity
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    mean_absolute_error,
    r2_score,
    roc_auc_score,
    root_mean_squared_error,
)
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid, NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

CLASSIFIERS = {
    "majority": lambda: DummyClassifier(strategy="most_frequent"),
    "nearest centroid": NearestCentroid,
    "1-nearest neighbour": lambda: KNeighborsClassifier(1, algorithm="brute"),
    "logistic regression": lambda: make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=1000)
    ),
}
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
REGRESSORS = {
    "mean": DummyRegressor,
    "ridge regression": lambda: make_pipeline(
        StandardScaler(), RidgeCV(alphas=np.logspace(-3, 4, 15))
    ),
}


def classification(labels, probabilities, classes):
    """Accuracy over all examples and within each class; of two classes also the AUC.

    Args:
        labels: true classes, integers (examples,).
        probabilities: scores of the classes, the greatest wins, (examples, classes). Of two
            classes also the probability of class 1 alone, (examples,) or (examples, 1).
        classes: names of the classes, in label order.

    Returns:
        {"accuracy": share right, "AUC": area under the ROC curve of class 1, "accuracy of NAME":
        share of that class found, ...}, 0 to 1. A class without test examples is left out, and
        then the AUC too.
    """
    labels, probabilities = _class_scores(labels, probabilities)
    predicted = probabilities.argmax(axis=1)
    scores = {"accuracy": float(accuracy_score(labels, predicted))}
    if len(classes) == 2 and len(np.unique(labels)) == 2:
        scores["AUC"] = float(roc_auc_score(labels, probabilities[:, 1]))
    for number, name in enumerate(classes):
        of_class = labels == number
        if of_class.any():
            scores[f"accuracy of {name}"] = float(np.mean(predicted[of_class] == number))
    return scores


def confusion(labels, probabilities):
    """Counts of true class (row) against predicted class (column), (classes, classes)."""
    labels, probabilities = _class_scores(labels, probabilities)
    predicted = probabilities.argmax(axis=1)
    return confusion_matrix(labels, predicted, labels=np.arange(probabilities.shape[1]))


def hardest(labels, probabilities, classes, count=12):
    """The examples whose own class got the least probability: what to look at first.

    Args:
        labels: true classes, integers (examples,).
        probabilities: as for `classification`.
        classes: names of the classes, in label order.
        count: how many.

    Returns:
        (rows, titles): row numbers, the worst first, (count,) or fewer; and of each row a text of
        two lines: its class, then the class answered with its probability.
    """
    labels, probabilities = _class_scores(labels, probabilities)
    rows = np.argsort(probabilities[np.arange(len(labels)), labels], kind="stable")[:count]
    titles = [
        f"{classes[labels[row]]},\nsaid {classes[probabilities[row].argmax()]} "
        f"{probabilities[row].max():.2f}"
        for row in rows
    ]
    return rows, titles


def regression(targets, predictions):
    """Errors of predicted numbers.

    Args:
        targets: true numbers, (examples,).
        predictions: predicted numbers in the same unit, (examples,) or (examples, 1).

    Returns:
        {"mean absolute error", "root mean squared error"} in the unit of the targets, and "R2",
        the share of the targets' variance that is explained, at most 1.
    """
    targets, predictions = np.asarray(targets), np.asarray(predictions)
    if predictions.shape == (*targets.shape, 1):
        predictions = predictions[:, 0]
    if targets.ndim != 1 or predictions.shape != targets.shape:
        raise ValueError(
            f"targets {targets.shape} and predictions {predictions.shape} do not fit: both are "
            f"(examples,)."
        )
    return {
        "mean absolute error": float(mean_absolute_error(targets, predictions)),
        "root mean squared error": float(root_mean_squared_error(targets, predictions)),
        "R2": float(r2_score(targets, predictions)),
    }


def autoencoding(data, codes, rebuilt):
    """What an autoencoder's codes keep of the test inputs, and what they are worth.

    Args:
        data: a data_prep.Dataset whose labels are classes.
        codes: {"train", "test"} codes of these parts' inputs, (examples, ...).
        rebuilt: what the decoder makes of the codes of the test part, shaped like its inputs.

    Returns:
        {"mean squared error": per value of an input, "accuracy of a linear probe": share of test
        examples whose class a logistic regression on the standardised codes finds, fitted on those
        of the training part}.
    """
    truth, rebuilt = np.asarray(data.test.inputs), np.asarray(rebuilt)
    if rebuilt.shape != truth.shape:
        raise ValueError(f"rebuilt {rebuilt.shape} does not have the inputs' shape {truth.shape}.")
    flat = {name: np.reshape(codes[name], (len(codes[name]), -1)) for name in ("train", "test")}
    probe = CLASSIFIERS["logistic regression"]().fit(flat["train"], data.train.labels)
    return {
        "mean squared error": float(np.mean(np.square(rebuilt - truth), dtype="float64")),
        "accuracy of a linear probe": float(probe.score(flat["test"], data.test.labels)),
    }


def pca_autoencoding(data, size, seen=None):
    """The scores of `autoencoding` for principal components: the best linear code of that size.

    Args:
        data: a data_prep.Dataset whose labels are classes; the components are those of its inputs.
        size: numbers in a code; where the inputs have no more, all components are taken.
        seen: {"train", "test"} what to code in place of the inputs, such as noisy ones.
    """
    inputs = _flat_inputs(data)
    pca = PCA(min(size, *inputs["train"].shape), random_state=0).fit(inputs["train"])
    seen = inputs if seen is None else seen
    codes = {
        name: pca.transform(np.reshape(seen[name], inputs[name].shape))
        for name in ("train", "test")
    }
    rebuilt = pca.inverse_transform(codes["test"])
    return autoencoding(data, codes, rebuilt.reshape(np.shape(data.test.inputs)))


def segmentation(truth, predicted, classes):
    """How well the classes of pixels are found, all images put together.

    Args:
        truth: true class of each pixel, integers (images, height, width).
        predicted: answered classes, the same shape.
        classes: names of the classes, in label order.

    Returns:
        {"IoU": mean over the classes of intersection over union, "Dice": the same of twice the
        intersection over the sum, "IoU of NAME", "Dice of NAME", ...}, 0 to 1. A class that
        neither side has is left out.
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


def segmenters(data):
    """Simple segmentations of the test part that look at one pixel at a time.

    Args:
        data: a data_prep.Dataset with images (images, height, width, channels) and a dict of
            labels, of which "masks" are classes (images, height, width).

    Returns:
        {name: classes of the test part, integers (images, height, width)}: "majority" answers the
        training part's most frequent class; "Otsu threshold" cuts the grey levels of the training
        part in two by Otsu's method and answers on each side the class that has the greatest
        share of its pixels there; "nearest mean colour" answers the class whose mean colour in the
        training part is nearest.
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


def hamming_search(codes, queries, count):
    """The codes nearest to each query: those that differ from it in the fewest bits.

    Args:
        codes: packed bits, as `numpy.packbits` gives them along the last axis, (examples, bytes).
        queries: the same of what is looked for, (queries, bytes).
        count: how many to find, at most the number of codes.

    Returns:
        Row numbers into codes, nearest first and equally near in their order, (queries, count).
    """
    codes, queries = _words(codes), _words(queries)
    if codes.shape[0] != queries.shape[0]:
        raise ValueError("codes and queries do not have the same number of bytes.")
    if not 1 <= count <= codes.shape[1]:
        raise ValueError(f"cannot find {count} of {codes.shape[1]} codes.")
    found = np.empty((queries.shape[1], count), np.int64)
    for number, query in enumerate(queries.T):
        distances = np.bitwise_count(codes[0] ^ query[0]).astype(np.uint16)
        for word, bits in zip(codes[1:], query[1:], strict=True):
            distances += np.bitwise_count(word ^ bits)
        # All up to the distance within which there are enough, which are few to sort.
        within = np.bincount(distances).cumsum().searchsorted(count)
        near = np.flatnonzero(distances <= within)
        found[number] = near[np.argsort(distances[near], kind="stable")[:count]]
    return found


def exact_search(inputs, queries, count):
    """The inputs nearest to each query by Euclidean distance.

    Args:
        inputs: (examples, ...) numbers.
        queries: (queries, ...) the same of what is looked for.
        count: how many to find, at most the number of inputs.

    Returns:
        Row numbers into inputs, nearest first, (queries, count).
    """
    inputs, queries = (np.reshape(values, (len(values), -1)) for values in (inputs, queries))
    if not 1 <= count <= len(inputs):
        raise ValueError(f"cannot find {count} of {len(inputs)} inputs.")
    lengths = np.square(inputs).sum(axis=1)
    found = np.empty((len(queries), count), np.int64)
    for first in range(0, len(queries), 100):
        # |a - b|^2 = |a|^2 - 2 a b + |b|^2, of which the last is the same for all inputs.
        distances = lengths - 2 * queries[first : first + 100] @ inputs.T
        near = np.argpartition(distances, count - 1, axis=1)[:, :count]
        order = np.argsort(np.take_along_axis(distances, near, axis=1), axis=1)
        found[first : first + 100] = np.take_along_axis(near, order, axis=1)
    return found


def precision_at(labels_found, labels_queries):
    """Mean share of what was found that has the class of its query.

    Args:
        labels_found: classes of the examples found for each query, (queries, count).
        labels_queries: classes of the queries, (queries,).
    """
    found, wanted = np.asarray(labels_found), np.asarray(labels_queries)
    if found.ndim != 2 or wanted.shape != found.shape[:1]:
        raise ValueError(f"classes found {found.shape} and of queries {wanted.shape} do not fit.")
    return float(np.mean(found == wanted[:, None]))


def codings(data, size, seed=0):
    """Simple ways to make short codes of images, for search.

    Args:
        data: a data_prep.Dataset with array inputs, of which the training part is fitted.
        size: bits or numbers in a code, at most the number of pixels and of training images.
        seed: draws the projections.

    Returns:
        {name: function from inputs to codes}: "random projections" and "PCA signs" give booleans
        (examples, size), on which side of the mean an input lies along random directions and along
        the principal components; "pixels" gives the inputs as they are, and "principal components"
        how far along them they lie, numbers (examples, size).
    """
    inputs = _flat_inputs(data)["train"]
    pca = PCA(size, random_state=0).fit(inputs)
    directions = np.random.default_rng(seed).normal(size=(inputs.shape[1], size))

    def flat(values):
        return np.reshape(values, (len(values), -1))

    return {
        "random projections": lambda values: (flat(values) - pca.mean_) @ directions > 0,
        "PCA signs": lambda values: pca.transform(flat(values)) > 0,
        "pixels": flat,
        "principal components": lambda values: pca.transform(flat(values)),
    }


def retrieval(data, codings, count=100, seed=0):
    """Search the training part for the test inputs, once with each coding.

    Codes of booleans are searched by Hamming distance, codes of numbers by Euclidean distance.

    Args:
        data: a data_prep.Dataset whose labels are classes.
        codings: {name: function from inputs to codes, (examples, size)}.
        count: how many to find.
        seed: draws the order of the training part, in which equally near codes come: not that of
            their classes.

    Returns:
        ({name: scores}, {name: rows of the training part, nearest first, (test inputs, count)}).
        Scores are "precision at 10" and "precision at COUNT", of which share the class is that of
        the query, and "milliseconds per query", coding and search of all test inputs together.
    """
    order = np.random.default_rng(seed).permutation(len(data.train))
    found, table = {}, {}
    for name, coding in codings.items():
        known = np.asarray(coding(data.train.inputs[order]))
        bits = known.dtype == bool
        known = np.packbits(known, axis=1) if bits else known
        started = time.perf_counter()
        queries = np.asarray(coding(data.test.inputs))
        if bits:
            rows = hamming_search(known, np.packbits(queries, axis=1), count)
        else:
            rows = exact_search(known, queries, count)
        seconds = time.perf_counter() - started
        found[name] = order[rows]
        labels = data.train.labels[found[name]]
        table[name] = {
            f"precision at {k}": precision_at(labels[:, :k], data.test.labels) for k in (10, count)
        } | {"milliseconds per query": 1000 * seconds / len(queries)}
    return table, found


def psnr(truth, images, masks=None):
    """Peak signal-to-noise ratio in dB, the mean over the images.

    Of an image it is -10 log10 of the mean squared error of its pixels, which go from 0 to 1. An
    error below that of rounding to 256 grey levels, (1 / 255)^2 / 12, is taken as that, so that no
    image has more than 58.9 dB and a perfect one does not make the mean infinite.

    Args:
        truth: (images, height, width, channels).
        images: the same shape.
        masks: where to look, booleans (images, height, width, 1), in each image somewhere; None
            for everywhere.
    """
    truth, images, masks = _masked(truth, images, masks)
    errors = (np.square(truth - images) * masks).sum(axis=(1, 2, 3)) / masks.sum(axis=(1, 2, 3))
    return float(np.mean(-10 * np.log10(np.maximum(errors, (1 / 255) ** 2 / 12))))


def ssim(truth, images, masks=None):
    """Structural similarity in windows of 7 x 7 pixels, the mean over pixels and then images.

    Args:
        truth: (images, height, width, channels), 7 x 7 or more, from 0 to 1.
        images: the same shape.
        masks: as in `psnr`: the mean is over these pixels of the whole map, whose windows hold
            their surroundings too. None for all pixels that are no nearer than 3 to the border.

    Reference: Wang et al., "Image quality assessment: from error visibility to structural
    similarity", 2004; computed by scikit-image.
    """
    shape = np.shape(truth)
    if masks is None:
        masks = np.zeros((*shape[:3], 1), bool)
        masks[:, 3:-3, 3:-3] = True
    truth, images, masks = _masked(truth, images, masks)
    found = []
    for one, other, mask in zip(truth, images, masks, strict=True):
        _, full = structural_similarity(one, other, data_range=1, channel_axis=-1, full=True)
        found.append((full * mask).sum() / mask.sum())
    return float(np.mean(found))


def denoising(truth, answers):
    """How near images come to the clean ones.

    Args:
        truth: clean images, (images, height, width, channels), 0 to 1.
        answers: the same shape.

    Returns:
        {"mean squared error", "PSNR"}, as `psnr` gives it.
    """
    truth, answers = np.asarray(truth, "float64"), np.asarray(answers, "float64")
    return {
        "mean squared error": float(np.mean(np.square(answers - truth))),
        "PSNR": psnr(truth, answers),
    }


def smoothed(truth, noisy, test):
    """Noisy images made smooth, each filter in the width that serves other noisy images best.

    Args:
        truth: clean images of the validation part, (images, height, width, channels), 0 to 1.
        noisy: the same images with noise; by them the width is chosen.
        test: noisy images to smooth, in the same range.

    Returns:
        {"Gaussian filter", "median filter"}: `test` smoothed, and cut to the range 0 to 1. The
        width is the Gaussian's deviation, or the side of the median's square, in pixels.
    """
    found = {}
    for name, (smooth, widths) in FILTERS.items():
        errors = [np.square(np.clip(smooth(noisy, w), 0, 1) - truth).mean() for w in widths]
        found[name] = np.clip(smooth(test, widths[int(np.argmin(errors))]), 0, 1)
    return found


def bernoulli_nats(images, probabilities):
    """Cross-entropy of images with the pixels' probabilities of ink, in nats per image.

    A grey pixel of 0.3 counts as ink in three of ten draws, so even its own copy costs its
    entropy: `bernoulli_nats(images, images)` is the least that any model can reach.

    Args:
        images: pixels from 0 to 1, (images, ...).
        probabilities: the same shape; kept 1e-7 away from 0 and 1, as Keras's loss does.

    Returns:
        (images,) sums over all pixels, not negative.
    """
    images = np.asarray(images, "float64").reshape(len(images), -1)
    ink = np.clip(np.asarray(probabilities, "float64").reshape(images.shape), 1e-7, 1 - 1e-7)
    return -np.sum(images * np.log(ink) + (1 - images) * np.log1p(-ink), axis=1)


def normal_kl(means, log_variances):
    """KL divergence in nats of N(mean, variance), independent numbers, from N(0, I), (examples,).

    Half of mean^2 + variance - 1 - log variance, summed over a code. Source: Kingma and Welling,
    "Auto-encoding variational Bayes", 2014, appendix B.
    """
    means, logs = np.asarray(means, "float64"), np.asarray(log_variances, "float64")
    return np.sum(means**2 + np.exp(logs) - 1 - logs, axis=1) / 2


def variational(images, means, log_variances, decode, samples=500, seed=0, block=20000):
    """Bounds on the negative log likelihood of images under a decoder with the prior N(0, I).

    Both are in nats per image, and from the same codes drawn from N(mean, variance). The negative
    ELBO is their mean cross-entropy, plus the KL divergence in closed form. The importance-weighted
    estimate is minus the log of the mean of p(image | code) p(code) / q(code | image): no larger
    on average, and the nearer to the likelihood the more samples. Source: Burda et al., "Importance
    weighted autoencoders", 2016.

    Args:
        images: pixels from 0 to 1, (images, ...).
        means: of their codes, (images, latent_size).
        log_variances: the same shape.
        decode: a function from float32 codes (codes, latent_size) to probabilities of ink
            (codes, ...).
        samples: codes drawn for each image.
        seed: draws them.
        block: most codes that are decoded at once.

    Returns:
        {"negative ELBO", "cross-entropy", "KL divergence", "IWAE, SAMPLES samples"}, where the
        first is the sum of the next two; "entropy of the pixels", the cross-entropy of perfect
        copies; and "active units", numbers of a code that say something: their mean varies over
        the images by more than 0.01 (Burda et al., too).
    """
    random = np.random.default_rng(seed)
    pixels = np.asarray(images, "float32").reshape(len(images), -1)
    means, deviations = np.asarray(means), np.exp(np.asarray(log_variances) / 2)
    errors, weighted = [], []
    size = max(block // samples, 1)
    for first in range(0, len(pixels), size):
        rows = slice(first, first + size)
        truth, deviation = pixels[rows, :, None], deviations[rows, None]
        noise = random.normal(size=(len(truth), samples, means.shape[1])).astype("float32")
        codes = means[rows, None] + deviation * noise  # (rows, samples, latent_size)
        ink = np.asarray(decode(codes.reshape(-1, means.shape[1])), "float32")
        ink = np.clip(ink.reshape(len(truth), samples, -1), 1e-7, 1 - 1e-7)
        empty = np.log1p(-ink)  # log probability of no ink
        likelihood = np.matmul(np.log(ink) - empty, truth)[..., 0] + empty.sum(axis=2)
        ratio = np.sum(noise**2 - codes**2, axis=2) / 2 + np.log(deviation).sum(axis=2)
        errors.append(-likelihood.mean(axis=1))
        weighted.append(np.log(samples) - logsumexp(likelihood + ratio, axis=1))
    error = float(np.concatenate(errors).mean(dtype="float64"))
    kl = float(normal_kl(means, log_variances).mean())
    return {
        "negative ELBO": error + kl,
        "cross-entropy": error,
        "KL divergence": kl,
        f"IWAE, {samples} samples": float(np.concatenate(weighted).mean(dtype="float64")),
        "entropy of the pixels": float(bernoulli_nats(images, images).mean()),
        "active units": int(np.sum(np.var(means, axis=0) > 0.01)),
    }


def pixel_baselines(data, size, seed=0):
    """Bounds on the negative log likelihood of test images without a network, as `variational`.

    "mean image": each pixel has its mean over the training images as probability of ink, whatever
    the image; exact. "Gaussian on PCA": an autoencoder of principal components, scaled to variance
    1 so that N(0, I) is fitted to them; the code is drawn around the image's components shrunk by
    one factor, all with one variance, and its picture clipped to leave some probability for the
    other colour. These three numbers are the best of a grid on the validation part.

    Args:
        data: a data_prep.Dataset of images with pixels from 0 to 1.
        size: numbers in a code.
        seed: draws the codes.

    Returns:
        {baseline: {"negative ELBO": nats per image of the test part}}; of the second also the
        scores of `pca_autoencoding`.
    """
    inputs = _flat_inputs(data)
    mean = np.broadcast_to(inputs["train"].mean(axis=0), inputs["test"].shape)
    by_mean = float(bernoulli_nats(inputs["test"], mean).mean())
    pca = PCA(min(size, *inputs["train"].shape), whiten=True, random_state=0).fit(inputs["train"])

    def bound(part, shrink, variance, margin, samples):
        means = shrink * pca.transform(inputs[part])
        logs = np.full_like(means, np.log(variance))
        decode = lambda codes: np.clip(pca.inverse_transform(codes), margin, 1 - margin)  # noqa: E731
        return variational(inputs[part], means, logs, decode, samples, seed)["negative ELBO"]

    grid = product((0.8, 0.9, 1), (0.01, 0.03, 0.1, 0.3, 1), (0.003, 0.01, 0.02, 0.05))
    best = min(grid, key=lambda chosen: bound("validation", *chosen, samples=1))
    rebuilt = {"negative ELBO": bound("test", *best, samples=10)} | pca_autoencoding(data, size)
    return {"mean image": {"negative ELBO": by_mean}, "Gaussian on PCA": rebuilt}


def frames(truth, predictions):
    """Errors of predicted frames of clips, over all and for each step ahead.

    Args:
        truth: the frames that came, (clips, horizon, height, width, channels).
        predictions: the same shape.

    Returns:
        {"mean squared error", "mean squared error 1 ahead", ...}, per pixel.
    """
    truth, predictions = np.asarray(truth, "float64"), np.asarray(predictions, "float64")
    if truth.ndim != 5 or predictions.shape != truth.shape:
        raise ValueError(
            f"truth {truth.shape} and predictions {predictions.shape} do not fit: both are "
            f"(clips, horizon, height, width, channels)."
        )
    errors = np.mean((truth - predictions) ** 2, axis=(0, 2, 3, 4))  # (horizon,)
    name = "mean squared error"
    by_step = {f"{name} {step} ahead": float(error) for step, error in enumerate(errors, start=1)}
    return {name: float(errors.mean())} | by_step


def classification_baselines(data, names=("majority", "nearest centroid")):
    """Fit simple classifiers on the training part and score them on the test part.

    Args:
        data: a data_prep.Dataset with array inputs, flattened for the baselines, and labels
            (examples,). For "majority" the inputs may be anything.
        names: of CLASSIFIERS: "majority" always answers the most frequent class, "nearest
            centroid" the class whose mean input is nearest, "1-nearest neighbour" that of the
            nearest training input; "logistic regression" is no trivial baseline, but the linear
            model to show beside a network.

    Returns:
        {name: {"accuracy": share right}}, 0 to 1; of two classes and with probabilities also
        {"AUC"}.
    """
    scores = {}
    for name in names:
        inputs = _flat_inputs(data, needed=name != "majority")
        with warnings.catch_warnings():  # a pixel that never changes within its class is no fault
            warnings.filterwarnings("ignore", "self.within_class_std_dev_ has at least 1 zero")
            classifier = CLASSIFIERS[name]().fit(inputs["train"], data.train.labels)
        predicted = classifier.predict(inputs["test"])
        scores[name] = {"accuracy": float(accuracy_score(data.test.labels, predicted))}
        ranks = name in ("majority", "logistic regression")  # the others give classes alone
        if ranks and len(np.unique(data.test.labels)) == 2:
            probabilities = classifier.predict_proba(inputs["test"])
            if probabilities.shape[1] == 2:
                scores[name]["AUC"] = float(roc_auc_score(data.test.labels, probabilities[:, 1]))
    return scores


def regression_baselines(data, names=("mean",)):
    """Fit simple models of a number on the training part and score them on the test part.

    Args:
        data: a data_prep.Dataset with array inputs, flattened for the models, and numbers as
            labels (examples,).
        names: of REGRESSORS: "mean" always answers the mean of the training labels; "ridge
            regression", its penalty chosen by cross-validation within the training part, is no
            trivial baseline, but the linear model to show beside a network.

    Returns:
        {name: the scores of `regression`}.
    """
    inputs = _flat_inputs(data)
    scores = {}
    for name in names:
        regressor = REGRESSORS[name]().fit(inputs["train"], data.train.labels)
        scores[name] = regression(data.test.labels, regressor.predict(inputs["test"]))
    return scores


def ngram_bits(train, test, order, size):
    """Bits per token of a text under a model of its n-grams, interpolated as by Witten and Bell.

    The probability of a token behind the order - 1 tokens before it is what was counted there,
    mixed with that of the model of one order less: by as much as there were different tokens behind
    these, P_n(c | h) = (count(h c) + kinds(h) P_(n-1)(c | h')) / (count(h) + kinds(h)). Below the
    unigrams, order 1, all `size` tokens are equally likely. Source: Witten and Bell, "The
    zero-frequency problem", 1991, method C.

    Args:
        train: the text to count in, token numbers (tokens,).
        test: the text to score, token numbers (tokens,); its first order - 1 tokens are scored with
            as many tokens as there are before them.
        order: tokens in an n-gram, 1 or more.
        size: number of tokens in the vocabulary.

    Returns:
        Mean over all tokens of `test` of -log2 of their probability.
    """
    train, test = np.asarray(train, "int64"), np.asarray(test, "int64")
    if order < 1 or size**order >= 2**62:
        raise ValueError(
            f"n-grams of {order} tokens out of {size}: give a smaller order, 1 or more."
        )
    probability = np.full(len(test), 1 / size)
    for length in range(1, order + 1):
        grams, counts = np.unique(_grams(train, length, size), return_counts=True)
        before, first, kinds = np.unique(grams // size, return_index=True, return_counts=True)
        totals = np.add.reduceat(counts, first)  # n-grams that begin with each of `before`
        here = _grams(test, length, size)
        counted = _look_up(here, grams, counts)
        total, kind = _look_up(here // size, before, totals), _look_up(here // size, before, kinds)
        scored = probability[length - 1 :]
        mixed = (counted + kind * scored) / np.maximum(total + kind, 1)
        probability[length - 1 :] = np.where(total, mixed, scored)
    return float(-np.log2(probability).mean())


def _grams(tokens, length, size):
    """A number for each run of `length` tokens, (tokens - length + 1,)."""
    numbers = np.zeros(len(tokens) - length + 1, "int64")
    for place in range(length):
        numbers = numbers * size + tokens[place : place + len(numbers)]
    return numbers


def _look_up(keys, known, values):
    """The value of each key in the sorted `known`, or 0."""
    places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[places] == keys, values[places], 0)


def forecast(part, predictions):
    """Errors of forecasts of the next rows.

    Args:
        part: data_prep.Frames with labels of the kind "next", scaled.
        predictions: forecasts of all its frames, scaled, (frames, steps, targets).

    Returns:
        {"mean squared error", "mean absolute error"} over all frames, steps and targets in scaled
        units, as benchmarks give them; and of each target in its own unit {"mean absolute error of
        NAME", "root mean squared error of NAME"}.
    """
    targets = part.table.target_names
    labels = part.labels.reshape(len(part), -1, len(targets))
    if predictions.shape != labels.shape:
        raise ValueError(f"forecasts {predictions.shape} for labels {labels.shape} do not fit.")
    found = {
        "mean squared error": float(np.mean(np.square(predictions - labels), dtype="float64")),
        "mean absolute error": float(np.mean(np.abs(predictions - labels), dtype="float64")),
    }
    original = part.labels_to_original(predictions.reshape(part.labels.shape))
    errors = original - part.labels_to_original(part.labels)
    for name, column in zip(targets, errors.reshape(-1, len(targets)).T, strict=True):
        found[f"mean absolute error of {name}"] = float(np.abs(column).mean())
        found[f"root mean squared error of {name}"] = float(np.square(column).mean() ** 0.5)
    return found


def forecasters(data, season, names=("persistence", "seasonal naive")):
    """Simple forecasts of the test part.

    Args:
        data: a data_prep.Dataset of Frames with labels of the kind "next", scaled, whose targets
            are its features.
        season: rows after which the series is expected to repeat, at most the window.
        names: "persistence" repeats the frame's last row, "seasonal naive" its last season;
            "linear" is no trivial forecast, but the model to show beside a network: each step a
            weighted sum of the frame's rows, from the last row on and the same for all targets.
            Its weights are least squares' on the training part, with the penalty on large ones
            (ridge) that is best on the validation part.

    Returns:
        {name: scaled forecasts (frames, steps, targets)}.
    """
    frames, labelling = data.test, data.test.labelling
    if frames.features != frames.table.target_names or labelling.horizon != 1:
        raise ValueError(f"{data.name}: give frames of horizon 1 that forecast all their features.")
    inputs, steps = frames.inputs, labelling.steps
    rows = {
        "persistence": np.full(steps, labelling.window - 1),
        "seasonal naive": labelling.window - season + np.arange(steps) % season,
    }
    return {
        name: _linear_forecast(data) if name == "linear" else inputs[:, rows[name]]
        for name in names
    }


def forecast_examples(part, forecasts, count=3):
    """Some forecasts of the last target in its own unit, as `visualize.plot_forecasts` draws them.

    Args:
        part: data_prep.Frames with labels of the kind "next", scaled, that forecast all features.
        forecasts: {name: scaled forecasts (frames, steps, targets)}.
        count: how many frames, from the first to the last.

    Returns:
        {"times", "history", "truth", "forecasts", "quantity"}.
    """
    numbers = np.unique(np.linspace(0, len(part) - 1, count).astype(int))
    inputs, labels = part.gather(numbers)
    targets, steps = len(part.table.target_names), part.labelling.steps

    def in_own_unit(values):  # of the last target, (frames, steps)
        values = part.labels_to_original(values.reshape(labels.shape), numbers)
        return values.reshape(len(numbers), steps, targets)[:, :, -1]

    rows = part.starts[numbers][:, None] + np.arange(part.window + steps)
    return {
        "times": part.table.index.to_numpy()[rows],
        "history": part.inputs_to_original(inputs, numbers)[:, :, -1],
        "truth": in_own_unit(labels),
        "forecasts": {name: in_own_unit(values[numbers]) for name, values in forecasts.items()},
        "quantity": str(part.table.target_names[-1]),
    }


def directions(data, names=("majority", "persistence", "reversal")):
    """Simple answers to the question whether the target will be up or down.

    Args:
        data: a data_prep.Dataset of Frames with labels of the kind "direction", up or down.
        names: "majority" always answers the training part's most frequent class; "persistence" the
            direction of the last `horizon` rows of the frame, "reversal" the other one; "logistic
            regression" is no trivial answer, but the linear model to show beside a network.

    Returns:
        {name: classes of the test part, integers (frames,)}.
    """
    test, found = data.test, {}
    for name in names:
        if name in ("persistence", "reversal"):
            targets = test.table.targets[:, 0]
            last = test.starts + (test.window - 1)
            up = targets[last] > targets[last - test.labelling.horizon]
            found[name] = (up == (name == "persistence")).astype(int)
        else:
            inputs = _flat_inputs(data, needed=name != "majority")
            classifier = CLASSIFIERS[name]().fit(inputs["train"], data.train.labels)
            found[name] = classifier.predict(inputs["test"])
    return found


def balanced(labels, predicted, block):
    """Accuracy where every class counts the same, with its confidence interval.

    Args:
        labels: true classes, integers (examples,), in time order.
        predicted: answered classes, (examples,).
        block: neighbours whose hits are alike, for `block_bootstrap`.

    Returns:
        {"balanced accuracy": mean over the classes of the share of a class that is found, so that
        an answer that is always the same has 1 / classes, "low end of 95%", "high end of 95%" of
        its interval, "accuracy": share right}.
    """
    labels, hits = np.asarray(labels), np.equal(labels, predicted)
    _, label, counts = np.unique(labels, return_inverse=True, return_counts=True)
    found = np.bincount(label, hits) / counts
    mean = found.mean()
    # What each example adds: the mean of these is that of the classes, to first order in each draw.
    parts = mean + (hits - found[label]) * len(labels) / (len(counts) * counts[label])
    low, high = block_bootstrap(parts, block)
    return {
        "balanced accuracy": float(mean),
        "low end of 95%": low,
        "high end of 95%": high,
        "accuracy": float(hits.mean()),
    }


def block_bootstrap(values, block, share=0.95, draws=2000, seed=0):
    """Confidence interval of the mean of a series whose neighbours are alike.

    Each draw puts a series of about that length together from blocks of successive values, so that
    what neighbours have in common stays (Politis and Romano, 1992: circular block bootstrap).

    Args:
        values: (examples,) in time order, such as 1 for a hit and 0 for a miss.
        block: values in a block: more than are alike.
        share: how often such an interval should hold the true mean.
        draws: number of draws.
        seed: equal seeds give equal intervals.

    Returns:
        (low, high).
    """
    values = np.asarray(values, "float64")
    if values.ndim != 1 or not 1 <= block <= len(values):
        raise ValueError(f"blocks of {block} do not fit into values {values.shape}.")
    around = np.concatenate([[0], np.cumsum(np.concatenate([values, values[: block - 1]]))])
    means = (around[block:] - around[:-block]) / block  # of the block that begins at each value
    count = max(1, round(len(values) / block))
    starts = np.random.default_rng(seed).integers(len(values), size=(draws, count))
    low, high = np.quantile(means[starts].mean(axis=1), [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)


def _linear_forecast(data):
    """Forecasts of the test part by ridge regression on the rows' distance from the last one."""
    gram, moment = _moments(data.train)
    sizes, directions = np.linalg.eigh(gram)
    moment_along = directions.T @ moment
    gram_v, moment_v = _moments(data.validation)
    best, weights = np.inf, None
    for penalty in sizes.mean() * np.logspace(-8, 0, 17):
        trial = directions @ (moment_along / (np.maximum(sizes, 0) + penalty)[:, None])
        error = np.sum(trial * (gram_v @ trial - 2 * moment_v))  # but for what all have in common
        if error < best:
            best, weights = error, trial
    found = []
    for inputs, _, last in _distances(data.test):
        changes = (inputs @ weights).reshape(len(last), last.shape[-1], -1)
        found.append(changes.transpose(0, 2, 1) + last)
    return np.concatenate(found).astype("float32")


def _moments(part):
    """Sums over frames and targets of inputs by inputs and inputs by labels, for least squares."""
    sums = [(inputs.T @ inputs, inputs.T @ labels) for inputs, labels, _ in _distances(part)]
    return [sum(terms) for terms in zip(*sums, strict=True)]


def _distances(part, block=1024):
    """Blocks of inputs with a 1 behind, labels, both from the frame's last row on, and that row.

    Yields:
        (frames * targets, window + 1), (frames * targets, steps) and (frames, 1, targets).
    """
    for first in range(0, len(part), block):
        inputs, labels = part.gather(slice(first, first + block))
        inputs, last = inputs.astype("float64"), inputs[:, -1:].astype("float64")
        labels = labels.reshape(len(labels), -1, last.shape[-1]) - last
        rows = (inputs - last).transpose(0, 2, 1).reshape(-1, part.window)
        rows = np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
        yield rows, labels.transpose(0, 2, 1).reshape(len(rows), -1), last


def bag_of_words(data, penalties=(1, 10, 100)):
    """Fit a logistic regression on which words a text has, and score it on the test part.

    The order of the words is lost. Counts are weighted by tf-idf: a word that many texts have says
    little. It is no trivial baseline, but the linear model to show beside a network that reads.

    Args:
        data: a data_prep.Dataset with token ids (texts, length), 0 for padding, and labels
            (texts,).
        penalties: inverse strengths of the penalty on weights, C in scikit-learn; the one that is
            best on the validation part is taken.

    Returns:
        The scores of `classification`.
    """
    size = 1 + max(int(np.max(part.inputs, initial=0)) for part in data.parts().values())

    def counts(ids):
        rows, columns = np.nonzero(ids)
        places = (rows, np.asarray(ids)[rows, columns])
        # Equal places are added up: how often each id stands in each text.
        return coo_array((np.ones(len(rows)), places), shape=(len(ids), size)).tocsr()

    weights = TfidfTransformer(sublinear_tf=True).fit(counts(data.train.inputs))
    inputs = {name: weights.transform(counts(part.inputs)) for name, part in data.parts().items()}
    best, best_score = None, -1
    for penalty in penalties:
        model = LogisticRegression(C=penalty, max_iter=1000)
        model.fit(inputs["train"], data.train.labels)
        score = model.score(inputs["validation"], data.validation.labels)
        if score > best_score:
            best, best_score = model, score
    probabilities = best.predict_proba(inputs["test"])
    return classification(data.test.labels, probabilities, data.classes)


class Judge:
    """A classifier of the real training images, by which generated images are scored.

    Args:
        model: a keras.Model from images to [features (batch, size), probabilities (batch,
            classes)].
        accuracy: share of the real test images whose class it finds.
    """

    def __init__(self, model, accuracy):
        self.model = model
        self.accuracy = accuracy

    def look(self, images):
        """What the judge sees in images (examples, height, width, channels), 0 to 1.

        Returns:
            (features, probabilities): (examples, size) and (examples, classes).
        """
        return self.model.predict(images, batch_size=512, verbose=0)


def fit_judge(images):
    """Train a small CNN on the real training images, the same for every seed of the same images.

    Args:
        images: a data_prep.Dataset of images (examples, height, width, channels), 0 to 1, with
            classes.

    Returns:
        A Judge. It has trained for 5 epochs, or for 1000 steps where that is more.
    """
    pixels = keras.Input(images.input_shape)

    def start(seed):
        return keras.initializers.HeNormal(seed)

    x = layers.Conv2D(16, 5, padding="same", activation="relu", kernel_initializer=start(1))(pixels)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(32, 3, padding="same", activation="relu", kernel_initializer=start(2))(x)
    x = layers.Flatten()(layers.MaxPooling2D()(x))
    features = layers.Dense(64, activation="relu", kernel_initializer=start(3))(x)
    x = layers.Dropout(0.3, seed=4)(features)
    classes = layers.Dense(len(images.classes), "softmax", kernel_initializer=start(5))(x)
    model = keras.Model(pixels, classes)
    steps = max(1000, 5 * -(-len(images.train) // 128))
    schedule = keras.optimizers.schedules.CosineDecay(0.002, steps)
    model.compile(
        keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy", steps_per_execution=16
    )
    # The order of the images is drawn here: the judge does not depend on the page's seed.
    random, count = np.random.default_rng(0), len(images.train)
    order = np.concatenate([random.permutation(count) for _ in range(-(-steps * 128 // count))])
    order = order[: steps * 128]
    model.fit(
        images.train.inputs[order],
        images.train.labels[order],
        batch_size=128,
        shuffle=False,
        verbose=0,
    )
    found = model.predict(images.test.inputs, batch_size=512, verbose=0).argmax(axis=1)
    judge = keras.Model(pixels, [features, classes])
    return Judge(judge, float(accuracy_score(images.test.labels, found)))


def frechet_distance(first, second):
    """Distance between the normal distributions fitted to two sets of features.

    |m1 - m2|^2 + trace(C1 + C2 - 2 (C1 C2)^(1/2)), with means m and covariances C. It is zero for
    the same set, and above zero for two sets of one distribution: fewer examples, greater
    distance. Source: Heusel et al., "GANs trained by a two time-scale update rule converge to a
    local Nash equilibrium", 2017.

    Args:
        first: features (examples, size).
        second: features (examples, size); the number of examples may be another.

    Returns:
        The distance, in squared units of the features.
    """
    first, second = np.asarray(first, "float64"), np.asarray(second, "float64")
    if first.ndim != 2 or second.shape[1:] != first.shape[1:] or min(len(first), len(second)) < 2:
        raise ValueError(
            f"features {first.shape} and {second.shape} do not fit: both are (examples, size), "
            f"with two examples or more."
        )
    one, other = np.cov(first.T, ddof=1), np.cov(second.T, ddof=1)
    one, other = np.atleast_2d(one), np.atleast_2d(other)
    # The product has the eigenvalues of root @ other @ root, which is symmetric.
    values, vectors = np.linalg.eigh(one)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ other @ root), 0)).sum()
    apart = np.square(first.mean(axis=0) - second.mean(axis=0)).sum()
    return float(max(apart + np.trace(one) + np.trace(other) - 2 * shared, 0))


def generation(judge, images, samples, labels=None):
    """Scores of generated images, as many as there are test images.

    Args:
        judge: a Judge of these images.
        images: the data_prep.Dataset.
        samples: generated images (samples, height, width, channels), 0 to 1.
        labels: the class that each sample was asked to have, integers (samples,), if any.

    Returns:
        {"Frechet distance": to the test images, in the judge's features, "spread of Frechet
        distance": its standard deviation over 20 draws of the samples with replacement, "modes":
        classes that the judge finds in a tenth of their fair share of the samples or more,
        "distance ratio": as by `nearest_ratio`} and with `labels` "label accuracy": share of the
        samples that have the class asked for, in the eyes of the judge.
    """
    samples = np.asarray(samples, "float32")
    features, probabilities = judge.look(samples)
    real, _ = judge.look(images.test.inputs)
    random = np.random.default_rng(0)
    draws = [
        frechet_distance(real, features[random.integers(len(features), size=len(features))])
        for _ in range(20)
    ]
    found = probabilities.argmax(axis=1)
    counts = np.bincount(found, minlength=len(images.classes))
    scores = {
        "Frechet distance": frechet_distance(real, features),
        "spread of Frechet distance": float(np.std(draws, ddof=1)),
        "modes": int((counts >= 0.1 * len(samples) / len(counts)).sum()),
        "distance ratio": nearest_ratio(images.train.inputs, images.test.inputs, samples),
    }
    if labels is not None:
        scores["label accuracy"] = float(np.mean(found == np.asarray(labels)))
    return scores


def nearest_ratio(train, test, samples, most=1000):
    """How far samples are from the nearest training example, where unseen ones have 1.

    Args:
        train: training examples (examples, ...).
        test: real examples that training has not seen.
        samples: generated ones.
        most: of test and samples no more than this many are looked at, the first ones.

    Returns:
        The median Euclidean distance of a sample to the nearest training example, over the same of
        a test example. A generator that has learnt by heart comes near 0.
    """
    train = np.reshape(train, (len(train), -1))
    search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(train)
    medians = [
        np.median(search.kneighbors(np.reshape(part[:most], (-1, train.shape[1])))[0])
        for part in (samples, test)
    ]
    return float(medians[0] / medians[1])


def generation_baselines(judge, images, labels=None):
    """The scores of `generation` for samples that need no network.

    Args:
        judge: a Judge of these images.
        images: the data_prep.Dataset.
        labels: as for `generation`, of the same number as the test images, if any.

    Returns:
        (baselines, beside, floor). The first two are {name: scores of `generation`} of samples
        drawn from a normal distribution fitted to the pixels of the training images, and from a
        "Gaussian mixture" of as many of them as there are classes; with `labels` also from a
        mixture of three fitted to each class alone. The third is {"Frechet distance of real
        images": of as many training images to the test images, which no network has seen: about the
        least to be had, "accuracy of the judge"}.
    """
    random, count = np.random.default_rng(0), len(images.test)
    train, parts = images.train, len(images.classes)
    rows = random.choice(len(train), min(count, len(train)), replace=False)
    floor = generation(judge, images, train.inputs[rows])["Frechet distance"]
    floor = {"Frechet distance of real images": floor, "accuracy of the judge": judge.accuracy}
    normal = _sample_mixture(train.inputs, 1, count, random)
    samples = {"Gaussian mixture": _sample_mixture(train.inputs, parts, count, random)}
    if labels is not None:
        samples["Gaussian mixture of each class"] = drawn = np.empty_like(normal)
        for label in np.unique(labels):
            asked = np.asarray(labels) == label
            of_class = train.inputs[train.labels == label]
            drawn[asked] = _sample_mixture(of_class, 3, asked.sum(), random)
    beside = {name: generation(judge, images, drawn, labels) for name, drawn in samples.items()}
    return {"normal distribution": generation(judge, images, normal, labels)}, beside, floor


def best_codes(generator, images, codes, steps=200):
    """The codes from which a generator rebuilds images best, as far as gradient descent finds them.

    Args:
        generator: from codes (batch, latent_size) to images.
        images: to rebuild, (images, height, width, channels).
        codes: to begin with, those whose images are nearest, (codes, latent_size).
        steps: of gradient descent.

    Returns:
        (images, latent_size).
    """
    import tensorflow as tf  # only for pages that train on it

    drawn = generator.predict(codes, verbose=0).reshape(len(codes), -1)
    flat = images.reshape(len(images), -1)
    apart = np.square(drawn).sum(axis=1) - 2 * flat @ drawn.T  # but for what all codes share
    best = keras.Variable(codes[apart.argmin(axis=1)])
    optimizer = keras.optimizers.Adam(0.05)
    optimizer.build([best])

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            error = ops.sum(ops.square(generator(best.value, training=False) - images))
        optimizer.apply(tape.gradient(error, [best.value]), [best])

    for _ in range(steps):
        step()
    return ops.convert_to_numpy(best)


def _sample_mixture(images, parts, count, random, most=10_000, size=64):
    """Draw images from a mixture of normal distributions along the directions of most variance."""
    inputs = images[random.permutation(len(images))[:most]].astype("float64")
    inputs = inputs.reshape(len(inputs), -1)
    pca = PCA(min(size, *inputs.shape), random_state=0).fit(inputs)
    mixture = GaussianMixture(min(parts, len(inputs)), reg_covar=1e-4, max_iter=50, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is then near enough
        codes = mixture.fit(pca.transform(inputs)).sample(count)[0]
    drawn = np.clip(pca.inverse_transform(random.permutation(codes)), 0, 1)
    return drawn.reshape(count, *images.shape[1:]).astype("float32")


def _words(codes):
    """Packed bits (examples, bytes) as 64-bit words, (words, examples)."""
    codes = np.asarray(codes)
    if codes.ndim != 2 or codes.dtype != np.uint8:
        raise ValueError(
            f"codes {codes.dtype} {codes.shape}: give packed bits, uint8 (rows, bytes)."
        )
    padded = np.pad(codes, ((0, 0), (0, -codes.shape[1] % 8)))
    return np.ascontiguousarray(padded.view(np.uint64).T)


def _masked(truth, images, masks):
    """Two sets of images as float64, and masks of their shape, checked."""
    truth, images = np.asarray(truth, "float64"), np.asarray(images, "float64")
    if truth.ndim != 4 or images.shape != truth.shape:
        raise ValueError(
            f"truth {truth.shape} and images {images.shape} do not fit: both are (images, height, "
            f"width, channels)."
        )
    masks = np.ones((*truth.shape[:3], 1), bool) if masks is None else np.asarray(masks, bool)
    if masks.shape != (*truth.shape[:3], 1) or not masks.any(axis=(1, 2, 3)).all():
        raise ValueError(
            f"masks {masks.shape} for images {truth.shape}: give (images, height, width, 1), with "
            f"a pixel or more in each."
        )
    return truth, images, np.broadcast_to(masks, truth.shape)


def _flat_inputs(data, needed=True):
    """Inputs of each part as (examples, features); where they are not needed, one zero each."""
    features = math.prod(data.input_shape)  # not -1, which an empty part has no answer for
    return {
        name: np.reshape(part.inputs, (len(part), features)) if needed else np.zeros((len(part), 1))
        for name, part in data.parts().items()
    }


def _class_scores(labels, probabilities):
    """Labels (examples,) and scores (examples, classes), checked, of two classes filled up."""
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    if labels.ndim == 1 and probabilities.shape in (labels.shape, (*labels.shape, 1)):
        second = probabilities.reshape(-1)
        probabilities = np.stack([1 - second, second], axis=1)
    if probabilities.ndim != 2 or labels.shape != (len(probabilities),):
        raise ValueError(
            f"labels {labels.shape} and probabilities {probabilities.shape} do not fit: "
            f"they are (examples,) and (examples, classes)."
        )
    return labels, probabilities
