"""What a sparse code has to pay: a penalty on the units that are active."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="recipes")
class Sparsity(keras.Regularizer):
    """The penalty of a batch of codes (batch, units), as the activity regulariser of a layer.

    "l1": the sum of the units' sizes, mean over the batch. "kl": the Kullback-Leibler divergence
    between two coins, summed over the units: t log(t / m) + (1 - t) log((1 - t) / (1 - m)), where
    t is the target and m the mean of a unit over the batch, from 0 to 1. Both are given times the
    size of the batch, by which Keras divides what a layer's activity regulariser says. Source of
    the KL form: Ng, "Sparse autoencoder", lecture notes CS294A, 2011.

    Args:
        penalty: "l1" or "kl".
        weight: factor of the sum.
        target: of "kl", what the mean of a unit should be, between 0 and 1.
    """

    def __init__(self, penalty="l1", weight=1e-4, target=0.05):
        self.penalty, self.weight, self.target = penalty, weight, target

    def __call__(self, codes):
        """The penalty times the size of the batch, a scalar."""
        if self.penalty == "l1":
            return self.weight * ops.sum(ops.abs(codes))
        tiny = keras.config.epsilon()
        means = ops.clip(ops.mean(codes, axis=0), tiny, 1 - tiny)
        on = self.target * ops.log(self.target / means)
        off = (1 - self.target) * ops.log((1 - self.target) / (1 - means))
        return self.weight * ops.sum(on + off) * ops.cast(ops.shape(codes)[0], codes.dtype)

    def get_config(self):
        """What makes an equal one."""
        return {"penalty": self.penalty, "weight": self.weight, "target": self.target}
