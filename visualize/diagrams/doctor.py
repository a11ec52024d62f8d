"""The report of `python -m visualize doctor`: where Graphviz is searched and what can draw."""

import importlib.metadata
import importlib.util
import os
import subprocess

from visualize.diagrams import engines
from visualize.errors import GraphvizNotFoundError


def report():
    """Return the lines of the report."""
    error_text = ""
    try:
        dot = engines.find_dot()
        places = engines.places()
    except GraphvizNotFoundError as error:
        dot, places = None, []
        error_text = str(error)

    lines = [f"Graphviz: {dot or 'no program `dot`'}"]
    if dot:
        lines.append(f"  version: {_version(dot)}")
        lines.append(f"  formats: {_formats(dot)}")
    if error_text:
        lines.append(f"  {error_text}")

    lines.append("  searched, in this order:")
    for label, path in places:
        is_program = path.is_file() and os.access(path, os.X_OK)
        lines.append(f"    {'found' if is_program else '    -'}  {label}: {path}")

    fonts = "found" if engines.has_fonts() else "none; text is drawn with matplotlib's DejaVu Sans"
    lines.append(f"Fonts: {fonts}")

    lines.append("Engines, in the order in which they are tried:")
    lines.append(f"  dot         {'ready' if dot else 'not installed'}")
    lines.append(f"  pygraphviz  {_package('pygraphviz')}")
    lines.append(f"  matplotlib  {_package('matplotlib')}")
    if not dot:
        lines.append(f"Install Graphviz: {engines.install_command()}")
    return lines


def _package(name):
    """Whether a package is installed, and its version."""
    if importlib.util.find_spec(name) is None:
        return "not installed"
    return f"ready, version {importlib.metadata.version(name)}"


def _run(command):
    """Run a command and return its output, or why it does not run."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=engines.SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"it does not run: {error}"
    return (done.stdout + done.stderr).strip() or f"exit code {done.returncode}"


def _version(dot):
    output = _run([str(dot), "-V"])
    return output.splitlines()[0]


def _formats(dot):
    """The formats that this Graphviz writes; its error about an unknown format lists them."""
    output = _run([str(dot), "-T?"])
    formats = output.rpartition("one of:")[2].strip()
    return formats or output.splitlines()[-1]
