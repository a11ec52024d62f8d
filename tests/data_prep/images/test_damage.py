"""Holes and text on images, the methods that fill them, and the symmetries of a square."""

import itertools

import numpy as np
import pytest
from sklearn.decomposition import PCA

import data_prep
from data_prep.images import damage, tasks


@pytest.fixture(scope="module")
def digits():
    return data_prep.load_images("digits").test.inputs


def images(count=40, height=12, width=10, channels=1):
    shape = (count, height, width, channels)
    return np.random.default_rng(0).uniform(0.1, 0.4, shape).astype("float32")


def test_holes_are_rectangles_of_a_third_to_half_at_all_places():
    whole = images(400)
    damaged, masks = damage.damage(whole, "hole")
    assert masks.shape == (400, 12, 10, 1)
    np.testing.assert_array_equal(damaged[~masks], whole[~masks])
    assert (damaged[masks] == 0.5).all()
    heights, widths = masks.any(axis=(2, 3)).sum(axis=1), masks.any(axis=(1, 3)).sum(axis=1)
    np.testing.assert_array_equal(masks.sum(axis=(1, 2, 3)), heights * widths)
    assert set(heights) == {4, 5, 6}
    assert set(widths) == {4, 5}
    assert masks.any(axis=0).all()


def test_texts_differ_from_image_to_image_and_cover_every_pixel_in_some():
    whole = images(200, 28, 28)
    damaged, masks = damage.damage(whole, "text", seed=1)
    np.testing.assert_array_equal(damaged[~masks], whole[~masks])
    assert (damaged[masks] == 1).all()
    fractions = masks.mean(axis=(1, 2, 3))
    assert 0.15 < fractions.min() < fractions.max() < 0.7
    assert len({mask.tobytes() for mask in masks}) > 190
    assert masks.any(axis=0).all()
    assert not masks.all(axis=0).any()
    assert masks.view(np.uint8).max() == 1, "scikit-image counts the bytes"
    assert damage.damage(images(50, 8, 8), "text")[1].any(axis=(1, 2, 3)).all()


def test_equal_seeds_give_equal_damage_and_both_kinds_come_half_and_half():
    whole = images(300)
    first, again, other = (damage.damage(whole, "both", seed)[0] for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    texts = (first == 1).any(axis=(1, 2, 3))
    assert 110 < texts.sum() < 190
    np.testing.assert_array_equal(texts, ~(first == 0.5).any(axis=(1, 2, 3)))


def test_damage_that_cannot_be_is_refused():
    with pytest.raises(data_prep.DataError, match="damage 'fire' is unknown; use one of hole,"):
        damage.damage(images(), "fire")
    with pytest.raises(data_prep.DataError, match="3 x 10 pixels are too small"):
        damage.damage(images(height=3), "hole")


def test_batches_are_damaged_anew_in_each_epoch_and_hold_every_image_once():
    whole = images(25)
    batches = damage.damaged_batches(whole, "both", batch_size=8, seed=0)
    assert len(batches) == 4
    seen = set()
    for _ in range(2):
        given = [batches[number] for number in range(len(batches))]
        inputs, labels = (np.concatenate(side) for side in zip(*given, strict=True))
        assert inputs.shape == (25, 12, 10, 2)
        assert {image.tobytes() for image in labels} == {image.tobytes() for image in whole}
        hidden = inputs[..., 1] > 0
        np.testing.assert_array_equal(inputs[..., 0][~hidden], labels[..., 0][~hidden])
        seen |= {mask.tobytes() for mask in hidden}
        batches.on_epoch_end()
    assert len(seen) > 40, "of 50"
    with pytest.raises(IndexError):
        batches[4]


def test_means_and_smooth_surfaces_fill_holes():
    rows, columns = np.mgrid[:9, :9] / 9
    slope = (0.2 + 0.3 * rows + 0.4 * columns)[None, ..., None]
    mask = np.zeros((1, 9, 9, 1), bool)
    mask[0, 3:6, 4:7] = True
    damaged = np.where(mask, 1.0, slope)
    smooth = damage.fill(damaged, mask, "biharmonic")
    np.testing.assert_allclose(smooth, slope, atol=0.02)  # a plane is as smooth as can be
    flat = damage.fill(damaged, mask, "mean")
    assert flat[0, 4, 5, 0] == pytest.approx(slope[~mask].mean())
    np.testing.assert_array_equal(flat[~mask], slope[~mask])
    colours = damage.fill(np.concatenate([damaged, damaged / 2], axis=-1), mask, "mean")
    np.testing.assert_allclose(colours[..., 1], colours[..., 0] / 2)


def test_principal_components_give_the_expected_pixels():
    rng = np.random.default_rng(0)
    shapes = rng.uniform(0, 0.1, (4, 16))
    train = (0.2 + rng.uniform(size=(80, 4)) @ shapes + rng.normal(0, 0.01, (80, 16))).clip(0, 1)
    mask = np.zeros((1, 4, 4, 1), bool)
    mask[0, 1:3, 1:] = True
    damaged = np.where(mask, 0.9, train[:1].reshape(1, 4, 4, 1))
    found = damage.fill_from_components(damaged, mask, train.reshape(-1, 4, 4, 1), 3)
    # The mean of a Gaussian given some of its values.
    covariance, mean = PCA(3).fit(train).get_covariance(), train.mean(axis=0)
    hidden, visible = np.flatnonzero(mask), np.flatnonzero(~mask)
    solved = np.linalg.solve(covariance[np.ix_(visible, visible)], (train[0] - mean)[visible])
    expected = mean[hidden] + covariance[np.ix_(hidden, visible)] @ solved
    np.testing.assert_allclose(found[mask], expected, rtol=1e-6)
    np.testing.assert_array_equal(found[~mask], damaged[~mask])


def test_eight_ways_are_the_symmetries_of_a_square():
    image = np.arange(9).reshape(1, 3, 3)
    ways = tasks.eight_ways(image)
    np.testing.assert_array_equal(ways[0], image[0])
    symmetries = {
        np.rot90(side, k).tobytes()
        for side, k in itertools.product((image[0], image[0].T), range(4))
    }
    assert {way.tobytes() for way in ways} == symmetries
    assert tasks.eight_ways(image[..., None]).shape == (8, 3, 3, 1)
