"""Images by name and from .npz files, and the messages for bad data."""

import numpy as np
import pytest

import data_prep

RANDOM = np.random.default_rng(0)


def arrays(**changes):
    """Two classes of 4 x 5 images, with some arrays changed."""
    images = RANDOM.integers(0, 256, (40, 4, 5), dtype=np.uint8)
    labels = np.arange(40) % 2
    good = {
        "x_train": images,
        "y_train": labels,
        "x_test": images[:10],
        "y_test": labels[:10],
    }
    return good | changes


@pytest.fixture
def npz(tmp_path):
    """Write arrays to an .npz file."""

    def write(name="images.npz", **changes):
        path = tmp_path / name
        kept = {key: value for key, value in arrays(**changes).items() if value is not None}
        np.savez_compressed(path, **kept)
        return path

    return write


def test_digits_are_split_by_class_and_seed():
    first, again, other = (data_prep.load_images("digits", seed=seed) for seed in (0, 0, 1))
    assert len(first.train) + len(first.validation) + len(first.test) == 1797
    assert first.input_shape == (8, 8, 1)
    for part in first.parts().values():
        assert part.inputs.dtype == np.float32
        assert part.inputs.min() == 0
        assert part.inputs.max() == 1
        counts = np.bincount(part.labels, minlength=10)
        assert counts.max() - counts.min() <= 0.1 * len(part)
    assert np.array_equal(first.train.inputs, again.train.inputs)
    assert not np.array_equal(first.train.inputs, other.train.inputs)
    assert np.array_equal(first.test.inputs, other.test.inputs)
    assert first.fingerprint == other.fingerprint


def test_no_image_is_in_two_parts(npz):
    # Every pixel of an image is the number of the image.
    images = np.arange(40, dtype=np.float32).repeat(20).reshape(40, 4, 5)
    data = data_prep.load_images(npz(x_train=images, x_test=images[:10] + 100))
    train, validation, test = (
        set(data.to_original(part.inputs)[:, 0, 0, 0].round()) for part in data.parts().values()
    )
    assert len(train) == 36
    assert len(validation) == 4
    assert train | validation == set(range(40))
    assert test == set(range(100, 110))


def test_scaling_uses_training_rows_alone_and_is_undone(npz):
    images = RANDOM.normal(50, 10, (40, 4, 5))
    test = images[:10] + 1000
    data = data_prep.load_images(npz(x_train=images, x_test=test))
    assert data.train.inputs.min() == 0
    assert data.train.inputs.max() == 1
    assert data.test.inputs.min() > 1
    original = data.to_original(data.test.inputs)
    np.testing.assert_allclose(original[..., 0], test, rtol=1e-5)


def test_bytes_are_divided_by_255(npz):
    images = np.full((40, 4, 5, 3), 51, np.uint8)
    data = data_prep.load_images(npz(x_train=images, x_test=images[:10]))
    assert data.input_shape == (4, 5, 3)
    np.testing.assert_allclose(data.train.inputs, 0.2, rtol=1e-6)


def test_labels_of_any_kind_become_class_numbers(npz):
    names = np.array(["dog", "cat"])[np.arange(40) % 2]
    data = data_prep.load_images(npz(y_train=names, y_test=names[:10, None]))
    assert data.classes == ("cat", "dog")
    assert data.test.labels.tolist() == [1, 0] * 5


def test_image_rows_reads_from_the_top(npz):
    images = np.arange(40 * 20, dtype=np.float64).reshape(40, 4, 5)
    data = data_prep.load_images(npz(x_train=images, x_test=images[:10]))
    rows = data_prep.image_rows(data)
    assert rows.input_shape == (4, 5)
    np.testing.assert_array_equal(rows.test.inputs[3, 2], data.test.inputs[3, 2, :, 0])
    np.testing.assert_allclose(rows.to_original(rows.test.inputs)[..., 0], images[:10], atol=1e-3)
    with pytest.raises(data_prep.DataError, match="image_rows needs inputs of shape"):
        data_prep.image_rows(rows)


HOLE = np.zeros((40, 4, 5))

HOLE[3, 1, 2] = np.nan


REFUSED = {
    "no array 'y_test'": {"y_test": None},
    "x_train has shape (40, 20)": {"x_train": np.zeros((40, 20))},
    "x_train has shape (0, 4, 5)": {"x_train": np.zeros((0, 4, 5)), "y_train": np.zeros(0, int)},
    "x_train is not finite at index (3, 1, 2)": {"x_train": HOLE},
    "x_test is not finite at index (0, 0, 0)": {"x_test": np.full((10, 4, 5), np.inf)},
    "x_train holds <U1, not numbers": {"x_train": np.full((40, 4, 5), "a")},
    "x_train holds complex numbers": {"x_train": np.zeros((40, 4, 5), complex)},
    "y_train has 39 labels for 40 images": {"y_train": np.arange(39) % 2},
    "y_test has shape (10, 2); give one class per image": {"y_test": np.zeros((10, 2))},
    "y_train holds float64; labels are": {"y_train": np.zeros(40)},
    "y_test has the label 7, but y_train does not": {"y_test": np.full(10, 7)},
    "y_train has 1 class": {"y_train": np.zeros(40, int), "y_test": np.zeros(10, int)},
    "x_test has images of shape (4, 6), x_train of (4, 5)": {"x_test": np.zeros((10, 4, 6))},
    "array 'x_train' holds Python objects and would have to be unpickled": {
        "x_train": np.array([{"a": 1}] * 40, dtype=object)
    },
    "cannot cut a stratified validation part": {"y_train": np.array([0] * 39 + [1])},
}


@pytest.mark.parametrize("message", REFUSED)
def test_bad_arrays_are_refused_by_name(npz, message):
    path = npz(**REFUSED[message])
    with pytest.raises(data_prep.DataError) as caught:
        data_prep.load_images(path)
    assert message in str(caught.value)
    if "stratified" not in message:
        assert str(path) in str(caught.value)


def test_bad_files_are_refused_by_name(npz, tmp_path):
    good = npz()
    truncated = tmp_path / "truncated.npz"
    truncated.write_bytes(good.read_bytes()[:-100])
    damaged = tmp_path / "damaged.npz"
    content = bytearray(good.read_bytes())
    content[200:300] = bytes(100)
    damaged.write_bytes(content)
    text = tmp_path / "text.npz"
    text.write_text("hello")
    listing = tmp_path / "listing.txt"
    listing.write_text("hello")
    folder = tmp_path / "folder"
    folder.mkdir()
    table = tmp_path / "table.csv"
    table.write_text("a,b\n1,2\n")
    for path, message in {
        tmp_path / "none.npz": "no such file",
        truncated: "not a readable .npz file",
        damaged: "array 'x_train' is damaged",
        text: "not a readable .npz file",
        listing: "images are read from an .npz file",
        table: "no column 'path'",
        folder: "has no class folders",
    }.items():
        with pytest.raises(data_prep.DataError) as caught:
            data_prep.load_images(path)
        assert message in str(caught.value)
        assert str(path) in str(caught.value)


def test_images_too_small_for_a_network_are_refused(npz):
    with pytest.raises(data_prep.DataError, match="4 x 5 pixels, and this network needs 8 x 8"):
        data_prep.load_images(npz(), min_size=(8, 8))


def test_an_unknown_name_gets_the_nearest_one():
    with pytest.raises(data_prep.DataError, match=r"did you mean 'digits'\?"):
        data_prep.load_images("digit")


def test_without_network_a_download_says_how_to_give_a_file(monkeypatch):
    import keras

    def no_network(*arguments, **options):
        raise Exception("URL fetch failure on https://... : None -- refused")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", no_network)
    with pytest.raises(data_prep.DataError, match="--data path/to/mnist.npz"):
        data_prep.load_images("mnist")


@pytest.mark.full
def test_mnist_file(data_folder):
    data = data_prep.load_images(data_folder / "mnist" / "mnist.npz")
    assert data.name == "mnist"
    assert [len(part) for part in data.parts().values()] == [54000, 6000, 10000]
    assert np.bincount(data.test.labels)[1] == 1135
