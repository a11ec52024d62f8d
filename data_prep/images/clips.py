"""Images as sequences of frames: patches of one image, and clips of consecutive images."""

import re
import warnings

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
from data_prep.images.files import (
    FORMATS,
    THREADS,
    check_image_size,
    read_animation,
    read_image,
)
from data_prep.sources.named import find_named


def image_patches(images, patch_size, stride=None):
    """Turn each image into a sequence of patches, row by row from the top left.

    Args:
        images: a Dataset with inputs (examples, height, width, channels).
        patch_size: (height, width) of a patch in pixels.
        stride: (down, right) steps in pixels from one patch to the next, at most the patch size.
            None for the patch size, which gives a grid without overlap.

    Returns:
        The Dataset with inputs (examples, patches, patch height, patch width, channels). Each
        sequence has the label of its image.

    Raises:
        DataError: if the patches would not cover the whole image.
    """
    shape = images.input_shape
    if len(shape) != 3:
        raise DataError(
            f"image_patches needs inputs of shape (examples, height, width, channels), "
            f"but those of {images.name!r} are (examples, {', '.join(map(str, shape))})."
        )
    if stride is None:
        stride = patch_size
    rows = _patch_starts("height", shape[0], patch_size[0], stride[0], images.name)
    columns = _patch_starts("width", shape[1], patch_size[1], stride[1], images.name)

    windows = []  # the pixels of each patch
    for top in rows:
        for left in columns:
            window = (
                slice(None),
                slice(top, top + patch_size[0]),
                slice(left, left + patch_size[1]),
            )
            windows.append(window)

    def cut(inputs):
        inputs = np.asarray(inputs)
        return np.stack([inputs[window] for window in windows], axis=1)

    def put_back(patches):
        inputs = np.empty((len(patches), *shape), patches.dtype)
        for index, window in enumerate(windows):
            inputs[window] = patches[:, index]
        return images.to_original(inputs)

    return images.map_inputs(cut, put_back)


def _patch_starts(axis, size, patch, step, name):
    """First pixel of each patch along one axis."""
    fits = 0 < patch <= size and 0 < step <= patch and (size - patch) % step == 0
    if not fits:
        raise DataError(
            f"patches of {patch} pixels every {step} do not cover the {axis} of {size} pixels of "
            f"{name!r}; choose a stride that is at most the patch size and divides {axis} - patch."
        )
    return range(0, size - patch + 1, step)


def image_clips(sequences, labels, length, stride=None):
    """Cut sequences of images into clips of `length` images, each with its sequence's label.

    With length 4 and stride 2, a sequence of 9 images gives the clips 0-3, 2-5 and 4-7. Image 8
    is in no clip. A clip never contains images of two sequences.

    Args:
        sequences: arrays (images, height, width, channels), which may have different numbers of
            images, or one array (sequences, images, height, width, channels).
        labels: label of each sequence, (sequences,).
        length: images in a clip.
        stride: number of images from the start of one clip to the start of the next. None for
            `length`, which gives clips that share no image.

    Returns:
        A Part: inputs (clips, length, height, width, channels), labels (clips,).

    Raises:
        DataError: if the sequences have different image shapes, or none is long enough.
    """
    if stride is None:
        stride = length
    if length < 1 or stride < 1:
        raise DataError(f"length is {length} and stride {stride}; give integers >= 1.")
    if len(sequences) != len(labels):
        raise DataError(
            f"{len(labels)} labels for {len(sequences)} sequences of images; give one each."
        )

    clips, clip_labels = [], []
    for number, (sequence, label) in enumerate(zip(sequences, labels, strict=True)):
        if sequence.ndim != 4 or sequence.shape[1:] != sequences[0].shape[1:]:
            raise DataError(
                f"sequence {number} has shape {sequence.shape}; bring all to (images, height, "
                f"width, channels) with one height, width and channel count."
            )
        for first in range(0, len(sequence) - length + 1, stride):
            clips.append(sequence[first : first + length])
            clip_labels.append(label)

    if not clips:
        longest = max(map(len, sequences), default=0)
        raise DataError(f"the longest sequence has {longest} images; a clip needs {length}.")
    return Part(np.stack(clips), np.array(clip_labels))


def load_clips(path, length, stride=None, image_size=(64, 64), channels=3, seed=0, validation=0.1):
    """Load clips from animations and folders of numbered image files, with one class each.

    A sequence of images is one animated file (GIF, PNG, WebP), or one folder of files with
    numbers in their names. The files are sorted by number: 9.png comes before 10.png. If a number
    is missing or its file is damaged, the sequence is split there, and no clip spans the gap. All
    clips of one sequence are in the same part.

    Args:
        path: one of

            - a folder with one folder of sequences per class, or with the folders train, test and
              validation that each contain such class folders;
            - a CSV file with the columns path and label;
            - "moving_digits", generated sequences of two digits that move and bounce: 11 images
              (24, 24, 1) each, with labels (clips, 2), the two digits. `image_size` and
              `channels` have no effect on them.
        length: images in a clip.
        stride: number of images from the start of one clip to the start of the next. None for
            `length`.
        image_size: (height, width) in pixels. Each image is resized to it.
        channels: 1 for grey, 3 for red, green and blue.
        seed: selects the validation part if there is no folder for it.
        validation: fraction of the training sequences, the same in each class, for validation.

    Returns:
        A FilesDataset. Inputs are float32 (clips, length, height, width, channels), 0 to 1,
        labels int64 (clips,).

    Raises:
        DataError: if the layout is wrong or a class has no sequence that can be used.
    """
    named = _load_named_clips(path, length, stride, seed, validation)
    if named:
        return named

    image_size = check_image_size(image_size, channels)
    found, refused = find_labelled_files(path, visible)

    def read(item):
        if item.is_dir():
            runs, change = _read_numbered_images(item, image_size, channels)
        else:
            runs, change = [read_animation(item, image_size, channels)], ""
        longest = max(map(len, runs))
        if longest < length:
            raise DataError(f"{item}: {longest} images in a row; a clip needs {length}")
        return runs, change

    with warnings.catch_warnings():
        # Pillow's warnings do not name the file; the report names each file with its problem.
        warnings.simplefilter("ignore")
        files, runs_of_file, unreadable, changed = read_labelled_files(found, read, THREADS)
    refused += unreadable
    classes, labels, rows = split_labelled_files(files, found, refused, path, seed, validation)

    def make_part(part_rows):
        runs, run_labels = [], []
        for row in part_rows:
            for run in runs_of_file[row]:
                runs.append(run)
                run_labels.append(labels[row])
        clips = image_clips(runs, run_labels, length, stride)
        return Part(clips.inputs / np.float32(255), clips.labels)

    return FilesDataset(
        name=data_name(path),
        source=f"files in {path}",
        **{name: make_part(part_rows) for name, part_rows in rows.items()},
        classes=tuple(classes),
        fingerprint=files_fingerprint(files),
        to_original=lambda inputs: inputs * 255,
        report=FileReport(len(files), tuple(refused), tuple(changed)),
    )


def _load_named_clips(name, length, stride, seed, validation):
    """`load_clips` for named data; None if `name` is a path."""
    named = find_named(name, "clips", "the path of a folder or a CSV")
    if named is None:
        return None
    x_train, y_train, x_test, y_test = named.load()
    no_classes = np.zeros(len(x_train))
    train_rows, validation_rows = stratified_split(no_classes, validation, seed)

    def make_part(sequences, labels):
        clips = image_clips(sequences[..., None], labels, length, stride)
        return Part(clips.inputs / np.float32(255), clips.labels)

    return Dataset(
        name=str(name),
        source=named.full_source(),
        train=make_part(x_train[train_rows], y_train[train_rows]),
        validation=make_part(x_train[validation_rows], y_train[validation_rows]),
        test=make_part(x_test, y_test),
        classes=tuple(map(str, np.unique(y_train))),
        fingerprint=fingerprint(x_train, y_train, x_test, y_test),
        to_original=lambda clips: clips * 255,
    )


def _read_numbered_images(folder, image_size, channels):
    """Read a folder of numbered files in the order of their numbers.

    Returns:
        (runs, changes): uint8 arrays (images, height, width, channels) of consecutive images, and
        a text that says what was left out, or "".
    """
    numbered, changes = _number_files(folder)
    numbers = sorted(numbered)
    if not numbers:
        raise DataError(f"{folder}: no image files")

    step = min(np.diff(numbers), default=1)  # 5 if the files are numbered 0, 5, 10
    runs, previous = [], None
    for number in numbers:
        try:
            pixels, _ = read_image(numbered[number], image_size, channels)
        except DataError as error:
            changes.append(str(error).replace(f"{folder}/", "left out "))
            continue

        if previous is None:
            runs.append([])
        elif number - previous != step:
            runs.append([])
            changes.append(f"no clip across the gap before {numbered[number].name}")
        runs[-1].append(pixels)
        previous = number

    if not runs:
        raise DataError(f"{folder}: no image can be read ({changes[-1]})")
    return [np.array(run) for run in runs], ", ".join(changes)


def _number_files(folder):
    """({number: path of the image file}, what was left out) of a folder."""
    suffixes = set()
    for format_suffixes in FORMATS.values():
        suffixes.update(format_suffixes)

    numbered, changes = {}, []
    for path in visible(folder):
        if path.suffix.lower() not in suffixes:
            changes.append(f"{path.name} left out: not named as an image")
            continue
        digits = re.findall(r"\d+", path.stem)
        if not digits:
            raise DataError(f"{folder}: {path.name} has no number in its name")
        number = int(digits[-1])
        if number in numbered:
            raise DataError(
                f"{folder}: {path.name} and {numbered[number].name} have the same number"
            )
        numbered[number] = path
    return numbered, changes
