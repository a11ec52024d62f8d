"""Images as sequences of frames: patches of one image, and clips of several images in a row."""

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
    """Turn each image into a sequence of patches, in reading order.

    Args:
        images: a Dataset with inputs (examples, height, width, channels).
        patch_size: (height, width) of a patch in pixels.
        stride: (down, right) pixels from one patch to the next, at most the patch size; None for
            the patch size, a grid without overlap.

    Returns:
        The Dataset with inputs (examples, patches, patch height, patch width, channels). Each
        sequence has the label of its image.

    Raises:
        DataError: where the patches would not cover the image to its last pixel.
    """
    shape = images.input_shape
    if len(shape) != 3:
        raise DataError(
            f"image_patches needs inputs of shape (examples, height, width, channels), "
            f"but those of {images.name!r} are (examples, {', '.join(map(str, shape))})."
        )
    steps = patch_size if stride is None else stride
    counts = []
    for axis, size, patch, step in zip(
        ("height", "width"), shape[:2], patch_size, steps, strict=True
    ):
        if not 0 < patch <= size or not 0 < step <= patch or (size - patch) % step:
            raise DataError(
                f"patches of {patch} pixels every {step} do not cover the {axis} of {size} pixels "
                f"of {images.name!r}; choose a stride of at most the patch that divides "
                f"{axis} - patch."
            )
        counts.append((size - patch) // step + 1)
    corners = [(row * steps[0], column * steps[1]) for row, column in np.ndindex(*counts)]

    def cut(inputs):
        inputs = np.asarray(inputs)
        return np.stack(
            [
                inputs[:, top : top + patch_size[0], left : left + patch_size[1]]
                for top, left in corners
            ],
            axis=1,
        )

    def put_back(patches):
        inputs = np.empty((len(patches), *shape), patches.dtype)
        for index, (top, left) in enumerate(corners):
            inputs[:, top : top + patch_size[0], left : left + patch_size[1]] = patches[:, index]
        return images.to_original(inputs)

    return images.map_inputs(cut, put_back)


def image_clips(sequences, labels, length, stride=None):
    """Cut sequences of images into clips of `length` images, each with its sequence's label.

    With length 4 and stride 2, a sequence of 9 images gives the clips 0-3, 2-5 and 4-7; image 8
    is in none. A clip never goes from one sequence into the next.

    Args:
        sequences: arrays (images, height, width, channels), which may differ in `images`, or one
            array (sequences, images, height, width, channels).
        labels: label of each sequence, (sequences,).
        length: images in a clip.
        stride: images from the first of one clip to the first of the next; None for `length`,
            clips that share no image.

    Returns:
        A Part: inputs (clips, length, height, width, channels), labels (clips,).

    Raises:
        DataError: where the sequences do not fit each other, or none is long enough.
    """
    stride = length if stride is None else stride
    if length < 1 or stride < 1:
        raise DataError(f"length is {length} and stride {stride}; both count images, from 1 on.")
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
    numbers in their names, in the order of the numbers (9.png before 10.png). Where a number is
    missing or its file is damaged, the sequence is cut in two, and no clip goes across. All clips
    of one sequence are in the same part.

    Args:
        path: a folder with one folder per class, or with the folders train, test and validation
            that each have these; or a CSV file with the columns path and label. Or
            "moving_digits", two digits that move and bounce, drawn: 11 images (24, 24, 1) in a
            sequence, whatever `image_size` and `channels`, and labels (clips, 2), the two digits.
        length: images in a clip.
        stride: images from the first of one clip to the first of the next; None for `length`.
        image_size: (height, width) in pixels that each image is brought to.
        channels: 1 for grey, 3 for red, green and blue.
        seed: draws the validation part where there is no folder for it.
        validation: share of the training sequences, the same in each class, for validation.

    Returns:
        A FilesDataset. Inputs are float32 (clips, length, height, width, channels), 0 to 1,
        labels int64 (clips,).

    Raises:
        DataError: where the layout is wrong or a class has no sequence that can be used.
    """
    named = _named_clips(path, length, stride, seed, validation)
    if named:
        return named
    image_size = check_image_size(image_size, channels)
    found, refused = find_labelled_files(path, visible)

    def read(item):
        if item.is_dir():
            runs, change = _numbered_images(item, image_size, channels)
        else:
            runs, change = [read_animation(item, image_size, channels)], ""
        longest = max(map(len, runs))
        if longest < length:
            raise DataError(f"{item}: {longest} images in a row; a clip needs {length}")
        return runs, change

    with warnings.catch_warnings():
        # Pillow's remarks on odd files come without the file's name; what counts is in the report.
        warnings.simplefilter("ignore")
        files, values, more, changed = read_labelled_files(found, read, THREADS)
    refused += more
    classes, labels, rows = split_labelled_files(files, found, refused, path, seed, validation)

    def part(part_rows):
        runs = [(run, labels[row]) for row in part_rows for run in values[row]]
        clips = image_clips([run for run, _ in runs], [label for _, label in runs], length, stride)
        return Part(clips.inputs / np.float32(255), clips.labels)

    return FilesDataset(
        name=data_name(path),
        source=f"files in {path}",
        **{name: part(part_rows) for name, part_rows in rows.items()},
        classes=tuple(classes),
        fingerprint=files_fingerprint(files),
        to_original=lambda inputs: inputs * 255,
        report=FileReport(len(files), tuple(refused), tuple(changed)),
    )


def _named_clips(name, length, stride, seed, validation):
    """The part of `load_clips` for named data; None where `name` is a path."""
    named = find_named(name, "clips", "the path of a folder or a CSV")
    if named is None:
        return None
    x_train, y_train, x_test, y_test = named.load()
    rows, validation_rows = stratified_split(np.zeros(len(x_train)), validation, seed)

    def part(clips, labels):
        cut = image_clips(clips[..., None], labels, length, stride)
        return Part(cut.inputs / np.float32(255), cut.labels)

    return Dataset(
        name=str(name),
        source=named.full_source(),
        train=part(x_train[rows], y_train[rows]),
        validation=part(x_train[validation_rows], y_train[validation_rows]),
        test=part(x_test, y_test),
        classes=tuple(map(str, np.unique(y_train))),
        fingerprint=fingerprint(x_train, y_train, x_test, y_test),
        to_original=lambda clips: clips * 255,
    )


def _numbered_images(folder, image_size, channels):
    """Read a folder of numbered files in the order of their numbers.

    Returns:
        (runs, change): uint8 arrays (images, height, width, channels), cut where a number is
        missing, and what was left out or "".
    """
    suffixes = {suffix for names in FORMATS.values() for suffix in names}
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
            raise DataError(f"{folder}: {path.name} and {numbered[number].name} have one number")
        numbered[number] = path
    numbers = sorted(numbered)
    if not numbers:
        raise DataError(f"{folder}: no image files")
    step = min(np.diff(numbers), default=1)  # files may be numbered 0, 5, 10
    runs, previous = [], None
    for number in numbers:
        try:
            pixels, _ = read_image(numbered[number], image_size, channels)
        except DataError as error:
            changes.append(str(error).replace(f"{folder}/", "left out "))
            continue
        if previous is None or number - previous != step:
            runs.append([])
            if previous is not None:
                changes.append(f"no clip across the gap before {numbered[number].name}")
        runs[-1].append(pixels)
        previous = number
    if not runs:
        raise DataError(f"{folder}: no image can be read ({changes[-1]})")
    return [np.array(run) for run in runs], ", ".join(changes)
