"""Graphviz is found on any system, and a picture is drawn whenever it fails."""

import os
import stat
import subprocess
import sys
import threading
import types
import warnings
import xml.etree.ElementTree as ElementTree

import keras
import pytest
from keras import layers
from PIL import Image

import visualize
from visualize.diagrams import engines


@pytest.fixture
def model():
    return keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, activation="relu"), layers.Dense(2)], name="small"
    )


@pytest.fixture
def no_dot(tmp_path, monkeypatch):
    """A machine without `dot`."""
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setattr(engines, "find_dot", lambda: None)


@pytest.fixture
def no_wheel(monkeypatch):
    missing = "raise SystemExit(\"ModuleNotFoundError: No module named 'pygraphviz'\")"
    monkeypatch.setattr(engines, "PYGRAPHVIZ", missing)


def program(path, script="exit 0"):
    """Write an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


WINDOWS = [
    "Program Files/Graphviz/bin/dot.exe",
    "Program Files/Graphviz 12.2/bin/dot.exe",
    "Program Files (x86)/Graphviz2.38/bin/dot.exe",
    "ProgramData/chocolatey/bin/dot.exe",
    "ProgramData/scoop/apps/graphviz/current/bin/dot.exe",
    "Users/a name/scoop/apps/graphviz/current/bin/dot.exe",
    "Users/a name/AppData/Local/Microsoft/WinGet/Links/dot.exe",
    "Users/a name/AppData/Local/Microsoft/WinGet/Packages/"
    "Graphviz.Graphviz_1_x/Graphviz-12.2-win64/bin/dot.exe",
    "Users/a name/AppData/Local/Programs/Graphviz/bin/dot.exe",
    "Miniconda 3/envs/my env/Library/bin/dot.exe",
]
MAC = [
    "opt/homebrew/bin/dot",
    "usr/local/bin/dot",
    "opt/local/bin/dot",
    "nix/var/nix/profiles/default/bin/dot",
    "Users/a name/.nix-profile/bin/dot",
    "Miniconda 3/envs/my env/bin/dot",
]
LINUX = [
    "usr/bin/dot",
    "home/linuxbrew/.linuxbrew/bin/dot",
    "run/current-system/sw/bin/dot",
    "Users/a name/.linuxbrew/bin/dot",
    "Miniconda 3/envs/my env/bin/dot",
]


@pytest.mark.parametrize(
    ("platform", "place"),
    [
        (p, place)
        for p, tree in (("win32", WINDOWS), ("darwin", MAC), ("linux", LINUX))
        for place in tree
    ],
)
def test_dot_is_found_where_installers_put_it(platform, place, tmp_path):
    home = str(tmp_path / "Users/a name")
    machine = {
        "platform": platform,
        "root": tmp_path,
        "environment": {"HOME": home, "USERPROFILE": home, "PATH": str(tmp_path / "empty")},
        "prefix": str(tmp_path / "Miniconda 3/envs/my env"),
    }
    assert engines.find_dot(**machine) is None
    dot = program(tmp_path / place)
    assert engines.find_dot(**machine) == dot
    assert dot in [path for _, path in engines.places(**machine)]


def test_dot_is_searched_in_the_documented_order(tmp_path):
    machine = {
        "platform": "linux",
        "root": tmp_path,
        "environment": {"PATH": os.pathsep.join(["", str(tmp_path / "on path")])},
        "prefix": str(tmp_path / "conda"),
    }
    found = [
        program(tmp_path / place)
        for place in ("usr/bin/dot", "conda/bin/dot", "on path/dot", "variable/dot", "given/dot")
    ]
    assert engines.find_dot(tmp_path / "given", **machine) == found[4]
    machine["environment"]["GRAPHVIZ_DOT"] = str(found[3])
    assert engines.find_dot(tmp_path / "given", **machine) == found[4]
    assert engines.find_dot(**machine) == found[3]
    del machine["environment"]["GRAPHVIZ_DOT"]
    for dot in reversed(found[:3]):
        assert engines.find_dot(**machine) == dot
        dot.unlink()
    assert engines.find_dot(**machine) is None


def test_a_newer_version_comes_first_and_a_file_must_be_executable(tmp_path):
    program(tmp_path / "Program Files/Graphviz2.38/bin/dot.exe")
    new = program(tmp_path / "Program Files/Graphviz2.50/bin/dot.exe")
    machine = {"platform": "win32", "root": tmp_path, "environment": {}, "prefix": "nowhere"}
    assert engines.find_dot(**machine) == new
    new.chmod(0o644)
    assert "2.38" in str(engines.find_dot(**machine))


def test_a_wrong_path_is_an_error(tmp_path, model, monkeypatch):
    with pytest.raises(visualize.GraphvizNotFoundError, match="argument .*there is no program"):
        visualize.find_dot(tmp_path / "dot")
    monkeypatch.setenv("GRAPHVIZ_DOT", str(tmp_path / "dot"))
    with pytest.raises(visualize.GraphvizNotFoundError, match="GRAPHVIZ_DOT"):
        visualize.plot_architecture(model, tmp_path / "a.svg", engine="dot")
    with pytest.warns(UserWarning, match="GRAPHVIZ_DOT.*Drawn with"):  # still a picture
        visualize.plot_model(model, tmp_path / "a.svg")
    assert (tmp_path / "a.svg").is_file()


def test_path_is_restored_after_dot_on_path(tmp_path, monkeypatch):
    dot = program(tmp_path / "a folder" / "dot", "echo here")
    for before in (None, "/bin", "/bin:/usr/bin"):
        if before is None:
            monkeypatch.delenv("PATH")
        else:
            monkeypatch.setenv("PATH", before)
        environment = dict(os.environ)

        def inside():
            with visualize.dot_on_path(dot) as found:
                assert found == dot
                assert subprocess.check_output(["dot"], text=True) == "here\n"
                raise KeyError

        with pytest.raises(KeyError):
            inside()
        assert dict(os.environ) == environment


def test_keras_draws_with_dot_on_path(tmp_path, model, monkeypatch):
    script = 'while [ "$1" != "" ]; do last=$1; shift; done; cat "$last" >/dev/null; echo "<svg/>"'
    dot = program(tmp_path / "tools" / "dot", script)
    with visualize.dot_on_path(dot):
        keras.utils.plot_model(model, str(tmp_path / "a.svg"))
    assert (tmp_path / "a.svg").read_text() == "<svg/>\n"


def test_dot_is_called_by_its_path_with_the_whole_environment(tmp_path, model, monkeypatch):
    script = 'for last; do :; done; cat >/dev/null; echo "<svg>$0 $MARK</svg>" > "$last"'
    dot = program(tmp_path / "with a space" / "dot", script)
    monkeypatch.setenv("GRAPHVIZ_DOT", str(dot))
    monkeypatch.setenv("MARK", "whole")
    target = tmp_path / "to a folder"
    target.mkdir()
    path = visualize.plot_model(model, target / "my model.svg")
    assert path.read_text() == f"<svg>{dot} whole</svg>\n"


def counting(tmp_path, ending):
    """The script of a `dot` that writes the splines of each call to a file."""
    return f"grep -o 'splines=\"[a-z]*\"' >> '{tmp_path}/calls'; {ending}"


def test_an_abort_tries_simpler_edges_with_one_warning(tmp_path, model, monkeypatch):
    succeed = 'for last; do :; done; echo "<svg/>" > "$last"'
    script = counting(
        tmp_path,
        f"if tail -1 '{tmp_path}/calls' | grep -q ortho; then kill -ABRT $$; fi; {succeed}",
    )
    monkeypatch.setenv("GRAPHVIZ_DOT", str(program(tmp_path / "dot", script)))
    expected = "exit code -6. Drawn with dot, splines='polyline'"
    with pytest.warns(UserWarning, match=expected) as warned:
        visualize.plot_model(model, tmp_path / "a.svg")
    assert len(warned) == 1
    assert warned[0].filename == __file__
    assert (tmp_path / "a.svg").read_text() == "<svg/>\n"


@pytest.mark.parametrize(
    ("ending", "calls"), [("kill -ABRT $$", 3), ("exit 134", 3), ("sleep 30", 3), ("exit 3", 1)]
)
def test_aborts_and_time_outs_are_tried_again(ending, calls, tmp_path, model, monkeypatch):
    monkeypatch.setattr(engines, "SECONDS", 1 if "sleep" in ending else 60)
    script = counting(tmp_path, ending)
    monkeypatch.setenv("GRAPHVIZ_DOT", str(program(tmp_path / "dot", script)))
    with pytest.raises(visualize.GraphvizFailedError) as failed:
        visualize.plot_architecture(model, tmp_path / "a.svg", engine="dot", splines="ortho")
    tried = (tmp_path / "calls").read_text().split()
    assert tried == [f'splines="{name}"' for name in ("ortho", "polyline", "spline")][:calls]
    assert failed.value.dot_file.is_file()
    assert not (tmp_path / "a.svg").exists()


@pytest.mark.parametrize("kind", ["svg", "png", "pdf", "jpg", "gif"])
def test_there_is_a_picture_without_any_graphviz(kind, tmp_path, model, no_dot, no_wheel):
    path = visualize.plot_model(model, tmp_path / f"a.{kind}", show_shapes=True)
    if kind == "svg":
        text = "".join(ElementTree.parse(path).getroot().itertext())
        assert text.count("Dense") == 2
        assert "Output shape: (None, 3)" in text
    elif kind == "pdf":
        assert path.read_bytes().startswith(b"%PDF")
    else:
        with Image.open(path) as picture:
            assert len(picture.convert("L").getcolors()) > 2, "blank"


def test_text_formats_need_no_engine(tmp_path, model, no_dot, monkeypatch):
    monkeypatch.setattr(engines, "render", lambda *_, **__: pytest.fail("an engine was called"))
    assert visualize.plot_model(model, tmp_path / "a.dot").read_text().startswith("digraph")
    assert visualize.plot_model(model, tmp_path / "a.mmd").read_text().startswith("flowchart TB")


def test_a_picture_with_too_many_pixels_gets_fewer_dots(tmp_path, monkeypatch):
    chain = [keras.Input((4,)), *[layers.Dense(4) for _ in range(60)]]
    long = keras.Sequential(chain)
    monkeypatch.setattr(engines, "LARGEST", 2_000)
    with pytest.warns(UserWarning, match=r"too many for image viewers.*instead of 200"):
        visualize.plot_model(long, tmp_path / "a.png", show_shapes=True, show_layer_names=True)
    with Image.open(tmp_path / "a.png") as picture:
        assert 1_500 < max(picture.size) <= 2_000


def test_a_system_without_fonts_gets_a_warning_and_a_font(tmp_path, model, monkeypatch):
    assert not engines.has_fonts(platform="linux", root=tmp_path, environment={})
    assert engines.has_fonts(environment={"FONTCONFIG_FILE": "fonts.conf"})
    (tmp_path / "usr/share/fonts/sans").mkdir(parents=True)
    (tmp_path / "usr/share/fonts/sans/a.TTF").touch()
    assert engines.has_fonts(platform="linux", root=tmp_path, environment={})
    monkeypatch.setattr(engines, "has_fonts", lambda: False)
    with pytest.warns(UserWarning, match="no font is installed.*fonts-liberation"):
        visualize.plot_model(model, tmp_path / "a.png", show_layer_names=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        visualize.plot_model(model, tmp_path / "b.png")
    pixels = [Image.open(tmp_path / name).convert("L").tobytes() for name in ("a.png", "b.png")]
    assert pixels[0] != pixels[1], "the names are invisible"


def notebook(monkeypatch, kernel):
    """Install a fake IPython with what a picture needs."""
    ipython, display = types.ModuleType("IPython"), types.ModuleType("IPython.display")
    for name in ("SVG", "Image"):
        setattr(display, name, type(name, (), {"__init__": lambda self, filename: None}))
    ipython.display = display
    ipython.get_ipython = lambda: types.SimpleNamespace(kernel=object()) if kernel else None
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    monkeypatch.setitem(sys.modules, "IPython.core.magics.namespace", types.ModuleType("namespace"))
    return display


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_without_a_notebook_ipython_changes_nothing(kind, tmp_path, model, no_dot, monkeypatch):
    notebook(monkeypatch, kernel=False)
    path = tmp_path / f"a.{kind}"
    assert visualize.plot_model(model, path) == path
    assert path.stat().st_size


def test_a_notebook_shows_the_picture(tmp_path, model, no_dot, monkeypatch):
    display = notebook(monkeypatch, kernel=True)
    assert isinstance(visualize.plot_model(model, tmp_path / "a.svg"), display.SVG)
    assert isinstance(visualize.plot_model(model, tmp_path / "a.png"), display.Image)
    assert visualize.plot_model(model, tmp_path / "a.pdf") == tmp_path / "a.pdf"
    assert visualize.plot_architecture(model)._repr_svg_().count("<svg") == 1


def test_drawing_works_from_several_threads(tmp_path, model):
    drawn = [
        threading.Thread(target=visualize.plot_model, args=(model, tmp_path / f"{number}.svg"))
        for number in range(3)
    ]
    for thread in drawn:
        thread.start()
    for thread in drawn:
        thread.join()
    assert len({(tmp_path / f"{number}.svg").read_text() for number in range(3)}) == 1


def test_the_command_to_install_uses_the_package_manager_of_the_system(tmp_path):
    path = {"PATH": str(tmp_path)}
    assert engines.install_command("linux", path) == "pip install pygraphviz"
    program(tmp_path / "dnf")
    assert engines.install_command("linux", path) == "sudo dnf install graphviz"
    program(tmp_path / "brew")
    assert engines.install_command("darwin", path) == "brew install graphviz"


def test_plot_model_without_a_system_graphviz(model, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    written = visualize.plot_model(model, tmp_path / "model.svg", show_shapes=True)
    text = "".join(ElementTree.parse(written).getroot().itertext())
    assert text.count("Dense") == 2
    assert "(None, 3)" in text
    visualize.plot_model(model, tmp_path / "model.png")
    with Image.open(tmp_path / "model.png") as picture:
        assert len(set(picture.convert("L").get_flattened_data())) > 2, "blank"
    assert visualize.plot_model(model, tmp_path / "model.pdf").read_bytes().startswith(b"%PDF")
    assert "digraph" in visualize.plot_model(model, tmp_path / "model.dot").read_text()


@pytest.fixture
def fake_dot(tmp_path, monkeypatch):
    """Put a shell script named `dot` on PATH."""

    def write(script):
        folder = tmp_path / "bin"
        folder.mkdir()
        path = folder / "dot"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/bin:/usr/bin")
        return path

    return write


def test_plot_model_uses_the_dot_on_path(model, tmp_path, fake_dot):
    fake_dot('for last; do :; done; cat >/dev/null; echo "<svg>by dot</svg>" > "$last"')
    assert visualize.plot_model(model, tmp_path / "a.svg").read_text() == "<svg>by dot</svg>\n"


@pytest.mark.parametrize("script", ["exit 3", "kill -ABRT $$", "cat >/dev/null"])
def test_pygraphviz_draws_if_dot_fails(model, tmp_path, fake_dot, script):
    fake_dot(script)
    with pytest.warns(UserWarning, match="Drawn with pygraphviz"):
        assert "Dense" in visualize.plot_model(model, tmp_path / "a.svg").read_text()


def test_pygraphviz_draws_if_dot_hangs(model, tmp_path, fake_dot, monkeypatch):
    monkeypatch.setattr(engines, "SECONDS", 2)
    fake_dot("sleep 60")
    with pytest.warns(UserWarning, match="no picture after 2 seconds.*Drawn with pygraphviz"):
        assert "Dense" in visualize.plot_model(model, tmp_path / "a.svg").read_text()


def test_a_requested_engine_that_fails_reports_its_error(model, tmp_path, fake_dot):
    fake_dot("echo no plugins >&2; exit 3")
    with pytest.raises(visualize.GraphvizFailedError, match="dot: exit code 3, no plugins") as got:
        visualize.plot_architecture(model, tmp_path / "a.svg", engine="dot")
    assert (got.value.code, got.value.stderr) == (3, "no plugins")
    assert got.value.dot_file.read_text().startswith("digraph")
    assert not (tmp_path / "a.svg").exists()


def test_a_requested_engine_that_is_missing_says_what_to_install(model, tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "find_dot", lambda: None)
    with pytest.raises(visualize.GraphvizNotFoundError, match="install it with"):
        visualize.plot_architecture(model, tmp_path / "a.svg", engine="dot")
    missing = "raise SystemExit(\"ModuleNotFoundError: No module named 'pygraphviz'\")"
    monkeypatch.setattr(engines, "PYGRAPHVIZ", missing)
    with pytest.raises(visualize.GraphvizNotFoundError, match="pip install pygraphviz"):
        visualize.plot_architecture(model, tmp_path / "a.svg", engine="pygraphviz")


def test_bad_formats_and_unbuilt_models_are_refused(model, tmp_path):
    for name in ("model.doc", "model"):
        with pytest.raises(visualize.UnsupportedFormatError, match=r"use \.svg"):
            visualize.plot_model(model, tmp_path / name)
    unbuilt = keras.Sequential([layers.Dense(1)], name="unbuilt")
    with pytest.raises(visualize.UnbuiltModelError, match=r"model\.build\(input_shape\)"):
        visualize.plot_model(unbuilt, tmp_path / "a.svg")


def test_plot_model_does_not_change_the_environment(model, tmp_path):
    before = dict(os.environ)
    visualize.plot_model(model, tmp_path / "a.svg")
    assert dict(os.environ) == before
    assert "pygraphviz" not in sys.modules, "it must run in a child process"
