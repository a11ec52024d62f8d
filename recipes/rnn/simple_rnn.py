"""Image classifier: a simple recurrent network that reads an image row by row.

    rows (8, 8) -> simple rnn 128 -> probabilities (10,)

The first recurrent network to understand. For long sequences take an LSTM or a GRU instead. At step
t the layer computes a new state h[t] from the input x[t] and the state of the step before. All
steps share the same weights. The prediction is made from the last state:

    h[t] = tanh(W_h x[t] + U_h h[t-1] + b_h)        y = softmax(W_y h[last] + b_y)

It learns by back-propagation through time. Unrolled, the network has one layer per step, and on its
way back the gradient is multiplied by U_h and by the slope of tanh at every step. So the gradient
vanishes or explodes. Clipping the norm of the gradient prevents the explosion, not the vanishing.

In the report: the gradient at each step, and how far gradients computed by hand are from Keras's.

Reference: Elman, "Finding structure in time", 1990; Werbos, "Backpropagation through time", 1990.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
import numpy as np
from keras import layers

import data_prep
import visualize
from recipes import scores
from recipes.layers.sizes import check_integers, check_shape
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_simple_rnn(input_shape=(8, 8), num_classes=10, units=128, activation="tanh", dropout=0.2):
    """Build the network, not compiled.

    Args:
        input_shape: (time steps, features per step); the number of steps may be None.
        num_classes: number of classes, the size of the output.
        units: size of the state.
        activation: "tanh", or "relu", for which U_h starts as the identity (Le et al. 2015).
        dropout: fraction of values dropped after the last state.

    Returns:
        A keras.Sequential from (batch, *input_shape) to probabilities (batch, num_classes).

    Raises:
        ValueError: if the activation is neither, or the input shape or a size cannot work.

    Example:
        import numpy as np

        sequences = np.random.rand(128, 28, 28)  # images of 28 rows, each of 28 pixels
        labels = np.random.randint(10, size=128)

        model = build_simple_rnn(input_shape=(28, 28), num_classes=10)
        optimizer = keras.optimizers.Adam(0.003, global_clipnorm=1.0)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(sequences, labels, epochs=2)
        probabilities = model.predict(sequences)  # (128, 10)
    """
    check_shape("build_simple_rnn", input_shape, "time steps", "features", free=("time steps",))
    check_integers("build_simple_rnn", num_classes=num_classes, units=units)
    if activation not in ("tanh", "relu"):
        raise ValueError(f"build_simple_rnn: activation {activation!r}; give tanh or relu.")

    # Both keep the length of the gradient that passes through U_h.
    recurrent_initializer = "identity" if activation == "relu" else "orthogonal"

    return keras.Sequential(
        [
            keras.Input(input_shape),  # (batch, time, features)
            layers.SimpleRNN(units, activation, recurrent_initializer=recurrent_initializer),
            layers.Dropout(dropout),  # (batch, units), the last state
            layers.Dense(num_classes, activation="softmax"),
        ],
        name="simple_rnn",
    )


def run(
    data="digits",
    epochs=30,
    batch_size=64,
    seed=0,
    learning_rate=0.003,
    activation="tanh",
    callbacks=(),
):
    """Train on images read row by row and report the accuracy on test images.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: sets the initial weights, the order of the images and the validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        activation: tanh or relu.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: if the activation is neither.
    """
    if activation not in ("tanh", "relu"):
        raise data_prep.DataError(f"activation is {activation!r}; give tanh or relu.")
    rows = data_prep.image_rows(data_prep.load_images(data, seed=seed))
    model = build_simple_rnn(rows.input_shape, len(rows.classes), activation=activation)

    examples = rows.train.inputs[:256], rows.train.labels[:256]
    _, norms_before = gradients_through_time(model.get_weights(), *examples, activation)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(rows.train), batch_size, epochs)
    model.compile(
        # Clipping: a gradient whose norm, over all weights together, exceeds 1 is scaled to 1.
        optimizer=keras.optimizers.Adam(schedule, global_clipnorm=1.0),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=16,  # several batches per call: faster for a small model
    )
    model.fit(
        rows.train.inputs,
        rows.train.labels,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(rows.validation.inputs, rows.validation.labels),
        callbacks=list(callbacks),
    )

    by_hand, norms_after = gradients_through_time(model.get_weights(), *examples, activation)
    difference = _difference_from_keras(by_hand, model, examples, activation)
    norms = {"before training": [norms_before], "after training": [norms_after]}

    # The only use of the test images.
    probabilities = model.predict(rows.test.inputs, batch_size=256, verbose=0)
    accuracy = scores.classification(rows.test.labels, probabilities, rows.classes)
    return Report(
        model=model,
        headline="accuracy",
        scores=accuracy | {"gradient difference, by hand": difference},
        baselines=scores.classification_baselines(rows),
        data=rows.describe(),
        pictures=_pictures(rows, probabilities, norms),
    )


def gradients_through_time(weights, inputs, labels, activation="tanh"):
    """Back-propagation through time by hand, for a simple RNN and a dense layer with softmax.

    Args:
        weights: [W_h (features, units), U_h (units, units), b_h, W_y (units, classes), b_y].
        inputs: (batch, time, features).
        labels: class numbers (batch,).
        activation: "tanh" or "relu".

    Returns:
        (gradients of the mean cross-entropy, in the order of the weights; the norm of the gradient
        at each state h[1], h[2], ..., divided by its norm at the last state, (time,)).
    """
    w_h, u_h, b_h, w_y, b_y = (np.asarray(weight, "float64") for weight in weights)
    steps = inputs.shape[1]

    # Forward: keep the state of every step.
    states = [np.zeros((len(inputs), len(u_h)))]  # h[0]
    for t in range(steps):
        sums = inputs[:, t] @ w_h + states[t] @ u_h + b_h  # (batch, units)
        states.append(np.tanh(sums) if activation == "tanh" else np.maximum(sums, 0))

    # At the output: with softmax and cross-entropy the gradient is probability minus truth.
    exponents = np.exp(states[-1] @ w_y + b_y)
    error = exponents / exponents.sum(axis=1, keepdims=True)  # (batch, classes)
    error[np.arange(len(labels)), labels] -= 1
    error /= len(labels)

    # Backward, from the last step to the first. All steps share the weights: gradients add up.
    grad_w_h, grad_u_h, grad_b_h = np.zeros_like(w_h), np.zeros_like(u_h), np.zeros_like(b_h)
    grad_h = error @ w_y.T  # (batch, units)
    norms = []
    for t in reversed(range(steps)):
        norms.append(np.linalg.norm(grad_h))
        h = states[t + 1]
        grad_sums = grad_h * (1 - h**2 if activation == "tanh" else h > 0)  # times the slope
        grad_w_h += inputs[:, t].T @ grad_sums
        grad_u_h += states[t].T @ grad_sums
        grad_b_h += grad_sums.sum(axis=0)
        grad_h = grad_sums @ u_h.T  # at the state of the step before

    gradients = [grad_w_h, grad_u_h, grad_b_h, states[-1].T @ error, error.sum(axis=0)]
    return gradients, np.array(norms[::-1]) / norms[0]


def _difference_from_keras(by_hand, model, examples, activation):
    """Largest difference between the gradients computed by hand and those of Keras."""
    num_classes = model.output_shape[-1]
    twin = build_simple_rnn(model.input_shape[1:], num_classes, activation=activation, dropout=0.0)
    twin.set_weights(model.get_weights())
    # A step of gradient descent with learning rate 1 changes each weight by its gradient.
    twin.compile(keras.optimizers.SGD(1.0), "sparse_categorical_crossentropy")
    twin.train_on_batch(*examples)

    triples = zip(model.get_weights(), twin.get_weights(), by_hand, strict=True)
    differences = [np.abs(before - after - gradient).max() for before, after, gradient in triples]
    return float(max(differences))


def _pictures(rows, probabilities, norms):
    """Which classes are confused, and how the gradient shrinks or grows through time."""
    matrix = scores.confusion(rows.test.labels, probabilities)
    steps = range(1, rows.input_shape[0] + 1)

    return {
        "confusion": visualize.plot_confusion_matrix(matrix, rows.classes),
        "gradient": visualize.plot_lines(steps, norms, "step t", "gradient at h[t] / at the last"),
    }
