"""Volumes from NIfTI, DICOM and MedMNIST files: orientation, spacing, window, cache, refusals."""

import gzip

import nibabel
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

import data_prep
from data_prep import volumes

RANDOM = np.random.default_rng(0)


def write_nifti(path, values, affine=None):
    """Write values (i, j, k) with an affine, one millimetre where none is given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nibabel.Nifti1Image(values, np.eye(4) if affine is None else np.asarray(affine, float))
    nibabel.save(image, path)
    return path


def write_dicom(
    folder, values, affine, slope=1.0, intercept=0.0, order=None, series="1.2.3", **changes
):
    """Write values (column, row, slice), in units after the slope, as one file per slice.

    `affine` goes from (column, row, slice) to millimetres to the left, back and up, as in DICOM.
    `changes` are attributes of the slice with the number given: {"Rows": (2, 5)}.
    """
    folder.mkdir(parents=True, exist_ok=True)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    directions = affine[:3, :3] / spacing
    for name, number in enumerate(order or range(values.shape[2])):
        stored = np.round((values[:, :, number].T - intercept) / slope).astype(np.int16)
        one = pydicom.Dataset()
        one.file_meta = pydicom.dataset.FileMetaDataset()
        one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID = CTImageStorage
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID = generate_uid()
        one.SeriesInstanceUID = series
        one.InstanceNumber = name + 1  # says nothing of the place
        one.ImagePositionPatient = (affine @ [0, 0, number, 1])[:3].tolist()
        one.ImageOrientationPatient = directions[:, :2].T.ravel().tolist()
        one.PixelSpacing = [float(spacing[1]), float(spacing[0])]
        one.Rows, one.Columns = stored.shape
        one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
        one.BitsAllocated = one.BitsStored = 16
        one.HighBit, one.PixelRepresentation = 15, 1
        one.RescaleSlope, one.RescaleIntercept = slope, intercept
        one.PixelData = stored.tobytes()
        for key, (which, value) in changes.items():
            if which == number:
                if value is None:
                    del one[key]
                else:
                    setattr(one, key, value)
        one.save_as(folder / f"slice{name}.dcm", enforce_file_format=True)
    return folder


def at(volume, *millimetres):
    """The value of the voxel nearest to a place."""
    voxel = np.linalg.inv(volume.affine) @ [*millimetres, 1]
    return volume.values[tuple(np.round(voxel[:3]).astype(int))]


# Orientation and spacing.


def test_a_flipped_axis_is_turned_back(tmp_path):
    values = np.arange(2 * 3 * 4, dtype=np.int16).reshape(2, 3, 4)
    affine = [[-2, 0, 0, 10], [0, 3, 0, 20], [0, 0, -4, 30], [0, 0, 0, 1]]
    volume = data_prep.read_volume(write_nifti(tmp_path / "a.nii", values, affine))
    np.testing.assert_array_equal(volume.values, values[::-1, :, ::-1])
    assert volume.values.dtype == np.float32
    assert volume.spacing == (2, 3, 4)
    assert volume.affine.tolist() == [[2, 0, 0, 8], [0, 3, 0, 20], [0, 0, 4, 18], [0, 0, 0, 1]]


AXES = st.permutations([0, 1, 2])
SIGNS = st.tuples(*[st.sampled_from([-1, 1])] * 3)
SPACING = st.tuples(*[st.sampled_from([0.7, 1.0, 1.5, 2.2, 5.0])] * 3)


def test_a_ramp_stays_where_it_is_in_the_scanner(tmp_path):
    """Values are a linear function of the place; so they must be after any turn and resampling."""
    slope = np.array([1.0, -2.0, 0.5])

    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(AXES, SIGNS, SPACING, SPACING)
    def check(axes, signs, old, new):
        affine = np.eye(4)
        affine[:3, :3] = (np.eye(3) * signs * old)[:, axes]
        affine[:3, 3] = [5, -7, 11]
        grid = np.indices((9, 10, 11)).reshape(3, -1)
        values = slope @ (affine[:3, :3] @ grid + affine[:3, 3:])
        path = write_nifti(tmp_path / "a.nii", values.reshape(9, 10, 11).astype("f4"), affine)
        volume = data_prep.read_volume(path, spacing=new)
        np.testing.assert_allclose(volume.spacing, new, rtol=1e-5)
        extent = np.abs(affine[:3, :3]) @ (9, 10, 11)
        np.testing.assert_allclose(volume.values.shape, extent / new, atol=0.51)
        assert (np.diag(volume.affine)[:3] > 0).all()
        grid = np.indices(volume.values.shape).reshape(3, -1)
        places = volume.affine[:3, :3] @ grid + volume.affine[:3, 3:]
        corners = affine[:3, :3] @ np.array([[0, 8], [0, 9], [0, 10]]) + affine[:3, 3:]
        low, high = corners.min(axis=1)[:, None] - 1e-3, corners.max(axis=1)[:, None] + 1e-3
        inside = ((places >= low) & (places <= high)).all(axis=0)
        assert inside.sum() > 8
        expected = (slope @ places)[inside]
        np.testing.assert_allclose(volume.values.ravel()[inside], expected, atol=2e-3)

    check()


def test_a_blob_keeps_its_place_and_size(tmp_path):
    """A ball of 12 mm at a known place, scanned with slices of 5 mm lying on their side."""
    affine = np.array([[0, 0, 5.0, -50], [-0.8, 0, 0, 40], [0, -0.8, 0, 60], [0, 0, 0, 1]])
    grid = np.indices((100, 110, 21)).reshape(3, -1)
    places = affine[:3, :3] @ grid + affine[:3, 3:]
    centre = np.array([5.0, -3.0, 12.0])[:, None]
    ball = (np.linalg.norm(places - centre, axis=0) < 12).reshape(100, 110, 21)
    path = write_nifti(tmp_path / "ball.nii.gz", np.where(ball, 40, -1000).astype(np.int16), affine)
    volume = data_prep.read_volume(path, spacing=(2, 2, 2), window=(-1000, 40))
    assert volume.values.shape == (52, 40, 44)
    filled = np.argwhere(volume.values > 0.5) @ volume.affine[:3, :3].T + volume.affine[:3, 3]
    np.testing.assert_allclose(filled.mean(axis=0), centre[:, 0], atol=0.5)
    np.testing.assert_allclose(len(filled) * 8, 4 / 3 * np.pi * 12**3, rtol=0.08)
    mask = write_nifti(tmp_path / "mask.nii.gz", np.where(ball, 7, 0).astype(np.uint8), affine)
    labels = data_prep.read_volume(mask, spacing=(2, 2, 2), label_map=True)
    assert labels.values.dtype == np.int32
    assert set(np.unique(labels.values)) == {0, 7}
    np.testing.assert_array_equal(labels.affine, volume.affine)
    assert (labels.values == 7).sum() == pytest.approx((volume.values > 0.5).sum(), rel=0.05)


def test_a_tilted_scan_keeps_its_tilt(tmp_path):
    angle = np.deg2rad(20)
    affine = np.eye(4)
    affine[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    values = RANDOM.normal(size=(4, 5, 6)).astype("f4")
    volume = data_prep.read_volume(write_nifti(tmp_path / "a.nii", values, affine))
    np.testing.assert_array_equal(volume.values, values)
    np.testing.assert_allclose(volume.affine, affine, atol=1e-6)


def test_a_fourth_axis_of_one_is_no_axis(tmp_path):
    path = write_nifti(tmp_path / "a.nii", np.ones((2, 3, 4, 1), "f4"))
    assert data_prep.read_volume(path).values.shape == (2, 3, 4)


def test_metres_become_millimetres(tmp_path):
    image = nibabel.Nifti1Image(np.zeros((2, 2, 2), "f4"), np.diag([0.002, 0.002, 0.003, 1]))
    image.header.set_xyzt_units("meter")
    nibabel.save(image, tmp_path / "a.nii")
    np.testing.assert_allclose(data_prep.read_volume(tmp_path / "a.nii").spacing, (2, 2, 3))


def test_crop_and_padding_keep_the_centre_and_every_place(tmp_path):
    values = RANDOM.integers(10, 99, (7, 8, 9)).astype(np.int16)
    path = write_nifti(tmp_path / "a.nii", values, np.diag([2.0, 2, 2, 1]))
    volume = data_prep.read_volume(path, shape=(5, 12, 9))
    assert volume.values.shape == (5, 12, 9)
    np.testing.assert_array_equal(volume.values[:, 2:10], values[1:6])
    assert (volume.values[:, [0, 1, 10, 11]] == values.min()).all()
    whole = data_prep.read_volume(path)
    for voxel in ((1, 0, 0), (5, 7, 8), (3, 4, 4)):
        place = np.multiply(voxel, 2)
        assert at(volume, *place) == at(whole, *place) == values[voxel]
    assert data_prep.read_volume(path, shape=(9, 9, 9), window=(0, 100)).values[0, 0, 0] == 0


def test_the_window_clips_and_scales(tmp_path):
    values = np.array([-2000, -1000, -300, 400, 3000], np.int16).reshape(5, 1, 1)
    path = write_nifti(tmp_path / "a.nii", values)
    volume = data_prep.read_volume(path, window=(-1000, 400))
    assert volume.values.ravel().tolist() == [0, 0, 0.5, 1, 1]


# DICOM.


DICOM_AFFINE = np.array([[0.5, 0, 0, -10], [0, 0.75, 0, -20], [0, 0, 2.5, 100], [0, 0, 0, 1]])


def hounsfield():
    return RANDOM.integers(-500, 500, (6, 5, 4)).astype(float) * 2


def test_a_shuffled_dicom_series_is_sorted_and_rescaled(tmp_path):
    values = hounsfield()
    folder = write_dicom(tmp_path / "ct", values, DICOM_AFFINE, 2.0, -1024.0, order=[2, 0, 3, 1])
    (folder / "readme.txt").write_text("left alone")
    volume = data_prep.read_volume(folder)
    # Columns run to the left and rows to the back; RAS is the other way round.
    np.testing.assert_array_equal(volume.values, values[::-1, ::-1])
    assert volume.spacing == (0.5, 0.75, 2.5)
    assert at(volume, 10, 20, 100) == values[0, 0, 0]
    assert at(volume, 10 - 5 * 0.5, 20 - 4 * 0.75, 107.5) == values[5, 4, 3]


@pytest.mark.parametrize("axes", [(0, 1, 2), (1, 2, 0), (0, 2, 1), (2, 1, 0)])
def test_dicom_and_nifti_of_one_scan_are_equal(tmp_path, axes):
    values = hounsfield()
    affine = DICOM_AFFINE.copy()
    affine[:3, :3] = affine[:3, :3][axes, :]  # axial, sagittal and coronal slices
    folder = write_dicom(tmp_path / "ct", values, affine, order=[3, 1, 0, 2])
    nifti = write_nifti(
        tmp_path / "ct.nii.gz", values.astype(np.int16), np.diag([-1, -1, 1, 1]) @ affine
    )
    options = {"spacing": (1.2, 1.1, 0.9), "window": (-1000, 400)}
    one, other = (data_prep.read_volume(path, **options) for path in (folder, nifti))
    np.testing.assert_allclose(one.values, other.values, atol=1e-5)
    np.testing.assert_allclose(one.affine, other.affine, atol=1e-5)


def test_files_without_suffix_are_slices_too(tmp_path):
    values = hounsfield()
    folder = write_dicom(tmp_path / "ct", values, DICOM_AFFINE)
    for path in folder.iterdir():
        path.rename(path.with_suffix(""))
    np.testing.assert_array_equal(data_prep.read_volume(folder).values, values[::-1, ::-1])


def test_a_damaged_slice_is_a_volume_or_a_data_error(tmp_path):
    folder = write_dicom(tmp_path / "ct", hounsfield(), DICOM_AFFINE)
    content = (folder / "slice2.dcm").read_bytes()

    @settings(max_examples=80, deadline=None, derandomize=True, database=None)
    @given(st.lists(st.tuples(st.integers(128, len(content) - 1), st.integers(0, 255)), max_size=4))
    def damage(changes):
        damaged = bytearray(content)
        for place, value in changes:
            damaged[place] = value
        (folder / "slice2.dcm").write_bytes(damaged)
        message = str(folder)
        try:
            assert data_prep.read_volume(folder).values.shape == (6, 5, 4)
        except data_prep.DataError as error:
            message = str(error)
        assert message.startswith(str(folder))

    damage()


# Cache.


@pytest.fixture
def prepared(monkeypatch):
    """The paths that were prepared, not taken from the cache."""
    paths = []
    prepare = volumes._prepare
    monkeypatch.setattr(
        volumes,
        "_prepare",
        lambda path, **options: (paths.append(path), prepare(path, **options))[1],
    )
    return paths


def test_the_cache_follows_content_and_settings(tmp_path, prepared):
    cache = tmp_path / "cache"
    path = write_nifti(tmp_path / "a.nii", RANDOM.normal(size=(5, 6, 7)).astype("f4"))
    first = data_prep.read_volume(path, spacing=(2, 2, 2), cache=cache)
    again = data_prep.read_volume(path, spacing=(2, 2, 2), cache=cache)
    np.testing.assert_array_equal(first.values, again.values)
    np.testing.assert_array_equal(first.affine, again.affine)
    assert len(prepared) == 1
    assert [file.suffix for file in cache.iterdir()] == [".npz"]
    data_prep.read_volume(path, spacing=(2, 2, 3), cache=cache)
    write_nifti(path, np.zeros((5, 6, 7), "f4"))
    assert data_prep.read_volume(path, spacing=(2, 2, 2), cache=cache).values.max() == 0
    assert len(prepared) == 3
    assert len(list(cache.iterdir())) == 3


@pytest.mark.parametrize(
    "damage", [lambda b: b"", lambda b: b[:200], lambda b: b[:400] + b"x" * 50 + b[450:]]
)
def test_a_damaged_cache_file_is_made_anew(tmp_path, prepared, damage):
    path = write_nifti(tmp_path / "a.nii", RANDOM.normal(size=(5, 6, 7)).astype("f4"))
    first = data_prep.read_volume(path, cache=tmp_path / "cache")
    (cached,) = (tmp_path / "cache").iterdir()
    cached.write_bytes(damage(cached.read_bytes()))
    again = data_prep.read_volume(path, cache=tmp_path / "cache")
    np.testing.assert_array_equal(first.values, again.values)
    assert len(prepared) == 2
    data_prep.read_volume(path, cache=tmp_path / "cache")
    assert len(prepared) == 2


def test_a_write_that_fails_leaves_nothing_in_the_cache(tmp_path, monkeypatch):
    path = write_nifti(tmp_path / "a.nii", np.zeros((5, 6, 7), "f4"))

    def full(*arguments, **options):
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="disk full"):
        data_prep.read_volume(path, cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


# Data sets.


def scan(number):
    """Half of the scans are brighter; each has other content."""
    values = RANDOM.integers(0, 100, (6, 5, 4)) + (number % 2) * 200
    return values.astype(np.int16)


def test_a_table_of_scans(tmp_path, prepared):
    rows = ["path,label"]
    for number in range(20):
        name = f"ct{number}" if number < 4 else f"{number}.nii.gz"
        write = write_dicom if number < 4 else write_nifti
        write(tmp_path / name, scan(number), DICOM_AFFINE)
        rows.append(f"{name},{('healthy', 'ill')[number % 2]}")
    (tmp_path / "bad.nii").write_bytes(b"hello")
    (tmp_path / "labels.csv").write_text("\n".join([*rows, "bad.nii,ill", "none.nii,ill"]))
    options = {"spacing": (1, 1, 1), "window": (0, 400), "shape": (4, 4, 8)}
    cached = {"cache": tmp_path / "cache", **options}
    data = data_prep.load_volumes(tmp_path, **cached, validation=0.2)
    assert data.input_shape == (4, 4, 8, 1)
    assert data.classes == ("healthy", "ill")
    assert [len(part) for part in data.parts().values()] == [12, 4, 4]
    for part in data.parts().values():
        assert part.inputs.dtype == np.float32
        bright = data.to_original(part.inputs).max(axis=(1, 2, 3, 4)) > 150
        assert np.array_equal(bright, part.labels == 1)
    reasons = dict(data.report.refused)
    assert reasons["none.nii"].startswith("no such file or folder")
    assert reasons["bad.nii"].startswith("not a readable NIfTI file (")
    assert data.report.used == 20
    assert len(prepared) == 21
    again = data_prep.load_volumes(tmp_path / "labels.csv", **cached, validation=0.2)
    assert len(prepared) == 22  # the damaged one alone is tried again
    assert again.fingerprint == data.fingerprint
    np.testing.assert_array_equal(again.train.inputs, data.train.inputs)


def test_a_folder_of_scans_per_class(tmp_path):
    for part in ("train", "test"):
        for number in range(20):
            write_nifti(tmp_path / part / f"CT-{number % 2}" / f"{number}.nii", scan(number))
    data = data_prep.load_volumes(tmp_path, spacing=(2, 1, 1))
    assert data.input_shape == (3, 5, 4, 1)
    assert data.classes == ("CT-0", "CT-1")
    assert [len(part) for part in data.parts().values()] == [18, 2, 20]
    write_nifti(tmp_path / "train" / "CT-0" / "wide.nii", np.zeros((20, 5, 4), np.int16))
    with pytest.raises(data_prep.DataError, match=r"give shape=\(x, y, z\) to crop or pad all"):
        data_prep.load_volumes(tmp_path)


def medmnist(path, **changes):
    arrays = {}
    for part, count in {"train": 6, "val": 4, "test": 2}.items():
        arrays[f"{part}_images"] = RANDOM.integers(0, 256, (count, 3, 4, 5), dtype=np.uint8)
        arrays[f"{part}_labels"] = (np.arange(count) % 2 + 3)[:, None]
    arrays |= changes
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    return arrays


def test_medmnist_keeps_its_parts(tmp_path):
    arrays = medmnist(tmp_path / "m.npz")
    data = data_prep.load_volumes(tmp_path / "m.npz")
    assert data.name == "m"
    assert data.classes == ("3", "4")
    for name, part in zip(("train", "val", "test"), data.parts().values(), strict=True):
        np.testing.assert_allclose(part.inputs[..., 0] * 255, arrays[f"{name}_images"], atol=1e-3)
        assert part.labels.tolist() == (arrays[f"{name}_labels"][:, 0] - 3).tolist()
    assert data_prep.load_volumes(tmp_path / "m.npz", seed=5).fingerprint == data.fingerprint


def test_scans_of_many_spacings_come_to_one_grid(tmp_path):
    """NIfTI and DICOM of the same ball in other voxels: the same ball in the same place."""
    rows = ["path,label"]
    for number, spacing in enumerate([(2, 2, 2), (1, 1.5, 3), (2.5, 1, 4), (1.6, 1.6, 5)] * 5):
        size = np.round(60 / np.array(spacing)).astype(int)
        middle = (size - 1) / 2 * spacing
        grid = np.indices(size).reshape(3, -1) * np.array(spacing)[:, None]
        radius = 14 + number % 2 * 6 + number / 100  # no two scans are equal
        away = np.linalg.norm(grid - middle[:, None], axis=0).reshape(size)
        values = np.clip(40 - 400 * (away - radius), -1000, 40)
        name = f"ct{number}" if number % 4 == 3 else f"{number}.nii.gz"
        write = write_dicom if number % 4 == 3 else write_nifti
        write(tmp_path / name, values.astype(np.int16), np.diag([*spacing, 1.0]))
        rows.append(f"{name},{('small', 'large')[number % 2]}")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    data = data_prep.load_volumes(tmp_path, spacing=(3, 3, 3), shape=(24, 24, 24))
    assert data.input_shape == (24, 24, 24, 1)
    assert data.report.refused == ()
    for part in data.parts().values():
        for volume, label in zip(part.inputs[..., 0], part.labels, strict=True):
            ball = np.argwhere(volume > 0.5)
            np.testing.assert_allclose(ball.mean(axis=0), 11.5, atol=0.35)
            radius = (len(ball) * 27 * 3 / 4 / np.pi) ** (1 / 3)
            assert radius == pytest.approx(14 if data.classes[label] == "small" else 20, rel=0.08)


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        ("phantoms", {"min_shape": (64, 8, 8)}, "phantoms: volumes of 48 x 48 x 24 voxels, and "),
        ("npz", {"min_shape": (3, 4, 6)}, "a: volumes of 3 x 4 x 5 voxels, and this network needs"),
        ("folder", {"min_shape": (6, 5, 5)}, "volumes of 6 x 5 x 4 voxels, and this network needs"),
        ("folder", {"min_shape": (8, 8, 8), "shape": (8, 8, 4)}, "shape is 8 x 8 x 4, and this"),
    ],
)
def test_volumes_too_small_for_the_network_are_refused(
    tmp_path, monkeypatch, make, options, message
):
    path = "phantoms"
    if make == "phantoms":
        drawn = [np.zeros((20, 48, 48, 24), np.int16), np.array(["a", "b"] * 10)] * 2
        entry = data_prep.NAMED["phantoms"]
        again = data_prep.NamedData(**{**vars(entry), "read": lambda: drawn})
        monkeypatch.setitem(data_prep.NAMED, "phantoms", again)
    elif make == "npz":
        path = tmp_path / "a.npz"
        medmnist(path)
    else:
        path = tmp_path
        for number in range(24):
            name = f"{'ab'[number % 2]}/{number}.nii"
            write_nifti(tmp_path / name, scan(number), DICOM_AFFINE)
        options = {"spacing": None, **options}
    with pytest.raises(data_prep.DataError, match=message):
        data_prep.load_volumes(path, **options)


def test_slices_are_shown_as_a_radiologist_looks():
    values = np.zeros((7, 5, 4))  # x to the right, y to the front, z upwards
    place = (5, 1, 2)
    values[place] = 1
    values[6, 1, 2] = 2  # to the patient's right of it: one to the left
    values[5, 2, 2] = 3  # in front of it
    values[5, 1, 3] = 4  # above it
    image = volumes.slices_through(values, place)
    assert image.shape == (5, 7 + 7 + 5 + 2)
    axial, coronal, sagittal = image[:, :7], image[:, 8:15], image[:, 16:]
    row, column = np.argwhere(axial == 1)[0]
    assert (axial[row, column - 1], axial[row - 1, column]) == (2, 3)
    row, column = np.argwhere(coronal == 1)[0]
    assert (coronal[row, column - 1], coronal[row - 1, column]) == (2, 4)
    row, column = np.argwhere(sagittal == 1)[0]
    assert (sagittal[row, column - 1], sagittal[row - 1, column]) == (3, 4)
    assert [(one > 0).sum() for one in (axial, coronal, sagittal)] == [3, 3, 3]


# What is refused.


def nifti(values):
    return lambda folder: write_nifti(folder / "a.nii", values)


def dicom(affine=DICOM_AFFINE, **options):
    return lambda folder: write_dicom(folder / "ct", np.zeros((6, 5, 4)), affine, **options)


def raw(content, name="a.nii"):
    def write(folder):
        (folder / name).write_bytes(content)
        return folder / name

    return write


def placeless(folder):
    nibabel.save(nibabel.Nifti1Image(np.zeros((2, 3, 4), "f4"), None), folder / "a.nii")
    return folder / "a.nii"


def flat(folder):
    path = write_nifti(folder / "a.nii", np.zeros((2, 3, 4), "f4"))
    content = bytearray(path.read_bytes())
    content[296:312] = bytes(16)  # srow_y of the header
    path.write_bytes(content)
    return path


def damaged_gzip(folder):
    path = write_nifti(folder / "a.nii.gz", RANDOM.normal(size=(9, 9, 9)).astype("f4"))
    path.write_bytes(path.read_bytes()[:-500])
    return path


def damaged_slice(folder):
    write_dicom(folder / "ct", np.zeros((6, 5, 4)), DICOM_AFFINE)
    (folder / "ct" / "slice2.dcm").write_bytes(b"hello")
    return folder / "ct"


def cut_slice(folder):
    path = write_dicom(folder / "ct", np.zeros((6, 5, 4)), DICOM_AFFINE) / "slice2.dcm"
    path.write_bytes(path.read_bytes()[:-20])
    return folder / "ct"


def missing_slice(folder):
    write_dicom(folder / "ct", np.zeros((6, 5, 9)), DICOM_AFFINE)
    (folder / "ct" / "slice4.dcm").unlink()
    return folder / "ct"


def two_series(folder):
    write_dicom(folder / "ct", np.zeros((6, 5, 4)), DICOM_AFFINE)
    one = pydicom.dcmread(folder / "ct" / "slice0.dcm")
    one.SeriesInstanceUID = "1.2.4"
    one.save_as(folder / "ct" / "slice9.dcm")
    return folder / "ct"


def empty_folder(folder):
    (folder / "ct").mkdir()
    return folder / "ct"


HOLE = np.zeros((2, 3, 4), "f4")
HOLE[1, 2, 0] = np.nan
TILTED = DICOM_AFFINE.copy()
TILTED[1, 2] = 1.0  # each slice lies 1 mm further back
RGB = np.zeros((2, 3, 4), [("R", "u1"), ("G", "u1"), ("B", "u1")])

REFUSED = {
    "no such file or folder": lambda folder: folder / "none.nii",
    "not a volume; give a .nii or .nii.gz file or a DICOM folder": raw(b"hello", "a.png"),
    "not a readable NIfTI file (Empty file": raw(b""),
    "not a readable NIfTI file (Cannot work out file type": raw(b"hello" * 100),
    "not a readable NIfTI file (Compressed file ended before": damaged_gzip,
    "has the shape (2, 3); a volume is (x, y, z)": nifti(np.zeros((2, 3), "f4")),
    "has the shape (2, 3, 4, 5); a volume is (x, y, z)": nifti(np.zeros((2, 3, 4, 5), "f4")),
    "has the shape (0, 3, 4), empty or over 536,870,912 voxels": nifti(np.zeros((0, 3, 4), "f4")),
    "not finite at voxel (1, 2, 0); replace that value": nifti(HOLE),
    "holds [('R', 'u1'), ('G', 'u1'), ('B', 'u1')], not one number per voxel": nifti(RGB),
    "does not say how it lies (sform and qform codes are 0); set its affine": placeless,
    "its affine is not finite or flat; set spacing and orientation": flat,
    "ct: 0 DICOM slices; a volume needs two or more": empty_folder,
    "ct: slice2.dcm is not a readable DICOM file (": damaged_slice,
    "ct: slice2.dcm has no pixels that can be read (": cut_slice,
    "ct: slice5.dcm is 5 mm from the slice before it, where 2.5 mm is usual; a slice is missing": (
        missing_slice
    ),
    "ct: slice2.dcm lies where another slice lies; keep one of them": dicom(
        ImagePositionPatient=(2, [-10.0, -20.0, 102.5])
    ),
    "ct: 2 series (1.2.3, 1.2.4); put each into a folder of its own": two_series,
    "ct: slice1.dcm has no ImagePositionPatient; it is no slice of a volume": dicom(
        ImagePositionPatient=(1, None)
    ),
    "ct: slice1.dcm holds many frames; convert it to NIfTI": dicom(NumberOfFrames=(1, 5)),
    "ct: slice1.dcm is in colour; give one number per voxel": dicom(SamplesPerPixel=(1, 3)),
    "ct: slice3.dcm differs from the other slices in PixelSpacing": dicom(
        PixelSpacing=(3, [0.6, 0.5])
    ),
    "ct: slice3.dcm differs from the other slices in Rows": dicom(Rows=(3, 4)),
    "ct: a tilted gantry; straighten the series, as dcm2niix does": dicom(TILTED),
}


@pytest.mark.parametrize("message", REFUSED)
def test_bad_volumes_are_refused_by_name(tmp_path, message):
    path = REFUSED[message](tmp_path)
    with pytest.raises(data_prep.DataError) as caught:
        data_prep.read_volume(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"spacing": 1.5}, "spacing is 1.5; give (x, y, z) in millimetres, all above 0."),
        ({"spacing": (1, 1, 0)}, "spacing is (1, 1, 0); give (x, y, z) in millimetres, all above"),
        ({"window": (400, -1000)}, "window is (400, -1000); give (low, high), low below high."),
        ({"shape": (8, 8)}, "shape is (8, 8); give (x, y, z) in voxels, whole numbers above 0."),
        ({"shape": (8, 8, 8.5)}, "shape is (8, 8, 8.5); give (x, y, z) in voxels, whole numbers"),
        ({"spacing": (1e-3,) * 3}, "a.nii: spacing (0.001, 0.001, 0.001) would make (2000, 3000, "),
        ({"label_map": True, "window": (0, 1)}, "a.nii: a label map has no window; leave window"),
        ({"label_map": True}, "a.nii: a label map holds whole numbers; this holds other values"),
    ],
)
def test_bad_settings_are_refused(tmp_path, options, message):
    path = write_nifti(tmp_path / "a.nii", np.full((2, 3, 4), 0.5, "f4"))
    with pytest.raises(data_prep.DataError) as caught:
        data_prep.read_volume(path, **options)
    assert message in str(caught.value)


BAD_MEDMNIST = {
    "no array 'val_labels' (it holds train_images, train_labels": {"val_labels": None},
    "train_images is float64 (6, 3, 4, 5); give bytes (examples, x, y, z).": {
        "train_images": np.zeros((6, 3, 4, 5))
    },
    "test_images has volumes of shape (3, 4, 4), train_images of (3, 4, 5); bring them": {
        "test_images": np.zeros((2, 3, 4, 4), np.uint8)
    },
    "val_labels is int64 (4, 2); give one class number per volume, (4, 1).": {
        "val_labels": np.zeros((4, 2), np.int64)
    },
    "test_labels has 9, which train_labels has not.": {"test_labels": np.array([[3], [9]])},
    "train_labels has 1 class; a classifier needs two.": {"train_labels": np.full((6, 1), 3)},
    "not a readable .npz file of numbers (Object arrays cannot be loaded when allow_pickle=False": {
        "train_images": np.array([{}] * 6, dtype=object)
    },
}


@pytest.mark.parametrize("message", BAD_MEDMNIST)
def test_bad_medmnist_files_are_refused_by_name(tmp_path, message):
    path = tmp_path / "m.npz"
    medmnist(path, **BAD_MEDMNIST[message])
    with pytest.raises(data_prep.DataError) as caught:
        data_prep.load_volumes(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_other_bad_data_sets_are_refused(tmp_path):
    (tmp_path / "text.npz").write_text("hello")
    (tmp_path / "table.csv").write_text("file,label\n")
    for path, options, message in [
        (tmp_path / "none.npz", {}, "no such file or folder; give a folder, a CSV or an .npz file"),
        (tmp_path / "text.npz", {}, "not a readable .npz file of numbers"),
        (tmp_path / "none", {}, "no such file or folder; give a folder or a CSV file."),
        (tmp_path, {}, "no column 'path' (it has file, label)"),
        (tmp_path, {"window": None}, "window is None; give the (low, high) values that become"),
    ]:
        with pytest.raises(data_prep.DataError) as caught:
            data_prep.load_volumes(path, **options)
        assert message in str(caught.value)


@pytest.mark.parametrize("compressed", [False, True])
def test_damage_anywhere_is_a_volume_or_a_data_error(tmp_path, compressed):
    path = write_nifti(tmp_path / "a.nii", RANDOM.integers(0, 9, (4, 5, 6)).astype(np.int16))
    content = path.read_bytes()
    if compressed:
        content, path = gzip.compress(content), tmp_path / "a.nii.gz"

    @settings(max_examples=80, deadline=None, derandomize=True, database=None)
    @given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6))
    def damage(changes):
        damaged = bytearray(content)
        for place, value in changes:
            damaged[min(place, len(damaged) - 1)] = value
        path.write_bytes(damaged)
        message = str(path)
        try:
            assert data_prep.read_volume(path).values.ndim == 3
        except data_prep.DataError as error:
            message = str(error)
        assert message.startswith(str(path))

    damage()


# Real data.


def test_adrenalmnist3d(data_folder):
    data = data_prep.load_volumes(data_folder / "adrenalmnist3d" / "adrenalmnist3d.npz")
    assert [np.bincount(part.labels).tolist() for part in data.parts().values()] == [
        [929, 259],
        [76, 22],
        [229, 69],
    ]
    assert data.input_shape == (28, 28, 28, 1)
    assert set(np.unique(data.test.inputs)) == {0, 1}


def test_ct_with_organ_labels(data_folder, tmp_path):
    folder = data_folder / "ct_totalseg"
    options = {"spacing": (1.5, 1.5, 1.5), "cache": tmp_path}
    ct = data_prep.read_volume(folder / "example_ct_sm.nii.gz", **options, window=(-1000, 400))
    assert ct.values.shape == (244, 202, 60)
    assert (ct.values.min(), ct.values.max()) == (0, 1)
    organs = data_prep.read_volume(folder / "example_seg.nii.gz", **options, label_map=True)
    assert organs.values.shape == ct.values.shape
    assert len(np.unique(organs.values)) == 42
    np.testing.assert_allclose(organs.affine, ct.affine)
    # The aorta scan lies left, posterior, superior; its mask is brighter than its surroundings.
    aorta = data_prep.read_volume(folder / "aorta_ct_cropped.nii.gz")
    mask = data_prep.read_volume(folder / "aorta_seg.nii.gz", label_map=True)
    assert nibabel.aff2axcodes(aorta.affine) == ("R", "A", "S")
    assert aorta.values[mask.values == 1].mean() > aorta.values[mask.values == 0].mean()
    np.testing.assert_allclose(aorta.spacing, (1.5, 1.5, 1.5), rtol=1e-5)
