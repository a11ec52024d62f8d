"""`python -m visualize notes` writes a picture for every function, the same file each time."""

import inspect
import math

import matplotlib
import numpy as np
import pytest
from PIL import Image

import visualize
from visualize.notes import arithmetic, cells, gallery, networks, schematics, transformers
from visualize.plots import codes, images, layers, training


def plotted(module):
    """The names of the pictures that a module draws."""
    return {
        name.removeprefix("plot_")
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if name.startswith("plot_") and function.__module__ == module.__name__
    }


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The paths of all pictures, written twice; nothing global has changed."""
    settings, state = dict(matplotlib.rcParams), np.random.get_state()[1].copy()
    folders = [tmp_path_factory.mktemp("notes") / "made" / name for name in ("first", "second")]
    paths = [gallery.write_all(folder) for folder in folders]
    assert dict(matplotlib.rcParams) == settings
    assert (np.random.get_state()[1] == state).all()
    return paths


def test_notes_write_a_picture_for_every_function(written):
    functions = {"dead_relus", "forecast"}
    notes = (arithmetic, cells, networks, schematics, transformers)
    for module in (*notes, codes, images, layers, training):
        functions |= plotted(module)
    assert {f"plot_{name}" for name in functions} <= set(visualize.__all__)
    assert sorted(path.stem for path in written[0]) == sorted(functions)
    assert len(functions) >= 31
    for path in written[0]:
        with Image.open(path) as picture:
            assert picture.format == "PNG"
            assert min(picture.size) > 200, path.name
            grey = np.asarray(picture.convert("L")).astype(int)
        assert np.ptp(grey) > 100, f"{path.name} is blank"
        assert math.isclose(grey[0, 0], 255), f"{path.name}: the corner is not white"


def test_notes_are_the_same_files_each_time(written):
    for first, second in zip(*written, strict=True):
        assert first.read_bytes() == second.read_bytes(), first.name


def test_notes_refuse_a_file_for_a_folder(tmp_path):
    path = tmp_path / "file"
    path.write_text("mine")
    for folder in (path, path / "below"):
        with pytest.raises(visualize.VisualizeError, match="is a file: give a folder"):
            gallery.write_all(folder)
    assert path.read_text() == "mine"
