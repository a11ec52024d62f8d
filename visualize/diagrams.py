"""`plot_model` that leaves a picture, or says what to do, on every machine."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import keras

from visualize.errors import (
    GraphvizFailedError,
    GraphvizNotFoundError,
    UnbuiltModelError,
    UnsupportedFormatError,
)

FORMATS = ("svg", "png", "pdf", "jpg", "gif", "dot")
SECONDS = 60  # the longest one engine may take over one drawing

# Runs in a child process: where Graphviz aborts, only the child dies.
PYGRAPHVIZ = (
    "import sys, pygraphviz; "
    "pygraphviz.AGraph(string=sys.stdin.read()).draw(sys.argv[1], format=sys.argv[2], prog='dot')"
)


def plot_model(
    model,
    to_file="model.png",
    show_shapes=False,
    show_dtype=False,
    show_layer_names=False,
    rankdir="TB",
    expand_nested=False,
    dpi=200,
    show_layer_activations=False,
    show_trainable=False,
):
    """Draw a Keras model to a file: `keras.utils.plot_model` that needs no system Graphviz.

    Engines, in order: the `dot` program on PATH, then the pygraphviz package, whose wheel carries
    Graphviz, in a child process.

    Args:
        model: a built keras.Model.
        to_file: path of the picture; its ending is the format (svg, png, pdf, jpg, gif or dot).
        show_shapes: whether to show input and output shapes.
        show_dtype: whether to show data types.
        show_layer_names: whether to show layer names.
        rankdir: "TB" draws from top to bottom, "LR" from left to right.
        expand_nested: whether to open nested models.
        dpi: dots per inch of png, jpg and gif.
        show_layer_activations: whether to show activations.
        show_trainable: whether to show which layers are trained.

    Returns:
        Path of the file written.

    Raises:
        UnbuiltModelError: if the model has no shapes yet.
        UnsupportedFormatError: if the ending is none of the above.
        GraphvizNotFoundError: if there is no engine at all.
        GraphvizFailedError: with what Graphviz said.
    """
    path = Path(to_file)
    kind = path.suffix.lstrip(".").lower()
    if kind not in FORMATS:
        raise UnsupportedFormatError(
            f"{path}: cannot write {path.suffix or 'a file without an ending'}; "
            f"use {', '.join('.' + name for name in FORMATS)}."
        )
    if not model.built:
        raise UnbuiltModelError(
            f"model {model.name!r} is not built: call model.build(input_shape) or give it a batch."
        )
    graph = keras.utils.model_to_dot(
        model,
        show_shapes=show_shapes,
        show_dtype=show_dtype,
        show_layer_names=show_layer_names,
        rankdir=rankdir,
        expand_nested=expand_nested,
        dpi=72 if kind in ("svg", "pdf") else dpi,  # other values clip the page of a vector file
        show_layer_activations=show_layer_activations,
        show_trainable=show_trainable,
    )
    source = graph.to_string()
    try:
        if kind == "dot":
            path.write_text(source, encoding="utf-8")
        else:
            _render(source, path, kind)
    except OSError as error:
        raise OSError(error.errno, f"cannot write {path}: {error.strerror}") from error
    return path


def _render(source, path, kind):
    """Write the picture with the first engine that can; the file appears whole or not at all."""
    engines = []
    dot = shutil.which("dot")
    with tempfile.TemporaryDirectory(prefix="visualize-") as folder:
        made = Path(folder) / f"model.{kind}"
        if dot:
            engines.append([dot, f"-T{kind}", "-o", str(made)])
        engines.append([sys.executable, "-c", PYGRAPHVIZ, str(made), kind])
        failures = []
        for command in engines:
            failure = _try(command, source)
            if failure is None and made.is_file() and made.stat().st_size:
                shutil.copyfile(made, path)
                return
            failures.append(f"{Path(command[0]).name}: {failure or 'wrote nothing'}")
    if not dot and "No module named 'pygraphviz'" in failures[0]:
        raise GraphvizNotFoundError(
            "no Graphviz here: install its wheel with `pip install pygraphviz`, or the program "
            "`dot` (https://graphviz.org/download), or write a .dot file."
        )
    raise GraphvizFailedError(f"Graphviz could not draw {path}: " + "; ".join(failures))


def _try(command, source):
    """Run one engine. Returns None, or the last line of what it said when it failed."""
    try:
        done = subprocess.run(
            command, input=source, capture_output=True, encoding="utf-8", timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return f"no picture after {SECONDS} seconds"
    except OSError as error:
        return str(error)
    if done.returncode == 0:
        return None
    said = done.stderr.strip().splitlines()
    return f"exit code {done.returncode}" + (f", {said[-1]}" if said else "")
