"""Read what Keras records about the calls of layers.

Keras keeps a record (a `Node` of Keras) of each call of a layer on symbolic tensors: the arguments,
the input tensors and the output tensors. Each symbolic tensor knows the call that made it.
"""

from visualize.diagrams.tracing import is_symbolic


def tree():
    """Return `keras.tree`, which handles nested structures of tensors."""
    import keras

    return keras.tree


def calls_in_order(outputs, sources):
    """List the calls that lead to some tensors, each call after those that it needs.

    Args:
        outputs: the symbolic tensors.
        sources: {history of a tensor: ...} of the tensors where the search stops.
    """
    ordered, done = [], set()

    # A stack of (call, whether the calls that it needs are in `ordered` already).
    waiting = [
        (call_of(tensor), False) for tensor in reversed(outputs) if history(tensor) not in sources
    ]
    while waiting:
        call, ready = waiting.pop()
        if id(call) in done:
            continue
        if ready:
            done.add(id(call))
            ordered.append(call)
            continue

        waiting.append((call, True))
        for tensor in reversed(call.input_tensors):
            if history(tensor) not in sources and id(call_of(tensor)) not in done:
                waiting.append((call_of(tensor), False))
    return ordered


def call_of(tensor):
    """Return the record of the call that made a symbolic tensor."""
    record = tensor._keras_history
    return record.operation._inbound_nodes[record.node_index]


def history(tensor):
    """Identify a symbolic tensor: the layer, the number of its call, the number of the output."""
    record = tensor._keras_history
    return id(record.operation), record.node_index, record.tensor_index


def is_graph(model):
    """Whether Keras has the graph of a model: it is Functional, or Sequential and built."""
    inputs, outputs = getattr(model, "inputs", None), getattr(model, "outputs", None)
    return bool(inputs) and bool(outputs) and all(map(is_symbolic, tree().flatten(outputs)))


def is_model(layer):
    """Whether a layer is a model."""
    import keras

    return isinstance(layer, keras.Model)


def inner_layers(layer):
    """List the layers inside a wrapper; [] if the layer is no wrapper."""
    import keras

    if isinstance(layer, keras.layers.Bidirectional):
        return [layer.forward_layer, layer.backward_layer]
    if isinstance(layer, keras.layers.Wrapper):
        return [layer.layer]
    return []


def input_names(model):
    """List the names of the inputs: the keys of a dictionary, otherwise those of input layers."""
    names = [tensor._keras_history.operation.name for tensor in model.inputs]
    keys = structure_keys(getattr(model, "_inputs_struct", None), model.inputs)
    return [key or name for key, name in zip(keys, names, strict=True)]


def output_structure(model):
    """Return the structure (tensor, list or dictionary) that a model outputs, None if unknown."""
    functional = getattr(model, "_functional", None) or model  # Sequential has a Functional inside
    return getattr(functional, "_outputs_struct", None)


def structure_keys(structure, tensors):
    """List the key of each tensor in a structure; None for a tensor outside dictionaries."""
    if structure is None:
        return [None] * len(tensors)
    paths = [path for path, _ in tree().flatten_with_path(structure)]
    if len(paths) != len(tensors):
        return [None] * len(tensors)

    keys = []
    for path in paths:
        in_dictionary = any(isinstance(part, str) for part in path)
        keys.append(" ".join(str(part) for part in path) if in_dictionary else None)
    return keys


def output_keys(operation, call):
    """List the key of each output of a call; None for outputs outside dictionaries."""
    return structure_keys(_call_structure(operation, call), call.output_tensors)


def _call_structure(operation, call):
    """Return the structure that a call returned, None if it is one tensor or unknown."""
    if len(call.output_tensors) == 1 and not is_model(operation):
        return None
    structure = output_structure(operation)
    if structure is not None:
        return structure
    try:
        return operation.compute_output_spec(*call.arguments.args, **call.arguments.kwargs)
    except Exception:  # a custom layer; the picture is right without keys too
        return None


def argument_keys(call):
    """List the key of each input of a call that was given a dictionary."""
    arguments = (call.arguments.args, call.arguments.kwargs)
    paths = [
        path[2:]  # the first two parts name the argument, the others lie inside it
        for path, value in tree().flatten_with_path(arguments)
        if is_symbolic(value)
    ]
    return [" ".join(str(part) for part in path) or None for path in paths if path]


def keyword_of(call, tensor):
    """Return the keyword of an argument such as "mask" or "initial_state", "" for plain inputs."""
    for keyword, value in call.arguments.kwargs.items():
        if any(each is tensor for each in tree().flatten(value)):
            return "" if keyword in ("inputs", "x") else keyword
    return ""


def attribute_of(model, layer):
    """Return the name of the model's attribute that holds a layer, "" if there is none."""
    for name, value in vars(model).items():
        if name.startswith("_"):
            continue
        if value is layer:
            return name
        if isinstance(value, list | tuple):
            for place, each in enumerate(value):
                if each is layer:
                    return f"{name}[{place}]"
    return ""


def configuration(layer):
    """Return a layer's configuration, {} if it has none."""
    try:
        config = layer.get_config()
    except Exception:  # a custom layer without a configuration; its box has less text
        return {}
    return config if isinstance(config, dict) else {}
