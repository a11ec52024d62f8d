"""Pictures of CartPole: where the cart stands and how the pole leans."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

import visualize
from visualize.style import BLUE, ORANGE


def places(frame, color):
    """(x, y) of the pixels of a colour, as fractions of the width, from the lower left corner."""
    distance = np.abs(frame / 255 - to_rgb(color)).sum(axis=2)
    rows, columns = np.nonzero(distance < 0.1)
    height, width = distance.shape
    return columns / width, (height - rows) / width


def test_the_cart_moves_and_the_pole_leans_to_the_right():
    frames = visualize.draw_cart_poles([[0, 0, 0, 0], [1.2, 5, 0.2, 5], [-1.2, 0, -0.2, 0]])
    assert frames.shape == (3, 120, 300, 3)
    assert frames.dtype == np.uint8
    middle, right, left = frames

    carts = [places(frame, BLUE)[0].mean() for frame in frames]
    metre = 300 / (2 * 2.4 + 0.6) / 300
    np.testing.assert_allclose(carts, [0.5, 0.5 + 1.2 * metre, 0.5 - 1.2 * metre], atol=0.005)

    def lean(frame):
        x, y = places(frame, ORANGE)
        return np.polyfit(y, x, 1)[0]  # the tangent of the angle

    assert lean(middle) == pytest.approx(0, abs=0.02)
    assert lean(right) == pytest.approx(np.tan(0.2), abs=0.03)
    assert lean(left) == pytest.approx(-np.tan(0.2), abs=0.03)


def test_the_same_state_gives_the_same_pixels_and_the_speeds_change_nothing():
    first, second = visualize.draw_cart_poles([[0.3, 1, 0.1, 2], [0.3, -1, 0.1, 0]], width=200)
    assert first.shape == (80, 200, 3)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("observations", "message"),
    [
        (np.zeros((3, 6)), r"observations \(3, 6\): give \(steps, 4\)"),
        (np.zeros((0, 4)), r"observations \(0, 4\)"),
        (np.full((1, 4), np.nan), "not finite"),
    ],
)
def test_bad_observations_are_refused(observations, message):
    with pytest.raises(visualize.VisualizeError, match=message):
        visualize.draw_cart_poles(observations)
