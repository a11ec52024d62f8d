"""One volume from a NIfTI file or a DICOM series, and a cache of prepared volumes."""

import hashlib
import json
import os
import tempfile
from pathlib import Path

import numpy as np

from data_prep.errors import DataError, first_line
from data_prep.files.labelled import content_digest, visible
from data_prep.files.npz import read_npz
from data_prep.volumes.geometry import Volume, check_grid, crop_or_pad, resample, to_ras

MILLIMETRES = {"mm": 1.0, "unknown": 1.0, "meter": 1000.0, "micron": 0.001}
CACHE_VERSION = "1"  # with a new number, all cached volumes are made again
DICOM_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])  # DICOM axes run left, backwards and up


def read_volume(path, spacing=None, window=None, shape=None, label_map=False, cache=None):
    """Read one volume, with its axes running right, to the front and upwards (RAS).

    Axes are swapped and flipped, never rotated. A tilted scan stays tilted; its affine says how.

    Args:
        path: a NIfTI file (.nii, .nii.gz), or the folder of one DICOM series (.dcm files). The
            slices of a series are sorted by position and rescaled to Hounsfield units.
        spacing: (x, y, z) in millimetres for resampling: linear, or nearest for label maps. None
            keeps the spacing.
        window: (low, high). Values are clipped to this range and scaled to 0 to 1. None keeps the
            values. Label maps have no window.
        shape: (x, y, z) in voxels. The volume is cropped or padded around its centre. The padding
            is 0 with a window or for a label map, otherwise the smallest value. None keeps the
            shape.
        label_map: whether the values are numbers of organs or classes, which must not be
            interpolated.
        cache: a folder that stores the result for the next call with the same content and
            settings, or None. A damaged file in it is made again.

    Returns:
        A Volume: float32 values, int32 for a label map.

    Raises:
        DataError: if the volume cannot be read. The message names the file.
    """
    path = Path(path)
    check_settings(spacing, window, shape)
    if label_map and window is not None:
        raise DataError(f"{path}: a label map has no window; leave window out.")
    if not path.exists():
        raise DataError(f"{path}: no such file or folder; give a NIfTI file or DICOM folder")

    settings = {"spacing": spacing, "window": window, "shape": shape, "label_map": label_map}
    if cache is None:
        return _prepare(path, **settings)

    key = f"{CACHE_VERSION} {content_digest(path)} {json.dumps(settings, default=float)}"
    name = hashlib.sha256(key.encode()).hexdigest()
    cached = Path(cache) / f"{name}.npz"
    volume = _read_cached(cached)
    if volume is None:
        volume = _prepare(path, **settings)
        _write_cached(cached, volume)
    return volume


def _prepare(path, spacing, window, shape, label_map):
    """Read a volume and apply the settings of `read_volume`."""
    volume = _read_dicom(path) if path.is_dir() else _read_nifti(path)

    with np.errstate(over="ignore"):
        values = volume.values.astype(np.float32)
    finite = np.isfinite(values)
    if not finite.all():
        first = tuple(int(index) for index in np.argwhere(~finite)[0])
        raise DataError(f"{path}: not finite at voxel {first}; replace that value")

    if label_map:
        # From 2**24 on, float32 cannot represent every integer.
        if (values != np.round(values)).any() or np.abs(values).max() >= 2**24:
            raise DataError(
                f"{path}: a label map holds integers; this holds other values; round them"
            )
        values = values.astype(np.int32)

    volume = Volume(values, volume.affine)
    if spacing is not None:
        volume = resample(volume, spacing, path)
    if window is not None:
        low, high = map(np.float32, window)
        scaled = np.clip((volume.values - low) / (high - low), 0, 1)
        volume = Volume(scaled, volume.affine)
    if shape is not None:
        starts_at_zero = label_map or window is not None
        fill = 0 if starts_at_zero else volume.values.min()
        volume = crop_or_pad(volume, shape, fill)
    return volume


def _read_nifti(path):
    """The Volume in a NIfTI file, in RAS and millimetres."""
    import nibabel

    if not path.name.lower().endswith((".nii", ".nii.gz")):
        raise DataError(f"{path}: not a volume; give a .nii or .nii.gz file or a DICOM folder")
    try:
        image = nibabel.load(path)
        header = image.header
        check_grid(image.shape, image.affine, path)
        if int(header["sform_code"]) == 0 and int(header["qform_code"]) == 0:
            raise DataError(
                f"{path}: has no orientation (sform and qform codes are 0); set its affine"
            )
        values = np.asarray(image.dataobj).reshape(image.shape[:3])
        unit = MILLIMETRES[header.get_xyzt_units()[0]]
    except DataError:
        raise
    except Exception as error:  # nibabel, gzip and zlib raise many types of errors
        raise DataError(
            f"{path}: not a readable NIfTI file ({first_line(error)}); get it again"
        ) from error
    if values.dtype.kind not in "iuf":
        raise DataError(f"{path}: holds {values.dtype}, not one number per voxel; save grey values")

    to_millimetres = np.diag([unit, unit, unit, 1])
    return to_ras(values, to_millimetres @ image.affine)


def _read_dicom(folder):
    """The Volume in a folder with one DICOM series, in RAS and millimetres."""
    try:
        return _join_slices(_dicom_slices(folder), folder)
    except DataError:
        raise
    except Exception as error:  # pydicom raises many types of errors on damaged headers
        raise DataError(
            f"{folder}: not a readable DICOM series ({first_line(error)}); get it again"
        ) from error


def _join_slices(slices, folder):
    """The Volume of one series: slices sorted by position, values rescaled."""
    first = slices[0]
    column, row = np.reshape(np.asarray(first.ImageOrientationPatient, float), (2, 3))
    normal = np.cross(column, row)  # the direction from slice to slice

    positions = np.array([one.ImagePositionPatient for one in slices], float)
    order = np.argsort(positions @ normal)
    slices, positions = [slices[index] for index in order], positions[order]
    step = _slice_step(slices, positions, normal, folder)

    down, right = map(float, first.PixelSpacing)
    affine = np.eye(4)
    affine[:3, :3] = np.column_stack([column * right, row * down, step])
    affine[:3, 3] = positions[0]
    shape = (first.Columns, first.Rows, len(slices))
    check_grid(shape, affine, folder)

    values = np.empty(shape, np.float32)
    for index, one in enumerate(slices):
        values[:, :, index] = _rescaled_pixels(one, folder).T
    return to_ras(values, DICOM_TO_RAS @ affine)


def _slice_step(slices, positions, normal, folder):
    """The vector from one slice to the next in millimetres; refuses uneven or tilted slices."""
    steps = np.diff(positions, axis=0)
    step = np.median(steps, axis=0)
    distance = np.linalg.norm(step)
    tolerance = max(0.02 * distance, 0.01)

    for index, one in enumerate(steps):
        here = f"{folder}: {Path(slices[index + 1].filename).name}"
        if np.linalg.norm(one) < 1e-3:
            raise DataError(f"{here} has the position of another slice; keep one of them")
        if np.linalg.norm(one - step) > tolerance:
            raise DataError(
                f"{here} is {np.linalg.norm(one):g} mm from the slice before it, where "
                f"{distance:g} mm is usual; add the missing slice, or correct its position"
            )

    if abs(step @ normal) < 0.999 * distance:
        raise DataError(f"{folder}: a tilted gantry; straighten the series, as dcm2niix does")
    return step


def _rescaled_pixels(one, folder):
    """The pixels of one slice, (rows, columns), in the units of the series."""
    try:
        pixels = one.pixel_array
    except Exception as error:  # each of pydicom's decoders has its own errors
        name = Path(one.filename).name
        raise DataError(
            f"{folder}: {name} has no readable pixels ({first_line(error)}); get it again"
        ) from error

    slope, intercept = one.get("RescaleSlope", 1), one.get("RescaleIntercept", 0)
    return pixels * float(slope) + float(intercept)


def _dicom_slices(folder):
    """The slices of the one series in a folder, in any order, with checked headers."""
    files = [path for path in visible(folder) if path.is_file()]
    with_suffix = [path for path in files if path.suffix.lower() == ".dcm"]
    slices = [_read_slice(path, folder) for path in with_suffix or files]

    if len(slices) < 2:
        raise DataError(f"{folder}: {len(slices)} DICOM slices; a volume needs two or more")
    series = sorted({str(one.get("SeriesInstanceUID")) for one in slices})
    if len(series) > 1:
        raise DataError(
            f"{folder}: {len(series)} series ({', '.join(series[:3])}); put each into a folder of "
            f"its own"
        )

    for one in slices:
        for name in ("Rows", "Columns", "PixelSpacing", "ImageOrientationPatient"):
            value = np.asarray(one.get(name), float)
            usual = np.asarray(slices[0].get(name), float)
            if not np.allclose(value, usual, rtol=0, atol=1e-3):
                raise DataError(
                    f"{folder}: {Path(one.filename).name} differs from the other slices in {name}; "
                    f"keep one series per folder"
                )
    return slices


def _read_slice(path, folder):
    """One DICOM file as a slice of a volume, with a checked header."""
    import pydicom

    try:
        one = pydicom.dcmread(path)
    except Exception as error:  # pydicom raises many types of errors on damaged content
        raise DataError(
            f"{folder}: {path.name} is not a readable DICOM file "
            f"({first_line(error)}); get it again"
        ) from error

    for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows"):
        if one.get(name) is None:
            raise DataError(
                f"{folder}: {path.name} has no {name}; it is not a slice of a volume; remove it"
            )
    if int(one.get("NumberOfFrames", 1)) > 1:
        raise DataError(f"{folder}: {path.name} has several frames; convert it to NIfTI")
    if one.get("SamplesPerPixel", 1) != 1:
        raise DataError(f"{folder}: {path.name} is in colour; give one number per voxel")
    return one


def _read_cached(path):
    """The Volume in a file of the cache, or None if the file is missing or damaged."""
    try:
        return Volume(**read_npz(path, ("values", "affine")))
    except DataError:
        return None


def _write_cached(path, volume):
    """Write to a temporary file and rename it: a kill cannot leave half a file in the cache."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        try:
            np.savez(file, values=volume.values, affine=volume.affine)
            file.close()
            os.replace(file.name, path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def check_settings(spacing, window, shape):
    """Refuse a spacing, window or shape that cannot be applied to a volume."""
    if spacing is not None and not (np.shape(spacing) == (3,) and min(spacing) > 0):
        raise DataError(f"spacing is {spacing!r}; give (x, y, z) in millimetres, all above 0.")
    if window is not None and not (np.shape(window) == (2,) and window[0] < window[1]):
        raise DataError(f"window is {window!r}; give (low, high), low below high.")
    if shape is not None:
        integers = all(isinstance(size, (int, np.integer)) for size in np.ravel(shape))
        if not (np.shape(shape) == (3,) and integers and min(shape) > 0):
            raise DataError(f"shape is {shape!r}; give (x, y, z) in voxels, integers >= 1.")
