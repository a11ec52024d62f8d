"""One volume: orientation, spacing, DICOM, the cache."""

import gzip

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scans import DICOM_AFFINE, write_dicom, write_nifti

import data_prep
from data_prep.volumes.geometry import slices_through

RANDOM = np.random.default_rng(0)


def at(volume, *millimetres):
    """The value of the voxel nearest to a position."""
    voxel = np.linalg.inv(volume.affine) @ [*millimetres, 1]
    return volume.values[tuple(np.round(voxel[:3]).astype(int))]


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
    """Values that are a linear function of the position stay so in any orientation and spacing."""
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
    """A ball of 12 mm, scanned with slices of 5 mm and permuted axes."""
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


def hounsfield():
    return RANDOM.integers(-500, 500, (6, 5, 4)).astype(float) * 2


def test_a_shuffled_dicom_series_is_sorted_and_rescaled(tmp_path):
    values = hounsfield()
    folder = write_dicom(tmp_path / "ct", values, DICOM_AFFINE, 2.0, -1024.0, order=[2, 0, 3, 1])
    (folder / "readme.txt").write_text("left alone")
    volume = data_prep.read_volume(folder)
    # In DICOM, columns run to the left and rows to the back; in RAS, to the right and front.
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


def written(cache):
    """When each file of a cache was written. It changes if the volume is made again."""
    return {file.name: (file.stat().st_ino, file.stat().st_mtime_ns) for file in cache.iterdir()}


def test_the_cache_follows_content_and_settings(tmp_path):
    cache = tmp_path / "cache"
    path = write_nifti(tmp_path / "a.nii", RANDOM.normal(size=(5, 6, 7)).astype("f4"))
    first = data_prep.read_volume(path, spacing=(2, 2, 2), cache=cache)
    kept = written(cache)
    again = data_prep.read_volume(path, spacing=(2, 2, 2), cache=cache)
    np.testing.assert_array_equal(first.values, again.values)
    np.testing.assert_array_equal(first.affine, again.affine)
    assert written(cache) == kept
    assert [file.suffix for file in cache.iterdir()] == [".npz"]
    data_prep.read_volume(path, spacing=(2, 2, 3), cache=cache)
    write_nifti(path, np.zeros((5, 6, 7), "f4"))
    assert data_prep.read_volume(path, spacing=(2, 2, 2), cache=cache).values.max() == 0
    assert len(list(cache.iterdir())) == 3
    assert kept.items() <= written(cache).items()


def test_a_volume_in_the_cache_is_taken_from_there(tmp_path):
    path = write_nifti(tmp_path / "a.nii", RANDOM.normal(size=(5, 6, 7)).astype("f4"))
    first = data_prep.read_volume(path, cache=tmp_path / "cache")
    (cached,) = (tmp_path / "cache").iterdir()
    np.savez(cached, values=first.values + 1, affine=first.affine)
    again = data_prep.read_volume(path, cache=tmp_path / "cache")
    np.testing.assert_array_equal(again.values, first.values + 1)


@pytest.mark.parametrize(
    "damage", [lambda b: b"", lambda b: b[:200], lambda b: b[:400] + b"x" * 50 + b[450:]]
)
def test_a_damaged_cache_file_is_made_anew(tmp_path, damage):
    path = write_nifti(tmp_path / "a.nii", RANDOM.normal(size=(5, 6, 7)).astype("f4"))
    first = data_prep.read_volume(path, cache=tmp_path / "cache")
    (cached,) = (tmp_path / "cache").iterdir()
    good = cached.read_bytes()
    cached.write_bytes(damage(good))
    again = data_prep.read_volume(path, cache=tmp_path / "cache")
    np.testing.assert_array_equal(first.values, again.values)
    kept = written(tmp_path / "cache")
    assert cached.read_bytes() == good
    data_prep.read_volume(path, cache=tmp_path / "cache")
    assert written(tmp_path / "cache") == kept


def test_a_write_that_fails_leaves_nothing_in_the_cache(tmp_path, monkeypatch):
    path = write_nifti(tmp_path / "a.nii", np.zeros((5, 6, 7), "f4"))

    def full(*arguments, **options):
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="disk full"):
        data_prep.read_volume(path, cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_slices_are_shown_as_a_radiologist_looks():
    values = np.zeros((7, 5, 4))  # x to the right, y to the front, z upwards
    place = (5, 1, 2)
    values[place] = 1
    values[6, 1, 2] = 2  # to the patient's right of it: one to the left
    values[5, 2, 2] = 3  # in front of it
    values[5, 1, 3] = 4  # above it
    image = slices_through(values, place)
    assert image.shape == (5, 7 + 7 + 5 + 2)
    axial, coronal, sagittal = image[:, :7], image[:, 8:15], image[:, 16:]
    row, column = np.argwhere(axial == 1)[0]
    assert (axial[row, column - 1], axial[row - 1, column]) == (2, 3)
    row, column = np.argwhere(coronal == 1)[0]
    assert (coronal[row, column - 1], coronal[row - 1, column]) == (2, 4)
    row, column = np.argwhere(sagittal == 1)[0]
    assert (sagittal[row, column - 1], sagittal[row - 1, column]) == (3, 4)
    assert [(one > 0).sum() for one in (axial, coronal, sagittal)] == [3, 3, 3]


def nifti(values):
    return lambda folder: write_nifti(folder / "a.nii", values)


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


@pytest.mark.full
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
    # The aorta scan has the axes left, posterior, superior. The aorta is brighter than the rest.
    aorta = data_prep.read_volume(folder / "aorta_ct_cropped.nii.gz")
    mask = data_prep.read_volume(folder / "aorta_seg.nii.gz", label_map=True)
    assert nibabel.aff2axcodes(aorta.affine) == ("R", "A", "S")
    assert aorta.values[mask.values == 1].mean() > aorta.values[mask.values == 0].mean()
    np.testing.assert_allclose(aorta.spacing, (1.5, 1.5, 1.5), rtol=1e-5)
