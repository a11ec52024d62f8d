"""Image files of every kind: read to one size, refused by name, streamed, and cut into frames."""

import csv
import io
import shutil
import struct
import tracemalloc
import zlib
from dataclasses import replace

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import data_prep
from data_prep.image_files import read_animation, read_image

RED, BLUE = (255, 0, 0), (0, 0, 255)


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


def test_a_folder_per_class_is_split_by_class_and_seed(photos):
    data, other = (data_prep.load_image_files(photos, (8, 6), seed=seed) for seed in (0, 1))
    assert data.name == "photos"
    assert data.classes == ("cat", "dog")
    assert data.input_shape == (8, 6, 3)
    assert [np.bincount(part.labels).tolist() for part in data.parts().values()] == [
        [14, 14],
        [2, 2],
        [4, 4],
    ]
    assert data.train.inputs.dtype == np.float32
    assert data.train.labels.dtype == np.int64
    assert np.array_equal(data.test.inputs, other.test.inputs)
    assert not np.array_equal(data.train.inputs, other.train.inputs)
    assert data.fingerprint == other.fingerprint
    assert str(data.report) == "40 files used, 0 refused."
    assert data.describe()["files"]["used"] == 40
    np.testing.assert_allclose(data.to_original(data.test.inputs), data.test.inputs * 255)


def test_load_images_reads_folders_and_tables(photos):
    data = data_prep.load_images(photos, image_size=(8, 6), channels=1, validation=0.25)
    assert [len(part) for part in data.parts().values()] == [24, 8, 8]
    assert data.input_shape == (8, 6, 1)
    assert data_prep.image_rows(data).input_shape == (8, 6)


def test_folders_of_parts_are_kept_as_they_are(photos, tmp_path):
    folder = tmp_path / "parts"
    for part, numbers in {"train": range(12), "val": range(12, 18), "test": range(18, 30)}.items():
        for number in numbers:
            name = ("cat", "dog")[number % 2]
            target = folder / part / name / "deeper" / f"{number}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(photos / name / f"{number}.png", target)
    data = data_prep.load_image_files(folder)
    assert [len(part) for part in data.parts().values()] == [12, 6, 12]
    shutil.copytree(photos / "cat", folder / "more" / "cat")
    again = data_prep.load_image_files(folder)
    assert again.report.refused == (("more", "a folder that is not train, validation or test"),)
    assert again.fingerprint == data.fingerprint


def test_a_class_may_be_called_train(tmp_path):
    for number in range(40):
        photo(tmp_path / ("bus", "train")[number % 2] / f"{number}.png", number)
    assert data_prep.load_image_files(tmp_path).classes == ("bus", "train")


def test_a_table_of_path_and_label(photos):
    table = photos / "labels.csv"
    names = sorted(path.relative_to(photos).as_posix() for path in photos.glob("*/*.png"))
    with open(table, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["label", "path"])
        writer.writerows([int(name.startswith("dog")) * 9 + 1, name] for name in names)
        writer.writerow([1, "cat/none.png"])
        writer.writerow(["", "cat/0.png"])
        writer.writerow([1, photos / "cat" / "0.png"])
    data = data_prep.load_image_files(table, (8, 8))
    assert data.classes == ("1", "10")
    assert data.name == "labels"
    assert sum(len(part) for part in data.parts().values()) == 40
    assert dict(data.report.refused) == {
        "cat/none.png": "no such file",
        "line 43": "has no path or no label",
        str(photos / "cat" / "0.png"): "the same content as cat/0.png of class 1",
    }
    folders = data_prep.load_image_files(photos, (8, 8))
    assert {image.tobytes() for image in data.train.inputs} == {
        image.tobytes() for image in folders.train.inputs
    }


def test_labels_that_are_numbers_are_ordered_as_numbers(tmp_path):
    for number in range(30):
        photo(tmp_path / f"{number % 3 * 5}" / f"{number}.png", number)
    assert data_prep.load_image_files(tmp_path).classes == ("0", "5", "10")


def test_no_content_is_in_two_parts(photos):
    for part in ("train", "test"):
        shutil.copytree(photos, photos.parent / "leak" / part)
    for number in range(40, 50):
        photo(
            photos.parent / "leak" / "train" / ("cat", "dog")[number % 2] / f"{number}.png", number
        )
    data = data_prep.load_image_files(photos.parent / "leak", validation=0.2)
    assert [len(part) for part in data.parts().values()] == [8, 2, 40]
    reasons = dict(data.report.refused)
    assert len(reasons) == 40
    assert reasons["train/cat/0.png"] == "the same content as test/cat/0.png of class cat"


def test_fingerprint_follows_names_classes_and_contents(photos, tmp_path):
    before = data_prep.load_image_files(photos).fingerprint
    moved = shutil.copytree(photos, tmp_path / "moved")
    assert data_prep.load_image_files(moved).fingerprint == before
    (moved / "cat" / "0.png").rename(moved / "cat" / "first.png")
    renamed = data_prep.load_image_files(moved).fingerprint
    photo(moved / "cat" / "first.png", 99)
    assert len({before, renamed, data_prep.load_image_files(moved).fingerprint}) == 3


# Every kind of file, with what one pixel of it must become.


def save(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def rotated():
    """Red above blue once it is turned upright; on disk red is left, as the EXIF data say."""
    image = Image.new("RGB", (40, 20), BLUE)
    image.paste(RED, (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise
    return save(image, "JPEG", exif=exif, quality=95, subsampling=0)


def halves():
    """Left half red, right half transparent (of hidden green)."""
    image = Image.new("RGBA", (20, 10), (0, 255, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 10, 10))
    return image


def sixteen_bits():
    return Image.fromarray(np.full((10, 10), 32896, np.uint16))


def animation(format="GIF", count=3):
    images = [Image.new("RGB", (16, 16), (60 * i, 0, 0)) for i in range(1, count + 1)]
    return save(images[0], format, save_all=True, append_images=images[1:], duration=50)


UPRIGHT = "turned upright as its EXIF data say"
WHITE = "transparent pixels laid on white"
BITS = "16 bits reduced to 8"
PAGES = "an animation or a file of several pages, the first image taken"
PLAIN = Image.new("RGB", (33, 21), (200, 100, 50))

KINDS = {
    "colour.png": (save(PLAIN, "PNG"), (200, 100, 50), ""),
    "COLOUR.BMP": (save(PLAIN, "BMP"), (200, 100, 50), ""),
    "colour.webp": (save(PLAIN, "WEBP", lossless=True), (200, 100, 50), ""),
    "colour.tif": (save(PLAIN, "TIFF"), (200, 100, 50), ""),
    "colour.ppm": (save(PLAIN, "PPM"), (200, 100, 50), ""),
    "photo.JPEG": (save(PLAIN, "JPEG", quality=95), (200, 100, 50), ""),
    "no suffix": (save(PLAIN, "PNG"), (200, 100, 50), ""),
    "palette.gif": (save(PLAIN.quantize(4), "GIF"), (200, 100, 50), ""),
    "palette.png": (save(PLAIN.quantize(4), "PNG"), (200, 100, 50), ""),
    "grey.png": (save(Image.new("L", (9, 9), 77), "PNG"), (77, 77, 77), ""),
    "bits.png": (save(Image.new("1", (9, 9), 1), "PNG"), (255, 255, 255), ""),
    "grey alpha.png": (save(Image.new("LA", (9, 9), (10, 0)), "PNG"), (255, 255, 255), WHITE),
    "alpha.png": (save(halves(), "PNG"), RED, WHITE),
    "palette alpha.png": (save(halves().quantize(4), "PNG"), RED, WHITE),
    "deep.png": (save(sixteen_bits(), "PNG"), (128, 128, 128), BITS),
    "deep.tif": (save(sixteen_bits(), "TIFF"), (128, 128, 128), BITS),
    "rotated.jpg": (rotated(), RED, UPRIGHT),
    "cmyk.jpg": (
        save(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"),
        RED,
        "CMYK turned into RGB",
    ),
    "animated.gif": (animation(), (60, 0, 0), PAGES),
    "animated.png": (animation("PNG"), (60, 0, 0), PAGES),
    "really.jpg": (save(PLAIN, "PNG"), (200, 100, 50), "a PNG file named .jpg, read as what it is"),
    "really.txt": (
        save(PLAIN.resize((12, 12)), "GIF"),
        (200, 100, 50),
        "a GIF file named .txt, read as what it is",
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_image_becomes_one_size(tmp_path, name):
    content, colour, change = KINDS[name]
    path = tmp_path / name
    path.write_bytes(content)
    pixels, what = read_image(path, (12, 16), 3)
    assert pixels.shape == (12, 16, 3)
    assert pixels.dtype == np.uint8
    np.testing.assert_allclose(pixels[1, 1], colour, atol=3)
    assert what == change
    grey, _ = read_image(path, (5, 4), 1)
    assert grey.shape == (5, 4, 1)


def test_an_exif_rotation_and_transparency_reach_every_pixel(tmp_path):
    path = tmp_path / "image"
    path.write_bytes(rotated())
    pixels, _ = read_image(path, (40, 20), 3)
    np.testing.assert_allclose(pixels[38, :], np.tile(BLUE, (20, 1)), atol=3)
    path.write_bytes(save(halves(), "PNG"))
    pixels, _ = read_image(path, (10, 20), 3)
    assert (pixels[:, :8] == RED).all()
    assert (pixels[:, 12:] == 255).all()


def test_a_large_jpeg_is_read_small_as_it_looks(tmp_path):
    ramp = np.linspace(0, 255, 1600).astype(np.uint8)
    Image.fromarray(np.tile(ramp, (1200, 1))).save(tmp_path / "ramp.jpg")
    pixels, _ = read_image(tmp_path / "ramp.jpg", (6, 8), 1)
    np.testing.assert_allclose(pixels[3, :, 0], np.linspace(16, 239, 8), atol=3)


def bomb():
    """A PNG of 30,000 x 30,000 pixels in a few bytes."""
    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


REFUSED_FILES = {
    "zero.jpg": (b"", "empty file (0 bytes)"),
    "text.png": (b"hello", "not an image (BMP, GIF, JPEG, JPEG2000, PNG, PPM, TIFF, WEBP)"),
    "run.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image (BMP, "),
    "cut.jpg": (
        save(PLAIN.resize((300, 300)), "JPEG")[:900],
        "cannot be decoded (image file is tr",
    ),
    "cut.png": (KINDS["colour.png"][0][:60], "cannot be decoded ("),
    "bomb.png": (bomb(), "more than 89,478,485 pixels; make it smaller"),
    "float.tif": (
        save(Image.new("F", (9, 9), 0.5), "TIFF"),
        "cannot be decoded (32-bit pixels have no fixed range, save 8 or 16 bits)",
    ),
}


def test_one_report_names_every_odd_file_and_the_rest_is_loaded(photos):
    for name, (content, _) in REFUSED_FILES.items():
        (photos / "cat" / name).write_bytes(content)
    for name, (content, _, _) in KINDS.items():
        (photos / "dog" / name).write_bytes(content)
    (photos / "notes.txt").write_text("hello")
    (photos / "cat" / ".DS_Store").write_bytes(b"hidden")
    (photos / "__MACOSX").mkdir()
    data = data_prep.load_image_files(photos, (8, 8), channels=1)
    assert data.classes == ("cat", "dog")
    refused = dict(data.report.refused)
    assert refused.pop("notes.txt") == "not in a class folder"
    assert refused.pop("dog/no suffix") == "the same content as dog/colour.png of class dog"
    assert "dog/really.jpg" in refused
    assert refused.pop("dog/really.jpg").startswith("the same content")
    assert set(refused) == {f"cat/{name}" for name in REFUSED_FILES}
    for name, (_, reason) in REFUSED_FILES.items():
        assert refused[f"cat/{name}"].startswith(reason)
    assert data.report.used == 40 + len(KINDS) - 2
    assert sum(len(part) for part in data.parts().values()) == data.report.used
    text = str(data.report)
    assert text.startswith(f"{data.report.used} files used, 10 refused.\n")
    assert "\nrefused cat/zero.jpg: empty file (0 bytes)\n" in text
    assert f"\n3 used and changed: {WHITE} (first dog/alpha.png)" in text
    assert np.isfinite(data.train.inputs).all()


@pytest.mark.parametrize("name", ["photo.JPEG", "palette.png", "deep.tif", "animated.gif"])
def test_damage_anywhere_is_an_image_or_a_data_error(tmp_path, name):
    content, path = KINDS[name][0], tmp_path / "damaged"

    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=9))
    def damage(changes):
        damaged = bytearray(content)
        for place, value in changes:
            damaged[place] = value
        path.write_bytes(damaged)
        message = str(path)
        try:
            assert read_image(path, (6, 5), 3)[0].shape == (6, 5, 3)
        except data_prep.DataError as error:
            message = str(error)
        assert message.startswith(str(path))

    damage()


# Streaming.


def test_streamed_batches_are_the_loaded_ones(photos):
    loaded = data_prep.load_image_files(photos, (8, 6))
    lazy = data_prep.load_image_files(photos, (8, 6), lazy=True)
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
    part = data_prep.load_image_files(photos, (4, 4), lazy=True).train

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
    data = data_prep.load_image_files(photos, (4, 4), lazy=True)
    whole = np.asarray(data.train.inputs)
    some = data.train.take(data.train.labels == 1)
    assert some.inputs.shape == (14, 4, 4, 3)
    np.testing.assert_array_equal(some.batches(14)[0][0], whole[data.train.labels == 1])
    patches = data_prep.image_patches(data, (2, 2))
    np.testing.assert_array_equal(patches.train.inputs[:, 0], whole[:, :2, :2])


@pytest.mark.parametrize("form", ["dataset", "batches"])
def test_a_model_trains_on_streamed_batches(photos, form):
    data = data_prep.load_image_files(photos, (8, 8), lazy=True)
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    history = model.fit(
        getattr(data.train, form)(8, shuffle=True),
        validation_data=getattr(data.validation, form)(8),
        epochs=2,
        verbose=0,
        shuffle=False,
    )
    assert np.isfinite(history.history["val_loss"]).all()
    assert model.predict(getattr(data.test, form)(3), verbose=0).shape == (8, 2)


def test_batches_need_no_tensorflow(photos, python):
    code = (
        "import sys, types, data_prep\n"
        f"part = data_prep.load_image_files({str(photos)!r}, (8, 8), lazy=True).train\n"
        "plain = type('PyDataset', (), {'__init__': lambda self, **options: None})\n"
        "utils = types.SimpleNamespace(PyDataset=plain)\n"
        "sys.modules['keras'] = types.SimpleNamespace(utils=utils)\n"
        "sys.modules['tensorflow'] = None\n"
        "batches = part.batches(20)\n"
        "print([batches[index][0].shape for index in range(len(batches))])\n"
    )
    assert python("-c", code).stdout == "[(20, 8, 8, 3), (8, 8, 8, 3)]\n"


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
    lazy, loaded = (data_prep.load_images(photos, image_size=(8, 6), lazy=way) for way in (1, 0))
    assert lazy.train.inputs.paths[0].is_file()
    np.testing.assert_array_equal(lazy.train.batches(99)[0][0], loaded.train.batches(99)[0][0])
    with pytest.raises(data_prep.DataError) as caught:
        data_prep.load_images(photos, image_size=(8, 6), min_size=(8, 8))
    assert str(caught.value) == (
        "image_size is (8, 6), and this network needs 8 x 8 pixels or more."
    )


def test_a_pass_over_files_needs_the_memory_of_a_few_batches(photos):
    path = photos / "cat" / "0.png"
    part = data_prep.load_image_files(photos, (128, 128), lazy=True).train
    files = replace(part.inputs, paths=(path,) * 1000)
    many = replace(part, inputs=files, labels=np.arange(1000))
    batch = 20 * 128 * 128 * 3 * 4  # bytes
    tracemalloc.start()
    try:
        seen = sum(len(labels) for _, labels in many.batches(20, shuffle=True))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seen == 1000
    assert peak < 5 * batch  # the whole set is 50 batches


@pytest.mark.parametrize("form", ["dataset", "batches"])
def test_a_file_lost_after_loading_is_left_out_with_its_label(photos, form):
    data = data_prep.load_image_files(photos, (4, 4), lazy=True)
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
    data = data_prep.load_image_files(photos, (4, 4), lazy=True)
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
    """Do something when the second epoch begins, and count the epochs that came to their end."""

    def __init__(self, action):
        super().__init__()
        self.action = action
        self.epochs = 0

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            self.action()

    def on_epoch_end(self, epoch, logs=None):
        self.epochs = epoch + 1


def train(data, callback, epochs=4):
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", steps_per_execution=3)
    return model.fit(
        data.train.batches(4, shuffle=True),
        validation_data=data.validation.batches(2),
        epochs=epochs,
        verbose=0,
        callbacks=[callback],
    )


def test_training_goes_on_when_a_file_is_lost_on_the_way(photos):
    data = data_prep.load_image_files(photos, (8, 8), lazy=True)
    lost = data.train.inputs.paths[1], data.validation.inputs.paths[0]
    watch = DuringTraining(lambda: [path.unlink() for path in lost])
    with pytest.warns(UserWarning, match="left out of its batch") as caught:
        history = train(data, watch)
    named = {str(warning.message) for warning in caught}
    assert {f"left out of its batch: {path}: no such file" for path in lost} <= named
    assert np.isfinite(history.history["val_loss"]).all()
    assert watch.epochs == 4


@pytest.mark.parametrize("part", ["train", "validation"])
def test_training_ends_with_one_sentence_when_the_files_are_gone(photos, part):
    data = data_prep.load_image_files(photos, (8, 8), lazy=True)
    paths = data.parts()[part].inputs.paths
    watch = DuringTraining(lambda: [path.unlink() for path in paths])
    with pytest.raises(data_prep.DataError) as caught:
        train(data, watch)
    message = str(caught.value)
    assert message.split(":")[0] in map(str, paths)
    assert message.endswith(
        "no such file, and no file of its batch can be read any more; see whether the folder is "
        "still there."
    )
    assert watch.epochs == 1  # nothing of the epoch without photos is kept
    with pytest.raises(data_prep.DataError, match="no file of its batch"):
        data.parts()[part].batches(2)[0]


# Images as frames.


@pytest.fixture
def numbered_images(tmp_path):
    """Forty images of 4 x 6 whose pixels are numbered."""
    images = np.arange(40 * 24, dtype=np.float32).reshape(40, 4, 6)
    np.savez(
        tmp_path / "n.npz",
        x_train=images,
        y_train=np.arange(40) % 2,
        x_test=images[:8],
        y_test=np.arange(8) % 2,
    )
    return data_prep.load_images(tmp_path / "n.npz")


def test_patches_are_in_reading_order_and_go_back(numbered_images):
    patches = data_prep.image_patches(numbered_images, (2, 3))
    assert patches.input_shape == (4, 2, 3, 1)
    image = numbered_images.test.inputs[5]
    for index, (top, left) in enumerate([(0, 0), (0, 3), (2, 0), (2, 3)]):
        np.testing.assert_array_equal(
            patches.test.inputs[5, index], image[top : top + 2, left : left + 3]
        )
    assert np.array_equal(patches.test.labels, numbered_images.test.labels)
    overlapping = data_prep.image_patches(numbered_images, (2, 4), stride=(1, 2))
    assert overlapping.input_shape == (6, 2, 4, 1)
    for frames in (patches, overlapping):
        np.testing.assert_array_equal(
            frames.to_original(frames.test.inputs),
            numbered_images.to_original(numbered_images.test.inputs),
        )


def test_patches_that_leave_pixels_out_are_refused(numbered_images):
    for size, stride, axis in [
        ((3, 3), None, "height"),
        ((2, 5), None, "width"),
        ((2, 2), (2, 3), "width"),
        ((5, 3), None, "height"),
        ((2, 3), (0, 3), "height"),
    ]:
        with pytest.raises(data_prep.DataError, match=f"do not cover the {axis}"):
            data_prep.image_patches(numbered_images, size, stride)
    with pytest.raises(data_prep.DataError, match="image_patches needs inputs of shape"):
        data_prep.image_patches(data_prep.image_rows(numbered_images), (2, 3))


def test_clips_of_arrays_stay_inside_their_sequence():
    sequences = [
        np.arange(first, first + count).reshape(-1, 1, 1, 1)
        for first, count in ((0, 9), (100, 3), (200, 4))
    ]
    clips = data_prep.image_clips(sequences, ["a", "b", "c"], length=4, stride=2)
    assert clips.inputs[..., 0, 0, 0].tolist() == [
        [0, 1, 2, 3],
        [2, 3, 4, 5],
        [4, 5, 6, 7],
        [200, 201, 202, 203],
    ]
    assert clips.labels.tolist() == ["a", "a", "a", "c"]
    whole = data_prep.image_clips(np.zeros((5, 9, 2, 2, 3)), np.arange(5), length=4)
    assert whole.inputs.shape == (10, 4, 2, 2, 3)
    assert whole.labels.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_bad_sequences_are_refused():
    one = np.zeros((5, 2, 2, 1))
    for sequences, labels, length, stride, message in [
        ([one, one], [0], 2, None, "1 labels for 2 sequences of images; give one each."),
        ([one, one[:, :1]], [0, 1], 2, None, "sequence 1 has shape (5, 1, 2, 1); bring all to"),
        ([one[0]], [0], 2, None, "sequence 0 has shape (2, 2, 1); bring all to"),
        ([one], [0], 6, None, "the longest sequence has 5 images; a clip needs 6."),
        ([one], [0], 2, 0, "length is 2 and stride 0; both count images, from 1 on."),
    ]:
        with pytest.raises(data_prep.DataError) as caught:
            data_prep.image_clips(sequences, labels, length, stride)
        assert str(caught.value).startswith(message)


def grey_values(part):
    """The first pixel of each image in each clip, 0 to 255."""
    return np.round(part.inputs[:, :, 0, 0, 0] * 255).astype(int)


def test_clips_from_animations_and_numbered_files(tmp_path):
    # Sequence s holds the greys 10 * s, 10 * s + 1, ...
    for sequence in range(20):
        images = [Image.new("L", (9, 7), 10 * sequence + i) for i in range(6)]
        folder = tmp_path / "clips" / ("left", "right")[sequence % 2]
        if sequence < 10:
            folder.mkdir(parents=True, exist_ok=True)
            images[0].save(
                folder / f"{sequence}.gif", save_all=True, append_images=images[1:], duration=9
            )
        else:
            (folder / str(sequence)).mkdir(parents=True, exist_ok=True)
            for index, image in enumerate(images):
                image.save(folder / str(sequence) / f"image {8 + index}.png")  # 8, 9, 10: by number
    data = data_prep.load_clips(tmp_path / "clips", 3, image_size=(6, 5), channels=1)
    assert data.input_shape == (3, 6, 5, 1)
    seen = {}
    for name, part in data.parts().items():
        for row, label in zip(grey_values(part), part.labels, strict=True):
            assert row.tolist() in ([row[0], row[0] + 1, row[0] + 2],)
            sequence = row[0] // 10
            assert row[0] % 10 in (0, 3)
            assert label == sequence % 2
            assert seen.setdefault(sequence, name) == name
    assert set(seen) == set(range(20))
    assert len(data.train) == 28
    assert data.report.used == 20


def test_no_clip_goes_across_a_missing_or_damaged_image(tmp_path):
    for sequence in range(24):
        for index in range(9):
            path = tmp_path / ("a", "b")[sequence % 2] / str(sequence) / f"{index * 5}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (4, 4), 10 * sequence + index).save(path)
    (tmp_path / "a" / "0" / "20.png").unlink()
    (tmp_path / "b" / "1" / "20.png").write_bytes(b"hello")
    (tmp_path / "b" / "1" / "readme.txt").write_bytes(b"hello")
    (tmp_path / "a" / "2" / "cover.png").write_bytes(b"hello")
    (tmp_path / "a" / "4" / "05.png").write_bytes(b"hello")
    Image.new("L", (4, 4)).save(tmp_path / "a" / "single.png")
    (tmp_path / "a" / "nothing").mkdir()
    (tmp_path / "a" / "text").mkdir()
    (tmp_path / "a" / "text" / "1.png").write_bytes(b"hello")
    data = data_prep.load_clips(tmp_path, 3, stride=1, image_size=(4, 4), channels=1)
    for part in data.parts().values():
        for row in grey_values(part):
            assert np.diff(row).tolist() == [1, 1]
            if row[0] // 10 < 2:
                assert 4 not in row % 10
    assert dict(data.report.changed) == {
        "a/0": "no clip across the gap before 25.png",
        "b/1": "readme.txt left out: not named as an image, left out 20.png: not an image (BMP, "
        "GIF, JPEG, JPEG2000, PNG, PPM, TIFF, WEBP), no clip across the gap before 25.png",
    }
    refused = dict(data.report.refused)
    assert refused.pop("a/text").startswith("no image can be read (left out 1.png: not an image")
    assert refused == {
        "a/2": "cover.png has no number in its name",
        "a/4": "5.png and 05.png have one number",
        "a/single.png": "1 images in a row; a clip needs 3",
        "a/nothing": "no image files",
    }


def test_read_animation_gives_every_image(tmp_path):
    (tmp_path / "a.gif").write_bytes(animation(count=4))
    images = read_animation(tmp_path / "a.gif", (3, 3), 3)
    assert images[:, 1, 1].tolist() == [[60, 0, 0], [120, 0, 0], [180, 0, 0], [240, 0, 0]]


# What is refused as a whole.


def two_classes(folder, count=10):
    for number in range(2 * count):
        photo(folder / ("cat", "dog")[number % 2] / f"{number}.png", number)


def unreadable_class(folder):
    two_classes(folder)
    (folder / "fox").mkdir()
    (folder / "fox" / "1.png").write_bytes(b"")


def unknown_class(folder):
    two_classes(folder / "train")
    photo(folder / "test" / "fox" / "1.png", 99)


def table(text):
    def write(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "table.csv").write_bytes(text)
        return folder / "table.csv"

    return write


def one_class(folder):
    photo(folder / "cat" / "1.png", 0)


def both_validations(folder):
    for part in ("train", "val", "validation"):
        two_classes(folder / part)


REFUSED = {
    "no such file or folder; give a folder or a CSV file.": lambda folder: folder / "none",
    "has no class folders; put the files of each class into a folder with the name of the class": (
        lambda folder: photo(folder / "1.png", 0) and None
    ),
    "cat: the class folder is empty; put files in or take it away.": (
        lambda folder: (folder / "cat").mkdir(parents=True)
    ),
    "Training_Set: looks like a training part; name the folders of the parts train, valid": (
        lambda folder: two_classes(folder / "Training_Set")
    ),
    "1 class; a classifier needs two.": one_class,
    "no file of class 'fox' can be used for training (the first is fox/1.png: empty": (
        unreadable_class
    ),
    "test/fox/1.png has the class 'fox', which the training part has not; its cl": (unknown_class),
    "has both val and validation; put all files into one of them.": both_validations,
    "cannot cut a stratified test part of 20% from 2 examples": (
        lambda folder: two_classes(folder, 1)
    ),
    "not a readable CSV file (No columns to parse from file)": table(b""),
    "not a readable CSV file ('utf-8' codec can't decode": table(b"path,label\n\xff\xfe\xfa,1\n"),
    "not a readable CSV file (Error tokenizing data": table(b"path,label\na,b\na,b,c,d\n"),
    "no column 'path' (it has file, label); name the columns path and label in the first": table(
        b"file,label\na,b\n"
    ),
    "no column 'label' (it has path, class)": table(b"path,class\na,b\n"),
    "the table has no rows; give one row per file.": table(b"path,label\n"),
    "no file of class 'b' can be used for training (the first is a: no such file)": table(
        b"path,label\na,b\n"
    ),
    "no file of class 'b' can be used for training (the first is .: a folder, not an image": table(
        b"path,label\n.,b\n"
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_bad_folders_and_tables_are_refused_by_name(tmp_path, message):
    folder = tmp_path / "data"
    path = REFUSED[message](folder) or folder
    with pytest.raises(data_prep.DataError) as caught:
        data_prep.load_image_files(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_size": 64}, "image_size is 64; give (height, width) in pixels."),
        ({"image_size": (64, 0)}, "image_size is (64, 0); give (height, width) in pixels."),
        ({"image_size": (8.5, 8)}, "image_size is (8.5, 8); give (height, width) in pixels."),
        ({"channels": 4}, "channels is 4; give 1 for grey or 3 for colour."),
    ],
)
def test_bad_settings_are_refused(photos, options, message):
    for load in (data_prep.load_image_files, lambda *a, **o: data_prep.load_clips(*a, 3, **o)):
        with pytest.raises(data_prep.DataError) as caught:
            load(photos, **options)
        assert str(caught.value) == message


# Real data.


def test_cats_and_dogs(data_folder):
    data = data_prep.load_images(data_folder / "cats_dogs", image_size=(32, 32))
    assert data.classes == ("cats", "dogs")
    assert [np.bincount(part.labels).tolist() for part in data.parts().values()] == [
        [270, 270],
        [30, 30],
        [100, 100],
    ]
    assert str(data.report) == "800 files used, 0 refused."
    assert 0.4 < data.train.inputs.mean() < 0.5


def test_flickr8k_by_a_table(data_folder, tmp_path):
    folder = data_folder / "flickr8k"
    rows = ["path,label"]
    for part in ("train", "dev", "test"):
        names = (folder / f"split_{part}.txt").read_text().split()
        rows += [f"{folder / 'images' / name},{part}" for name in names]
    (tmp_path / "flickr8k.csv").write_text("\n".join(rows))
    data = data_prep.load_image_files(tmp_path / "flickr8k.csv", (24, 32), lazy=True)
    assert data.report.used == 753 + 113 + 125
    assert data.classes == ("dev", "test", "train")
    assert {reason for _, reason in data.report.refused} == {"no such file"}
    assert data.train.batches(10)[0][0].shape == (10, 24, 32, 3)
