"""Pages that use autoencoders: segmentation, search by bits, and repair of damaged images."""

import keras
import numpy as np
import pytest

import data_prep
from data_prep.images import damage
from recipes import scores
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


def test_inpainting_flags_are_checked_before_training():
    with pytest.raises(data_prep.DataError, match="'fire' is not known"):
        inpainting.run(damage="fire")
    with pytest.raises(data_prep.DataError, match="test images 0; give 1 or more"):
        inpainting.run(test_images=0)


def test_a_code_is_near_to_bits_and_noise_comes_in_training_alone(digits):
    model = semantic_hashing.build_semantic_hashing(bits=12, units=(16,))
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    codes = encoder.predict(digits, verbose=0)
    assert codes.shape == (len(digits), 12)
    np.testing.assert_array_equal(codes, encoder.predict(digits, verbose=0))
    rebuilt = decoder.predict(codes, verbose=0)
    np.testing.assert_allclose(model.predict(digits, verbose=0), rebuilt, atol=1e-6)
    noisy = encoder(digits[:50], training=True), encoder(digits[:50], training=True)
    assert (np.asarray(noisy[0]) != np.asarray(noisy[1])).any()


def test_with_training_statistics_each_bit_is_on_for_about_half(digits):
    keras.utils.set_random_seed(0)
    model = semantic_hashing.build_semantic_hashing(noise=0.0)
    codes = np.asarray(model.get_layer("encoder")(digits, training=True))
    shares = (codes > 0.5).mean(axis=0)
    assert 0.3 < shares.min() < shares.max() < 0.7


def test_retrieval_searches_the_training_part_for_test_inputs():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 60)
    train = data_prep.Part((labels + rng.normal(0, 0.1, 120))[:, None], labels)
    test = data_prep.Part(np.array([[0.0], [1.0], [1.1]]), np.array([0, 1, 0]))
    data = data_prep.Dataset("two", "here", train, train, test, ("a", "b"))
    codings = {
        "bit": lambda inputs: inputs > 0.5,
        "number": lambda inputs: inputs,
        "nothing": lambda inputs: inputs > 9,
    }
    table, rows = scores.retrieval(data, codings, count=20)
    for name in ("bit", "number"):
        assert table[name]["precision at 10"] == pytest.approx(2 / 3)
        assert table[name]["precision at 20"] == pytest.approx(2 / 3)
        assert table[name]["milliseconds per query"] > 0
        assert rows[name].shape == (3, 20)
        np.testing.assert_array_equal(labels[rows[name][:2]], [[0] * 20, [1] * 20])
    nearest = np.abs(train.inputs[:, 0] - 1.1).argsort()[:20]
    np.testing.assert_array_equal(rows["number"][2], nearest)
    # All codes are equal: what comes first must not be a class, as it would in the file's order.
    assert 0.2 < table["nothing"]["precision at 20"] < 0.8


def test_codings_are_projections_from_the_mean_of_training():
    rng = np.random.default_rng(0)
    spread = np.array([3.0, 1.0, 0.1])
    train = data_prep.Part(5 + spread * rng.normal(size=(200, 3)), np.zeros(200, int))
    test = data_prep.Part(train.inputs + 100, train.labels)
    found = scores.hashing_baselines(
        data_prep.Dataset("three", "here", train, train, test, ("a",)), 2
    )
    signs = found["PCA signs"](train.inputs)
    for column in range(2):
        agree = (signs[:, column] == (train.inputs[:, column] > 5)).mean()
        assert agree > 0.9 or agree < 0.1
    assert 0.4 < found["random projections"](train.inputs).mean() < 0.6
    assert found["principal components"](test.inputs).shape == (200, 2)
    np.testing.assert_array_equal(found["pixels"](test.inputs), test.inputs)


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
    assert set(report.pictures) == {"truth", "answer", "otsu"}


@pytest.mark.parametrize("flags", [{"depth": 0}, {"filters": 0}])
def test_segmentation_flags_are_checked_before_training(flags):
    with pytest.raises(data_prep.DataError, match="give 1 or more of each"):
        segmentation.run(**flags)


def test_segmentation_refuses_images_that_cannot_be_halved(tmp_path):
    path = tmp_path / "cells.npz"
    np.savez(path, images=np.zeros((10, 14, 18)), labels=np.ones((10, 14, 18), int))
    with pytest.raises(data_prep.DataError, match="14 x 18 pixels .* give --tile a multiple of 4"):
        segmentation.run(path)
    with pytest.raises(data_prep.DataError, match="or turned; give --tile"):
        segmentation.run(path, depth=2, augmentation=True)
