"""Image classifier: simple, LSTM and GRU cells, written out equation by equation.

    rows (8, 8) -> rnn of lstm cells 96 -> probabilities (10,)

Take it to see what happens inside a recurrent layer, or to start a cell of your own. The layer is a
loop over time around a cell, which computes the new state from the input and the state of the step
before. The vanilla cell has two equations. The LSTM has six: three gates, numbers from 0 (closed)
to 1 (open), decide unit by unit what it forgets, takes in and shows. Its cell state is only scaled
and added to, so the gradient survives many steps. The GRU has only two gates and one state.

In the report: how far each cell's outputs and gradients are from those of Keras's own layer.

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
from recipes.layers.sizes import check_integers, check_shape
from recipes.report import Report
from recipes.schedules import warmup_cosine


@keras.saving.register_keras_serializable(package="recipes")
class VanillaCell(layers.Layer):
    """The vanilla cell, with a state of size `units`, as in keras.layers.SimpleRNN.

    hidden state   h[t] = tanh(W_h x[t] + U_h h[t-1] + b_h)
    output         y[t] = softmax(W_y h[t] + b_y), a Dense layer after the cell
    """

    def __init__(self, units=32, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = units

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
    """The LSTM cell, with two states of size `units`, as in keras.layers.LSTM.

    forget gate    f[t] = sigmoid(W_f x[t] + U_f h[t-1] + b_f)    how much of c to keep
    candidate      c~[t] = tanh(W_c x[t] + U_c h[t-1] + b_c)      what could be added
    input gate     i[t] = sigmoid(W_i x[t] + U_i h[t-1] + b_i)    how much of it to add
    output gate    o[t] = sigmoid(W_o x[t] + U_o h[t-1] + b_o)    how much of c to show
    cell state     c[t] = f[t] * c[t-1] + i[t] * c~[t]
    hidden state   h[t] = o[t] * tanh(c[t])
    """

    def __init__(self, units=32, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = [units, units]

    def build(self, input_shape):
        """Make W (features, 4 units), U (units, 4 units) and b (4 units,), in the order i f c o."""
        size = 4 * self.units
        self.w = self.add_weight((input_shape[-1], size), "glorot_uniform", name="kernel")
        self.u = self.add_weight((self.units, size), "orthogonal", name="recurrent_kernel")
        # Ones for the forget gate: a new cell remembers (Jozefowicz et al. 2015).
        bias = keras.initializers.Constant(np.repeat([0, 1, 0, 0], self.units))
        self.b = self.add_weight((size,), bias, name="bias")

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
    """The GRU cell, with a state of size `units`, as in keras.layers.GRU.

    update gate    z[t] = sigmoid(W_z x[t] + U_z h[t-1] + b_z)    how much of h to keep
    reset gate     r[t] = sigmoid(W_r x[t] + U_r h[t-1] + b_r)    how much of h to use
    candidate      h~[t] = tanh(W_h x[t] + U_h (r[t] * h[t-1]) + b_h)           reset before
               or  h~[t] = tanh(W_h x[t] + r[t] * (U_h h[t-1] + d_h) + b_h)     reset after
    hidden state   h[t] = z[t] * h[t-1] + (1 - z[t]) * h~[t]

    The first candidate, reset_after=False, is that of Cho et al. 2014. The second, Keras's default,
    is faster: no product with h[t-1] waits for r[t]. It has biases d of its own, in the gates too.
    """

    def __init__(self, units=32, reset_after=True, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.reset_after = reset_after
        self.state_size = units

    def build(self, input_shape):
        """Make W (features, 3 units), U (units, 3 units) and the biases, in the order z r h."""
        size = 3 * self.units
        biases = (2, size) if self.reset_after else (size,)  # b and d, or b alone
        self.w = self.add_weight((input_shape[-1], size), "glorot_uniform", name="kernel")
        self.u = self.add_weight((self.units, size), "orthogonal", name="recurrent_kernel")
        self.b = self.add_weight(biases, "zeros", name="bias")

    def call(self, x, states):
        """One step: x (batch, features), states [h (batch, units)]."""
        (h,) = states
        b, d = (self.b[0], self.b[1]) if self.reset_after else (self.b, ops.zeros_like(self.b))
        x_z, x_r, x_h = ops.split(x @ self.w + b, 3, axis=-1)  # (batch, units) each
        u_z, u_r, u_h = ops.split(self.u, 3, axis=-1)  # (units, units) each
        d_z, d_r, d_h = ops.split(d, 3, axis=-1)
        z = ops.sigmoid(x_z + h @ u_z + d_z)
        r = ops.sigmoid(x_r + h @ u_r + d_r)
        past = r * (h @ u_h + d_h) if self.reset_after else (r * h) @ u_h
        h = z * h + (1 - z) * ops.tanh(x_h + past)
        return h, [h]

    def get_config(self):
        """The arguments of the constructor."""
        return super().get_config() | {"units": self.units, "reset_after": self.reset_after}


def build_lstm_cell(input_shape=(8, 8), num_classes=10, cell="lstm", units=96):
    """Build the network, not compiled.

    Args:
        input_shape: (time steps, features per step); the number of steps may be None.
        num_classes: number of classes, the size of the output.
        cell: "lstm", "gru", "gru_before" (the reset gate before the product) or "vanilla".
        units: size of the state.

    Returns:
        A keras.Sequential from (batch, *input_shape) to probabilities (batch, num_classes).

    Raises:
        ValueError: if there is no such cell, or the input shape or a size cannot work.

    Example:
        import numpy as np

        sequences = np.random.rand(128, 28, 28)  # images of 28 rows, each of 28 pixels
        labels = np.random.randint(10, size=128)

        model = build_lstm_cell(input_shape=(28, 28), num_classes=10, cell="lstm")
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(sequences, labels, epochs=2)
        probabilities = model.predict(sequences)  # (128, 10)
    """
    check_shape("build_lstm_cell", input_shape, "time steps", "features", free=("time steps",))
    check_integers("build_lstm_cell", num_classes=num_classes, units=units)
    cells = {"lstm": LSTMCell, "gru": GRUCell, "gru_before": GRUCell, "vanilla": VanillaCell}
    if cell not in cells:
        raise ValueError(f"build_lstm_cell: cell {cell!r}; give one of {', '.join(cells)}.")
    options = {"reset_after": False} if cell == "gru_before" else {}

    return keras.Sequential(
        [
            keras.Input(input_shape),  # (batch, time, features)
            layers.RNN(cells[cell](units, **options)),  # (batch, units), the last hidden state
            layers.Dense(num_classes, activation="softmax"),
        ],
        name="lstm_cell",
    )


# Keras's layer with the equations of each cell, and the drawing of the cell.
KERAS_LAYERS = {
    "lstm": (layers.LSTM, {}, visualize.plot_lstm_cell),
    "gru": (layers.GRU, {}, visualize.plot_gru_cell),
    "gru_before": (layers.GRU, {"reset_after": False}, visualize.plot_gru_cell),
    "vanilla": (layers.SimpleRNN, {}, visualize.plot_rnn_cell),
}


def run(
    data="digits", epochs=20, batch_size=64, seed=0, cell="lstm", learning_rate=0.01, callbacks=()
):
    """Train one cell on images read row by row, and compare each cell with Keras's layer.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: sets the initial weights, the order of the images and the validation part.
        cell: lstm, gru, gru_before (the reset gate before the product) or vanilla.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: if there is no such cell.
    """
    if cell not in KERAS_LAYERS:
        raise data_prep.DataError(f"cell is {cell!r}; give one of {', '.join(KERAS_LAYERS)}.")
    rows = data_prep.image_rows(data_prep.load_images(data, seed=seed))
    model = build_lstm_cell(rows.input_shape, len(rows.classes), cell)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(rows.train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
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

    # The only use of the test images.
    probabilities = model.predict(rows.test.inputs, batch_size=256, verbose=0)
    found = scores.classification(rows.test.labels, probabilities, rows.classes)
    found |= _differences_from_keras(rows.train.inputs[:32], rows.train.labels[:32], rows.classes)
    _, _, plot_cell = KERAS_LAYERS[cell]
    return Report(
        model=model,
        headline="accuracy",
        scores=found,
        baselines=scores.classification_baselines(rows),
        data=rows.describe(),
        pictures={"cell": plot_cell()},
    )


def _differences_from_keras(inputs, labels, classes):
    """{name: largest difference of outputs, or of gradients, from Keras's layer}, for each cell."""
    shape = inputs.shape[1:]
    differences = {}
    for cell, (layer, options, _) in KERAS_LAYERS.items():
        ours = build_lstm_cell(shape, len(classes), cell, units=16)
        dense = layers.Dense(len(classes), activation="softmax")
        theirs = keras.Sequential([keras.Input(shape), layer(16, **options), dense])
        theirs.set_weights(ours.get_weights())
        outputs = np.abs(ours.predict_on_batch(inputs) - theirs.predict_on_batch(inputs))

        # After a step of gradient descent with rate 1, weights differ by as much as the gradients.
        for model in (ours, theirs):
            model.compile(keras.optimizers.SGD(1.0), "sparse_categorical_crossentropy")
            model.train_on_batch(inputs, labels)
        pairs = zip(ours.get_weights(), theirs.get_weights(), strict=True)
        gradients = [np.abs(a - b).max() for a, b in pairs]

        differences[f"output difference of {cell}"] = float(outputs.max())
        differences[f"gradient difference of {cell}"] = float(max(gradients))
    return differences
