"""Recurrent cells written out equation by equation, for use inside keras.layers.RNN.

Each has the weights of the Keras layer it explains, in the same order and shapes, so that
`ours.set_weights(theirs.get_weights())` makes the two equal. In the equations x is the input of
step t, h the hidden state, c the cell state; W multiplies the input, U the hidden state of the step
before, h[t-1]; b and d are biases; `*` multiplies unit by unit; c~ and h~ are candidates.
"""

import keras
import numpy as np
from keras import layers, ops


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
