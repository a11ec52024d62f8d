"""Pictures of games, drawn with Pillow alone."""

import math

import numpy as np
from PIL import Image, ImageDraw

from visualize.errors import VisualizeError
from visualize.style import BLUE, FAINT, INK, ORANGE

EDGE = 2.4  # metres: the game ends when the cart is farther from the centre
POLE = 1.0  # length of the pole in metres
FINE = 4  # drawn 4 times as large, then reduced: edges become smooth


def draw_cart_poles(observations, width=300):
    """Draw the cart and the pole of CartPole, one picture for each observation.

    Args:
        observations: position in metres, velocity, angle in radians (0 upright, positive to the
            right) and angular velocity, (steps, 4).
        width: width of a picture in pixels.

    Returns:
        Images (steps, height, width, 3), uint8; the height is two fifths of the width.

    Raises:
        VisualizeError: if the observations have another shape, or are not finite.
    """
    observations = np.asarray(observations, "float64")
    if observations.ndim != 2 or observations.shape[1] != 4 or not len(observations):
        raise VisualizeError(f"observations {observations.shape}: give (steps, 4).")
    if not np.isfinite(observations).all():
        raise VisualizeError("an observation is not finite: there is nothing to draw.")
    return np.stack([_draw(x, angle, width) for x, _, angle, _ in observations])


def _draw(x, angle, width):
    """Draw one picture, (height, width, 3)."""
    height = 2 * width // 5
    metre = FINE * width / (2 * EDGE + 0.6)  # in pixels
    centre, ground = FINE * width / 2, 0.84 * FINE * height
    image = Image.new("RGB", (FINE * width, FINE * height), "white")
    draw = ImageDraw.Draw(image)

    # The track, with marks at the two positions where the game ends.
    line = FINE * width // 150
    draw.line([(0, ground), (FINE * width, ground)], fill=FAINT, width=line)
    for edge in (-EDGE, EDGE):
        mark = centre + edge * metre
        draw.line([(mark, ground - 0.1 * metre), (mark, ground + 0.1 * metre)], INK, line)

    # The cart, and the pole on its axle.
    cart = centre + x * metre
    half_width, half_height = 0.25 * metre, 0.13 * metre
    box = (cart - half_width, ground - half_height, cart + half_width, ground + half_height)
    draw.rounded_rectangle(box, radius=0.05 * metre, fill=BLUE)

    tip = cart + POLE * metre * math.sin(angle), ground - POLE * metre * math.cos(angle)
    draw.line([(cart, ground), tip], fill=ORANGE, width=round(0.09 * metre))
    axle = 0.06 * metre
    draw.ellipse((cart - axle, ground - axle, cart + axle, ground + axle), fill=INK)
    return np.asarray(image.resize((width, height), Image.Resampling.BOX))
