"""Find the units of a network that fire and those that are dead."""

import numpy as np

from visualize.errors import UnbuiltModelError, VisualizeError


def dead_relu_shares(model, inputs):
    """Compute the fraction of dead units in each ReLU layer: units that are zero for every input.

    A unit of a convolution is one filter. It is dead if it is zero at every position of every
    image.

    Args:
        model: a built keras.Model with one input.
        inputs: (samples, ...).

    Returns:
        {layer name: fraction between 0 and 1}, in the order of `model.layers`, for ReLU layers
        and for layers whose activation is ReLU.

    Raises:
        UnbuiltModelError: if the model is not built.
        VisualizeError: if there is no sample, or no layer with ReLU.
    """
    import keras

    fired = _fired(model, inputs, (keras.layers.ReLU,), (keras.activations.relu,), "ReLU")
    return {name: 1 - float(np.mean(units)) for name, units in fired.items()}


def firing_units(model, inputs):
    """Find the units with ReLU or leaky ReLU that are above zero for at least one input.

    A unit of a convolution is one filter. It fires if it is above zero at any position of any
    image.

    Args:
        model: a built keras.Model with one input.
        inputs: (samples, ...).

    Returns:
        {layer name: bool array (units,)}, where True means that the unit fires; in the order of
        `model.layers`, for ReLU and LeakyReLU layers and for layers with such an activation.

    Raises:
        UnbuiltModelError: if the model is not built.
        VisualizeError: if there is no sample, or no such layer.
    """
    import keras

    kinds = (keras.layers.ReLU, keras.layers.LeakyReLU)
    functions = (keras.activations.relu, keras.activations.leaky_relu)
    return _fired(model, inputs, kinds, functions, "ReLU or leaky ReLU")


def _fired(model, inputs, kinds, functions, description):
    """Find the units that are above zero for at least one input.

    Args:
        model: a built keras.Model with one input.
        inputs: (samples, ...).
        kinds: classes of layers to look at.
        functions: activations; layers with one of them are looked at too.
        description: name of these activations, for the error message.

    Returns:
        {layer name: bool array (units,)}, True for units above zero for at least one input.
    """
    import keras

    check_single_input(model)
    if not len(inputs):
        raise VisualizeError("no inputs: give at least one sample.")

    found = [
        layer
        for layer in model.layers
        if isinstance(layer, kinds) or getattr(layer, "activation", None) in functions
    ]
    if not found:
        raise VisualizeError(
            f"model {model.name!r} has no layer with {description} among its {len(model.layers)} "
            "layers; if the layers are in a nested model, give that model."
        )

    probe = keras.Model(model.inputs[0], [layer.output for layer in found])
    fired = [False] * len(found)
    for start in range(0, len(inputs), 256):
        outputs = keras.tree.flatten(probe(inputs[start : start + 256], training=False))
        for place, output in enumerate(outputs):
            values = keras.ops.convert_to_numpy(output)  # (batch, ..., units)
            all_but_units = tuple(range(values.ndim - 1))
            fired[place] |= (values > 0).any(axis=all_but_units)
    return {layer.name: units for layer, units in zip(found, fired, strict=True)}


def check_single_input(model):
    """Raise an error unless the model is built and has exactly one input."""
    if not getattr(model, "built", False) or not getattr(model, "inputs", None):
        raise UnbuiltModelError(
            f"model {model.name!r} has no shapes yet: call model.build(input_shape), or build "
            "it from keras.Input."
        )
    if len(model.inputs) != 1:
        raise VisualizeError(
            f"model {model.name!r} has {len(model.inputs)} inputs: give a part of it that has one "
            "input."
        )
