"""Calling a model on symbolic tensors, so that Keras records its calls; then it is as before."""

import contextlib
import inspect

from visualize.errors import VisualizeError


def is_symbolic(value):
    """Whether a value is a symbolic tensor of Keras."""
    import keras

    return isinstance(value, keras.KerasTensor)


def build_model(model, input_shape):
    """Build a model that has no shapes yet, from the shape of its input without the batch axis."""
    import keras

    try:
        if isinstance(model, keras.Sequential):
            model.build(_with_batch(input_shape))
        else:
            arguments, keywords = symbolic_arguments(model, input_shape)
            with _restored(model):
                model(*arguments, **keywords)
    except Exception as error:  # the user's own `call` may raise anything
        first = str(error).strip().splitlines()
        raise VisualizeError(
            f"model {model.name!r} cannot be built with input_shape={input_shape!r}: "
            f"{first[0] if first else type(error).__name__}"
        ) from error


def _with_batch(shape):
    """Put a batch axis before a shape, or before each in a list or dictionary of shapes."""
    if isinstance(shape, dict):
        return {key: _with_batch(each) for key, each in shape.items()}
    if all(size is None or isinstance(size, int) for size in shape):
        return (None, *shape)
    return [_with_batch(each) for each in shape]


def symbolic_arguments(model, input_shape):
    """Symbolic tensors to call a subclassed model with: (arguments, keywords), None if unknown."""
    names = list(inspect.signature(model.call).parameters)
    first = names[0] if names else "inputs"
    if input_shape is not None:
        return [_symbolic(_with_batch(input_shape), first)], {}
    shapes = getattr(model, "_build_shapes_dict", None)
    if not shapes:
        return None
    if len(shapes) == 1:
        return [_symbolic(next(iter(shapes.values())), first)], {}
    return [], {
        key.removesuffix("_shape"): _symbolic(shape, key.removesuffix("_shape"))
        for key, shape in shapes.items()
        if shape is not None
    }


def _symbolic(shape, name):
    import keras

    if isinstance(shape, dict):
        return {key: _symbolic(each, key) for key, each in shape.items()}
    if all(size is None or isinstance(size, int) for size in shape):
        return keras.Input(batch_shape=tuple(shape), name=name)
    return [_symbolic(each, f"{name}_{place}") for place, each in enumerate(shape, start=1)]


def fresh_input(value):
    """A new symbolic input like a symbolic tensor; any other value as it is."""
    import keras

    if not is_symbolic(value):
        return value
    return keras.Input(batch_shape=tuple(value.shape), dtype=value.dtype)


@contextlib.contextmanager
def trace_call(model, arguments, keywords):
    """Call a subclassed model's `call` on symbolic tensors; afterwards its layers are as before."""
    import keras

    with _restored(model):
        with keras.StatelessScope():  # no state, no losses are left behind
            outputs = model.call(*arguments, **keywords)
        yield outputs


@contextlib.contextmanager
def _restored(model):
    """Take back what symbolic calls recorded in a model and in its layers."""
    before = {
        id(layer): (len(layer._inbound_nodes), len(layer._outbound_nodes))
        for layer in model._flatten_layers()
    }
    try:
        yield
    finally:
        for layer in model._flatten_layers():  # also those that the call has made
            inbound, outbound = before.get(id(layer), (0, 0))
            del layer._inbound_nodes[inbound:], layer._outbound_nodes[outbound:]
