"""Volumes from NIfTI files and DICOM series, brought to one orientation, spacing and scale."""

import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path

import numpy as np

from data_prep.dataset import Dataset, Part, fingerprint
from data_prep.errors import DataError
from data_prep.labelled_files import (
    FileReport,
    FilesDataset,
    content_digest,
    data_name,
    files_fingerprint,
    find_labelled_files,
    first_line,
    read_labelled_files,
    split_labelled_files,
    visible,
)
from data_prep.loaders import named_volumes

MEDMNIST_KEYS = tuple(
    f"{part}_{kind}" for part in ("train", "val", "test") for kind in ("images", "labels")
)
MILLIMETRES = {"mm": 1.0, "unknown": 1.0, "meter": 1000.0, "micron": 0.001}
MAX_VOXELS = 2**29  # of one volume: 2 GB as float32
CACHE_VERSION = "1"  # a new number makes all volumes anew
RAS = np.diag([-1.0, -1.0, 1.0, 1.0])  # from DICOM's left, posterior, superior


@dataclass(frozen=True)
class Volume:
    """One volume and where its voxels are.

    Attributes:
        values: (x, y, z), running to the right, to the front and upwards (RAS).
        affine: (4, 4), from voxel numbers to millimetres in the scanner's space.
    """

    values: np.ndarray
    affine: np.ndarray

    @property
    def spacing(self):
        """Distance of neighbouring voxels along x, y and z in millimetres."""
        return tuple(float(size) for size in np.linalg.norm(self.affine[:3, :3], axis=0))


def load_volumes(
    path,
    spacing=(1.5, 1.5, 1.5),
    window=(-1000, 400),
    shape=None,
    seed=0,
    validation=0.1,
    cache=None,
    min_shape=(1, 1, 1),
):
    """Load volumes with one class each, brought to one spacing and scaled to 0 to 1.

    Args:
        path: a CSV file with the columns path (from the folder of the CSV) and label; a folder
            with one such CSV; or a folder with one folder per class, or with the folders train,
            test and validation that each have these. A path is a NIfTI file (.nii, .nii.gz) or
            the folder of one DICOM series. Without a test folder a fifth of each class is the
            test part, the same for every seed. Or an .npz file in MedMNIST's form: bytes in
            train_images, val_images and test_images (examples, x, y, z), and labels
            (examples, 1); its parts are kept and divided by 255. Or "phantoms", drawn chests
            with and without a nodule, (48, 48, 24) voxels of 7 mm. Spacing and shape count for
            files alone.
        spacing: (x, y, z) in millimetres, as in `read_volume`.
        window: (low, high), as in `read_volume`; the default spans air to bone in Hounsfield
            units.
        shape: (x, y, z) in voxels, as in `read_volume`; None where all have one shape already.
        seed: draws the validation part where there is no folder for it.
        validation: share of the training volumes, the same in each class, for validation.
        cache: a folder that keeps the prepared volumes for the next time, or None.
        min_shape: least (x, y, z) in voxels that the network can take.

    Returns:
        A Dataset, with `report` (the FileReport on refused files) where it is read from many
        files. Inputs are float32 (examples, x, y, z, 1), labels int64 (examples,).

    Raises:
        DataError: naming the file, what is wrong and what to do.
    """
    if window is None:
        raise DataError("window is None; give the (low, high) values that become 0 and 1.")
    settings = {"spacing": spacing, "window": window, "shape": shape}
    _check_settings(**settings)
    named = named_volumes(path, window, seed, validation)
    if named:
        return _of_least_shape(named, min_shape)
    path = Path(path)
    if path.suffix == ".npz":
        return _of_least_shape(_load_medmnist(path), min_shape)
    if shape is not None and (np.array(shape) < min_shape).any():
        raise DataError(
            f"shape is {_cross(shape)}, and this network needs {_cross(min_shape)} voxels or more."
        )
    if path.name.endswith((".nii", ".nii.gz")):
        raise DataError(
            f"{path}: one scan, not a data set; read it with data_prep.read_volume, or give a "
            f"folder of scans by class, or a CSV with the columns path and label."
        )
    tables = (
        [inside for inside in visible(path) if inside.suffix == ".csv"] if path.is_dir() else []
    )
    table = tables[0] if len(tables) == 1 else path
    found, refused = find_labelled_files(table, visible)

    def read(item):
        return read_volume(item, **settings, cache=cache).values, ""

    files, values, more, _ = read_labelled_files(found, read, threads=1)
    refused += more
    classes, labels, rows = split_labelled_files(files, found, refused, path, seed, validation)
    for file, volume in zip(files, values, strict=True):
        if volume.shape != values[0].shape:
            raise DataError(
                f"{path}: {file.name} has the shape {volume.shape} and {files[0].name} "
                f"{values[0].shape}; give shape=(x, y, z) to crop or pad all to one."
            )
    low, high = map(np.float32, window)

    def part(part_rows):
        inputs = np.stack([values[row] for row in part_rows])
        return Part(inputs[..., None], labels[part_rows])

    data = FilesDataset(
        name=data_name(path),
        source=f"files in {path}",
        **{name: part(part_rows) for name, part_rows in rows.items()},
        classes=tuple(classes),
        fingerprint=files_fingerprint(files),
        to_original=lambda inputs: inputs * (high - low) + low,
        report=FileReport(len(files), tuple(refused)),
    )
    return _of_least_shape(data, min_shape)


def slices_through(values, place):
    """One image of the three slices through a voxel, as a radiologist looks at them.

    From left to right: the axial slice seen from the feet, the coronal from the front, the
    sagittal from the left. The patient's right is on the left, the front or the head on top.

    Args:
        values: (x, y, z), running to the right, to the front and upwards, as of a Volume.
        place: (x, y, z) number of the voxel.

    Returns:
        An image (largest of y and z, x + x + y + gaps); around the slices it has the least value.
    """
    x, y, z = place
    slices = [
        values[::-1, ::-1, z].T,  # (y, x)
        values[::-1, y, ::-1].T,  # (z, x)
        values[x, ::-1, ::-1].T,  # (z, y)
    ]
    height = max(len(one) for one in slices)
    gap = 1 + max(values.shape) // 24
    image = np.full(
        (height, sum(one.shape[1] for one in slices) + 2 * gap), values.min(), values.dtype
    )
    left = 0
    for one in slices:
        top = (height - len(one)) // 2
        image[top : top + len(one), left : left + one.shape[1]] = one
        left += one.shape[1] + gap
    return image


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
    _check_settings(spacing, window, shape)
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
        volume = _resample(volume, spacing, path)
    if window is not None:
        low, high = map(np.float32, window)
        volume = Volume(np.clip((volume.values - low) / (high - low), 0, 1), volume.affine)
    if shape is not None:
        fill = 0 if label_map or window is not None else volume.values.min()
        volume = _crop_or_pad(volume, shape, fill)
    return volume


def _read_nifti(path):
    import nibabel

    if not path.name.lower().endswith((".nii", ".nii.gz")):
        raise DataError(f"{path}: not a volume; give a .nii or .nii.gz file or a DICOM folder")
    try:
        image = nibabel.load(path)
        header = image.header
        _check_grid(image.shape, image.affine, path)
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
    return _to_ras(values, np.diag([unit, unit, unit, 1]) @ image.affine)


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
    _check_grid((first.Columns, first.Rows, len(slices)), affine, folder)
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
    return _to_ras(values, RAS @ affine)


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


def _check_grid(shape, affine, path):
    """Refuse what is not a volume of voxels at known places."""
    if len(shape) < 3 or any(size != 1 for size in shape[3:]):
        raise DataError(
            f"{path}: has the shape {tuple(shape)}; a volume is (x, y, z); take one out of it"
        )
    if 0 in shape or np.prod(shape, dtype=float) > MAX_VOXELS:
        raise DataError(
            f"{path}: has the shape {tuple(shape)}, empty or over {MAX_VOXELS:,} voxels; crop it"
        )
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise DataError(f"{path}: its affine is not finite or flat; set spacing and orientation")


def _to_ras(values, affine):
    """Swap and flip the axes, so that they run to the right, to the front and upwards."""
    from nibabel import orientations

    axes = orientations.io_orientation(affine)
    turned = orientations.apply_orientation(values, axes)
    back = orientations.inv_ornt_aff(axes, values.shape)
    return Volume(np.ascontiguousarray(turned), affine @ back)


def _resample(volume, spacing, path):
    """Resample to another spacing, over the same extent and around the same centre.

    The new grid has the number of voxels that fills the old extent best. Beyond the centres of
    the outermost old voxels, the value of the nearest one goes on.
    """
    from scipy import ndimage

    ratio = np.asarray(spacing, float) / volume.spacing  # old voxels per new voxel
    old = np.array(volume.values.shape)
    new = np.maximum(1, np.round(old / ratio)).astype(int)
    if np.prod(new, dtype=float) > MAX_VOXELS:
        raise DataError(
            f"{path}: spacing {tuple(spacing)} would make {tuple(map(int, new))} voxels; choose a "
            f"greater spacing"
        )
    if np.allclose(ratio, 1, rtol=0, atol=1e-4):
        return volume
    offset = (old - 1) / 2 - (new - 1) / 2 * ratio
    labels = np.issubdtype(volume.values.dtype, np.integer)
    values = ndimage.affine_transform(
        volume.values,
        ratio,
        offset,
        output_shape=tuple(new),
        order=0 if labels else 1,
        mode="nearest",
    )
    grid = np.diag([*ratio, 1.0])
    grid[:3, 3] = offset
    return Volume(values, volume.affine @ grid)


def _crop_or_pad(volume, shape, fill):
    """Cut off or add the same number of voxels at both ends of each axis, or one more behind."""
    values = np.full(shape, fill, volume.values.dtype)
    old, new = np.array(volume.values.shape), np.array(shape)
    first = (old - new) // 2  # voxel of the old volume that becomes voxel 0; negative: padding
    size = np.minimum(old, new)
    source, target = np.maximum(first, 0), np.maximum(-first, 0)
    values[tuple(map(slice, target, target + size))] = volume.values[
        tuple(map(slice, source, source + size))
    ]
    move = np.eye(4)
    move[:3, 3] = first
    return Volume(values, volume.affine @ move)


def _read_cached(path):
    """The Volume in a file of the cache, or None where there is none or it is damaged."""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            return Volume(archive["values"], archive["affine"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
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


def _load_medmnist(path):
    arrays = _read_medmnist(path)
    classes = np.unique(arrays["train_labels"])
    if len(classes) < 2:
        raise DataError(f"{path}: train_labels has {len(classes)} class; a classifier needs two.")
    parts = {}
    for part in ("train", "val", "test"):
        images, labels = arrays[f"{part}_images"], arrays[f"{part}_labels"]
        if images.ndim != 4 or 0 in images.shape or images.dtype != np.uint8:
            raise DataError(
                f"{path}: {part}_images is {images.dtype} {images.shape}; give bytes "
                f"(examples, x, y, z)."
            )
        if images.shape[1:] != arrays["train_images"].shape[1:]:
            raise DataError(
                f"{path}: {part}_images has volumes of shape {images.shape[1:]}, train_images of "
                f"{arrays['train_images'].shape[1:]}; bring them to one shape."
            )
        if labels.shape not in ((len(images), 1), (len(images),)) or labels.dtype.kind not in "iu":
            raise DataError(
                f"{path}: {part}_labels is {labels.dtype} {labels.shape}; give one class number "
                f"per volume, ({len(images)}, 1)."
            )
        unknown = np.setdiff1d(labels, classes)
        if len(unknown):
            raise DataError(f"{path}: {part}_labels has {unknown[0]}, which train_labels has not.")
        inputs = images[..., None].astype(np.float32)
        inputs /= 255
        parts[part] = Part(inputs, np.searchsorted(classes, labels.ravel()))
    return Dataset(
        name=path.stem,
        source=f"file {path}",
        train=parts["train"],
        validation=parts["val"],
        test=parts["test"],
        classes=tuple(map(str, classes)),
        fingerprint=fingerprint([arrays[key] for key in MEDMNIST_KEYS]),
        to_original=lambda inputs: inputs * 255,
    )


def _read_medmnist(path):
    if not path.exists():
        raise DataError(f"{path}: no such file or folder; give a folder, a CSV or an .npz file.")
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            missing = [key for key in MEDMNIST_KEYS if key not in archive.files]
            if missing:
                raise DataError(
                    f"{path}: no array {missing[0]!r} (it holds {', '.join(archive.files)}); "
                    f"name the arrays {', '.join(MEDMNIST_KEYS)}."
                )
            return {key: archive[key] for key in MEDMNIST_KEYS}
    except DataError:
        raise
    except (zipfile.BadZipFile, zlib.error, LZMAError, EOFError, OSError, ValueError) as error:
        raise DataError(
            f"{path}: not a readable .npz file of numbers ({first_line(error)}); write it again "
            f"with numpy.savez."
        ) from error


def _of_least_shape(data, min_shape):
    """The data, unless their volumes are too small for the network."""
    shape = data.input_shape[:3]
    if (np.array(shape) < min_shape).any():
        raise DataError(
            f"{data.name}: volumes of {_cross(shape)} voxels, and this network needs "
            f"{_cross(min_shape)} or more; give a larger shape or a smaller spacing."
        )
    return data


def _cross(shape):
    """A shape in words: 48 x 48 x 24."""
    return " x ".join(map(str, shape))


def _check_settings(spacing, window, shape):
    if spacing is not None and not (np.shape(spacing) == (3,) and min(spacing) > 0):
        raise DataError(f"spacing is {spacing!r}; give (x, y, z) in millimetres, all above 0.")
    if window is not None and not (np.shape(window) == (2,) and window[0] < window[1]):
        raise DataError(f"window is {window!r}; give (low, high), low below high.")
    whole = shape is not None and all(isinstance(n, (int, np.integer)) for n in np.ravel(shape))
    if shape is not None and not (np.shape(shape) == (3,) and whole and min(shape) > 0):
        raise DataError(f"shape is {shape!r}; give (x, y, z) in voxels, whole numbers above 0.")
