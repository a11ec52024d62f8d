"""Image files of many formats and sizes, loaded at once or batch by batch."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from data_prep.dataset import Part
from data_prep.errors import DataError, first_line
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

# Other formats of Pillow are not read: some start programs, such as Ghostscript for EPS.
FORMATS = {
    "BMP": (".bmp",),
    "GIF": (".gif",),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "JPEG2000": (".jp2", ".j2k", ".jpx", ".jpf"),
    "PNG": (".png", ".apng"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
}
MAX_PIXELS = 2**30 // 12  # per image: Pillow's own limit against decompression bombs
THREADS = 4


def load_image_files(path, image_size=(64, 64), channels=3, seed=0, validation=0.1, lazy=False):
    """Load image files with one class each, resized to one size and scaled to 0 to 1.

    Images are stretched to `image_size`, as keras.utils.image_dataset_from_directory does, and
    rotated as their EXIF data say. Transparent pixels become white. Images of 16 bits are reduced
    to 8 bits. Only the first image of an animation is used. Every file is read once here, so a
    damaged file is refused before training starts.

    Args:
        path: a folder with one folder of images per class, or with the folders train, test and
            validation that each contain such class folders; or a CSV file with the columns path
            (relative to the folder of the CSV) and label. Without a test folder, a fifth of each
            class becomes the test part, the same for every seed.
        image_size: (height, width) in pixels.
        channels: 1 for grey, 3 for red, green and blue.
        seed: selects the validation part if there is no folder for it.
        validation: fraction of the training images, the same in each class, for validation.
        lazy: leave the images on disk, for data larger than the memory. The parts are then
            ImageFilesPart, whose `dataset` and `batches` read batch by batch.

    Returns:
        A FilesDataset: a Dataset with `report`, the FileReport on refused and changed files.
        Inputs are float32 (examples, height, width, channels), labels int64 (examples,).

    Raises:
        DataError: if the layout is wrong or a class has no readable image.
    """
    image_size = check_image_size(image_size, channels)
    found, refused = find_labelled_files(path, _all_files)

    def read(file):
        pixels, change = read_image(file, image_size, channels)
        return None if lazy else pixels, change

    with warnings.catch_warnings():
        # Pillow's warnings do not name the file; the report names each file with its problem.
        warnings.simplefilter("ignore")
        files, images, unreadable, changed = read_labelled_files(found, read, THREADS)
    refused += unreadable
    classes, labels, rows = split_labelled_files(files, found, refused, path, seed, validation)

    def make_part(part_rows):
        if lazy:
            paths = tuple(files[row].path for row in part_rows)
            return ImageFilesPart(ImageFiles(paths, image_size, channels), labels[part_rows])

        inputs = np.empty((len(part_rows), *image_size, channels), np.float32)
        for index, row in enumerate(part_rows):
            inputs[index] = images[row]
        inputs /= 255
        return ImagesPart(inputs, labels[part_rows])

    return FilesDataset(
        name=data_name(path),
        source=f"files in {path}",
        **{name: make_part(part_rows) for name, part_rows in rows.items()},
        classes=tuple(classes),
        fingerprint=files_fingerprint(files),
        to_original=lambda inputs: inputs * 255,
        report=FileReport(len(files), tuple(refused), tuple(changed)),
    )


@dataclass(frozen=True)
class ImageFiles:
    """Image files that behave like an array float32 (images, height, width, channels), 0 to 1.

    Indexing with a row number, a slice or an array of row numbers reads only these images.

    Attributes:
        paths: the files.
        image_size: (height, width) in pixels of the images after reading.
        channels: 1 or 3.
    """

    paths: tuple
    image_size: tuple
    channels: int

    @property
    def shape(self):
        """(images, height, width, channels); reads no file."""
        return (len(self.paths), *self.image_size, self.channels)

    @property
    def dtype(self):
        """Type of the pixels after reading."""
        return np.dtype(np.float32)

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, rows):
        rows = np.arange(len(self))[rows]
        if rows.ndim == 0:
            return self.read(int(rows))
        with ThreadPoolExecutor(THREADS) as pool:
            images = list(pool.map(self.read, rows.ravel()))
        return np.array(images, np.float32).reshape(*rows.shape, *self.shape[1:])

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self[:], dtype)

    def read(self, row):
        """One image, float32 (height, width, channels)."""
        pixels, _ = read_image(self.paths[row], self.image_size, self.channels)
        return pixels / np.float32(255)


@dataclass(frozen=True, repr=False)
class ImagesPart(Part):
    """A Part of images that can also be read batch by batch.

    `dataset` and `batches` give the same batches: images float32 (batch, height, width, channels)
    and labels int64 (batch,).
    """

    def take(self, numbers):
        """The part with some of the images: a slice, a mask, or an array of row numbers."""
        return ImagesPart(self.inputs[numbers], self.labels[numbers])

    def dataset(self, batch_size=32, shuffle=False, seed=0):
        """The batches as a tf.data.Dataset. Several threads read ahead.

        Call Keras's `fit` with shuffle=False, because the images are shuffled here.

        Args:
            batch_size: images in a batch. The last batch may be smaller.
            shuffle: use a new random order in each epoch.
            seed: equal seeds give equal orders.
        """
        import tensorflow as tf

        def read(rows):
            images, rows_read = self.read(rows)
            return images, self.labels[rows_read]

        def read_batch(rows):
            images, labels = tf.numpy_function(read, [rows], (tf.float32, tf.int64))
            images.set_shape((None, *self.inputs.shape[1:]))
            labels.set_shape((None,))
            return images, labels

        rows = tf.data.Dataset.range(len(self))
        if shuffle:
            rows = rows.shuffle(len(self), seed=seed)
        batches = rows.batch(batch_size).map(read_batch, num_parallel_calls=THREADS)
        return batches.prefetch(tf.data.AUTOTUNE)

    def batches(self, batch_size=32, shuffle=False, seed=0):
        """The batches as a keras.utils.PyDataset, which needs no TensorFlow.

        Its `rows_read` are the row numbers of the images of the last pass, in their order. The
        labels of the predictions are therefore `labels[rows_read]`.

        Args:
            batch_size: images in a batch. The last batch may be smaller.
            shuffle: use a new random order in each epoch.
            seed: equal seeds give equal orders.
        """
        from data_prep.batches import PartBatches

        random = np.random.default_rng(seed)

        def epoch_order(epoch):
            return random.permutation(len(self))

        return PartBatches(self, batch_size, epoch_order if shuffle else None)

    def read(self, rows):
        """(images, rows read): the images of some rows, and these rows."""
        return self.inputs[rows], rows


@dataclass(frozen=True, repr=False)
class ImageFilesPart(ImagesPart):
    """An ImagesPart whose images stay on disk: `inputs` is an ImageFiles, `labels` an array.

    If a file can no longer be read, its image and label are left out of the batch, and a warning
    names the file. If no file of a batch can be read, the folder has probably disappeared:
    training on `batches` then ends with a DataError at the end of the epoch.
    """

    def take(self, numbers):
        """The part with some of the images, still on disk: a slice, a mask or row numbers."""
        rows = np.arange(len(self))[numbers]
        paths = tuple(self.inputs.paths[row] for row in rows)
        return ImageFilesPart(replace(self.inputs, paths=paths), self.labels[rows])

    def read(self, rows):
        """(images, rows read): the images that can still be read, and their rows."""

        def attempt(row):
            try:
                return self.inputs.read(row), None
            except DataError as error:
                return None, error

        with ThreadPoolExecutor(THREADS) as pool:
            images, errors = zip(*pool.map(attempt, rows), strict=True)
        kept = [index for index, error in enumerate(errors) if error is None]
        if not kept:
            raise DataError(
                f"{errors[0]}, and no other file of its batch can be read; check that the folder "
                f"still exists."
            )
        for error in errors:
            if error is not None:
                warnings.warn(f"left out of its batch: {error}", stacklevel=2)
        return np.array([images[index] for index in kept]), np.asarray(rows)[kept]


def check_image_size(image_size, channels):
    """Check image_size and channels; returns (height, width) as a tuple of integers >= 1."""
    if channels not in (1, 3):
        raise DataError(f"channels is {channels!r}; give 1 for grey or 3 for colour.")
    sizes = tuple(image_size) if isinstance(image_size, (tuple, list)) else ()
    if len(sizes) != 2 or not all(isinstance(size, int) and size > 0 for size in sizes):
        raise DataError(f"image_size is {image_size!r}; give (height, width) in pixels.")
    return sizes


def read_image(path, image_size, channels, crop=False):
    """Read one image file, or the first image of an animation.

    Args:
        path: the file. Its format is detected from its content, not from its name.
        image_size: (height, width) in pixels.
        channels: 1 or 3.
        crop: keep only the centre, so that nothing is stretched.

    Returns:
        (pixels, change): uint8 (height, width, channels), and a text that says what was changed,
        or "".

    Raises:
        DataError: if the file cannot be read. The message names the file and the problem.
    """

    def read_first(image):
        changes = [_name_change(image, path)]
        if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
            changes.append("only the first of its images is used")
        pixels, change = _pixels(image, image_size, channels, crop)
        changes.append(change)
        return pixels, ", ".join(filter(None, changes))

    return _open_image(path, read_first)


def read_animation(path, image_size, channels):
    """Read all images of an animated file.

    Returns:
        uint8 (images, height, width, channels).

    Raises:
        DataError: if the file cannot be read. The message names the file and the problem.
    """
    from PIL import ImageSequence

    def read_all(image):
        frames = []
        for frame in ImageSequence.Iterator(image):
            pixels, _ = _pixels(frame, image_size, channels)
            frames.append(pixels)
        return np.array(frames)

    return _open_image(path, read_all)


def _open_image(path, read):
    """Open an image and return `read(image)`. Every error becomes a DataError."""
    from PIL import Image, UnidentifiedImageError

    try:
        if Path(path).stat().st_size == 0:
            raise DataError(f"{path}: empty file (0 bytes)")
        with Image.open(path, formats=tuple(FORMATS)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Image.DecompressionBombError
            return read(image)
    except DataError:
        raise
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except IsADirectoryError as error:
        raise DataError(f"{path}: a folder, not an image file") from error
    except UnidentifiedImageError as error:
        raise DataError(f"{path}: not an image ({', '.join(FORMATS)})") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(f"{path}: more than {MAX_PIXELS:,} pixels; make it smaller") from error
    except Exception as error:  # Pillow's decoders raise errors of any type on damaged content
        raise DataError(f"{path}: cannot be decoded ({first_line(error)})") from error


def _name_change(image, path):
    """A text that says that the file's suffix is wrong for its format, or ""."""
    suffix = Path(path).suffix.lower()
    kind = "JPEG" if image.format == "MPO" else image.format  # MPO: a JPEG with a second view
    if not suffix or suffix in FORMATS[kind]:
        return ""
    return f"a {kind} file named {suffix}, read as {kind}"


def _pixels(image, image_size, channels, crop=False):
    """Convert an opened image to one size and number of channels.

    Returns:
        (pixels, change): uint8 (height, width, channels), and a text that says what was changed,
        or "".
    """
    from PIL import Image, ImageOps

    changes = []
    height, width = image_size
    kind = image.format
    image.draft(None, (2 * max(image_size), 2 * max(image_size)))  # a large JPEG decodes faster

    orientation = image.getexif().get(0x0112)
    if orientation in range(2, 9):
        image = ImageOps.exif_transpose(image)
        changes.append("rotated as its EXIF data say")

    if image.mode.startswith("I;16") or (image.mode == "I" and kind in ("PNG", "PPM")):
        values = np.asarray(image).astype(np.uint32)
        image = Image.fromarray(((values + 128) // 257).astype(np.uint8))  # 65535 -> 255
        changes.append("16 bits reduced to 8")
    if image.mode in ("I", "F"):
        raise ValueError("32-bit pixels have no fixed range, save 8 or 16 bits")

    if image.mode == "CMYK":
        changes.append("CMYK converted to RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
        changes.append("transparent pixels made white")

    image = image.convert("L" if channels == 1 else "RGB")
    if crop:
        image = ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR)
    else:
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    pixels = np.asarray(image).reshape(height, width, channels)
    return pixels, ", ".join(changes)


def _all_files(folder):
    """All files in a folder and the folders in it, sorted."""
    files = []
    for path in visible(folder):
        files += _all_files(path) if path.is_dir() else [path]
    return files
