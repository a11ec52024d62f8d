"""Image files of every kind, in folders and tables, and what is refused."""

import csv
import io
import shutil
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import data_prep
from data_prep.images.files import read_image

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
    data, other = (data_prep.load_images(photos, image_size=(8, 6), seed=seed) for seed in (0, 1))
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
    data = data_prep.load_images(folder)
    assert [len(part) for part in data.parts().values()] == [12, 6, 12]
    shutil.copytree(photos / "cat", folder / "more" / "cat")
    again = data_prep.load_images(folder)
    assert again.report.refused == (("more", "a folder that is not train, validation or test"),)
    assert again.fingerprint == data.fingerprint


def test_a_class_may_be_called_train(tmp_path):
    for number in range(40):
        photo(tmp_path / ("bus", "train")[number % 2] / f"{number}.png", number)
    assert data_prep.load_images(tmp_path).classes == ("bus", "train")


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
    data = data_prep.load_images(table, image_size=(8, 8))
    assert data.classes == ("1", "10")
    assert data.name == "labels"
    assert sum(len(part) for part in data.parts().values()) == 40
    assert dict(data.report.refused) == {
        "cat/none.png": "no such file",
        "line 43": "has no path or no label",
        str(photos / "cat" / "0.png"): "the same content as cat/0.png of class 1",
    }
    folders = data_prep.load_images(photos, image_size=(8, 8))
    assert {image.tobytes() for image in data.train.inputs} == {
        image.tobytes() for image in folders.train.inputs
    }


def test_labels_that_are_numbers_are_ordered_as_numbers(tmp_path):
    for number in range(30):
        photo(tmp_path / f"{number % 3 * 5}" / f"{number}.png", number)
    assert data_prep.load_images(tmp_path).classes == ("0", "5", "10")


def test_no_content_is_in_two_parts(photos):
    for part in ("train", "test"):
        shutil.copytree(photos, photos.parent / "leak" / part)
    for number in range(40, 50):
        photo(
            photos.parent / "leak" / "train" / ("cat", "dog")[number % 2] / f"{number}.png", number
        )
    data = data_prep.load_images(photos.parent / "leak", validation=0.2)
    assert [len(part) for part in data.parts().values()] == [8, 2, 40]
    reasons = dict(data.report.refused)
    assert len(reasons) == 40
    assert reasons["train/cat/0.png"] == "the same content as test/cat/0.png of class cat"


def test_fingerprint_follows_names_classes_and_contents(photos, tmp_path):
    before = data_prep.load_images(photos).fingerprint
    moved = shutil.copytree(photos, tmp_path / "moved")
    assert data_prep.load_images(moved).fingerprint == before
    (moved / "cat" / "0.png").rename(moved / "cat" / "first.png")
    renamed = data_prep.load_images(moved).fingerprint
    photo(moved / "cat" / "first.png", 99)
    assert len({before, renamed, data_prep.load_images(moved).fingerprint}) == 3


def save(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def rotated():
    """Red above blue after rotation by the EXIF data; in the file, red is left of blue."""
    image = Image.new("RGB", (40, 20), BLUE)
    image.paste(RED, (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate clockwise
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


ROTATED = "rotated as its EXIF data say"
WHITE = "transparent pixels made white"
BITS = "16 bits reduced to 8"
FIRST = "only the first of its images is used"
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
    "rotated.jpg": (rotated(), RED, ROTATED),
    "cmyk.jpg": (
        save(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"),
        RED,
        "CMYK converted to RGB",
    ),
    "animated.gif": (animation(), (60, 0, 0), FIRST),
    "animated.png": (animation("PNG"), (60, 0, 0), FIRST),
    "really.jpg": (save(PLAIN, "PNG"), (200, 100, 50), "a PNG file named .jpg, read as PNG"),
    "really.txt": (
        save(PLAIN.resize((12, 12)), "GIF"),
        (200, 100, 50),
        "a GIF file named .txt, read as GIF",
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
    data = data_prep.load_images(photos, image_size=(8, 8), channels=1)
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
    "no such file; give an .npz file, a folder of images or a CSV.": lambda folder: folder / "none",
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
    "test/fox/1.png has the class 'fox', which the training part does not have;": (unknown_class),
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
        data_prep.load_images(path)
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
    for load in (data_prep.load_images, lambda *a, **o: data_prep.load_clips(*a, 3, **o)):
        with pytest.raises(data_prep.DataError) as caught:
            load(photos, **options)
        assert str(caught.value) == message


@pytest.mark.full
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


@pytest.mark.full
def test_flickr8k_by_a_table(data_folder, tmp_path):
    folder = data_folder / "flickr8k"
    rows = ["path,label"]
    for part in ("train", "dev", "test"):
        names = (folder / f"split_{part}.txt").read_text().split()
        rows += [f"{folder / 'images' / name},{part}" for name in names]
    (tmp_path / "flickr8k.csv").write_text("\n".join(rows))
    data = data_prep.load_images(tmp_path / "flickr8k.csv", image_size=(24, 32), lazy=True)
    assert data.report.used == 753 + 113 + 125
    assert data.classes == ("dev", "test", "train")
    assert {reason for _, reason in data.report.refused} == {"no such file"}
    assert data.train.batches(10)[0][0].shape == (10, 24, 32, 3)
