"""Plots of latent codes, and of the images decoded from them."""

import keras
import numpy as np
from keras import layers

import visualize


def decoder():
    """A decoder that returns its two-dimensional code as an image of one row and two columns."""
    model = keras.Sequential([keras.Input((2,)), layers.Dense(2), layers.Reshape((1, 2))])
    model.layers[0].set_weights([np.eye(2), np.zeros(2)])
    return model


def test_latent_space_has_the_points_and_the_name_of_each_class():
    (ax,) = visualize.plot_latent_space([[0, 1], [1, 0], [2, 2]], [0, 1, 1]).axes
    zero, one = ax.collections
    assert zero.get_offsets().tolist() == [[0, 1]]
    assert one.get_offsets().tolist() == [[1, 0], [2, 2]]
    assert [(text.get_text(), *text.get_position()) for text in ax.texts] == [
        ("0", 0, 1),
        ("1", 1.5, 1),
    ]
    markers = [collection.get_paths()[0].vertices.tolist() for collection in ax.collections]
    assert markers[0] != markers[1], "grey print needs different markers"


def test_a_larger_latent_space_shows_its_first_principal_components():
    flat = np.random.default_rng(0).normal(size=(60, 2)) * (5, 2)
    turned = np.linalg.qr(np.random.default_rng(1).normal(size=(4, 4)))[0]
    (ax,) = visualize.plot_latent_space(flat @ turned[:2] + 7, [0] * 60).axes
    points = np.asarray(ax.collections[0].get_offsets())
    lengths = np.linalg.svd(flat - flat.mean(axis=0), compute_uv=False)
    np.testing.assert_allclose(np.linalg.svd(points, compute_uv=False), lengths)
    np.testing.assert_allclose(np.linalg.norm(points, axis=0), lengths)
    assert ax.get_xlabel() == "principal component 1 of 4"


def test_an_interpolation_follows_the_straight_line_between_codes():
    codes = np.array([[0.0, 1.0], [3.0, -2.0], [0.0, 0.0]], "float32")
    model = decoder()
    (ax,) = visualize.plot_interpolation(model, codes, 4).axes
    shown = [panel.images[0].get_array() for panel in ax.child_axes]
    on_lines = [[0, 1], [1, 0], [2, -1], [3, -2], [3, -2], [2, -4 / 3], [1, -2 / 3], [0, 0]]
    images = model.predict(np.array(on_lines, "float32"), verbose=0)
    images = (images - images.min()) / (images.max() - images.min())
    np.testing.assert_allclose(np.squeeze(shown), np.squeeze(images), atol=1e-6)
    bottoms = [panel.get_window_extent().y0 for panel in ax.child_axes]
    assert bottoms[:4] == [bottoms[0]] * 4
    assert bottoms[4:] == [bottoms[4]] * 4
    assert bottoms[4] < bottoms[0], "the second line is below the first"


def test_the_axes_of_the_manifold_give_its_codes():
    (ax,) = visualize.plot_latent_manifold(decoder(), 4).axes
    mosaic = ax.images[0].get_array()
    # Each decoded image is 1 x 2, with a white column to its right and a white row below.
    firsts, seconds = mosaic[::2, ::3], mosaic[::2, 1::3]
    assert (np.diff(firsts, axis=1) > 0).all(), "the first code grows to the right"
    assert (np.diff(seconds, axis=0) < 0).all(), "the second code grows upwards"
    # The quantiles 1/8 and 3/8 of the normal distribution, from a table.
    assert [label.get_text() for label in ax.get_xticklabels()] == ["-1.2", "-0.3", "0.3", "1.2"]
    assert ax.get_xticks()[0] == 1
    assert ax.get_yticks()[0] > ax.get_yticks()[-1], "rows of an image count downwards"


def test_each_row_of_code_dimensions_changes_one_number():
    code, changes = np.array([0.5, 2.0], "float32"), [-1, 0, 3]
    (ax,) = visualize.plot_code_dimensions(decoder(), code, changes).axes
    mosaic = ax.images[0].get_array()
    firsts, seconds = mosaic[::2, ::3], mosaic[::2, 1::3]  # 1 x 2 pixels, then white
    expected = np.array([[-0.5, 0.5, 3.5], [0.5, 0.5, 0.5]]), np.array([[2, 2, 2], [1, 2, 5]])
    for shown, values in zip((firsts, seconds), expected, strict=True):
        np.testing.assert_allclose(shown, (values + 0.5) / 5.5, atol=1e-6)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["-1.00", "0", "+3.00"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["1", "2"]


def test_a_number_that_is_zero_has_no_row_of_code_dimensions():
    (ax,) = visualize.plot_code_dimensions(decoder(), [0, 2], [-1, 1]).axes
    mosaic = ax.images[0].get_array()
    assert mosaic.shape == (2, 6)
    assert mosaic[0, 0] == mosaic[0, 3], "the first number is always 0"
    assert mosaic[0, 1] < mosaic[0, 4]
