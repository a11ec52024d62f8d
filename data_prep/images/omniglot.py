"""Omniglot: handwritten characters of 50 alphabets, and the 20 runs of its one-shot benchmark."""

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from data_prep.dataset import Part, fingerprint
from data_prep.errors import DataError, first_line
from data_prep.files.npz import UNREADABLE, read_npz
from data_prep.new_classes import NewClasses

SIDE = 105  # height and width of an image, in pixels
RUNS, WAYS = 20, 20
PARTS = ("background", "evaluation")
LAYOUT = "images_background/ALPHABET/CHARACTER/*.png, images_evaluation/... and all_runs.zip"


def is_omniglot(path):
    """Whether a folder holds Omniglot in one of the forms that `load_omniglot` reads."""
    folder = Path(path)
    return (folder / "omniglot.npz").is_file() or (folder / "images_background").is_dir()


def load_omniglot(folder, seed=0, side=28, validation=0.1):
    """Load Omniglot: background alphabets for training, evaluation alphabets for testing.

    Args:
        folder: a folder with all_runs.zip and the unpacked images: images_background and
            images_evaluation, each with files ALPHABET/CHARACTER/*.png. Instead of the images, it
            may hold a file omniglot.npz with three arrays for each PART, background and
            evaluation: PART_bits, uint8 (images, 1379), the 105 x 105 pixels, 1 for ink, packed by
            numpy.packbits; PART_alphabet and PART_character, integers (images,).
        seed: selects the alphabets of the validation part.
        side: height and width that the images are reduced to, in pixels, 1 to 105.
        validation: fraction of the background alphabets for validation, at least one of them.

    Returns:
        A NewClasses. Inputs are float32 (images, side, side, 1), the fraction of ink in each
        pixel. The training and validation parts have different background alphabets; the test part
        has all evaluation alphabets. `runs` are the 20 runs of the benchmark. Groups are
        alphabets; those of the 20 runs have the group -1.

    Raises:
        DataError: if a file is missing or cannot be used, or a number is out of range.
    """
    folder = Path(folder)
    if not 1 <= side <= SIDE:
        raise DataError(f"side is {side}; images of Omniglot have {SIDE}: give 1 to {SIDE}.")
    arrays = _read_npz(folder) if (folder / "omniglot.npz").is_file() else _read_images(folder)
    runs_ink, targets = read_runs(folder / "all_runs.zip")

    alphabets = arrays["background_alphabet"]
    choices = np.unique(alphabets)
    count = max(1, round(validation * len(choices)))
    if not 0 <= validation < 1 or count == len(choices):
        raise DataError(
            f"validation is {validation}, of {len(choices)} background alphabets in {folder}; give "
            f"a fraction from 0 that leaves an alphabet for training."
        )
    chosen = np.random.default_rng(seed).permutation(choices)[:count]
    is_validation = np.isin(alphabets, chosen)

    # The two sets have different characters, so they share no class number.
    background = Part(reduce_bits(arrays["background_bits"], side), _classes(arrays, "background"))
    classes = background.labels.max() + 1
    test_classes = classes + _classes(arrays, "evaluation")
    runs = tuple(reduce_ink(ink, side)[..., None] for ink in runs_ink)
    return NewClasses(
        name="omniglot",
        source=f"folder {folder}: Omniglot, Lake et al. 2015, MIT licence",
        train=background.take(~is_validation),
        validation=background.take(is_validation),
        test=Part(reduce_bits(arrays["evaluation_bits"], side), test_classes),
        fingerprint=fingerprint([arrays[name] for name in sorted(arrays)]),
        groups=_groups_of_tasks(arrays, runs_ink),
        runs=Part((runs[0][:, :, None], runs[1]), targets),
        runs_ink=runs_ink,
    )


def read_runs(path):
    """Read the 20 one-shot runs of the benchmark, the file all_runs.zip.

    Each run has one image of each of 20 characters, the support, and 20 query images of the same
    characters.

    Args:
        path: the zip file.

    Returns:
        ((support, query), targets): booleans (20, 20, 105, 105) each, True for ink; and for each
        query the position of its class in the support, int64 (20, 20).

    Raises:
        DataError: if the file is missing or is not the original one.
    """
    if not zipfile.is_zipfile(path):
        raise DataError(f"{path}: no such zip file; it is part of Omniglot, with the 20 runs.")
    support = np.empty((RUNS, WAYS, SIDE, SIDE), bool)
    query = np.empty_like(support)
    targets = np.empty((RUNS, WAYS), np.int64)
    with zipfile.ZipFile(path) as archive:
        for run in range(RUNS):
            name = f"run{run + 1:02}"
            for number in range(WAYS):
                image = f"{name}/training/class{number + 1:02}.png"
                support[run, number] = _read_ink(_member(archive, image, path), f"{path}: {image}")
                image = f"{name}/test/item{number + 1:02}.png"
                query[run, number] = _read_ink(_member(archive, image, path), f"{path}: {image}")
            targets[run] = _read_targets(archive, name, path)
    return (support, query), targets


def _read_targets(archive, run, path):
    """The position in the support of the class of each query of a run, (20,)."""
    name = f"{run}/class_labels.txt"
    lines = _member(archive, name, path).decode(errors="replace").splitlines()
    class_of = dict(line.split() for line in lines if len(line.split()) == 2)
    positions = {f"{run}/training/class{number + 1:02}.png": number for number in range(WAYS)}
    try:
        queries = [f"{run}/test/item{number + 1:02}.png" for number in range(WAYS)]
        return [positions[class_of[query]] for query in queries]
    except KeyError as error:
        raise DataError(
            f"{path}: {name} does not say which of the {WAYS} classes {error} is; get the "
            f"original file."
        ) from error


def _member(archive, name, path):
    """The bytes of a file in a zip file."""
    try:
        return archive.read(name)
    except KeyError as error:
        raise DataError(f"{path}: has no {name}; get the original file.") from error
    except UNREADABLE as error:
        raise DataError(f"{path}: {name} is damaged ({first_line(error)}).") from error


def _read_ink(data, where):
    """The pixels of an image file: booleans (105, 105), True for ink."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            ink = np.asarray(image.convert("L")) < 128
    except (OSError, ValueError, SyntaxError) as error:
        raise DataError(f"{where} is not a readable image ({first_line(error)}).") from error
    if ink.shape != (SIDE, SIDE):
        raise DataError(f"{where} has the shape {ink.shape}; images of Omniglot are 105 x 105.")
    return ink


def _read_npz(folder):
    """The arrays of omniglot.npz, checked: {name: array}, as `load_omniglot` describes them."""
    path = folder / "omniglot.npz"
    names = [f"{part}_{what}" for part in PARTS for what in ("bits", "alphabet", "character")]
    arrays = read_npz(path, tuple(names))
    for part in PARTS:
        bits = arrays[f"{part}_bits"]
        count = len(bits)
        if bits.dtype != np.uint8 or bits.shape[1:] != (-(-(SIDE**2) // 8),) or not count:
            raise DataError(
                f"{path}: {part}_bits is {bits.dtype} {bits.shape}; give the {SIDE} x {SIDE} "
                f"pixels of each image as 1379 bytes, packed by numpy.packbits."
            )
        for what in ("alphabet", "character"):
            array = arrays[f"{part}_{what}"]
            if array.shape != (count,) or array.dtype.kind not in "iu":
                raise DataError(
                    f"{path}: {part}_{what} is {array.dtype} {array.shape}; give an integer for "
                    f"each of the {count} images."
                )
    return arrays


def _read_images(folder):
    """The same arrays as `_read_npz`, made from the image files."""
    arrays = {}
    for part in PARTS:
        files = sorted((folder / f"images_{part}").glob("*/*/*.png"))
        if not files:
            raise DataError(f"{folder}: no images in images_{part}; Omniglot comes as {LAYOUT}.")
        bits = [np.packbits(_read_ink(file.read_bytes(), str(file))) for file in files]
        alphabets = [file.parent.parent.name for file in files]
        characters = [f"{file.parent.parent.name}/{file.parent.name}" for file in files]
        arrays[f"{part}_bits"] = np.stack(bits)
        arrays[f"{part}_alphabet"] = np.unique(alphabets, return_inverse=True)[1]
        arrays[f"{part}_character"] = np.unique(characters, return_inverse=True)[1]
    return arrays


def _classes(arrays, part):
    """A class number for each image, int64 (images,). A class is a character of one alphabet."""
    pairs = np.stack([arrays[f"{part}_alphabet"], arrays[f"{part}_character"]])
    return np.unique(pairs, axis=1, return_inverse=True)[1].astype("int64")


def _groups_of_tasks(arrays, runs_ink):
    """The alphabet of each evaluation image, int64 (images,); -1 for alphabets used in the runs."""
    bits = arrays["evaluation_bits"]
    alphabets = arrays["evaluation_alphabet"].astype("int64")
    used = {np.packbits(image).tobytes() for ink in runs_ink for image in ink.reshape(-1, SIDE**2)}
    is_used = np.array([image.tobytes() in used for image in bits])
    return np.where(np.isin(alphabets, alphabets[is_used]), -1, alphabets)


def reduce_bits(bits, side):
    """Unpack images (images, 1379) and reduce them: float32 (images, side, side, 1)."""
    images = np.empty((len(bits), side, side, 1), "float32")
    for start in range(0, len(bits), 1000):  # in blocks: all images at once need gigabytes
        rows = slice(start, start + 1000)
        ink = np.unpackbits(bits[rows], axis=1)[:, : SIDE**2].reshape(-1, SIDE, SIDE)
        images[rows] = reduce_ink(ink, side)[..., None]
    return images


def reduce_ink(ink, side):
    """Reduce square images to (..., side, side): each new pixel is the mean over its area."""
    old = ink.shape[-1]
    edges = np.linspace(0, old, side + 1)
    pixels = np.arange(old)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    weights = (np.maximum(overlap, 0) * side / old).astype("float32")  # (side, old side)
    return weights @ ink.astype("float32") @ weights.T
