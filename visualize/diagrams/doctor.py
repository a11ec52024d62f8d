"""What `python -m visualize doctor` says: where Graphviz was looked for, and what can draw."""

import importlib.metadata
import importlib.util
import os
import subprocess

from visualize.diagrams import engines
from visualize.errors import GraphvizNotFoundError


def report():
    """Return the report, a list of lines."""
    try:
        dot, places, wrong = engines.find_dot(), engines.places(), ""
    except GraphvizNotFoundError as error:
        dot, places, wrong = None, [], str(error)
    lines = ["Graphviz: " + (str(dot) if dot else "no program `dot`")]
    if dot:
        lines += [f"  version: {_version(dot)}", f"  formats: {_formats(dot)}"]
    if wrong:
        lines.append(f"  {wrong}")
    lines.append("  searched, in this order:")
    for label, path in places:
        found = path.is_file() and os.access(path, os.X_OK)
        lines.append(f"    {'found' if found else '    -'}  {label}: {path}")
    fonts = "found" if engines.has_fonts() else "none; text is drawn with matplotlib's DejaVu Sans"
    lines += [f"Fonts: {fonts}", "Engines, in the order in which they are tried:"]
    wheel = importlib.util.find_spec("pygraphviz") is not None
    version = importlib.metadata.version("pygraphviz") if wheel else ""
    lines += [
        f"  dot         {'ready' if dot else 'not here'}",
        f"  pygraphviz  {'ready, version ' + version if wheel else 'not here'}",
        f"  matplotlib  ready, version {importlib.metadata.version('matplotlib')}",
    ]
    if not dot:
        lines.append(f"Install Graphviz: {engines.install_command()}")
    return lines


def _run(command):
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=engines.SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"it does not run: {error}"
    return (done.stdout + done.stderr).strip() or f"exit code {done.returncode}"


def _version(dot):
    return _run([str(dot), "-V"]).splitlines()[0]


def _formats(dot):
    """The formats that this Graphviz writes: it names them when it is asked for one it lacks."""
    said = _run([str(dot), "-T?"])
    return said.rpartition("one of:")[2].strip() or said.splitlines()[-1]
