"""What a diagram says of a layer, and the colour of its kind; from its class and configuration."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """A kind of layer: a light fill that black text is legible on, and a border apart in print."""

    name: str
    fill: str
    border: str
    marks: tuple[str, ...]  # parts of class names


# Tints of the palette of Okabe and Ito, which the colour-blind tell apart; in grey print the kind
# written in every box remains. The first family with a mark in the name is taken.
FAMILIES = (
    Family("input", "#e4e7eb", "#3a424d", ("InputLayer",)),
    Family("attention", "#ecd3e3", "#8a3a6b", ("Attention",)),
    Family("dropout", "#ffffff", "#8a929c", ("Dropout", "Noise", "ActivityRegularization")),
    Family(
        "normalization", "#f3f4f6", "#6b7480", ("Normalization", "Rescaling", "Standardization")
    ),
    Family("embedding", "#d9eefa", "#2b87b8", ("Embedding",)),
    Family("pooling", "#f9d9c4", "#b34700", ("Pool", "UpSampling", "Cropping", "ZeroPadding")),
    Family("recurrent", "#c6e6db", "#00654a", ("LSTM", "GRU", "RNN", "Cell", "Bidirectional")),
    Family("convolution", "#c5dbef", "#004f85", ("Conv",)),
    Family("dense", "#fbe3b0", "#9a6700", ("Dense",)),
    Family(
        "activation",
        "#f8f3b8",
        "#857a00",
        ("Activation", "ReLU", "Relu", "ELU", "Softmax", "Sigmoid", "Tanh", "Silu", "Gelu"),
    ),
)
MODEL = Family("model", "#ffffff", "#1b1f24", ())
OTHER = Family("other", "#ffffff", "#4b535e", ())


def family(classes, is_model=False):
    """Return the Family of a layer, from the names of its class and of the classes above it."""
    if is_model:
        return MODEL
    for name in classes:
        for each in FAMILIES:
            if any(mark in name for mark in each.marks):
                return each
    return OTHER


def details(config):
    """Say what counts in a layer's configuration, in a few words.

    Args:
        config: what the layer's `get_config` returns.

    Returns:
        For example ["64 filters", "3 × 3", "strides 2", "relu"].
    """
    said = []
    for key in ("filters", "units"):
        if _number(config.get(key)):
            said.append(f"{config[key]} {key if config[key] != 1 else key[:-1]}")
    if _number(config.get("input_dim")) and _number(config.get("output_dim")):
        said.append(f"{config['input_dim']:,} → {config['output_dim']}")
    if _number(config.get("num_heads")):
        width = config.get("key_dim")
        said.append(f"{config['num_heads']} heads" + (f" of {width}" if _number(width) else ""))
    for key in ("kernel_size", "pool_size"):
        if config.get(key) is not None:
            said.append(_sizes(config[key]))
    strides, pool = config.get("strides"), config.get("pool_size")
    if strides is not None and _sizes(strides) != _sizes(pool) and set(_flat(strides)) != {1}:
        said.append(f"strides {_sizes(strides)}")
    if config.get("dilation_rate") is not None and set(_flat(config["dilation_rate"])) != {1}:
        said.append(f"dilation {_sizes(config['dilation_rate'])}")
    if config.get("padding") == "same" and pool is None:
        said.append("same padding")
    if config.get("rate") is not None:
        said.append(f"rate {config['rate']}")
    if config.get("return_sequences"):
        said.append("sequences")
    if config.get("function") and isinstance(config["function"], str):
        said.append(config["function"])
    said += [activation(config)] if activation(config) else []
    return said


def activation(config):
    """Return the name of the activation in a layer's configuration, None where there is none."""
    value = config.get("activation")
    if isinstance(value, dict):  # serialized: a function or a layer of the user's own
        value = value.get("config") if isinstance(value.get("config"), str) else value["class_name"]
    return None if value in (None, "linear") else str(value)


def shape_text(shape):
    """Write a shape without its batch axis: (28, 28, 1)."""
    sizes = ["None" if size is None else str(size) for size in tuple(shape)[1:]]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})" if sizes else "(scalar)"


def _number(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _sizes(value):
    """Write the size along each axis: 3 × 3 of (3, 3) or [3, 3], 3 of 3."""
    return " × ".join(str(size) for size in _flat(value))


def _flat(value):
    if isinstance(value, list | tuple):
        return [size for part in value for size in _flat(part)]
    return [value]
