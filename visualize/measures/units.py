"""Which units of a network fire, and which are dead."""

import numpy as np

from visualize.errors import UnbuiltModelError, VisualizeError


def dead_relu_shares(model, inputs):
    """Share of units in each ReLU layer that give zero for every input.

    A unit of a convolution is one of its filters: it is dead when it fires nowhere in any image.

    Args:
        model: a built keras.Model with one input.
        inputs: (samples, ...).

    Returns:
        {layer name: share between 0 and 1}, for layers of `model.layers` whose activation is
        ReLU, or that are a ReLU layer, in their order.

    Raises:
        VisualizeError: if there is no sample, or no layer with ReLU.
    """
    import keras

    fired = _fired(model, inputs, (keras.layers.ReLU,), (keras.activations.relu,), "ReLU")
    return {name: 1 - float(np.mean(units)) for name, units in fired.items()}


def firing_units(model, inputs):
    """Which units with ReLU or leaky ReLU are above zero for at least one input.

    A unit of a convolution is one of its filters: it fires when it does so anywhere in any image.

    Args:
        model: a built keras.Model with one input.
        inputs: (samples, ...).

    Returns:
        {layer name: (units,) of bool}, for layers of `model.layers` whose activation is ReLU or
        leaky ReLU, or that are such a layer, in their order.

    Raises:
        VisualizeError: if there is no sample, or no such layer.
    """
    import keras

    kinds = (keras.layers.ReLU, keras.layers.LeakyReLU)
    functions = (keras.activations.relu, keras.activations.leaky_relu)
    return _fired(model, inputs, kinds, functions, "ReLU or leaky ReLU")


def _fired(model, inputs, kinds, functions, what):
    """{layer: (units,) of bool}, which units of layers of these kinds are ever above zero."""
    import keras

    check_single_input(model)
    if not len(inputs):
        raise VisualizeError("no inputs to look at: give at least one sample.")
    found = [
        layer
        for layer in model.layers
        if isinstance(layer, kinds) or getattr(layer, "activation", None) in functions
    ]
    if not found:
        raise VisualizeError(
            f"model {model.name!r} has no layer with {what} among its {len(model.layers)} layers; "
            "of a nested model, give the inner model."
        )
    probe = keras.Model(model.inputs[0], [layer.output for layer in found])
    fired = [False] * len(found)
    for start in range(0, len(inputs), 256):
        outputs = keras.tree.flatten(probe(inputs[start : start + 256], training=False))
        for place, output in enumerate(outputs):
            values = keras.ops.convert_to_numpy(output)
            fired[place] |= (values > 0).any(axis=tuple(range(values.ndim - 1)))
    return {layer.name: units for layer, units in zip(found, fired, strict=True)}


def check_single_input(model):
    """Refuse a model that is not built, or that has not exactly one input."""
    if not getattr(model, "built", False) or not getattr(model, "inputs", None):
        raise UnbuiltModelError(
            f"model {model.name!r} has no shapes yet: call model.build(input_shape), or make it "
            "with keras.Input."
        )
    if len(model.inputs) != 1:
        raise VisualizeError(
            f"model {model.name!r} has {len(model.inputs)} inputs: give a part of it that has one."
        )
