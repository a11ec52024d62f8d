"""What all Siamese networks share: the distance of two embeddings, and losses over all pairs."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="recipes")
class Distance(layers.Layer):
    """Euclidean distance of two embeddings: a list of two (batch, size) -> (batch, 1).

    The distance of equal embeddings is 0, and its gradient there is 0, not NaN.
    """

    def call(self, embeddings):
        """The distance of each pair of rows."""
        first, second = embeddings
        return safe_root(ops.sum(ops.square(first - second), axis=-1, keepdims=True))

    def compute_output_shape(self, input_shape):
        """Return (batch, 1)."""
        return (*input_shape[0][:-1], 1)


def compare(tower, name):
    """A Siamese network: one tower embeds both inputs, the output is the embeddings' distance.

    Args:
        tower: a keras.Model from inputs (batch, ...) to embeddings (batch, size).
        name: name of the network.

    Returns:
        A keras.Model from two inputs to distances (batch, 1). It calls `tower` twice, so both
        inputs are embedded with the same weights, also after saving and loading.
    """
    first = keras.Input(tower.input_shape[1:], name="first")
    second = keras.Input(tower.input_shape[1:], name="second")
    distance = Distance(name="distance")([tower(first), tower(second)])
    return keras.Model([first, second], distance, name=name)


@keras.saving.register_keras_serializable(package="recipes")
def contrastive_loss(labels, embeddings, margin=1.0):
    """Pull pairs of one class together, push other pairs apart up to a margin.

    A pair of one class has the loss distance^2, another pair max(0, margin - distance)^2. The loss
    of the batch is the sum of the means over all pairs of each kind. Source: Hadsell et al.,
    "Dimensionality reduction by learning an invariant mapping", 2006.

    Args:
        labels: class of each example, (batch,) or (batch, 1).
        embeddings: (batch, size).
        margin: distance from which two classes are far enough apart.

    Returns:
        A scalar tensor.
    """
    distances, same, other = pairs_in_batch(labels, embeddings)
    pull = ops.square(distances)
    push = ops.square(ops.relu(margin - distances))
    return mean_over(pull, same) + mean_over(push, other)


@keras.saving.register_keras_serializable(package="recipes")
def cross_entropy_loss(labels, embeddings, margin=5.0):
    """Cross-entropy of predicting from the distance whether a pair is of one class.

    The probability of one class is sigmoid(margin - distance): one half at the margin. The loss
    of the batch is the sum of the means over all pairs of each kind.

    Args:
        labels: class of each example, (batch,) or (batch, 1).
        embeddings: (batch, size).
        margin: distance at which one class and two classes are equally probable.

    Returns:
        A scalar tensor.
    """
    distances, same, other = pairs_in_batch(labels, embeddings)
    of_same = ops.softplus(distances - margin)  # -log(sigmoid(margin - distance))
    of_other = ops.softplus(margin - distances)
    return mean_over(of_same, same) + mean_over(of_other, other)


@keras.saving.register_keras_serializable(package="recipes")
def triplet_loss(labels, embeddings):
    """Make each anchor nearer to its own class than to others, over all triplets of the batch.

    An anchor has the distance d to a positive, an example of its class, and d_n to the negatives,
    those of other classes. The loss is log(1 + sum of exp(d - d_n)), a smooth form of
    max(0, d - smallest d_n): near negatives count most, and no margin has to be set. Source:
    Hermans et al., "In defense of the triplet loss for person re-identification", 2017 (soft
    margin); Sohn, "Improved deep metric learning with multi-class N-pair loss objective", 2016 (all
    negatives at once).

    Args:
        labels: class of each example, (batch,) or (batch, 1).
        embeddings: (batch, size).

    Returns:
        A scalar tensor.
    """
    distances, same, other = pairs_in_batch(labels, embeddings)
    closeness = ops.logsumexp(ops.where(other > 0, -distances, -1e9), axis=1, keepdims=True)
    return mean_over(ops.softplus(distances + closeness), same)


LOSSES = {
    "contrastive": contrastive_loss,
    "triplet": triplet_loss,
    "cross_entropy": cross_entropy_loss,
}


def pairs_in_batch(labels, embeddings):
    """Compare all examples of a batch with each other.

    Args:
        labels: class of each example, (batch,) or (batch, 1).
        embeddings: (batch, size).

    Returns:
        (distances, same, other), all (batch, batch): the Euclidean distances; `same` is 1 for
        a pair of one class, `other` is 1 for a pair of two classes. Both are 0 on the diagonal.
    """
    # |a - b|^2 = |a|^2 - 2 a b + |b|^2: one matrix product, instead of a difference for each pair.
    squares = ops.sum(ops.square(embeddings), axis=1)
    products = ops.matmul(embeddings, ops.transpose(embeddings))
    distances = safe_root(squares[:, None] - 2 * products + squares)

    labels = ops.reshape(labels, (-1, 1))
    equal = ops.cast(ops.equal(labels, ops.transpose(labels)), embeddings.dtype)
    same = equal - ops.eye(ops.shape(equal)[0], dtype=embeddings.dtype)
    return distances, same, 1 - equal


def mean_over(values, chosen):
    """Mean of `values` where `chosen` is 1; 0 if `chosen` has no 1."""
    return ops.sum(values * chosen) / ops.maximum(ops.sum(chosen), 1)


def safe_root(squares):
    """Square root with a finite gradient at 0, and 0 for numbers below 0."""
    tiny = 1e-12
    return ops.where(squares > tiny, ops.sqrt(ops.maximum(squares, tiny)), 0.0)
