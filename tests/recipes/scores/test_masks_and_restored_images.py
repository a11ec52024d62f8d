"""Scores of segmentation, search and repaired images, against brute force and other libraries."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from sklearn.metrics import f1_score, jaccard_score

import data_prep
from recipes import scores


def noisy(count=3, side=9, channels=1, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.uniform(size=(count, side, side, channels))
    return truth, np.clip(truth + rng.normal(0, 0.1, truth.shape), 0, 1)


def test_iou_and_dice_of_squares_that_overlap():
    truth, predicted = np.zeros((2, 1, 6, 6), int)
    truth[0, :4, :4] = 1  # 16 pixels
    predicted[0, 2:, 2:] = 1  # 16 pixels, 4 of them in both
    found = scores.segmentation(truth, predicted, ["ground", "square"])
    assert found["IoU of square"] == pytest.approx(4 / 28)
    assert found["Dice of square"] == pytest.approx(8 / 32)
    assert found["IoU of ground"] == pytest.approx(8 / 32)
    assert found["IoU"] == pytest.approx((4 / 28 + 8 / 32) / 2)


def test_iou_and_dice_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 3, (2, 4, 5, 6))
    found = scores.segmentation(truth, predicted, ["a", "b", "c", "never seen"])
    flat = truth.ravel(), predicted.ravel()
    assert found["IoU"] == pytest.approx(jaccard_score(*flat, average="macro"))
    assert found["Dice"] == pytest.approx(f1_score(*flat, average="macro"))
    each = jaccard_score(*flat, average=None)
    assert [found[f"IoU of {name}"] for name in "abc"] == pytest.approx(list(each))
    assert "IoU of never seen" not in found
    with pytest.raises(ValueError, match=r"truth \(4, 5, 6\) and predicted \(5, 6\) do not fit"):
        scores.segmentation(truth, predicted[0], ["a", "b", "c"])


def scenes(train, test):
    def part(masks):
        masks = np.asarray(masks)
        colours = np.array([[0.1, 0.1, 0.1], [0.9, 0.1, 0.9], [0.8, 0.9, 0.4]])
        return data_prep.Part(colours[masks], {"masks": masks})

    return data_prep.Dataset("scenes", "here", part(train), part(train), part(test), tuple("abc"))


def test_segmenters_know_the_training_part_alone():
    masks = np.zeros((1, 4, 4), int)
    masks[0, 0, :3] = 1
    masks[0, 1, 0] = 2
    found = scores.segmentation_baselines(scenes(masks, np.array([[[2, 1], [0, 1]]])))
    assert found["majority"].tolist() == [[[0, 0], [0, 0]]]
    assert found["nearest mean colour"].tolist() == [[[2, 1], [0, 1]]]
    assert found["Otsu threshold"].tolist() == [[[1, 1], [0, 1]]]  # of two that are bright, one
    test = data_prep.Part(np.full((1, 2, 2, 3), 0.9), {"masks": np.zeros((1, 2, 2), int)})
    data = scenes(masks, masks)
    moved = data_prep.Dataset("moved", "here", data.train, data.train, test, tuple("abc"))
    assert scores.segmentation_baselines(moved)["majority"].tolist() == [[[0, 0], [0, 0]]]
    assert scores.segmentation_baselines(moved)["nearest mean colour"].tolist() == [
        [[2, 2], [2, 2]]
    ]


def test_segmenters_never_answer_a_class_that_training_has_not():
    found = scores.segmentation_baselines(scenes([[[0, 0], [0, 1]]], [[[0, 1], [2, 0]]]))
    for predicted in found.values():
        assert set(predicted.ravel()) <= {0, 1}


@hypothesis.settings(deadline=None)
@hypothesis.given(st.integers(1, 130), st.integers(1, 40), st.integers(0, 99))
def test_hamming_search_is_brute_force(bits, examples, seed):
    rng = np.random.default_rng(seed)
    codes, queries = rng.integers(0, 2, (examples, bits)), rng.integers(0, 2, (3, bits))
    count = int(rng.integers(1, examples + 1))
    packed = np.packbits(codes, axis=1), np.packbits(queries, axis=1)
    found = scores.hamming_search(*packed, count)
    distances = (codes != queries[:, None]).sum(axis=2)
    np.testing.assert_array_equal(found, np.argsort(distances, axis=1, kind="stable")[:, :count])


def test_hamming_search_refuses_what_does_not_fit():
    codes = np.zeros((4, 3), np.uint8)
    with pytest.raises(ValueError, match="cannot find 5 of 4 codes"):
        scores.hamming_search(codes, codes, 5)
    with pytest.raises(ValueError, match="same number of bytes"):
        scores.hamming_search(codes, np.zeros((4, 9), np.uint8), 1)
    with pytest.raises(ValueError, match=r"codes float64 \(4, 3\): give packed bits"):
        scores.hamming_search(codes.astype(float), codes, 1)


def test_exact_search_is_brute_force():
    rng = np.random.default_rng(0)
    inputs, queries = rng.normal(size=(50, 2, 3)), rng.normal(size=(120, 2, 3))
    found = scores.exact_search(inputs, queries, 7)
    distances = np.square(inputs - queries[:, None]).sum(axis=(2, 3))
    np.testing.assert_array_equal(found, np.argsort(distances, axis=1)[:, :7])
    assert scores.exact_search(inputs, inputs, 50)[:, 0].tolist() == list(range(50))
    with pytest.raises(ValueError, match="cannot find 0 of 50 inputs"):
        scores.exact_search(inputs, queries, 0)


def test_precision_counts_what_has_the_class_of_the_query():
    assert scores.precision_at([[1, 1, 0, 1], [2, 2, 1, 0]], [1, 2]) == pytest.approx(5 / 8)
    with pytest.raises(ValueError, match=r"found \(2, 2\) and of queries \(3,\) do not fit"):
        scores.precision_at([[1, 1], [2, 2]], [1, 2, 3])


@pytest.mark.parametrize("channels", [1, 3])
def test_psnr_and_ssim_are_those_of_scikit_image(channels):
    truth, images = noisy(channels=channels)
    pairs = list(zip(truth, images, strict=True))
    wanted = np.mean([peak_signal_noise_ratio(*pair, data_range=1) for pair in pairs])
    assert scores.psnr(truth, images) == pytest.approx(wanted)
    options = {"data_range": 1, "channel_axis": -1}
    wanted = np.mean([structural_similarity(*pair, **options) for pair in pairs])
    assert scores.ssim(truth, images) == pytest.approx(wanted)
    masks = np.random.default_rng(1).random((3, 9, 9, 1)) < 0.3
    maps = [structural_similarity(*pair, full=True, **options)[1] for pair in pairs]
    wanted = np.mean([one[mask[..., 0]].mean() for one, mask in zip(maps, masks, strict=True)])
    assert scores.ssim(truth, images, masks) == pytest.approx(wanted)
    wanted = np.mean(
        [
            peak_signal_noise_ratio(one[mask[..., 0]], other[mask[..., 0]], data_range=1)
            for (one, other), mask in zip(pairs, masks, strict=True)
        ]
    )
    assert scores.psnr(truth, images, masks) == pytest.approx(wanted)


def test_psnr_of_equal_images_ends_at_the_rounding_to_bytes():
    truth, _ = noisy(2)
    assert scores.psnr(truth, truth) == pytest.approx(58.92, abs=0.005)
    assert scores.ssim(truth, truth) == pytest.approx(1)
    # Rounding to bytes has that error, so it is about as good.
    assert scores.psnr(truth, np.round(truth * 255) / 255) == pytest.approx(58.92, abs=0.6)


def test_psnr_looks_at_the_hole_alone():
    truth, images = noisy(1)
    masks = np.zeros((1, 9, 9, 1), bool)
    masks[0, 2, 3] = True
    images[0, 2, 3] = truth[0, 2, 3] + 0.1
    images[0, 5:] = 77
    assert scores.psnr(truth, images, masks) == pytest.approx(20)
    with pytest.raises(ValueError, match=r"masks \(1, 9, 9, 1\) .* a pixel or more in each"):
        scores.psnr(truth, images, np.zeros((1, 9, 9, 1), bool))
    with pytest.raises(ValueError, match=r"truth \(1, 9, 9, 1\) and images \(9, 9, 1\)"):
        scores.ssim(truth, images[0])
