"""Images as sequences of frames: patches and clips."""

import io

import numpy as np
import pytest
from PIL import Image

import data_prep
from data_prep.images.files import read_animation


def save(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def animation(format="GIF", count=3):
    images = [Image.new("RGB", (16, 16), (60 * i, 0, 0)) for i in range(1, count + 1)]
    return save(images[0], format, save_all=True, append_images=images[1:], duration=50)


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
        ([one], [0], 2, 0, "length is 2 and stride 0; give integers >= 1."),
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
        "a/4": "5.png and 05.png have the same number",
        "a/single.png": "1 images in a row; a clip needs 3",
        "a/nothing": "no image files",
    }


def test_read_animation_gives_every_image(tmp_path):
    (tmp_path / "a.gif").write_bytes(animation(count=4))
    images = read_animation(tmp_path / "a.gif", (3, 3), 3)
    assert images[:, 1, 1].tolist() == [[60, 0, 0], [120, 0, 0], [180, 0, 0], [240, 0, 0]]
