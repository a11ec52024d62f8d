"""Count the layers of a model: input and hidden layers, "deep" from three hidden layers on."""

from dataclasses import dataclass

# Layers with weights that are not counted, by the name of their class.
NOT_COUNTED = (
    "BatchNormalization",
    "GroupNormalization",
    "LayerNormalization",
    "Normalization",
    "PReLU",
    "UnitNormalization",
)

# Operations that may follow the output layer, by the name of their class in Keras.
MERGES = ("Add", "Average", "Concatenate", "Stack", "Subtract")
RESHAPES = ("ExpandDims", "Flatten", "Permute", "Reshape", "Squeeze", "Transpose")


@dataclass(frozen=True)
class LayerCount:
    """Layers of a model: `count` is inputs + hidden; `deep` means three hidden layers or more."""

    inputs: int
    hidden: int
    outputs: int

    @property
    def count(self):
        """Number of input layers and hidden layers; output layers are not counted."""
        return self.inputs + self.hidden

    @property
    def deep(self):
        """Whether the network is deep: three hidden layers or more."""
        return self.hidden >= 3

    def __str__(self):
        inputs = "input" if self.inputs == 1 else f"{self.inputs} inputs"
        deep = "deep" if self.deep else "not deep"
        return f"{self.count} ({inputs} + {self.hidden} hidden: {deep})"


def count_layers(model):
    """Count the layers of a model that has been built.

    A layer counts if it has a matrix of weights: Dense, Conv, LSTM, attention, Embedding, ...
    Pooling, dropout, reshaping, activations and normalisation do not count. A layer that is called
    several times counts once. A wrapper such as Bidirectional is one layer. The layers inside a
    nested model are counted one by one.

    The last counted layer before each model output is an output layer. Parallel layers are output
    layers too if only merges (Add, Average, Concatenate, Stack, Subtract) and reshapes lie between
    them and the output. The sum of two Dense layers therefore has no hidden layer.

    Args:
        model: a keras.Model.

    Returns:
        A LayerCount.
    """
    counted = {id(layer) for layer in _leaves(model) if _counts(layer)}
    inputs = len(getattr(model, "inputs", None) or [None])
    model_outputs = len(getattr(model, "outputs", None) or [None])

    parallel = len(_merged_into_outputs(model))
    outputs = min(max(model_outputs, parallel), len(counted))
    return LayerCount(inputs=inputs, hidden=len(counted) - outputs, outputs=outputs)


def _merged_into_outputs(model):
    """Ids of the counted layers that reach the outputs through merges and reshapes alone.

    The walk goes from the outputs back to the inputs. A layer that also reaches the outputs in
    another way, as in a residual block, is hidden.
    """
    last, hidden = set(), set()
    waiting = [(tensor, True) for tensor in getattr(model, "outputs", None) or []]
    visited = set()
    while waiting:
        tensor, only_merged = waiting.pop()
        history = tensor._keras_history
        visit = (id(history.operation), history.node_index, only_merged)
        if visit in visited:
            continue
        visited.add(visit)

        operation = history.operation
        if only_merged:
            last |= _last_layers(operation)
        else:
            hidden |= {id(layer) for layer in _leaves_or_self(operation) if _counts(layer)}

        call = operation._inbound_nodes[history.node_index]
        passes = type(operation).__name__ in (*MERGES, *RESHAPES)
        waiting += [(source, only_merged and passes) for source in call.input_tensors]
    return last - hidden


def _last_layers(operation):
    """Ids of the counted layers that make the output of a layer or of a nested model."""
    if hasattr(operation, "layers"):
        return _merged_into_outputs(operation)
    return {id(operation)} if _counts(operation) else set()


def _leaves_or_self(operation):
    return _leaves(operation) if hasattr(operation, "layers") else [operation]


def _leaves(model):
    """All layers of a model, those of nested models included."""
    for layer in model.layers:
        if hasattr(layer, "layers"):  # a nested model
            yield from _leaves(layer)
        else:
            yield layer


def _counts(layer):
    # The state of a random seed, or a counter, has fewer axes than a matrix of weights.
    weights = getattr(layer, "weights", ())  # operations such as ops.add have none
    has_matrix = any(len(weight.shape) >= 2 for weight in weights)
    return has_matrix and not any(each.__name__ in NOT_COUNTED for each in type(layer).__mro__)
