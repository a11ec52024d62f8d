"""What every page must do. A new page is tested here without any change but in expected.json.

After adding a page: `python tests/test_pages.py` writes expected.json; read the change.
"""

import ast
import builtins
import json
import re
from pathlib import Path

import keras
import numpy as np
import pytest

from recipes import catalog, copying, runner
from recipes.report import Report

EXPECTED_FILE = Path(__file__).with_name("expected.json")
PAGES = {page.name: page for page in catalog.pages()}
LONG = ("def train_step", "while ", "def decode", "def generate", "ops.fori_loop", "layers.RNN(")
GUARD = """
if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)
"""

each_page = pytest.mark.parametrize("name", PAGES)


def expected():
    """{page: parameters and output shapes}, as they were when somebody last looked."""
    return json.loads(EXPECTED_FILE.read_text())


def build(name):
    """The model that a page builds with its defaults."""
    return getattr(runner.load(PAGES[name]), f"build_{name}")()


def description(model):
    """What expected.json holds of a model."""
    shapes = [list(output.shape) for output in model.outputs]
    return {"parameters": model.count_params(), "output_shapes": shapes}


def random_inputs(model):
    """Two examples that fit the model's inputs; axes of free length get 7."""
    rng = np.random.default_rng(0)
    inputs = []
    for tensor in model.inputs:
        shape = (2, *(size or 7 for size in tensor.shape[1:]))
        whole = "int" in tensor.dtype
        inputs.append(rng.integers(0, 2, shape) if whole else rng.normal(size=shape))
    return [array.astype(tensor.dtype) for array, tensor in zip(inputs, model.inputs, strict=True)]


def predict(model, inputs):
    outputs = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    return [keras.ops.convert_to_numpy(output) for output in keras.tree.flatten(outputs)]


def test_every_page_is_found_and_expected():
    assert len(PAGES) >= 38
    assert set(PAGES) == set(expected()), "expected.json and the pages differ: see this file's top"


@each_page
def test_form(name):
    page = PAGES[name]
    text, tree = page.text, page.tree()
    assert page.path.with_name("__init__.py").is_file(), "the chapter is not a package"
    limit = 220 if any(word in text for word in LONG) else 150
    assert len(text.splitlines()) <= limit
    assert 10 < len(page.summary) < 80
    assert text.startswith(f'"""{page.summary}\n\n    ')
    assert "->" in text.splitlines()[2], "the third line gives the shapes"
    assert "\nReference: " in ast.get_docstring(tree)
    assert text.count(GUARD) == 1
    assert text.index(GUARD) < text.index("\nimport keras\n"), "--help must not wait for Keras"
    for word in ("Lambda(", "print(", "open(", "set_random_seed", "argparse", "np.random.seed"):
        assert word not in text, f"a page has no {word}"
    if "import tensorflow" in text:
        assert "GradientTape" in text
    imported = re.findall(r"^from recipes\.(\w+)", text.replace("recipes.__main__", ""), re.M)
    assert set(imported) <= {"report", "layers"}, "a page imports no other page"


@each_page
def test_builders_are_flat_and_use_keras_alone(name):
    tree = PAGES[name].tree()
    builders = [node for node in tree.body if getattr(node, "name", "").startswith("build_")]
    assert f"build_{name}" in [builder.name for builder in builders]
    own = {getattr(node, "name", None) for node in tree.body}
    own |= {target.id for node in tree.body for target in getattr(node, "targets", [])}
    layers = {
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module.startswith("recipes.layers")
        for alias in node.names
    }
    for builder in builders:
        arguments = builder.args
        assert arguments.kwarg is None
        assert len(arguments.defaults) == len(arguments.args), "every argument has a default"
        helps = catalog.argument_help(ast.get_docstring(builder))
        assert set(helps) == {argument.arg for argument in arguments.args}
        names = [node for node in ast.walk(builder) if isinstance(node, ast.Name)]
        local = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        local |= {node.arg for node in ast.walk(builder) if isinstance(node, ast.arg)}
        free = {node.id for node in names} - local - own - layers - set(dir(builtins))
        assert free <= {"keras", "layers", "ops"}


@each_page
def test_run_has_the_common_flags_and_help_for_each(name):
    page = PAGES[name]
    flags = {flag.name: flag for flag in page.flags()}
    assert list(flags)[: len({"data", "epochs", "batch_size", "seed"} & set(flags))] == [
        flag for flag in ("data", "epochs", "batch_size", "seed") if flag in flags
    ]
    assert flags["seed"].default == 0
    assert all(flag.help for flag in flags.values())
    assert "callbacks=()" in page.text


@each_page
def test_builds_with_defaults(name):
    model = build(name)
    assert model.name == name
    assert description(model) == expected().get(name), "see the top of this file"


class Watch(keras.callbacks.Callback):
    """Compare the weights of every fit before and after."""

    def __init__(self):
        super().__init__()
        self.fits = 0
        self.stuck = []

    def on_train_begin(self, logs=None):
        self.fits += 1
        self.before = [weight.numpy().copy() for weight in self.model.trainable_weights]

    def on_train_end(self, logs=None):
        for before, weight in zip(self.before, self.model.trainable_weights, strict=True):
            after = weight.numpy()
            if not np.isfinite(after).all() or np.array_equal(before, after):
                self.stuck.append(weight.path)


@each_page
def test_one_epoch_moves_every_weight_and_reports(name):
    page = PAGES[name]
    options = {flag.name: flag.default for flag in page.flags()}
    if "epochs" in options:
        options["epochs"] = 1
    watch = Watch()
    keras.utils.set_random_seed(0)
    report = runner.load(page).run(**options, callbacks=[watch])
    assert isinstance(report, Report)
    assert watch.fits >= 1
    assert not watch.stuck, f"not trained, or not finite: {watch.stuck}"
    assert all(np.isfinite(value) for value in report.scores.values())
    assert report.baselines, "a score means nothing without a trivial baseline"
    json.dumps(report.data, allow_nan=False)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Every page's model saved, copied by cp, and asked for predictions that must come again."""
    folder = tmp_path_factory.mktemp("pages")
    for name, page in PAGES.items():
        model = build(name)
        inputs = random_inputs(model)
        model.save(folder / f"{name}.keras")
        copying.copy(page, folder / f"{name}.py")
        np.savez(folder / f"{name}-inputs.npz", *inputs)
        np.savez(folder / f"{name}-outputs.npz", *predict(model, inputs))
    return folder


AGAIN = """
import importlib.util, sys
import keras, numpy as np

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("recipes", "data_prep", "visualize"):
            raise ImportError(f"{name} is kept away")

how, *names = sys.argv[1:]
if how == "copied":
    sys.meta_path.insert(0, Block())
for name in names:
    if how == "loaded":
        for module in modules[name]:
            importlib.import_module(module)
        model = keras.saving.load_model(f"{name}.keras")
    else:
        spec = importlib.util.spec_from_file_location(name, f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        model = getattr(module, f"build_{name}")()
        model.load_weights(f"{name}.keras")
    inputs = list(np.load(f"{name}-inputs.npz").values())
    outputs = keras.tree.flatten(model(inputs if len(inputs) > 1 else inputs[0], training=False))
    wanted = np.load(f"{name}-outputs.npz").values()
    for output, right in zip(outputs, wanted, strict=True):
        np.testing.assert_allclose(keras.ops.convert_to_numpy(output), right, rtol=1e-5, atol=1e-6)
    print("same", name)
"""


@pytest.mark.xdist_group("built")
def test_a_saved_model_loads_in_a_fresh_process(built, python):
    modules = {name: [page.module] for name, page in PAGES.items()}
    done = python("-c", f"modules = {modules}\n{AGAIN}", "loaded", *PAGES, cwd=built)
    assert done.stdout.split("\n")[:-1] == [f"same {name}" for name in PAGES]


@pytest.mark.xdist_group("built")
def test_a_copied_builder_works_without_this_project(built, python):
    done = python("-c", AGAIN, "copied", *PAGES, cwd=built)
    assert done.stdout.split("\n")[:-1] == [f"same {name}" for name in PAGES]


@each_page
def test_help(name, recipes):
    text = recipes("run", name, "--help").stdout
    for flag in PAGES[name].flags():
        assert f"--{flag.name.replace('_', '-')}" in text


@pytest.mark.slow
@each_page
def test_full_training_beats_the_baselines(name, recipes, tmp_path):
    recipes("run", name, "--out", "report", timeout=600)
    record = json.loads((tmp_path / "report" / "report.json").read_text())
    score = record["headline"]
    ours = record["scores"][score]["mean"]
    for baseline, scores in record["baselines"].items():
        better = ours > scores[score] if record["higher_is_better"] else ours < scores[score]
        assert better, f"{score} {ours} against {scores[score]} of {baseline}"


if __name__ == "__main__":
    lines = [f"{json.dumps(name)}: {json.dumps(description(build(name)))}" for name in PAGES]
    print(f"wrote {EXPECTED_FILE}: read the change")
    EXPECTED_FILE.write_text("{\n  " + ",\n  ".join(lines) + "\n}\n")
