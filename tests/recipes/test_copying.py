"""`recipes cp`: what a copy holds, and what is refused."""

import ast
import json

import nbformat
import pytest

from recipes import catalog, copying


def test_cp_writes_builders_that_import_keras_alone(recipes, tmp_path):
    printed = recipes("cp", "cnn", "project/").stdout.strip()
    text = (tmp_path / "project" / "cnn.py").read_text()
    assert printed == "project/cnn.py"
    assert text.startswith("# Keras Recipes ")
    assert "MIT-0" in text.splitlines()[1]
    names = {node.names[0].name for node in ast.walk(ast.parse(text)) if hasattr(node, "names")}
    assert names == {"Integral", "keras", "layers", "numpy"}
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
    assert "import keras\n" in code[0]
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


def test_cp_says_that_a_page_has_no_builder_of_its_name(recipes, tmp_path):
    (tmp_path / "toy.py").write_text('"""Toy."""\n\n\ndef build_other():\n    """Build."""\n')
    done = recipes("cp", "toy.py", "project/", code=2)
    assert done.stderr.endswith("toy.py has no function build_toy().\n")


def test_cp_takes_the_reader_of_published_weights_along(recipes, tmp_path):
    recipes("cp", "bert", ".")
    text = (tmp_path / "bert.py").read_text()
    assert "\ndef load_bert_checkpoint(" in text
    assert "from recipes" not in text


def test_the_heading_of_a_copy_names_the_packages_that_it_imports(recipes, tmp_path):
    for name, needs in (
        ("cnn", "needs only Keras and its backend."),
        ("cartpole_policy", "needs only Keras, its backend and gymnasium."),
    ):
        recipes("cp", name, ".")
        first_line = (tmp_path / f"{name}.py").read_text().splitlines()[0]
        assert first_line.endswith(needs)
