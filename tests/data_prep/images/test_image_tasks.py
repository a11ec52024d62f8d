"""Other tasks from the same images: half of the classes, shifts, rotations, few labels."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from data_prep import DataError, load_images
from data_prep.dataset import Dataset, Part
from data_prep.images import tasks


def numbered(classes=5, size=3, height=2, width=2):
    """Images of which each pixel is the number of the image; class = number modulo classes."""
    numbers = np.arange(classes * size)
    images = np.ones((len(numbers), height, width, 1), "float32") * numbers[:, None, None, None]
    part = Part(images, numbers % classes)
    names = tuple(f"class {number}" for number in range(classes))
    return Dataset("numbered", "here", part, part, part, names, "abc")


def test_class_halves_share_nothing_and_count_from_zero():
    first, second = tasks.class_halves(numbered(5))
    assert first.classes == ("class 0", "class 1")
    assert second.classes == ("class 2", "class 3", "class 4")
    assert first.fingerprint == second.fingerprint == "abc"
    for half, offset in ((first, 0), (second, 2)):
        for part in half.parts().values():
            np.testing.assert_array_equal(part.inputs[:, 0, 0, 0] % 5, part.labels + offset)
    assert sum(len(half.train) for half in (first, second)) == 15


def test_class_halves_of_digits():
    first, second = tasks.class_halves(load_images("digits"))
    assert (first.classes, second.classes) == (tuple("01234"), tuple("56789"))
    assert len(first.test) == len(second.test) == 180


def test_too_few_classes_for_two_tasks():
    with pytest.raises(DataError, match=r"'numbered' has 3 classes, but two tasks .* need four"):
        tasks.class_halves(numbered(3))
    with pytest.raises(DataError, match="class_halves needs a Dataset"):
        tasks.class_halves(numbered().train)


def test_scatter_moves_each_image_whole_and_the_same_way_each_time():
    images = load_images("digits")
    scattered = tasks.scatter(images, 12)
    assert scattered.input_shape == (12, 12, 1)
    for name, part in images.parts().items():
        moved = scattered.parts()[name]
        places = set()
        for image, square in zip(part.inputs[:60], moved.inputs[:60], strict=True):
            rows, columns = np.nonzero(square[..., 0])
            top, left = rows.min(), columns.min()
            inside = np.argwhere(image[..., 0]).min(axis=0)
            places.add((top - inside[0], left - inside[1]))
            place = np.zeros((12, 12, 1), "float32")
            place[top - inside[0] :, left - inside[1] :][:8, :8] = image
            np.testing.assert_array_equal(square, place)
        assert {row for row, _ in places} == {column for _, column in places} == set(range(5))
        np.testing.assert_array_equal(moved.labels, part.labels)
    again = tasks.scatter(images, 12)
    np.testing.assert_array_equal(scattered.test.inputs, again.test.inputs)
    np.testing.assert_array_equal(scattered.to_original(np.ones(2)), images.to_original(np.ones(2)))


@pytest.mark.parametrize(("height", "width", "side"), [(4, 4, 0), (4, 4, 4), (2, 6, 5)])
def test_scatter_leaves_images_that_are_as_large(height, width, side):
    images = numbered(height=height, width=width)
    assert tasks.scatter(images, side) is images


def test_scatter_takes_images_that_are_not_square():
    assert tasks.scatter(numbered(height=2, width=4), 5).input_shape == (5, 5, 1)


def test_quarter_turns_of_one_image():
    image = np.arange(4.0).reshape(1, 2, 2, 1)  # 0 1 above 2 3
    part = Part(image, np.array([1]))
    data = Dataset("one", "here", part, part, part, ("a", "b"))
    turned = tasks.quarter_turns(data)
    assert turned.train.inputs[..., 0].tolist() == [
        [[0, 1], [2, 3]],
        [[1, 3], [0, 2]],
        [[3, 2], [1, 0]],
        [[2, 0], [3, 1]],
    ]
    assert turned.train.labels.tolist() == [1, 3, 5, 7]
    assert turned.classes[1::2] == ("b", "b turned 90", "b turned 180", "b turned 270")
    assert turned.test.inputs.shape == (4, 2, 2, 1)


def test_quarter_turns_leave_images_that_are_not_square():
    images = numbered(height=2, width=3)
    assert tasks.quarter_turns(images) is images


@hypothesis.given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.integers(0, 9))
def test_in_turns_every_beginning_is_balanced(labels, seed):
    labels = np.array(labels)
    order = tasks.in_turns(labels, seed)
    assert sorted(order) == list(range(len(labels)))
    size = np.bincount(labels, minlength=5)
    for length in range(1, len(labels) + 1):
        taken = np.bincount(labels[order[:length]], minlength=5)
        for label in range(5):  # no class is ahead of one that has rows left
            if taken[label] < size[label]:
                assert taken.max() <= taken[label] + 1
    np.testing.assert_array_equal(order, tasks.in_turns(labels, seed))


def test_in_turns_is_random():
    labels = np.repeat(np.arange(3), 20)
    orders = [tasks.in_turns(labels, seed) for seed in range(5)]
    assert len({tuple(order) for order in orders}) == 5
    assert len({tuple(labels[order[:3]]) for order in orders}) > 1, "the classes take no fixed turn"


def test_few_labels_are_the_first_in_turn_repeated_to_fill_an_epoch():
    labels = np.repeat(np.arange(3), 20)
    samples = tasks.few_labels(labels, (6, 30, 60, 100), draws=2, epoch_size=12, seed=4)
    assert {count: len(draws) for count, draws in samples.items()} == {6: 2, 30: 2, 60: 1}
    assert [len(draws[0]) for draws in samples.values()] == [12, 30, 60]
    for draw in range(2):
        order = tasks.in_turns(labels, 4 * 2 + draw)
        np.testing.assert_array_equal(samples[6][draw], [*order[:6], *order[:6]])
        np.testing.assert_array_equal(samples[30][draw], order[:30])
    assert sorted(samples[60][0]) == list(range(60))
