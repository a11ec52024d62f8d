"""Plots of series and clips: what is drawn, and what is refused."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import visualize
from visualize import VisualizeError

SERIES = np.array([[0.0, 1.0, 4.0, 2.0], [3.0, 3.0, 3.0, 3.0]])
SAYS = np.array([[2.0, 2.0, -2.0, -2.0], [0.0, 0.0, 0.0, 0.0]])
FRAMES = np.arange(5.0)[:, None, None] / 4 * np.ones((5, 2, 3))  # each brighter than the last
PICTURES = {
    "next_frames": lambda **options: visualize.plot_next_frames(
        FRAMES[:3],
        FRAMES[3:],
        {"network": FRAMES[:2, ..., None], "repeat": FRAMES[[2, 2]]},
        **options,
    ),
    "class_activation": lambda **options: visualize.plot_class_activation(
        SERIES, SAYS, ["up", "$flat"], **options
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_draws_into_a_figure_or_given_axes_inside_its_borders(name):
    figure = PICTURES[name]()
    ax = Figure(figsize=(6, 4), layout="constrained").subplots()
    assert PICTURES[name](ax=ax) is ax.figure
    for drawn in (figure, ax.figure):
        FigureCanvasAgg(drawn).draw()
        box = drawn.get_tightbbox()
        assert box.x0 >= -0.05
        assert box.x1 <= drawn.get_figwidth() + 0.05


def test_class_activation_colours_what_speaks_for_and_against():
    figure = PICTURES["class_activation"]()
    FigureCanvasAgg(figure).draw()
    first, second = figure.axes[:2]
    (lines,) = first.collections
    np.testing.assert_array_equal(lines.get_segments()[1], [[1, 1], [2, 4]])
    np.testing.assert_array_equal(lines.get_array(), [2, 0, -2])
    red, green, blue = lines.get_colors()[0][:3]
    assert red > blue, "for the class is orange"
    red, green, blue = lines.get_colors()[2][:3]
    assert blue > red, "against it is blue"
    grey = to_rgb(second.collections[0].get_colors()[0])
    assert max(grey) - min(grey) < 0.02, "neither is grey, on the scale of all series"
    assert [ax.get_title() for ax in (first, second)] == ["up", "$flat"]


@pytest.mark.parametrize(
    ("series", "says", "titles", "message"),
    [
        (SERIES, SAYS[:1], ["a", "b"], r"series \(2, 4\) and activations \(1, 4\)"),
        (SERIES[0], SAYS[0], ["a"], r"series \(4,\) and activations \(4,\)"),
        (SERIES, SAYS, ["a"], "1 titles for 2 series"),
    ],
)
def test_class_activation_refuses(series, says, titles, message):
    with pytest.raises(VisualizeError, match=message):
        visualize.plot_class_activation(series, says, titles)


def test_next_frames_stand_below_the_frames_that_they_predict():
    figure = PICTURES["next_frames"]()
    FigureCanvasAgg(figure).draw()
    panels = [panel for panel in figure.axes[0].child_axes if panel.images]
    images = [panel.images[0] for panel in panels]
    values = [image.get_array().mean() for image in images]
    np.testing.assert_allclose(values, [0, 0.25, 0.5, 0.75, 1, 0, 0.25, 0.5, 0.5])
    lefts = [panel.get_window_extent().x0 for panel in panels]
    np.testing.assert_allclose(lefts[5:7], lefts[3:5])
    assert all(image.get_clim() == (0, 1) for image in images), "one black and one white"
    titles = [panel.get_title() for panel in panels if panel.get_title()]
    assert titles == ["-2", "-1", "last", "+1", "+2"]
    names = [panel.get_ylabel() for panel in panels if panel.get_ylabel()]
    assert names == ["truth", "network", "repeat"]


def test_next_frames_refuses():
    with pytest.raises(VisualizeError, match=r"network \(1, 2, 3\) does not fit the future \(2, "):
        visualize.plot_next_frames(FRAMES[:3], FRAMES[3:], {"network": FRAMES[:1]})
    with pytest.raises(VisualizeError, match=r"past \(2, 2, 2\) does not fit"):
        visualize.plot_next_frames(FRAMES[:3, :, :2], FRAMES[3:], {})
    with pytest.raises(VisualizeError, match=r"frames \(2, 3\): give"):
        visualize.plot_next_frames(FRAMES[0], FRAMES[3:], {})
