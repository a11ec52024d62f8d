"""Pictures of recurrent networks over time: unrolled, their types, encoders and decoders."""

from itertools import pairwise

from visualize.errors import VisualizeError
from visualize.notes.canvas import BLUE_FILL, GREY_FILL, ORANGE_FILL, Canvas
from visualize.style import ORANGE

MOST_STEPS = 12
MIDDLE = 2.2  # height of the cells of encoders and decoders


class _Symbol(str):
    """Text in matplotlib's mathtext. A token from the user is plain text, dollar signs included."""


def plot_unrolled_rnn(steps=4, ax=None):
    """Plot a recurrent network as a loop, and unrolled over its time steps.

    Args:
        steps: number of time steps, 2 to 12.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if there are too few or too many steps.
    """
    if not 2 <= steps <= MOST_STEPS:
        raise VisualizeError(f"cannot plot {steps} steps: give 2 to {MOST_STEPS}.")

    canvas = Canvas(ax, 4.1 + 1.5 * steps, 4.3)
    middle = 2.2  # height of the cells

    # The loop: the hidden state goes back into the cell.
    cell = canvas.box(1, middle, "RNN", fill=BLUE_FILL)
    token = canvas.box(1, 0.9, "$x_t$")
    output = canvas.box(1, 3.5, "$y_t$", fill=ORANGE_FILL)
    canvas.arrow(token.top, cell.bottom)
    canvas.arrow(cell.top, output.bottom)
    edge, _ = cell.right
    canvas.arrow((edge, 2.35), (edge + 0.5, 2.35), (edge + 0.5, 2.05), (edge, 2.05))
    canvas.text(edge + 0.75, middle, "$h_t$")
    canvas.text(2.75, middle, "=", size=0.4)

    # The same network unrolled: the hidden state goes from cell to cell.
    every_step = [1] * steps
    inputs, outputs = _numbered("x", every_step), _numbered("y", every_step)
    cells = _draw_chain(canvas, 4.3, middle, inputs, ["RNN"] * steps, outputs)
    canvas.arrow((3.25, middle), cells[0].left)
    canvas.text(3.5, 2.5, "$h_0$")
    for number, (before, after) in enumerate(pairwise(cells), start=1):
        canvas.text((before.x + after.x) / 2, 2.5, f"$h_{{{number}}}$")
    canvas.text(_centre(cells), 0.25, "the same weights at every step", size=0.18)
    return canvas.ax.figure


def plot_rnn_types(ax=None):
    """Plot the five types of recurrent networks: input, output, both or neither are sequences.

    Args:
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.
    """
    canvas = Canvas(ax, 11.8, 9.5)

    # Place of the first cell, name, example, and at which time steps there is input and output.
    types = (
        (1.2, 7.2, "one to one", "image → class", [1], [1]),
        (3.6, 7.2, "one to many", "image → caption", [1, 0, 0], [1, 1, 1]),
        (8.4, 7.2, "many to one", "sentence → sentiment", [1, 1, 1], [0, 0, 1]),
        (
            0.9,
            2.4,
            "many to many, different lengths",
            "sentence → translation",
            [1, 1, 0, 0, 0],
            [0, 0, 1, 1, 1],
        ),
        (8.4, 2.4, "many to many, equal lengths", "time step → its label", [1, 1, 1], [1, 1, 1]),
    )
    for x, y, name, example, has_input, has_output in types:
        inputs, outputs = _numbered("x", has_input), _numbered("y", has_output)
        cells = _draw_chain(canvas, x, y, inputs, ["h"] * len(inputs), outputs, step=1.2)
        canvas.text(_centre(cells), y + 2.05, name, fontweight="bold")
        canvas.text(_centre(cells), y - 2.05, example)
    return canvas.ax.figure


def plot_seq2vec(inputs, output, ax=None):
    """Plot an encoder that reads a sequence into one vector, and the prediction from the vector.

    Args:
        inputs: tokens of the sequence, 1 to 12.
        output: what is predicted from the vector, such as a class.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if there is no token, or too many.
    """
    inputs = check_tokens(inputs, "inputs")
    step = token_step([*inputs, output])
    end = 0.5 + step * len(inputs)
    canvas = Canvas(ax, end + step + 2.3, 3.3)
    middle = 2  # height of the cells

    count = len(inputs)
    cells = _draw_chain(
        canvas, 0.2 + step / 2, middle, inputs, ["RNN"] * count, [""] * count, step=step
    )
    vector = canvas.box(end + 0.8, middle, "vector", width=1.1, fill="white")
    prediction = canvas.box(
        end + 1.9 + step / 2,
        middle,
        str(output),
        width=step - 0.2,
        fill=ORANGE_FILL,
        mathtext=False,
    )
    canvas.arrow(cells[-1].right, vector.left)
    canvas.arrow(vector.right, prediction.left)

    canvas.text(_centre(cells), 2.8, "encoder", fontweight="bold")
    canvas.text(vector.x, 2.8, "last state")
    canvas.text(prediction.x, 2.8, "Dense")
    return canvas.ax.figure


def plot_vec2seq(vector, outputs, ax=None):
    """Plot a decoder that turns one vector into a sequence: each output is its next input.

    Args:
        vector: what the vector stands for, such as "image".
        outputs: tokens of the sequence, 1 to 11; the picture adds "end".
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if there is no token, or too many.
    """
    outputs = [*check_tokens(outputs, "outputs", most=MOST_STEPS - 1), "end"]
    step = token_step([*outputs, vector, "start"])
    canvas = Canvas(ax, 1 + step * (len(outputs) + 1), 4.6)

    source = canvas.box(
        0.3 + step / 2, MIDDLE, str(vector), width=step - 0.2, fill="white", mathtext=False
    )
    cells = _draw_decoder(canvas, 0.7 + 1.5 * step, outputs, step)
    canvas.arrow(source.right, cells[0].left)
    canvas.text(source.x, 2.8, "vector")
    canvas.text(_centre(cells), 4.2, "decoder", fontweight="bold")
    return canvas.ax.figure


def plot_seq2seq(inputs, outputs, ax=None):
    """Plot an encoder and a decoder in translation: each output is the decoder's next input.

    Args:
        inputs: tokens of the input, 1 to 12.
        outputs: tokens of the output, 1 to 11; the picture adds "end".
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if there is no token, or too many.
    """
    inputs = check_tokens(inputs, "inputs")
    outputs = [*check_tokens(outputs, "outputs", most=MOST_STEPS - 1), "end"]
    step = token_step([*inputs, *outputs, "start"])
    canvas = Canvas(ax, 2 + step * (len(inputs) + len(outputs)), 4.6)

    encoder = _draw_encoder(canvas, inputs, step)
    decoder = _draw_decoder(canvas, encoder[-1].x + 1.4 + step, outputs, step)
    _draw_state(canvas, encoder, decoder)
    canvas.text(_centre(decoder), 4.2, "decoder", fontweight="bold")
    return canvas.ax.figure


def plot_encoder_decoder(inputs, targets, ax=None):
    """Plot an encoder and a decoder in training, with teacher forcing.

    At each step the input of the decoder is the true token of the step before, whatever it
    predicted there. The loss compares its prediction with the true token of this step.

    Args:
        inputs: tokens of the input, 1 to 12.
        targets: true tokens of the output, 1 to 11; the picture adds "end".
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if there is no token, or too many.
    """
    inputs = check_tokens(inputs, "inputs")
    targets = [*check_tokens(targets, "targets", most=MOST_STEPS - 1), "end"]
    step = token_step([*inputs, *targets, "start"])
    canvas = Canvas(ax, 2 + step * (len(inputs) + len(targets)), 6.2)

    encoder = _draw_encoder(canvas, inputs, step)
    first = encoder[-1].x + 1.4 + step
    previous = ["start", *targets[:-1]]
    names = ["RNN"] * len(targets)
    predictions = _numbered(r"\hat{y}", [1] * len(targets))
    decoder = _draw_chain(canvas, first, MIDDLE, previous, names, predictions, step=step)
    _draw_state(canvas, encoder, decoder)

    # The loss compares each prediction with the true token above it.
    for cell, target in zip(decoder, targets, strict=True):
        true = canvas.box(cell.x, 5, target, width=step - 0.2, fill="white", mathtext=False)
        canvas.arrow((cell.x, 3.8), true.bottom, color=ORANGE, style="--", head="<|-|>")

    left = first - step / 2 - 0.15
    canvas.text(left, 5, "true token", ha="right")
    canvas.text(left, 4.25, "loss", ha="right", color=ORANGE)
    canvas.text(left, 3.5, "prediction", ha="right")
    canvas.text(_centre(decoder), 5.8, "decoder in training", fontweight="bold")
    canvas.text(_centre(decoder), 0.2, "true tokens, shifted by one step", size=0.18)
    return canvas.ax.figure


def _draw_chain(canvas, x, y, inputs, names, outputs, step=1.5):
    """Draw recurrent cells from left to right, their inputs below and their outputs above.

    Args:
        canvas: the Canvas.
        x: centre of the first cell.
        y: height of the cells; inputs are 1.3 units below, outputs 1.3 units above.
        inputs: text of the input of each cell, "" for none.
        names: text of each cell.
        outputs: text of the output of each cell, "" for none.
        step: distance between two cells.

    Returns:
        List of the Shapes of the cells.
    """
    cells = []
    for number, (token, name, output) in enumerate(zip(inputs, names, outputs, strict=True)):
        centre = x + number * step
        cell = canvas.box(centre, y, name, width=min(0.9, step - 0.35), fill=BLUE_FILL)
        if token:
            below = _draw_token(canvas, centre, y - 1.3, token, step, GREY_FILL)
            canvas.arrow(below.top, cell.bottom)
        if output:
            above = _draw_token(canvas, centre, y + 1.3, output, step, ORANGE_FILL)
            canvas.arrow(cell.top, above.bottom)
        if cells:
            canvas.arrow(cells[-1].right, cell.left)
        cells.append(cell)
    return cells


def _draw_token(canvas, x, y, token, step, fill):
    """Draw a wide box for a token from the user, or a narrow one for a symbol."""
    is_symbol = isinstance(token, _Symbol)
    width = 0.9 if is_symbol else step - 0.2
    return canvas.box(x, y, token, width, fill=fill, mathtext=is_symbol)


def _draw_encoder(canvas, inputs, step):
    """Draw an encoder at the left. Returns the Shapes of its cells."""
    count = len(inputs)
    cells = _draw_chain(
        canvas, 0.2 + step / 2, MIDDLE, inputs, ["RNN"] * count, [""] * count, step=step
    )
    canvas.text(_centre(cells), 2.9, "encoder", fontweight="bold")
    return cells


def _draw_decoder(canvas, x, outputs, step):
    """Draw a decoder whose outputs are its next inputs. Returns the Shapes of its cells."""
    inputs = ["start", *outputs[:-1]]
    cells = _draw_chain(canvas, x, MIDDLE, inputs, ["RNN"] * len(outputs), outputs, step=step)

    # From each output to the input of the next cell.
    half = step / 2 - 0.1  # of the width of a token's box
    for before, after in pairwise(cells):
        between = (before.x + after.x) / 2
        canvas.arrow(
            (before.x + half, MIDDLE + 1.3),
            (between, MIDDLE + 1.3),
            (between, MIDDLE - 1.3),
            (after.x - half, MIDDLE - 1.3),
            color=ORANGE,
            style="--",
        )
    return cells


def _draw_state(canvas, encoder, decoder):
    """Draw the state that goes from the encoder's last cell to the decoder's first cell."""
    last, first = encoder[-1], decoder[0]
    canvas.arrow((last.x + first.width / 2, MIDDLE), first.left)
    canvas.text((last.x + first.x) / 2, 2.45, "state")


def _centre(cells):
    """Return the centre of a row of cells."""
    return (cells[0].x + cells[-1].x) / 2


def _numbered(letter, has_symbol):
    """Return the symbols of the time steps, such as $x_1$ and $x_2$.

    Args:
        letter: the letter, in mathtext.
        has_symbol: 1 for each time step that has a symbol, 0 for the others, which get "".
    """
    symbols, number = [], 0
    for wanted in has_symbol:
        number += wanted
        symbols.append(_Symbol(f"${letter}_{{{number}}}$") if wanted else "")
    return symbols


def token_step(tokens):
    """Return the distance between two cells that gives the longest token enough room."""
    longest = max(len(str(token)) for token in tokens)
    return max(1.3, 0.14 * longest + 0.5)


def check_tokens(tokens, what, most=MOST_STEPS):
    """Return a list of tokens; `what` names them in the error message. A string is one token."""
    tokens = [tokens] if isinstance(tokens, str) else [str(token) for token in tokens]
    if not 1 <= len(tokens) <= most or not all(tokens):
        raise VisualizeError(
            f"{what} holds {len(tokens)} tokens: give 1 to {most}, none of them empty."
        )
    return tokens
