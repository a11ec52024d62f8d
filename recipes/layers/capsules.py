"""Layers and functions for capsules, vectors whose length is a probability, except the routing."""

import keras
from keras import layers, ops

from recipes.layers.fourier import FourierConv2D


def squash(vectors):
    """Shorten vectors to a length below 1 and keep their direction: equation 1 of the paper.

    A vector s becomes s |s| / (1 + |s|^2): the length of a short vector becomes almost 0, of a
    long one almost 1. Value and gradient are finite at zero.

    Args:
        vectors: (..., size).

    Returns:
        A tensor of the same shape.
    """
    squares = ops.sum(ops.square(vectors), axis=-1, keepdims=True)
    length = ops.sqrt(ops.maximum(squares, 1e-12))  # the root has an infinite slope at 0
    return vectors * length / (1 + squares)


def lengths(capsules):
    """The length of each capsule, (..., size) -> (...), with a finite gradient at zero."""
    squares = ops.sum(ops.square(capsules), axis=-1)
    return ops.sqrt(ops.maximum(squares, 1e-12))


def keep_one(capsules, labels):
    """Keep the capsule of each example's label, and set all others to zero.

    Args:
        capsules: (batch, classes, size).
        labels: integers (batch,).

    Returns:
        A tensor of the shape of `capsules`.
    """
    mask = ops.one_hot(labels, capsules.shape[1], dtype=capsules.dtype)
    return capsules * mask[..., None]


@keras.saving.register_keras_serializable(package="recipes")
class PrimaryCapsules(layers.Layer):
    """A convolution whose channels are cut into capsules: at each position, squashed vectors.

    Args:
        types: number of capsules at each position.
        size: size of the vector of a capsule.
        kernel_size: height and width of the kernels, in pixels.
        strides: step from one position to the next, in pixels.
    """

    def __init__(self, types, size, kernel_size, strides=2, **kwargs):
        super().__init__(**kwargs)
        self.types, self.size = types, size
        self.kernel_size, self.strides = kernel_size, strides
        self.convolution = FourierConv2D(types * size, kernel_size, strides, name="convolution")

    def build(self, input_shape):
        """Make the weights of the convolution for inputs (batch, rows, columns, channels)."""
        self.convolution.build(input_shape)

    def call(self, inputs):
        """Return capsules (batch, positions * types, size)."""
        features = self.convolution(inputs)  # (batch, rows, columns, types * size)
        _, rows, columns, _ = features.shape
        return squash(ops.reshape(features, (-1, rows * columns * self.types, self.size)))

    def get_config(self):
        """The arguments of the layer, which `save` writes."""
        sizes = {"types": self.types, "size": self.size}
        kernel = {"kernel_size": self.kernel_size, "strides": self.strides}
        return super().get_config() | sizes | kernel


@keras.saving.register_keras_serializable(package="recipes")
class Lengths(layers.Layer):
    """The length of each capsule: the probability that its class is in the image."""

    def call(self, inputs):
        """Return (batch, classes) for capsules (batch, classes, size)."""
        return lengths(inputs)


@keras.saving.register_keras_serializable(package="recipes")
class KeepLongest(layers.Layer):
    """Capsules with all but the longest one set to zero."""

    def call(self, inputs):
        """Return capsules of the same shape, (batch, classes, size)."""
        return keep_one(inputs, ops.argmax(lengths(inputs), axis=1))
