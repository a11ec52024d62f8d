"""The commands: what they print, what they refuse, and what they do not import."""

import ast
import json
import sys
import xml.etree.ElementTree as ElementTree

import nbformat
import pytest

from recipes import catalog

LIGHT = """
import sys
from recipes.__main__ import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
heavy = {"keras", "tensorflow", "numpy", "jax", "torch"} & set(sys.modules)
sys.exit(f"imported {heavy}" if heavy else 0)
"""


@pytest.mark.parametrize(
    "arguments",
    [["ls"], ["show", "cnn"], ["run", "cnn", "--help"], ["cp", "cnn", "here/"], ["--help"]],
    ids=" ".join,
)
def test_light_commands_import_no_framework(python, arguments):
    python("-c", LIGHT, *arguments)


def test_ls_lists_every_page_and_finds_by_pattern(recipes):
    lines = recipes("ls").stdout.splitlines()
    assert [line.split()[1] for line in lines] == [page.name for page in catalog.pages()]
    assert all(page.summary in line for page, line in zip(catalog.pages(), lines, strict=True))
    assert recipes("ls", "lstm_st*").stdout.split()[:2] == ["rnn", "lstm_stack"]
    assert recipes("ls", "stack").stdout.split()[:2] == ["rnn", "lstm_stack"]
    assert "cnn" in recipes("ls", "cnn").stdout


def test_show_prints_the_page(recipes):
    page = catalog.find("cnn")
    assert recipes("show", "cnn").stdout.endswith(page.text)


def test_output_may_be_cut_off():
    import subprocess

    command = f"{sys.executable} -m recipes show cnn | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert done.stdout.startswith("# ")
    assert done.stderr == ""


REFUSED = {
    "no recipe is named 'ccnn': did you mean 'cnn'?": ["run", "ccnn"],
    "no recipe is named 'lstm_stak'": ["show", "lstm_stak"],
    "no recipe is named 'quux': `python -m recipes ls` lists them": ["cp", "quux", "."],
    "no recipe or chapter matches 'zzz'": ["ls", "zzz"],
    "none.py: no such page file": ["run", "none.py"],
    "argument --epochs: 'three' is not an integer >= 1": ["run", "cnn", "--epochs", "three"],
    "argument --epochs: '0' is not an integer >= 1": ["run", "cnn", "--epochs", "0"],
    "argument --batch-size: '-4' is not an integer": ["run", "cnn", "--batch-size", "-4"],
    "argument --seed: '-1' is not an integer >= 0": ["run", "cnn", "--seed", "-1"],
    "argument --seeds: '0' is not": ["run", "cnn", "--seeds", "0"],
    "--learning-rate: 'nan' is not a number": ["run", "cnn", "--learning-rate", "nan"],
    "--learning-rate: '-1' is not above 0": ["run", "cnn", "--learning-rate", "-1"],
    "unrecognized arguments: --epoch-count 3": ["run", "cnn", "--epoch-count", "3"],
    "kind 'images' is named 'digit' (did you mean 'digits'?)": ["run", "cnn", "--data", "digit"],
    "load it with data_prep.load_series('co2')": ["run", "cnn", "--data", "co2"],
    "none.npz: no such file": ["run", "cnn", "--data", "none.npz"],
    "--out / cannot be replaced by a report": ["run", "cnn", "--out", "/"],
    "--out /dev/null/x: cannot write there": ["run", "cnn", "--out", "/dev/null/x"],
    "cannot write /dev/null/x/cnn.py": ["cp", "cnn", "/dev/null/x/"],
    "/dev/null/x.svg: cannot write there": ["draw", "cnn", "-o", "/dev/null/x.svg"],
    "model.doc: cannot write .doc; use .svg": ["draw", "cnn", "-o", "model.doc"],
    "the following arguments are required: name": ["run"],
    "argument COMMAND: invalid choice: 'train'": ["train"],
}


@pytest.mark.parametrize("message", REFUSED)
def test_bad_input_gets_one_sentence_and_exit_code_2(recipes, tmp_path, message):
    done = recipes(*REFUSED[message], code=2)
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("report.json"))


def test_cp_writes_builders_that_import_keras_alone(recipes, tmp_path):
    printed = recipes("cp", "cnn", "project/").stdout.strip()
    text = (tmp_path / "project" / "cnn.py").read_text()
    assert printed == "project/cnn.py"
    assert text.startswith("# Keras Recipes ")
    assert "MIT-0" in text.splitlines()[1]
    names = {node.names[0].name for node in ast.walk(ast.parse(text)) if hasattr(node, "names")}
    assert names == {"keras", "layers", "numpy"}
    assert "def build_cnn(" in text
    assert "def run(" not in text
    assert "In the report" not in text
    assert text.endswith("    probabilities = model.predict(images)  # (256, 10)\n")


def test_cp_overwrites_only_by_force(recipes, tmp_path):
    target = tmp_path / "mine.py"
    target.write_text("precious")
    done = recipes("cp", "cnn", "mine.py", code=2)
    assert "mine.py is there already; --force overwrites it" in done.stderr
    assert target.read_text() == "precious"
    recipes("cp", "cnn", "mine.py", "--force")
    assert "build_cnn" in target.read_text()
    assert "should end in .ipynb" in recipes("cp", "cnn", "a.py", "--notebook", code=2).stderr


def test_cp_brings_the_layers_and_helpers_that_a_builder_uses(recipes, tmp_path, monkeypatch):
    from recipes import copying

    home = tmp_path / "recipes"
    (home / "layers").mkdir(parents=True)
    (home / "toys").mkdir()
    (home / "layers" / "scaling.py").write_text(
        '"""Layers."""\n\nimport math\n\nimport keras\nfrom keras import layers, ops\n\n'
        "BASE = 2\n# How much.\nFACTOR = BASE * math.pi\nUNUSED = 3\n\n\n"
        '@keras.saving.register_keras_serializable(package="recipes")\n'
        'class Scale(layers.Layer):\n    """Scale."""\n\n'
        "    def call(self, inputs):\n        return ops.multiply(inputs, FACTOR)\n"
    )
    (home / "toys" / "toy.py").write_text(
        '"""A toy.\n\n    x -> y\n"""\n\nimport json\n\nimport keras\nfrom keras import ops\n\n'
        "import data_prep\nfrom recipes.layers.scaling import FACTOR, Scale\n\n\n"
        "def tower():\n    return [Scale()]\n\n\n"
        'def build_toy():\n    """Build.\n\n    Example:\n        model = build_toy()\n'
        '        right = near(model(ops.ones(3))[0], FACTOR)\n    """\n'
        '    return keras.Sequential(tower(), name="toy")\n\n\n'
        "def near(a, b):\n    return abs(float(a) - b) < 1e-6\n\n\n"
        "def run():\n    return data_prep, json\n"
    )
    monkeypatch.setattr(copying, "HOME", home)
    text = copying.builder_text(catalog.Page(home / "toys" / "toy.py"))
    for wanted in ("import math\n", "BASE = 2", "# How much.\nFACTOR", "@keras", "class Scale"):
        assert wanted in text
    for unwanted in ("UNUSED", "json", "data_prep", "from recipes", "def run"):
        assert unwanted not in text
    assert text.index("BASE") < text.index("FACTOR =") < text.index("class Scale")
    assert text.index("class Scale") < text.index("def tower") < text.index("def build_toy")
    assert text.count("import keras\n") == 1
    exec(compile(text, "toy.py", "exec"), namespace := {"__name__": "__main__"})
    assert namespace["build_toy"]().name == "toy"
    assert namespace["right"], "the example runs, with the helper that only it uses"


def test_cp_refuses_what_cannot_be_copied(tmp_path):
    from recipes import copying

    page = tmp_path / "toy.py"
    page.write_text(
        '"""A toy."""\n\nimport data_prep\n\n\ndef build_toy():\n    return data_prep.load()\n'
    )
    with pytest.raises(catalog.RecipeError, match="line 3: a builder uses 'data_prep'"):
        copying.builder_text(catalog.Page(page))


@pytest.mark.parametrize("whole", [False, True])
def test_cp_notebook_is_valid_and_its_cells_are_the_page(recipes, tmp_path, whole):
    recipes("cp", "lstm_stack", "books/", "--notebook", *(["--with-run"] if whole else []))
    notebook = nbformat.read(tmp_path / "books" / "lstm_stack.ipynb", as_version=4)
    nbformat.validate(notebook)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert "lstm 96" in notebook.cells[0].source
    assert code[0].startswith("import keras")
    assert any("def build_lstm_stack" in source for source in code)
    assert any("def run(" in source for source in code) is whole
    last = "report = run()" if whole else "model.fit("
    assert last in code[-1]
    assert "__main__" not in "".join(code)
    for source in code:
        ast.parse(source)


def test_a_copied_page_runs_from_its_file(recipes, python, tmp_path):
    recipes("cp", "cnn", "project/", "--with-run")
    done = python("project/cnn.py", "--epochs", "1", "--out", "report")
    assert "cnn on digits" in done.stdout
    record = json.loads((tmp_path / "report" / "report.json").read_text())
    assert record["command"] == "python -m recipes run project/cnn.py --epochs 1 --out report"


def test_draw_writes_the_picture(recipes, tmp_path):
    assert recipes("draw", "lstm_stack", "-o", "model.svg").stdout == "model.svg\n"
    text = "".join(ElementTree.parse(tmp_path / "model.svg").getroot().itertext())
    for word in ("LSTM", "Dense", "(8, 96)", "lstm_1", "softmax"):
        assert word in text


def test_a_missing_package_is_named_with_the_extra_that_installs_it(recipes, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbformat", None)
    done = recipes("cp", "cnn", "books/", "--notebook", code=2)
    assert done.stderr == (
        "recipes: this needs the package nbformat: pip install nbformat, or install "
        "keras-recipes[notebooks]\n"
    )
