"""Pictures of recurrent cells with their equations: simple, LSTM, GRU."""

from matplotlib.patches import FancyBboxPatch

from visualize.notes.canvas import BLUE_FILL, ORANGE_FILL, Canvas
from visualize.style import INK

# Pairs (name, equation). The element-wise product is \odot; \sigma is the sigmoid.
RNN_EQUATIONS = (
    ("hidden state", r"h_t = \tanh(W_h x_t + U_h h_{t-1} + b_h)"),
    ("output", r"y_t = \mathrm{softmax}(W_y h_t + b_y)"),
)
LSTM_EQUATIONS = (
    ("forget gate", r"f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f)"),
    ("input gate", r"i_t = \sigma(W_i x_t + U_i h_{t-1} + b_i)"),
    ("candidate", r"\tilde{c}_t = \tanh(W_c x_t + U_c h_{t-1} + b_c)"),
    ("cell state", r"c_t = f_t \odot c_{t-1} + i_t \odot \tilde{c}_t"),
    ("output gate", r"o_t = \sigma(W_o x_t + U_o h_{t-1} + b_o)"),
    ("hidden state", r"h_t = o_t \odot \tanh(c_t)"),
)

# As in keras.layers.GRU with reset_after=True: the reset gate acts after the matrix product, and
# there are two biases.
GRU_EQUATIONS = (
    ("reset gate", r"r_t = \sigma(W_r x_t + b_r + U_r h_{t-1} + d_r)"),
    ("update gate", r"z_t = \sigma(W_z x_t + b_z + U_z h_{t-1} + d_z)"),
    ("candidate", r"\tilde{h}_t = \tanh(W_h x_t + b_h + r_t \odot (U_h h_{t-1} + d_h))"),
    ("hidden state", r"h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tilde{h}_t"),
)


def plot_rnn_cell(ax=None):
    """Plot the cell of a simple recurrent network, with its two equations.

    Args:
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.
    """
    canvas = Canvas(ax, 8, 6.6)
    _draw_frame(canvas, 1.5, 2.5, 5, 2.5)

    # The new hidden state, from the previous one and the input.
    line = 3.3  # height of the hidden state
    add = canvas.circle(3.2, line, "+")
    tanh = canvas.box(4.6, line, "tanh", fill=BLUE_FILL)
    canvas.arrow((0.95, line), add.left)
    canvas.arrow((3.2, 2.05), add.bottom)
    canvas.arrow(add.right, tanh.left)
    canvas.arrow(tanh.right, (7.05, line))

    # The output, from the new hidden state.
    canvas.dot(5.7, line)
    output = canvas.box(5.7, 4.3, "softmax", width=1.2, fill=ORANGE_FILL)
    canvas.arrow((5.7, line), output.bottom)
    canvas.arrow(output.top, (5.7, 5.5))

    canvas.text(2.3, 3.58, "$U_h h_{t-1}$", size=0.18)
    canvas.text(3.72, 2.74, "$W_h x_t$", size=0.18)
    canvas.text(5.32, 3.78, "$W_y$", size=0.18)
    canvas.text(0.55, line, "$h_{t-1}$", size=0.24)
    canvas.text(3.2, 1.8, "$x_t$", size=0.24)
    canvas.text(7.35, line, "$h_t$", size=0.24)
    canvas.text(5.7, 5.75, "$y_t$", size=0.24)
    canvas.equations(RNN_EQUATIONS, 1.2, 1.1)
    return canvas.ax.figure


def plot_lstm_cell(ax=None):
    """Plot the LSTM cell with its gates, and its six equations.

    Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000, as in
    `keras.layers.LSTM`.

    Args:
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.
    """
    canvas = Canvas(ax, 11, 8.4)
    _draw_frame(canvas, 1.5, 3, 8, 5.1)
    memory, line = 7.4, 3.8  # heights of the cell state, and of the input of all gates

    # Previous hidden state and input go to all gates and to the candidate.
    forget_gate = canvas.box(2.8, 4.9, r"$\sigma$", width=0.85, fill=BLUE_FILL)
    input_gate = canvas.box(4.4, 4.9, r"$\sigma$", width=0.85, fill=BLUE_FILL)
    candidate = canvas.box(6, 4.9, "tanh", width=0.85, fill=BLUE_FILL)
    output_gate = canvas.box(7.4, 4.9, r"$\sigma$", width=0.85, fill=BLUE_FILL)
    canvas.arrow((1, line), (7.4, line), output_gate.bottom)
    canvas.arrow((2.1, 2.55), (2.1, line), head="-")
    canvas.dot(2.1, line)
    for box in (forget_gate, input_gate, candidate):
        canvas.arrow((box.x, line), box.bottom)
        canvas.dot(box.x, line)

    # The cell state: what the forget gate keeps, plus what the input gate admits.
    keep, add = canvas.circle(2.8, memory, "×"), canvas.circle(6, memory, "+")
    admit = canvas.circle(6, 6.2, "×")
    canvas.arrow((1, memory), keep.left)
    canvas.arrow(keep.right, add.left)
    canvas.arrow(add.right, (10, memory))
    canvas.arrow(forget_gate.top, keep.bottom)
    canvas.arrow(input_gate.top, (4.4, 6.2), admit.left)
    canvas.arrow(candidate.top, admit.bottom)
    canvas.arrow(admit.top, add.bottom)

    # The hidden state: the part of the cell state that the output gate shows.
    show = canvas.circle(8.6, 5.6, "×")
    tanh = canvas.box(8.6, 6.55, "tanh", width=0.85)
    canvas.dot(8.6, memory)
    canvas.arrow((8.6, memory), tanh.top)
    canvas.arrow(tanh.bottom, show.top)
    canvas.arrow(output_gate.top, (7.4, 5.6), show.left)
    canvas.arrow(show.bottom, (8.6, line), (10, line))

    canvas.text(3.1, 6, "$f_t$", size=0.22)
    canvas.text(4.7, 5.7, "$i_t$", size=0.22)
    canvas.text(6.3, 5.55, r"$\tilde{c}_t$", size=0.22)
    canvas.text(7.7, 5.85, "$o_t$", size=0.22)
    canvas.text(0.6, memory, "$c_{t-1}$", size=0.24)
    canvas.text(10.4, memory, "$c_t$", size=0.24)
    canvas.text(0.6, line, "$h_{t-1}$", size=0.24)
    canvas.text(10.4, line, "$h_t$", size=0.24)
    canvas.text(2.1, 2.3, "$x_t$", size=0.24)
    canvas.equations(LSTM_EQUATIONS[:3], 0.3, 1.6)
    canvas.equations(LSTM_EQUATIONS[3:], 5.8, 1.6)
    return canvas.ax.figure


def plot_gru_cell(ax=None):
    """Plot the GRU cell with its gates, and its equations as in `keras.layers.GRU`.

    Cho et al. 2014. With `reset_after=True`, the default of Keras, the reset gate acts after the
    matrix product.

    Args:
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.
    """
    canvas = Canvas(ax, 11.7, 8.6)
    _draw_frame(canvas, 1.5, 3, 8.4, 5.1)
    state, line = 7.4, 3.8  # heights of the hidden state, and of the input

    # Previous hidden state and input go to both gates and to the candidate.
    reset_gate = canvas.box(2.7, 5.2, r"$\sigma$", width=0.85, fill=BLUE_FILL)
    update_gate = canvas.box(7.2, 6.1, r"$\sigma$", width=0.85, fill=BLUE_FILL)
    candidate = canvas.box(5.8, 5.2, "tanh", width=0.85, fill=BLUE_FILL)
    canvas.arrow((2.7, state), reset_gate.top)
    canvas.arrow((2.7, 2.55), reset_gate.bottom)
    canvas.arrow((5.8, state), (5.8, 6.1), update_gate.left)
    canvas.arrow((2.7, line), (7.2, line), update_gate.bottom)
    canvas.arrow((5.8, line), candidate.bottom)

    # The candidate: the reset gate scales what comes from the previous hidden state.
    product = canvas.box(4.3, 6.4, "$U_h h_{t-1}+d_h$", width=1.75)
    reset = canvas.circle(4.3, 5.2, "×")
    canvas.arrow((4.3, state), product.top)
    canvas.arrow(product.bottom, reset.top)
    canvas.arrow(reset_gate.right, reset.left)
    canvas.arrow(reset.right, candidate.left)

    # The hidden state: z times the previous one, plus 1 - z times the candidate.
    keep, add = canvas.circle(7.2, state, "×"), canvas.circle(9.2, state, "+")
    rest, admit = canvas.circle(8.3, 6.1, "1−"), canvas.circle(9.2, 6.1, "×")
    canvas.arrow((1, state), keep.left)
    canvas.arrow(keep.right, add.left)
    canvas.arrow(add.right, (10.4, state))
    canvas.arrow(update_gate.top, keep.bottom)
    canvas.arrow(update_gate.right, rest.left)
    canvas.arrow(rest.right, admit.left)
    canvas.arrow(candidate.right, (9.2, 5.2), admit.bottom)
    canvas.arrow(admit.top, add.bottom)

    for x, y in ((2.7, state), (4.3, state), (5.8, state), (2.7, line), (5.8, line)):
        canvas.dot(x, y)
    canvas.text(3.55, 5.5, "$r_t$", size=0.22)
    canvas.text(7.5, 6.75, "$z_t$", size=0.22)
    canvas.text(8.3, 4.9, r"$\tilde{h}_t$", size=0.22)
    canvas.text(0.6, state, "$h_{t-1}$", size=0.24)
    canvas.text(10.8, state, "$h_t$", size=0.24)
    canvas.text(2.7, 2.3, "$x_t$", size=0.24)
    canvas.equations(GRU_EQUATIONS[:2], 0.3, 1.6)
    canvas.equations(GRU_EQUATIONS[2:], 5.4, 1.6)
    canvas.text(0.3, 0.35, "as in keras.layers.GRU with reset_after=True", size=0.17, ha="left")
    return canvas.ax.figure


def _draw_frame(canvas, left, bottom, width, height):
    """Draw the frame of a cell, behind everything else."""
    canvas.ax.add_patch(
        FancyBboxPatch(
            (left + 0.2, bottom + 0.2),
            width - 0.4,
            height - 0.4,
            boxstyle="round,pad=0.2",
            facecolor="#f7f8fa",
            edgecolor=INK,
            linewidth=1.2,
            zorder=1,
        )
    )
