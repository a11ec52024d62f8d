"""Images that are shifted, rotated, and laid over one another."""

import numpy as np
import pytest

import data_prep
from data_prep.images import moved


def images(count=60, height=7, width=9):
    """Images without a zero, in which every pixel has its own value."""
    size = count * height * width
    return np.arange(1, size + 1, dtype="float32").reshape(count, height, width, 1)


def shifted_by(image, down, right):
    """The image moved by slices, with zeros where nothing comes in."""
    height, width, _ = image.shape
    expected = np.zeros_like(image)
    rows = np.arange(max(0, down), min(height, height + down))
    columns = np.arange(max(0, right), min(width, width + right))
    expected[np.ix_(rows, columns)] = image[np.ix_(rows - down, columns - right)]
    return expected


def test_each_image_is_shifted_as_a_whole_and_all_shifts_occur():
    whole = images(400)
    shifted = moved.shift_images(whole, 2, seed=1)
    assert shifted.shape == whole.shape
    assert shifted.dtype == whole.dtype
    seen = set()
    for image, result in zip(whole, shifted, strict=True):
        fits = [
            (down, right)
            for down in range(-2, 3)
            for right in range(-2, 3)
            if (shifted_by(image, down, right) == result).all()
        ]
        assert len(fits) == 1
        seen.update(fits)
    assert len(seen) == 25


def test_no_shift_changes_nothing_and_equal_seeds_shift_equally():
    whole = images()
    np.testing.assert_array_equal(moved.shift_images(whole, 0), whole)
    first, again, other = (moved.shift_images(whole, 2, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_shift_that_cannot_be_is_refused():
    for pixels in (-1, 7, 1.5, "2"):
        with pytest.raises(data_prep.DataError, match="give an integer from 0 to 6"):
            moved.shift_images(images(), pixels)
        with pytest.raises(data_prep.DataError, match="give an integer from 0 to 6"):
            moved.shifted_batches(images(), np.zeros(60), pixels)


def test_rotation_turns_about_the_centre_by_at_most_the_angle():
    whole = np.zeros((200, 21, 21, 1), "float32")
    whole[:, 10, 10] = 1
    whole[:, 10, 18] = 1  # 8 pixels to the right of the centre
    rotated = moved.rotate_images(whole, 30)
    assert rotated.shape == whole.shape
    np.testing.assert_allclose(rotated[:, 10, 10, 0], 1, atol=1e-4)

    rotated[:, 8:13, 8:13] = 0
    rows, columns = np.indices((21, 21)) - 10
    angles = []
    for image in rotated[..., 0]:
        angles.append(np.degrees(np.arctan2((rows * image).sum(), (columns * image).sum())))
        assert np.hypot((rows * image).sum(), (columns * image).sum()) / image.sum() > 7
    assert -31 < min(angles) < -25
    assert 25 < max(angles) < 31
    np.testing.assert_array_equal(moved.rotate_images(whole, 0), whole)


def test_overlapped_images_have_two_classes_and_the_brighter_pixel_of_both():
    whole, labels = images() / 1e4, np.arange(60) % 3
    overlapped, pairs = moved.overlap_images(whole, labels, seed=2)
    assert (pairs[:, 0] == labels).all()
    assert (pairs[:, 0] != pairs[:, 1]).all()
    for number, (result, pair) in enumerate(zip(overlapped, pairs, strict=True)):
        partners = np.flatnonzero(labels == pair[1])
        fits = [(np.maximum(whole[number], whole[other]) == result).all() for other in partners]
        assert any(fits)
    with pytest.raises(data_prep.DataError, match="of one class"):
        moved.overlap_images(whole, np.zeros(60))


def test_shifted_batches_have_all_images_once_in_each_epoch_and_new_shifts():
    whole, labels = images(50), np.arange(50)
    batches = moved.shifted_batches(whole, labels, 0, batch_size=16, seed=1)
    for _ in range(2):
        seen = [batches[number] for number in range(len(batches))]
        assert [len(part) for part, _ in seen] == [16, 16, 16, 2]
        for part, numbers in seen:
            np.testing.assert_array_equal(part, whole[numbers])
        numbers = np.concatenate([numbers for _, numbers in seen])
        assert sorted(numbers) == list(labels)
        assert list(numbers) != list(labels)
        batches.on_epoch_end()

    shifted = moved.shifted_batches(whole, labels, 2, batch_size=50, seed=1)
    first, order = shifted[0]
    shifted.on_epoch_end()
    second, new_order = shifted[0]
    assert (first[order.argsort()] != second[new_order.argsort()]).any()
