"""The learning-rate schedule that most recipes use."""

import math

import keras


def warmup_cosine(peak, examples, batch_size, epochs):
    """Warm the learning rate up, then let it decay to zero along a cosine.

    It rises in a straight line from a tenth of `peak` to `peak` during the first third of the
    steps. It decays to zero with the last step, so the last epoch is the final model and no epoch
    has to be picked.

    Args:
        peak: the highest learning rate.
        examples: number of training examples in an epoch.
        batch_size: examples per step.
        epochs: number of epochs that `fit` will train.

    Returns:
        A keras.optimizers.schedules.CosineDecay, for the `learning_rate` of an optimizer.
    """
    steps = epochs * math.ceil(examples / batch_size)
    warmup_steps = steps // 3

    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=peak / 10,
        decay_steps=steps - warmup_steps,
        warmup_target=peak,
        warmup_steps=warmup_steps,
    )
