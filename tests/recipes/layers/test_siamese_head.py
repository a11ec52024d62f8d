"""The head of Siamese networks: distances and losses against a few lines of NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from recipes.layers.siamese import (
    LOSSES,
    Distance,
    compare,
    contrastive_loss,
    cross_entropy_loss,
    pairs_in_batch,
    triplet_loss,
)

LABELS = np.array([0, 0, 1, 1, 1, 2])  # class 2 has one example alone


@pytest.fixture
def embeddings():
    return np.random.default_rng(0).normal(size=(6, 3)).astype("float32")


def all_pairs(embeddings):
    """[(distance, same class)] of all ordered pairs of two different examples."""
    return [
        (float(np.linalg.norm(embeddings[i] - embeddings[j])), LABELS[i] == LABELS[j])
        for i in range(6)
        for j in range(6)
        if i != j
    ]


def mean_of_kinds(pairs, of_same, of_other):
    """The mean over pairs of one class plus the mean over pairs of two classes."""
    same = [of_same(distance) for distance, is_same in pairs if is_same]
    other = [of_other(distance) for distance, is_same in pairs if not is_same]
    return np.mean(same) + np.mean(other)


def test_pairs_in_a_batch_are_all_pairs_but_those_with_oneself(embeddings):
    distances, same, other = map(ops.convert_to_numpy, pairs_in_batch(LABELS, embeddings))
    expected = np.linalg.norm(embeddings[:, None] - embeddings[None], axis=2)
    np.testing.assert_allclose(distances, expected, atol=2e-3)
    assert ((same + other) == 1 - np.eye(6)).all()


def test_contrastive_loss(embeddings):
    pairs = all_pairs(embeddings)
    expected = mean_of_kinds(pairs, lambda d: d**2, lambda d: max(0, 2.0 - d) ** 2)
    found = contrastive_loss(LABELS, embeddings, margin=2.0)
    assert float(found) == pytest.approx(expected, rel=1e-4)


def test_cross_entropy_loss(embeddings):
    def probability(distance):
        return 1 / (1 + np.exp(distance - 1.5))

    expected = mean_of_kinds(
        all_pairs(embeddings),
        lambda d: -np.log(probability(d)),
        lambda d: -np.log(1 - probability(d)),
    )
    found = cross_entropy_loss(LABELS, embeddings, margin=1.5)
    assert float(found) == pytest.approx(expected, rel=1e-4)


def test_triplet_loss(embeddings):
    distances = np.linalg.norm(embeddings[:, None] - embeddings[None], axis=2)
    expected = [
        np.log(1 + sum(np.exp(distances[i, j] - distances[i, k]) for k in np.flatnonzero(others)))
        for i in range(6)
        for others in [~np.equal(LABELS, LABELS[i])]
        for j in range(6)
        if i != j and LABELS[i] == LABELS[j]
    ]
    assert float(triplet_loss(LABELS, embeddings)) == pytest.approx(np.mean(expected), rel=1e-4)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize(
    ("labels", "scale"),
    [([0, 0, 1, 1], 0.0), ([0, 0, 1, 1], 1e4), ([0, 0, 0, 0], 1.0), ([0, 1, 2, 3], 1.0)],
    ids=["all embeddings equal", "far apart", "one class", "no two of a class"],
)
def test_losses_and_their_gradients_are_finite(name, labels, scale):
    import tensorflow as tf

    start = scale * np.random.default_rng(0).normal(size=(4, 3))
    embeddings = tf.Variable(start.astype("float32"))
    with tf.GradientTape() as tape:
        loss = LOSSES[name](np.array(labels), embeddings)
    assert np.isfinite(float(loss))
    assert np.isfinite(tape.gradient(loss, embeddings).numpy()).all()


@pytest.mark.parametrize("name", LOSSES)
def test_training_separates_two_classes(name):
    random = np.random.default_rng(0)
    labels = np.arange(64) % 2
    inputs = random.normal(size=(64, 8)).astype("float32")
    inputs[:, 0] += 2 * labels
    keras.utils.set_random_seed(0)
    tower = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)], name="tower")

    def gap():
        vectors = tower.predict(inputs, verbose=0)
        distances = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
        same = labels[:, None] == labels[None]
        return distances[~same].mean() / distances[same].mean()

    before = gap()
    tower.compile(keras.optimizers.Adam(0.05), LOSSES[name])
    tower.fit(inputs, labels, epochs=15, verbose=0)
    assert gap() > before + 0.3


def test_distance_equals_numpy_and_is_safe_at_zero():
    import tensorflow as tf

    first = np.array([[3.0, 4.0], [1.0, 1.0]], "float32")
    second = tf.Variable(np.array([[0.0, 0.0], [1.0, 1.0]], "float32"))
    with tf.GradientTape() as tape:
        distance = Distance()([first, second])
    np.testing.assert_allclose(distance, [[5], [0]], rtol=1e-6)
    gradient = tape.gradient(distance, second).numpy()
    np.testing.assert_allclose(gradient, [[-0.6, -0.8], [0, 0]], rtol=1e-5)


def test_a_comparison_calls_one_tower_twice():
    tower = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)], name="tower")
    model = compare(tower, "pair")
    assert model.get_layer("tower") is tower
    assert model.count_params() == tower.count_params()
    assert model.output_shape == (None, 1)
