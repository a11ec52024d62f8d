"""`python -m visualize` draws models from files and functions, and prints short errors."""

import json
import sys
import zipfile

import keras
import numpy as np
import pytest
from keras import layers

from visualize import __main__ as command
from visualize.diagrams import loading


@pytest.fixture
def draw(tmp_path, monkeypatch, capsys):
    """Run the command in an empty folder; return what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, code=0):
        try:
            got = command.main([*map(str, arguments)])
        except SystemExit as stop:
            got = stop.code
        printed = capsys.readouterr()
        assert got == code, printed
        return printed.out + printed.err

    return run


def difference(true, predicted):
    return true - predicted


def custom_model():
    """A model with layers that another process does not know."""

    class Odd(layers.Layer):
        def call(self, x):
            return x**3

    class Even(layers.Layer):
        def __init__(self, power):
            super().__init__()
            self.power = power

        def call(self, x):
            return x**self.power

        def get_config(self):
            return {"name": self.name, "power": self.power}

    inputs = keras.Input((4,), name="here")
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(5, activation="relu")], name="inner")
    x = Odd(name="odd <&>")(layers.Dense(3, name="first")(inputs))
    joined = layers.Concatenate()([inner(x), inner(Even(2)(x))])
    return keras.Model(inputs, {"out": layers.Dense(1, name="last")(joined)}, name="custom")


@pytest.mark.parametrize("ending", [".keras", ".h5", ".json"])
def test_saved_models_are_drawn(ending, tmp_path, draw):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="only")], name="small")
    model.compile("sgd", loss=difference)  # the command does not need this loss
    path = tmp_path / f"my model{ending}"
    save(model, path)
    assert draw(path, "-o", "a.svg") == "a.svg\n"
    text = (tmp_path / "a.svg").read_text()
    assert ">Dense<" in text
    assert ">only<" in text
    assert "15 parameters" in text


def save(model, path):
    if path.suffix == ".json":
        path.write_text(model.to_json())
    else:
        model.save(path)


@pytest.mark.parametrize("ending", [".keras", ".h5", ".json"])
def test_unknown_layers_are_boxes_with_their_name(ending, tmp_path, draw):
    path = tmp_path / f"custom{ending}"
    save(custom_model(), path)
    draw(path, "-o", "a.mmd")
    text = (tmp_path / "a.mmd").read_text()
    assert "Odd odd #60;#38;#62;" in text

    assert "Keras does not know" in loading.load(str(path)).note
    graph = loading.load(str(path))
    kinds = [node.kind for node in graph.nodes]
    assert sorted(kinds) == sorted(
        ["InputLayer", "Dense", "Odd", "Even", "Dense", "Dense", "Concatenate", "Dense"]
    )
    by_name = {node.key: node.kind for node in graph.nodes}
    wires = sorted((by_name[edge.source], by_name[edge.target]) for edge in graph.edges)
    assert wires == sorted(
        [
            ("InputLayer", "Dense"),
            ("Dense", "Odd"),
            ("Odd", "Even"),
            ("Odd", "Dense"),
            ("Even", "Dense"),
            ("Dense", "Concatenate"),
            ("Dense", "Concatenate"),
            ("Concatenate", "Dense"),
        ]
    )
    assert sorted(node.calls for node in graph.nodes).count(2) == 2


def test_no_code_in_a_file_is_run(tmp_path, draw):
    model = keras.Sequential(
        [keras.Input((4,)), layers.Lambda(lambda x: x + 1, name="trap"), layers.Dense(2)]
    )
    path = tmp_path / "lambda.keras"
    model.save(path)
    draw(path, "-o", "a.mmd")
    assert "Lambda trap" in (tmp_path / "a.mmd").read_text()
    assert "code is not run" in loading.load(str(path)).note


def test_a_subclassed_model_of_another_process_is_a_box(tmp_path, draw):
    class Mine(keras.Model):
        def __init__(self):
            super().__init__(name="mine")
            self.dense = layers.Dense(2)

        def call(self, x):
            return self.dense(x)

        def get_config(self):
            return {"name": self.name}

    model = Mine()
    model(np.zeros((1, 3), "float32"))
    model.save(tmp_path / "mine.keras")
    draw("mine.keras", "-o", "a.dot")
    assert "<b>Mine</b>" in (tmp_path / "a.dot").read_text()


def test_a_function_that_builds_a_model(tmp_path, draw, monkeypatch):
    (tmp_path / "building.py").write_text(
        "import keras\n"
        "def build(units=2):\n"
        "    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(units)])\n"
        "def unbuilt():\n"
        "    return keras.Sequential([keras.layers.Dense(4)], name='later')\n"
        "def picky(size):\n"
        "    return size\n"
        "number = 3\n"
        "def none():\n"
        "    return None\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    draw("building:build", "-o", "a.html", "--style", "plain")
    assert (tmp_path / "a.html").read_text().startswith("<!DOCTYPE html>")
    assert "input_shape=" in draw("building:unbuilt", "-o", "a.dot", code=2)
    draw("building:unbuilt", "-o", "a.dot", "--input-shape", "5")
    assert "24 parameters" in (tmp_path / "a.dot").read_text()
    for name, expected in {
        "building:nothing": "has no 'nothing'",
        "building:number": "is not a function",
        "building:picky": "without arguments",
        "building:none": "returned a NoneType",
        "no.such.module:build": "there is no module 'no'",
    }.items():
        message = draw(name, "-o", "a.svg", code=2)
        assert expected in message
        assert message.count("\n") == 1


def test_errors_are_one_sentence(tmp_path, draw):
    (tmp_path / "broken.keras").write_text("no archive")
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "weights.txt").write_text("")
    with zipfile.ZipFile(tmp_path / "empty.keras", "w") as archive:
        archive.writestr("other", "")
    sequential = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    (tmp_path / "good.json").write_text(sequential.to_json())
    for arguments, expected in {
        ("none.keras", "-o", "a.svg"): "there is no such file",
        ("broken.keras", "-o", "a.svg"): "cannot be read as a .keras file",
        ("broken.json", "-o", "a.svg"): "cannot be read as a .json file",
        ("list.json", "-o", "a.svg"): "no model configuration",
        ("empty.keras", "-o", "a.svg"): "cannot be read",
        ("weights.txt", "-o", "a.svg"): "give a .keras",
        ("good.json", "-o", "a.doc"): "cannot write .doc; use .svg",
        ("good.json", "-o", "no/such/a.svg"): "cannot write no/such/a.svg",
        ("good.json", "-o", "a.svg", "--style", "loud"): "style='loud': use 'color', 'plain'",
        ("good.json", "-o", "a.svg", "--rankdir", "up"): "rankdir='up'",
        ("good.json", "-o", "a.svg", "--engine", "magic"): "engine='magic'",
        ("good.json", "-o", "a.svg", "--input-shape", "a"): "not a list of sizes",
        ("good.json",): "required: -o",
        ("notes",): "required: -o",
        ("doctor", "extra"): "unrecognized",
        (): "required",
    }.items():
        message = draw(*arguments, code=2)
        assert expected in message, message
        assert message.count("\n") == 1
        assert "Traceback" not in message
    cyclic = json.loads(keras.Model(x := keras.Input((2,)), layers.Dense(1)(x)).to_json())
    cyclic["config"]["layers"][0]["class_name"] = "Unknown"
    del cyclic["config"]["layers"][0]
    (tmp_path / "torn.json").write_text(json.dumps(cyclic))
    assert "not in it" in draw("torn.json", "-o", "a.svg", code=2)


def test_the_commands_in_a_process_of_their_own(python, tmp_path):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    (tmp_path / "model.json").write_text(model.to_json())
    done = python("-m", "visualize", "model.json", "-o", "model.png", cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("model.png\n", "")
    done = python("-m", "visualize", "doctor")
    assert "Engines" in done.stdout
    assert done.stderr == ""
    code = (
        "import sys\n"
        "from visualize.diagrams import doctor\n"
        "doctor.report()\n"
        "print('keras' in sys.modules)"
    )
    assert python("-c", code).stdout.endswith("False\n"), "the doctor needs no Keras"
    assert sys.modules.get("pygraphviz") is None
