"""Image classifier of capsules: vectors that detect parts and vote for wholes, by routing.

    image (28, 28, 1) -> conv 256 -> capsules (1152, 8) -> routing -> capsules (10, 16) -> lengths

Reference: Sabour, Frosst and Hinton, "Dynamic routing between capsules", 2017.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
from keras import layers, ops


def squash(vectors):
    """Shorten vectors to a length below 1 and keep their direction: equation 1 of the paper.

    A vector s becomes s |s| / (1 + |s|^2): a short one almost vanishes, a long one gets a length
    close to 1. Value and gradient are finite at zero.

    Args:
        vectors: (..., size).

    Returns:
        A tensor of the same shape.
    """
    squares = ops.sum(ops.square(vectors), axis=-1, keepdims=True)
    lengths = ops.sqrt(ops.maximum(squares, 1e-12))  # the derivative of the root is infinite at 0
    return vectors * lengths / (1 + squares)


def route(votes, rounds):
    """Combine the votes of capsules by agreement: procedure 1 of the paper.

    Args:
        votes: (inputs, batch, outputs, size): what each input capsule predicts of each output.
        rounds: number of rounds.

    Returns:
        Output capsules (batch, outputs, size).
    """
    fixed_votes = ops.stop_gradient(votes)
    agreement = ops.zeros_like(fixed_votes[..., 0])  # (inputs, batch, outputs)

    for _ in range(rounds - 1):
        coupling = ops.softmax(agreement, axis=-1)  # an input capsule divides its vote
        outputs = squash(ops.sum(coupling[..., None] * fixed_votes, axis=0))
        agreement = agreement + ops.sum(fixed_votes * outputs, axis=-1)

    coupling = ops.softmax(agreement, axis=-1)
    return squash(ops.sum(coupling[..., None] * votes, axis=0))


@keras.saving.register_keras_serializable(package="recipes")
class PrimaryCapsules(layers.Layer):
    """A convolution whose channels are cut into capsules: vectors of one position, squashed.

    Args:
        types: number of capsules at each position.
        size: numbers in a capsule.
        kernel_size: height and width of the kernels, in pixels.
        strides: step from one position to the next, in pixels.
    """

    def __init__(self, types, size, kernel_size, strides=2, **kwargs):
        super().__init__(**kwargs)
        self.types, self.size = types, size
        self.kernel_size, self.strides = kernel_size, strides
        self.convolution = layers.Conv2D(types * size, kernel_size, strides, name="convolution")

    def build(self, input_shape):
        """Make the weights of the convolution for images of features (batch, rows, columns, n)."""
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
class Capsules(layers.Layer):
    """Capsules that each take votes from all capsules of the layer before, combined by routing.

    Args:
        num_capsules: number of output capsules.
        size: numbers in an output capsule.
        rounds: rounds of routing.
    """

    def __init__(self, num_capsules, size, rounds=3, **kwargs):
        super().__init__(**kwargs)
        self.num_capsules, self.size, self.rounds = num_capsules, size, rounds

    def build(self, input_shape):
        """Make a matrix for each pair of an input and an output capsule."""
        _, inputs, input_size = input_shape
        # One matrix product for each input capsule gives its votes for all output capsules.
        self.kernel = self.add_weight(
            shape=(inputs, input_size, self.num_capsules * self.size),
            initializer=keras.initializers.RandomNormal(stddev=0.05),
            name="kernel",
        )

    def call(self, inputs):
        """Return capsules (batch, num_capsules, size) for capsules (batch, inputs, input_size)."""
        by_capsule = ops.transpose(inputs, (1, 0, 2))  # (inputs, batch, input_size)
        votes = ops.matmul(by_capsule, self.kernel)  # (inputs, batch, num_capsules * size)
        votes = ops.reshape(votes, (inputs.shape[1], -1, self.num_capsules, self.size))
        return route(votes, self.rounds)

    def get_config(self):
        """The arguments of the layer, which `save` writes."""
        sizes = {"num_capsules": self.num_capsules, "size": self.size, "rounds": self.rounds}
        return super().get_config() | sizes


def lengths(capsules):
    """Return the length of each capsule, (..., size) -> (...). Its gradient is finite at zero."""
    squares = ops.sum(ops.square(capsules), axis=-1)
    return ops.sqrt(ops.maximum(squares, 1e-12))
