"""The graph of a model: one node for each call of a layer, from Keras's record of the calls."""

import math
from dataclasses import dataclass, field, replace

from visualize.diagrams import call_records, describe
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
    """Shape with batch axis, data type, and the key if the tensor lies in a dictionary."""

    shape: tuple
    dtype: str
    key: str | None = None


@dataclass(frozen=True)
class Node:
    """One call of one layer."""

    key: str  # the same for the same architecture
    name: str
    kind: str  # name of the layer's class
    family: describe.Family
    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()
    parameters: int = 0
    trainable: bool | None = None  # None: the layer has no weights
    config: dict = field(default_factory=dict, repr=False)
    group: str | None = None
    layer: int | None = None  # the same number for all calls of one layer
    call: int = 1
    calls: int = 1
    framed: bool = False  # a frame around the node already shows the number of the call
    output: bool = False  # an output of the model: a label, not a layer


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
    tree: bool = False  # not a tensor: the source holds the target as one of its layers


@dataclass(frozen=True)
class Graph:
    """Nodes in an order where every source comes before its targets, edges and groups."""

    name: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    groups: dict[str, Group]
    note: str = ""  # a remark for the caption


def read(model, *, input_shape=None, depth=1, expand_wrappers=True):
    """Read the graph of a model.

    Args:
        model: a keras.Model.
        input_shape: shape of one input without the batch axis, or a list or dictionary of them.
            It builds a model that is not built, and is used to trace a subclassed model.
        depth: how many levels of nested models to open.
        expand_wrappers: whether to open wrappers such as Bidirectional.

    Returns:
        A Graph.

    Raises:
        UnbuiltModelError: if the model is not built and input_shape is None.
    """
    if input_shape is not None and not model.built:
        build_model(model, input_shape)
    if not model.built:
        raise UnbuiltModelError(
            f"model {model.name!r} is not built: give its input_shape=, call "
            "model.build(input_shape) or call the model on a batch."
        )

    reader = _Reader(depth, expand_wrappers)
    if call_records.is_graph(model):
        names = call_records.input_names(model)
        structure = call_records.output_structure(model)
        reader.read_model(model.inputs, model.outputs, names, structure)
        return reader.graph(model.name)

    arguments = symbolic_arguments(model, input_shape)
    if arguments is None:
        why = "give input_shape= to trace its call"
    else:
        try:
            with trace_call(model, *arguments) as outputs:
                reader.read_traced(arguments, outputs)
                return reader.graph(model.name)
        except Exception as error:  # the user's own `call` may raise anything on symbolic tensors
            why = f"its call cannot be traced ({type(error).__name__})"

    reader = _Reader(depth, expand_wrappers)
    reader.read_attributes(model)
    return reader.graph(model.name, note=f"not traced: {why}; these are the layers that it holds")


class _Reader:
    """Collects nodes, edges and groups on a walk through a model.

    The walk remembers `sources`, {history of a tensor: key of the node that makes it}.
    """

    def __init__(self, depth, expand_wrappers):
        self.depth = depth
        self.expand_wrappers = expand_wrappers
        self.nodes = []
        self.edges = {}  # {(source, target, label): Edge}
        self.groups = {}  # {key: Group}
        self.numbers = {}  # {id of a layer: its number}
        self.kept = []  # references to the layers, so that no id is used again

    def graph(self, name, note=""):
        """Return the Graph, with every call numbered."""
        groups_of_layer = {}
        for group in self.groups.values():
            groups_of_layer.setdefault(group.layer, []).append(group.key)
        groups = {
            key: replace(
                group,
                call=groups_of_layer[group.layer].index(key) + 1,
                calls=len(groups_of_layer[group.layer]),
            )
            for key, group in self.groups.items()
        }

        calls_of_layer = {}
        for node in self.nodes:
            calls_of_layer.setdefault(node.layer, []).append(node.key)
        nodes = tuple(
            node if node.layer is None else _numbered(node, calls_of_layer[node.layer], groups)
            for node in self.nodes
        )
        return Graph(name, nodes, tuple(self.edges.values()), groups, note)

    def read_model(self, inputs, outputs, names, output_structure):
        """Read the outermost model; its inputs and outputs become nodes too."""
        sources = {}
        for tensor, name in zip(inputs, names, strict=True):
            operation = tensor._keras_history.operation
            sources[call_records.history(tensor)] = self.add(
                name, operation, outputs=[tensor], kind="InputLayer", group=None
            )

        self.walk(outputs, sources, None, 0)

        keys = call_records.structure_keys(output_structure, outputs)
        for tensor, key in zip(outputs, keys, strict=True):
            only_one = len(outputs) == 1
            node = Node(
                key=f"node{len(self.nodes) + 1}",
                name=key or ("" if only_one else tensor._keras_history.operation.name),
                kind="Output",
                family=describe.FAMILIES[0],
                inputs=(_tensor(tensor, key),),
                outputs=(_tensor(tensor, key),),
                output=True,
            )
            self.nodes.append(node)
            self.connect(sources[call_records.history(tensor)], node.key)

    def read_traced(self, arguments, outputs):
        """Read the calls that were recorded while a subclassed model's `call` ran."""
        tree = call_records.tree()
        inputs = [each for each in tree.flatten(arguments) if is_symbolic(each)]
        names = [tensor.name for tensor in inputs]
        self.read_model(inputs, tree.flatten(outputs), names, outputs)

    def read_attributes(self, model, parent=None, group=None, level=0):
        """Read the layers that a model holds; how it calls them is unknown."""
        if parent is None:
            parent = self.add(model.name, model, group=group)
        for layer in model.layers:
            key = self.add(layer.name, layer, group=group)
            label = call_records.attribute_of(model, layer)
            self.edges[parent, key, label] = Edge(parent, key, label, tree=True)
            if getattr(layer, "layers", None) and level < self.depth:
                self.read_attributes(layer, key, group, level + 1)

    def walk(self, outputs, sources, group, level):
        """Read the calls that lead to some tensors.

        Args:
            outputs: the tensors.
            sources: {history of a tensor: key of its node} of the inputs. The walk adds to it.
            group: key of the group that the calls belong to.
            level: how deep the model is nested.
        """
        for call in call_records.calls_in_order(outputs, sources):
            operation = call.operation
            incoming = [
                (sources[call_records.history(tensor)], call_records.keyword_of(call, tensor))
                for tensor in call.input_tensors
            ]
            ends = self.open(operation, call, incoming, group, level)
            if ends is None:
                ends = self.add_call(operation, call, incoming, group)
            for tensor, end in zip(call.output_tensors, ends, strict=True):
                sources[call_records.history(tensor)] = end

    def add_call(self, operation, call, incoming, group):
        """Add a call as one node; return the key of the node for each output."""
        key = self.add(
            operation.name,
            operation,
            call.input_tensors,
            call.output_tensors,
            group,
            input_keys=call_records.argument_keys(call),
            output_keys=call_records.output_keys(operation, call),
        )
        for source, label in incoming:
            self.connect(source, key, label)
        return [key] * len(call.output_tensors)

    def open(self, operation, call, incoming, group, level):
        """Add the nodes inside a nested model or a wrapper.

        Returns:
            The key of the node that makes each output, or None if the call stays one node.
        """
        if call_records.is_model(operation):
            return self.open_model(operation, call, incoming, group, level)
        if self.expand_wrappers and call_records.inner_layers(operation):
            return self.open_wrapper(operation, call, incoming, group, level)
        return None

    def open_model(self, model, call, incoming, group, level):
        """Add the layers of a nested model; None beyond the depth, or if it cannot be traced."""
        if level >= self.depth:
            return None
        if not call_records.is_graph(model):
            return self.open_traced(model, call, incoming, group, level)
        if len(incoming) < len(model.inputs):
            return None

        inner = self.add_group(model, type(model).__name__, group)
        sources = {
            call_records.history(tensor): source
            for tensor, (source, _) in zip(model.inputs, incoming, strict=False)
        }
        self.walk(model.outputs, sources, inner, level + 1)
        return [sources[call_records.history(tensor)] for tensor in model.outputs]

    def open_traced(self, model, call, incoming, group, level):
        """Add the layers of a nested subclassed model; None if it cannot be traced."""
        tree = call_records.tree()
        count, edges, groups = len(self.nodes), dict(self.edges), dict(self.groups)
        try:
            inner = self.add_group(model, type(model).__name__, group)
            arguments = tree.map_structure(
                fresh_input, (list(call.arguments.args), dict(call.arguments.kwargs))
            )
            with trace_call(model, *arguments) as outputs:
                inputs = [each for each in tree.flatten(arguments) if is_symbolic(each)]
                sources = {
                    call_records.history(tensor): source
                    for tensor, (source, _) in zip(inputs, incoming, strict=True)
                }
                outputs = tree.flatten(outputs)
                self.walk(outputs, sources, inner, level + 1)
                return [sources[call_records.history(tensor)] for tensor in outputs]
        except Exception:  # the user's own `call` may raise anything on symbolic tensors
            del self.nodes[count:]
            self.edges, self.groups = edges, groups
            return None

    def open_wrapper(self, wrapper, call, incoming, group, level):
        """Add the layers inside a wrapper; each gets the wrapper's input."""
        inner = self.add_group(wrapper, type(wrapper).__name__, group)
        layers = call_records.inner_layers(wrapper)
        merged = len(layers) > 1

        ends = []
        for layer in layers:
            opened = None
            if call_records.is_model(layer) and call_records.is_graph(layer):
                opened = self.open_model(layer, call, incoming, inner, level)
            if opened:
                ends.append(opened[0])
                continue

            # The output shapes of the call are those after the merge, not those of each layer.
            outputs = [] if merged else call.output_tensors
            key = self.add(layer.name, layer, call.input_tensors, outputs, inner)
            for source, label in incoming:
                self.connect(source, key, label)
            ends.append(key)

        if merged:
            ends = [self.add_merge(wrapper, call, ends, inner)]
        return ends[:1] * len(call.output_tensors)

    def add_merge(self, wrapper, call, ends, group):
        """Add the node that merges the layers inside Bidirectional; return its key."""
        mode = getattr(wrapper, "merge_mode", None) or "both"
        kind = "Concatenate" if mode == "concat" else mode.capitalize()
        key = self.add(mode, None, (), call.output_tensors, group, kind=kind)
        for end in ends:
            self.connect(end, key)
        return key

    def add(
        self,
        name,
        layer,
        inputs=(),
        outputs=(),
        group=None,
        kind=None,
        input_keys=(),
        output_keys=(),
    ):
        """Add a node and return its key."""
        classes = [each.__name__ for each in type(layer).__mro__] if layer is not None else []
        kind = kind or _kind(layer)
        weights = getattr(layer, "weights", None) or []
        node = Node(
            key=f"node{len(self.nodes) + 1}",
            name=name,
            kind=kind,
            family=describe.family([kind, *classes], call_records.is_model(layer)),
            inputs=_tensors(inputs, input_keys),
            outputs=_tensors(outputs, output_keys),
            parameters=sum(math.prod(weight.shape) for weight in weights),
            trainable=bool(layer.trainable) if weights else None,
            config=call_records.configuration(layer),
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
        """Add an edge, unless it is there already."""
        self.edges.setdefault((source, target, label), Edge(source, target, label))

    def number(self, layer):
        """Return a number that is the same for all calls of a layer."""
        if id(layer) not in self.numbers:
            self.kept.append(layer)
        return self.numbers.setdefault(id(layer), len(self.numbers) + 1)


def _numbered(node, calls, groups):
    """Set which of the layer's calls a node is, and whether a frame around it shows that."""
    calls_of_frames = []
    group = groups.get(node.group)
    while group is not None:
        calls_of_frames.append(group.calls)
        group = groups.get(group.parent)

    return replace(
        node,
        call=calls.index(node.key) + 1,
        calls=len(calls),
        framed=len(calls) in calls_of_frames,
    )


def _kind(layer):
    """Return the class of a layer; of a wrapper also the class inside: Bidirectional(LSTM)."""
    inner = call_records.inner_layers(layer)
    kind = type(layer).__name__
    return f"{kind}({type(inner[0]).__name__})" if inner else kind


def _tensors(tensors, keys):
    """Describe tensors; the keys count only if there is one for each tensor."""
    keys = list(keys) if len(keys) == len(tensors) else [None] * len(tensors)
    return tuple(_tensor(tensor, key) for tensor, key in zip(tensors, keys, strict=True))


def _tensor(tensor, key):
    return Tensor(tuple(tensor.shape), str(tensor.dtype), key)
