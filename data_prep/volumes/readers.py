"""One volume from a NIfTI file or a DICOM series, and a cache of those prepared."""

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


CACHE_VERSION = "1"  # a new number makes all volumes anew


RAS = np.diag([-1.0, -1.0, 1.0, 1.0])  # from DICOM's left, posterior, superior


def read_volume(path, spacing=None, window=None, shape=None, label_map=False, cache=None):
    """Read one volume, its axes turned to run to the right, to the front and upwards (RAS).

    Axes are swapped and flipped, never rotated: a tilted scan stays tilted, as its affine says.

    Args:
        path: a NIfTI file (.nii, .nii.gz), or the folder of one DICOM series (.dcm files), whose
            slices are sorted by position and rescaled to Hounsfield units.
        spacing: (x, y, z) in millimetres to resample to: linear, nearest for label maps. None
            keeps the spacing.
        window: (low, high): values are clipped to it and scaled to 0 to 1. None keeps the values.
            Not for label maps.
        shape: (x, y, z) in voxels to crop or pad to around the centre. Padding is 0 in a window
            or a label map, the least value otherwise. None keeps the shape.
        label_map: the values are numbers of organs or classes, never mixed.
        cache: a folder that keeps the result for the next call with equal content and settings,
            or None. A damaged file in it is made anew.

    Returns:
        A Volume: float32 values, int32 for a label map.

    Raises:
        DataError: naming the file, what is wrong and what to do.
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
    cached = Path(cache) / f"{hashlib.sha256(key.encode()).hexdigest()}.npz"
    volume = _read_cached(cached)
    if volume is None:
        volume = _prepare(path, **settings)
        _write_cached(cached, volume)
    return volume


def _prepare(path, spacing, window, shape, label_map):
    volume = _read_dicom(path) if path.is_dir() else _read_nifti(path)
    with np.errstate(over="ignore"):
        values = volume.values.astype(np.float32)
    if not np.isfinite(values).all():
        first = tuple(int(index) for index in np.argwhere(~np.isfinite(values))[0])
        raise DataError(f"{path}: not finite at voxel {first}; replace that value")
    if label_map:
        # From 2**24 on, float32 leaves whole numbers out.
        if (values != np.round(values)).any() or np.abs(values).max() >= 2**24:
            raise DataError(
                f"{path}: a label map holds whole numbers; this holds other values; round them"
            )
        values = values.astype(np.int32)
    volume = Volume(values, volume.affine)
    if spacing is not None:
        volume = resample(volume, spacing, path)
    if window is not None:
        low, high = map(np.float32, window)
        volume = Volume(np.clip((volume.values - low) / (high - low), 0, 1), volume.affine)
    if shape is not None:
        fill = 0 if label_map or window is not None else volume.values.min()
        volume = crop_or_pad(volume, shape, fill)
    return volume


def _read_nifti(path):
    import nibabel

    if not path.name.lower().endswith((".nii", ".nii.gz")):
        raise DataError(f"{path}: not a volume; give a .nii or .nii.gz file or a DICOM folder")
    try:
        image = nibabel.load(path)
        header = image.header
        check_grid(image.shape, image.affine, path)
        if int(header["sform_code"]) == 0 and int(header["qform_code"]) == 0:
            raise DataError(
                f"{path}: does not say how it lies (sform and qform codes are 0); set its affine"
            )
        values = np.asarray(image.dataobj).reshape(image.shape[:3])
        unit = MILLIMETRES[header.get_xyzt_units()[0]]
    except DataError:
        raise
    except Exception as error:  # nibabel, gzip and zlib raise errors of many types on damage
        raise DataError(
            f"{path}: not a readable NIfTI file ({first_line(error)}); get it again"
        ) from error
    if values.dtype.kind not in "iuf":
        raise DataError(f"{path}: holds {values.dtype}, not one number per voxel; save grey values")
    return to_ras(values, np.diag([unit, unit, unit, 1]) @ image.affine)


def _read_dicom(folder):
    try:
        return _join_slices(_dicom_slices(folder), folder)
    except DataError:
        raise
    except Exception as error:  # pydicom raises errors of many types on damaged headers
        raise DataError(
            f"{folder}: not a readable DICOM series ({first_line(error)}); get it again"
        ) from error


def _join_slices(slices, folder):
    """The Volume of one series: slices sorted by position, values rescaled."""
    first = slices[0]
    column, row = np.reshape(np.asarray(first.ImageOrientationPatient, float), (2, 3))
    normal = np.cross(column, row)
    positions = np.array([one.ImagePositionPatient for one in slices], float)
    order = np.argsort(positions @ normal)
    slices, positions = [slices[index] for index in order], positions[order]
    steps = np.diff(positions, axis=0)
    step = np.median(steps, axis=0)
    thickness = np.linalg.norm(step)
    for index, one in enumerate(steps):
        here = f"{folder}: {Path(slices[index + 1].filename).name}"
        if np.linalg.norm(one) < 1e-3:
            raise DataError(f"{here} lies where another slice lies; keep one of them")
        if np.linalg.norm(one - step) > max(0.02 * thickness, 0.01):
            raise DataError(
                f"{here} is {np.linalg.norm(one):g} mm from the slice before it, where "
                f"{thickness:g} mm is usual; a slice is missing or shifted, get it"
            )
    if abs(step @ normal) < 0.999 * thickness:
        raise DataError(f"{folder}: a tilted gantry; straighten the series, as dcm2niix does")
    down, right = map(float, first.PixelSpacing)
    affine = np.eye(4)
    affine[:3, :3] = np.column_stack([column * right, row * down, step])
    affine[:3, 3] = positions[0]
    check_grid((first.Columns, first.Rows, len(slices)), affine, folder)
    values = np.empty((first.Columns, first.Rows, len(slices)), np.float32)
    for index, one in enumerate(slices):
        try:
            pixels = one.pixel_array
        except Exception as error:  # each of pydicom's decoders has its own errors
            name = Path(one.filename).name
            raise DataError(
                f"{folder}: {name} has no pixels that can be read "
                f"({first_line(error)}); get it again"
            ) from error
        slope, intercept = one.get("RescaleSlope", 1), one.get("RescaleIntercept", 0)
        values[:, :, index] = pixels.T * float(slope) + float(intercept)
    return to_ras(values, RAS @ affine)


def _dicom_slices(folder):
    """The slices of the one series in a folder, in any order, their headers checked."""
    import pydicom

    files = [path for path in visible(folder) if path.is_file()]
    files = [path for path in files if path.suffix.lower() == ".dcm"] or files
    slices = []
    for path in files:
        try:
            one = pydicom.dcmread(path)
        except Exception as error:  # pydicom raises errors of many types on damaged content
            raise DataError(
                f"{folder}: {path.name} is not a readable DICOM file "
                f"({first_line(error)}); get it again"
            ) from error
        for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows"):
            if one.get(name) is None:
                raise DataError(
                    f"{folder}: {path.name} has no {name}; it is no slice of a volume, take it out"
                )
        if int(one.get("NumberOfFrames", 1)) > 1:
            raise DataError(f"{folder}: {path.name} holds many frames; convert it to NIfTI")
        if one.get("SamplesPerPixel", 1) != 1:
            raise DataError(f"{folder}: {path.name} is in colour; give one number per voxel")
        slices.append(one)
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
            mine, usual = (np.asarray(of.get(name), float) for of in (one, slices[0]))
            if not np.allclose(mine, usual, rtol=0, atol=1e-3):
                raise DataError(
                    f"{folder}: {Path(one.filename).name} differs from the other slices in {name}; "
                    f"keep one series per folder"
                )
    return slices


def _read_cached(path):
    """The Volume in a file of the cache, or None where there is none or it is damaged."""
    try:
        return Volume(**read_npz(path, ("values", "affine")))
    except DataError:
        return None


def _write_cached(path, volume):
    """Write beside and rename, so that a kill leaves no half file under the final name."""
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
    """Refuse a spacing, window or shape that no volume can be brought to."""
    if spacing is not None and not (np.shape(spacing) == (3,) and min(spacing) > 0):
        raise DataError(f"spacing is {spacing!r}; give (x, y, z) in millimetres, all above 0.")
    if window is not None and not (np.shape(window) == (2,) and window[0] < window[1]):
        raise DataError(f"window is {window!r}; give (low, high), low below high.")
    whole = shape is not None and all(isinstance(n, (int, np.integer)) for n in np.ravel(shape))
    if shape is not None and not (np.shape(shape) == (3,) and whole and min(shape) > 0):
        raise DataError(f"shape is {shape!r}; give (x, y, z) in voxels, whole numbers above 0.")
