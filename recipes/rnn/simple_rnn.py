"""The simplest recurrent network: two equations, and a state fed back each step.

    rows (8, 8) -> simple rnn 128 -> probabilities (10,)

At step t the network makes a new state of the input and the state of the step before, always with
the same weights, and answers from the last state:

    h[t] = tanh(W_h x[t] + U_h h[t-1] + b_h)        y = softmax(W_y h[last] + b_y)

It learns by back-propagation through time: unrolled, it has a layer per step, and on its way back
the gradient meets U_h and the slope of tanh at each. So it shrinks, or grows, from step to step, as
the picture `gradient` shows. It is written out by hand in recipes/layers/cells.py; a run reports
the difference from Keras's.

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
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_simple_rnn(input_shape=(8, 8), num_classes=10, units=128, activation="tanh", dropout=0.2):
    """Build the network, not compiled.

    Args:
        input_shape: (time steps, features per step); the number of steps may be None.
        num_classes: number of classes, the size of the output.
        units: size of the state.
        activation: "tanh", or "relu", which starts as memory: U_h the identity (Le et al. 2015).
        dropout: share of values dropped behind the last state.

    Returns:
        A keras.Sequential from (batch, *input_shape) to probabilities (batch, num_classes).
    """
    start = "identity" if activation == "relu" else "orthogonal"
    return keras.Sequential(
        [
            keras.Input(input_shape),  # (batch, time, features)
            # U_h starts so that it keeps the gradient's length: orthogonal, or the identity.
            layers.SimpleRNN(units, activation, recurrent_initializer=start),  # (batch, units)
            layers.Dropout(dropout),
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
    """Train on images read row by row, report accuracy on test images.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: draws the first weights, the order of images and the validation part.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        activation: tanh or relu.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    if activation not in ("tanh", "relu"):
        raise data_prep.DataError(f"activation is {activation!r}; give tanh or relu.")
    rows = data_prep.image_rows(data_prep.load_images(data, seed=seed))
    model = build_simple_rnn(rows.input_shape, len(rows.classes), activation=activation)
    some = rows.train.inputs[:256], rows.train.labels[:256]
    norms = {"before training": [gradients_through_time(model.get_weights(), *some, activation)[1]]}
    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(rows.train), batch_size, epochs)
    model.compile(
        # Where the gradient grows on its way back, its length is cut.
        optimizer=keras.optimizers.Adam(schedule, global_clipnorm=1.0),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=16,
    )
    model.fit(
        rows.train.inputs,
        rows.train.labels,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(rows.validation.inputs, rows.validation.labels),
        callbacks=list(callbacks),
    )
    by_hand, norms_after = gradients_through_time(model.get_weights(), *some, activation)
    norms["after training"] = [norms_after]
    # A step of plain gradient descent at rate 1 changes each weight by its gradient.
    twin = build_simple_rnn(rows.input_shape, len(rows.classes), 128, activation, dropout=0.0)
    twin.set_weights(model.get_weights())
    twin.compile(keras.optimizers.SGD(1.0), "sparse_categorical_crossentropy")
    twin.train_on_batch(*some)
    triples = zip(model.get_weights(), twin.get_weights(), by_hand, strict=True)
    difference = max(np.abs(before - after - gradient).max() for before, after, gradient in triples)
    probabilities = model.predict(rows.test.inputs, batch_size=256, verbose=0)
    matrix = scores.confusion(rows.test.labels, probabilities)
    found = scores.classification(rows.test.labels, probabilities, rows.classes)
    return Report(
        model=model,
        headline="accuracy",
        scores=found | {"gradient difference, by hand": float(difference)},
        baselines=scores.classification_baselines(rows),
        data=rows.describe(),
        pictures={
            "confusion": visualize.plot_confusion_matrix(matrix, rows.classes),
            "gradient": visualize.plot_spread(
                range(1, len(norms_after) + 1), norms, "step t", "gradient at h[t] / at the last"
            ),
        },
    )


def gradients_through_time(weights, inputs, labels, activation="tanh"):
    """Back-propagation through time by hand: a vanilla cell, then a Dense layer with softmax.

    Args:
        weights: [W_h (features, units), U_h (units, units), b_h, W_y (units, classes), b_y].
        inputs: (batch, time, features).
        labels: class numbers (batch,).
        activation: "tanh" or "relu".

    Returns:
        (gradients of the mean cross-entropy, in the order of the weights, and the norms of
        the gradient at h[1], h[2], ... as shares of that at the last state, (time,)).
    """
    w, u, b, w_out, b_out = (np.asarray(weight, "float64") for weight in weights)
    if activation not in ("tanh", "relu"):
        raise ValueError(f"no slope is written out for the activation {activation!r}.")
    bend = np.tanh if activation == "tanh" else lambda sums: np.maximum(sums, 0)
    states = [np.zeros((len(inputs), len(u)))]  # h[0]
    for t in range(inputs.shape[1]):
        states.append(bend(inputs[:, t] @ w + states[-1] @ u + b))  # (batch, units)
    exponents = np.exp(states[-1] @ w_out + b_out)
    error = exponents / exponents.sum(axis=1, keepdims=True)  # (batch, classes)
    error[np.arange(len(labels)), labels] -= 1  # softmax and cross-entropy: probability - truth
    error /= len(labels)
    of_w, of_u, of_b = np.zeros_like(w), np.zeros_like(u), np.zeros_like(b)
    of_state, norms = error @ w_out.T, []  # (batch, units)
    for t in reversed(range(inputs.shape[1])):
        norms.insert(0, float(np.linalg.norm(of_state)))
        h = states[t + 1]
        of_sum = of_state * (1 - h**2 if activation == "tanh" else h > 0)  # times the slope
        of_w += inputs[:, t].T @ of_sum  # the same weights at every step: their gradients add up
        of_u += states[t].T @ of_sum
        of_b += of_sum.sum(axis=0)
        of_state = of_sum @ u.T  # back to the step before
    return [of_w, of_u, of_b, states[-1].T @ error, error.sum(axis=0)], np.divide(norms, norms[-1])
