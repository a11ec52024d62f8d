"""Docstrings of installed libraries as texts; the source files are read, never imported."""

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
    """Docstrings of six installed libraries, at most 1,000 of each.

    Modules are read in the order of a hash of their path, so the order is the same on every
    machine. All docstrings of a module are in the same part. No sentence of `text` occurs twice in
    the data, even with different capitals, numbers or punctuation, and no sentence names one of
    the libraries. If a test text shares 80% of its words with a training text, it becomes "".

    Returns:
        A DataFrame with one row per docstring and the columns
            library: the class.
            module: such as "numpy/lib/_function_base_impl.py".
            part: "train" or "test" (a fifth of the modules).
            text: the sentences before the first section, or "" if none is left.
            summary: the first sentence.
            body: the text after the summary, in one line, without code, or "" if it is short.
    """
    import pandas as pd

    rows, seen = [], set()
    for library in LIBRARIES:
        missing = PER_LIBRARY
        for module, part, path in _modules(library):
            found = _read_module(path, seen)
            rows += [(library, module, part, *texts) for texts in found[:missing]]
            missing -= len(found)
            if missing <= 0:
                break

    columns = ["library", "module", "part", "text", "summary", "body"]
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    for column in ("text", "body"):
        _clear_near_copies(frame, column)
    return frame


def _clear_near_copies(frame, column):
    """Replace test texts by "" if they share 80% of their words with a training text."""
    from sklearn.feature_extraction.text import CountVectorizer

    words = CountVectorizer(binary=True, dtype=np.float32).fit_transform(frame[column])
    num_words = np.asarray(words.sum(axis=1)).ravel()  # different words of each text
    is_test = (frame["part"] == "test").to_numpy()

    in_both = (words[is_test] @ words[~is_test].T).toarray()  # (test texts, training texts)
    in_either = num_words[is_test][:, None] + num_words[~is_test] - in_both
    is_near = (in_both >= 0.8 * np.maximum(in_either, 1)).any(axis=1)
    frame.loc[frame.index[is_test][is_near], column] = ""


def _modules(library):
    """(module, part, path) of each source file of a library, in the order of a hash."""
    spec = find_spec("sklearn" if library == "scikit-learn" else library)
    if spec is None or not spec.submodule_search_locations:
        raise DataError(
            f"'docstrings' reads the source of {library}, which is not installed: "
            f"pip install {library}."
        )
    folder = Path(spec.submodule_search_locations[0])
    modules = []  # (digest, module, part, path)
    for path in folder.rglob("*.py"):
        inner = path.relative_to(folder)
        is_foreign = _FOREIGN_FOLDERS.intersection(inner.parts[:-1])
        is_test_file = re.search(r"(^|_)(test|conftest)(s|_|\.)", path.name)
        if is_foreign or is_test_file:
            continue
        module = f"{folder.name}/{inner.as_posix()}"
        digest = hashlib.sha256(module.encode()).digest()
        part = "test" if digest[-1] % 5 == 0 else "train"
        modules.append((digest, module, part, path))
    return [(module, part, path) for _, module, part, path in sorted(modules)]


def _read_module(path, seen):
    """(text, summary, body) of each docstring in a file that has new sentences."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):  # a template, or Python of another version
        return []

    found = []
    for node in _definitions(tree):
        docstring = ast.get_docstring(node)
        if not docstring:
            continue
        texts = read_docstring(docstring, seen)
        if texts:
            found.append(texts)
    return found


def _definitions(node):
    """A module, and its classes and functions, in the order of the file."""
    yield node
    for inner in node.body:
        if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from _definitions(inner)


def read_docstring(docstring, seen):
    """(text, summary, body) of one docstring, or None if it contains nothing new.

    Args:
        docstring: without indentation.
        seen: keys of all sentences and bodies so far. The keys of this docstring are added.
    """
    section = _SECTION.search(docstring)
    opening = docstring[: section.start()] if section else docstring
    sentences = _sentences(opening)
    new = [sentence for sentence in sentences if _is_new(sentence, seen)]
    if not new or new[0] != sentences[0]:
        return None

    rest = []  # the lines after the opening, without code and underlines
    for line in docstring[len(opening) :].splitlines():
        if not re.match(r"\s*(>>>|\.\.\.|[-=~]{3,}\s*$)", line):
            rest.append(line)
    summary = sentences[0]
    body = " ".join([*sentences[1:], _plain("\n".join(rest))]).strip()
    if len(body.split()) < 15 or not _is_new(body, seen):
        body = ""

    text = " ".join(sentence for sentence in new if not _NAMES.search(sentence))
    return text, summary, body


def _sentences(opening):
    """All sentences of three words or more, without markup."""
    sentences = []
    for paragraph in opening.split("\n\n"):
        for sentence in _SENTENCE_END.split(_plain(paragraph)):
            if len(sentence.split()) >= 3:
                sentences.append(sentence)
    return sentences


def _plain(text):
    """The text without markup, in one line."""
    text = _ROLE.sub(r"\1", text).replace("`", "").replace("~", "")
    text = re.sub(r"\.\. [\w-]+::", "", text)
    return " ".join(text.split())


def _is_new(sentence, seen):
    """Whether a sentence with these letters is new; adds its key to `seen`."""
    letters = "".join(re.findall(r"[^\W\d_]+", sentence.lower()))
    key = hashlib.sha256(letters.encode()).digest()
    is_new = key not in seen
    seen.add(key)
    return is_new
