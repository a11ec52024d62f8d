"""Scores of predicted masks against scikit-learn, and simple segmentations."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, jaccard_score

import data_prep
from recipes import scores


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


def test_segmentations_use_the_training_part_alone():
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


def test_a_class_without_training_pixels_is_never_predicted():
    found = scores.segmentation_baselines(scenes([[[0, 0], [0, 1]]], [[[0, 1], [2, 0]]]))
    for predicted in found.values():
        assert set(predicted.ravel()) <= {0, 1}
