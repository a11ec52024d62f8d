"""Files with one class each: found in folders or a table, read with a report, and split."""

import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from data_prep.dataset import Dataset, stratified_split
from data_prep.errors import DataError, first_line

# {name of a folder: its part}.
PART_FOLDERS = {"train": "train", "validation": "validation", "val": "validation", "test": "test"}
TEST_FRACTION = 0.2


@dataclass(frozen=True)
class FileReport:
    """What was done with every file that was found; `print` it.

    Attributes:
        used: number of files in the data.
        refused: (path, reason) of each file that was left out.
        changed: (path, change) of each file that was used after a change, such as another size.
    """

    used: int = 0
    refused: tuple = ()
    changed: tuple = ()

    def __str__(self):
        lines = [f"{self.used} files used, {len(self.refused)} refused."]
        lines += [f"refused {path}: {reason}" for path, reason in self.refused]

        counts = Counter(change for _, change in self.changed)
        first_path = {}
        for path, change in self.changed:
            first_path.setdefault(change, path)
        for change, count in counts.items():
            lines.append(f"{count} used and changed: {change} (first {first_path[change]})")
        return "\n".join(lines)

    def describe(self):
        """The entry of report.json about the files."""
        return {
            "used": self.used,
            "refused": [list(pair) for pair in self.refused],
            "changed": [list(pair) for pair in self.changed],
        }


@dataclass(frozen=True)
class FilesDataset(Dataset):
    """A Dataset read from many files.

    Attributes:
        report: the files that were used, changed and refused.
    """

    report: FileReport = field(default_factory=FileReport)

    def describe(self):
        """The entry of report.json about the data and its files."""
        return super().describe() | {"files": self.report.describe()}


@dataclass(frozen=True)
class LabelledFile:
    """One file, or one folder that holds one example, with its class.

    Attributes:
        path: where it is.
        name: its name in the report: the path from the data folder, or the path in the table.
        label: name of its class.
        part: "train", "validation" or "test"; "train" if the data are not split yet.
        digest: SHA-256 of its content; "" before it is read.
    """

    path: Path
    name: str
    label: str
    part: str = "train"
    digest: str = ""


def visible(folder):
    """The files and folders in a folder, sorted, without hidden ones."""
    return sorted(path for path in folder.iterdir() if not _is_hidden(path))


def find_labelled_files(path, list_examples):
    """Find the examples of each class, in class folders or in a table.

    Args:
        path: a folder with one folder per class; or a folder with the folders train, test and
            validation (or val), each with one folder per class; or a CSV file with the columns
            path (relative to the folder of the CSV) and label.
        list_examples: a function from a class folder to the paths of its examples.

    Returns:
        (files, refused): a list of LabelledFile, and a list of (path, reason).

    Raises:
        DataError: if none of these layouts is found, or a class folder is empty.
    """
    path = Path(path)
    if not path.exists():
        raise DataError(f"{path}: no such file or folder; give a folder or a CSV file.")
    return _find_in_folders(path, list_examples) if path.is_dir() else _find_in_table(path)


def read_labelled_files(files, read, threads):
    """Read all files, refuse the damaged ones, and keep one copy of equal ones.

    If files have the same content, one is kept and the others are refused, so that no example is in
    two parts. A copy in the test part is kept first, then one in the validation part.

    Args:
        files: a list of LabelledFile.
        read: a function from a path to (value, change): the content to keep, and what was changed
            in it, or "". It raises a DataError for a file that cannot be used.
        threads: number of files read at a time.

    Returns:
        (kept, values, refused, changed): the files that can be used, with their digests; the value
        of each; a list of (path, reason); and a list of (path, change).
    """

    def attempt(file):
        """(value, change, digest, reason why it is refused or "") of a file."""
        try:
            value, change = read(file.path)
            return value, change, content_digest(file.path), ""
        except DataError as error:
            return None, "", "", str(error).removeprefix(f"{file.path}: ")

    with ThreadPoolExecutor(threads) as pool:
        outcomes = list(pool.map(attempt, files))

    # The one file to keep of each content.
    originals = {}
    for part in ("test", "validation", "train"):
        for file, (_, _, digest, _) in zip(files, outcomes, strict=True):
            if file.part == part and digest:
                originals.setdefault(digest, file)

    kept, values, refused, changed = [], [], [], []
    for file, (value, change, digest, reason) in zip(files, outcomes, strict=True):
        original = originals.get(digest, file)
        if original is not file:
            reason = f"the same content as {original.name} of class {original.label}"
        if reason:
            refused.append((file.name, reason))
            continue

        kept.append(replace(file, digest=digest))
        values.append(value)
        if change:
            changed.append((file.name, change))
    return kept, values, refused, changed


def split_labelled_files(files, found, refused, where, seed, validation):
    """Give each file a class number and a part.

    The test part is the test folder; without one, a fifth of each class, sampled with a fixed seed.
    The validation part is the validation folder; without one, the fraction `validation` of the
    remaining files, sampled with `seed`.

    Args:
        files: the files that can be used.
        found: all files that were found.
        refused: (path, reason) of those that cannot be used.
        where: path of the folder or table, for errors.
        seed: samples the validation part.
        validation: fraction of the training files for validation, the same for each class.

    Returns:
        (classes, labels, rows): class names; class number of each file, (files,); and
        {part: row numbers of its files}.

    Raises:
        DataError: if a class has no file that can be used, or is not in the training part.
    """
    for label in _sorted_labels({file.label for file in found if file.part == "train"}):
        if not any(file.label == label and file.part == "train" for file in files):
            name = next(file.name for file in found if file.label == label)
            reason = dict(refused).get(name, "it is refused")
            raise DataError(
                f"{where}: no file of class {label!r} can be used for training (the first is "
                f"{name}: {reason}); give other files or take the class out."
            )

    classes = _sorted_labels({file.label for file in files if file.part == "train"})
    if len(classes) < 2:
        raise DataError(f"{where}: {len(classes)} class; a classifier needs two.")
    for file in files:
        if file.label not in classes:
            raise DataError(
                f"{where}: {file.name} has the class {file.label!r}, which the training part does "
                f"not have; its classes are {', '.join(classes[:12])}."
            )

    labels = np.array([classes.index(file.label) for file in files], dtype=np.int64)
    parts = np.array([file.part for file in files])
    rows = {part: np.flatnonzero(parts == part) for part in ("train", "validation", "test")}

    for part, fraction, part_seed in (("test", TEST_FRACTION, 0), ("validation", validation, seed)):
        if len(rows[part]):
            continue
        train = rows["train"]
        names = np.array([files[row].label for row in train])  # names, which the error shows
        try:
            kept, sampled = stratified_split(names, fraction, part_seed, what=part)
        except DataError as error:
            raise DataError(f"{where}: {error}") from error
        rows["train"], rows[part] = train[kept], train[sampled]
    return classes, labels, rows


def files_fingerprint(files):
    """SHA-256 over the names, classes and contents of all files, in the order of their names."""
    digest = hashlib.sha256()
    for file in sorted(files, key=lambda file: file.name):
        name = file.name.encode(errors="surrogateescape")
        digest.update(b"%b\0%b\0%b\n" % (name, file.label.encode(), file.digest.encode()))
    return digest.hexdigest()


def data_name(path):
    """Short name of the data in a folder or table: the last part of its path, without suffixes."""
    name = Path(path).resolve().name
    return name if Path(path).is_dir() else name.split(".")[0]


def _find_in_folders(folder, list_examples):
    """(files, refused) of a folder of class folders, or of part folders with class folders."""
    part_folders = _part_folders(folder)
    has_parts = folder not in part_folders.values()

    files, refused = [], []
    candidates = visible(folder) if has_parts else []  # to be refused if they are not used
    for part, part_folder in part_folders.items():
        inside = visible(part_folder)
        candidates += inside
        class_folders = [path for path in inside if path.is_dir()]
        if not class_folders:
            raise DataError(
                f"{part_folder}: has no class folders; put the files of each class into a folder "
                f"with the name of the class, or give a CSV file with the columns path and label."
            )
        for class_folder in class_folders:
            examples = list_examples(class_folder)
            if not examples:
                raise DataError(
                    f"{class_folder}: the class folder is empty; put files in or take it away."
                )
            for path in examples:
                name = path.relative_to(folder).as_posix()
                files.append(LabelledFile(path, name, class_folder.name, PART_FOLDERS[part]))

    for path in candidates:
        name = path.relative_to(folder).as_posix()
        next_to_parts = has_parts and path.parent == folder
        if not path.is_dir():
            refused.append((name, "not in a class folder"))
        elif next_to_parts and path.name not in part_folders:
            refused.append((name, "a folder that is not train, validation or test"))
    return files, refused


def _part_folders(folder):
    """{name: folder} of the parts; {"train": folder} if the folder has class folders itself."""
    folders = {path.name: path for path in visible(folder) if path.is_dir()}
    parts = {name: folders[name] for name in PART_FOLDERS if name in folders}

    if "train" in parts and _has_folders(parts["train"]):
        if "val" in parts and "validation" in parts:
            raise DataError(
                f"{folder}: has both val and validation; put all files into one of them."
            )
        return parts

    for name, path in folders.items():
        if name.lower().startswith("train") and name != "train" and _has_folders(path):
            raise DataError(
                f"{path}: looks like a training part; name the folders of the parts train, "
                f"validation and test."
            )
    return {"train": folder}


def _find_in_table(path):
    """(files, refused) of a CSV file with the columns path and label."""
    import pandas

    try:
        table = pandas.read_csv(path, dtype=str, keep_default_na=False)
    except (ValueError, OSError, EOFError) as error:  # pandas' parser errors are ValueErrors
        raise DataError(
            f"{path}: not a readable CSV file ({first_line(error)}); give a table with the "
            f"columns path and label."
        ) from error
    missing = [column for column in ("path", "label") if column not in table.columns]
    if missing:
        raise DataError(
            f"{path}: no column {missing[0]!r} (it has {', '.join(map(str, table.columns))}); "
            f"name the columns path and label in the first line."
        )

    files, refused = [], []
    names = table["path"].str.strip()
    labels = table["label"].str.strip()
    for line, (name, label) in enumerate(zip(names, labels, strict=True), start=2):
        if name and label:
            files.append(LabelledFile(path.parent / name, name, label))
        else:
            refused.append((f"line {line}", "has no path or no label"))
    if not files:
        raise DataError(f"{path}: the table has no rows; give one row per file.")
    return files, refused


def content_digest(path):
    """SHA-256 of a file, or of the names and contents of all files in a folder."""
    if path.is_dir():
        digest = hashlib.sha256()
        for inside in sorted(path.rglob("*")):
            if inside.is_file() and not _is_hidden(inside):
                name = inside.relative_to(path).as_posix().encode(errors="surrogateescape")
                digest.update(b"%b\0%b\n" % (name, content_digest(inside).encode()))
        return digest.hexdigest()
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _has_folders(folder):
    return any(path.is_dir() for path in visible(folder))


def _is_hidden(path):
    return path.name.startswith(".") or path.name == "__MACOSX"


def _sorted_labels(labels):
    """Class names in alphabetical order; in numerical order if all are integers."""
    if all(label.isdecimal() for label in labels):
        return sorted(labels, key=lambda label: (int(label), label))
    return sorted(labels)
