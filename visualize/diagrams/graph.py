"""The graph of a model: a node per call of a layer, read from Keras's own record of the calls."""

import math
from dataclasses import dataclass, field, replace

from visualize.diagrams import describe
from visualize.diagrams.tracing import (
    build_model,
    fresh_input,
    is_symbolic,
    symbolic_arguments,
    trace_call,
)
from visualize.errors import UnbuiltModelError


@dataclass(frozen=True)
class Tensor:
    """Shape with batch axis, data type, and the key where a layer takes or gives a dictionary."""

    shape: tuple
    dtype: str
    key: str | None = None


@dataclass(frozen=True)
class Node:
    """One call of one layer."""

    key: str  # stable: the same for the same architecture
    name: str
    kind: str  # name of the layer's class
    family: describe.Family
    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()
    parameters: int = 0
    trainable: bool | None = None  # None: nothing to train
    config: dict = field(default_factory=dict, repr=False)
    group: str | None = None
    layer: int | None = None  # the same number for all calls of one layer
    call: int = 1
    calls: int = 1
    framed: bool = False  # a frame around it says already which call it is
    output: bool = False  # an output of the model: no layer, a label only


@dataclass(frozen=True)
class Group:
    """Nodes in one frame: a nested model, a wrapper, or one copy of a repeated block."""

    key: str
    title: str
    parent: str | None = None
    times: int = 1
    call: int = 1
    calls: int = 1
    layer: int | None = None


@dataclass(frozen=True)
class Edge:
    """A tensor that goes from one call to another."""

    source: str
    target: str
    label: str = ""
    tree: bool = False  # no tensor, only "has the layer"


@dataclass(frozen=True)
class Graph:
    """Nodes in an order where every source comes before its targets, edges and groups."""

    name: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    groups: dict[str, Group]
    note: str = ""  # what the reader of the picture has to know


def read(model, *, input_shape=None, depth=1, expand_wrappers=True):
    """Read the graph of a model.

    Args:
        model: a keras.Model.
        input_shape: shape of one input without the batch axis, or a list or dictionary of them:
            builds a model that has no shapes yet, and traces a subclassed model.
        depth: how many levels of nested models to open.
        expand_wrappers: whether to open wrappers such as Bidirectional.

    Returns:
        A Graph.

    Raises:
        UnbuiltModelError: if the model has no shapes and input_shape is None.
    """
    if input_shape is not None and not model.built:
        build_model(model, input_shape)
    if not model.built:
        raise UnbuiltModelError(
            f"model {model.name!r} is not built: give its input_shape=, call "
            "model.build(input_shape) or give it a batch."
        )
    reader = _Reader(depth, expand_wrappers)
    if _is_graph(model):
        reader.top(model.inputs, model.outputs, _input_names(model), _output_struct(model))
        return reader.graph(model.name)
    arguments = symbolic_arguments(model, input_shape)
    if arguments is None:
        why = "give input_shape= to trace its call"
    else:
        try:
            with trace_call(model, *arguments) as outputs:
                reader.traced(arguments, outputs)
                return reader.graph(model.name)
        except Exception as error:  # the user's own `call` may raise anything on symbolic tensors
            why = f"its call cannot be traced ({type(error).__name__})"
    reader = _Reader(depth, expand_wrappers)
    reader.attributes(model)
    return reader.graph(model.name, note=f"not traced: {why}; these are the layers that it holds")


class _Reader:
    """Collects nodes, edges and groups while it walks through a model."""

    def __init__(self, depth, expand_wrappers):
        self.depth = depth
        self.expand_wrappers = expand_wrappers
        self.nodes, self.edges, self.groups = [], {}, {}
        self.numbers = {}  # id of a layer -> its number
        self.kept = []  # layers whose ids are in use stay alive

    def graph(self, name, note=""):
        """Return what was collected, every call numbered."""
        calls, titles = {}, {}
        for node in self.nodes:
            calls.setdefault(node.layer, []).append(node.key)
        for group in self.groups.values():
            titles.setdefault(group.layer, []).append(group.key)
        groups = {
            key: replace(
                group,
                call=titles[group.layer].index(key) + 1,
                calls=len(titles[group.layer]),
            )
            for key, group in self.groups.items()
        }
        nodes = tuple(
            node if node.layer is None else self._numbered(node, calls[node.layer], groups)
            for node in self.nodes
        )
        return Graph(name, nodes, tuple(self.edges.values()), groups, note)

    def _numbered(self, node, calls, groups):
        group, around = groups.get(node.group), []
        while group is not None:
            around.append(group.calls)
            group = groups.get(group.parent)
        return replace(
            node,
            call=calls.index(node.key) + 1,
            calls=len(calls),
            framed=len(calls) in around,
        )

    def top(self, inputs, outputs, names, output_struct):
        """Read the outermost model: its inputs and outputs become nodes too."""
        sources = {}
        for tensor, name in zip(inputs, names, strict=True):
            operation = tensor._keras_history.operation
            sources[_history(tensor)] = self.add(
                name, operation, outputs=[tensor], kind="InputLayer", group=None
            )
        self.walk(outputs, sources, None, 0)
        for tensor, key in zip(outputs, _keys(output_struct, outputs), strict=True):
            name = key or ("" if len(outputs) == 1 else tensor._keras_history.operation.name)
            node = Node(
                key=f"node{len(self.nodes) + 1}",
                name=name,
                kind="Output",
                family=describe.FAMILIES[0],
                inputs=(_tensor(tensor, key),),
                outputs=(_tensor(tensor, key),),
                output=True,
            )
            self.nodes.append(node)
            self.connect(sources[_history(tensor)], node.key)

    def traced(self, arguments, outputs):
        """Read what a subclassed model's `call` recorded."""
        tree = _tree()
        inputs = [each for each in tree.flatten(arguments) if is_symbolic(each)]
        names = [tensor.name for tensor in inputs]
        self.top(inputs, tree.flatten(outputs), names, outputs)

    def attributes(self, model, parent=None, group=None, level=0):
        """Read the layers that a model holds, without knowing how it calls them."""
        if parent is None:
            parent = self.add(model.name, model, group=group)
        for layer in model.layers:
            key = self.add(layer.name, layer, group=group)
            label = _attribute(model, layer)
            self.edges[parent, key, label] = Edge(parent, key, label, tree=True)
            if getattr(layer, "layers", None) and level < self.depth:
                self.attributes(layer, key, group, level + 1)

    def walk(self, outputs, sources, group, level):
        """Read the calls that lead to some tensors.

        Args:
            outputs: the tensors.
            sources: {history of a tensor: key of its node} of the inputs; filled on the way.
            group: key of the group that the calls belong to.
            level: how deep the model is nested.
        """
        for call in _order(outputs, sources):
            operation = call.operation
            incoming = [
                (sources[_history(tensor)], _edge_label(call, tensor))
                for tensor in call.input_tensors
            ]
            ends = self.open(operation, call, incoming, group, level)
            if ends is None:
                keys = _keys(_result(operation, call), call.output_tensors)
                key = self.add(
                    operation.name, operation, call.input_tensors, call.output_tensors, group,
                    input_keys=_argument_keys(call), output_keys=keys,
                )  # fmt: skip
                for source, label in incoming:
                    self.connect(source, key, label)
                ends = [key] * len(call.output_tensors)
            for tensor, end in zip(call.output_tensors, ends, strict=True):
                sources[_history(tensor)] = end

    def open(self, operation, call, incoming, group, level):
        """Draw what is inside a nested model or a wrapper.

        Returns:
            The key of the node that makes each output, or None if the call stays one node.
        """
        if _is_model(operation):
            return self.open_model(operation, call, incoming, group, level)
        if self.expand_wrappers and _inner_layers(operation):
            return self.open_wrapper(operation, call, incoming, group, level)
        return None

    def open_model(self, model, call, incoming, group, level):
        """Draw the layers of a nested model; None beyond the depth, or if it cannot be traced."""
        if level >= self.depth:
            return None
        inner = self.add_group(model, type(model).__name__, group)
        if _is_graph(model):
            given = incoming[: len(model.inputs)]
            if len(given) < len(model.inputs):
                del self.groups[inner]
                return None
            sources = {
                _history(tensor): source
                for tensor, (source, _) in zip(model.inputs, given, strict=True)
            }
            self.walk(model.outputs, sources, inner, level + 1)
            return [sources[_history(tensor)] for tensor in model.outputs]
        before = len(self.nodes), dict(self.edges), dict(self.groups)
        try:
            tree = _tree()
            arguments = tree.map_structure(
                fresh_input, (list(call.arguments.args), dict(call.arguments.kwargs))
            )
            with trace_call(model, *arguments) as outputs:
                given = [each for each in tree.flatten(arguments) if is_symbolic(each)]
                sources = {
                    _history(tensor): source
                    for tensor, (source, _) in zip(given, incoming, strict=True)
                }
                outputs = tree.flatten(outputs)
                self.walk(outputs, sources, inner, level + 1)
                return [sources[_history(tensor)] for tensor in outputs]
        except Exception:  # the user's own `call` may raise anything on symbolic tensors
            del self.nodes[before[0] :]
            self.edges, self.groups = before[1], before[2]
            del self.groups[inner]
            return None

    def open_wrapper(self, wrapper, call, incoming, group, level):
        """Draw the layers inside a wrapper, which all get the wrapper's input."""
        inner = self.add_group(wrapper, type(wrapper).__name__, group)
        ends = []
        layers = _inner_layers(wrapper)
        merged = len(layers) > 1
        for layer in layers:
            opened = None
            if _is_model(layer) and _is_graph(layer):
                opened = self.open_model(layer, call, incoming, inner, level)
            if opened:
                ends.append(opened[0])
                continue
            # Inside a wrapper the shapes are its own: those of the whole are at its end.
            outputs = [] if merged else call.output_tensors
            key = self.add(layer.name, layer, call.input_tensors, outputs, inner)
            for source, label in incoming:
                self.connect(source, key, label)
            ends.append(key)
        if merged:
            mode = getattr(wrapper, "merge_mode", None) or "both"
            key = self.add(
                mode, None, (), call.output_tensors, inner, kind={"concat": "Concatenate"}.get(
                    mode, mode.capitalize()
                ),
            )  # fmt: skip
            for end in ends:
                self.connect(end, key)
            ends = [key]
        return ends[:1] * len(call.output_tensors)

    def add(
        self, name, layer, inputs=(), outputs=(), group=None, kind=None, input_keys=(),
        output_keys=(),
    ):  # fmt: skip
        """Add a node and return its key."""
        classes = [each.__name__ for each in type(layer).__mro__] if layer is not None else []
        kind = kind or _kind(layer)
        weights = getattr(layer, "weights", None) or []
        node = Node(
            key=f"node{len(self.nodes) + 1}",
            name=name,
            kind=kind,
            family=describe.family([kind, *classes], _is_model(layer)),
            inputs=_tensors(inputs, input_keys),
            outputs=_tensors(outputs, output_keys),
            parameters=sum(math.prod(weight.shape) for weight in weights),
            trainable=bool(layer.trainable) if weights else None,
            config=_config(layer),
            group=group,
            layer=None if layer is None else self.number(layer),
        )
        self.nodes.append(node)
        return node.key

    def add_group(self, layer, kind, parent):
        """Add a group and return its key."""
        key = f"group{len(self.groups) + 1}"
        self.groups[key] = Group(key, f"{layer.name} ({kind})", parent, layer=self.number(layer))
        return key

    def connect(self, source, target, label=""):
        """Add an edge, once."""
        self.edges.setdefault((source, target, label), Edge(source, target, label))

    def number(self, layer):
        """Return a number that is the same for all calls of a layer."""
        if id(layer) not in self.numbers:
            self.kept.append(layer)
        return self.numbers.setdefault(id(layer), len(self.numbers) + 1)


def _order(outputs, sources):
    """List the calls that lead to some tensors, every call behind those that it needs."""
    found, done = [], set()
    waiting = [
        (_call(tensor), False) for tensor in reversed(outputs) if not _known(tensor, sources)
    ]
    while waiting:
        call, ready = waiting.pop()
        if id(call) in done:
            continue
        if ready:
            done.add(id(call))
            found.append(call)
            continue
        waiting.append((call, True))
        for tensor in reversed(call.input_tensors):
            if not _known(tensor, sources) and id(_call(tensor)) not in done:
                waiting.append((_call(tensor), False))
    return found


def _known(tensor, sources):
    return _history(tensor) in sources


def _call(tensor):
    history = tensor._keras_history
    return history.operation._inbound_nodes[history.node_index]


def _history(tensor):
    """What names a symbolic tensor: the call that made it, and which of its outputs it is."""
    history = tensor._keras_history
    return id(history.operation), history.node_index, history.tensor_index


def _is_graph(model):
    """Whether Keras has the graph of this model: it is Functional, or Sequential and built."""
    inputs, outputs = getattr(model, "inputs", None), getattr(model, "outputs", None)
    return bool(inputs) and bool(outputs) and all(map(is_symbolic, _tree().flatten(outputs)))


def _is_model(layer):
    import keras

    return isinstance(layer, keras.Model)


def _tree():
    import keras

    return keras.tree


def _inner_layers(layer):
    """The layers inside a wrapper, [] if it is none."""
    import keras

    if isinstance(layer, keras.layers.Bidirectional):
        return [layer.forward_layer, layer.backward_layer]
    return [layer.layer] if isinstance(layer, keras.layers.Wrapper) else []


def _kind(layer):
    inner = _inner_layers(layer)
    kind = type(layer).__name__
    return f"{kind}({type(inner[0]).__name__})" if inner else kind


def _input_names(model):
    """Names of the inputs: the keys of a dictionary, otherwise those of the input layers."""
    names = [tensor._keras_history.operation.name for tensor in model.inputs]
    struct = getattr(model, "_inputs_struct", None)
    return [key or name for key, name in zip(_keys(struct, model.inputs), names, strict=True)]


def _output_struct(model):
    functional = getattr(model, "_functional", None) or model  # Sequential has one inside
    return getattr(functional, "_outputs_struct", None)


def _keys(struct, tensors):
    """The key under which each tensor lies in a structure, None outside of dictionaries."""
    paths = [path for path, _ in _tree().flatten_with_path(struct)] if struct is not None else []
    if len(paths) != len(tensors):
        return [None] * len(tensors)
    return [
        " ".join(str(part) for part in path)
        if any(isinstance(part, str) for part in path)
        else None
        for path in paths
    ]


def _result(operation, call):
    """The structure that a call returned, None where it is one tensor or cannot be told."""
    if len(call.output_tensors) == 1 and not _is_model(operation):
        return None
    struct = _output_struct(operation)
    if struct is not None:
        return struct
    try:
        return operation.compute_output_spec(*call.arguments.args, **call.arguments.kwargs)
    except Exception:  # a user's layer; without keys the picture is still right
        return None


def _argument_keys(call):
    """The key of each input of a call that got a dictionary."""
    paths = _tree().flatten_with_path((call.arguments.args, call.arguments.kwargs))
    paths = [path[2:] for path, value in paths if is_symbolic(value)]
    return [" ".join(str(part) for part in path) or None for path in paths if path] or ()


def _edge_label(call, tensor):
    """Keyword that a tensor went in by, if it is no ordinary input: "mask", "initial_state"."""
    for keyword, value in call.arguments.kwargs.items():
        if any(each is tensor for each in _tree().flatten(value)):
            return "" if keyword in ("inputs", "x") else keyword
    return ""


def _tensors(tensors, keys):
    keys = list(keys) if len(keys) == len(tensors) else [None] * len(tensors)
    return tuple(_tensor(tensor, key) for tensor, key in zip(tensors, keys, strict=True))


def _tensor(tensor, key):
    return Tensor(tuple(tensor.shape), str(tensor.dtype), key)


def _config(layer):
    try:
        config = layer.get_config()
    except Exception:  # a user's layer without one; its box has less to say
        return {}
    return config if isinstance(config, dict) else {}


def _attribute(model, layer):
    """The name of the attribute that holds a layer, "" if there is none."""
    for name, value in vars(model).items():
        if name.startswith("_"):
            continue
        if value is layer:
            return name
        if isinstance(value, list | tuple) and any(each is layer for each in value):
            return f"{name}[{[each is layer for each in value].index(True)}]"
    return ""
