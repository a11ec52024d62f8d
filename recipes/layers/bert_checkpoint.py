"""Read a published BERT checkpoint: a folder with config.json, model.safetensors and vocab.txt."""

import json
from pathlib import Path

import numpy as np

# Arguments of build_bert, and the entries of config.json that give them.
BERT_SIZES = {
    "vocabulary_size": "vocab_size",
    "length": "max_position_embeddings",
    "width": "hidden_size",
    "blocks": "num_hidden_layers",
    "heads": "num_attention_heads",
    "hidden": "intermediate_size",
    "token_types": "type_vocab_size",
}

# Entries that change what the network computes, and the only value that build_bert can follow.
BERT_KIND = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "position_embedding_type": "absolute",
    "is_decoder": False,
}

BERT_FLOATS = ("F16", "F32", "F64")  # types of numbers that NumPy has, too


def read_bert_checkpoint(folder):
    """Read sizes, weights and tokens of a BERT in the layout of the published checkpoints.

    The names of tensors may begin with "bert.", and normalisation may have "gamma" and "beta" or
    "weight" and "bias". The pooler may be missing. Heads for other tasks are ignored.

    Args:
        folder: path of a folder with config.json, model.safetensors and vocab.txt.

    Returns:
        (sizes, weights, tokens): the arguments of build_bert; {name of a layer: its weights as
        float32 arrays, in the order of the layer's set_weights}; the tokens in the order of their
        ids, a tuple of strings.

    Raises:
        ValueError: in one sentence, if a file is missing or damaged, if a value of config.json does
            not fit, or if a tensor is missing or has the wrong shape or type.
    """
    folder = Path(folder)
    sizes = read_bert_config(folder / "config.json")
    tokens = read_bert_tokens(folder / "vocab.txt", sizes["vocabulary_size"])
    tensors = read_bert_tensors(folder / "model.safetensors", sizes)

    sizes["pooler"] = "pooler.dense.weight" in tensors
    weights = {}
    for layer, module, shape in bert_layout(sizes):
        weight = tensors[f"{module}.weight"]
        is_dense = f"{module}.bias" in tensors and len(shape) == 2
        arrays = weights.setdefault(layer, [])
        arrays.append(weight.T if is_dense else weight)  # PyTorch keeps (outputs, inputs)
        if f"{module}.bias" in tensors:
            arrays.append(tensors[f"{module}.bias"])
    return sizes, weights, tokens


def bert_layout(sizes):
    """Which module of the checkpoint has the weights of which layer of build_bert.

    Args:
        sizes: arguments of build_bert.

    Returns:
        A list of (name of the layer, name of the module, shape of its weight in the checkpoint), in
        the order of the layer's weights. A module that is no table of embeddings has a bias, too.
    """
    width, hidden = sizes["width"], sizes["hidden"]
    rows = [
        ("words", "embeddings.word_embeddings", (sizes["vocabulary_size"], width)),
        ("positions", "embeddings.position_embeddings", (sizes["length"], width)),
        ("types_of_tokens", "embeddings.token_type_embeddings", (sizes["token_types"], width)),
        ("embedding_norm", "embeddings.LayerNorm", (width,)),
    ]
    for number in range(sizes["blocks"]):
        block = f"encoder.layer.{number}"
        rows += [
            (f"attention_{number}", f"{block}.attention.self.query", (width, width)),
            (f"attention_{number}", f"{block}.attention.self.key", (width, width)),
            (f"attention_{number}", f"{block}.attention.self.value", (width, width)),
            (f"attention_{number}", f"{block}.attention.output.dense", (width, width)),
            (f"attention_norm_{number}", f"{block}.attention.output.LayerNorm", (width,)),
            (f"hidden_{number}", f"{block}.intermediate.dense", (hidden, width)),
            (f"output_{number}", f"{block}.output.dense", (width, hidden)),
            (f"output_norm_{number}", f"{block}.output.LayerNorm", (width,)),
        ]
    if sizes["pooler"]:
        rows.append(("pooler", "pooler.dense", (width, width)))
    return rows


def read_bert_config(path):
    """The arguments of build_bert that a config.json gives, without `pooler`.

    Raises:
        ValueError: in one sentence, if the file is missing or damaged, or a value does not fit.
    """
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ValueError(f"{path}: no such file; give the folder of a BERT checkpoint.") from error
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: cannot be read ({error}); get the file again.") from error
    if not isinstance(config, dict):
        raise ValueError(f"{path}: not a JSON object; get the file again.")

    for entry, value in BERT_KIND.items():
        if config.get(entry, value) != value:
            raise ValueError(
                f"{path}: {entry} is {config[entry]!r}, but this BERT has {value!r}; give another "
                f"checkpoint."
            )

    sizes = {}
    for argument, entry in BERT_SIZES.items():
        size = config.get(entry)
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise ValueError(f"{path}: {entry} is {size!r}; it must be an integer >= 1.")
        sizes[argument] = size
    if sizes["width"] % sizes["heads"]:
        raise ValueError(
            f"{path}: hidden_size {sizes['width']} is no multiple of num_attention_heads "
            f"{sizes['heads']}."
        )

    # Published checkpoints have these values where config.json leaves them out.
    sizes["dropout"] = config.get("hidden_dropout_prob", 0.1)
    sizes["epsilon"] = config.get("layer_norm_eps", 1e-12)
    for entry, value in (
        ("hidden_dropout_prob", sizes["dropout"]),
        ("layer_norm_eps", sizes["epsilon"]),
    ):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
            raise ValueError(
                f"{path}: {entry} is {value!r}; it must be a number from 0 to below 1."
            )
    return sizes


def read_bert_tokens(path, vocabulary_size):
    """The tokens of a vocab.txt, one in each line.

    Raises:
        ValueError: in one sentence, if the file is missing or damaged, or has too many tokens.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ValueError(f"{path}: no such file; give the folder of a BERT checkpoint.") from error
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: cannot be read ({error}); get the file again.") from error

    tokens = tuple(text.removesuffix("\n").split("\n"))
    if len(tokens) > vocabulary_size:
        raise ValueError(
            f"{path}: {len(tokens)} tokens, but config.json has vocab_size {vocabulary_size}; the "
            f"files are of different checkpoints."
        )
    return tokens


def is_uncased(tokens):
    """Whether a vocabulary has no capital letters but in special tokens such as "[CLS]"."""
    return not any(token != token.lower() for token in tokens if not token.startswith("["))


def read_bert_tensors(path, sizes):
    """The tensors of BERT in a model.safetensors, by their names without the prefix "bert.".

    Args:
        path: the file.
        sizes: the result of `read_bert_config`.

    Returns:
        {name: float32 array}. Normalisation has "weight" and "bias".

    Raises:
        ValueError: in one sentence, if the file is missing or damaged, or if a tensor is missing,
            is too many, or has the wrong shape or type.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise ValueError(
            f"{path}: no such file; give a checkpoint that is one file of safetensors."
        )
    try:
        with safe_open(path, framework="numpy") as file:
            return _checked_tensors(file, path, sizes)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path}: cannot be read ({error}); get the file again.") from error


def _checked_tensors(file, path, sizes):
    """The tensors of an open file; see `read_bert_tensors`."""
    stored = {_plain_name(name): name for name in sorted(file.keys())}
    with_pooler = any(name.startswith("pooler.") for name in stored)

    shapes = {}
    for _, module, shape in bert_layout(sizes | {"pooler": with_pooler}):
        shapes[f"{module}.weight"] = shape
        if not module.endswith("_embeddings"):
            shapes[f"{module}.bias"] = shape[:1]

    for name in stored:
        is_of_bert = name.startswith(("embeddings.", "encoder.", "pooler."))
        if is_of_bert and name not in shapes and not name.endswith("_ids"):
            raise ValueError(
                f"{path}: has the tensor {stored[name]!r}, which no BERT with the sizes of "
                f"config.json has; the files are of different networks."
            )

    tensors = {}
    for name, shape in shapes.items():
        if name not in stored:
            raise ValueError(
                f"{path}: no tensor {name!r}, with or without the prefix 'bert.'; give a "
                f"checkpoint of BERT that fits its config.json."
            )
        tensor = file.get_slice(stored[name])
        if tuple(tensor.get_shape()) != shape:
            raise ValueError(
                f"{path}: the tensor {stored[name]!r} is {tuple(tensor.get_shape())}, but the "
                f"sizes of config.json need {shape}."
            )
        if tensor.get_dtype() not in BERT_FLOATS:
            raise ValueError(
                f"{path}: the tensor {stored[name]!r} is stored as {tensor.get_dtype()}; save the "
                f"checkpoint as float32 or float16."
            )
        tensors[name] = file.get_tensor(stored[name]).astype(np.float32)
    return tensors


def _plain_name(name):
    """The name of a tensor without "bert.", and with "weight" and "bias" in place of old names."""
    name = name.removeprefix("bert.")
    if name.endswith(".gamma"):
        name = name.removesuffix("gamma") + "weight"
    if name.endswith(".beta"):
        name = name.removesuffix("beta") + "bias"
    return name
