"""Recurrent networks over time: unrolled, their types, encoders and decoders."""

from visualize.errors import VisualizeError
from visualize.notes.canvas import BLUE_FILL, GREY_FILL, ORANGE_FILL, Canvas
from visualize.style import ORANGE

MOST_STEPS = 12


class _Symbol(str):
    """Mathtext, where a token of the user's is written as it is, dollar signs included."""


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
    canvas = Canvas(ax, 4.1 + 1.5 * steps, 4.3)
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
    canvas = Canvas(ax, 11.8, 9.5)
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
    canvas = Canvas(ax, end + step + 2.3, 3.3)
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
    canvas = Canvas(ax, 1 + step * (len(outputs) + 1), 4.6)
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
    canvas = Canvas(ax, 2 + step * (len(inputs) + len(outputs)), 4.6)
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
    canvas = Canvas(ax, 2 + step * (len(inputs) + len(targets)), 6.2)
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


def _chain(canvas, x, y, inputs, cells, outputs, step=1.5):
    """Draw recurrent cells from left to right, their inputs below and their outputs above.

    Args:
        canvas: the Canvas.
        x: centre of the first cell.
        y: centre of all cells; inputs and outputs are 1.3 units away.
        inputs: text below each cell, "" for none.
        cells: text of each cell.
        outputs: text above each cell, "" for none.
        step: distance between two cells.

    Returns:
        The Shape of each cell.
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
