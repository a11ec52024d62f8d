"""Recurrent cells with their equations."""

from matplotlib.patches import FancyBboxPatch

from visualize.notes.canvas import BLUE_FILL, ORANGE_FILL, Canvas
from visualize.style import INK

# Each is (name, equation). The product of vectors by element is \odot, sigma the sigmoid.
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

# As keras.layers.GRU computes it (reset_after=True): the reset gate acts after the matrix product,
# and there are two biases.
GRU_EQUATIONS = (
    ("reset gate", r"r_t = \sigma(W_r x_t + b_r + U_r h_{t-1} + d_r)"),
    ("update gate", r"z_t = \sigma(W_z x_t + b_z + U_z h_{t-1} + d_z)"),
    ("candidate", r"\tilde{h}_t = \tanh(W_h x_t + b_h + r_t \odot (U_h h_{t-1} + d_h))"),
    ("hidden state", r"h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tilde{h}_t"),
)


def plot_rnn_cell(ax=None):
    """Draw the cell of a simple recurrent network, with its two equations.

    Args:
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.
    """
    canvas = Canvas(ax, 8, 6.6)
    _cell_frame(canvas, 1.5, 2.5, 5, 2.5)
    total, bend = canvas.circle(3.2, 3.3, "+"), canvas.box(4.6, 3.3, "tanh", fill=BLUE_FILL)
    canvas.arrow((0.95, 3.3), total.left)
    canvas.arrow((3.2, 2.05), total.bottom)
    canvas.arrow(total.right, bend.left)
    canvas.arrow(bend.right, (7.05, 3.3))
    canvas.dot(5.7, 3.3)
    output = canvas.box(5.7, 4.3, "softmax", width=1.2, fill=ORANGE_FILL)
    canvas.arrow((5.7, 3.3), output.bottom)
    canvas.arrow(output.top, (5.7, 5.5))
    canvas.text(2.3, 3.58, "$U_h h_{t-1}$", size=0.18)
    canvas.text(3.72, 2.74, "$W_h x_t$", size=0.18)
    canvas.text(5.32, 3.78, "$W_y$", size=0.18)
    canvas.text(0.55, 3.3, "$h_{t-1}$", size=0.24)
    canvas.text(3.2, 1.8, "$x_t$", size=0.24)
    canvas.text(7.35, 3.3, "$h_t$", size=0.24)
    canvas.text(5.7, 5.75, "$y_t$", size=0.24)
    canvas.equations(RNN_EQUATIONS, 1.2, 1.1)
    return canvas.ax.figure


def plot_lstm_cell(ax=None):
    """Draw the LSTM cell with its gates, and its six equations.

    Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000, as in
    `keras.layers.LSTM`.

    Args:
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.
    """
    canvas = Canvas(ax, 11, 8.4)
    _cell_frame(canvas, 1.5, 3, 8, 5.1)
    memory, line = 7.4, 3.8  # heights of the cell state, and of what all gates read
    gates = {
        name: canvas.box(x, 4.9, words, width=0.85, fill=BLUE_FILL)
        for name, x, words in (
            ("f", 2.8, r"$\sigma$"),
            ("i", 4.4, r"$\sigma$"),
            ("c", 6, "tanh"),
            ("o", 7.4, r"$\sigma$"),
        )
    }
    forget, add = canvas.circle(2.8, memory, "×"), canvas.circle(6, memory, "+")
    write, show = canvas.circle(6, 6.2, "×"), canvas.circle(8.6, 5.6, "×")
    squash = canvas.box(8.6, 6.55, "tanh", width=0.85)
    canvas.arrow((1, memory), forget.left)
    canvas.arrow(forget.right, add.left)
    canvas.arrow(add.right, (10, memory))
    canvas.arrow((1, line), (7.4, line), gates["o"].bottom)
    canvas.arrow((2.1, 2.55), (2.1, line), head="-")
    canvas.dot(2.1, line)
    for name in "fic":
        canvas.arrow((gates[name].x, line), gates[name].bottom)
        canvas.dot(gates[name].x, line)
    canvas.arrow(gates["f"].top, forget.bottom)
    canvas.arrow(gates["i"].top, (4.4, 6.2), write.left)
    canvas.arrow(gates["c"].top, write.bottom)
    canvas.arrow(write.top, add.bottom)
    canvas.dot(8.6, memory)
    canvas.arrow((8.6, memory), squash.top)
    canvas.arrow(squash.bottom, show.top)
    canvas.arrow(gates["o"].top, (7.4, 5.6), show.left)
    canvas.arrow(show.bottom, (8.6, line), (10, line))
    for x, y, words in (
        (3.1, 6, "$f_t$"),
        (4.7, 5.7, "$i_t$"),
        (6.3, 5.55, r"$\tilde{c}_t$"),
        (7.7, 5.85, "$o_t$"),
    ):
        canvas.text(x, y, words, size=0.22)
    for x, y, words in (
        (0.6, memory, "$c_{t-1}$"),
        (10.4, memory, "$c_t$"),
        (0.6, line, "$h_{t-1}$"),
        (10.4, line, "$h_t$"),
        (2.1, 2.3, "$x_t$"),
    ):
        canvas.text(x, y, words, size=0.24)
    canvas.equations(LSTM_EQUATIONS[:3], 0.3, 1.6)
    canvas.equations(LSTM_EQUATIONS[3:], 5.8, 1.6)
    return canvas.ax.figure


def plot_gru_cell(ax=None):
    """Draw the GRU cell with its gates, and its equations as `keras.layers.GRU` computes them.

    Cho et al. 2014; with `reset_after=True`, Keras's default, the reset gate acts after the matrix
    product.

    Args:
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.
    """
    canvas = Canvas(ax, 11.7, 8.6)
    _cell_frame(canvas, 1.5, 3, 8.4, 5.1)
    state, line = 7.4, 3.8  # heights of the hidden state and of the input
    reset = canvas.box(2.7, 5.2, r"$\sigma$", width=0.85, fill=BLUE_FILL)
    product = canvas.box(4.3, 6.4, "$U_h h_{t-1}+d_h$", width=1.75)
    switch = canvas.circle(4.3, 5.2, "×")
    candidate = canvas.box(5.8, 5.2, "tanh", width=0.85, fill=BLUE_FILL)
    update = canvas.box(7.2, 6.1, r"$\sigma$", width=0.85, fill=BLUE_FILL)
    keep, add = canvas.circle(7.2, state, "×"), canvas.circle(9.2, state, "+")
    rest, write = canvas.circle(8.3, 6.1, "1−"), canvas.circle(9.2, 6.1, "×")
    canvas.arrow((1, state), keep.left)
    canvas.arrow(keep.right, add.left)
    canvas.arrow(add.right, (10.4, state))
    canvas.arrow((2.7, state), reset.top)
    canvas.arrow((4.3, state), product.top)
    canvas.arrow((5.8, state), (5.8, 6.1), update.left)
    canvas.arrow((2.7, 2.55), reset.bottom)
    canvas.arrow((2.7, line), (7.2, line), update.bottom)
    canvas.arrow((5.8, line), candidate.bottom)
    canvas.arrow(reset.right, switch.left)
    canvas.arrow(product.bottom, switch.top)
    canvas.arrow(switch.right, candidate.left)
    canvas.arrow(candidate.right, (9.2, 5.2), write.bottom)
    canvas.arrow(update.top, keep.bottom)
    canvas.arrow(update.right, rest.left)
    canvas.arrow(rest.right, write.left)
    canvas.arrow(write.top, add.bottom)
    for x, y in ((2.7, state), (4.3, state), (5.8, state), (2.7, line), (5.8, line)):
        canvas.dot(x, y)
    for x, y, words in (
        (3.55, 5.5, "$r_t$"),
        (7.5, 6.75, "$z_t$"),
        (8.3, 4.9, r"$\tilde{h}_t$"),
    ):
        canvas.text(x, y, words, size=0.22)
    for x, y, words in (
        (0.6, state, "$h_{t-1}$"),
        (10.8, state, "$h_t$"),
        (2.7, 2.3, "$x_t$"),
    ):
        canvas.text(x, y, words, size=0.24)
    canvas.equations(GRU_EQUATIONS[:2], 0.3, 1.6)
    canvas.equations(GRU_EQUATIONS[2:], 5.4, 1.6)
    canvas.text(0.3, 0.35, "as keras.layers.GRU, reset_after=True", size=0.17, ha="left")
    return canvas.ax.figure


def _cell_frame(canvas, left, bottom, width, height):
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
