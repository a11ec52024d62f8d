"""Scores of generated images, and samples that need no network."""

import warnings

import keras
import numpy as np
from keras import layers, ops
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import (
    accuracy_score,
)
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors


class FeatureClassifier:
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


def fit_feature_classifier(images):
    """Train a small CNN on the real training images, the same for every seed of the same images.

    Args:
        images: a data_prep.Dataset of images (examples, height, width, channels), 0 to 1, with
            classes.

    Returns:
        A FeatureClassifier. It has trained for 5 epochs, or for 1000 steps where that is more.
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
    return FeatureClassifier(judge, float(accuracy_score(images.test.labels, found)))


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
        judge: a FeatureClassifier of these images.
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
        judge: a FeatureClassifier of these images.
        images: the data_prep.Dataset.
        labels: as for `generation`, of the same number as the test images, if any.

    Returns:
        (baselines, beside, floor). The first two are {name: scores of `generation`} of samples
        drawn from a normal distribution fitted to the pixels of the training images, and from a
        "Gaussian mixture" of as many of them as there are classes; with `labels` also from a
        mixture of three fitted to each class alone. The third is {"Frechet distance of real
        images": of as many training images to the test images, which no network has seen: about the
        least to be had, "accuracy of the feature classifier"}.
    """
    random, count = np.random.default_rng(0), len(images.test)
    train, parts = images.train, len(images.classes)
    rows = random.choice(len(train), min(count, len(train)), replace=False)
    floor = generation(judge, images, train.inputs[rows])["Frechet distance"]
    floor = {
        "Frechet distance of real images": floor,
        "accuracy of the feature classifier": judge.accuracy,
    }
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
