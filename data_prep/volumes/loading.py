"""Volumes with one class each, with the same orientation, spacing and range of values."""

from pathlib import Path

import numpy as np

from data_prep.dataset import Dataset, Part, fingerprint, stratified_split
from data_prep.errors import DataError
from data_prep.files.labelled import (
    FileReport,
    FilesDataset,
    data_name,
    files_fingerprint,
    find_labelled_files,
    read_labelled_files,
    split_labelled_files,
    visible,
)
from data_prep.files.npz import read_npz
from data_prep.sources.named import find_named
from data_prep.volumes.readers import check_settings, read_volume

MEDMNIST_KEYS = tuple(
    f"{part}_{kind}" for part in ("train", "val", "test") for kind in ("images", "labels")
)


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
    """Load volumes with one class each, resampled to one spacing and scaled to 0 to 1.

    Args:
        path: one of

            - a CSV file with the columns path (relative to the folder of the CSV) and label, or a
              folder that contains one such CSV;
            - a folder with one folder per class, or with the folders train, test and validation
              that each contain such class folders;
            - an .npz file in the form of MedMNIST: bytes (examples, x, y, z) in train_images,
              val_images and test_images, and labels (examples, 1). Its parts do not change, and
              its bytes are divided by 255;
            - "phantoms", generated chests with and without a nodule: 48 x 48 x 24 voxels of 7 mm.

            Each path in a CSV or class folder is a NIfTI file (.nii, .nii.gz) or the folder of one
            DICOM series. Without a test folder, a fifth of each class becomes the test part, the
            same for every seed.
        spacing: (x, y, z) in millimetres, as in `read_volume`. Used for NIfTI and DICOM only.
        window: (low, high), as in `read_volume`. The default, in Hounsfield units, reaches from
            air to bone.
        shape: (x, y, z) in voxels, as in `read_volume`. None if all volumes have the same shape.
            Used for NIfTI and DICOM only.
        seed: selects the validation part if there is no folder for it.
        validation: fraction of the training volumes, the same in each class, for validation.
        cache: a folder that stores the prepared volumes for the next call, or None.
        min_shape: smallest (x, y, z) in voxels that the network accepts.

    Returns:
        A Dataset. Inputs are float32 (examples, x, y, z, 1), labels int64 (examples,). Data from
        many files also have `report`, the FileReport on refused files.

    Raises:
        DataError: if the data cannot be used. The message names the file.
    """
    if window is None:
        raise DataError("window is None; give the (low, high) values that become 0 and 1.")
    settings = {"spacing": spacing, "window": window, "shape": shape}
    check_settings(**settings)

    data = _load_named_volumes(path, window, seed, validation)
    if data is None and Path(path).suffix == ".npz":
        data = _load_medmnist(Path(path))
    if data is None:
        _check_scan_settings(Path(path), shape, min_shape)
        data = _load_scans(Path(path), settings, seed, validation, cache)

    found_shape = data.input_shape[:3]
    if _is_too_small(found_shape, min_shape):
        raise DataError(
            f"{data.name}: volumes of {_cross(found_shape)} voxels, and this network needs "
            f"{_cross(min_shape)} or more; give a larger shape or a smaller spacing."
        )
    return data


def _load_named_volumes(name, window, seed, validation):
    """`load_volumes` for named data; None if `name` is a path."""
    named = find_named(name, "volumes", "the path of a folder, a CSV or an .npz file")
    if named is None:
        return None
    x_train, y_train, x_test, y_test = named.load()
    classes = np.unique(y_train)
    train_rows, validation_rows = stratified_split(y_train, validation, seed)
    low, high = map(np.float32, window)

    def make_part(volumes, labels):
        inputs = (np.clip(volumes, low, high) - low) / (high - low)
        return Part(inputs[..., None], np.searchsorted(classes, labels))

    return Dataset(
        name=str(name),
        source=named.full_source(),
        train=make_part(x_train[train_rows], y_train[train_rows]),
        validation=make_part(x_train[validation_rows], y_train[validation_rows]),
        test=make_part(x_test, y_test),
        classes=tuple(map(str, classes)),
        fingerprint=fingerprint(x_train, y_train, x_test, y_test),
        to_original=lambda inputs: inputs * (high - low) + low,
    )


def _load_medmnist(path):
    """`load_volumes` for an .npz file in the form of MedMNIST."""
    if not path.exists():
        raise DataError(f"{path}: no such file or folder; give a folder, a CSV or an .npz file.")
    arrays = read_npz(path, MEDMNIST_KEYS)
    classes = np.unique(arrays["train_labels"])
    if len(classes) < 2:
        raise DataError(f"{path}: train_labels has {len(classes)} class; a classifier needs two.")

    parts = {}
    for part in ("train", "val", "test"):
        _check_medmnist(arrays, part, classes, path)
        inputs = arrays[f"{part}_images"][..., None].astype(np.float32)
        inputs /= 255
        labels = arrays[f"{part}_labels"].ravel()
        parts[part] = Part(inputs, np.searchsorted(classes, labels))

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


def _check_medmnist(arrays, part, classes, path):
    """Refuse images and labels of one part that cannot be used."""
    images, labels = arrays[f"{part}_images"], arrays[f"{part}_labels"]
    train_shape = arrays["train_images"].shape[1:]

    if images.ndim != 4 or 0 in images.shape or images.dtype != np.uint8:
        raise DataError(
            f"{path}: {part}_images is {images.dtype} {images.shape}; give bytes "
            f"(examples, x, y, z)."
        )
    if images.shape[1:] != train_shape:
        raise DataError(
            f"{path}: {part}_images has volumes of shape {images.shape[1:]}, train_images of "
            f"{train_shape}; bring them to one shape."
        )
    if labels.shape not in ((len(images), 1), (len(images),)) or labels.dtype.kind not in "iu":
        raise DataError(
            f"{path}: {part}_labels is {labels.dtype} {labels.shape}; give one class number "
            f"per volume, ({len(images)}, 1)."
        )
    unknown = np.setdiff1d(labels, classes)
    if len(unknown):
        raise DataError(f"{path}: {part}_labels has {unknown[0]}, but train_labels does not.")


def _check_scan_settings(path, shape, min_shape):
    """Refuse a shape that is too small, and a single scan."""
    if shape is not None and _is_too_small(shape, min_shape):
        raise DataError(
            f"shape is {_cross(shape)}, and this network needs {_cross(min_shape)} voxels or more."
        )
    if path.name.endswith((".nii", ".nii.gz")):
        raise DataError(
            f"{path}: one scan, not a data set; read it with data_prep.read_volume, or give a "
            f"folder of scans by class, or a CSV with the columns path and label."
        )


def _load_scans(path, settings, seed, validation, cache):
    """`load_volumes` for NIfTI files and DICOM series in class folders or a CSV."""
    tables = []
    if path.is_dir():
        tables = [inside for inside in visible(path) if inside.suffix == ".csv"]
    source = tables[0] if len(tables) == 1 else path
    found, refused = find_labelled_files(source, visible)

    def read(item):
        return read_volume(item, **settings, cache=cache).values, ""

    files, volumes, unreadable, _ = read_labelled_files(found, read, threads=1)
    refused += unreadable
    classes, labels, rows = split_labelled_files(files, found, refused, path, seed, validation)

    for file, volume in zip(files, volumes, strict=True):
        if volume.shape != volumes[0].shape:
            raise DataError(
                f"{path}: {file.name} has the shape {volume.shape} and {files[0].name} "
                f"{volumes[0].shape}; give shape=(x, y, z) to crop or pad all to one."
            )

    low, high = map(np.float32, settings["window"])

    def make_part(part_rows):
        inputs = np.stack([volumes[row] for row in part_rows])
        return Part(inputs[..., None], labels[part_rows])

    return FilesDataset(
        name=data_name(path),
        source=f"files in {path}",
        **{name: make_part(part_rows) for name, part_rows in rows.items()},
        classes=tuple(classes),
        fingerprint=files_fingerprint(files),
        to_original=lambda inputs: inputs * (high - low) + low,
        report=FileReport(len(files), tuple(refused)),
    )


def _is_too_small(shape, min_shape):
    return (np.array(shape) < min_shape).any()


def _cross(shape):
    """A shape in words: 48 x 48 x 24."""
    return " x ".join(map(str, shape))
