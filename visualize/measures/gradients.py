"""Measure how large the gradient is in each layer."""

from visualize.errors import VisualizeError


def gradient_norms(model, inputs, labels):
    """Compute the norm of the gradient of the loss in each layer, for one batch.

    Args:
        model: a compiled keras.Model on the TensorFlow backend.
        inputs: a batch of inputs (batch, ...).
        labels: the labels of this batch.

    Returns:
        {layer name: Euclidean norm of the gradient over all trainable weights of the layer}, in
        the order of `model.layers`. The model runs as in prediction: without dropout, and with
        the stored statistics of batch normalisation. Its weights do not change.

    Raises:
        VisualizeError: if the model is not compiled, or the backend is not TensorFlow.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        raise VisualizeError(
            f"gradient norms need the TensorFlow backend, not {keras.backend.backend()}: set "
            "KERAS_BACKEND=tensorflow, or pass your own norms to plot_gradient_flow."
        )
    if not model.compiled:
        raise VisualizeError(
            f"model {model.name!r} has no loss: call model.compile(loss=...) first."
        )

    import tensorflow as tf

    weights = model.trainable_variables
    inputs = tf.nest.map_structure(keras.ops.convert_to_tensor, inputs)
    with tf.GradientTape() as tape:
        outputs = model(inputs, training=False)
        loss = model.compute_loss(x=inputs, y=labels, y_pred=outputs, training=False)
    gradients = tape.gradient(loss, [weight.value for weight in weights])

    squares = {}  # {id of a weight: squared norm of its gradient}
    for weight, gradient in zip(weights, gradients, strict=True):
        if gradient is None:  # the loss does not depend on this weight
            squares[id(weight)] = 0.0
        else:
            dense = tf.convert_to_tensor(gradient)  # an Embedding's gradient is sparse
            squares[id(weight)] = float(tf.norm(dense)) ** 2

    norms = {}
    for layer in model.layers:
        if layer.trainable_variables:
            total = sum(squares[id(weight)] for weight in layer.trainable_variables)
            norms[layer.name] = total**0.5
    return norms
