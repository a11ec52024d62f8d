"""Load models from files and functions, for the command line; code in a file is never run."""

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
        name: path of a .keras, .h5 or .json file, or "package.module:function" that builds a model.

    Returns:
        A keras.Model; its weights may differ from the saved ones. If Keras cannot load the file in
        safe mode, because of unknown custom layers or of Lambda layers, a Graph of the file's
        configuration.

    Raises:
        VisualizeError: if the file does not exist or holds no model.
    """
    if Path(name).suffix.lower() not in ENDINGS and ":" in name:
        return _build(name)

    config = _configuration(Path(name))
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict):
        raise VisualizeError(f"{name}: no model configuration in it; save the whole model.")
    import keras

    # The loss and the optimizer are not drawn, so custom ones may be missing.
    architecture = {key: value for key, value in config.items() if key != "compile_config"}
    try:
        if Path(name).suffix.lower() in (".h5", ".hdf5"):  # an older form of configuration
            model = keras.models.load_model(name, compile=False, safe_mode=True)
        else:
            model = keras.models.model_from_json(json.dumps(architecture))  # in safe mode
    except Exception as error:  # a custom layer may fail in any way; it is drawn as a box
        return read_configuration(architecture, _reason(error))
    if not model.built:
        return read_configuration(architecture, "it was saved without shapes")
    return model


def _reason(error):
    """Say in a few words why Keras did not load a model."""
    unknown = dict.fromkeys(
        re.findall(r"(?:Could not locate (?:class|function)|Unknown \w+:) '([^']+)'", str(error))
    )
    if unknown:
        return f"Keras does not know {', '.join(unknown)}"
    if "Lambda" in str(error) or "lambda" in str(error):
        return "it has Lambda layers, whose code is not run"
    return f"Keras does not load it ({type(error).__name__})"


def _build(name):
    """Import "package.module:function" and call the function."""
    import keras

    module, _, function = name.partition(":")
    try:
        builder = getattr(importlib.import_module(module), function)
    except ModuleNotFoundError as error:
        raise VisualizeError(f"{name}: there is no module {error.name!r}.") from error
    except AttributeError as error:
        raise VisualizeError(f"{name}: module {module} has no {function!r}.") from error
    if not callable(builder):
        raise VisualizeError(f"{name}: {function!r} is not a function.")
    try:
        model = builder()
    except TypeError as error:
        raise VisualizeError(f"{name}: it must work without arguments ({error}).") from error
    if not isinstance(model, keras.Model):
        raise VisualizeError(f"{name}: it returned a {type(model).__name__}, not a keras.Model.")
    return model


def _configuration(path):
    """Read the configuration of the model in a file."""
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
            return json.loads(text)  # None if the file holds weights only
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise VisualizeError(f"{path}: it cannot be read as a {kind} file ({error}).") from error
    raise VisualizeError(f"{path}: give a {', '.join(ENDINGS)} file, or package.module:function.")


def read_configuration(config, why):
    """Read a model's graph from its configuration, without building a layer.

    Args:
        config: the configuration of a Functional or Sequential model, as Keras saves it. Any other
            model becomes a single box.
        why: why Keras does not load the model.

    Returns:
        A Graph. It has only the shapes that the file holds.
    """
    reader = _Reader()
    name = config["config"].get("name") or config.get("class_name", "model")
    reader.model(config, None, [])

    # Calls of one layer have the same name and class.
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
    """Collects nodes, edges and groups from nested configurations."""

    def __init__(self):
        self.nodes, self.edges, self.groups = [], [], {}

    def model(self, config, group, sources):
        """Read a model.

        Args:
            config: the configuration of the model.
            group: key of the group that its nodes belong to, or None.
            sources: keys of the nodes that make its inputs.

        Returns:
            The keys of the nodes that make its outputs.
        """
        inside = config["config"]
        layers = inside.get("layers") if isinstance(inside, dict) else None
        if not layers:
            return self.box(config, group, sources)
        if config.get("class_name") == "Sequential" or "input_layers" not in inside:
            return self.chain(layers, group, sources)
        return self.functional(inside, group, sources)

    def chain(self, layers, group, sources):
        """Read a Sequential model; see `model`."""
        last = sources
        for layer in layers:
            if layer.get("class_name") == "InputLayer" and sources:
                continue
            last = [self.layer(layer, group, last)]
        return last

    def functional(self, config, group, sources):
        """Read a Functional model, each call after those that it needs; see `model`."""
        layers = {_name(layer): layer for layer in config["layers"]}
        made = {}  # {(layer, call): key of its node}
        inputs = _calls(config.get("input_layers") or [])
        for call, source in zip(inputs, sources, strict=False):
            made[call] = source

        # Each round reads the calls whose inputs are there.
        waiting = [
            (name, number)
            for name, layer in layers.items()
            for number in range(max(1, len(layer.get("inbound_nodes") or [])))
        ]
        while waiting:
            left = []
            for name, number in waiting:
                records = layers[name].get("inbound_nodes") or []
                needed = _calls(records[number]) if number < len(records) else []
                if any(each not in made for each in needed):
                    left.append((name, number))
                elif (name, number) not in made:
                    given = [made[each] for each in needed]
                    made[name, number] = self.layer(layers[name], group, given)
            if len(left) == len(waiting):
                raise VisualizeError("the file's layers refer to layers that are not in it.")
            waiting = left

        outputs = _calls(config.get("output_layers") or [])
        return [made[each] for each in outputs if each in made]

    def layer(self, config, group, sources):
        """Read one call of a layer; return the key of the node that makes its output."""
        inside = config.get("config")
        if isinstance(inside, dict) and inside.get("layers") and group is None:
            key = f"group{len(self.groups) + 1}"
            title = f"{_name(config)} ({config.get('class_name', 'Model')})"
            self.groups[key] = Group(key, title)
            ends = self.model(config, key, sources)
            return ends[-1] if ends else self.box(config, group, sources)[0]
        return self.box(config, group, sources)[0]

    def box(self, config, group, sources):
        """Add one node for a layer or a model; return [its key]."""
        inside = _settings(config)
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


def _settings(config):
    """Return the settings in a layer's configuration, {} if it has none."""
    settings = config.get("config")
    return settings if isinstance(settings, dict) else {}


def _name(config):
    name = config.get("name") or _settings(config).get("name")
    return str(name or config.get("class_name", "layer"))


def _calls(value):
    """List the calls (layer, number of the call) that tensors come from.

    Keras 3 writes them as {"keras_history": [layer, call, output]}, older versions as
    [layer, call, output].
    """
    if isinstance(value, dict):
        if "keras_history" in value:
            return [(value["keras_history"][0], value["keras_history"][1])]
        return [each for part in value.values() for each in _calls(part)]
    if isinstance(value, list):
        if len(value) >= 3 and isinstance(value[0], str) and isinstance(value[1], int):
            return [(value[0], value[1]), *_calls(value[3:])]
        return [each for part in value for each in _calls(part)]
    return []
