"""Measures of a network in training, on the pages that teach them."""

import numpy as np

from recipes import catalog, experiment
from visualize import firing_units, gradient_norms

# Four epochs of four units: always fires, dies for good, comes back, comes back and dies again.
FIRES = np.array([[1, 1, 0, 0], [1, 0, 1, 1], [1, 0, 1, 0], [1, 0, 1, 0]], dtype=bool)


def page(name):
    """The module of a recipe page."""
    return experiment.load(catalog.find(name))


def test_dying_relu_counts_each_unit_once():
    assert page("dying_relu")._count("x", FIRES) == {
        "units of x that died": 3,
        "units of x that recovered": 2,
        "share of x dead at the end": 0.5,
    }


def test_slope_zero_is_a_relu_and_a_dead_unit_gets_no_gradient():
    build = page("dying_relu").build_dying_relu
    images, labels = np.ones((2, 8, 8, 1), "float32"), np.array([0, 1])
    norms = {}
    for slope in (0.0, 0.2):
        model = build(hidden_layers=1, units=3, negative_slope=slope)
        dense = next(layer for layer in model.layers if layer.weights)
        dense.set_weights([np.full((64, 3), -1.0), np.zeros(3)])  # all below zero: all dead
        model.compile(loss="sparse_categorical_crossentropy")
        norms[slope] = gradient_norms(model, images, labels)[dense.name]
        assert not np.any([units.any() for units in firing_units(model, images).values()])
    assert norms[0.0] == 0
    assert norms[0.2] > 0


def test_the_gradient_shrinks_by_a_quarter_per_sigmoid_and_not_around_a_skip():
    """One unit per layer with weight 1 and input 0: the chain rule by hand."""
    build = page("vanishing_gradient").build_vanishing_gradient
    images, labels = np.zeros((1, 1, 1, 1), "float32"), np.array([0])
    for residual in (False, True):
        model = build((1, 1, 1), 2, residual=residual, hidden_layers=3, units=1)
        x = 0.0
        for number in (1, 2, 3):
            # The bias takes its input away again, so that each sigmoid stands at 0: slope 1/4.
            model.get_layer(f"hidden_{number}").set_weights([np.ones((1, 1)), np.array([-x])])
            x = x + 0.5 if residual and number > 1 else 0.5
        model.get_layer("output").set_weights([np.array([[1.0, 0.0]]), np.array([-x, 0.0])])
        model.compile(loss="sparse_categorical_crossentropy")
        norms = gradient_norms(model, images, labels)
        # Softmax of (0, 0) with label 0: the loss falls by 1/2 per unit of x. Inputs of the layers
        # are 0, 0.5 and, with a skip, 1; weight and bias of a layer share its norm.
        through = 1.25 if residual else 0.25
        passed = [0.5 * 0.25 * through**2, 0.5 * 0.25 * through, 0.5 * 0.25]
        taken = [0.0, 0.5, 1.0 if residual else 0.5]
        expected = [p * np.hypot(1, t) for p, t in zip(passed, taken, strict=True)]
        found = [norms[f"hidden_{number}"] for number in (1, 2, 3)]
        np.testing.assert_allclose(found, expected, rtol=1e-5)
