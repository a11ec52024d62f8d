"""Data sets of volumes: tables, folders, MedMNIST files, and bad data."""

from dataclasses import replace

import nibabel
import numpy as np
import pydicom
import pytest
from scans import DICOM_AFFINE, write_dicom, write_nifti

import data_prep

RANDOM = np.random.default_rng(0)


def written(cache):
    """When each file of a cache was written. It changes if the volume is made again."""
    return {file.name: (file.stat().st_ino, file.stat().st_mtime_ns) for file in cache.iterdir()}


def scan(number):
    """A random scan. Those with odd numbers are brighter."""
    values = RANDOM.integers(0, 100, (6, 5, 4)) + (number % 2) * 200
    return values.astype(np.int16)


def test_a_table_of_scans(tmp_path):
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
    kept = written(tmp_path / "cache")
    assert len(kept) == 20
    again = data_prep.load_volumes(tmp_path / "labels.csv", **cached, validation=0.2)
    assert written(tmp_path / "cache") == kept
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
    """Balls in NIfTI and DICOM files with different voxels: position and size are kept."""
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
        arrays = [np.zeros((20, 48, 48, 24), np.int16), np.array(["a", "b"] * 10)] * 2
        entry = replace(data_prep.NAMED["phantoms"], read=lambda: arrays)
        monkeypatch.setitem(data_prep.NAMED, "phantoms", entry)
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
    "has no orientation (sform and qform codes are 0); set its affine": placeless,
    "its affine is not finite or not invertible; set spacing and orientation": flat,
    "ct: 0 DICOM slices; a volume needs two or more": empty_folder,
    "ct: slice2.dcm is not a readable DICOM file (": damaged_slice,
    "ct: slice2.dcm has no readable pixels (": cut_slice,
    "ct: slice5.dcm is 5 mm from the slice before it, where 2.5 mm is usual; add the missing": (
        missing_slice
    ),
    "ct: slice2.dcm has the position of another slice; keep one of them": dicom(
        ImagePositionPatient=(2, [-10.0, -20.0, 102.5])
    ),
    "ct: 2 series (1.2.3, 1.2.4); put each into a folder of its own": two_series,
    "ct: slice1.dcm has no ImagePositionPatient; it is not a slice of a volume": dicom(
        ImagePositionPatient=(1, None)
    ),
    "ct: slice1.dcm has several frames; convert it to NIfTI": dicom(NumberOfFrames=(1, 5)),
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
        ({"shape": (8, 8)}, "shape is (8, 8); give (x, y, z) in voxels, integers >= 1."),
        ({"shape": (8, 8, 8.5)}, "shape is (8, 8, 8.5); give (x, y, z) in voxels, integers >="),
        ({"spacing": (1e-3,) * 3}, "a.nii: spacing (0.001, 0.001, 0.001) would make (2000, 3000, "),
        ({"label_map": True, "window": (0, 1)}, "a.nii: a label map has no window; leave window"),
        ({"label_map": True}, "a.nii: a label map holds integers; this holds other values"),
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
    "test_labels has 9, but train_labels does not.": {"test_labels": np.array([[3], [9]])},
    "train_labels has 1 class; a classifier needs two.": {"train_labels": np.full((6, 1), 3)},
    "array 'train_images' holds Python objects": {"train_images": np.array([{}] * 6, dtype=object)},
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
        (tmp_path / "text.npz", {}, "not a readable .npz file"),
        (tmp_path / "none", {}, "no such file or folder; give a folder or a CSV file."),
        (tmp_path, {}, "no column 'path' (it has file, label)"),
        (tmp_path, {"window": None}, "window is None; give the (low, high) values that become"),
    ]:
        with pytest.raises(data_prep.DataError) as caught:
            data_prep.load_volumes(path, **options)
        assert message in str(caught.value)


@pytest.mark.full
def test_adrenalmnist3d(data_folder):
    data = data_prep.load_volumes(data_folder / "adrenalmnist3d" / "adrenalmnist3d.npz")
    assert [np.bincount(part.labels).tolist() for part in data.parts().values()] == [
        [929, 259],
        [76, 22],
        [229, 69],
    ]
    assert data.input_shape == (28, 28, 28, 1)
    assert set(np.unique(data.test.inputs)) == {0, 1}
