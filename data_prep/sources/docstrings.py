"""Sentences of the installed libraries' own docstrings, read from source and never imported."""

import ast
import hashlib
import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from data_prep.errors import DataError

LIBRARIES = ("keras", "matplotlib", "numpy", "pandas", "scikit-learn", "scipy")
PER_LIBRARY = 1000  # docstrings

_NAMES = re.compile(
    r"\b(keras|tensorflow|matplotlib|mpl|pyplot|plt|numpy|np|pandas|pd|sklearn|scikit|scipy)\b",
    re.IGNORECASE,
)
_FOREIGN_FOLDERS = {
    "tests",
    "testing",
    "externals",
    "_vendor",
    "vendored",
    "_lib",
    "libs",
    "extern",
}
_SECTION = re.compile(r"^(\S.*\n\s*[-=~]{3,}\s*$|[A-Z][\w ]*:\s*(\n|$)|\.\. |>>> |:\w+|```)", re.M)
_ROLE = re.compile(r":[\w:.-]+:`~?([^`<]*?)\s*(<[^`]*>)?`_*")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


def docstrings():
    """Docstrings of six installed libraries, at most 1,000 of each, as a DataFrame.

    Modules are read in the order of a hash of their path, so that the order is the same on every
    machine, and a module is in one part alone. No sentence of `text` occurs twice in the data, not
    even with other capitals, numbers or punctuation, and none names one of the libraries. A test
    text that shares 80% of its words with a training text is emptied.

    Returns:
        A DataFrame, a row per docstring:
            library: the class.
            module: such as "numpy/lib/_function_base_impl.py".
            part: "train" or "test" (a fifth of the modules).
            text: its sentences up to the first section; "" where none is left.
            summary: its first sentence.
            body: what follows the summary, in one line, without code; "" where it is short.
    """
    import pandas as pd

    rows, seen = [], set()
    for library in LIBRARIES:
        wanted = PER_LIBRARY
        for module, part, path in _modules(library):
            found = _read_module(path, seen)
            rows += [(library, module, part, *texts) for texts in found[:wanted]]
            wanted -= len(found)
            if wanted <= 0:
                break
    columns = ["library", "module", "part", "text", "summary", "body"]
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    for column in ("text", "body"):
        _clear_near_copies(frame, column)
    return frame


def _clear_near_copies(frame, column):
    """Empty the test texts that share 80% of their words with a training text."""
    from sklearn.feature_extraction.text import CountVectorizer

    words = CountVectorizer(binary=True, dtype=np.float32).fit_transform(frame[column])
    length = np.asarray(words.sum(axis=1)).ravel()
    test = (frame["part"] == "test").to_numpy()
    shared = (words[test] @ words[~test].T).toarray()  # (test, train): words in both
    either = length[test][:, None] + length[~test] - shared
    near = (shared >= 0.8 * np.maximum(either, 1)).any(axis=1)
    frame.loc[frame.index[test][near], column] = ""


def _modules(library):
    """(module, part, path) of each source file of a library, in the order of a hash."""
    spec = find_spec("sklearn" if library == "scikit-learn" else library)
    if spec is None or not spec.submodule_search_locations:
        raise DataError(
            f"'docstrings' reads the source of {library}, which is not installed: "
            f"pip install {library}."
        )
    folder = Path(spec.submodule_search_locations[0])
    modules = []
    for path in folder.rglob("*.py"):
        inner = path.relative_to(folder)
        foreign = _FOREIGN_FOLDERS.intersection(inner.parts[:-1])
        if not foreign and not re.search(r"(^|_)(test|conftest)(s|_|\.)", path.name):
            module = f"{folder.name}/{inner.as_posix()}"
            digest = hashlib.sha256(module.encode()).digest()
            modules.append((digest, module, "test" if digest[-1] % 5 == 0 else "train", path))
    return [module[1:] for module in sorted(modules)]


def _read_module(path, seen):
    """(text, summary, body) of each docstring in a file that has new sentences."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):  # a template, or Python of another version
        return []
    found = []
    for node in _definitions(tree):
        docstring = ast.get_docstring(node)
        texts = docstring and read_docstring(docstring, seen)
        if texts:
            found.append(texts)
    return found


def _definitions(node):
    """A module, and the classes and functions in it, as they stand."""
    yield node
    for inner in node.body:
        if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from _definitions(inner)


def read_docstring(docstring, seen):
    """Text, summary and body of one docstring; None where nothing new is in it.

    Args:
        docstring: without indentation.
        seen: the keys of all sentences and bodies so far; those of this one are added.
    """
    section = _SECTION.search(docstring)
    opening = docstring[: section.start()] if section else docstring
    sentences = [
        sentence
        for paragraph in opening.split("\n\n")
        for sentence in _SENTENCE_END.split(_plain(paragraph))
        if len(sentence.split()) >= 3
    ]
    new = [sentence for sentence in sentences if _is_new(sentence, seen)]
    if not new or new[0] != sentences[0]:
        return None
    rest = "\n".join(
        line
        for line in docstring[len(opening) :].splitlines()
        if not re.match(r"\s*(>>>|\.\.\.|[-=~]{3,}\s*$)", line)
    )
    body = " ".join([*sentences[1:], _plain(rest)]).strip()
    if len(body.split()) < 15 or not _is_new(body, seen):
        body = ""
    text = " ".join(sentence for sentence in new if not _NAMES.search(sentence))
    return text, sentences[0], body


def _plain(text):
    """Without markup, in one line."""
    text = _ROLE.sub(r"\1", text).replace("`", "").replace("~", "")
    return " ".join(re.sub(r"\.\. [\w-]+::", "", text).split())


def _is_new(sentence, seen):
    key = hashlib.sha256("".join(re.findall(r"[^\W\d_]+", sentence.lower())).encode()).digest()
    is_new = key not in seen
    seen.add(key)
    return is_new
