"""Models from files and from functions, for the command line; nothing in a file is ever run."""

import importlib
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

from visualize.diagrams import describe
from visualize.diagrams.graph import Edge, Graph, Group, Node, Tensor
from visualize.errors import VisualizeError

ENDINGS = (".keras", ".h5", ".hdf5", ".json")


def load(name):
    """Load a model to draw.

    Args:
        name: path of a .keras, .h5 or .json file, or "package.module:function" that builds one.

    Returns:
        A keras.Model, its weights not necessarily those saved. If Keras cannot make it in safe
        mode, because of custom layers that it does not know or of Lambda layers, a Graph of the
        file's configuration.

    Raises:
        VisualizeError: if there is no such file, or no model in it.
    """
    if Path(name).suffix.lower() not in ENDINGS and ":" in name:
        return _build(name)
    config = _configuration(Path(name))
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict):
        raise VisualizeError(f"{name}: no model configuration in it; save the whole model.")
    import keras

    # How it was trained is not drawn, and custom losses need not be there.
    drawn = {key: value for key, value in config.items() if key != "compile_config"}
    try:
        if Path(name).suffix.lower() in (".h5", ".hdf5"):  # a configuration of their own kind
            model = keras.models.load_model(name, compile=False, safe_mode=True)
        else:
            model = keras.models.model_from_json(json.dumps(drawn))  # in safe mode
    except Exception as error:  # whatever a custom layer lacks: draw it as a box with its name
        return read_configuration(drawn, _reason(error))
    return model if model.built else read_configuration(drawn, "it was saved without shapes")


def _reason(error):
    """Why Keras did not make a model, in a few words."""
    unknown = dict.fromkeys(
        re.findall(r"(?:Could not locate (?:class|function)|Unknown \w+:) '([^']+)'", str(error))
    )
    if unknown:
        return f"Keras does not know {', '.join(unknown)}"
    if "Lambda" in str(error) or "lambda" in str(error):
        return "it has Lambda layers, whose code is not run"
    return f"Keras does not load it ({type(error).__name__})"


def _build(name):
    import keras

    module, _, function = name.partition(":")
    try:
        builder = getattr(importlib.import_module(module), function)
    except ModuleNotFoundError as error:
        raise VisualizeError(f"{name}: there is no module {error.name!r} here.") from error
    except AttributeError as error:
        raise VisualizeError(f"{name}: module {module} has no {function!r}.") from error
    if not callable(builder):
        raise VisualizeError(f"{name}: {function!r} is no function.")
    try:
        model = builder()
    except TypeError as error:
        raise VisualizeError(f"{name}: it must work without arguments ({error}).") from error
    if not isinstance(model, keras.Model):
        raise VisualizeError(f"{name}: it returned a {type(model).__name__}, not a keras.Model.")
    return model


def _configuration(path):
    """Read the architecture that a file holds."""
    if not path.is_file():
        raise VisualizeError(f"{path}: there is no such file.")
    kind = path.suffix.lower()
    try:
        if kind == ".keras":
            with zipfile.ZipFile(path) as archive:
                return json.loads(archive.read("config.json"))
        if kind == ".json":
            return json.loads(path.read_text(encoding="utf-8"))
        if kind in (".h5", ".hdf5"):
            import h5py

            with h5py.File(path, "r") as file:
                text = file.attrs.get("model_config", "null")
            return json.loads(text)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise VisualizeError(f"{path}: it cannot be read as a {kind} file ({error}).") from error
    raise VisualizeError(f"{path}: give a {', '.join(ENDINGS)} file, or package.module:function.")


def read_configuration(config, why):
    """Read the graph that a model's configuration describes, without making one layer.

    Args:
        config: the configuration of a Functional or Sequential model, as Keras saves it; of other
            models only a box can be drawn.
        why: why Keras does not make the model.

    Returns:
        A Graph. Shapes are those that the file holds.
    """
    reader = _Reader()
    name = config["config"].get("name") or config.get("class_name", "model")
    reader.model(config, None, [])
    calls = {}
    for node in reader.nodes:
        calls.setdefault((node.name, node.kind), []).append(node.key)
    nodes = []
    for node in reader.nodes:
        keys = calls[node.name, node.kind]
        nodes.append(replace(node, call=keys.index(node.key) + 1, calls=len(keys)))
    return Graph(
        name,
        tuple(nodes),
        tuple(reader.edges),
        reader.groups,
        note=f"drawn from its configuration: {why}",
    )


class _Reader:
    def __init__(self):
        self.nodes, self.edges, self.groups = [], [], {}

    def model(self, config, group, sources):
        """Read a model; returns {index of an output: key of the node that makes it}."""
        inside = config["config"]
        described = inside.get("layers") if isinstance(inside, dict) else None
        if not described:
            return self.box(config, group, sources)
        if config.get("class_name") == "Sequential" or "input_layers" not in inside:
            return self.chain(described, group, sources)
        return self.functional(inside, group, sources)

    def chain(self, described, group, sources):
        """Read a Sequential model."""
        last = sources
        for layer in described:
            if layer.get("class_name") == "InputLayer" and sources:
                continue
            last = [self.layer(layer, group, last)]
        return last

    def functional(self, config, group, sources):
        """Read a Functional model, every call behind those that it needs."""
        layers = {_name(layer): layer for layer in config["layers"]}
        made = {}  # (layer, call) -> keys of nodes
        inputs = _histories(config.get("input_layers") or [])
        for place, (name, call) in enumerate(inputs):
            if place < len(sources):
                made[name, call] = [sources[place]]
        waiting = [
            (name, call)
            for name, layer in layers.items()
            for call in range(max(1, len(layer.get("inbound_nodes") or [])))
        ]
        while waiting:
            left = []
            for name, call in waiting:
                calls = layers[name].get("inbound_nodes") or []
                needed = _histories(calls[call]) if call < len(calls) else []
                if any(each not in made for each in needed):
                    left.append((name, call))
                elif (name, call) not in made:
                    given = [made[each][-1] for each in needed]
                    made[name, call] = [self.layer(layers[name], group, given)]
            if len(left) == len(waiting):
                raise VisualizeError("the file's layers refer to layers that are not in it.")
            waiting = left
        outputs = _histories(config.get("output_layers") or [])
        return [made[each][-1] for each in outputs if each in made]

    def layer(self, config, group, sources):
        """Read one call of a layer; returns the key of the node that makes its output."""
        inside = config.get("config")
        if isinstance(inside, dict) and inside.get("layers") and group is None:
            key = f"group{len(self.groups) + 1}"
            title = f"{_name(config)} ({config.get('class_name', 'Model')})"
            self.groups[key] = Group(key, title)
            ends = self.model(config, key, sources)
            return ends[-1] if ends else self.box(config, group, sources)[0]
        return self.box(config, group, sources)[0]

    def box(self, config, group, sources):
        """Add a node."""
        inside = config.get("config") if isinstance(config.get("config"), dict) else {}
        kind = str(config.get("class_name", "layer"))
        shape = inside.get("batch_shape") or inside.get("batch_input_shape")
        key = f"node{len(self.nodes) + 1}"
        self.nodes.append(
            Node(
                key=key,
                name=_name(config),
                kind=kind,
                family=describe.family([kind], bool(inside.get("layers"))),
                outputs=(Tensor(tuple(shape), str(inside.get("dtype", "?"))),) if shape else (),
                config=inside,
                group=group,
            )
        )
        self.edges += [Edge(source, key) for source in dict.fromkeys(sources)]
        return [key]


def _name(config):
    inside = config.get("config")
    inside = inside if isinstance(inside, dict) else {}
    return str(config.get("name") or inside.get("name") or config.get("class_name", "layer"))


def _histories(value):
    """The (layer, call) that tensors come from, in Keras 3's and in older files."""
    if isinstance(value, dict):
        if "keras_history" in value:
            return [(value["keras_history"][0], value["keras_history"][1])]
        return [each for part in value.values() for each in _histories(part)]
    if isinstance(value, list):
        if len(value) >= 3 and isinstance(value[0], str) and isinstance(value[1], int):
            return [(value[0], value[1])] + _histories(value[3:])
        return [each for part in value for each in _histories(part)]
    return []
