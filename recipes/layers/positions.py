"""Positions as vectors, for networks that do not see the order of their inputs."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="recipes")
class Positions(layers.Layer):
    """Add to each token a vector that tells its position, for texts of any length.

    The vector's numbers are sines and cosines of the position; their wavelengths grow from 2 pi to
    nearly 20,000 pi. A learnt number scales them. It begins small, as the vectors of the tokens do.
    Source: Vaswani et al., "Attention is all you need", 2017; the scale is that of Li et al.,
    "Neural speech synthesis with transformer network", 2019.

    Args:
        scale: the initial scale.
    """

    def __init__(self, scale=0.1, **options):
        super().__init__(**options)
        self.initial_scale = scale

    def build(self, shape):
        """Make the scale."""
        initializer = keras.initializers.Constant(self.initial_scale)
        self.scale = self.add_weight(shape=(), initializer=initializer, name="scale")

    def call(self, x, first=0):
        """Add the vectors of the positions first, first + 1, ... to x (batch, time, width)."""
        _, time, width = ops.shape(x)
        places = ops.cast(first + ops.arange(time), x.dtype)
        exponents = ops.arange(0, width, 2, dtype=x.dtype) / width
        angles = places[:, None] / 10_000**exponents  # (time, width / 2)

        vectors = ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)
        return x + self.scale * vectors[:, :width]

    def get_config(self):
        """The arguments of the layer, for saving."""
        return super().get_config() | {"scale": self.initial_scale}
