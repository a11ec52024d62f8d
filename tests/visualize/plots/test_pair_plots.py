"""Pairs with their distances, and ROC curves."""

import numpy as np
import pytest

import visualize


def texts_of(figure):
    """All texts of a figure."""
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


def pair_images(count):
    return np.random.default_rng(count).random((count, 4, 6))


def test_pairs_show_titles_and_distances():
    pairs = {
        "same class, right": (pair_images(3), pair_images(3), [1.25, 1.5, 1.75]),
        "different classes, wrong": (pair_images(2), pair_images(2), [0.5, 0.75]),
    }
    figure = visualize.plot_pairs(pairs, 2.5)
    texts = texts_of(figure)
    for text in (*pairs, "1.25", "1.5", "1.75", "0.5", "0.75"):
        assert text in texts
    assert any("2.5" in text for text in texts)
    assert sum(len(ax.images) for ax in figure.findobj(type(figure.axes[0]))) == 10


def test_images_of_a_pair_stand_in_their_order():
    first, second = np.zeros((2, 4, 4)), np.ones((2, 4, 4))
    figure = visualize.plot_pairs({"pairs": (first, second, [1, 2])}, 1.5)
    shown = [
        image.get_array().mean()
        for ax in figure.findobj(type(figure.axes[0]))
        for image in ax.images
    ]
    assert shown == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ({}, "no pairs to plot"),
        ({"a": (pair_images(2), pair_images(2), [1.0])}, "2 and 2 images, 1 distances"),
        ({"a": (pair_images(0), pair_images(0), [])}, "give one of each"),
        (
            {
                "a": (pair_images(1), pair_images(1), [1.0]),
                "b": (np.zeros((1, 5, 5)), np.zeros((1, 5, 5)), [1.0]),
            },
            "give images of one shape",
        ),
    ],
)
def test_pairs_that_do_not_fit_are_refused(pairs, message):
    with pytest.raises(visualize.VisualizeError, match=message):
        visualize.plot_pairs(pairs, 1.0)


def test_a_roc_curve_has_its_area_in_the_legend():
    figure = visualize.plot_roc({"good": ([0, 0, 1], [0, 1, 1]), "half": ([0, 1], [0, 1])})
    legend = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert legend == ["good: area 1.000", "half: area 0.500"]


@pytest.mark.parametrize(
    "curve",
    [([0, 1], [0, 0.5, 1]), ([0, 1], [1, 0]), ([0, 0.9], [0, 1]), ([0, 0.6, 0.5, 1], [0, 0, 1, 1])],
)
def test_what_is_no_roc_curve_is_refused(curve):
    with pytest.raises(visualize.VisualizeError, match="rises from 0 to 1"):
        visualize.plot_roc({"wrong": curve})


def test_no_curves_and_too_many_are_refused():
    with pytest.raises(visualize.VisualizeError, match="0 curves to plot: give 1 to 7"):
        visualize.plot_roc({})
