"""Capsules: squash, routing, masks and losses against loops in NumPy, and the whole network."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

import data_prep
from recipes import catalog, copying, runner
from recipes.capsnet import capsnet
from recipes.layers.capsules import KeepLongest, Lengths, PrimaryCapsules, keep_one, lengths, squash

RANDOM = np.random.default_rng(0)
SMALL = {
    "input_shape": (9, 9, 1),
    "num_classes": 4,
    "filters": 6,
    "kernel_size": 3,
    "capsule_types": 2,
    "capsule_size": 4,
    "class_size": 5,
    "decoder_units": (12,),
}


def numpy_squash(vector):
    """Equation 1 of the paper."""
    square = sum(number**2 for number in vector)
    return square / (1 + square) * vector / np.sqrt(square)


def numpy_route(votes, rounds):
    """Procedure 1 of the paper, for votes (inputs, outputs, size) of one image."""
    inputs, outputs, size = votes.shape
    logits = np.zeros((inputs, outputs))
    for _ in range(rounds):
        couplings = np.array([np.exp(row) / sum(np.exp(row)) for row in logits])
        sums = np.zeros((outputs, size))
        for i in range(inputs):
            for j in range(outputs):
                sums[j] += couplings[i, j] * votes[i, j]
        capsules = np.array([numpy_squash(vector) for vector in sums])
        for i in range(inputs):
            for j in range(outputs):
                logits[i, j] += votes[i, j] @ capsules[j]
    return capsules


def gradient(function, *values):
    """The value of a function, summed up, and its gradients as arrays."""
    tensors = [tf.constant(value, tf.float32) for value in values]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        total = tf.reduce_sum(function(*tensors))
    return float(total), [array.numpy() for array in tape.gradient(total, tensors)]


@pytest.fixture(scope="module")
def images():
    return RANDOM.random((24, 9, 9, 1)).astype("float32"), RANDOM.integers(0, 4, 24)


def test_squash_equals_the_equation_for_short_and_long_vectors():
    vectors = RANDOM.normal(size=(60, 8)) * np.logspace(-4, 3, 60)[:, None]
    expected = [numpy_squash(vector) for vector in vectors]
    found = squash(vectors.astype("float32"))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)
    assert np.linalg.norm(found, axis=1).max() <= 1 + 1e-6


@pytest.mark.parametrize("rounds", [1, 2, 3, 5])
def test_routing_equals_the_procedure(rounds):
    votes = RANDOM.normal(size=(3, 7, 4, 5))  # images, inputs, outputs, size
    expected = [numpy_route(votes_of_image, rounds) for votes_of_image in votes]
    found = capsnet.route(votes.transpose(1, 0, 2, 3).astype("float32"), rounds)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_routing_prefers_votes_that_agree():
    votes = 0.3 * RANDOM.normal(size=(12, 1, 2, 6))
    votes[:4, 0, 0] = 1.0
    one, three = (np.linalg.norm(capsnet.route(votes, rounds), axis=-1)[0] for rounds in (1, 3))
    assert three[0] > one[0]
    assert three[0] - three[1] > one[0] - one[1]


def test_the_gradient_of_routing_takes_the_couplings_as_constants():
    votes = RANDOM.normal(size=(6, 2, 3, 4)).astype("float32")
    _, (found,) = gradient(lambda votes: capsnet.route(votes, 3) ** 2, votes)

    capsules = [numpy_route(votes[:, image].astype(float), 2) for image in range(2)]
    first = [numpy_route(votes[:, image].astype(float), 1) for image in range(2)]
    logits = np.einsum("ibjd,bjd->ibj", votes, np.array(first) + capsules)
    couplings = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    couplings = tf.constant(couplings[..., None], tf.float32)
    _, (expected,) = gradient(
        lambda votes: squash(tf.reduce_sum(couplings * votes, axis=0)) ** 2, votes
    )
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_zeros_give_no_nan_in_values_or_gradients():
    zeros = np.zeros((5, 2, 3, 4), "float32")
    functions = {
        "squash": squash,
        "lengths": lengths,
        "routing": lambda votes: capsnet.route(votes, 3),
        "lengths of routed": lambda votes: lengths(capsnet.route(votes, 3)),
    }
    for name, function in functions.items():
        total, (slope,) = gradient(function, zeros)
        assert abs(total) < 1e-4, name
        assert np.isfinite(slope).all(), name

    layer = capsnet.Capsules(3, 4)
    layer.build((None, 5, 8))
    layer.kernel.assign(ops.zeros_like(layer.kernel))
    total, (slope,) = gradient(layer, np.zeros((2, 5, 8)))
    assert total == 0
    assert np.isfinite(slope).all()


def test_class_capsules_multiply_each_input_by_its_matrix_without_bias():
    inputs = RANDOM.normal(size=(3, 6, 2)).astype("float32")
    layer = capsnet.Capsules(4, 5, rounds=2)
    found = layer(inputs)
    (kernel,) = layer.get_weights()
    matrices = kernel.reshape(6, 2, 4, 5)
    votes = np.einsum("bik,ikjd->bijd", inputs, matrices).astype(float)
    np.testing.assert_allclose(found, [numpy_route(of_image, 2) for of_image in votes], atol=1e-5)


def test_primary_capsules_are_the_channels_of_a_position_cut_and_squashed():
    features = RANDOM.normal(size=(2, 20, 19, 3)).astype("float32")
    layer = PrimaryCapsules(types=2, size=4, kernel_size=9)
    found = layer(features)
    plain = layers.Conv2D(8, 9, 2)
    plain.build(features.shape)
    plain.set_weights(layer.get_weights())
    channels = np.asarray(plain(features))  # (2, 6, 6, 8)
    capsules = [[numpy_squash(v) for v in image.reshape(72, 4)] for image in channels]
    np.testing.assert_allclose(found, capsules, rtol=1e-4, atol=1e-5)


def test_the_published_numbers_of_parameters():
    model = capsnet.build_capsnet()
    assert model.count_params() == 8_215_568
    assert model.get_layer("encoder").count_params() == 6_804_224
    assert [output.shape[1:] for output in model.outputs] == [(10,), (28, 28, 1), (10, 16)]


def test_margin_loss_equals_the_equation():
    predicted, labels = RANDOM.random((30, 4)).astype("float32"), RANDOM.integers(0, 4, 30)
    expected = np.zeros(30)
    for row, label in enumerate(labels):
        for number, length in enumerate(predicted[row]):
            if number == label:
                expected[row] += max(0, 0.9 - length) ** 2
            else:
                expected[row] += 0.5 * max(0, length - 0.1) ** 2
    np.testing.assert_allclose(capsnet.margin_loss(labels, predicted), expected, rtol=1e-5)


def test_masks_keep_the_true_capsule_or_the_longest_one():
    capsules = RANDOM.normal(size=(6, 4, 5)).astype("float32")
    labels = np.array([0, 1, 2, 3, 0, 1])
    kept = np.asarray(keep_one(capsules, labels))
    longest = np.asarray(KeepLongest()(capsules))
    norms = np.linalg.norm(capsules, axis=2)
    np.testing.assert_allclose(Lengths()(capsules), norms, rtol=1e-6)
    for row in range(6):
        for number in range(4):
            expected = capsules[row, number]
            np.testing.assert_array_equal(
                kept[row, number], expected if number == labels[row] else 0 * expected
            )
            np.testing.assert_array_equal(
                longest[row, number], expected if number == norms[row].argmax() else 0 * expected
            )


def test_training_rebuilds_from_the_true_capsule_and_use_from_the_longest(images):
    inputs, labels = images
    model = capsnet.build_capsnet(**SMALL)
    found_lengths, rebuilt, capsules = model.predict(inputs, verbose=0)
    norms = np.linalg.norm(capsules, axis=2)
    np.testing.assert_allclose(found_lengths, norms, rtol=1e-5)
    assert (norms.argmax(axis=1) != labels).any(), "the two masks must differ here"

    decoder = model.get_layer("decoder")

    def decode(classes):
        mask = np.eye(4)[classes]
        return decoder.predict(capsules * mask[..., None], verbose=0)

    np.testing.assert_allclose(rebuilt, decode(norms.argmax(axis=1)), atol=1e-6)

    # 0.0005 times the sum over 784 pixels is 0.392 times the mean.
    margin = np.mean(capsnet.margin_loss(labels, found_lengths))
    expected = margin + 0.0005 * 784 * np.mean((decode(labels) - inputs) ** 2)
    model.compile("adam", metrics=["accuracy"])
    loss, accuracy = model.evaluate(inputs, labels, verbose=0)
    assert loss == pytest.approx(expected, rel=1e-5)
    assert accuracy == pytest.approx(np.mean(norms.argmax(axis=1) == labels))


def test_it_learns_images_by_heart_and_goes_on_after_loading(images, tmp_path):
    inputs, labels = images
    keras.utils.set_random_seed(0)
    model = capsnet.build_capsnet(**SMALL)
    model.compile(keras.optimizers.Adam(0.02), metrics=["accuracy"])
    history = model.fit(inputs, labels, epochs=40, verbose=0, shuffle=False).history
    assert history["loss"][-1] < history["loss"][0] / 3
    assert history["accuracy"][-1] > 0.9

    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    losses = [
        network.fit(inputs, labels, epochs=2, verbose=0, shuffle=False).history["loss"]
        for network in (model, loaded)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    for array, same in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_allclose(array, same, atol=1e-5)


def test_the_copy_has_what_it_needs_and_nothing_of_ours(tmp_path):
    page = catalog.find("capsnet")
    path = copying.copy(page, tmp_path / "capsnet.py")
    text = path.read_text()
    for name in ("def squash", "def route", "class FourierConv2D", "class CapsNet"):
        assert name in text
    for name in ("from recipes", "import data_prep", "build_cnn"):
        assert name not in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"input_shape": (28, 28)}, "give .height, width, channels."),
        ({"input_shape": (16, 28, 1)}, "images of 16 x 28; give at least 17 x 17 pixels"),
        ({"num_classes": 0}, "num_classes=0; give an integer >= 1"),
        ({"filters": 2.5}, "filters=2.5"),
        ({"rounds": 0}, "rounds=0"),
        ({"kernel_size": "9"}, "kernel_size='9'"),
        ({"capsule_types": None}, "capsule_types=None"),
        ({"capsule_size": -1}, "capsule_size=-1"),
        ({"class_size": 0}, "class_size=0"),
        ({"decoder_units": 512}, "decoder_units=512; give a tuple of integers"),
    ],
)
def test_sizes_that_cannot_work_are_refused_in_one_sentence(options, message):
    with pytest.raises(ValueError, match=message) as caught:
        capsnet.build_capsnet(**options)
    assert "\n" not in str(caught.value)


def test_a_shift_out_of_range_is_refused(tmp_path):
    with pytest.raises(data_prep.DataError, match="a shift of 8 pixels; give an integer"):
        runner.load(catalog.find("capsnet")).run(shift=8)


@pytest.mark.full
def test_mnist_is_learnt_within_a_few_hundred_steps(data_folder):
    data = data_prep.load_images(data_folder / "mnist" / "mnist.npz")
    keras.utils.set_random_seed(0)
    model = capsnet.build_capsnet(filters=64, capsule_types=8)
    model.compile(keras.optimizers.Adam(0.001), metrics=["accuracy"])
    part = data.train.take(slice(12_000))
    model.fit(part.inputs, part.labels, batch_size=100, epochs=2, verbose=0)
    validation = data.validation
    _, accuracy = model.evaluate(validation.inputs, validation.labels, verbose=0)
    assert accuracy > 0.95
