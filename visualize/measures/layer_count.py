"""Count layers as the study notes do: input and hidden layers, "deep" from three hidden ones."""

from dataclasses import dataclass

NOT_COUNTED = (
    "BatchNormalization",
    "GroupNormalization",
    "LayerNormalization",
    "Normalization",
    "PReLU",
    "UnitNormalization",
)


@dataclass(frozen=True)
class LayerCount:
    """Layers of a model: `count` is inputs + hidden, `deep` from three hidden layers on."""

    inputs: int
    hidden: int
    outputs: int

    @property
    def count(self):
        """Input layers and hidden layers together; the output layer is not counted."""
        return self.inputs + self.hidden

    @property
    def deep(self):
        """Whether the notes call this network deep."""
        return self.hidden >= 3

    def __str__(self):
        inputs = "input" if self.inputs == 1 else f"{self.inputs} inputs"
        deep = "deep" if self.deep else "not deep"
        return f"{self.count} ({inputs} + {self.hidden} hidden: {deep})"


def count_layers(model):
    """Count the layers of a model that has been built.

    A layer counts once, however often it is called, if it holds weights that turn its input into
    something else (Dense, Conv, LSTM, attention, Embedding, ...); pooling, dropout, reshaping,
    activations and normalisation do not. A wrapper such as Bidirectional is one layer, a nested
    model counts with the layers inside it. One counted layer per model output is the output layer.

    Args:
        model: a keras.Model.

    Returns:
        A LayerCount.
    """
    counted = {id(layer): layer for layer in _leaves(model) if _counts(layer)}
    outputs = min(len(getattr(model, "outputs", None) or [None]), len(counted))
    inputs = len(getattr(model, "inputs", None) or [None])
    return LayerCount(inputs=inputs, hidden=len(counted) - outputs, outputs=outputs)


def _leaves(model):
    for layer in model.layers:
        if hasattr(layer, "layers"):  # a nested model
            yield from _leaves(layer)
        else:
            yield layer


def _counts(layer):
    # The state of a random seed, or a counter, has fewer axes than a matrix of weights.
    matrix = any(len(weight.shape) >= 2 for weight in layer.weights)
    return matrix and not any(each.__name__ in NOT_COUNTED for each in type(layer).__mro__)
