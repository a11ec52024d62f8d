"""Find Graphviz on any machine, and draw even if it fails.

Graphviz may crash, hang or write nothing. It therefore runs in a child process with a time limit,
and the next engine draws if it fails. Only `dot_on_path` changes PATH, inside its `with` block.
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

SECONDS = 60  # time limit for one attempt to draw
LONG = 30_000  # a graph with more characters may need too many pixels
LARGEST = 16_384  # pixels; image viewers and browsers cannot show longer sides
SPLINES = ("ortho", "polyline", "spline")  # from the least to the most robust

# Runs in a child process: if Graphviz aborts, only the child process ends.
PYGRAPHVIZ = (
    "import sys, pygraphviz; "
    "pygraphviz.AGraph(string=sys.stdin.buffer.read().decode('utf-8'))"
    ".draw(sys.argv[1], format=sys.argv[2], prog='dot')"
)

# Exit codes of a program that crashed: 128 + SIGABRT and 128 + SIGSEGV as a shell reports them, and
# the codes for abort and access violation on Windows.
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

# {platform: {package manager: command that installs Graphviz}}
INSTALL = {
    "win32": {
        "winget": "winget install Graphviz.Graphviz",
        "choco": "choco install graphviz",
        "scoop": "scoop install graphviz",
    },
    "darwin": {"brew": "brew install graphviz", "port": "sudo port install graphviz"},
    "linux": {
        "apt-get": "sudo apt-get install graphviz",
        "dnf": "sudo dnf install graphviz",
        "pacman": "sudo pacman -S graphviz",
        "zypper": "sudo zypper install graphviz",
        "apk": "sudo apk add graphviz font-dejavu",
        "nix-env": "nix-env -iA nixpkgs.graphviz",
    },
}

FONTS = {
    "win32": ("Windows/Fonts",),
    "darwin": ("System/Library/Fonts", "Library/Fonts"),
    "linux": ("usr/share/fonts", "usr/local/share/fonts", "run/current-system/sw/share/X11/fonts"),
}
FONTS_HOME = (".fonts", ".local/share/fonts", "Library/Fonts", ".nix-profile/share/fonts")
FONT_ENDINGS = (".ttf", ".otf", ".ttc", ".pfb")


def find_dot(dot=None, *, platform=None, root=None, environment=None, prefix=None):
    """Find Graphviz's program `dot`.

    The search goes through the argument, the environment variable GRAPHVIZ_DOT, PATH, the folder
    of this Python environment (conda installs there), and the folders that installers and package
    managers use.

    Args:
        dot: path of the program or of its folder; None searches for it.
        platform: "win32", "darwin" or "linux"; None means this machine's.
        root: root of the file system; None means this machine's.
        environment: {name: value} of environment variables; None means this process's.
        prefix: folder of the Python environment; None means `sys.prefix`.

    Returns:
        The absolute path, or None if it is not found.

    Raises:
        GraphvizNotFoundError: if the argument or GRAPHVIZ_DOT names a program that does not exist.
    """
    for _, path in places(
        dot, platform=platform, root=root, environment=environment, prefix=prefix
    ):
        if path.is_file() and os.access(path, os.X_OK):
            return path.absolute()
    return None


def places(dot=None, *, platform=None, root=None, environment=None, prefix=None):
    """List the paths that `find_dot` tries, in order; the arguments are the same.

    Returns:
        [(kind of place, path)]. A pattern is replaced by the files that match it.
    """
    platform = platform or sys.platform
    environment = os.environ if environment is None else environment
    program = "dot.exe" if platform == "win32" else "dot"

    # A path that the user gave is used, or is an error.
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
        parts = ("Library/bin", "bin") if platform == "win32" else ("bin",)
        found += [("environment", Path(folder, part, program)) for part in parts]

    return found + _installed(platform, root, environment)


def _installed(platform, root, environment):
    """List the paths where installers and package managers put `dot` on this platform."""
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
        # The newest version comes first.
        matches = sorted(folder.glob(pattern), reverse=True) if "*" in pattern else []
        found += [("installed", path) for path in matches or [folder / pattern]]
    return found


def _root(platform, root, environment):
    """Return the root of the file system."""
    if root is not None:
        return Path(root)
    if platform == "win32":
        return Path(environment.get("SystemDrive", "C:") + "/")
    return Path("/")


def install_command(platform=None, environment=None):
    """Return the command that installs Graphviz with the package manager of this system."""
    platform = platform or sys.platform
    environment = os.environ if environment is None else environment
    path = environment.get("PATH", "")

    managers = INSTALL.get(platform, INSTALL["linux"])
    for manager, command in {**managers, "conda": "conda install graphviz"}.items():
        if shutil.which(manager, path=path):
            return command
    return "pip install pygraphviz"


@contextlib.contextmanager
def dot_on_path(dot=None):
    """Put Graphviz on PATH inside a `with` block, for code that searches it there.

        with visualize.dot_on_path():
            keras.utils.plot_model(model, "model.png")

    Args:
        dot: path of the program or of its folder; None searches for it.

    Yields:
        The path of `dot`.

    Raises:
        GraphvizNotFoundError: if it is not found.
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
    """Return whether this system has any font; minimal containers have none.

    Args:
        platform: "win32", "darwin" or "linux"; None means this machine's.
        root: root of the file system; None means this machine's.
        environment: {name: value} of environment variables; None means this process's.
    """
    platform = platform or sys.platform
    environment = os.environ if environment is None else environment
    if environment.get("FONTCONFIG_FILE") or environment.get("FONTCONFIG_PATH"):
        return True  # the fonts are configured by hand

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
    """Draw a graph with the first engine that works; a failure writes no file.

    Args:
        write_source: function (splines, dpi) -> the graph in the DOT language.
        path: file to write.
        kind: format of the file: svg, png, pdf, jpg or gif.
        engine: "dot", "pygraphviz", "matplotlib", or "auto" for the first of these that works.
        splines: how edges are drawn. After a crash or a time-out, more robust ones are tried.
        dpi: dots per inch of png, jpg and gif.
        draw_plain: function (file, kind, dpi) that draws with matplotlib.

    Raises:
        GraphvizNotFoundError: if the requested engine is not installed.
        GraphvizFailedError: if the requested engine failed.
    """
    failures = []
    with tempfile.TemporaryDirectory(prefix="visualize-") as folder:
        made = Path(folder) / f"model.{kind}"
        environment = None if engine == "matplotlib" else _font_environment(folder)

        for name, command in _engines(engine, failures):
            if command is None:
                draw_plain(made, kind, dpi)
                used_engine = name
                break
            used_splines = _draw(
                command, write_source, made, kind, splines, dpi, environment, failures
            )
            if used_splines:
                used_engine = f"{name}, splines={used_splines!r}"
                break
        else:
            _raise_failure(failures, write_source(splines, dpi), path)

        # An engine that is not installed is no reason for a warning.
        crashes = [failure.text.rstrip(".") for failure in failures if not failure.missing]
        if crashes:
            _warn(f"{path}: {'; '.join(crashes)}. Drawn with {used_engine}.")
        _copy(made, path)


@dataclass(frozen=True)
class _Failure:
    """Why an engine did not draw; `code` is its exit code, None after a time-out."""

    text: str
    stderr: str = ""
    code: int | None = 1

    @property
    def missing(self):
        """Whether the engine is not installed."""
        return "No module named 'pygraphviz'" in self.stderr

    @property
    def stopped(self):
        """Whether it crashed or ran out of time, so that simpler edges may help."""
        return self.code is None or self.code < 0 or self.code in ABORTED


def _engines(engine, failures):
    """Yield (name, command) of each engine to try, in order; matplotlib has no command."""
    if engine in ("auto", "dot"):
        try:
            dot = find_dot()
        except GraphvizNotFoundError as error:  # GRAPHVIZ_DOT names no program
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
    """Draw with one engine, and with simpler edges after a crash.

    Returns:
        The splines that were drawn, or None. Each failure is appended to `failures`.
    """
    tries = [splines]
    if splines in SPLINES:
        tries += SPLINES[SPLINES.index(splines) + 1 :]

    for attempt in tries:
        failure = _attempt(command, write_source, made, kind, attempt, dpi, environment)
        if failure is None:
            return attempt

        made.unlink(missing_ok=True)
        program = Path(command[0]).name
        failures.append(_Failure(f"{program}: {failure.text}", failure.stderr, failure.code))
        if not failure.stopped:
            return None
    return None


def _attempt(command, write_source, made, kind, splines, dpi, environment):
    """Draw once. A large PNG is first drawn as a vector file, to learn its size."""

    def arguments(file, kind):
        if "-c" in command:  # pygraphviz
            return [str(file), kind]
        return [f"-T{kind}", "-o", str(file)]

    source = write_source(splines, dpi)
    if kind == "png" and len(source) > LONG:
        vector = made.with_suffix(".svg")
        vector_source = write_source(splines, 72)
        failure = _try([*command, *arguments(vector, "svg")], vector_source, environment)
        if failure is not None:
            return failure
        source = write_source(splines, _largest_dpi(vector, dpi))

    failure = _try([*command, *arguments(made, kind)], source, environment)
    if failure is None and not (made.is_file() and made.stat().st_size):
        return _Failure("wrote nothing")
    return failure


def _largest_dpi(drawing, dpi):
    """Return the dots per inch, at most `dpi`, that keep both sides of a drawing in the limit."""
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
    """Run one engine once; return None, or the failure."""
    # Errors go to a file: a pipe could be held open by a process that the engine started.
    with tempfile.TemporaryFile() as errors:
        try:
            done = subprocess.run(
                command,
                input=source.encode("utf-8"),
                stdout=subprocess.DEVNULL,
                stderr=errors,
                timeout=SECONDS,
                env=environment,
            )
        except subprocess.TimeoutExpired:
            return _Failure(f"no picture after {SECONDS} seconds", code=None)
        except OSError as error:
            return _Failure(str(error))
        errors.seek(0)
        stderr = errors.read().decode("utf-8", errors="replace").strip()

    if done.returncode == 0:
        return None
    last_line = f", {stderr.splitlines()[-1]}" if stderr else ""
    return _Failure(f"exit code {done.returncode}{last_line}", stderr, done.returncode)


def _raise_failure(failures, source, path):
    """Raise the error of the requested engine, and keep the graph that it could not draw."""
    failure = failures[-1]
    if failure.missing:
        raise GraphvizNotFoundError(
            "the package pygraphviz is not installed: run `pip install pygraphviz`, which "
            "includes Graphviz."
        )

    kept = Path(f"{path}.dot")
    try:
        kept.write_text(source, encoding="utf-8")
    except OSError:
        kept = Path(tempfile.mkdtemp(prefix="visualize-"), f"{Path(path).name}.dot")
        kept.write_text(source, encoding="utf-8")

    raise GraphvizFailedError(
        f"Graphviz could not draw {path}: {'; '.join(each.text for each in failures)}. "
        f"The graph is in {kept}; see `python -m visualize doctor`.",
        stderr=failure.stderr,
        code=failure.code,
        dot_file=kept,
    )


def _not_found():
    tried = ", ".join(dict.fromkeys(str(path) for _, path in places()))
    return (
        f"Graphviz's program `dot` was not found: install it with `{install_command()}`, or set "
        f"GRAPHVIZ_DOT to its path. Tried {tried}."
    )


def _font_environment(folder):
    """Return an environment with matplotlib's fonts if the system has no font, else None."""
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
    """Issue a warning that points to the line of the user's code that called this package."""
    level, frame = 1, sys._getframe()
    while frame.f_back and _package(frame.f_globals) == _package(globals()):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, stacklevel=level)


def _package(names):
    """Return the top-level package of a module, from the module's global names."""
    return (names.get("__package__") or "").partition(".")[0]


def _copy(made, path):
    """Copy the finished picture to the path that the user gave."""
    try:
        shutil.copyfile(made, path)
    except OSError as error:
        raise OSError(error.errno, f"cannot write {path}: {error.strerror}") from error
