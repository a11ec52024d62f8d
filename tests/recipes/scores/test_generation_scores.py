"""Scores of generated images whose right values are known."""

import keras
import numpy as np
import pytest
from keras import layers
from scipy.linalg import sqrtm

import data_prep
from recipes import scores


class BrightestQuarter:
    """A FeatureClassifier: features are the means of the quarters, the class is the brightest."""

    def predict(self, images):
        features = np.asarray(images).reshape(len(images), 2, 2, 2, 2).mean(axis=(2, 4))
        features = features.reshape(len(images), 4)
        return features, features / features.sum(axis=1, keepdims=True)


def quarters(labels, seed=0):
    """Images 4 x 4 whose quarter of that number is bright."""
    images = 0.2 * np.random.default_rng(seed).random((len(labels), 4, 4, 1))
    for image, label in zip(images, labels, strict=True):
        row, column = divmod(label, 2)
        image[2 * row : 2 * row + 2, 2 * column : 2 * column + 2] += 0.8
    return images.astype("float32")


def part(count, seed):
    labels = np.arange(count) % 4
    return data_prep.Part(quarters(labels, seed), labels)


@pytest.fixture(scope="module")
def data():
    nothing = data_prep.Part(np.zeros((0, 4, 4, 1), "float32"), np.zeros(0, int))
    return data_prep.Dataset("quarters", "here", part(200, 1), nothing, part(80, 2), tuple("abcd"))


def test_frechet_distance_of_normal_distributions():
    random = np.random.default_rng(0)
    first = random.normal(size=(400, 5)) @ random.normal(size=(5, 5))
    assert scores.frechet_distance(first, first) == pytest.approx(0, abs=1e-9)
    # A shift alone adds its square; twice the spread adds the variance.
    shift = np.array([1.0, -2, 0, 0, 0.5])
    assert scores.frechet_distance(first, first + shift) == pytest.approx(5.25)
    twice = first.mean(axis=0) + 2 * (first - first.mean(axis=0))
    assert scores.frechet_distance(first, twice) == pytest.approx(np.var(first, 0, ddof=1).sum())
    second = random.normal(size=(300, 5)) @ random.normal(size=(5, 5)) + 1
    one, other = np.cov(first.T), np.cov(second.T)
    apart = np.square(first.mean(axis=0) - second.mean(axis=0)).sum()
    oracle = apart + np.trace(one + other - 2 * sqrtm(one @ other).real)
    assert scores.frechet_distance(first, second) == pytest.approx(oracle)


def test_frechet_distance_grows_with_noise_and_refuses_what_does_not_fit():
    random = np.random.default_rng(0)
    features = random.normal(size=(500, 8))
    noise = random.normal(size=features.shape)
    found = [scores.frechet_distance(features, features + s * noise) for s in (0.1, 0.5, 1, 2)]
    assert found == sorted(found)
    assert found[0] > 1e-6
    with pytest.raises(ValueError, match=r"features \(500, 8\) and \(500, 7\) do not fit"):
        scores.frechet_distance(features, features[:, :7])


def test_generation_scores_real_missing_and_mislabelled_samples(data):
    classifier = BrightestQuarter()
    again = scores.generation(classifier, data, data.test.inputs, data.test.labels)
    assert again["Frechet distance"] == pytest.approx(0, abs=1e-9)
    assert again["spread of Frechet distance"] > 0
    assert again["modes"] == 4
    assert again["label accuracy"] == 1
    assert again["distance ratio"] == 1
    asked = np.arange(80) % 4

    # One sample of the last class in 80 is too few to count as a mode.
    generated = asked.copy()
    generated[asked == 3] = 0
    generated[3] = 3
    poor = scores.generation(classifier, data, quarters(generated, 3), asked)
    assert poor["modes"] == 3
    assert poor["label accuracy"] == pytest.approx(61 / 80)
    assert poor["Frechet distance"] > 0.01
    assert "label accuracy" not in scores.generation(classifier, data, quarters(generated))


def test_copies_of_training_images_have_no_distance(data):
    train, test = data.train.inputs, data.test.inputs
    assert scores.nearest_ratio(train, test, train[:30]) == pytest.approx(0, abs=1e-3)
    far = scores.nearest_ratio(train, test, test + 0.5)
    assert far > 2
    one = scores.nearest_ratio(train[:1] * 0, test, np.ones_like(test))
    lengths = np.sqrt(np.square(test).sum(axis=(1, 2, 3)))
    assert one == pytest.approx(4 / np.median(lengths))


def test_the_baselines_are_near_real_images_of_the_classes_asked_for(data):
    classifier = BrightestQuarter()
    asked = np.arange(80)[::-1] % 4
    classifier.accuracy = 0.99
    baselines, comparisons, real = scores.generation_baselines(classifier, data, asked)
    assert comparisons["Gaussian mixture of each class"]["label accuracy"] == 1
    assert comparisons["Gaussian mixture"]["label accuracy"] < 0.5
    assert real["accuracy of the feature classifier"] == 0.99

    _, without_labels, _ = scores.generation_baselines(classifier, data)
    assert list(without_labels) == ["Gaussian mixture"]
    assert "label accuracy" not in without_labels["Gaussian mixture"]
    for found in (*comparisons.values(), *without_labels.values()):
        assert found["modes"] == 4
        assert found["Frechet distance"] < 0.02
        assert 0.8 < found["distance ratio"] < 1.5

    # One normal distribution for four classes has samples in between; real images are the best.
    normal = baselines["normal distribution"]["Frechet distance"]
    assert real["Frechet distance of real images"] < normal


def test_the_feature_classifier_learns_digits_with_any_seed():
    images = data_prep.load_images("digits", validation=0)
    found = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        classifier = scores.fit_feature_classifier(images)
        features, probabilities = classifier.predict(images.test.inputs)
        right = np.mean(probabilities.argmax(axis=1) == images.test.labels)
        assert classifier.accuracy == pytest.approx(right)
        assert classifier.accuracy > 0.97
        found.append(features)
    assert features.shape == (len(images.test), 64)
    np.testing.assert_allclose(found[0], found[1], atol=0.05 * np.abs(features).max())


def test_the_best_codes_of_a_linear_generator_are_found():
    random = np.random.default_rng(0)
    code = keras.Input((3,))
    generator = keras.Model(code, layers.Reshape((4, 4, 1))(layers.Dense(16)(code)))
    codes = random.normal(size=(5, 3)).astype("float32")
    images = generator.predict(codes, verbose=0)
    begun = random.normal(size=(20, 3)).astype("float32")
    found = scores.best_codes(generator, images, begun, steps=400)
    np.testing.assert_allclose(found, codes, atol=0.02)
