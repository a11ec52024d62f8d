"""Test classes that are never trained on: batches, distortions, held-out classes, Omniglot."""

import zipfile

import numpy as np
import pytest
from PIL import Image

import data_prep
from data_prep import DataError, Part
from data_prep.images.omniglot import reduce_ink


def part_of(labels):
    """A Part whose images are constant: the number of the example."""
    numbers = np.arange(len(labels), dtype="float32")
    return Part(np.tile(numbers[:, None, None, None], (1, 4, 4, 1)), np.asarray(labels))


def test_batches_hold_sets_of_each_class():
    labels = np.repeat(np.arange(6), [8, 8, 12, 5, 1, 3])
    batches = data_prep.class_batches(part_of(labels), batch_size=8, per_class=4)
    seen = []
    for number in range(len(batches)):
        inputs, found = batches[number]
        rows = inputs[:, 0, 0, 0].astype(int)
        assert (labels[rows] == found).all()
        sets = found.reshape(-1, 4)
        assert (sets == sets[:, :1]).all()
        seen.extend(rows)
    assert set(seen) == set(range(len(labels)))
    assert batches.examples == len(seen) == 4 * (2 + 2 + 3 + 2 + 1 + 1)


def test_batches_have_a_new_order_and_distortion_in_each_epoch_and_repeat_by_seed():
    images = np.random.default_rng(0).random((16, 6, 6, 1)).astype("float32")
    part = Part(images, np.arange(16) % 4)

    def epochs(seed):
        batches = data_prep.class_batches(part, 8, 4, distortion=1.0, seed=seed)
        first = [batches[number] for number in range(2)]
        batches.on_epoch_end()
        return first, [batches[number] for number in range(2)]

    once, again, other = epochs(0), epochs(0), epochs(1)
    np.testing.assert_equal(once, again)
    assert not np.array_equal(once[0][0][0], once[1][0][0])
    assert not np.array_equal(once[0][0][0], other[0][0][0])


@pytest.mark.parametrize(("batch_size", "per_class"), [(8, 1), (7, 4)])
def test_batches_without_two_classes_are_refused(batch_size, per_class):
    with pytest.raises(DataError, match="at least 2 in a set, and a batch of at least two"):
        data_prep.class_batches(part_of([0, 0, 1, 1]), batch_size, per_class)


def test_distortions_are_affine_and_keep_the_centre():
    rows, columns = np.mgrid[:41, :41]
    ramp = np.stack([rows, columns], axis=-1)[None].repeat(5, axis=0).astype("float64") + 100
    distorted = data_prep.distort(ramp, 1.0, seed=3)

    # A ramp stays a plane under an affine map: its second differences are 0.
    middle = distorted[:, 12:29, 12:29]
    np.testing.assert_allclose(np.diff(middle, n=2, axis=1), 0, atol=1e-3)
    np.testing.assert_allclose(np.diff(middle, n=2, axis=2), 0, atol=1e-3)
    centres = middle[:, 8, 8] - 120
    assert (np.abs(centres) <= 0.08 * 41 * 1.4).all()
    assert len(np.unique(centres.round(6))) == centres.size  # each image in its own way


def test_distortions_do_not_mix_images_or_channels_and_keep_the_type():
    images = np.zeros((6, 9, 9, 2), "float32")
    images[::2, ..., 0] = 1
    distorted = data_prep.distort(images, 2.0)
    assert distorted.dtype == np.float32
    assert not distorted[1::2].any()
    assert not distorted[..., 1].any()
    assert np.array_equal(data_prep.distort(images, 0.0), images)


@pytest.mark.parametrize("strength", [-1, np.nan])
def test_a_wrong_strength_is_refused(strength):
    with pytest.raises(DataError, match="give a number >= 0"):
        data_prep.distort(np.zeros((1, 4, 4, 1)), strength)


def test_rotations_are_further_classes():
    images = np.random.default_rng(0).random((3, 4, 4, 1))
    part = data_prep.add_rotations(Part(images, np.array([0, 2, 2])))
    assert part.labels.tolist() == [0, 2, 2, 3, 5, 5, 6, 8, 8, 9, 11, 11]
    for turns in range(4):
        np.testing.assert_array_equal(part.inputs[3 * turns], np.rot90(images[0], turns))
    with pytest.raises(DataError, match="4 x 5 pixels cannot be rotated"):
        data_prep.add_rotations(Part(np.zeros((1, 4, 5, 1)), np.array([0])))


def test_the_last_third_is_held_out():
    images = data_prep.load_new_classes("digits")
    assert set(images.test.labels) == {7, 8, 9}
    assert set(images.train.labels) == set(images.validation.labels) == set(range(7))
    assert images.groups is None
    assert images.runs is None


def test_named_classes_or_none_are_held_out():
    images = data_prep.load_new_classes("digits", "0, 1")
    assert set(images.test.labels) == {0, 1}
    assert not {0, 1} & set(images.train.labels)
    everything = data_prep.load_new_classes("digits", "none")
    assert len(everything.test) == len(data_prep.load_images("digits").test)


@pytest.fixture(scope="module")
def omniglot(tmp_path_factory):
    """A folder like Omniglot: two background alphabets, two for evaluation; runs from one."""
    folder = tmp_path_factory.mktemp("omniglot")
    random = np.random.default_rng(0)

    def write(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(np.where(random.random((105, 105)) < 0.1, 0, 255).astype("uint8"))
        image.convert("1").save(path)
        return path

    sizes = {"background": {"A": 3, "B": 2}, "evaluation": {"C": 20, "D": 20}}
    for part, alphabets in sizes.items():
        for alphabet, characters in alphabets.items():
            for character in range(1, characters + 1):
                name = f"images_{part}/{alphabet}/character{character:02}"
                for drawer in (1, 2):
                    write(folder / name / f"{drawer:02}.png")

    with zipfile.ZipFile(folder / "all_runs.zip", "w") as archive:
        for run in range(1, 21):
            lines = []
            for number in range(1, 21):
                target = (number + run) % 20 + 1
                for drawer, what, own in ((1, "training/class", number), (2, "test/item", target)):
                    name = f"run{run:02}/{what}{number:02}.png"
                    image = f"images_evaluation/C/character{own:02}/{drawer:02}.png"
                    archive.write(folder / image, name)
                item = f"run{run:02}/test/item{number:02}.png"
                lines.append(f"{item} run{run:02}/training/class{target:02}.png")
            archive.writestr(f"run{run:02}/class_labels.txt", "\n".join(lines))
    return folder


def test_omniglot_has_test_alphabets_of_its_own(omniglot):
    images = data_prep.load_new_classes(omniglot)
    smaller = data_prep.load_omniglot(omniglot, side=15)
    assert images.input_shape == (28, 28, 1)
    assert smaller.input_shape == (15, 15, 1)
    labels = [set(part.labels) for part in smaller.parts().values()]
    assert [len(numbers) for numbers in labels] in ([3, 2, 40], [2, 3, 40])
    assert len(set.union(*labels)) == 45


def test_the_alphabets_of_the_runs_are_in_no_other_task(omniglot):
    images = data_prep.load_omniglot(omniglot)
    assert images.groups.tolist() == [-1] * 40 + [1] * 40
    support, query = images.runs.inputs
    assert support.shape == (20, 20, 1, 28, 28, 1)
    assert query.shape == (20, 20, 28, 28, 1)
    # The files of C come in order: two drawings of each character.
    by_character = images.test.inputs[:40].reshape(20, 2, 28, 28, 1)
    for run in range(20):
        np.testing.assert_array_equal(support[run, :, 0], by_character[:, 0])
        np.testing.assert_array_equal(query[run], by_character[images.runs.labels[run], 1])
    assert images.runs.labels[2].tolist() == [(number + 3) % 20 for number in range(1, 21)]


def test_packed_arrays_give_the_same_as_image_files(omniglot, tmp_path):
    arrays = {}
    for part in ("background", "evaluation"):
        files = sorted((omniglot / f"images_{part}").glob("*/*/*.png"))
        ink = [~np.asarray(Image.open(file)) for file in files]
        arrays[f"{part}_bits"] = np.packbits(np.reshape(ink, (len(ink), -1)), axis=1)
        names = [file.parent.parent.name for file in files]
        arrays[f"{part}_alphabet"] = np.unique(names, return_inverse=True)[1]
        arrays[f"{part}_character"] = np.array([int(file.parent.name[-2:]) for file in files])
    np.savez(tmp_path / "omniglot.npz", **arrays)
    (tmp_path / "all_runs.zip").write_bytes((omniglot / "all_runs.zip").read_bytes())

    packed = data_prep.load_omniglot(tmp_path)
    files = data_prep.load_omniglot(omniglot)
    for ours, theirs in zip(packed.parts().values(), files.parts().values(), strict=True):
        np.testing.assert_array_equal(ours.inputs, theirs.inputs)
        np.testing.assert_array_equal(ours.labels, theirs.labels)


def test_images_are_reduced_by_the_means_of_areas():
    ink = np.random.default_rng(0).random((2, 6, 6))
    expected = ink.reshape(2, 3, 2, 3, 2).mean(axis=(2, 4))
    np.testing.assert_allclose(reduce_ink(ink, 3), expected, rtol=1e-5)
    np.testing.assert_allclose(reduce_ink(ink, 4).mean(), ink.mean(), rtol=1e-5)
    np.testing.assert_allclose(reduce_ink(ink, 6), ink, rtol=1e-5)


def test_wrong_folders_and_numbers_are_refused(omniglot, tmp_path):
    with pytest.raises(DataError, match="test alphabets of its own: leave held_out out"):
        data_prep.load_new_classes(omniglot, "A,B")
    with pytest.raises(DataError, match="give 1 to 105"):
        data_prep.load_omniglot(omniglot, side=106)
    with pytest.raises(DataError, match="of 2 background alphabets"):
        data_prep.load_omniglot(omniglot, validation=0.8)
    with pytest.raises(DataError, match="no such zip file"):
        data_prep.read_runs(tmp_path / "all_runs.zip")

    (tmp_path / "images_background").mkdir()
    with pytest.raises(DataError, match="no images in images_background"):
        data_prep.load_omniglot(tmp_path)

    with zipfile.ZipFile(tmp_path / "all_runs.zip", "w") as archive:
        archive.writestr("run01/training/class01.png", b"no image")
    with pytest.raises(DataError, match="class01.png is not a readable image"):
        data_prep.read_runs(tmp_path / "all_runs.zip")
    with zipfile.ZipFile(tmp_path / "all_runs.zip", "w") as archive:
        archive.writestr("other.txt", "")
    with pytest.raises(DataError, match="has no run01/training/class01.png"):
        data_prep.read_runs(tmp_path / "all_runs.zip")

    np.savez(tmp_path / "omniglot.npz", background_bits=np.zeros((2, 9), "uint8"))
    with pytest.raises(DataError, match="no array"):
        data_prep.load_omniglot(tmp_path)


@pytest.mark.full
def test_the_real_omniglot(data_folder):
    images = data_prep.load_new_classes(data_folder / "omniglot")
    assert len(images.train) + len(images.validation) == 19_280
    assert len(images.test) == 13_180
    assert len(np.unique(images.test.labels)) == 659
    assert len(np.unique(images.groups[images.groups >= 0])) == 10
