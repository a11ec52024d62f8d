"""The studies of dense networks: activations, vanishing gradients, dying ReLUs, dropout."""

import re

import keras
import numpy as np
import pytest

import data_prep
import visualize
from data_prep.dataset import stratified_split
from recipes.dnn import activations, dropout_study, dying_relu, vanishing_gradient
from visualize import firing_units, gradient_norms

# Four epochs of four units: always fires, dies for good, comes back, comes back and dies again.
FIRES = np.array([[1, 1, 0, 0], [1, 0, 1, 1], [1, 0, 1, 0], [1, 0, 1, 0]], dtype=bool)


class Names(keras.callbacks.Callback):
    """Records the name of each network that is trained."""

    def __init__(self):
        super().__init__()
        self.names = []

    def on_train_begin(self, logs=None):
        self.names.append(self.model.name)


@pytest.fixture
def images(tmp_path):
    """A file of 80 small images for training and 20 for testing, dark ones and bright ones."""
    generator = np.random.default_rng(0)
    labels = np.arange(100) % 2
    pixels = 0.5 * generator.random((100, 4, 4)) + 0.5 * labels[:, None, None]
    path = tmp_path / "tiny.npz"
    np.savez(path, x_train=pixels[:80], y_train=labels[:80], x_test=pixels[80:], y_test=labels[80:])
    return path


def test_dying_relu_counts_each_unit_once(images, monkeypatch):
    def fires_by_epoch(model, inputs):
        epoch = next(epochs[model.name])
        return {"first": FIRES[epoch][:1], "second": FIRES[epoch][1:]}

    epochs = {name: iter(range(4)) for name in ("relu", "dying_relu")}
    monkeypatch.setattr(visualize, "firing_units", fires_by_epoch)
    names = Names()
    report = dying_relu.run(images, epochs=4, learning_rate=0.01, callbacks=[names])

    assert names.names == ["relu", "dying_relu"]
    assert report.model.name == "dying_relu"
    for name in ("relu", "leaky relu"):
        assert report.scores[f"units of {name} that died"] == 3
        assert report.scores[f"units of {name} that recovered"] == 2
        assert report.scores[f"fraction of {name} dead at the end"] == 0.5


def test_a_network_that_diverges_is_refused(images):
    with pytest.raises(data_prep.DataError, match="relu diverged .* a smaller --learning-rate"):
        dying_relu.run(images, epochs=1, batch_size=8, learning_rate=1e38)


def test_slope_zero_is_a_relu_and_a_dead_unit_gets_no_gradient():
    inputs, labels = np.ones((2, 8, 8, 1), "float32"), np.array([0, 1])
    norms = {}
    for slope in (0.0, 0.2):
        model = dying_relu.build_dying_relu(hidden_layers=1, units=3, negative_slope=slope)
        dense = next(layer for layer in model.layers if layer.weights)
        dense.set_weights([np.full((64, 3), -1.0), np.zeros(3)])  # all below zero: all dead
        model.compile(loss="sparse_categorical_crossentropy")
        norms[slope] = gradient_norms(model, inputs, labels)[dense.name]
        assert not np.any([units.any() for units in firing_units(model, inputs).values()])
    assert norms[0.0] == 0
    assert norms[0.2] > 0


def test_the_gradient_shrinks_by_a_quarter_per_sigmoid_and_not_around_a_skip():
    """One unit per layer with weight 1 and input 0: the chain rule by hand."""
    build = vanishing_gradient.build_vanishing_gradient
    inputs, labels = np.zeros((1, 1, 1, 1), "float32"), np.array([0])
    for residual in (False, True):
        model = build((1, 1, 1), 2, residual=residual, hidden_layers=3, units=1)
        x = 0.0
        for number in (1, 2, 3):
            # The bias takes its input away again, so that each sigmoid stands at 0: slope 1/4.
            model.get_layer(f"hidden_{number}").set_weights([np.ones((1, 1)), np.array([-x])])
            x = x + 0.5 if residual and number > 1 else 0.5
        model.get_layer("output").set_weights([np.array([[1.0, 0.0]]), np.array([-x, 0.0])])
        model.compile(loss="sparse_categorical_crossentropy")
        norms = gradient_norms(model, inputs, labels)
        # Softmax of (0, 0) with label 0: the loss falls by 1/2 per unit of x. Inputs of the layers
        # are 0, 0.5 and, with a skip, 1; weight and bias of a layer share its norm.
        through = 1.25 if residual else 0.25
        passed = [0.5 * 0.25 * through**2, 0.5 * 0.25 * through, 0.5 * 0.25]
        taken = [0.0, 0.5, 1.0 if residual else 0.5]
        expected = [p * np.hypot(1, t) for p, t in zip(passed, taken, strict=True)]
        found = [norms[f"hidden_{number}"] for number in (1, 2, 3)]
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_gap_is_measured_without_dropout(images):
    names = Names()
    report = dropout_study.run(images, epochs=2, samples=20, repeats=1, callbacks=[names])
    assert names.names == ["without_dropout_1", "dropout_study"]
    assert report.model.name == "dropout_study"

    data = data_prep.load_images(images, seed=0)
    _, rows = stratified_split(data.train.labels, 20, 0)
    few = data.train.take(rows)
    training, _ = report.model.evaluate(few.inputs, few.labels, verbose=0)
    test, _ = report.model.evaluate(data.test.inputs, data.test.labels, verbose=0)
    assert report.scores["cross-entropy"] == pytest.approx(test, rel=1e-5)
    assert report.scores["gap"] == pytest.approx(test - training, rel=1e-4)


def test_each_activation_trains_one_network_of_its_name(images):
    names = Names()
    report = activations.run(
        images, epochs=1, activations="relu,PReLU,softmax", hidden_layers=1, callbacks=[names]
    )
    assert names.names == ["relu", "PReLU", "softmax"]
    assert report.model.name in names.names
    assert report.scores["accuracy"] == report.scores[f"accuracy of {report.model.name}"]
    assert report.scores["gradient ratio of relu"] == 1  # the first hidden layer is the last


@pytest.mark.parametrize(
    ("run", "flags", "message"),
    [
        (activations.run, {"activations": "relu,relo"}, "give all, or some of selu, relu, "),
        (activations.run, {"hidden_layers": 0}, "0 hidden layers of 32 units: .* 1 or more"),
        (activations.run, {"units": 0}, "8 hidden layers of 0 units: .* 1 or more"),
        (dropout_study.run, {"samples": 1}, "1 samples, 3 repeats: give 2 to 70 samples"),
        (dropout_study.run, {"samples": 71}, "71 samples, 3 repeats: give 2 to 70 samples"),
        (dropout_study.run, {"repeats": 0}, "0 repeats: .* 1 or more repeats"),
    ],
)
def test_flags_that_cannot_work_are_refused_before_training(images, run, flags, message):
    with pytest.raises(data_prep.DataError, match=message):
        run(images, **flags)


STUDIES = [
    activations.build_activations,
    dropout_study.build_dropout_study,
    dying_relu.build_dying_relu,
    vanishing_gradient.build_vanishing_gradient,
]


@pytest.mark.parametrize("build", STUDIES)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"units": 0}, "units=0; give a"),
        ({"num_classes": None}, "num_classes=None; give an integer >= 1."),
        ({"input_shape": 64}, "input_shape=64; give a tuple of integers >= 1."),
        ({"input_shape": (8, None, 1)}, "input_shape=(8, None, 1); give a tuple of integers >= 1."),
    ],
)
def test_builders_refuse_sizes_that_cannot_work(build, options, message):
    with pytest.raises(ValueError, match=re.escape(f"{build.__name__}: {message}")):
        build(**options)


@pytest.mark.parametrize(
    ("build", "options", "message"),
    [
        (activations.build_activations, {"hidden_layers": -3}, "hidden_layers=-3; give an integer"),
        (
            activations.build_activations,
            {"activation": "relo"},
            "activation 'relo'; give one of selu, relu, tanh,",
        ),
        (
            vanishing_gradient.build_vanishing_gradient,
            {"hidden_layers": 0},
            "hidden_layers=0; give an integer >= 1.",
        ),
        (dying_relu.build_dying_relu, {"hidden_layers": 0}, "hidden_layers=0; give an integer"),
        (
            dropout_study.build_dropout_study,
            {"units": 512},
            "units=512; give a tuple of integers >= 1.",
        ),
    ],
)
def test_builders_refuse_what_cannot_work(build, options, message):
    with pytest.raises(ValueError, match=re.escape(f"{build.__name__}: {message}")):
        build(**options)
