"""Images with captions: from a folder and its table of captions, or generated."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from data_prep.dataset import Dataset, Part, fingerprint, stratified_split
from data_prep.errors import DataError
from data_prep.images.files import THREADS, check_image_size, read_image
from data_prep.sources.named import find_named
from data_prep.text.files import TABLES, file_stem, file_type, read_columns, read_lines
from data_prep.text.parts import PARTS, TEST_FRACTION

OPPOSITES = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}


def load_captions(data="shapes", seed=0, validation=0.1, image_size=(64, 64)):
    """Load images with one or more captions each.

    An image from a file is cropped around its centre to the proportions of `image_size`, then
    resized. So the image is not stretched, but it may lose parts at two opposite edges.

    Args:
        data: "shapes", or a folder with the table captions.csv (also .tsv, .jsonl or .parquet; all
            but Parquet may be packed as .gz or .xz), or the path of this table. It has the fields
            `image`, the name of a file, and `caption`. The files are in the folder images next to
            the table or, if there is none, in the folder of the table. An image with several
            captions has several rows. The parts may be given by a third field, `part`, or by text
            files next to the table, such as split_train.txt: one image per line, and the file's
            name ends with train, validation (or dev) or test. Otherwise, a fifth of the images
            becomes the test part.
        seed: selects the validation part, unless it is given. The test part is the same for every
            seed.
        validation: fraction of the training images for validation.
        image_size: (height, width) of images from files, in pixels. "shapes" is always 64 x 64.

    Returns:
        A Dataset. Inputs are float32 (examples, height, width, 3), 0 to 1. Labels are tuples of
        strings, the captions of each image, an object array (examples,). In "shapes", an image with
        two figures has two captions: "A left of B" and "B right of A". Images are left out if their
        file is missing or damaged, or if only other images have a part; `source` tells how many.

    Raises:
        DataError: if the data do not exist or cannot be used. The message names the file, and the
            line or the image.
    """
    image_size = check_image_size(image_size, channels=3)
    named = find_named(data, "captions", "a folder with captions.csv")
    if named:
        name, source = str(data), named.full_source()
        images, captions, parts = _read_named(named)
    else:
        table = _find_table(Path(data))
        is_folder = Path(data).is_dir()
        name = Path(data).resolve().name if is_folder else file_stem(table)
        images, captions, parts, left_out = _read_files(table, image_size)
        source = "; ".join([f"images and captions in {data}", *left_out])

    labels = np.empty(len(captions), dtype=object)
    labels[:] = captions
    rows = _split(data, parts, seed, validation)
    return Dataset(
        name=name,
        source=source,
        **{
            part: Part(images[part_rows].astype("float32") / 255, labels[part_rows])
            for part, part_rows in rows.items()
        },
        fingerprint=fingerprint(images, np.array(["\n".join(texts) for texts in captions])),
        to_original=lambda inputs: inputs * 255,
    )


def _read_named(named):
    """(images, captions, parts) of named data; two figures have two true captions."""
    images, captions, parts = [], [], []
    for part, scenes in named.load().items():
        images.append(scenes["images"])
        captions += [_true_captions(caption) for caption in scenes["captions"]]
        parts += [part] * len(scenes["captions"])
    return np.concatenate(images), captions, np.array(parts)


def _true_captions(caption):
    """The caption, and for two figures also the opposite one.

    "a red circle above a blue square" also means "a blue square below a red circle".
    """
    for relation, opposite in OPPOSITES.items():
        first, found, second = caption.partition(f" {relation} ")
        if found:
            return caption, f"{second} {opposite} {first}"
    return (caption,)


def _find_table(path):
    """The table of captions in a folder, or the path itself."""
    if not path.is_dir():
        return path
    tables = [
        file
        for file in sorted(path.iterdir())
        if file_stem(file) == "captions" and file_type(file) in TABLES
    ]
    if len(tables) != 1:
        found = ", ".join(table.name for table in tables) or "none"
        raise DataError(
            f"{path}: give one table captions.csv with the fields image and caption, or its path; "
            f"found {found}."
        )
    return tables[0]


def _read_files(table, image_size):
    """Read the images that a table of captions names, and their captions.

    Returns:
        (images, captions, parts, left out): uint8 (images, height, width, 3); a tuple of strings
        for each image; "train", "validation", "test" or "" for each image; and texts that tell how
        many images are left out, and why.
    """
    folder = table.parent / "images"
    if not folder.is_dir():
        folder = table.parent

    captions_of, part_of = _read_table(table)
    part_of |= _read_lists(table.parent)
    left_out = []

    names = [name for name in captions_of if (folder / name).is_file()]
    _count_left_out(left_out, len(captions_of) - len(names), "without a file")
    if not names:
        raise DataError(
            f"{table}: none of its images is in {folder} (the first is {next(iter(captions_of))}); "
            f"put the images there."
        )
    if part_of:
        listed = [name for name in names if name in part_of]
        _count_left_out(left_out, len(names) - len(listed), "without a part")
        names = listed

    def read(name):
        try:
            pixels, _ = read_image(folder / name, image_size, channels=3, crop=True)
            return pixels
        except DataError as error:
            return error

    with ThreadPoolExecutor(THREADS) as pool:
        found = dict(zip(names, pool.map(read, names), strict=True))
    damaged = [error for error in found.values() if isinstance(error, DataError)]
    names = [name for name in names if not isinstance(found[name], DataError)]
    if damaged:
        _count_left_out(left_out, len(damaged), f"that cannot be read (the first: {damaged[0]})")
    if not names:
        raise DataError(f"{table}: no image is left; {'; '.join(left_out)}.")

    images = np.stack([found[name] for name in names])
    captions = [captions_of[name] for name in names]
    parts = np.array([part_of.get(name, "") for name in names])
    return images, captions, parts, left_out


def _read_table(table):
    """({image: its captions, a tuple}, {image: its part, if the table gives it})."""
    columns = read_columns(table, ["image", "caption"], optional=["part"])
    captions_of, part_of = {}, {}
    for image, caption, part in zip(*columns, strict=True):
        captions_of[image] = (*captions_of.get(image, ()), caption.strip())
        if not part:
            continue
        if part not in PARTS:
            raise DataError(f"{table}: image {image} has the part {part!r}; {_one_of_parts()}.")
        if part_of.setdefault(image, PARTS[part]) != PARTS[part]:
            raise DataError(f"{table}: image {image} is in two parts; give it one.")
    return captions_of, part_of


def _read_lists(folder):
    """{image: its part} from the lists in a folder, such as split_train.txt."""
    part_of = {}
    for file in sorted(folder.glob("*.txt")):
        last_word = re.split(r"[^a-z]", file.stem.lower())[-1]
        if last_word not in PARTS:
            continue
        part = PARTS[last_word]
        for name in read_lines(file):
            if part_of.setdefault(name, part) != part:
                raise DataError(f"{file}: {name} is also in the list of another part; remove it.")
    return part_of


def _split(where, parts, seed, validation):
    """{part: rows}; validation and test rows that are not given are sampled."""
    rows = {part: np.flatnonzero(parts == part) for part in ("train", "validation", "test")}
    if not (parts != "").any():
        no_classes = np.zeros(len(parts))
        rows["train"], rows["test"] = _cut(where, no_classes, TEST_FRACTION, 0, "test")
    for part in ("train", "test"):
        if not len(rows[part]):
            raise DataError(f"{where}: no image is in the {part} part; {_one_of_parts()}.")

    if not len(rows["validation"]):
        train = rows["train"]
        kept, sampled = _cut(where, np.zeros(len(train)), validation, seed, "validation")
        rows["train"], rows["validation"] = train[kept], train[sampled]
    return rows


def _cut(where, no_classes, fraction, seed, part):
    """`stratified_split` of images without classes; an error names the data."""
    try:
        return stratified_split(no_classes, fraction, seed, part)
    except DataError as error:
        raise DataError(
            f"{where}: {len(no_classes)} images cannot be divided into parts; give more images."
        ) from error


def _count_left_out(left_out, count, why):
    """Add a text about images that are left out, if there are any."""
    if count:
        left_out.append(f"{count:,} {'image' if count == 1 else 'images'} {why} left out")


def _one_of_parts():
    return "give each image the part train, validation or test"
