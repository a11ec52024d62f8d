"""Texts from files and named data: texts with a class, pairs of texts, one long text.

texts = data_prep.load_text("docstrings", seed=0)        # or "imdb", or a file or folder
pairs = data_prep.load_text_pairs("dates", seed=0)       # or a file such as fra.txt
story = data_prep.load_long_text("shakespeare.txt")
"""

import csv
import gzip
import hashlib
import io
import json
import lzma
import re
import zlib
from pathlib import Path

import numpy as np

from data_prep.dataset import Dataset, Part, stratified_split
from data_prep.errors import DataError
from data_prep.sources.named import find_named

COMPRESSED = (".gz", ".xz")
TABLES = (".csv", ".tsv", ".jsonl")
PARTS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}
FILES = "the path of a file or folder"


def load_text(data="docstrings", seed=0, validation=0.1, text="text", label="label"):
    """Load texts with one class each.

    Args:
        data: "docstrings" (installed libraries' own, by library), "imdb" (downloaded once by
            Keras), or a path, every file also with .gz or .xz behind its name:

            - a .csv or .tsv file with a header, or a .jsonl file of objects, with the fields
              `text` and `label`;
            - a folder with two or more of these, one per part, such as imdb_train.jsonl and
              imdb_test.jsonl;
            - a folder with one folder of text files per class, or with the folders train and
              test that have these;
            - a folder with one text file per class, one text per line, such as rt.pos and rt.neg.

        seed: draws the validation part. The test part, a fifth where none is given, is the same
            for every seed.
        validation: share of the training texts, the same in each class, to cut for validation.
        text: name of the field that holds the text.
        label: name of the field that holds the class.

    Returns:
        A Dataset. Inputs are strings, an object array (examples,); labels int64 (examples,).
        Texts that differ in capitals, spaces and punctuation alone are all in one part. Where
        the parts are given, a training text that is also in a later part is left out, and
        `source` counts them.

    Raises:
        DataError: naming the file, the line and what to do.
    """
    named = find_named(data, "text", FILES)
    if named:
        name, source, frame = str(data), named.full_source(), named.load()
        frame = frame[frame["text"] != ""]
        texts, labels, parts = (
            frame["text"],
            frame.get("label", frame.get("library")),
            frame["part"],
        )
        groups = frame.get("module")
    else:
        path = Path(data)
        name, source, groups = _stem(path), f"file {path}", None
        texts, labels, parts = _read_labelled(path, text, label)
    texts, labels = np.array(texts, dtype=object), np.array(labels, dtype=str)
    parts = np.array(parts, dtype=str)
    keys = _keys(texts)
    groups = keys if groups is None else np.array(groups, dtype=str)
    classes = np.unique(labels[parts != "test"])
    if len(classes) < 2:
        raise DataError(f"{data}: there is {len(classes)} class; a classifier needs two.")
    unknown = np.setdiff1d(labels, classes)
    if len(unknown):
        raise DataError(
            f"{data}: the test part has the label {unknown[0]}, which the training part has not; "
            f"give training texts of it or leave it out."
        )
    numbers = np.searchsorted(classes, labels)
    rows, left_out = _split(data, labels, parts, keys, groups, seed, validation)
    if left_out:
        source += f"; {left_out} texts left out that are also in a later part"
    return Dataset(
        name=name,
        source=source,
        **{part: Part(texts[where], numbers[where]) for part, where in rows.items()},
        classes=tuple(map(str, classes)),
        fingerprint=text_fingerprint(texts, labels),
    )


def load_text_pairs(
    data="dates", seed=0, validation=0.1, source="source", target="target", limit=None
):
    """Load pairs of texts: one to read and one to write.

    Args:
        data: "dates" (a date in one of many languages -> ISO form), "docstrings" (what follows
            the first sentence -> the first sentence), or the path of a .csv file with a header or
            a .jsonl file of objects with the fields `source` and `target`, or of a .txt or .tsv
            file without a header: source, tab, target in each line, and what follows another tab
            is passed over. Every file also with .gz or .xz behind its name.
        seed: draws the validation part. The test part, a fifth where none is given, is the same
            for every seed.
        validation: share of the training pairs to cut for validation.
        source: name of the field that holds the text to read.
        target: name of the field that holds the text to write.
        limit: read only the first pairs of a file; None for all.

    Returns:
        A Dataset. Inputs and labels are strings, object arrays (examples,). Pairs that share a
        source or a target, but for capitals, spaces and punctuation, are all in one part.

    Raises:
        DataError: naming the file, the line and what to do.
    """
    if limit is not None and limit < 1:
        raise DataError(f"limit is {limit}; give the number of pairs to read, from 1 on.")
    named = find_named(data, "pairs", FILES)
    if named:
        name, origin, frame = str(data), named.full_source(), named.load()
        if name == "docstrings":
            frame = frame[frame["body"] != ""]
            sources, targets, groups = frame["body"], frame["summary"], frame["module"].to_numpy()
        else:
            sources, targets, groups = frame["source"], frame["target"], frame["target"].to_numpy()
        parts = frame["part"].to_numpy()
    else:
        path = Path(data)
        name, origin = _stem(path), f"file {path}"
        if _suffix(path) in (".txt", ".tsv"):
            sources, targets = _read_tabs(path, limit)
        else:
            sources, targets = _read_table(path, [source, target])
            sources, targets = sources[:limit], targets[:limit]
        groups, parts = _same_text_groups(sources, targets), np.full(len(sources), "")
    sources, targets = np.array(sources, dtype=object), np.array(targets, dtype=object)
    rows, _ = _split(data, np.zeros(len(sources)), parts, groups, groups, seed, validation)
    return Dataset(
        name=name,
        source=origin,
        **{part: Part(sources[where], targets[where]) for part, where in rows.items()},
        fingerprint=text_fingerprint(sources, targets),
    )


def load_long_text(data="docstrings", seed=0, validation=0.1, test=0.1):
    """Load one long text, whose every character is the label of those before it.

    Args:
        data: "docstrings" or "imdb", one text per line, in the parts of `load_text`; or the path
            of a text file, also .gz and .xz.
        seed: draws the validation part of named data. A file is cut in order.
        validation: share of the characters of a file, before the test part, for validation; of
            named data, of the training texts.
        test: share of the characters at the end of a file for the test part.

    Returns:
        A Dataset. Inputs of each part are one string, an object array (1,); labels are the same.

    Raises:
        DataError: naming the file, the line and what to do.
    """
    if find_named(data, "text", FILES):
        texts = load_text(data, seed, validation)
        name, source, mark = texts.name, texts.source, texts.fingerprint
        parts = {part: "\n".join(given.inputs) for part, given in texts.parts().items()}
    else:
        path = Path(data)
        name, source = _stem(path), f"file {path}"
        text = read_text(path)
        first = round(len(text) * (1 - validation - test))
        second = round(len(text) * (1 - test))
        parts = {"train": text[:first], "validation": text[first:second], "test": text[second:]}
        mark = text_fingerprint([text])
        for part, given in parts.items():
            if not given:
                raise DataError(
                    f"{path}: {len(text)} characters leave none for the {part} part with shares of "
                    f"{validation:.0%} for validation and {test:.0%} for the test."
                )
    arrays = {part: np.array([text], dtype=object) for part, text in parts.items()}
    return Dataset(
        name=name,
        source=source,
        **{part: Part(text, text) for part, text in arrays.items()},
        fingerprint=mark,
    )


def read_text(path):
    """Read a text file in UTF-8, also one packed with .gz or .xz; line ends become "\\n".

    Raises:
        DataError: naming the file, and the line that is not UTF-8.
    """
    path = Path(path)
    if not path.is_file():
        what = "is a folder; give" if path.is_dir() else "no such file; give the path of"
        raise DataError(f"{path}: {what} a text file.")
    try:
        opened = {".gz": gzip.open, ".xz": lzma.open}.get(path.suffix, open)
        with opened(path, "rb") as file:
            content = file.read()
    except (EOFError, OSError, lzma.LZMAError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({error}); get the file again.") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}, line {line}: byte {content[error.start]:#04x} is not UTF-8; save the file as "
            f"UTF-8."
        ) from error
    return text.replace("\r\n", "\n")


def read_lines(path):
    """The lines of a text file that are not blank, in order; also .gz and .xz."""
    return [line.strip() for line in read_text(path).split("\n") if line.strip()]


def text_fingerprint(*columns):
    """SHA-256 over the texts of one or more columns: equal texts, equal fingerprint."""
    digest = hashlib.sha256()
    for column in columns:
        for text in column:
            content = text.encode()
            digest.update(b"%d " % len(content))
            digest.update(content)
    return digest.hexdigest()


def _read_labelled(path, text, label):
    """(texts, labels, parts) of a file or folder; a part is "" where none is given."""
    if not path.is_dir():
        texts, labels = _read_table(path, [text, label])
        return texts, labels, [""] * len(texts)
    inside = sorted(item for item in path.iterdir() if not item.name.startswith("."))
    folders, files = [i for i in inside if i.is_dir()], [i for i in inside if i.is_file()]
    found = []  # (text, label, part)
    tables = [file for file in files if _suffix(file) in TABLES]
    if folders and {folder.name for folder in folders} <= PARTS.keys():
        for folder in folders:
            classes = [item for item in sorted(folder.iterdir()) if item.is_dir()]
            found += _read_class_folders(classes, PARTS[folder.name])
    elif folders:
        found = _read_class_folders(folders, "")
    elif tables:
        for file in tables:
            part = re.split(r"[^a-z]", _stem(file).lower())[-1]
            if part not in PARTS:
                raise DataError(
                    f"{file}: which part is it? Name it with train, validation or test at the end, "
                    f"or give one file."
                )
            columns = _read_table(file, [text, label])
            found += [(*row, PARTS[part]) for row in zip(*columns, strict=True)]
    else:
        same = len({_stem(file) for file in files}) == 1
        for file in files:
            name = _suffix(file)[1:] if same else _stem(file)
            found += [(line, name, "") for line in read_lines(file)]
    if not found:
        raise DataError(
            f"{path}: no texts in this folder; give one folder or one text file per class."
        )
    given = {part for _, _, part in found} - {""}
    if given and not {"train", "test"} <= given:
        raise DataError(f"{path}: has {', '.join(sorted(given))} alone; give train and test.")
    return zip(*found, strict=True)


def _read_class_folders(folders, part):
    found = []
    for folder in folders:
        for file in sorted(folder.iterdir()):
            if file.is_file() and not file.name.startswith("."):
                content = read_text(file).strip()
                _check_text(content, f"{file}")
                found.append((content, folder.name, part))
    return found


def _read_table(path, fields):
    """The values of some fields in a .csv, .tsv or .jsonl file, a list of strings each."""
    suffix = _suffix(path)
    if suffix not in TABLES:
        raise DataError(
            f"{path}: is no folder and no {', '.join(TABLES)} file (.gz and .xz too); give one."
        )
    content = read_text(path)
    rows = _json_rows(content, path) if suffix == ".jsonl" else _csv_rows(content, path, suffix)
    columns = [[] for _ in fields]
    for line, row in rows:
        for column, field in zip(columns, fields, strict=True):
            if field not in row:
                raise DataError(
                    f"{path}, line {line}: no field {field!r} (there are {', '.join(row)}); name "
                    f"the field that is meant."
                )
            value = row[field]
            if isinstance(value, int):  # a class number
                value = str(value)
            _check_text(value, f"{path}, line {line}: field {field!r}")
            column.append(value)
    if not columns[0]:
        raise DataError(f"{path}: no rows; give a file with at least one.")
    return columns


def _json_rows(content, path):
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            raise DataError(
                f"{path}, line {number}: not JSON ({error}); give one object per line."
            ) from error
        if not isinstance(row, dict):
            raise DataError(f"{path}, line {number}: {line:.40} is no object; give one per line.")
        yield number, row


def _csv_rows(content, path, suffix):
    reader = csv.reader(
        io.StringIO(content, newline=""), delimiter="\t" if suffix == ".tsv" else ",", strict=True
    )
    try:
        header = next(reader, [])
        line = reader.line_num + 1
        for row in reader:
            if row and len(row) != len(header):
                raise DataError(
                    f"{path}, line {line}: {len(row)} fields, but the header has {len(header)}; "
                    f"quote fields that hold the separator."
                )
            if row:
                yield line, dict(zip(header, row, strict=True))
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}; correct the quotes.") from error


def _read_tabs(path, limit):
    sources, targets = [], []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if len(sources) == limit:
            break
        if not line.strip():
            continue
        fields = line.split("\t")
        if len(fields) < 2:
            raise DataError(
                f"{path}, line {number}: no tab in {line[:40]!r}; give source, tab, target."
            )
        for column, field, what in zip(
            (sources, targets), fields[:2], ("source", "target"), strict=True
        ):
            _check_text(field.strip(), f"{path}, line {number}: {what}")
            column.append(field.strip())
    if not sources:
        raise DataError(f"{path}: no pairs; give source, tab, target in each line.")
    return sources, targets


def _check_text(value, where):
    if not isinstance(value, str):
        raise DataError(f"{where} holds {value!r:.40}, no text; give a string.")
    if not value.strip():
        raise DataError(f"{where} is empty; fill it or leave it out.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise DataError(
            f"{where} holds half of a surrogate pair at character {error.start}; correct it."
        ) from error


def _split(where, classes, parts, keys, groups, seed, validation):
    """Rows of the three parts by name, and how many are left out: their text is in a later part.

    Args:
        where: what to call the data in an error.
        classes: class of each row, (rows,).
        parts: "train", "validation", "test", or "" where it is to be cut, (rows,).
        keys: rows with equal keys hold the same text, (rows,).
        groups: rows of one group come into one part, (rows,).
        seed: draws the validation part.
        validation: share of the training groups for validation.
    """
    rows = np.arange(len(parts))
    test, given = rows[parts == "test"], rows[parts == "validation"]
    train = rows[~np.isin(parts, ["test", "validation"])]
    before = len(train) + len(given)
    if len(test):
        given = given[~np.isin(keys[given], keys[test])]
        train = train[~np.isin(keys[train], keys[np.concatenate([test, given])])]
    left_out = before - len(train) - len(given)
    if not len(test):
        train, test = _cut_groups(where, train, classes, groups, 0.2, 0, "test")
    if not len(given):
        train, given = _cut_groups(where, train, classes, groups, validation, seed, "validation")
    return {"train": train, "validation": given, "test": test}, left_out


def _cut_groups(where, rows, classes, groups, fraction, seed, what):
    """Cut a share of the groups, the same in each class; a group has its first row's class."""
    _, first, group_of = np.unique(groups[rows], return_index=True, return_inverse=True)
    try:
        _, cut = stratified_split(classes[rows][first], fraction, seed, what)
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
    is_cut = np.isin(group_of, cut)
    return rows[~is_cut], rows[is_cut]


def _same_text_groups(sources, targets):
    """Number of each pair's group: pairs that share a source or a target, also by way of others."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    columns = [np.unique(_keys(texts), return_inverse=True)[1] for texts in (sources, targets)]
    size = columns[0].max() + 1
    both = size + columns[1].max() + 1
    edges = coo_array((np.ones(len(sources)), (columns[0], size + columns[1])), shape=(both, both))
    return connected_components(edges, directed=False)[1][columns[0]]


def _keys(texts):
    """A number for each text, equal where the texts are, but for capitals, spaces, punctuation."""
    keys = np.zeros(len(texts), np.int64)
    for row, text in enumerate(texts):
        letters = "".join(re.findall(r"\w+", text.casefold())) or text
        digest = hashlib.blake2b(letters.encode(), digest_size=8).digest()
        keys[row] = int.from_bytes(digest, "little", signed=True)
    return keys


def _suffix(path):
    """The suffix before .gz or .xz: .jsonl for reviews.jsonl.xz."""
    suffixes = [suffix for suffix in path.suffixes if suffix not in COMPRESSED]
    return suffixes[-1] if suffixes else ""


def _stem(path):
    """The name without suffixes: reviews for reviews.jsonl.xz."""
    name = path.name
    while Path(name).suffix in (*COMPRESSED, _suffix(path)) and Path(name).suffix:
        name = Path(name).stem
    return name
