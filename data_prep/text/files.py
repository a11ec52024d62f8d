"""Files of text: plain, or tables with named fields; each may be packed (.gz or .xz)."""

import csv
import gzip
import io
import json
import lzma
import zlib
from pathlib import Path

from data_prep.errors import DataError
from data_prep.tables.files import read_table

COMPRESSED = (".gz", ".xz")
TABLES = (".csv", ".tsv", ".jsonl", ".parquet")


def read_text(path):
    """Read a text file in UTF-8, which may be packed (.gz or .xz); line ends become "\\n".

    Raises:
        DataError: if the file cannot be read. The message names the file, and the line that is
            not UTF-8.
    """
    path = Path(path)
    if not path.is_file():
        problem = "is a folder; give" if path.is_dir() else "no such file; give the path of"
        raise DataError(f"{path}: {problem} a text file.")

    open_file = {".gz": gzip.open, ".xz": lzma.open}.get(path.suffix, open)
    try:
        with open_file(path, "rb") as file:
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
    """The lines of a text file that are not blank, in order; the file may be packed."""
    return [line.strip() for line in read_text(path).split("\n") if line.strip()]


def read_columns(path, fields, optional=()):
    """Read some fields of a .csv or .tsv file with a header, a .jsonl file or a .parquet file.

    Args:
        path: the file.
        fields: names of the fields. They hold texts, or integers, which become texts.
        optional: names of fields that may be missing or empty, which gives "".

    Returns:
        One list of strings per field, the optional ones last.

    Raises:
        DataError: names the file, the line or row, and what to do.
    """
    if file_type(path) not in TABLES:
        raise DataError(
            f"{path}: not a folder or a file {', '.join(TABLES)} (also with .gz or .xz); give one."
        )
    rows_of = {".jsonl": _json_rows, ".parquet": _parquet_rows}.get(file_type(path), _csv_rows)

    columns = [[] for _ in (*fields, *optional)]
    for where, row in rows_of(path):
        for column, field in zip(columns, (*fields, *optional), strict=True):
            if field in optional and not row.get(field):
                column.append("")
                continue
            if field not in row:
                raise DataError(f"{where}: no field {field!r}; name one of {', '.join(row)}.")
            value = row[field]
            if isinstance(value, int):  # a class number
                value = str(value)
            check_text(value, f"{where}: field {field!r}")
            column.append(value)

    if not columns[0]:
        raise DataError(f"{path}: no rows; give a file with at least one.")
    return columns


def _parquet_rows(path):
    """(place, {field: value}) of each row."""
    rows = read_table(path).to_dict("records")
    for number, row in enumerate(rows):
        yield f"{path}, row {number}", {str(field): value for field, value in row.items()}


def _json_rows(path):
    """(place, object) of each line that is not blank."""
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            row = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            raise DataError(f"{where}: not JSON ({error}); give one object per line.") from error
        if not isinstance(row, dict):
            raise DataError(f"{where}: {line:.40} is not an object; give one per line.")
        yield where, row


def _csv_rows(path):
    """(place, {field: value}) of each row that is not blank."""
    content = io.StringIO(read_text(path), newline="")
    delimiter = "\t" if file_type(path) == ".tsv" else ","
    reader = csv.reader(content, delimiter=delimiter, strict=True)
    try:
        header = next(reader, [])
        line = reader.line_num + 1
        for row in reader:
            if row and len(row) != len(header):
                raise DataError(
                    f"{path}, line {line}: {len(row)} fields, but the header has {len(header)}; "
                    f"quote fields that contain the separator."
                )
            if row:
                yield f"{path}, line {line}", dict(zip(header, row, strict=True))
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}; correct the quotes.") from error


def read_tabs(path, limit):
    """Read a file with source, tab, target in each line.

    Args:
        path: the file. Blank lines, and anything after a second tab, are ignored.
        limit: number of pairs to read from the start; None for all.

    Returns:
        (sources, targets): lists of strings.

    Raises:
        DataError: names the file, the line, and what to do.
    """
    sources, targets = [], []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if len(sources) == limit:
            break
        if not line.strip():
            continue

        here = f"{path}, line {number}"
        fields = [field.strip() for field in line.split("\t")]
        if len(fields) < 2:
            raise DataError(f"{here}: no tab in {line[:40]!r}; give source, tab, target.")
        source, target = fields[:2]
        check_text(source, f"{here}: source")
        check_text(target, f"{here}: target")
        sources.append(source)
        targets.append(target)

    if not sources:
        raise DataError(f"{path}: no pairs; give source, tab, target in each line.")
    return sources, targets


def check_text(value, where):
    """Refuse what is not a string, or is empty, or cannot be written in UTF-8."""
    if not isinstance(value, str):
        raise DataError(f"{where} is {value!r:.40}, not a text; give a string.")
    if not value.strip():
        raise DataError(f"{where} is empty; fill it or leave it out.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise DataError(
            f"{where} has half of a surrogate pair at character {error.start}; correct it."
        ) from error


def file_type(path):
    """The suffix without .gz or .xz: ".jsonl" for reviews.jsonl.xz."""
    suffixes = [suffix for suffix in path.suffixes if suffix not in COMPRESSED]
    return suffixes[-1] if suffixes else ""


def file_stem(path):
    """The name without suffixes: "reviews" for reviews.jsonl.xz."""
    known_suffixes = (*COMPRESSED, file_type(path))
    name = path.name
    while Path(name).suffix and Path(name).suffix in known_suffixes:
        name = Path(name).stem
    return name
