"""Find Graphviz on any machine, and have it draw without trusting it.

Nothing here changes PATH, except `dot_on_path` for as long as its block runs.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

from visualize.errors import GraphvizFailedError, GraphvizNotFoundError

SECONDS = 60  # the longest one engine may take over one drawing
LONG = 30_000  # characters of a graph that may become a picture with too many pixels
LARGEST = 16_384  # pixels; image viewers and browsers give up on longer sides
SPLINES = ("ortho", "polyline", "spline")  # from the most to the least fragile

# Runs in a child process: where Graphviz aborts, only the child dies.
PYGRAPHVIZ = (
    "import sys, pygraphviz; "
    "pygraphviz.AGraph(string=sys.stdin.buffer.read().decode('utf-8'))"
    ".draw(sys.argv[1], format=sys.argv[2], prog='dot')"
)

# Exit codes of a program that was stopped by a signal: a shell's 128 + SIGABRT and SIGSEGV, and
# Windows's abort and access violation.
ABORTED = (134, 139, 3221226505, 3221225477)

WINDOWS = (
    "Program Files/Graphviz*/bin/dot.exe",  # the installer, also through winget and Chocolatey
    "Program Files (x86)/Graphviz*/bin/dot.exe",
    "ProgramData/chocolatey/bin/dot.exe",
    "ProgramData/chocolatey/lib/graphviz*/**/dot.exe",
    "ProgramData/scoop/apps/graphviz/current/bin/dot.exe",
)
WINDOWS_HOME = (
    "AppData/Local/Programs/Graphviz*/bin/dot.exe",
    "scoop/apps/graphviz/current/bin/dot.exe",
    "AppData/Local/Microsoft/WinGet/Links/dot.exe",
    "AppData/Local/Microsoft/WinGet/Packages/Graphviz.Graphviz*/**/dot.exe",
)
MAC = (
    "opt/homebrew/bin/dot",  # Homebrew on Apple processors
    "usr/local/bin/dot",  # Homebrew on Intel
    "opt/local/bin/dot",  # MacPorts
    "nix/var/nix/profiles/default/bin/dot",
    "run/current-system/sw/bin/dot",
)
LINUX = (
    "usr/bin/dot",
    "usr/local/bin/dot",
    "home/linuxbrew/.linuxbrew/bin/dot",
    "nix/var/nix/profiles/default/bin/dot",
    "run/current-system/sw/bin/dot",
    "snap/bin/dot",
)
UNIX_HOME = (".nix-profile/bin/dot", ".linuxbrew/bin/dot")

FONTS = {
    "win32": ("Windows/Fonts",),
    "darwin": ("System/Library/Fonts", "Library/Fonts"),
    "linux": ("usr/share/fonts", "usr/local/share/fonts", "run/current-system/sw/share/X11/fonts"),
}
FONTS_HOME = (".fonts", ".local/share/fonts", "Library/Fonts", ".nix-profile/share/fonts")
FONT_ENDINGS = (".ttf", ".otf", ".ttc", ".pfb")


def find_dot(dot=None, *, platform=None, root=None, environment=None, prefix=None):
    """Find Graphviz's program `dot`.

    It looks at the argument, the environment variable GRAPHVIZ_DOT, PATH, the prefix of this Python
    (where conda puts it), then the places where installers and package managers put it.

    Args:
        dot: path of the program, or of its folder; when None, it is searched.
        platform: "win32", "darwin" or "linux"; this machine's when None.
        root: the top of the file system; this machine's when None.
        environment: {name: value} of environment variables; this process's when None.
        prefix: folder of the Python environment; `sys.prefix` when None.

    Returns:
        The absolute path, or None if it is nowhere.

    Raises:
        GraphvizNotFoundError: if the argument or GRAPHVIZ_DOT names something that is not there.
    """
    for _, path in places(
        dot, platform=platform, root=root, environment=environment, prefix=prefix
    ):
        if path.is_file() and os.access(path, os.X_OK):
            return path.absolute()
    return None


def places(dot=None, *, platform=None, root=None, environment=None, prefix=None):
    """List where `find_dot` looks, in its order and with its arguments.

    Returns:
        [(what kind of place, path)]; a pattern stands for the files that match it.
    """
    platform = platform or sys.platform
    environment = os.environ if environment is None else environment
    program = "dot.exe" if platform == "win32" else "dot"
    for label, given in (("argument", dot), ("GRAPHVIZ_DOT", environment.get("GRAPHVIZ_DOT"))):
        if given:
            path = Path(given).expanduser()
            path = path / program if path.is_dir() else path
            if not path.is_file() or not os.access(path, os.X_OK):
                raise GraphvizNotFoundError(f"{label} {given}: there is no program {path}.")
            return [(label, path)]
    found = []
    for folder in environment.get("PATH", "").split(os.pathsep):
        if folder.strip('"'):
            found.append(("PATH", Path(folder.strip('"'), program)))
    prefixes = [prefix or sys.prefix, environment.get("CONDA_PREFIX")]
    for folder in dict.fromkeys(filter(None, prefixes)):
        inside = ("Library/bin", "bin") if platform == "win32" else ("bin",)
        found += [("environment", Path(folder, part, program)) for part in inside]
    return found + _installed(platform, root, environment)


def _installed(platform, root, environment):
    """Where installers and package managers put `dot` on this platform."""
    root = _root(platform, root, environment)
    home = environment.get("USERPROFILE" if platform == "win32" else "HOME")
    patterns = {"win32": WINDOWS, "darwin": MAC}.get(platform, LINUX)
    at_home = WINDOWS_HOME if platform == "win32" else UNIX_HOME
    searched = [(root, pattern) for pattern in patterns]
    if home:
        searched += [(Path(home), pattern) for pattern in at_home]
    if environment.get("SCOOP"):
        searched.append((Path(environment["SCOOP"]), "apps/graphviz/current/bin/dot.exe"))
    found = []
    for folder, pattern in searched:
        # The newest of several versions first.
        matches = sorted(folder.glob(pattern), reverse=True) if "*" in pattern else []
        found += [("installed", path) for path in matches or [folder / pattern]]
    return found


def _root(platform, root, environment):
    if root is not None:
        return Path(root)
    return Path(environment.get("SystemDrive", "C:") + "/" if platform == "win32" else "/")


def install_command(platform=None, environment=None):
    """Return the one command that installs Graphviz on this system."""
    platform = platform or sys.platform
    path = (os.environ if environment is None else environment).get("PATH", "")
    managers = {
        "win32": {
            "winget": "winget install Graphviz.Graphviz",
            "choco": "choco install graphviz",
            "scoop": "scoop install graphviz",
        },
        "darwin": {"brew": "brew install graphviz", "port": "sudo port install graphviz"},
    }.get(
        platform,
        {
            "apt-get": "sudo apt-get install graphviz",
            "dnf": "sudo dnf install graphviz",
            "pacman": "sudo pacman -S graphviz",
            "zypper": "sudo zypper install graphviz",
            "apk": "sudo apk add graphviz font-dejavu",
            "nix-env": "nix-env -iA nixpkgs.graphviz",
        },
    )
    for manager, command in {**managers, "conda": "conda install graphviz"}.items():
        if shutil.which(manager, path=path):
            return command
    return "pip install pygraphviz"


@contextlib.contextmanager
def dot_on_path(dot=None):
    """Put Graphviz on PATH inside a `with` block, for code that looks for it there.

        with visualize.dot_on_path():
            keras.utils.plot_model(model, "model.png")

    Args:
        dot: path of the program, or of its folder; when None, it is searched.

    Yields:
        The path of `dot`.

    Raises:
        GraphvizNotFoundError: if it is nowhere.
    """
    found = find_dot(dot)
    if found is None:
        raise GraphvizNotFoundError(_not_found())
    before = os.environ.get("PATH")
    os.environ["PATH"] = os.pathsep.join(filter(None, [str(found.parent), before]))
    try:
        yield found
    finally:
        if before is None:
            del os.environ["PATH"]
        else:
            os.environ["PATH"] = before


def has_fonts(*, platform=None, root=None, environment=None):
    """Return whether this system has a font at all; minimal containers have none.

    Args:
        platform: "win32", "darwin" or "linux"; this machine's when None.
        root: the top of the file system; this machine's when None.
        environment: {name: value} of environment variables; this process's when None.
    """
    platform = platform or sys.platform
    environment = os.environ if environment is None else environment
    if environment.get("FONTCONFIG_FILE") or environment.get("FONTCONFIG_PATH"):
        return True  # somebody has told Graphviz where its fonts are
    top = _root(platform, root, environment)
    folders = [top / name for name in FONTS.get(platform, FONTS["linux"])]
    home = environment.get("USERPROFILE" if platform == "win32" else "HOME")
    folders += [Path(home, name) for name in FONTS_HOME] if home else []
    if environment.get("CONDA_PREFIX"):
        folders.append(Path(environment["CONDA_PREFIX"], "fonts"))
    return any(
        name.lower().endswith(FONT_ENDINGS)
        for folder in folders
        for _, _, names in os.walk(folder)
        for name in names
    )


def render(write_source, path, kind, *, engine="auto", splines="ortho", dpi=72, draw_plain=None):
    """Draw a graph with the first engine that can; the file appears whole or not at all.

    Args:
        write_source: function (splines, dpi) -> the graph in the DOT language.
        path: file to write.
        kind: its format, as Graphviz calls it.
        engine: "dot", "pygraphviz", "matplotlib", or "auto" for the first of these that works.
        splines: how edges are drawn; after an abort or a time-out the more robust ones are tried.
        dpi: dots per inch of the formats made of pixels.
        draw_plain: function (file, kind, dpi), the engine that needs no Graphviz.

    Raises:
        GraphvizNotFoundError: if the engine asked for is not there.
        GraphvizFailedError: if the engine asked for failed.
    """
    failures = []
    with tempfile.TemporaryDirectory(prefix="visualize-") as folder:
        made = Path(folder) / f"model.{kind}"
        environment = None if engine == "matplotlib" else _font_environment(folder)
        for name, command in _engines(engine, failures):
            if command is None:
                draw_plain(made, kind, dpi)
                drawn = name
                break
            used = _draw(command, write_source, made, kind, splines, dpi, environment, failures)
            if used:
                drawn = f"{name}, splines={used!r}"
                break
        else:
            _give_up(failures, write_source(splines, dpi), path)
        serious = [failure.text.rstrip(".") for failure in failures if not failure.missing]
        if serious:
            _warn(f"{path}: {'; '.join(serious)}. Drawn with {drawn}.")
        _place(made, path)


@dataclass(frozen=True)
class _Failure:
    """Why an engine drew nothing; `code` is None after a time-out."""

    text: str
    stderr: str = ""
    code: int | None = 1

    @property
    def missing(self):
        """Whether the engine is just not installed."""
        return "No module named 'pygraphviz'" in self.stderr

    @property
    def stopped(self):
        """Whether it aborted or ran out of time, so that simpler edges may help."""
        return self.code is None or self.code < 0 or self.code in ABORTED


def _engines(engine, failures):
    """Yield (name, command or None for the plain engine) of the engines to try, in order."""
    if engine in ("auto", "dot"):
        try:
            dot = find_dot()
        except GraphvizNotFoundError as error:  # GRAPHVIZ_DOT is wrong
            if engine == "dot":
                raise
            failures.append(_Failure(str(error).rstrip(".")))
            dot = None
        if dot is not None:
            yield "dot", [str(dot)]
        elif engine == "dot":
            raise GraphvizNotFoundError(_not_found())
    if engine in ("auto", "pygraphviz"):
        yield "pygraphviz", [sys.executable, "-P", "-c", PYGRAPHVIZ]
    if engine in ("auto", "matplotlib"):
        yield "matplotlib", None


def _draw(command, write_source, made, kind, splines, dpi, environment, failures):
    """Have one engine draw. Returns the splines that it managed, or None and notes why not."""
    tries = [splines, *SPLINES[SPLINES.index(splines) + 1 :]] if splines in SPLINES else [splines]
    while tries:
        failure = _attempt(command, write_source, made, kind, tries[0], dpi, environment)
        if failure is None:
            return tries[0]
        made.unlink(missing_ok=True)
        named = f"{Path(command[0]).name}: {failure.text}"
        failures.append(_Failure(named, failure.stderr, failure.code))
        tries = tries[1:] if failure.stopped else []
    return None


def _attempt(command, write_source, made, kind, splines, dpi, environment):
    """Draw once; a large picture made of pixels as a vector file first, to know its size."""

    def arguments(file, kind):
        return [str(file), kind] if "-c" in command else [f"-T{kind}", "-o", str(file)]

    source = write_source(splines, dpi)
    if kind == "png" and len(source) > LONG:
        vector = made.with_suffix(".svg")
        failure = _try(
            [*command, *arguments(vector, "svg")], write_source(splines, 72), environment
        )
        if failure is not None:
            return failure
        source = write_source(splines, _fitting_dots(vector, dpi))
    failure = _try([*command, *arguments(made, kind)], source, environment)
    if failure is None and not (made.is_file() and made.stat().st_size):
        return _Failure("wrote nothing")
    return failure


def _fitting_dots(drawing, dpi):
    """The dots per inch, at most `dpi`, that keep a drawing's longest side within the limit."""
    page = re.search(rb'<svg width="(\d+)pt" height="(\d+)pt"', drawing.read_bytes())
    inches = max(int(side) for side in page.groups()) / 72 if page else 1
    if inches * dpi <= LARGEST:
        return dpi
    fewer = int(LARGEST / inches)
    _warn(
        f"{int(inches * dpi)} pixels are too many for image viewers: drawn with {fewer} dots per "
        f"inch instead of {dpi}. An .svg has no such limit."
    )
    return fewer


def _try(command, source, environment):
    """Run one engine. Returns None, or the failure."""
    with tempfile.TemporaryFile() as said:  # a file: a child's child cannot hold it open
        try:
            done = subprocess.run(
                command,
                input=source.encode("utf-8"),
                stdout=subprocess.DEVNULL,
                stderr=said,
                timeout=SECONDS,
                env=environment,
            )
        except subprocess.TimeoutExpired:
            return _Failure(f"no picture after {SECONDS} seconds", code=None)
        except OSError as error:
            return _Failure(str(error))
        said.seek(0)
        stderr = said.read().decode("utf-8", errors="replace").strip()
    if done.returncode == 0:
        return None
    last = f", {stderr.splitlines()[-1]}" if stderr else ""
    return _Failure(f"exit code {done.returncode}{last}", stderr, done.returncode)


def _give_up(failures, source, path):
    """Raise the error of the engine that was asked for."""
    failure = failures[-1]
    if failure.missing:
        raise GraphvizNotFoundError(
            "the package pygraphviz is not there: `pip install pygraphviz` brings Graphviz along."
        )
    kept = Path(f"{path}.dot")
    try:
        kept.write_text(source, encoding="utf-8")
    except OSError:
        kept = Path(tempfile.mkdtemp(prefix="visualize-"), f"{Path(path).name}.dot")
        kept.write_text(source, encoding="utf-8")
    raise GraphvizFailedError(
        f"Graphviz could not draw {path}: {'; '.join(each.text for each in failures)}. "
        f"The graph is kept in {kept}; `python -m visualize doctor` says more.",
        stderr=failure.stderr,
        code=failure.code,
        dot_file=kept,
    )


def _not_found():
    tried = ", ".join(dict.fromkeys(str(path) for _, path in places()))
    return (
        f"no Graphviz program `dot` here: install it with `{install_command()}`, or set "
        f"GRAPHVIZ_DOT to its path. Tried {tried}."
    )


def _font_environment(folder):
    """None, or where the system has no font an environment that lends matplotlib's."""
    if has_fonts():
        return None
    import matplotlib

    fonts = Path(matplotlib.get_data_path(), "fonts", "ttf")
    configuration = Path(folder, "fonts.conf")
    configuration.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"<dir>{fonts}</dir><cachedir>{folder}</cachedir></fontconfig>",
        encoding="utf-8",
    )
    _warn(
        "no font is installed on this system: text is drawn with matplotlib's DejaVu Sans. "
        "Install a font, for example the package fonts-liberation."
    )
    return {**os.environ, "FONTCONFIG_FILE": str(configuration)}


def _warn(message):
    """Warn the line that called this package."""
    level, frame = 1, sys._getframe()
    while frame.f_back and _package(frame.f_globals) == _package(globals()):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, stacklevel=level)


def _package(names):
    """The outermost package of a module, from the module's global names."""
    return (names.get("__package__") or "").partition(".")[0]


def _place(made, path):
    """Move the finished picture to where it belongs."""
    try:
        shutil.copyfile(made, path)
    except OSError as error:
        raise OSError(error.errno, f"cannot write {path}: {error.strerror}") from error
