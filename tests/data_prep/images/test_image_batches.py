"""Batches of images, from memory and from disk, also if files disappear."""

import sys
import tracemalloc
import types
from dataclasses import replace

import keras
import numpy as np
import pytest
from PIL import Image

import data_prep


def photo(path, seed, size=(40, 30)):
    """Write an image of random pixels; each seed gives other content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def photos(tmp_path):
    """A folder with 20 images of each of two classes, of many sizes."""
    folder = tmp_path / "photos"
    for number in range(40):
        name = ("cat", "dog")[number % 2]
        photo(folder / name / f"{number}.png", number, (20 + number, 50 - number))
    return folder


def test_streamed_batches_are_the_loaded_ones(photos):
    loaded = data_prep.load_images(photos, image_size=(8, 6))
    lazy = data_prep.load_images(photos, image_size=(8, 6), lazy=True)
    assert lazy.describe() == loaded.describe()
    assert lazy.input_shape == (8, 6, 3)
    for name, part in lazy.parts().items():
        whole = loaded.parts()[name]
        assert part.shapes() == whole.shapes()
        assert len(part) == len(whole)
        np.testing.assert_array_equal(np.asarray(part.inputs), whole.inputs)
        np.testing.assert_array_equal(part.inputs[1:3], whole.inputs[1:3])
        np.testing.assert_array_equal(part.inputs[[[1, 0]]], whole.inputs[[[1, 0]]])
        np.testing.assert_array_equal(part.inputs[-1], whole.inputs[-1])
        for batches in (part.dataset(5), part.batches(5)):
            images, labels = zip(*batches, strict=True)
            assert all(len(batch) == 5 for batch in images[:-1])
            np.testing.assert_array_equal(np.concatenate(images), whole.inputs)
            np.testing.assert_array_equal(np.concatenate(labels), whole.labels)


@pytest.mark.parametrize("form", ["dataset", "batches"])
def test_shuffled_epochs_hold_every_image_once_and_repeat_by_seed(photos, form):
    part = data_prep.load_images(photos, image_size=(4, 4), lazy=True).train

    def epochs(seed):
        batches = getattr(part, form)(5, shuffle=True, seed=seed)
        orders = []
        for _ in range(2):
            images = np.concatenate([np.asarray(images) for images, _ in batches])
            orders.append([image.tobytes() for image in images])
            if form == "batches":
                batches.on_epoch_end()
        return orders

    first, second = epochs(0)
    assert first != second
    assert sorted(first) == sorted(second)
    assert len(set(first)) == len(part)
    assert epochs(0) == [first, second]
    assert epochs(1)[0] != first


def test_some_of_the_images_stay_on_disk(photos):
    data = data_prep.load_images(photos, image_size=(4, 4), lazy=True)
    whole = np.asarray(data.train.inputs)
    some = data.train.take(data.train.labels == 1)
    assert some.inputs.shape == (14, 4, 4, 3)
    np.testing.assert_array_equal(some.batches(14)[0][0], whole[data.train.labels == 1])
    patches = data_prep.image_patches(data, (2, 2))
    np.testing.assert_array_equal(patches.train.inputs[:, 0], whole[:, :2, :2])


@pytest.mark.parametrize("form", ["dataset", "batches"])
def test_a_model_trains_on_streamed_batches(photos, form):
    data = data_prep.load_images(photos, image_size=(8, 8), lazy=True)
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
    history = model.fit(
        getattr(data.train, form)(8, shuffle=True),
        validation_data=getattr(data.validation, form)(8),
        epochs=2,
        verbose=0,
        shuffle=False,
    )
    assert np.isfinite(history.history["val_loss"]).all()
    assert model.predict(getattr(data.test, form)(3), verbose=0).shape == (8, 2)


def test_batches_need_no_tensorflow(photos, monkeypatch):
    part = data_prep.load_images(photos, image_size=(8, 8), lazy=True).train
    plain = type("PyDataset", (), {"__init__": lambda self, **options: None})
    keras_alone = types.SimpleNamespace(utils=types.SimpleNamespace(PyDataset=plain))
    monkeypatch.setattr(data_prep, "batches", None, raising=False)
    monkeypatch.delitem(sys.modules, "data_prep.batches", raising=False)
    monkeypatch.setitem(sys.modules, "keras", keras_alone)
    monkeypatch.setitem(sys.modules, "tensorflow", None)  # an import of it fails

    batches = part.batches(20)
    assert isinstance(batches, plain)
    shapes = [batches[index][0].shape for index in range(len(batches))]
    assert shapes == [(20, 8, 8, 3), (8, 8, 8, 3)]


def test_arrays_give_batches_as_files_do():
    data = data_prep.load_images("digits", lazy=True)
    part = data.validation
    for batches in (part.dataset(50), part.batches(50)):
        images, labels = zip(*batches, strict=True)
        np.testing.assert_array_equal(np.concatenate(images), part.inputs)
        np.testing.assert_array_equal(np.concatenate(labels), part.labels)
    of_image = {image.tobytes(): label for image, label in zip(*vars(part).values(), strict=True)}
    images, labels = part.batches(len(part), shuffle=True, seed=3)[0]
    assert not np.array_equal(labels, part.labels)
    assert [of_image[image.tobytes()] for image in images] == labels.tolist()
    sevens = part.take(part.labels == 7)
    assert set(sevens.batches(100)[0][1]) == {7}


def test_load_images_leaves_files_on_disk_where_asked(photos):
    lazy, loaded = (
        data_prep.load_images(photos, image_size=(8, 6), lazy=lazy) for lazy in (True, False)
    )
    assert lazy.train.inputs.paths[0].is_file()
    np.testing.assert_array_equal(lazy.train.batches(99)[0][0], loaded.train.batches(99)[0][0])
    with pytest.raises(data_prep.DataError) as caught:
        data_prep.load_images(photos, image_size=(8, 6), min_size=(8, 8))
    assert str(caught.value) == (
        "image_size is (8, 6), and this network needs 8 x 8 pixels or more."
    )


def test_a_pass_over_files_needs_the_memory_of_a_few_batches(photos):
    path = photos / "cat" / "0.png"
    part = data_prep.load_images(photos, image_size=(128, 128), lazy=True).train
    files = replace(part.inputs, paths=(path,) * 200)
    many = replace(part, inputs=files, labels=np.arange(200))
    batch = 10 * 128 * 128 * 3 * 4  # bytes
    tracemalloc.start()
    try:
        seen = sum(len(labels) for _, labels in many.batches(10, shuffle=True))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seen == 200
    assert peak < 5 * batch  # all images are 20 batches


@pytest.mark.parametrize("form", ["dataset", "batches"])
def test_a_file_lost_after_loading_is_left_out_with_its_label(photos, form):
    data = data_prep.load_images(photos, image_size=(4, 4), lazy=True)
    part = replace(data.train, labels=np.arange(28))  # each its own row number
    lost = part.inputs.paths[9]
    lost.write_bytes(b"damaged")
    batches = getattr(part, form)(4)
    with pytest.warns(UserWarning, match=f"left out of its batch: {lost}: not an image"):
        labels = [np.asarray(labels).tolist() for _, labels in batches]
    assert labels[2] == [8, 10, 11]
    assert [len(batch) for batch in labels] == [4, 4, 3, 4, 4, 4, 4]
    with pytest.raises(data_prep.DataError, match="not an image"):
        part.inputs[9]


def test_predictions_keep_their_labels_when_a_file_is_lost(photos):
    data = data_prep.load_images(photos, image_size=(4, 4), lazy=True)
    part, seen = data.test, np.asarray(data.test.inputs)
    model = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten()])
    batches = part.batches(3)
    model.predict(batches, verbose=0)
    assert batches.rows_read.tolist() == list(range(8))
    part.inputs.paths[4].unlink()
    with pytest.warns(UserWarning, match="no such file"):
        pixels = model.predict(batches, verbose=0)
    assert batches.rows_read.tolist() == [0, 1, 2, 3, 5, 6, 7]
    np.testing.assert_array_equal(pixels, seen[batches.rows_read].reshape(7, -1))


class DuringTraining(keras.callbacks.Callback):
    """Do something at the start of the second epoch, and count the finished epochs."""

    def __init__(self, action):
        super().__init__()
        self.action = action
        self.epochs = 0

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            self.action()

    def on_epoch_end(self, epoch, logs=None):
        self.epochs = epoch + 1


def train(data, callback, epochs=3):
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2, "softmax")])
    model.compile(
        "adam", "sparse_categorical_crossentropy", steps_per_execution=3, jit_compile=False
    )
    return model.fit(
        data.train.batches(4, shuffle=True),
        validation_data=data.validation.batches(2),
        epochs=epochs,
        verbose=0,
        callbacks=[callback],
    )


def test_training_continues_if_a_file_is_lost(photos):
    data = data_prep.load_images(photos, image_size=(8, 8), lazy=True)
    lost = data.train.inputs.paths[1], data.validation.inputs.paths[0]
    watch = DuringTraining(lambda: [path.unlink() for path in lost])
    with pytest.warns(UserWarning, match="left out of its batch") as caught:
        history = train(data, watch)
    named = {str(warning.message) for warning in caught}
    assert {f"left out of its batch: {path}: no such file" for path in lost} <= named
    assert np.isfinite(history.history["val_loss"]).all()
    assert watch.epochs == 3


@pytest.mark.parametrize("part", ["train", "validation"])
def test_training_ends_with_one_sentence_when_the_files_are_gone(photos, part):
    data = data_prep.load_images(photos, image_size=(8, 8), lazy=True)
    paths = data.parts()[part].inputs.paths
    watch = DuringTraining(lambda: [path.unlink() for path in paths])
    with pytest.raises(data_prep.DataError) as caught:
        train(data, watch)
    message = str(caught.value)
    assert message.split(":")[0] in map(str, paths)
    assert message.endswith(
        "no such file, and no other file of its batch can be read; check that the folder still "
        "exists."
    )
    assert watch.epochs == 1  # the epoch without images has no end
    with pytest.raises(data_prep.DataError, match="no other file of its batch"):
        data.parts()[part].batches(2)[0]
