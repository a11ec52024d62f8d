"""Call a model on symbolic tensors, so that Keras records its calls, and leave it unchanged."""

import contextlib
import inspect

from visualize.errors import VisualizeError


def is_symbolic(value):
    """Whether a value is one of Keras's symbolic tensors."""
    import keras

    return isinstance(value, keras.KerasTensor)


def build_model(model, input_shape):
    """Build a model from the shape of its input, without the batch axis.

    Raises:
        VisualizeError: if the model does not accept this shape.
    """
    import keras

    try:
        if isinstance(model, keras.Sequential):
            model.build(_with_batch(input_shape))
        else:
            arguments, keywords = symbolic_arguments(model, input_shape)
            with _restored(model):
                model(*arguments, **keywords)
    except Exception as error:  # the user's own `call` may raise anything
        lines = str(error).strip().splitlines()
        reason = lines[0] if lines else type(error).__name__
        raise VisualizeError(
            f"model {model.name!r} cannot be built with input_shape={input_shape!r}: {reason}"
        ) from error


def _with_batch(shape):
    """Put a batch axis in front of a shape, or of each shape in a list or dictionary."""
    if isinstance(shape, dict):
        return {key: _with_batch(each) for key, each in shape.items()}
    if all(size is None or isinstance(size, int) for size in shape):
        return (None, *shape)
    return [_with_batch(each) for each in shape]


def symbolic_arguments(model, input_shape):
    """Make symbolic tensors to call a subclassed model with.

    Args:
        model: the model.
        input_shape: shape of its input without the batch axis. None uses the shapes that the model
            was built with.

    Returns:
        (arguments, keywords), or None if the shapes are unknown.
    """
    names = list(inspect.signature(model.call).parameters)
    first = names[0] if names else "inputs"
    if input_shape is not None:
        return [_symbolic(_with_batch(input_shape), first)], {}

    shapes = getattr(model, "_build_shapes_dict", None)
    if not shapes:
        return None
    if len(shapes) == 1:
        (shape,) = shapes.values()
        return [_symbolic(shape, first)], {}

    keywords = {}
    for key, shape in shapes.items():
        if shape is not None:
            name = key.removesuffix("_shape")
            keywords[name] = _symbolic(shape, name)
    return [], keywords


def _symbolic(shape, name):
    """Make a symbolic tensor of a shape, or a list or dictionary of them."""
    import keras

    if isinstance(shape, dict):
        return {key: _symbolic(each, key) for key, each in shape.items()}
    if all(size is None or isinstance(size, int) for size in shape):
        return keras.Input(batch_shape=tuple(shape), name=name)
    return [_symbolic(each, f"{name}_{place}") for place, each in enumerate(shape, start=1)]


def fresh_input(value):
    """Make a new symbolic input like a symbolic tensor; return any other value unchanged."""
    import keras

    if not is_symbolic(value):
        return value
    return keras.Input(batch_shape=tuple(value.shape), dtype=value.dtype)


@contextlib.contextmanager
def trace_call(model, arguments, keywords):
    """Run a subclassed model's `call` on symbolic tensors.

    Yields the outputs. After the `with` block, the model's layers are as before.
    """
    import keras

    with _restored(model):
        with keras.StatelessScope():  # keeps the state and the losses of the model unchanged
            outputs = model.call(*arguments, **keywords)
        yield outputs


@contextlib.contextmanager
def _restored(model):
    """Delete what symbolic calls inside the `with` block record in a model and its layers."""
    before = {
        id(layer): (len(layer._inbound_nodes), len(layer._outbound_nodes))
        for layer in model._flatten_layers()
    }
    try:
        yield
    finally:
        for layer in model._flatten_layers():  # the call may have made new layers
            inbound, outbound = before.get(id(layer), (0, 0))
            del layer._inbound_nodes[inbound:], layer._outbound_nodes[outbound:]
