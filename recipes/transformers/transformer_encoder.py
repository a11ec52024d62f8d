"""Text classifier: a transformer encoder, in which each word attends to all words.

    words (60,) -> embedding 64 -> 2 blocks of attention, 4 heads -> mean -> probabilities (6,)

Reference: Vaswani et al., "Attention is all you need", 2017.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="recipes")
class Attention(layers.Layer):
    """Scaled dot-product attention in several heads.

        weights = softmax(Q K^T / sqrt(size of a head)),  output = (weights V) projected

    The queries Q are a linear map of the tokens that look, the keys K and the values V of the
    tokens that are looked at. Each head has its own part of the width.

    Args:
        heads: number of heads.
        width: size of all heads together, and of the output.
        dropout: fraction of the attention weights dropped in training.
    """

    def __init__(self, heads, width, dropout=0.0, **options):
        super().__init__(**options)
        if width % heads:
            raise ValueError(f"Attention: {heads} heads cannot share {width}; give a multiple.")
        self.heads = heads
        self.width = width
        self.query_dense = layers.Dense(width, name="query")
        self.key_dense = layers.Dense(width, name="key")
        self.value_dense = layers.Dense(width, name="value")
        self.output_dense = layers.Dense(width, name="output")
        self.dropout = layers.Dropout(dropout)

    def build(self, queries_shape, memory_shape):
        """Make the weights for queries (batch, time, features) and memory of the same form."""
        self.query_dense.build(queries_shape)
        self.key_dense.build(memory_shape)
        self.value_dense.build(memory_shape)
        self.output_dense.build((*queries_shape[:-1], self.width))

    def call(self, queries, memory, mask=None):
        """Attend from each query to the memory; for self-attention both are the same.

        Args:
            queries: (batch, queries, features).
            memory: (batch, keys, features).
            mask: boolean (batch or 1, queries or 1, keys), True where a query may look.

        Returns:
            (output (batch, queries, width), weights (batch, heads, queries, keys)).
        """
        keys, values = self.keys_and_values(memory)
        return self.attend(queries, keys, values, mask)

    def keys_and_values(self, memory):
        """Keys and values, each (batch, heads, keys, size of a head); a decoder keeps them."""
        return self.split(self.key_dense(memory)), self.split(self.value_dense(memory))

    def attend(self, queries, keys, values, mask=None):
        """The same as `call`, with the results of `keys_and_values` in place of the memory."""
        queries = self.split(self.query_dense(queries))
        size = self.width // self.heads

        scores = ops.matmul(queries, ops.swapaxes(keys, 2, 3)) / size**0.5
        if mask is not None:
            scores = ops.where(ops.expand_dims(mask, 1), scores, -1e9)
        weights = ops.softmax(scores, axis=-1)  # (batch, heads, queries, keys)

        attended = ops.matmul(self.dropout(weights), values)  # (batch, heads, queries, size)
        batch, _, time, _ = ops.shape(attended)
        joined = ops.reshape(ops.swapaxes(attended, 1, 2), (batch, time, self.width))
        return self.output_dense(joined), weights

    def split(self, x):
        """(batch, time, width) -> (batch, heads, time, size of a head)."""
        batch, time, _ = ops.shape(x)
        x = ops.reshape(x, (batch, time, self.heads, self.width // self.heads))
        return ops.swapaxes(x, 1, 2)

    def get_config(self):
        """The arguments of the layer, for saving."""
        config = super().get_config()
        sizes = {"heads": self.heads, "width": self.width, "dropout": self.dropout.rate}
        return config | sizes
