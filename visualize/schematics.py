"""Schematics as in a textbook: recurrent cells and their equations, encoders, decoders, GAN.

Coordinates are in the units of `make_canvas`; text is 0.2 units high, so that it grows with the
drawing.
"""

import math
from typing import NamedTuple

from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from visualize.errors import VisualizeError
from visualize.plots import BLUE, INK, ORANGE, make_canvas

GREY_FILL, BLUE_FILL, ORANGE_FILL = "#eceff3", "#d6e5f4", "#fde0c8"
MOST_STEPS = 12

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


class _Symbol(str):
    """Mathtext, where a token of the user's is written as it is, dollar signs included."""


class _Shape(NamedTuple):
    """A drawn box or circle: its centre and size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self):
        return self.x - self.width / 2, self.y

    @property
    def right(self):
        return self.x + self.width / 2, self.y

    @property
    def top(self):
        return self.x, self.y + self.height / 2

    @property
    def bottom(self):
        return self.x, self.y - self.height / 2


class _Canvas:
    """Boxes, text and arrows on a `make_canvas`."""

    def __init__(self, ax, width, height):
        self.ax, self.points = make_canvas(ax, width, height)

    def text(self, x, y, words, size=0.2, ha="center", color=INK, mathtext=True, **options):
        return self.ax.text(
            x,
            y,
            words,
            fontsize=size * self.points,
            fontfamily="DejaVu Sans",
            math_fontfamily="dejavusans",
            ha=ha,
            va="center",
            color=color,
            parse_math=mathtext,
            **options,
        )

    def box(self, x, y, words, width=0.9, height=0.6, fill=GREY_FILL, edge=INK, **options):
        self.ax.add_patch(
            FancyBboxPatch(
                (x - width / 2 + 0.08, y - height / 2 + 0.08),
                width - 0.16,
                height - 0.16,
                boxstyle="round,pad=0.08",
                facecolor=fill,
                edgecolor=edge,
                linewidth=1.2,
                zorder=2,
            )
        )
        self.text(x, y, words, zorder=3, **options)
        return _Shape(x, y, width, height)

    def circle(self, x, y, words):
        """An operation on vectors, element by element."""
        self.ax.add_patch(
            Circle((x, y), 0.24, facecolor="white", edgecolor=INK, linewidth=1.2, zorder=2)
        )
        self.text(x, y, words, zorder=3)
        return _Shape(x, y, 0.48, 0.48)

    def arrow(self, *corners, color=INK, style="-", head="-|>"):
        """A line through the corners, with its head at the last."""
        self.ax.add_patch(
            FancyArrowPatch(
                path=Path(corners),
                arrowstyle=head,
                mutation_scale=0.2 * self.points,
                color=color,
                linestyle=style,
                linewidth=1.3,
                joinstyle="miter",
                shrinkA=0,
                shrinkB=0,
                zorder=1.5,
            )
        )

    def dot(self, x, y):
        """Where a line divides."""
        self.ax.add_patch(Circle((x, y), 0.06, facecolor=INK, edgecolor="none", zorder=2))

    def equations(self, equations, x, top):
        """Equations with their names, one below the other."""
        for row, (name, equation) in enumerate(equations):
            y = top - 0.55 * row
            self.text(x, y, name, size=0.19, ha="left", color=BLUE)
            self.text(x + 1.45, y, f"${equation}$", size=0.23, ha="left")


def plot_unrolled_rnn(steps=4, ax=None):
    """Draw a recurrent network as a loop, and unrolled over its time steps.

    Args:
        steps: how many time steps to unroll, 2 to 12.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if there are too few or too many steps.
    """
    if not 2 <= steps <= MOST_STEPS:
        raise VisualizeError(f"cannot draw {steps} steps: give 2 to {MOST_STEPS}.")
    canvas = _Canvas(ax, 4.1 + 1.5 * steps, 4.3)
    cell = canvas.box(1, 2.2, "RNN", fill=BLUE_FILL)
    read, given = canvas.box(1, 0.9, "$x_t$"), canvas.box(1, 3.5, "$y_t$", fill=ORANGE_FILL)
    canvas.arrow(read.top, cell.bottom)
    canvas.arrow(cell.top, given.bottom)
    side = cell.x + cell.width / 2
    canvas.arrow((side, 2.35), (side + 0.5, 2.35), (side + 0.5, 2.05), (side, 2.05))
    canvas.text(side + 0.75, 2.2, "$h_t$")
    canvas.text(2.75, 2.2, "=", size=0.4)
    every = [1] * steps
    cells = _chain(canvas, 4.3, 2.2, _numbered("x", every), ["RNN"] * steps, _numbered("y", every))
    canvas.arrow((3.25, 2.2), cells[0].left)
    canvas.text(3.5, 2.5, "$h_0$")
    for number, (before, after) in enumerate(zip(cells, cells[1:], strict=False), start=1):
        canvas.text((before.x + after.x) / 2, 2.5, f"$h_{{{number}}}$")
    canvas.text((cells[0].x + cells[-1].x) / 2, 0.25, "the same weights at every step", size=0.18)
    return canvas.ax.figure


def plot_rnn_types(ax=None):
    """Draw the five types of recurrent networks by what is a sequence: input, output, or both.

    Args:
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.
    """
    canvas = _Canvas(ax, 11.8, 9.5)
    types = (
        (1.2, 7.2, "one to one", "image → class", [1], [1]),
        (3.6, 7.2, "one to many", "image → caption", [1, 0, 0], [1, 1, 1]),
        (8.4, 7.2, "many to one", "sentence → sentiment", [1, 1, 1], [0, 0, 1]),
        (0.9, 2.4, "many to many, of different length", "sentence → translation", [1, 1, 0, 0, 0],
         [0, 0, 1, 1, 1]),
        (8.4, 2.4, "many to many, of equal length", "step → label of this step", [1, 1, 1],
         [1, 1, 1]),
    )  # fmt: skip
    for x, y, name, example, reads, gives in types:
        inputs = _numbered("x", reads)
        outputs = _numbered("y", gives)
        cells = _chain(canvas, x, y, inputs, ["h"] * len(reads), outputs, step=1.2)
        middle = (cells[0].x + cells[-1].x) / 2
        canvas.text(middle, y + 2.05, name, fontweight="bold")
        canvas.text(middle, y - 2.05, example)
    return canvas.ax.figure


def plot_rnn_cell(ax=None):
    """Draw the cell of a simple recurrent network, with its two equations.

    Args:
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.
    """
    canvas = _Canvas(ax, 8, 6.6)
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
    canvas = _Canvas(ax, 11, 8.4)
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
    canvas = _Canvas(ax, 11.7, 8.6)
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


def plot_seq2vec(inputs, output, ax=None):
    """Draw an encoder that reads a sequence into one vector, and what is told from it.

    Args:
        inputs: tokens of the sequence, 1 to 12.
        output: what the vector is turned into, such as a class.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if there is no token, or too many.
    """
    inputs = _tokens(inputs, "inputs")
    step = _step([*inputs, output])
    end = 0.5 + step * len(inputs)
    canvas = _Canvas(ax, end + step + 2.3, 3.3)
    cells = _chain(
        canvas, 0.2 + step / 2, 2, inputs, ["RNN"] * len(inputs), [""] * len(inputs), step=step
    )
    vector = canvas.box(end + 0.8, 2, "vector", width=1.1, fill="white")
    answer = canvas.box(
        end + 1.9 + step / 2, 2, str(output), width=step - 0.2, fill=ORANGE_FILL, mathtext=False
    )
    canvas.arrow(cells[-1].right, vector.left)
    canvas.arrow(vector.right, answer.left)
    canvas.text((cells[0].x + cells[-1].x) / 2, 2.8, "encoder", fontweight="bold")
    canvas.text(vector.x, 2.8, "last state")
    canvas.text(answer.x, 2.8, "Dense")
    return canvas.ax.figure


def plot_vec2seq(vector, outputs, ax=None):
    """Draw a decoder that turns one vector into a sequence, each output its next input.

    Args:
        vector: what the vector stands for, such as "image".
        outputs: tokens of the sequence, 1 to 11; the drawing ends it with "end".
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if there is no token, or too many.
    """
    outputs = [*_tokens(outputs, "outputs", most=MOST_STEPS - 1), "end"]
    step = _step([*outputs, vector, "start"])
    canvas = _Canvas(ax, 1 + step * (len(outputs) + 1), 4.6)
    source = canvas.box(
        0.3 + step / 2, 2.2, str(vector), width=step - 0.2, fill="white", mathtext=False
    )
    cells = _decoder(canvas, 0.7 + 1.5 * step, 2.2, outputs, step)
    canvas.arrow(source.right, cells[0].left)
    canvas.text(source.x, 2.8, "vector")
    canvas.text((cells[0].x + cells[-1].x) / 2, 4.2, "decoder", fontweight="bold")
    return canvas.ax.figure


def plot_seq2seq(inputs, outputs, ax=None):
    """Draw how an encoder and a decoder translate: each output is the decoder's next input.

    Args:
        inputs: tokens read, 1 to 12.
        outputs: tokens written, 1 to 11; the drawing ends them with "end".
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if there is no token, or too many.
    """
    inputs = _tokens(inputs, "inputs")
    outputs = [*_tokens(outputs, "outputs", most=MOST_STEPS - 1), "end"]
    step = _step([*inputs, *outputs, "start"])
    canvas = _Canvas(ax, 2 + step * (len(inputs) + len(outputs)), 4.6)
    last = _encoder(canvas, inputs, step)
    cells = _decoder(canvas, last + 1.4 + step, 2.2, outputs, step)
    _join(canvas, last, cells)
    canvas.text((cells[0].x + cells[-1].x) / 2, 4.2, "decoder", fontweight="bold")
    return canvas.ax.figure


def plot_encoder_decoder(inputs, targets, ax=None):
    """Draw how an encoder and a decoder are trained with teacher forcing.

    At each step the decoder reads the true token before, whatever it predicted, and its prediction
    is compared with the true token of this step.

    Args:
        inputs: tokens read, 1 to 12.
        targets: true tokens to write, 1 to 11; the drawing ends them with "end".
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if there is no token, or too many.
    """
    inputs = _tokens(inputs, "inputs")
    targets = [*_tokens(targets, "targets", most=MOST_STEPS - 1), "end"]
    step = _step([*inputs, *targets, "start"])
    canvas = _Canvas(ax, 2 + step * (len(inputs) + len(targets)), 6.2)
    last = _encoder(canvas, inputs, step)
    predictions = _numbered(r"\hat{y}", [1] * len(targets))
    first = last + 1.4 + step
    cells = _chain(
        canvas, first, 2.2, ["start", *targets[:-1]], ["RNN"] * len(targets), predictions, step=step
    )
    _join(canvas, last, cells)
    for cell, target in zip(cells, targets, strict=True):
        true = canvas.box(cell.x, 5, target, width=step - 0.2, fill="white", mathtext=False)
        canvas.arrow((cell.x, 3.8), true.bottom, color=ORANGE, style="--", head="<|-|>")
    middle = (cells[0].x + cells[-1].x) / 2
    canvas.text(middle, 5.8, "decoder in training", fontweight="bold")
    left = first - step / 2 - 0.15
    canvas.text(left, 5, "true token", ha="right")
    canvas.text(left, 4.25, "loss", ha="right", color=ORANGE)
    canvas.text(left, 3.5, "prediction", ha="right")
    canvas.text(middle, 0.2, "true tokens, one step late", size=0.18)
    return canvas.ax.figure


def plot_autoencoder(units=(784, 128, 32), ax=None):
    """Draw an autoencoder as layers that narrow to the code and widen again.

    Args:
        units: units of each layer from the input to the code, 2 to 6 numbers; the decoder is drawn
            as the mirror image.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure; the height of a layer grows with the logarithm of its units.

    Raises:
        VisualizeError: if the code is not the smallest, or there are too many layers.
    """
    units = [int(number) for number in units]
    if not 2 <= len(units) <= 6 or min(units) < 1 or min(units[:-1]) <= units[-1]:
        raise VisualizeError(
            f"units {units}: give 2 to 6 numbers from the input to the code, the code the smallest."
        )
    sizes = units + units[-2::-1]
    # From 0.7 to 3.6 units high, with the logarithm of the units.
    grades = [math.log(size / units[-1]) / math.log(max(units) / units[-1]) for size in sizes]
    canvas = _Canvas(ax, 1.4 * len(sizes) + 1.8, 5.1)
    middle, code = 2.7, len(units) - 1
    shapes = []
    for number, (size, grade) in enumerate(zip(sizes, grades, strict=True)):
        fill = ORANGE_FILL if number == code else BLUE_FILL
        shape = canvas.box(
            1.6 + 1.4 * number, middle, str(size), 0.75, height=0.7 + 2.9 * grade, fill=fill
        )
        if shapes:
            canvas.arrow(shapes[-1].right, shape.left)
        shapes.append(shape)
    end = 1.4 * len(sizes) + 1.2
    canvas.text(0.6, middle, "input\n$x$")
    canvas.text(end, middle, "output\n$\\hat{x}$")
    canvas.arrow(
        (0.6, middle - 0.45), (0.6, 0.65), (end, 0.65), (end, middle - 0.45),
        color=ORANGE, style="--", head="<|-|>",
    )  # fmt: skip
    canvas.text(shapes[code].x, middle - 1, "code $z$", fontweight="bold")
    above = 4.8
    canvas.text((shapes[0].x + shapes[code - 1].x) / 2, above, "encoder", fontweight="bold")
    canvas.text((shapes[code + 1].x + shapes[-1].x) / 2, above, "decoder", fontweight="bold")
    canvas.text(shapes[code].x, 0.35, r"loss: distance between $x$ and $\hat{x}$", color=ORANGE)
    return canvas.ax.figure


def plot_gan(ax=None):
    """Draw a generative adversarial network: what flows forward, and which loss trains whom.

    Args:
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.
    """
    canvas = _Canvas(ax, 11.4, 4.8)
    noise = canvas.box(0.9, 1.7, "noise $z$", width=1.3, fill="white")
    generator = canvas.box(3, 1.7, "generator", width=1.6, height=0.9, fill=BLUE_FILL)
    made = canvas.box(5.2, 1.7, "generated\nsample", width=1.5, height=0.9)
    data = canvas.box(3, 3.6, "training\ndata", width=1.6, height=0.9, fill="white")
    real = canvas.box(5.2, 3.6, "real\nsample", width=1.5, height=0.9)
    judge = canvas.box(7.6, 2.65, "discriminator", width=1.8, height=0.9, fill=BLUE_FILL)
    verdict = canvas.box(
        10.2, 2.65, "probability\nof real", width=1.6, height=0.9, fill=ORANGE_FILL
    )
    canvas.arrow(noise.right, generator.left)
    canvas.arrow(generator.right, made.left)
    canvas.arrow(data.right, real.left)
    canvas.arrow(real.right, (7.2, 3.6), (7.2, 3.1))
    canvas.arrow(made.right, (7.2, 1.7), (7.2, 2.2))
    canvas.arrow(judge.right, verdict.left)
    canvas.arrow((10.5, 2.2), (10.5, 0.6), (3, 0.6), generator.bottom, color=ORANGE, style="--")
    canvas.text(
        6.2, 0.3, "trains the generator: its samples should be taken for real", color=ORANGE
    )
    canvas.arrow((10.2, 3.1), (10.2, 4.2), (7.9, 4.2), (7.9, 3.1), color=BLUE, style=":")
    canvas.text(8.7, 4.5, "trains the discriminator: it should tell them apart", color=BLUE)
    return canvas.ax.figure


def _chain(canvas, x, y, inputs, cells, outputs, step=1.5):
    """Draw recurrent cells from left to right, their inputs below and their outputs above.

    Args:
        canvas: the _Canvas.
        x: centre of the first cell.
        y: centre of all cells; inputs and outputs are 1.3 units away.
        inputs: text below each cell, "" for none.
        cells: text of each cell.
        outputs: text above each cell, "" for none.
        step: distance between two cells.

    Returns:
        The _Shape of each cell.
    """
    shapes = []
    for number, (read, name, given) in enumerate(zip(inputs, cells, outputs, strict=True)):
        place = x + number * step
        shape = canvas.box(place, y, name, width=min(0.9, step - 0.35), fill=BLUE_FILL)
        if read:
            below = _token(canvas, place, y - 1.3, read, step, GREY_FILL)
            canvas.arrow(below.top, shape.bottom)
        if given:
            above = _token(canvas, place, y + 1.3, given, step, ORANGE_FILL)
            canvas.arrow(shape.top, above.bottom)
        if shapes:
            canvas.arrow(shapes[-1].right, shape.left)
        shapes.append(shape)
    return shapes


def _token(canvas, x, y, token, step, fill):
    """A box for a token of the user's, or a narrow one for a symbol of ours."""
    symbol = isinstance(token, _Symbol)
    return canvas.box(x, y, token, 0.9 if symbol else step - 0.2, fill=fill, mathtext=symbol)


def _encoder(canvas, inputs, step):
    """Draw an encoder at the left; returns the x of its last cell."""
    empty = [""] * len(inputs)
    cells = _chain(canvas, 0.2 + step / 2, 2.2, inputs, ["RNN"] * len(inputs), empty, step=step)
    canvas.text((cells[0].x + cells[-1].x) / 2, 2.9, "encoder", fontweight="bold")
    return cells[-1].x


def _decoder(canvas, x, y, outputs, step):
    """Draw a decoder that reads its own outputs; returns its cells."""
    reads = ["start", *outputs[:-1]]
    cells = _chain(canvas, x, y, reads, ["RNN"] * len(outputs), outputs, step=step)
    for before, after in zip(cells, cells[1:], strict=False):
        between = (before.x + after.x) / 2
        side = step / 2 - 0.1
        canvas.arrow(
            (before.x + side, y + 1.3), (between, y + 1.3), (between, y - 1.3),
            (after.x - side, y - 1.3), color=ORANGE, style="--",
        )  # fmt: skip
    return cells


def _join(canvas, last, cells):
    """Draw the state that goes from the encoder's last cell to the decoder's first."""
    canvas.arrow((last + cells[0].width / 2, 2.2), cells[0].left)
    canvas.text((last + cells[0].x) / 2, 2.45, "state")


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


def _numbered(letter, wanted):
    """Labels such as $x_1$, $x_2$ for the steps that are wanted, "" for the others."""
    return [
        _Symbol(f"${letter}_{{{sum(wanted[: place + 1])}}}$") if flag else ""
        for place, flag in enumerate(wanted)
    ]


def _step(tokens):
    """Distance between two cells at which the longest token has room."""
    return max(1.3, 0.14 * max(len(str(token)) for token in tokens) + 0.5)


def _tokens(tokens, what, most=MOST_STEPS):
    tokens = [tokens] if isinstance(tokens, str) else [str(token) for token in tokens]
    if not 1 <= len(tokens) <= most or not all(tokens):
        raise VisualizeError(
            f"{what} holds {len(tokens)} tokens: give 1 to {most}, none of them empty."
        )
    return tokens
