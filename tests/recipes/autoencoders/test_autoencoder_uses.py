"""Recipes that use autoencoders: segmentation, search by bits, repair of damaged images."""

import keras
import numpy as np
import pytest

import data_prep
from data_prep.images import damage
from recipes.autoencoders import inpainting, segmentation, semantic_hashing


@pytest.fixture(scope="module")
def digits():
    return data_prep.load_images("digits").test.inputs


def images(count=40, height=12, width=10, channels=1):
    shape = (count, height, width, channels)
    return np.random.default_rng(0).uniform(0.1, 0.4, shape).astype("float32")


@pytest.mark.parametrize("shape", [(8, 8, 2), (9, 14, 4)])
def test_inpainting_keeps_known_pixels_and_its_parts_make_the_whole(shape):
    model = inpainting.build_inpainting(shape, filters=(4, 6, 8))
    whole = images(3, *shape[:2], shape[2] - 1)
    damaged, masks = damage.damage(whole, "hole")
    inputs = damage.with_masks(damaged, masks)
    found = model.predict(inputs, verbose=0)
    known = np.broadcast_to(~masks, whole.shape)
    np.testing.assert_array_equal(found[known], whole[known])
    code = model.get_layer("encoder")(inputs)
    assert code.shape == (3, -(-shape[0] // 4), -(-shape[1] // 4), 8)
    made = np.asarray(model.get_layer("decoder")(code))
    np.testing.assert_allclose(found[~known], made[~known], atol=1e-6)


def test_inpainting_does_not_see_what_is_hidden():
    model = inpainting.build_inpainting((8, 8, 2))
    first = damage.damage(images(1, 8, 8), "hole")
    second = damage.damage(1 - images(1, 8, 8), "hole")
    mixed = np.where(first[1], second[0], first[0])
    inputs = damage.with_masks(first[0], first[1]), damage.with_masks(mixed, first[1])
    np.testing.assert_array_equal(*(model.predict(given, verbose=0) for given in inputs))


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"input_shape": (8, 8, 1)}, r"input_shape \(8, 8, 1\) has no room for the mask"),
        ({"input_shape": (8, 8)}, r"shape \(8, 8\); give \(height, width, channels \+ 1\)"),
        ({"input_shape": (8, None, 2)}, r"shape \(8, None, 2\); give"),
        ({"filters": (16, 32)}, r"filters \(16, 32\); give three numbers"),
        ({"filters": (16, 0, 64)}, r"filters=\(16, 0, 64\); give a tuple of integers >= 1"),
        ({"filters": 8}, "filters=8; give a tuple"),
    ],
)
def test_inpainting_refuses_sizes_that_cannot_work(sizes, message):
    with pytest.raises(ValueError, match=f"^build_inpainting: {message}"):
        inpainting.build_inpainting(**sizes)


def test_inpainting_flags_are_checked_before_training():
    with pytest.raises(data_prep.DataError, match="'fire' is unknown; use one of hole, text"):
        inpainting.run(damage="fire")
    with pytest.raises(data_prep.DataError, match="test images 0; give 1 or more"):
        inpainting.run(test_images=0)


def test_a_code_is_near_to_bits_and_noise_comes_in_training_alone(digits):
    model = semantic_hashing.build_semantic_hashing(bits=12, units=(16,))
    encoder = model.get_layer("encoder")
    decoder = model.get_layer("decoder")
    codes = encoder.predict(digits, verbose=0)
    assert codes.shape == (len(digits), 12)
    np.testing.assert_array_equal(codes, encoder.predict(digits, verbose=0))
    rebuilt = decoder.predict(codes, verbose=0)
    np.testing.assert_allclose(model.predict(digits, verbose=0), rebuilt, atol=1e-6)
    first = np.asarray(encoder(digits[:50], training=True))
    second = np.asarray(encoder(digits[:50], training=True))
    assert (first != second).any()


def test_with_training_statistics_each_bit_is_on_for_about_half(digits):
    keras.utils.set_random_seed(0)
    model = semantic_hashing.build_semantic_hashing(noise=0.0)
    codes = np.asarray(model.get_layer("encoder")(digits, training=True))
    fractions = (codes > 0.5).mean(axis=0)
    assert 0.3 < fractions.min() < fractions.max() < 0.7


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"input_shape": (8, 8)}, r"shape \(8, 8\); give \(height, width, channels\)"),
        ({"bits": 0}, "bits=0; give an integer >= 1"),
        ({"units": 256}, "units=256; give a tuple of integers >= 1"),
        ({"units": ()}, r"units=\(\); give a tuple"),
        ({"units": (8, 0)}, r"units=\(8, 0\); give a tuple"),
        ({"noise": 1.5}, "noise 1.5; give a number from 0 to 1"),
    ],
)
def test_hashing_refuses_sizes_that_cannot_work(sizes, message):
    with pytest.raises(ValueError, match=f"^build_semantic_hashing: {message}"):
        semantic_hashing.build_semantic_hashing(**sizes)


@pytest.mark.parametrize("flags", [{"bits": 0}, {"bits": 65}, {"noise": 1.5}, {"noise": -1}])
def test_hashing_flags_are_checked_before_training(flags):
    with pytest.raises(data_prep.DataError, match="give 1 to 64 bits, noise of 0 to 1, and 100"):
        semantic_hashing.run(**flags)


def test_a_u_net_takes_any_size_that_can_be_halved():
    model = segmentation.build_segmentation((None, None, 1), 3, filters=(2, 3, 4))
    for height, width in ((8, 12), (20, 4)):
        found = model.predict(np.zeros((2, height, width, 1)), verbose=0)
        assert found.shape == (2, height, width, 3)
        np.testing.assert_allclose(found.sum(axis=-1), 1, rtol=1e-5)


def test_a_u_net_sees_far_by_its_depth_and_sharp_by_its_skips():
    keras.utils.set_random_seed(0)
    seen = {}
    for depth in (1, 3):
        model = segmentation.build_segmentation((32, 32, 1), 2, filters=(4, 4, 4)[:depth])
        image = np.random.default_rng(0).uniform(size=(1, 32, 32, 1))
        changed = image.copy()
        changed[0, 16, 16] += 5
        moved = np.abs(model.predict(changed, verbose=0) - model.predict(image, verbose=0))
        rows = np.flatnonzero(moved.max(axis=(0, 2, 3)) > 1e-7)
        seen[depth] = rows.max() - rows.min() + 1
    assert seen[1] == 5  # two convolutions of 3
    assert seen[3] > 15


def test_segmentation_of_a_stack_whose_sides_are_no_multiple(tmp_path):
    rng = np.random.default_rng(0)
    masks = (rng.random((10, 14, 18)) < 0.5).astype(np.uint8)
    path = tmp_path / "cells.npz"
    np.savez(path, images=masks * 200 + 20, labels=masks, classes=np.array(["wall", "cell"]))
    flags = {"epochs": 8, "batch_size": 4, "filters": 4, "depth": 2, "tile": 8}
    keras.utils.set_random_seed(0)
    report = segmentation.run(path, **flags, augmentation=True)
    assert report.data["shapes"]["test"]["inputs"] == [2, 14, 18, 1]
    assert report.baselines["Otsu threshold"]["IoU"] == 1.0
    assert report.scores["IoU"] > 0.9
    assert set(report.pictures) == {"truth", "prediction", "otsu"}


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"input_shape": (30, 32, 3)}, "images .30, 32, 3. with 3 filters; pad height and width"),
        ({"input_shape": (None, 30, 3)}, "images .None, 30, 3. with 3 filters; pad"),
        ({"input_shape": (0, 32, 3)}, r"shape \(0, 32, 3\); give .*height and width may be None"),
        ({"input_shape": (32, 32, None)}, r"shape \(32, 32, None\); give"),
        ({"filters": ()}, r"filters=\(\); give a tuple of integers >= 1"),
        ({"filters": (8, 0)}, r"filters=\(8, 0\); give a tuple"),
        ({"filters": 8}, "filters=8; give a tuple"),
        ({"num_classes": 0}, "num_classes=0; give an integer >= 1"),
    ],
)
def test_segmentation_refuses_sizes_that_cannot_work(sizes, message):
    with pytest.raises(ValueError, match=f"^build_segmentation: {message}"):
        segmentation.build_segmentation(**sizes)


@pytest.mark.parametrize("flags", [{"depth": 0}, {"filters": 0}])
def test_segmentation_flags_are_checked_before_training(flags):
    with pytest.raises(data_prep.DataError, match="give 1 or more of each"):
        segmentation.run(**flags)


def test_segmentation_refuses_images_that_cannot_be_halved(tmp_path):
    path = tmp_path / "cells.npz"
    np.savez(path, images=np.zeros((10, 14, 18)), labels=np.ones((10, 14, 18), int))
    with pytest.raises(data_prep.DataError, match="14 x 18 pixels .* give --tile a multiple of 4"):
        segmentation.run(path)
    with pytest.raises(data_prep.DataError, match="14 x 18 pixels are not square"):
        segmentation.run(path, depth=2, augmentation=True)
