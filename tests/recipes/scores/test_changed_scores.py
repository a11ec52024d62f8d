"""Scores on changed images: what each change does to a classifier that knows its images."""

import numpy as np

from data_prep.dataset import Part
from recipes import scores


def part():
    """Images of one bright pixel; the class is its column, two pixels apart."""
    labels = np.arange(40) % 4
    images = np.zeros((40, 16, 16, 1), "float32")
    images[np.arange(40), 7, 4 + 2 * labels] = 1
    return Part(images, labels)


def by_column(images):
    return images[:, 7, 4:12:2, 0]


def test_each_change_is_scored_on_its_own():
    found = scores.changed_images(by_column, part())
    assert found["accuracy"] == 1
    assert found["accuracy, overlapped"] == 1
    # A shift of up to 2 pixels puts the pixel into another row, or another column.
    assert 0 < found["accuracy, shifted"] < 0.8
    assert 0 < found["accuracy, rotated"] <= 1
    assert found == scores.changed_images(by_column, part())


def test_a_pair_counts_only_with_both_classes():
    def always_first_two(images):
        return np.tile([4.0, 3, 2, 1], (len(images), 1))

    found = scores.changed_images(always_first_two, part())
    assert found["accuracy"] == 0.25
    assert 0 < found["accuracy, overlapped"] < 0.4


def test_one_class_has_no_overlapped_pairs():
    one = Part(part().inputs, np.zeros(40, int))
    assert "accuracy, overlapped" not in scores.changed_images(by_column, one)
