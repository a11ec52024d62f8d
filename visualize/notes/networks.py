"""Networks as boxes and arrows: autoencoder, GAN."""

import math

from visualize.errors import VisualizeError
from visualize.notes.canvas import BLUE_FILL, ORANGE_FILL, Canvas
from visualize.style import BLUE, ORANGE


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
    canvas = Canvas(ax, 1.4 * len(sizes) + 1.8, 5.1)
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
    canvas = Canvas(ax, 11.4, 4.8)
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
