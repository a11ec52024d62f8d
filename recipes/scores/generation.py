"""Scores of generated images, and samples that need no network.

Images are compared in the features of a classifier that was trained on the real images. The
Frechet distance of the features says how far the samples are from real images; the classes found
among the samples say how many modes they cover; the distance to the nearest training image shows
memorising.
"""

import warnings

import keras
import numpy as np
from keras import layers, ops
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors

BATCH = 128  # images per step of the feature classifier
LEAST_STEPS = 1000  # steps that it trains at least


class FeatureClassifier:
    """A classifier of the real training images, in whose features images are compared.

    Args:
        model: a keras.Model from images to [features (batch, size), probabilities (batch,
            classes)].
        accuracy: fraction of the real test images that it classifies correctly.
    """

    def __init__(self, model, accuracy):
        self.model = model
        self.accuracy = accuracy

    def predict(self, images):
        """Features and class probabilities of images.

        Args:
            images: (examples, height, width, channels), 0 to 1.

        Returns:
            (features, probabilities): (examples, size) and (examples, classes).
        """
        return self.model.predict(images, batch_size=512, verbose=0)


def fit_feature_classifier(images):
    """Train a small CNN on the real training images.

    It does not depend on the recipe's seed: the same images give the same classifier. It trains
    for 5 epochs, or for 1000 steps where that is more.

    Args:
        images: a data_prep.Dataset of images (examples, height, width, channels), 0 to 1, with
            classes.

    Returns:
        A FeatureClassifier.
    """
    pixels, features, probabilities = _feature_network(images.input_shape, len(images.classes))
    model = keras.Model(pixels, probabilities)

    count = len(images.train)
    steps = max(LEAST_STEPS, 5 * -(-count // BATCH))
    schedule = keras.optimizers.schedules.CosineDecay(0.002, steps)
    model.compile(
        keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy", steps_per_execution=16
    )

    # The order of the images has a seed of its own, too.
    random = np.random.default_rng(0)
    epochs = -(-steps * BATCH // count)
    order = np.concatenate([random.permutation(count) for _ in range(epochs)])[: steps * BATCH]
    model.fit(
        images.train.inputs[order],
        images.train.labels[order],
        batch_size=BATCH,
        shuffle=False,
        verbose=0,
    )

    predicted = model.predict(images.test.inputs, batch_size=512, verbose=0).argmax(axis=1)
    accuracy = float(accuracy_score(images.test.labels, predicted))
    return FeatureClassifier(keras.Model(pixels, [features, probabilities]), accuracy)


def _feature_network(input_shape, num_classes):
    """Input, features (batch, 64) and probabilities of a small CNN with fixed initial weights."""

    def initializer(seed):
        return keras.initializers.HeNormal(seed)

    pixels = keras.Input(input_shape)
    x = layers.Conv2D(16, 5, padding="same", activation="relu", kernel_initializer=initializer(1))(
        pixels
    )
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(32, 3, padding="same", activation="relu", kernel_initializer=initializer(2))(
        x
    )
    x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    features = layers.Dense(64, activation="relu", kernel_initializer=initializer(3))(x)

    x = layers.Dropout(0.3, seed=4)(features)
    probabilities = layers.Dense(
        num_classes, activation="softmax", kernel_initializer=initializer(5)
    )(x)
    return pixels, features, probabilities


def frechet_distance(first, second):
    """Distance between the normal distributions fitted to two sets of features.

    |m1 - m2|^2 + trace(C1 + C2 - 2 (C1 C2)^(1/2)), with means m and covariances C. It is zero for
    equal sets. For two different sets from one distribution it is above zero, and larger the fewer
    examples there are. Source: Heusel et al., "GANs trained by a two time-scale update rule
    converge to a local Nash equilibrium", 2017.

    Args:
        first: features (examples, size).
        second: features (examples, size); the number of examples may differ.

    Returns:
        The distance, in squared units of the features.

    Raises:
        ValueError: if the shapes do not fit, or a set has fewer than two examples.
    """
    first, second = np.asarray(first, "float64"), np.asarray(second, "float64")
    if first.ndim != 2 or second.shape[1:] != first.shape[1:] or min(len(first), len(second)) < 2:
        raise ValueError(
            f"features {first.shape} and {second.shape} do not fit: both are (examples, size), "
            f"with two examples or more."
        )
    cov_1 = np.atleast_2d(np.cov(first.T, ddof=1))
    cov_2 = np.atleast_2d(np.cov(second.T, ddof=1))

    # C1 C2 has the same eigenvalues as root C2 root, with root = C1^(1/2), which is symmetric.
    values, vectors = np.linalg.eigh(cov_1)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    eigenvalues = np.linalg.eigvalsh(root @ cov_2 @ root)
    trace_of_root = np.sqrt(np.maximum(eigenvalues, 0)).sum()

    means_apart = np.square(first.mean(axis=0) - second.mean(axis=0)).sum()
    distance = means_apart + np.trace(cov_1) + np.trace(cov_2) - 2 * trace_of_root
    return float(max(distance, 0))


def generation(classifier, images, samples, labels=None):
    """Scores of generated images.

    Args:
        classifier: a FeatureClassifier of these images.
        images: the data_prep.Dataset.
        samples: generated images (samples, height, width, channels), 0 to 1; as many as there are
            test images.
        labels: the class that each sample should have, integers (samples,); None without classes.

    Returns:
        {"Frechet distance": to the test images, in the features of the classifier,
        "spread of Frechet distance": its standard deviation over 20 bootstrap samples,
        "modes": number of classes that have at least a tenth of their fair fraction of the samples,
        "distance ratio": as by `nearest_ratio`}, and with `labels` also
        "label accuracy": fraction of the samples that the classifier finds in the class asked for.
    """
    samples = np.asarray(samples, "float32")
    features, probabilities = classifier.predict(samples)
    real_features, _ = classifier.predict(images.test.inputs)

    random = np.random.default_rng(0)
    bootstrapped = [
        frechet_distance(
            real_features, features[random.integers(len(features), size=len(features))]
        )
        for _ in range(20)
    ]

    predicted = probabilities.argmax(axis=1)
    counts = np.bincount(predicted, minlength=len(images.classes))
    fair_count = len(samples) / len(counts)
    scores = {
        "Frechet distance": frechet_distance(real_features, features),
        "spread of Frechet distance": float(np.std(bootstrapped, ddof=1)),
        "modes": int((counts >= 0.1 * fair_count).sum()),
        "distance ratio": nearest_ratio(images.train.inputs, images.test.inputs, samples),
    }
    if labels is not None:
        scores["label accuracy"] = float(np.mean(predicted == np.asarray(labels)))
    return scores


def nearest_ratio(train, test, samples, most=1000):
    """How far samples are from the nearest training example, relative to unseen real examples.

    Args:
        train: training examples (examples, ...).
        test: real examples that were not used for training.
        samples: generated examples.
        most: use at most this many of `test` and of `samples`, the first ones.

    Returns:
        The median Euclidean distance of a sample to the nearest training example, divided by the
        same of a test example. A generator that memorises the training examples comes near 0.
    """
    train = np.reshape(train, (len(train), -1))
    search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(train)
    medians = [
        np.median(search.kneighbors(np.reshape(part[:most], (-1, train.shape[1])))[0])
        for part in (samples, test)
    ]
    return float(medians[0] / medians[1])


def generation_baselines(classifier, images, labels=None):
    """The scores of `generation` for samples that need no network.

    Args:
        classifier: a FeatureClassifier of these images.
        images: the data_prep.Dataset.
        labels: as for `generation`, one for each test image; None without classes.

    Returns:
        (baselines, comparisons, real). `baselines` are the scores of samples from one "normal
        distribution", fitted to the pixels of the training images. `comparisons` are those from a
        "Gaussian mixture" with as many components as there are classes, and with `labels` from a
        "Gaussian mixture of each class" with three components each. `real` is {"Frechet distance
        of real images": of as many training images to the test images, about the lowest that can
        be reached, "accuracy of the feature classifier"}.
    """
    random = np.random.default_rng(0)
    count = len(images.test)
    train = images.train.inputs

    rows = random.choice(len(train), min(count, len(train)), replace=False)
    real = {
        "Frechet distance of real images": generation(classifier, images, train[rows])[
            "Frechet distance"
        ],
        "accuracy of the feature classifier": classifier.accuracy,
    }

    normal = _sample_mixture(train, 1, count, random)
    mixtures = {"Gaussian mixture": _sample_mixture(train, len(images.classes), count, random)}
    if labels is not None:
        by_class = np.empty_like(normal)
        for label in np.unique(labels):
            wanted = np.asarray(labels) == label
            of_class = train[images.train.labels == label]
            by_class[wanted] = _sample_mixture(of_class, 3, wanted.sum(), random)
        mixtures["Gaussian mixture of each class"] = by_class

    comparisons = {
        name: generation(classifier, images, samples, labels) for name, samples in mixtures.items()
    }
    baselines = {"normal distribution": generation(classifier, images, normal, labels)}
    return baselines, comparisons, real


def best_codes(generator, images, codes, steps=200):
    """Search the codes from which a generator reconstructs images best, by gradient descent.

    Args:
        generator: a keras.Model from codes (batch, latent_size) to images.
        images: images to reconstruct, (images, height, width, channels).
        codes: candidates to start from, (codes, latent_size); each image starts with the one whose
            generated image is nearest.
        steps: steps of gradient descent.

    Returns:
        The codes found, (images, latent_size).
    """
    import tensorflow as tf  # only for recipes that train on it

    generated = generator.predict(codes, verbose=0).reshape(len(codes), -1)
    flat = images.reshape(len(images), -1)
    # Squared distances, without the term |image|^2 that all codes share.
    distances = np.square(generated).sum(axis=1) - 2 * flat @ generated.T

    best = keras.Variable(codes[distances.argmin(axis=1)])
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


def _sample_mixture(images, components, count, random, most=10_000, size=64):
    """Sample images from a Gaussian mixture, fitted to the principal components of some images."""
    inputs = images[random.permutation(len(images))[:most]].astype("float64")
    inputs = inputs.reshape(len(inputs), -1)

    pca = PCA(min(size, *inputs.shape), random_state=0).fit(inputs)
    mixture = GaussianMixture(
        min(components, len(inputs)), reg_covar=1e-4, max_iter=50, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # after 50 iterations it is close
        codes = mixture.fit(pca.transform(inputs)).sample(count)[0]

    sampled = np.clip(pca.inverse_transform(random.permutation(codes)), 0, 1)
    return sampled.reshape(count, *images.shape[1:]).astype("float32")
