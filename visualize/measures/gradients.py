"""How large the gradient is in each layer."""

from visualize.errors import VisualizeError


def gradient_norms(model, inputs, labels):
    """Norm of the loss's gradient in each layer, for one batch; the model stays as it is.

    Args:
        model: a compiled keras.Model on the TensorFlow backend.
        inputs: a batch of inputs.
        labels: their labels.

    Returns:
        {layer name: Euclidean norm of the gradient over all trainable weights of the layer}, in
        the order of `model.layers`. The model is called as at prediction: without dropout, and
        with the stored statistics of batch normalisation.

    Raises:
        VisualizeError: if the model is not compiled, or the backend is not TensorFlow.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        raise VisualizeError(
            f"gradient norms need the TensorFlow backend, not {keras.backend.backend()}: set "
            "KERAS_BACKEND=tensorflow, or give plot_gradient_flow norms of your own."
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
    squares = {
        id(weight): 0.0 if gradient is None else float(tf.norm(tf.convert_to_tensor(gradient))) ** 2
        for weight, gradient in zip(weights, gradients, strict=True)
    }
    return {
        layer.name: sum(squares[id(weight)] for weight in layer.trainable_variables) ** 0.5
        for layer in model.layers
        if layer.trainable_variables
    }
