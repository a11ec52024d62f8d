"""Drawings with and without a system Graphviz, layer counts, curves and the confusion matrix."""

import os
import stat
import sys
import xml.etree.ElementTree as ElementTree

import keras
import numpy as np
import pytest
from keras import layers
from matplotlib.figure import Figure
from PIL import Image

import visualize
from visualize import graphviz


@pytest.fixture
def model():
    return keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, activation="relu"), layers.Dense(2)], name="small"
    )


@pytest.fixture
def fake_dot(tmp_path, monkeypatch):
    """Put a `dot` on PATH that does what a shell script says."""

    def write(script):
        folder = tmp_path / "bin"
        folder.mkdir()
        path = folder / "dot"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/bin:/usr/bin")
        return path

    return write


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


def test_plot_model_uses_the_dot_on_path(model, tmp_path, fake_dot):
    fake_dot('for last; do :; done; cat >/dev/null; echo "<svg>by dot</svg>" > "$last"')
    assert visualize.plot_model(model, tmp_path / "a.svg").read_text() == "<svg>by dot</svg>\n"


@pytest.mark.parametrize("script", ["exit 3", "kill -ABRT $$", "cat >/dev/null"])
def test_a_failing_dot_is_passed_over(model, tmp_path, fake_dot, script):
    fake_dot(script)
    with pytest.warns(UserWarning, match="Drawn with pygraphviz"):
        assert "Dense" in visualize.plot_model(model, tmp_path / "a.svg").read_text()


def test_a_hanging_dot_is_passed_over(model, tmp_path, fake_dot, monkeypatch):
    monkeypatch.setattr(graphviz, "SECONDS", 2)
    fake_dot("sleep 60")
    with pytest.warns(UserWarning, match="no picture after 2 seconds.*Drawn with pygraphviz"):
        assert "Dense" in visualize.plot_model(model, tmp_path / "a.svg").read_text()


def test_an_engine_asked_for_that_fails_says_what_it_said(model, tmp_path, fake_dot):
    fake_dot("echo no plugins >&2; exit 3")
    with pytest.raises(visualize.GraphvizFailedError, match="dot: exit code 3, no plugins") as got:
        visualize.plot_architecture(model, tmp_path / "a.svg", engine="dot")
    assert (got.value.code, got.value.stderr) == (3, "no plugins")
    assert got.value.dot_file.read_text().startswith("digraph")
    assert not (tmp_path / "a.svg").exists()


def test_an_engine_asked_for_that_is_missing_says_what_to_install(model, tmp_path, monkeypatch):
    monkeypatch.setattr(graphviz, "find_dot", lambda: None)
    with pytest.raises(visualize.GraphvizNotFoundError, match="install it with"):
        visualize.plot_architecture(model, tmp_path / "a.svg", engine="dot")
    missing = "raise SystemExit(\"ModuleNotFoundError: No module named 'pygraphviz'\")"
    monkeypatch.setattr(graphviz, "PYGRAPHVIZ", missing)
    with pytest.raises(visualize.GraphvizNotFoundError, match="pip install pygraphviz"):
        visualize.plot_architecture(model, tmp_path / "a.svg", engine="pygraphviz")


def test_bad_formats_and_unbuilt_models_are_refused(model, tmp_path):
    for name in ("model.doc", "model"):
        with pytest.raises(visualize.UnsupportedFormatError, match=r"use \.svg"):
            visualize.plot_model(model, tmp_path / name)
    unbuilt = keras.Sequential([layers.Dense(1)], name="unbuilt")
    with pytest.raises(visualize.UnbuiltModelError, match=r"model\.build\(input_shape\)"):
        visualize.plot_model(unbuilt, tmp_path / "a.svg")


def test_plot_model_leaves_the_environment_alone(model, tmp_path):
    before = dict(os.environ)
    visualize.plot_model(model, tmp_path / "a.svg")
    assert dict(os.environ) == before
    assert "pygraphviz" not in sys.modules, "it belongs into a child process"


def two_towers():
    left, right = keras.Input((4,)), keras.Input((4,))
    tower = keras.Sequential([layers.Dense(3), layers.BatchNormalization(), layers.Dense(2)])
    joined = layers.Concatenate()([tower(left), tower(right)])
    return keras.Model([left, right], layers.Dense(1)(joined))


def recurrent():
    return keras.Sequential(
        [
            keras.Input((5,), dtype="int32"),
            layers.Embedding(10, 4),
            layers.Bidirectional(layers.LSTM(3)),
            layers.Dropout(0.5),
            layers.Dense(2),
            layers.Softmax(),
        ]
    )


@pytest.mark.parametrize(
    ("make", "inputs", "hidden", "deep"),
    [(two_towers, 2, 2, False), (recurrent, 1, 2, False)],
)
def test_count_layers(make, inputs, hidden, deep):
    count = visualize.count_layers(make())
    assert (count.inputs, count.hidden, count.outputs, count.deep) == (inputs, hidden, 1, deep)
    assert count.count == inputs + hidden


def test_three_hidden_layers_are_deep(model):
    chain = [keras.Input((4,)), *[layers.Dense(4) for _ in range(4)]]
    count = visualize.count_layers(keras.Sequential(chain))
    assert str(count) == "4 (input + 3 hidden: deep)"
    assert str(visualize.count_layers(model)) == "2 (input + 1 hidden: not deep)"
    frozen = keras.Sequential(chain)
    frozen.trainable = False
    assert visualize.count_layers(frozen).hidden == 3


def test_training_curves_draw_what_was_recorded():
    history = {"loss": [3.0, 2.0, 1.0], "val_loss": [3.5, 2.5, 2.0], "accuracy": [0.1, 0.5, 0.9]}
    figure = visualize.plot_training_curves(history)
    loss, accuracy = (ax for ax in figure.axes if ax.axison)
    assert [list(line.get_ydata()) for line in loss.lines] == [
        history["loss"],
        history["val_loss"],
    ]
    assert list(accuracy.lines[0].get_xdata()) == [1, 2, 3]
    with pytest.raises(ValueError, match="history is empty"):
        visualize.plot_training_curves({})


def test_plots_draw_into_a_given_axes():
    ax = Figure().subplots()
    assert visualize.plot_training_curves({"loss": [1.0, 0.5]}, ax=ax) is ax.figure
    ax = Figure().subplots()
    assert visualize.plot_confusion_matrix(np.eye(2, dtype=int), ["a", "b"], ax=ax) is ax.figure
    with pytest.raises(ValueError, match="one Axes for 2 quantities"):
        visualize.plot_training_curves({"loss": [1.0], "accuracy": [1.0]}, ax=ax)


def test_confusion_matrix_shows_counts_and_mistakes():
    figure = visualize.plot_confusion_matrix([[3, 1], [0, 4]], ["cat", "dog"])
    (ax,) = figure.axes
    assert sorted(text.get_text() for text in ax.texts) == ["1", "3", "4"]
    assert ax.get_title() == "1 of 8 wrong"
    assert [label.get_text() for label in ax.get_yticklabels()] == ["cat", "dog"]
    with pytest.raises(ValueError, match="do not fit each other"):
        visualize.plot_confusion_matrix([[1]], ["a", "b"])
