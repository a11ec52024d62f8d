"""Pictures of transformers: encoder and decoder, and BERT's masked language model."""

from matplotlib.patches import Rectangle

from visualize.errors import VisualizeError
from visualize.notes.canvas import BLUE_FILL, GREY_FILL, ORANGE_FILL, Canvas
from visualize.notes.schematics import check_tokens, token_step
from visualize.style import BLUE, FAINT, ORANGE

MOST_TOKENS = 10
WIDTH = 2.3  # width of a box in the picture of encoder and decoder


def plot_transformer(ax=None):
    """Plot a transformer for translation: an encoder and a decoder, with pre-normalisation.

    Source: Vaswani et al., "Attention is all you need", 2017. Normalisation comes before each
    layer, as in Xiong et al., "On layer normalization in the transformer architecture", 2020.

    Args:
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure. The left half alone is the encoder that a text classifier uses.
    """
    canvas = Canvas(ax, 12.2, 12.7)
    left, right = 3.2, 8.9

    encoder = _Column(canvas, left, side=-1)
    encoder.box("source tokens", GREY_FILL)
    encoder.box("embedding\n+ position", "white", height=0.8)
    encoder.sublayer("self-attention")
    encoder.sublayer("feed-forward")
    encoder.frame("× N")
    memory = encoder.box("norm", "white", height=0.45)
    canvas.text(left, 0.2, "encoder", fontweight="bold")

    decoder = _Column(canvas, right, side=1)
    decoder.box("target tokens so far", GREY_FILL)
    decoder.box("embedding\n+ position", "white", height=0.8)
    decoder.sublayer("causal\nself-attention")
    cross = decoder.sublayer("cross-attention")
    decoder.sublayer("feed-forward")
    decoder.frame("× N")
    decoder.box("norm", "white", height=0.45)
    decoder.box("dense, softmax", "white")
    decoder.box("next token", ORANGE_FILL)
    canvas.text(right, 0.2, "decoder", fontweight="bold")

    # Each block of the decoder attends to the output of the encoder.
    middle = (left + right) / 2 - 0.4
    canvas.arrow(memory.right, (middle, memory.y), (middle, cross.y), cross.left, color=BLUE)
    canvas.text(middle + 0.15, memory.y - 0.05, "keys, values", ha="left", color=BLUE)
    return canvas.ax.figure


class _Column:
    """Boxes above each other, joined by arrows, with residual connections on one side.

    Args:
        canvas: the Canvas.
        x: centre of the boxes.
        side: 1 for residual connections on the right, -1 for the left.
    """

    def __init__(self, canvas, x, side):
        self.canvas, self.x, self.side = canvas, x, side
        self.y = 0.5  # upper edge of the drawing so far
        self.below = None  # the last Shape, where the next arrow starts
        self.first_block_y = None

    def box(self, text, fill, height=0.6):
        """Draw a box above the last Shape. Returns the new Shape."""
        gap = 0.3 if self.below else 0
        y = self.y + gap + height / 2
        shape = self.canvas.box(self.x, y, text, width=WIDTH, height=height, fill=fill)
        self._join(shape)
        return shape

    def sublayer(self, text):
        """Draw a norm, the layer `text` and the residual sum. Returns the Shape of the layer."""
        start = self.y + 0.2
        if self.first_block_y is None:
            self.first_block_y = self.y + 0.05
        self.canvas.dot(self.x, start)
        self.y += 0.15
        self.box("norm", "white", height=0.45)
        layer = self.box(text, BLUE_FILL, height=0.45 + 0.25 * (text.count("\n")) + 0.1)

        y = self.y + 0.25 + 0.24
        total = self.canvas.circle(self.x, y, "+")
        self._join(total)

        # The residual connection goes around both layers.
        outside = self.x + self.side * (WIDTH / 2 + 0.3)
        edge = total.right if self.side == 1 else total.left
        self.canvas.arrow((self.x, start), (outside, start), (outside, y), edge)
        return layer

    def frame(self, text):
        """Draw a frame around all sublayers so far, with `text` next to its outer edge."""
        width = WIDTH + 1
        corner = (self.x - width / 2, self.first_block_y)
        height = self.y + 0.1 - self.first_block_y
        self.canvas.ax.add_patch(
            Rectangle(corner, width, height, facecolor="none", edgecolor=FAINT, linestyle="--")
        )
        outside = self.x + self.side * (width / 2 + 0.35)
        self.canvas.text(outside, self.first_block_y + height / 2, text)

    def _join(self, shape):
        """Draw an arrow from the last Shape to `shape`, which becomes the last one."""
        if self.below:
            self.canvas.arrow(self.below.top, shape.bottom)
        self.below = shape
        self.y = shape.y + shape.height / 2


def plot_bert(tokens, hidden, ax=None):
    """Plot BERT in pre-training: it predicts a masked word from the words on both sides.

    Args:
        tokens: the words of the text, 2 to 10.
        hidden: index of the word that is replaced by [MASK], 0 for the first.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if there are too few or too many tokens, or no token has the index `hidden`.
    """
    tokens = check_tokens(tokens, "tokens", most=MOST_TOKENS)
    if len(tokens) < 2 or not 0 <= hidden < len(tokens):
        raise VisualizeError(
            f"hidden is {hidden}, for {len(tokens)} tokens: give two tokens or more, and the "
            f"index of one of them, counted from 0."
        )

    inputs = ["[CLS]", *tokens, "[SEP]"]
    place = hidden + 1
    inputs[place] = "[MASK]"
    step = token_step([*tokens, "[MASK]"])
    left = 2.9  # left edge of the first token's box
    width = step * len(inputs)
    canvas = Canvas(ax, left + width + 0.3, 6.2)

    encoder = canvas.box(
        left + width / 2, 3.2, "transformer encoder", width=width, height=0.9, fill=BLUE_FILL
    )
    floor, ceiling = encoder.y - encoder.height / 2, encoder.y + encoder.height / 2
    centres = [left + step * (number + 0.5) for number in range(len(inputs))]
    for number, (x, token) in enumerate(zip(centres, inputs, strict=True)):
        fill = ORANGE_FILL if number == place else GREY_FILL
        box = canvas.box(x, 1.7, token, width=step - 0.2, fill=fill, mathtext=False)
        canvas.arrow(box.top, (x, floor))

    # The word above [MASK] is the target; the state above [CLS] stands for the whole text.
    x = centres[place]
    word = canvas.box(x, 0.6, tokens[hidden], width=step - 0.2, fill="white", mathtext=False)
    canvas.arrow(word.top, (x, 1.4), color=ORANGE, style="--")
    found = canvas.box(x, 4.5, tokens[hidden], width=step - 0.2, fill=ORANGE_FILL, mathtext=False)
    canvas.arrow((x, ceiling), found.bottom)
    text_class = canvas.box(centres[0], 4.5, "class", width=step - 0.2, fill="white")
    canvas.arrow((centres[0], ceiling), text_class.bottom, style="--", color=BLUE)

    end = left - 0.15
    canvas.text(end, 0.6, "true word", ha="right", color=ORANGE)
    canvas.text(end, 1.7, "input tokens", ha="right")
    canvas.text(end, 3.2, "every token attends\nto all tokens", ha="right")
    canvas.text(end, 4.5, "predictions", ha="right")
    canvas.text(end, 5.85, "pre-training", ha="right", color=ORANGE)
    canvas.text(end + 0.3, 5.85, "predict the masked word", ha="left", color=ORANGE)
    canvas.text(end, 5.35, "fine-tuning", ha="right", color=BLUE)
    canvas.text(end + 0.3, 5.35, "predict the class of the text", ha="left", color=BLUE)
    return canvas.ax.figure
