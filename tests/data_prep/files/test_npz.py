"""The reader of .npz files: all loaders refuse a bad file with the same message."""

import zipfile

import numpy as np
import pytest

import data_prep
from data_prep import DataError
from data_prep.files.npz import read_npz

LOADERS = [
    data_prep.load_images,
    data_prep.load_labelled_series,
    data_prep.load_scenes,
    data_prep.load_volumes,
]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, a=np.arange(100), b=np.arange(3))
    return path


def test_the_first_form_that_the_file_has_is_read(path):
    assert list(read_npz(path, ("a", "c"), ("b", "a"), ("a",))) == ["b", "a"]
    arrays = read_npz(path, ("a",), optional=("b", "c"))
    assert {name: array.shape for name, array in arrays.items()} == {"a": (100,), "b": (3,)}
    message = r"no array 'c' \(it holds a, b\); name the arrays x, y, or b, c\.$"
    with pytest.raises(DataError, match=message):
        read_npz(path, ("x", "y"), ("b", "c"))


@pytest.mark.parametrize("load", LOADERS)
def test_every_loader_refuses_an_incomplete_file_and_one_without_its_arrays(load, path):
    with pytest.raises(DataError, match=r"mine\.npz: no array '.*' \(it holds a, b\); name the"):
        load(path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match=r"mine\.npz: not a readable \.npz file"):
        load(path)


def test_damaged_arrays_are_named(path):
    content = bytearray(path.read_bytes())
    content[300:400] = bytes(100)
    path.write_bytes(content)
    with pytest.raises(DataError, match="array 'a' is damaged"):
        read_npz(path, ("a", "b"))


def test_members_that_are_not_arrays_are_refused(path):
    np.savez(path, a=np.array([{}], dtype=object))
    with pytest.raises(DataError, match="array 'a' holds Python objects and would have to be unp"):
        read_npz(path, ("a",))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "hello")
    with pytest.raises(DataError, match="'a' is not an array; write the file with"):
        read_npz(path, ("a",))
