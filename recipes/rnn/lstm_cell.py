"""The vanilla, LSTM and GRU cells, written out equation by equation for Keras.

    rows (8, 8) -> rnn of lstm cells 96 -> probabilities (10,)

A recurrent layer is a loop over time around a cell, which makes the new state out of the step's
input and the state of the step before. The vanilla cell has two equations. The LSTM has six: three
gates, numbers from 0 (shut) to 1 (open), decide unit by unit what the cell forgets, takes in and
gives out. Its cell state is only scaled and added to, so that the gradient survives many steps. The
GRU makes do with two gates and one state. The equations stand in recipes/layers/cells.py; a run
measures how near outputs and gradients are to those of Keras's own layers with the same weights.

Differs from lstm_stack: the cell is ours, and there is one layer.

Reference: Hochreiter and Schmidhuber, "Long short-term memory", 1997; Gers et al., "Learning to
forget", 2000; Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
import numpy as np
from keras import layers, ops

import data_prep
import visualize
from recipes import scores
from recipes.report import Report
from recipes.schedules import warmup_cosine


@keras.saving.register_keras_serializable(package="recipes")
class VanillaCell(layers.Layer):
    """The vanilla recurrent cell, as in keras.layers.SimpleRNN.

    hidden state   h[t] = tanh(W_h x[t] + U_h h[t-1] + b_h)
    output         y[t] = softmax(W_y h[t] + b_y), which is a Dense layer behind the cell

    Args:
        units: size of the hidden state.
    """

    def __init__(self, units=32, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = self.output_size = units

    def build(self, input_shape):
        """Make W (features, units), U (units, units) and b (units,)."""
        self.w = self.add_weight((input_shape[-1], self.units), "glorot_uniform", name="kernel")
        self.u = self.add_weight((self.units, self.units), "orthogonal", name="recurrent_kernel")
        self.b = self.add_weight((self.units,), "zeros", name="bias")

    def call(self, x, states):
        """One step: x (batch, features), states [h (batch, units)]."""
        (h,) = states
        h = ops.tanh(x @ self.w + h @ self.u + self.b)
        return h, [h]

    def get_config(self):
        """The arguments of the constructor."""
        return super().get_config() | {"units": self.units}


@keras.saving.register_keras_serializable(package="recipes")
class LSTMCell(layers.Layer):
    """Long short-term memory, as in keras.layers.LSTM.

    forget gate    f[t] = sigmoid(W_f x[t] + U_f h[t-1] + b_f)    how much of c stays
    candidate      c~[t] = tanh(W_c x[t] + U_c h[t-1] + b_c)      what could come in
    input gate     i[t] = sigmoid(W_i x[t] + U_i h[t-1] + b_i)    how much of it comes in
    output gate    o[t] = sigmoid(W_o x[t] + U_o h[t-1] + b_o)    how much of c is shown
    cell state     c[t] = f[t] * c[t-1] + i[t] * c~[t]
    hidden state   h[t] = o[t] * tanh(c[t])

    Args:
        units: size of the hidden state and of the cell state.
    """

    def __init__(self, units=32, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = [units, units]
        self.output_size = units

    def build(self, input_shape):
        """Make W (features, 4 units), U (units, 4 units) and b (4 units,), in the order i f c o."""
        self.w = self.add_weight((input_shape[-1], 4 * self.units), "glorot_uniform", name="kernel")
        self.u = self.add_weight(
            (self.units, 4 * self.units), "orthogonal", name="recurrent_kernel"
        )
        self.b = self.add_weight((4 * self.units,), self._open_forget_gate, name="bias")

    def _open_forget_gate(self, shape, dtype=None):
        """Zeros, and ones for the forget gate: a new cell remembers (Jozefowicz et al. 2015)."""
        place = ops.arange(shape[0]) // self.units
        return ops.cast(place == 1, dtype or "float32")

    def call(self, x, states):
        """One step: x (batch, features), states [h (batch, units), c (batch, units)]."""
        h, c = states
        sums = x @ self.w + h @ self.u + self.b  # (batch, 4 units): one product for all four
        i, f, candidate, o = ops.split(sums, 4, axis=-1)  # (batch, units) each
        i, f, o = ops.sigmoid(i), ops.sigmoid(f), ops.sigmoid(o)
        c = f * c + i * ops.tanh(candidate)
        h = o * ops.tanh(c)
        return h, [h, c]

    def get_config(self):
        """The arguments of the constructor."""
        return super().get_config() | {"units": self.units}


@keras.saving.register_keras_serializable(package="recipes")
class GRUCell(layers.Layer):
    """Gated recurrent unit, as in keras.layers.GRU, in both of its forms.

    update gate    z[t] = sigmoid(W_z x[t] + U_z h[t-1] + b_z)    how much of h stays
    reset gate     r[t] = sigmoid(W_r x[t] + U_r h[t-1] + b_r)    how much of h is looked at
    candidate      h~[t] = tanh(W_h x[t] + U_h (r[t] * h[t-1]) + b_h)           reset before, or
                   h~[t] = tanh(W_h x[t] + r[t] * (U_h h[t-1] + d_h) + b_h)     reset after
    hidden state   h[t] = z[t] * h[t-1] + (1 - z[t]) * h~[t]

    The first is as in Cho et al. 2014, reset_after=False. In the second, reset_after=True, the
    products with h[t-1] need no r[t], so that one matrix product serves all three; they have biases
    d of their own, also in the gates. It is what cuDNN computes, and Keras's default.

    Args:
        units: size of the hidden state.
        reset_after: whether the reset gate multiplies after the product with U_h or before it.
    """

    def __init__(self, units=32, reset_after=True, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.reset_after = reset_after
        self.state_size = self.output_size = units

    def build(self, input_shape):
        """Make W (features, 3 units), U (units, 3 units) and b (3 units,), in the order z r h.

        With reset_after b and d are one weight (2, 3 units).
        """
        size = 3 * self.units
        self.w = self.add_weight((input_shape[-1], size), "glorot_uniform", name="kernel")
        self.u = self.add_weight((self.units, size), "orthogonal", name="recurrent_kernel")
        self.b = self.add_weight((2, size) if self.reset_after else (size,), "zeros", name="bias")

    def call(self, x, states):
        """One step: x (batch, features), states [h (batch, units)]."""
        (h,) = states
        b = self.b[0] if self.reset_after else self.b
        d = self.b[1] if self.reset_after else ops.zeros(b.shape, self.compute_dtype)
        x_z, x_r, x_h = ops.split(x @ self.w + b, 3, axis=-1)  # (batch, units) each
        u_z, u_r, u_h = ops.split(self.u, 3, axis=-1)  # (units, units) each
        d_z, d_r, d_h = ops.split(d, 3, axis=-1)
        z = ops.sigmoid(x_z + h @ u_z + d_z)
        r = ops.sigmoid(x_r + h @ u_r + d_r)
        looked_at = r * (h @ u_h + d_h) if self.reset_after else (r * h) @ u_h
        h = z * h + (1 - z) * ops.tanh(x_h + looked_at)
        return h, [h]

    def get_config(self):
        """The arguments of the constructor."""
        return super().get_config() | {"units": self.units, "reset_after": self.reset_after}


def build_lstm_cell(input_shape=(8, 8), num_classes=10, cell="lstm", units=96):
    """Build the network, not compiled.

    Args:
        input_shape: (time steps, features per step); the number of steps may be None.
        num_classes: number of classes, the size of the output.
        cell: "lstm", "gru", "gru_before" (the reset gate in front of the product) or "vanilla".
        units: size of the state.

    Returns:
        A keras.Sequential from (batch, *input_shape) to probabilities (batch, num_classes).
    """
    cells = {"lstm": LSTMCell, "gru": GRUCell, "gru_before": GRUCell, "vanilla": VanillaCell}
    options = {"reset_after": False} if cell == "gru_before" else {}
    return keras.Sequential(
        [
            keras.Input(input_shape),  # (batch, time, features)
            layers.RNN(cells[cell](units, **options)),  # (batch, units), the last hidden state
            layers.Dense(num_classes, activation="softmax"),
        ],
        name="lstm_cell",
    )


def run(
    data="digits", epochs=20, batch_size=64, seed=0, cell="lstm", learning_rate=0.01, callbacks=()
):
    """Hold each cell against Keras's layer, train one on images read row by row.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: draws the first weights, the order of images and the validation part.
        cell: lstm, gru, gru_before (the reset gate in front of the product) or vanilla.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    if cell not in KERAS:
        raise data_prep.DataError(f"there is no cell {cell!r}: give one of {', '.join(KERAS)}.")
    rows = data_prep.image_rows(data_prep.load_images(data, seed=seed))
    model = build_lstm_cell(rows.input_shape, len(rows.classes), cell)
    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(rows.train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
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
    probabilities = model.predict(rows.test.inputs, batch_size=256, verbose=0)
    matrix = scores.confusion(rows.test.labels, probabilities)
    found = scores.classification(rows.test.labels, probabilities, rows.classes)
    return Report(
        model=model,
        headline="accuracy",
        scores=found | _differences(rows.train.inputs[:32], rows.train.labels[:32], rows.classes),
        baselines=scores.classification_baselines(rows),
        data=rows.describe(),
        pictures={
            "cell": KERAS[cell][2](),
            "confusion": visualize.plot_confusion_matrix(matrix, rows.classes),
        },
    )


# What each cell is held against, and its drawing.
KERAS = {
    "lstm": (layers.LSTM, {}, visualize.plot_lstm_cell),
    "gru": (layers.GRU, {}, visualize.plot_gru_cell),
    "gru_before": (layers.GRU, {"reset_after": False}, visualize.plot_gru_cell),
    "vanilla": (layers.SimpleRNN, {}, visualize.plot_rnn_cell),
}


def _differences(inputs, labels, classes):
    """{name: largest difference of outputs, or of gradients, from Keras's layer}, for each cell.

    A step of plain gradient descent at rate 1 changes the weights by the gradient, so that no
    backend's own way to ask for it is needed.
    """
    found = {}
    for cell, (layer, options, _) in KERAS.items():
        ours = build_lstm_cell(inputs.shape[1:], len(classes), cell, units=16)
        head = layers.Dense(len(classes), activation="softmax")
        theirs = keras.Sequential([keras.Input(inputs.shape[1:]), layer(16, **options), head])
        theirs.set_weights(ours.get_weights())
        outputs, gradients = [], []
        for model in (ours, theirs):
            outputs.append(model.predict_on_batch(inputs))
            before = model.get_weights()
            model.compile(keras.optimizers.SGD(1.0), "sparse_categorical_crossentropy")
            model.train_on_batch(inputs, labels)
            gradients.append([a - b for a, b in zip(before, model.get_weights(), strict=True)])
        found[f"output difference of {cell}"] = float(np.abs(outputs[0] - outputs[1]).max())
        found[f"gradient difference of {cell}"] = max(
            float(np.abs(a - b).max()) for a, b in zip(*gradients, strict=True)
        )
    return found
