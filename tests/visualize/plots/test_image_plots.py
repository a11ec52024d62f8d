"""Plots of images: each image in its place, and all in one range."""

import numpy as np
import pytest

import visualize

GREY = np.linspace(0, 1, 3 * 6 * 5).reshape(3, 6, 5)


def test_images_are_in_their_places_and_in_one_range():
    (ax,) = visualize.plot_images(GREY, ["a", "$b", "c"]).axes
    panels = [panel for panel in ax.child_axes if panel.axison]
    assert [panel.get_title() for panel in panels] == ["a", "$b", "c"]
    for panel, image in zip(panels, GREY, strict=True):
        assert np.array_equal(panel.images[0].get_array(), image)
        assert panel.images[0].get_clim() == (0, 1)
    red = np.zeros((1, 2, 2, 3), "uint8")
    red[..., 0] = 255
    (ax,) = visualize.plot_images(red).axes
    assert (ax.child_axes[0].images[0].get_array() == [1, 0, 0]).all()


def test_reconstructions_stand_below_their_originals():
    originals = np.arange(12)[:, None, None] / 11 * np.ones((12, 2, 3))
    (ax,) = visualize.plot_reconstructions(originals, 1.5 - originals).axes
    shown = np.full((4, 10), np.nan)
    for place, panel in enumerate(ax.child_axes):
        if panel.axison:
            shown.ravel()[place] = panel.images[0].get_array()[0, 0]
    expected = np.full((4, 10), np.nan)
    expected[0], expected[2, :2] = np.arange(10) / 11, np.arange(10, 12) / 11
    expected[1::2] = np.minimum(1.5 - expected[::2], 1)  # in the range of the originals
    np.testing.assert_allclose(shown, expected)


def test_a_sample_strip_has_grids_in_one_range():
    dark, bright = np.full((5, 2, 3), 0.25), np.full((5, 2, 3), 0.75)
    dark[0, 0, 0], bright[0, 0, 0] = 0, 1
    (ax,) = visualize.plot_sample_strip({"epoch 0": dark, "epoch 9": bright}).axes
    panels = ax.child_axes
    assert [panel.get_title() for panel in panels] == ["epoch 0", "epoch 9"]
    for panel, value in zip(panels, (0.25, 0.75), strict=True):
        grid = np.asarray(panel.images[0].get_array())
        assert grid.shape == (2 * 3, 3 * 4)  # 5 images in 2 rows of 3, each with a white line
        np.testing.assert_array_equal(grid[0, 1:3], value)
        np.testing.assert_array_equal(grid[2], 1)
        np.testing.assert_array_equal(grid[3:, 8:], 1)  # there is no sixth image


@pytest.mark.parametrize(
    ("distance", "prediction"), [(0.4, "same class"), (0.6, "different classes")]
)
def test_a_siamese_pair_shows_its_distance(distance, prediction):
    (ax,) = visualize.plot_siamese_pair(GREY[0], GREY[0], distance, 0.5).axes
    scale = ax.child_axes[2]
    assert scale.get_title() == f"distance {distance}: {prediction}"
    assert [float(line.get_xdata()[0]) for line in scale.lines] == [0.5, distance]
    assert scale.get_xlim()[1] > distance


def test_segmentation_colours_the_pixels_of_the_mask():
    mask = np.zeros((6, 5), int)
    mask[1:3, 1:3], mask[4, 4] = 1, 2
    (ax,) = visualize.plot_segmentation(GREY[0], mask, ["cat", "dog"]).axes
    for number, overlay in enumerate(ax.images[1:], start=1):
        assert ((overlay.get_array()[..., 3] > 0) == (mask == number)).all()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["cat", "dog"]
