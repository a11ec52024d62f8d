"""Plots of networks that write texts: what they show, and which input they refuse."""

import itertools

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import visualize
from visualize import VisualizeError

WEIGHTS = np.array([[0.5, 0.25, 0.25], [0, 0.8, 0.2]])
SENTENCE = (WEIGHTS, ["il", "$part$"], ["he", "leaves", "unexpectedly"])
LETTERS = (np.full((4, 20), 0.05), ["2", "0", "-", "end"], list("mardi 5 mars 2021, _"))
IMAGES = np.linspace(0, 1, 5 * 4 * 6 * 3).reshape(5, 4, 6, 3)
LONG = "a man in a $5 hat walks with two large dogs along a very long sunny beach in autumn"
REGIONS = np.stack([np.eye(3)[row][:, None] * np.ones((3, 3)) for row in range(3)])

PICTURES = {
    "attention_maps": lambda **options: visualize.plot_attention_maps(
        [SENTENCE, LETTERS, SENTENCE, SENTENCE], ["one $x", "two", "", "four"], **options
    ),
    "captions": lambda **options: visualize.plot_captions(
        IMAGES, ["a dog", LONG, "", "x", "y"], ["a cat", LONG, ("one", "two"), "x", "y"], **options
    ),
    "caption_attention": lambda **options: visualize.plot_caption_attention(
        IMAGES[0], ["a", "$red", "extraordinarily"], REGIONS, **options
    ),
}


def pixels(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba()).astype(int)


def panels(figure):
    """The small Axes in the one Axes of a figure."""
    return figure.axes[0].child_axes


def texts(figure):
    """All texts of a figure after drawing, the labels of ticks included."""
    FigureCanvasAgg(figure).draw()
    found = list(figure.axes[0].texts)
    for panel in panels(figure):
        found += [*panel.get_xticklabels(), *panel.get_yticklabels()]
    return [text for text in found if text.get_text()]


@pytest.mark.parametrize("name", PICTURES)
def test_a_plot_stays_inside_its_figure_and_no_text_overlaps(name):
    figure = PICTURES[name]()
    page = figure.bbox.padded(1)
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts(figure)]
    for words, box in boxes:
        assert page.contains(box.x0, box.y0), words
        assert page.contains(box.x1, box.y1), words
        for panel in panels(figure):
            assert not panel.get_window_extent().padded(-1).overlaps(box), words
    upright = [(words, box) for words, box in boxes if words not in SENTENCE[2]]
    for (words, box), (others, other) in itertools.combinations(upright, 2):
        assert not box.padded(-1).overlaps(other), f"{words!r} overlaps {others!r}"


@pytest.mark.parametrize("name", PICTURES)
def test_the_same_call_gives_the_same_pixels(name):
    before = dict(matplotlib.rcParams)
    first, second = pixels(PICTURES[name]()), pixels(PICTURES[name]())
    assert (first == second).all()
    assert np.ptp(first[..., :3]) > 100, "blank"
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("name", PICTURES)
def test_a_given_axes_is_drawn_into_and_no_other(name):
    figure = Figure(figsize=(12, 6))
    left, right = figure.subplots(1, 2)
    assert PICTURES[name](ax=right) is figure
    FigureCanvasAgg(figure).draw()
    assert not left.texts
    assert not left.child_axes
    page = right.get_window_extent().padded(3)
    for panel in right.child_axes:
        box = panel.get_window_extent()
        assert page.contains(box.x0, box.y0)
        assert page.contains(box.x1, box.y1)


def test_attention_maps_show_the_weights_in_one_scale_with_their_tokens():
    figure = visualize.plot_attention_maps([SENTENCE, LETTERS], ["first", "second"])
    first, second = panels(figure)
    for panel, (weights, queries, keys) in ((first, SENTENCE), (second, LETTERS)):
        (image,) = panel.images
        np.testing.assert_array_equal(image.get_array(), weights)
        assert image.get_clim() == (0, 0.8)
        assert [label.get_text() for label in panel.get_yticklabels()] == queries
        shown = [label.get_text() for label in panel.get_xticklabels()]
        assert shown == [key.replace(" ", "␣") for key in keys]
    words = [text.get_text() for text in figure.axes[0].texts]
    assert words == ["first", "second", "white: 0; darkest blue: 0.80"]


def test_captions_stand_below_their_image():
    figure = visualize.plot_captions(IMAGES[:2], ["a dog", LONG], [("a cat", "a pet"), "a man"])
    FigureCanvasAgg(figure).draw()
    left, right = (panel.get_window_extent() for panel in panels(figure))
    by_image = {"left": [], "right": []}
    for text in figure.axes[0].texts:
        box = text.get_window_extent()
        side, image = ("left", left) if box.x0 < left.x1 else ("right", right)
        assert image.x0 - 2 <= box.x0 <= box.x1 <= image.x1 + 2
        assert box.y1 < image.y0
        by_image[side].append(text.get_text())
    assert by_image["left"] == ["a dog", "true: a cat"]
    assert " ".join(by_image["right"]) == f"{LONG} true: a man"


def test_an_image_is_bright_where_the_network_looked():
    figure = visualize.plot_caption_attention(np.ones((6, 6, 3)), list("abc"), REGIONS)
    drawn = pixels(figure)
    for row, panel in enumerate(panels(figure)[1:]):
        box = panel.get_window_extent()
        height = figure.bbox.height
        inside = drawn[
            int(height - box.y1) + 3 : int(height - box.y0) - 3,
            int(box.x0) + 3 : int(box.x1) - 3,
            0,
        ]
        thirds = [third.mean() for third in np.array_split(inside, 3)]
        assert np.argmax(thirds) == row
        assert max(thirds) > min(thirds) + 80
    assert panels(figure)[0].images[0].get_array().min() == 1


BAD = {
    "0 titles for 0 maps": lambda: visualize.plot_attention_maps([]),
    "1 titles for 2 maps": lambda: visualize.plot_attention_maps([SENTENCE] * 2, ["a"]),
    "give one head": lambda: visualize.plot_attention_maps([(WEIGHTS, ["a"], ["b"])]),
    "after softmax": lambda: visualize.plot_attention_maps([(2 * WEIGHTS, "ab", "abc")]),
    "1 captions and 2 true ones for 2 images": lambda: visualize.plot_captions(
        IMAGES[:2], ["a"], ["a", "b"]
    ),
    r"truths\[1\] holds no caption: give one": lambda: visualize.plot_captions(
        IMAGES[:2], ["a", "b"], ["a", []]
    ),
    "at least one sample": lambda: visualize.plot_captions(IMAGES[:0], [], []),
    r"weights \(3, 3, 3\) for 2 words": lambda: visualize.plot_caption_attention(
        IMAGES[0], ["a", "b"], REGIONS
    ),
    "must be >= 0": lambda: visualize.plot_caption_attention(IMAGES[0], list("abc"), -REGIONS),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_refused_in_one_sentence(message):
    with pytest.raises(VisualizeError, match=message) as caught:
        BAD[message]()
    assert "\n" not in str(caught.value)
