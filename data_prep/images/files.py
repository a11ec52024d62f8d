"""Images from files of any size and kind: a folder per class, or a CSV of path and label."""

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

# Pillow's other formats are left out: some run other programs, such as Ghostscript for EPS.
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
MAX_PIXELS = 2**30 // 12  # of one image: Pillow's own limit against decompression bombs
THREADS = 4


def load_image_files(path, image_size=(64, 64), channels=3, seed=0, validation=0.1, lazy=False):
    """Load image files with one class each, brought to one size and scaled to 0 to 1.

    Images are stretched to `image_size`, as keras.utils.image_dataset_from_directory does, turned
    upright as their EXIF data say, and laid on white where they are transparent. 16-bit images
    are reduced to 8 bits; of an animation the first image is taken. Every file is read once here,
    so that a damaged one is refused before training and not in the middle of it.

    Args:
        path: a folder with one folder of images per class, or with the folders train, test and
            validation that each have these; or a CSV file with the columns path (from the folder
            of the CSV) and label. Without a test folder a fifth of each class is the test part,
            the same for every seed.
        image_size: (height, width) in pixels.
        channels: 1 for grey, 3 for red, green and blue.
        seed: draws the validation part where there is no folder for it.
        validation: share of the training images, the same in each class, to cut for validation.
        lazy: leave the images on disk, for more of them than fit into memory. The parts are then
            ImageFilesPart, whose `dataset` and `batches` read batch by batch.

    Returns:
        A FilesDataset: a Dataset with `report`, the FileReport on refused and changed files.
        Inputs are float32 (examples, height, width, channels), labels int64 (examples,).

    Raises:
        DataError: where the layout is wrong or a class has no readable image.
    """
    image_size = check_image_size(image_size, channels)
    found, refused = find_labelled_files(path, _all_files)

    def read(file):
        pixels, change = read_image(file, image_size, channels)
        return None if lazy else pixels, change

    with warnings.catch_warnings():
        # Pillow's remarks on odd files come without the file's name; what counts is in the report.
        warnings.simplefilter("ignore")
        files, images, more, changed = read_labelled_files(found, read, THREADS)
    refused += more
    classes, labels, rows = split_labelled_files(files, found, refused, path, seed, validation)

    def part(part_rows):
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
        **{name: part(part_rows) for name, part_rows in rows.items()},
        classes=tuple(classes),
        fingerprint=files_fingerprint(files),
        to_original=lambda inputs: inputs * 255,
        report=FileReport(len(files), tuple(refused), tuple(changed)),
    )


@dataclass(frozen=True)
class ImageFiles:
    """Image files that look like one array, float32 (images, height, width, channels), 0 to 1.

    Indexing by a row number, slice or array of row numbers reads these images and no others.

    Attributes:
        paths: the files.
        image_size: (height, width) in pixels that they are brought to.
        channels: 1 or 3.
    """

    paths: tuple
    image_size: tuple
    channels: int

    @property
    def shape(self):
        """(images, height, width, channels), known without reading a file."""
        return (len(self.paths), *self.image_size, self.channels)

    @property
    def dtype(self):
        """Type of the pixels that indexing gives."""
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
    """A Part of images that also gives them batch by batch, as one that stays on disk does.

    `dataset` and `batches` give the same batches, of images float32 (batch, height, width,
    channels) and labels int64 (batch,).
    """

    def take(self, numbers):
        """Some of the images: a slice, a mask, or an array of numbers."""
        return ImagesPart(self.inputs[numbers], self.labels[numbers])

    def dataset(self, batch_size=32, shuffle=False, seed=0):
        """The batches as a tf.data.Dataset, read ahead by several threads.

        Keras's `fit` is to be called with shuffle=False, as the order is drawn here.

        Args:
            batch_size: images in a batch; the last one may be smaller.
            shuffle: draw a new order for each epoch.
            seed: equal seeds give equal orders.
        """
        import tensorflow as tf

        def read(rows):
            images, rows = self.read(rows)
            return images, self.labels[rows]

        def batch(rows):
            images, labels = tf.numpy_function(read, [rows], (tf.float32, tf.int64))
            images.set_shape((None, *self.inputs.shape[1:]))
            labels.set_shape((None,))
            return images, labels

        rows = tf.data.Dataset.range(len(self))
        if shuffle:
            rows = rows.shuffle(len(self), seed=seed)
        batches = rows.batch(batch_size).map(batch, num_parallel_calls=THREADS)
        return batches.prefetch(tf.data.AUTOTUNE)

    def batches(self, batch_size=32, shuffle=False, seed=0):
        """The batches as a keras.utils.PyDataset, which needs no TensorFlow.

        Its `rows_read` are the row numbers of the images that the last pass has given, in that
        order: the labels that go with predictions are `labels[rows_read]`.

        Args:
            batch_size: images in a batch; the last one may be smaller.
            shuffle: draw a new order for each epoch.
            seed: equal seeds give equal orders.
        """
        from data_prep.batches import PartBatches

        random = np.random.default_rng(seed)

        def draw_order(epoch):
            return random.permutation(len(self))

        return PartBatches(self, batch_size, draw_order if shuffle else None)

    def read(self, rows):
        """(images, rows): the images of some rows, and those rows."""
        return self.inputs[rows], rows


@dataclass(frozen=True, repr=False)
class ImageFilesPart(ImagesPart):
    """An ImagesPart whose images stay on disk: `inputs` is an ImageFiles, `labels` an array.

    A file that has become unreadable since the data were loaded is left out of its batch, with
    its label and with a warning that names it. Where a whole batch cannot be read, the folder is
    taken for lost: training on `batches` ends with a DataError at the end of that epoch.
    """

    def take(self, numbers):
        """Some of the images, still on disk: a slice, a mask, or an array of numbers."""
        rows = np.arange(len(self))[numbers]
        paths = tuple(self.inputs.paths[row] for row in rows)
        return ImageFilesPart(replace(self.inputs, paths=paths), self.labels[rows])

    def read(self, rows):
        """(images, rows): the images of those rows that can still be read, and their rows."""

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
                f"{errors[0]}, and no file of its batch can be read any more; see whether the "
                f"folder is still there."
            )
        for error in filter(None, errors):
            warnings.warn(f"left out of its batch: {error}", stacklevel=2)
        return np.array([images[index] for index in kept]), np.asarray(rows)[kept]


def check_image_size(image_size, channels):
    """(height, width) as a tuple of two positive integers, with the channels checked too."""
    if channels not in (1, 3):
        raise DataError(f"channels is {channels!r}; give 1 for grey or 3 for colour.")
    sizes = tuple(image_size) if isinstance(image_size, (tuple, list)) else ()
    if len(sizes) != 2 or not all(isinstance(size, int) and size > 0 for size in sizes):
        raise DataError(f"image_size is {image_size!r}; give (height, width) in pixels.")
    return sizes


def read_image(path, image_size, channels):
    """Read one image file, or the first image of an animation.

    Args:
        path: the file; its content counts, not its name.
        image_size: (height, width) in pixels.
        channels: 1 or 3.

    Returns:
        (pixels, change): uint8 (height, width, channels), and what was done to the file or "".

    Raises:
        DataError: naming the file and what is wrong with it.
    """

    def first(image):
        changes = [_name_change(image, path)]
        if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
            changes.append("an animation or a file of several pages, the first image taken")
        pixels, change = _pixels(image, image_size, channels)
        return pixels, ", ".join(filter(None, [*changes, change]))

    return _open_image(path, first)


def read_animation(path, image_size, channels):
    """Read all images of an animated file.

    Returns:
        uint8 (images, height, width, channels).

    Raises:
        DataError: naming the file and what is wrong with it.
    """
    from PIL import ImageSequence

    def every(image):
        return np.array(
            [_pixels(one, image_size, channels)[0] for one in ImageSequence.Iterator(image)]
        )

    return _open_image(path, every)


def _open_image(path, use):
    """What `use` gives for the opened image; all that can go wrong becomes a DataError."""
    from PIL import Image, UnidentifiedImageError

    try:
        if Path(path).stat().st_size == 0:
            raise DataError(f"{path}: empty file (0 bytes)")
        with Image.open(path, formats=tuple(FORMATS)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Image.DecompressionBombError
            return use(image)
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
    suffix = Path(path).suffix.lower()
    kind = "JPEG" if image.format == "MPO" else image.format  # MPO: a JPEG with a second view
    if not suffix or suffix in FORMATS[kind]:
        return ""
    return f"a {kind} file named {suffix}, read as what it is"


def _pixels(image, image_size, channels):
    """Bring an opened image to one size and channel count.

    Returns:
        (pixels, change): uint8 (height, width, channels), and what was done or "".
    """
    from PIL import Image, ImageOps

    changes = []
    kind = image.format
    image.draft(None, (2 * max(image_size), 2 * max(image_size)))  # a large JPEG decodes faster
    if image.getexif().get(0x0112) in range(2, 9):
        image = ImageOps.exif_transpose(image)
        changes.append("turned upright as its EXIF data say")
    if image.mode.startswith("I;16") or (image.mode == "I" and kind in ("PNG", "PPM")):
        values = np.asarray(image).astype(np.uint32)
        image = Image.fromarray(((values + 128) // 257).astype(np.uint8))  # 65535 -> 255
        changes.append("16 bits reduced to 8")
    if image.mode in ("I", "F"):
        raise ValueError("32-bit pixels have no fixed range, save 8 or 16 bits")
    if image.mode == "CMYK":
        changes.append("CMYK turned into RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        changes.append("transparent pixels laid on white")
    height, width = image_size
    image = image.convert("L" if channels == 1 else "RGB")
    pixels = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
    return pixels.reshape(height, width, channels), ", ".join(changes)


def _all_files(folder):
    """All files in a folder and the folders in it, sorted."""
    files = []
    for path in visible(folder):
        files += _all_files(path) if path.is_dir() else [path]
    return files
