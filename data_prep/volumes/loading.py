"""Volumes from NIfTI files and DICOM series, brought to one orientation, spacing and scale."""

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
    check_settings(**settings)
    named = _named_volumes(path, window, seed, validation)
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


def _named_volumes(name, window, seed, validation):
    """The part of `load_volumes` for named data; None where `name` is a path."""
    files = "the path of a folder, a CSV or an .npz file"
    named = find_named(name, "volumes", files)
    if named is None:
        return None
    x_train, y_train, x_test, y_test = named.load()
    classes = np.unique(y_train)
    rows, validation_rows = stratified_split(y_train, validation, seed)
    low, high = map(np.float32, window)

    def part(volumes, labels):
        inputs = (np.clip(volumes, low, high) - low) / (high - low)
        return Part(inputs[..., None], np.searchsorted(classes, labels))

    return Dataset(
        name=str(name),
        source=named.full_source(),
        train=part(x_train[rows], y_train[rows]),
        validation=part(x_train[validation_rows], y_train[validation_rows]),
        test=part(x_test, y_test),
        classes=tuple(map(str, classes)),
        fingerprint=fingerprint(x_train, y_train, x_test, y_test),
        to_original=lambda inputs: inputs * (high - low) + low,
    )


def _load_medmnist(path):
    if not path.exists():
        raise DataError(f"{path}: no such file or folder; give a folder, a CSV or an .npz file.")
    arrays = read_npz(path, MEDMNIST_KEYS)
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
