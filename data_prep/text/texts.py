"""Texts from files and named data: texts with classes, pairs of texts, or one long text.

texts = data_prep.load_text("docstrings", seed=0)   # or "imdb", or a file or folder
pairs = data_prep.load_text_pairs("dates", seed=0)  # or a file such as fra.txt
story = data_prep.load_long_text("shakespeare.txt")
"""

import hashlib
import re
from pathlib import Path

import numpy as np

from data_prep.dataset import Dataset, Part
from data_prep.errors import DataError
from data_prep.sources.named import find_named
from data_prep.text.files import (
    TABLES,
    check_text,
    file_stem,
    file_type,
    read_columns,
    read_lines,
    read_tabs,
    read_text,
)
from data_prep.text.parts import PARTS, pair_groups, split_texts, text_keys

FILES = "the path of a file or folder"


def load_text(data="docstrings", seed=0, validation=0.1, text="text", label="label"):
    """Load texts with one class each.

    Args:
        data: "docstrings" (of installed libraries; the class is the library), "imdb" (downloaded
            once by Keras), or a path. Each file but Parquet may also be packed (.gz or .xz).
            The path is one of

            - a .csv or .tsv file with a header, a .jsonl file with one object per line, or a
              .parquet file, with the fields `text` and `label`;
            - a folder with two or more such files, one per part, for example imdb_train.jsonl and
              imdb_test.jsonl;
            - a folder with one folder of text files per class, or with the folders train and test
              that each contain such class folders;
            - a folder with one text file per class, one text per line, for example rt.pos and
              rt.neg.

        seed: selects the validation part. The test part is the same for every seed. It is a fifth
            of the texts unless it is given.
        validation: fraction of the training texts, the same in each class, for validation.
        text: name of the field with the text.
        label: name of the field with the class.

    Returns:
        A Dataset. Inputs are strings, an object array (examples,); labels are int64 (examples,).
        Texts that differ only in capitals, spaces and punctuation are in the same part. If the
        parts are given, a training text that is also in a later part is left out, and `source`
        says how many.

    Raises:
        DataError: if the data cannot be used. The message names the file and the line.
    """
    named = find_named(data, "text", FILES)
    if named:
        name, source, frame = str(data), named.full_source(), named.load()
        frame = frame[frame["text"] != ""]
        texts, parts = frame["text"], frame["part"]
        labels = frame.get("label", frame.get("library"))
        groups = frame.get("module")
    else:
        path = Path(data)
        name, source, groups = file_stem(path), f"file {path}", None
        texts, labels, parts = _read_labelled(path, text, label)

    texts = np.array(texts, dtype=object)
    labels = np.array(labels, dtype=str)
    parts = np.array(parts, dtype=str)
    keys = text_keys(texts)
    groups = keys if groups is None else np.array(groups, dtype=str)

    classes = np.unique(labels[parts != "test"])
    if len(classes) < 2:
        raise DataError(f"{data}: there is {len(classes)} class; a classifier needs two.")
    unknown = np.setdiff1d(labels, classes)
    if len(unknown):
        raise DataError(
            f"{data}: the test part has the label {unknown[0]}, but the training part does not; "
            f"add training texts with this label, or leave it out."
        )

    rows, left_out = split_texts(data, labels, parts, keys, groups, seed, validation)
    if left_out:
        source += f"; {left_out} texts left out that are also in a later part"
    numbers = np.searchsorted(classes, labels)

    return Dataset(
        name=name,
        source=source,
        **{part: Part(texts[part_rows], numbers[part_rows]) for part, part_rows in rows.items()},
        classes=tuple(map(str, classes)),
        fingerprint=text_fingerprint(texts, labels),
    )


def load_text_pairs(
    data="dates", seed=0, validation=0.1, source="source", target="target", limit=None
):
    """Load pairs of texts: one to read and one to write.

    Args:
        data: "dates" (a date in one of 23 languages -> ISO form), "docstrings" (the text after
            the first sentence -> the first sentence), or a path. The path is a .csv or .tsv file
            with a header, a .jsonl file with one object per line, or a .parquet file, with the
            fields `source` and `target`; or a .txt or .tsv file without a header. Each line of
            the latter is source, tab, target; anything after a second tab is ignored. Each file
            but Parquet may also be packed (.gz or .xz after its name).
        seed: selects the validation part. The test part is the same for every seed. It is a fifth
            of the pairs unless it is given.
        validation: fraction of the training pairs for validation.
        source: name of the field with the text to read.
        target: name of the field with the text to write.
        limit: read only this many pairs from the start of a file; None for all.

    Returns:
        A Dataset. Inputs and labels are strings, object arrays (examples,). Pairs that share a
        source or a target are in the same part; capitals, spaces and punctuation are ignored.

    Raises:
        DataError: if the data cannot be used. The message names the file and the line.
    """
    if limit is not None and limit < 1:
        raise DataError(f"limit is {limit}; give the number of pairs to read, an integer >= 1.")

    named = find_named(data, "pairs", FILES)
    if named:
        name, origin, frame = str(data), named.full_source(), named.load()
        if name == "docstrings":
            frame = frame[frame["body"] != ""]
            sources, targets, groups = frame["body"], frame["summary"], frame["module"]
        else:
            sources, targets, groups = frame["source"], frame["target"], frame["target"]
        groups, parts = groups.to_numpy(), frame["part"].to_numpy()
    else:
        path = Path(data)
        name, origin = file_stem(path), f"file {path}"
        sources, targets = _read_pairs(path, source, target, limit)
        groups, parts = pair_groups(sources, targets), np.full(len(sources), "")

    sources, targets = np.array(sources, dtype=object), np.array(targets, dtype=object)
    no_classes = np.zeros(len(sources))
    rows, _ = split_texts(data, no_classes, parts, groups, groups, seed, validation)

    return Dataset(
        name=name,
        source=origin,
        **{part: Part(sources[part_rows], targets[part_rows]) for part, part_rows in rows.items()},
        fingerprint=text_fingerprint(sources, targets),
    )


def load_long_text(data="docstrings", seed=0, validation=0.1, test=0.1):
    """Load one long text for models that predict the next character.

    Args:
        data: "docstrings" or "imdb", with one text per line, in the parts of `load_text`; or the
            path of a text file, which may be packed (.gz or .xz after its name).
        seed: selects the validation part of named data. A file is cut in order.
        validation: fraction of the characters of a file, before the test part, for validation. For
            named data, the fraction of the training texts.
        test: fraction of the characters, at the end of a file, for the test part.

    Returns:
        A Dataset. Inputs of each part are one string, an object array (1,). Labels are the same
        array: each character is the label of the characters before it.

    Raises:
        DataError: if the data cannot be used. The message names the file and the line.
    """
    if find_named(data, "text", FILES):
        texts = load_text(data, seed, validation)
        name, source, fingerprint = texts.name, texts.source, texts.fingerprint
        parts = {key: "\n".join(part.inputs) for key, part in texts.parts().items()}
    else:
        path = Path(data)
        name, source = file_stem(path), f"file {path}"
        text = read_text(path)
        fingerprint = text_fingerprint([text])
        parts = _cut_in_order(text, validation, test, path)

    arrays = {part: np.array([text], dtype=object) for part, text in parts.items()}
    return Dataset(
        name=name,
        source=source,
        **{part: Part(array, array) for part, array in arrays.items()},
        fingerprint=fingerprint,
    )


def _cut_in_order(text, validation, test, path):
    """{part: text}: the training part is first, the test part is last."""
    validation_start = round(len(text) * (1 - validation - test))
    test_start = round(len(text) * (1 - test))
    parts = {
        "train": text[:validation_start],
        "validation": text[validation_start:test_start],
        "test": text[test_start:],
    }
    for part, content in parts.items():
        if not content:
            raise DataError(
                f"{path}: {len(text)} characters leave none for the {part} part, with "
                f"{validation:.0%} for validation and {test:.0%} for the test; give a longer text."
            )
    return parts


def text_fingerprint(*columns):
    """SHA-256 over the texts of one or more columns. Equal texts have equal fingerprints."""
    digest = hashlib.sha256()
    for column in columns:
        for text in column:
            content = text.encode()
            digest.update(b"%d " % len(content))
            digest.update(content)
    return digest.hexdigest()


def _read_labelled(path, text, label):
    """(texts, labels, parts) of a file or folder; a part is "" if it is not given."""
    if not path.is_dir():
        texts, labels = read_columns(path, [text, label])
        return texts, labels, [""] * len(texts)

    visible = sorted(item for item in path.iterdir() if not item.name.startswith("."))
    folders = [item for item in visible if item.is_dir()]
    files = [item for item in visible if item.is_file()]
    tables = [file for file in files if file_type(file) in TABLES]

    rows = []  # (text, label, part)
    if folders and {folder.name for folder in folders} <= PARTS.keys():
        for folder in folders:
            class_folders = [item for item in sorted(folder.iterdir()) if item.is_dir()]
            rows += _read_class_folders(class_folders, PARTS[folder.name])
    elif folders:
        rows = _read_class_folders(folders, "")
    elif tables:
        for file in tables:
            rows += _read_part_table(file, text, label)
    else:
        rows = _read_class_files(files)

    if not rows:
        raise DataError(
            f"{path}: no texts in this folder; give one folder or one text file per class."
        )
    given = {part for _, _, part in rows} - {""}
    if given and not {"train", "test"} <= given:
        raise DataError(f"{path}: has only {', '.join(sorted(given))}; give train and test.")
    return zip(*rows, strict=True)


def _read_class_folders(folders, part):
    """(text, class, part) of each text file in some class folders."""
    rows = []
    for folder in folders:
        for file in sorted(folder.iterdir()):
            if file.is_file() and not file.name.startswith("."):
                content = read_text(file).strip()
                check_text(content, f"{file}")
                rows.append((content, folder.name, part))
    return rows


def _read_class_files(files):
    """(line, class, "") of each line of some files, such as rt.pos and rt.neg or pos and neg."""
    same_stem = len({file_stem(file) for file in files}) == 1
    rows = []
    for file in files:
        name = file_type(file)[1:] if same_stem else file_stem(file)
        rows += [(line, name, "") for line in read_lines(file)]
    return rows


def _read_part_table(file, text, label):
    """(text, class, part) of each row of a table whose name ends with its part."""
    last_word = re.split(r"[^a-z]", file_stem(file).lower())[-1]
    if last_word not in PARTS:
        raise DataError(
            f"{file}: the name does not say which part this is; end it with train, validation or "
            f"test, or give one file."
        )
    texts, labels = read_columns(file, [text, label])
    return [(*row, PARTS[last_word]) for row in zip(texts, labels, strict=True)]


def _read_pairs(path, source, target, limit):
    """(sources, targets) of a file of any form, at most `limit` of them."""
    is_table = file_type(path) not in (".txt", ".tsv") or _has_header(path, source, target)
    if not is_table:
        return read_tabs(path, limit)
    sources, targets = read_columns(path, [source, target])
    return sources[:limit], targets[:limit]


def _has_header(path, source, target):
    """Whether the first line of a .tsv file names the fields of the pairs."""
    first_line = read_text(path).split("\n", 1)[0]
    return file_type(path) == ".tsv" and {source, target} <= set(first_line.split("\t"))
