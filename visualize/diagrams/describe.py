"""The text about a layer in a diagram, and its colour, from its class and configuration."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """A kind of layer and its colours.

    Black text is legible on the fill. The borders differ from each other in print.
    """

    name: str
    fill: str
    border: str
    marks: tuple[str, ...]  # parts of class names


# Tints of the palette of Okabe and Ito, which colour-blind readers can tell apart. For grey print,
# every box also names its kind. The first family with a mark in the class name is used.
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
    """Return the Family of a layer.

    Args:
        classes: names of the layer's class and of its base classes, in this order.
        is_model: whether the layer is a model.
    """
    if is_model:
        return MODEL
    for name in classes:
        for each in FAMILIES:
            if any(mark in name for mark in each.marks):
                return each
    return OTHER


def details(config):
    """List the important settings of a layer, in a few words each.

    Args:
        config: the result of the layer's `get_config`.

    Returns:
        For example ["64 filters", "3 × 3", "strides 2", "relu"].
    """
    texts = []

    for key in ("filters", "units"):
        if _is_integer(config.get(key)):
            texts.append(f"{config[key]} {key if config[key] != 1 else key[:-1]}")

    if _is_integer(config.get("input_dim")) and _is_integer(config.get("output_dim")):
        texts.append(f"{config['input_dim']:,} → {config['output_dim']}")

    if _is_integer(config.get("num_heads")):
        width = config.get("key_dim")
        heads = f"{config['num_heads']} heads"
        texts.append(f"{heads} of {width}" if _is_integer(width) else heads)

    for key in ("kernel_size", "pool_size"):
        if config.get(key) is not None:
            texts.append(_sizes(config[key]))

    # Pooling usually has strides equal to its pool size: then they are not worth a word.
    strides, pool = config.get("strides"), config.get("pool_size")
    if strides is not None and _sizes(strides) != _sizes(pool) and set(_flat(strides)) != {1}:
        texts.append(f"strides {_sizes(strides)}")

    dilation = config.get("dilation_rate")
    if dilation is not None and set(_flat(dilation)) != {1}:
        texts.append(f"dilation {_sizes(dilation)}")

    if config.get("padding") == "same" and pool is None:
        texts.append("same padding")
    if config.get("rate") is not None:
        texts.append(f"rate {config['rate']}")
    if config.get("return_sequences"):
        texts.append("sequences")
    if config.get("function") and isinstance(config["function"], str):
        texts.append(config["function"])
    if activation(config):
        texts.append(activation(config))
    return texts


def activation(config):
    """Return the name of a layer's activation, None if it has none or a linear one."""
    value = config.get("activation")
    if isinstance(value, dict):  # a custom function or layer, serialized
        name = value.get("config")
        value = name if isinstance(name, str) else value["class_name"]
    return None if value in (None, "linear") else str(value)


def shape_text(shape):
    """Write a shape without its batch axis: (28, 28, 1)."""
    sizes = ["None" if size is None else str(size) for size in tuple(shape)[1:]]
    if not sizes:
        return "(scalar)"
    if len(sizes) == 1:
        return f"({sizes[0]},)"
    return f"({', '.join(sizes)})"


def _is_integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _sizes(value):
    """Write the size along each axis: "3 × 3" for (3, 3) or [3, 3], "3" for 3."""
    return " × ".join(str(size) for size in _flat(value))


def _flat(value):
    """List the numbers in a number or in nested lists."""
    if isinstance(value, list | tuple):
        return [size for part in value for size in _flat(part)]
    return [value]
