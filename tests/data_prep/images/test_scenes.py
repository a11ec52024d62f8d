"""Scenes from .npz files: the split into parts, tiles, and bad data."""

import re

import numpy as np
import pytest

import data_prep


def stack(count=10, height=4, width=6):
    """Slices: each pixel is the number of its slice. The labels are 0 and 1."""
    images = (
        np.ones((count, height, width), np.uint8) * np.arange(count, dtype=np.uint8)[:, None, None]
    )
    labels = np.zeros((count, height, width), np.uint8)
    labels[:, 0] = 1
    return {"images": images, "labels": labels}


def save(tmp_path, **arrays):
    path = tmp_path / "cells.npz"
    np.savez(path, **arrays)
    return path


def numbers(part):
    return np.unique(np.round(part.inputs * 255)).astype(int).tolist()


def test_the_last_fifth_of_a_stack_is_the_test_part_and_validation_is_of_neighbours(tmp_path):
    path = save(tmp_path, **stack(20))
    runs = set()
    for seed in range(6):
        data = data_prep.load_scenes(path, seed=seed, validation=0.2)
        assert numbers(data.test) == [16, 17, 18, 19]
        kept = numbers(data.validation)
        assert np.diff(kept).tolist() == [1, 1]
        assert sorted(numbers(data.train) + kept) == list(range(16))
        runs.add(tuple(kept))
    assert len(runs) > 1
    assert data.input_shape == (4, 6, 1)
    assert data.classes == ("0", "1")
    assert data.test.labels["masks"].shape == (4, 4, 6)
    assert list(data.test.labels) == ["masks"]


def test_tiles_cover_each_image_and_no_image_is_in_two_parts(tmp_path):
    arrays = stack(10, 5, 6)
    places = np.arange(30, dtype=np.uint8).reshape(5, 6)
    arrays["images"] = arrays["images"] * 0 + places
    arrays["labels"] = arrays["images"] % 7
    data = data_prep.load_scenes(save(tmp_path, **arrays), tile=3)
    assert data.train.inputs.shape == (7 * 4, 3, 3, 1)  # 2 x 2 tiles, the lower ones from row 2
    seen = np.round(data.train.inputs[:4, ..., 0] * 255).astype(int)
    assert [tile[0, 0] for tile in seen] == [0, 3, 12, 15]
    assert set(seen.ravel()) == set(range(30))
    np.testing.assert_array_equal(data.train.labels["masks"][:4], seen % 7)
    assert data.validation.inputs.shape == (4, 3, 3, 1)
    assert data.test.inputs.shape == (2, 5, 6, 1)
    path = save(tmp_path, **stack(10, 6, 6))
    data = data_prep.load_scenes(path, tile=2, validation=0.3)
    assert not set(numbers(data.train)) & set(numbers(data.validation))


def test_scenes_that_come_divided_stay_so_and_classes_have_names(tmp_path):
    train, test = np.zeros((20, 4, 4, 3)), np.ones((5, 8, 6, 3))
    masks = np.arange(20)[:, None, None] % 3 + np.zeros((20, 4, 4), int)
    arrays = {"x_train": train, "y_train": masks, "x_test": test, "y_test": np.ones((5, 8, 6), int)}
    data = data_prep.load_scenes(save(tmp_path, **arrays, classes=np.array(["sky", "sea", "land"])))
    assert data.classes == ("sky", "sea", "land")
    assert [len(part) for part in data.parts().values()] == [18, 2, 5]
    assert data.test.inputs.shape == (5, 8, 6, 3)
    assert data.to_original(data.test.inputs).max() == 1  # they were not bytes
    whole = data.describe()
    assert whole["name"] == "cells"
    assert re.fullmatch("[0-9a-f]{64}", whole["fingerprint"])


BAD = {
    "no array 'labels' (it holds images); name the arrays x_train, y_train, x_test, y_test, or": {
        "labels": None
    },
    "images has shape (10, 4); give (examples, height, width)": {"images": np.zeros((10, 4))},
    "images has shape (10, 4, 6, 2)": {"images": np.zeros((10, 4, 6, 2))},
    "images holds int64; give bytes (uint8), or numbers from 0 to 1": {
        "images": np.zeros((10, 4, 6), int)
    },
    "images goes from 0 to 7; scale it to 0 to 1": {"images": np.zeros((10, 4, 6)) + [0, 7] * 3},
    "images goes from nan to nan": {"images": np.full((10, 4, 6), np.nan)},
    "labels uint8 (9, 4, 6); give each pixel one class": {"labels": stack()["labels"][:9]},
    "labels float64 (10, 4, 6); give each": {"labels": stack()["labels"] / 2},
    "labels has -1; number the classes from 0": {"labels": stack()["labels"].astype(int) - 1},
    "the greatest label is 0; number": {"labels": stack()["labels"] * 0},
    "a label is 1, and `classes` has 1 names": {"classes": np.array(["cell"])},
    "array 'images' holds Python objects": {"images": np.array([{}] * 10, dtype=object)},
    "3 images cannot be divided into parts; give 5": stack(3),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_scenes_are_refused_by_name(message, tmp_path):
    arrays = {key: value for key, value in (stack() | BAD[message]).items() if value is not None}
    path = save(tmp_path, **arrays)
    with pytest.raises(data_prep.DataError) as caught:
        data_prep.load_scenes(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_bad_divided_scenes_are_refused_by_name(tmp_path):
    images, masks = np.zeros((20, 4, 4, 3)), np.ones((20, 4, 4), int)
    good = {"x_train": images, "y_train": masks, "x_test": images, "y_test": masks}
    with pytest.raises(data_prep.DataError, match=r"x_test is .*, and y_test int64 \(19, 4, 4\)"):
        data_prep.load_scenes(save(tmp_path, **good | {"y_test": masks[:19]}))
    with pytest.raises(data_prep.DataError, match="x_train is .* and x_test .* the same channels"):
        data_prep.load_scenes(save(tmp_path, **good | {"x_test": images[..., :1]}))
    with pytest.raises(data_prep.DataError, match="no such .npz file; scenes are read from one"):
        data_prep.load_scenes(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(data_prep.DataError, match=r"text\.npz: not a readable \.npz file"):
        data_prep.load_scenes(tmp_path / "text.npz")


@pytest.mark.parametrize("tile", [-1, 5])
def test_a_tile_that_does_not_fit_is_refused(tile, tmp_path):
    with pytest.raises(data_prep.DataError, match="images of 4 x 6 pixels; give a side of 1 to 4"):
        data_prep.load_scenes(save(tmp_path, **stack()), tile=tile)


@pytest.mark.full
def test_membranes(data_folder):
    path = data_folder / "isbi2012_membrane" / "membrane.npz"
    data = data_prep.load_scenes(path, tile=128)
    assert [len(part) for part in data.parts().values()] == [352, 32, 6]
    assert data.test.inputs.shape == (6, 512, 512, 1)
    assert 0.7 < data.test.labels["masks"].mean() < 0.85
