"""What every page must do. A new page is tested here without any change but in expected.json.

After adding a page: `python -m tests.test_pages` writes expected.json; read the change.
"""

import ast
import builtins
import json
from functools import cache
from importlib import import_module
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import data_prep
from recipes import catalog, copying, runner
from recipes.report import Report

EXPECTED_FILE = Path(__file__).with_name("expected.json")
PAGES = {page.name: page for page in catalog.pages()}
MOST_LINES, MOST_LINES_WITH_OWN_CLASS, MOST_LINES_OF_RUN = 220, 280, 45
# A loop of its own makes a page longer, as a class does: generating, or trainings in an order.
OWN_LOOP = {"generate", "decode", "_steps"}
GUARD = """
if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)
"""

each_page = pytest.mark.parametrize("name", PAGES)


def expected():
    """{page: parameters and output shapes}, as they were when somebody last looked."""
    return json.loads(EXPECTED_FILE.read_text())


@cache
def build(name):
    """The model that a page builds with its defaults, once in each process."""
    return getattr(runner.load(PAGES[name]), f"build_{name}")()


def definitions(name, kind):
    """{name: node} of the functions or classes of a page, also those inside others."""
    nodes = ast.walk(PAGES[name].tree())
    return {node.name: node for node in nodes if isinstance(node, kind)}


def lines_of_body(function):
    """The number of lines of a function after its docstring."""
    first = function.body[1] if ast.get_docstring(function) else function.body[0]
    return function.end_lineno - first.lineno + 1


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
    assert len(PAGES) >= 53
    assert set(PAGES) == set(expected()), "expected.json and the pages differ: see this file's top"


@each_page
def test_form(name):
    page = PAGES[name]
    text = page.text
    assert page.path.with_name("__init__.py").is_file(), "the chapter is not a package"
    own_class = definitions(name, ast.ClassDef)  # a layer, cell, penalty or step that it teaches
    own_loop = OWN_LOOP & set(definitions(name, ast.FunctionDef))
    limit = MOST_LINES_WITH_OWN_CLASS if own_class or own_loop else MOST_LINES
    assert len(text.splitlines()) <= limit
    assert 10 < len(page.summary) < 80
    assert text.startswith(f'"""{page.summary}\n\n    ')
    assert "->" in text.splitlines()[2], "the third line gives the shapes"
    assert text.count(GUARD) == 1
    assert text.index(GUARD) < text.index("\nimport keras\n"), "--help must not wait for Keras"
    for word in ("Lambda(", "print(", "open(", "set_random_seed", "argparse", "np.random.seed"):
        assert word not in text, f"a page has no {word}"
    if "import tensorflow" in text:
        assert "GradientTape" in text


@each_page
def test_docstring_is_a_lesson(name):
    paragraphs = ast.get_docstring(PAGES[name].tree()).split("\n\n")
    summary, shapes, *lesson = paragraphs
    *lesson, reference = lesson
    assert reference.startswith("Reference: ")
    assert 1 <= len(lesson) <= 5, "four short paragraphs, and `Differs from`"
    assert sum(text.startswith("In the report: ") for text in lesson) == 1
    differs = [text for text in lesson if "Differs from" in text]
    assert all(text.startswith("Differs from ") for text in differs)
    assert len(lesson) - len(differs) <= 4


@each_page
def test_run_is_short_and_shows_fit(name):
    functions = definitions(name, ast.FunctionDef)
    assert lines_of_body(functions["run"]) <= MOST_LINES_OF_RUN
    fits = [name for name in functions if ".fit(" in ast.unparse(functions[name])]
    assert "run" in fits, "compile and fit stand in plain sight"


@each_page
def test_builders_are_flat_and_use_keras_alone(name):
    tree = PAGES[name].tree()
    builders = [node for node in tree.body if getattr(node, "name", "").startswith("build_")]
    assert f"build_{name}" in [builder.name for builder in builders]
    own = {getattr(node, "name", None) for node in tree.body}
    own |= {target.id for node in tree.body for target in getattr(node, "targets", [])}
    imported = {
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module.startswith("recipes.")
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
        free = {node.id for node in names} - local - own - imported - set(dir(builtins))
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
def test_a_builder_ends_with_an_example_that_trains(name):
    code = catalog.example(PAGES[name])
    tree = ast.parse(code)
    assert code.startswith("import numpy as np\n")
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    methods = {word.split(".")[-1] for word in called}
    assert f"build_{name}" in called
    assert {"compile", "fit", "predict"} <= methods
    for word in ("data_prep", "visualize", "scores", "recipes"):
        assert word not in {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}

    # The example runs in the copied file: its variables must not replace functions of the copy.
    copied = ast.parse(copying.builder_text(PAGES[name])).body
    defined = {node.name for node in copied if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    assert not defined & {node.id for node in names if isinstance(node.ctx, ast.Store)}


@each_page
def test_builds_with_defaults(name):
    model = build(name)
    assert model.name == name
    assert description(model) == expected().get(name), "see the top of this file"


class Watch(keras.callbacks.Callback):
    """Compare the weights of every fit before and after."""

    def __init__(self):
        super().__init__()
        self.models = []
        self.stuck = []

    def on_train_begin(self, logs=None):
        if not any(self.model is model for model in self.models):
            self.models.append(self.model)
        self.before = [weight.numpy().copy() for weight in self.model.trainable_weights]

    def on_train_end(self, logs=None):
        for before, weight in zip(self.before, self.model.trainable_weights, strict=True):
            after = weight.numpy()
            if not np.isfinite(after).all() or np.array_equal(before, after):
                self.stuck.append(weight.path)


# Flags that make a page's one epoch short. The slow test trains each page with its defaults.
SHORT = {
    "activations": {"activations": "relu,selu"},
    "bert": {"pretrain_epochs": 1, "draws": 1, "length": 14, "width": 16, "vocabulary_size": 100},
    "bidirectional_lstm": {"length": 12, "vocabulary_size": 100, "embedding": 8, "units": 8},
    "capsnet": {"filters": 16, "capsule_types": 4},
    "cartpole_imitation": {"games": 1000},
    "cartpole_policy": {"environments": 4, "steps": 8, "repeats": 1},
    "cats_vs_dogs": {"image_size": 48},
    "char_rnn": {"units": 16, "top_k": 5},
    "cnn3d": {"spacing": 4.0, "size": 32},
    "conv_lstm": {"past": 2, "horizon": 2, "image_size": 16},
    "dropout_study": {"samples": 50, "repeats": 1},
    "inpainting": {"test_images": 20},
    "segmentation": {"filters": 4, "depth": 2},
    "seq2seq": {"embedding": 8, "units": 8},
    "seq2seq_attention": {"embedding": 8, "units": 8},
    "seq2vec": {"length": 12, "vocabulary_size": 100, "embedding": 8, "units": 8},
    "summarizer": {"most_sentences": 3, "source_length": 12, "target_length": 6},
    "transfer_learning": {"draws": 1},
    "transformer_encoder": {"length": 12, "vocabulary_size": 100, "width": 16},
    "transformer_translation": {"width": 16},
    "vae": {"units": 32, "samples": 5},
    "vec2seq": {"units": 16},
}


@pytest.fixture(scope="module")
def small_data(tmp_path_factory):
    """{default data: path of smaller data of the same kind}."""
    folder = tmp_path_factory.mktemp("small")
    rng = np.random.default_rng(0)

    digits = data_prep.load_images("digits")
    np.savez(
        folder / "digits.npz",
        x_train=digits.train.inputs[:300],
        y_train=digits.train.labels[:300],
        x_test=digits.test.inputs[:100],
        y_test=digits.test.labels[:100],
    )

    images = rng.random((40, 16, 16))
    np.savez(folder / "scenes.npz", images=images, labels=(images > 0.5).astype(int))

    for name in ("left", "right"):
        (folder / "clips" / name).mkdir(parents=True)
        for number in range(12):
            frames = [
                Image.fromarray(frame) for frame in rng.integers(0, 255, (4, 16, 16), "uint8")
            ]
            path = folder / "clips" / name / f"{number}.gif"
            frames[0].save(path, save_all=True, append_images=frames[1:])

    words = np.array(["red", "green", "blue", "one", "two", "three", "up", "down"])
    texts = [" ".join(rng.choice(words, 10)) for _ in range(400)]
    lines = [f"{'up' if 'up' in text else 'other'},{text}" for text in texts]
    (folder / "texts.csv").write_text("\n".join(["label,text", *lines]))
    (folder / "long.txt").write_text("\n".join(texts))

    pairs = {" ".join(rng.choice(words, 6)) for _ in range(300)}
    turned = [f"{text}\t{text[::-1]}" for text in sorted(pairs)]
    (folder / "pairs.tsv").write_text("\n".join(turned))

    documents = []
    for chosen in rng.choice(texts, (200, 3)):
        first, second, third = [text.capitalize() for text in chosen]
        documents.append(f"{first}. {second}. {third}.\t{second}.")
    (folder / "documents.tsv").write_text("\n".join(documents))

    (folder / "captions" / "images").mkdir(parents=True)
    captions = ["image,caption"]
    for number in range(60):
        name = f"{number}.png"
        image = Image.fromarray(rng.integers(0, 255, (64, 64, 3), "uint8"))
        image.save(folder / "captions" / "images" / name)
        captions.append(f"{name},{' '.join(rng.choice(words, 4))}")
    (folder / "captions" / "captions.csv").write_text("\n".join(captions))
    return {
        ("digits", None): folder / "digits.npz",
        ("shapes", None): folder / "scenes.npz",
        ("moving_digits", None): folder / "clips",
        ("docstrings", None): folder / "texts.csv",
        ("docstrings", "char_rnn"): folder / "long.txt",
        ("docstrings", "summarizer"): folder / "documents.tsv",
        ("dates", None): folder / "pairs.tsv",
        ("shapes", "vec2seq"): folder / "captions",
    }


@each_page
def test_one_epoch_moves_every_weight_and_reports(name, small_data, monkeypatch):
    page = PAGES[name]
    options = {flag.name: flag.default for flag in page.flags()} | SHORT.get(name, {})
    if "epochs" in options:
        options["epochs"] = 1
    data = options.get("data")
    small = small_data.get((data, name), small_data.get((data, None)))
    if small:
        options["data"] = str(small)
    # The classifier that scores samples trains shortly, too. (scores.generation is a function.)
    monkeypatch.setattr(import_module("recipes.scores.generation"), "LEAST_STEPS", 16)

    watch = Watch()
    keras.utils.set_random_seed(0)
    report = runner.load(page).run(**options, callbacks=[watch])
    assert isinstance(report, Report)
    names = [model.name for model in watch.models]
    assert names
    assert len(set(names)) == len(names), "each network that a page trains has its own name"
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
import importlib, runpy, sys
import keras, numpy as np

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("recipes", "data_prep", "visualize"):
            raise ImportError(f"{name} is kept away")

how, *names = sys.argv[1:]
if how != "loaded":
    sys.meta_path.insert(0, Block())
    keras.config.disable_interactive_logging()
for name in names:
    if how == "loaded":
        for module in modules[name]:
            importlib.import_module(module)
        model = keras.saving.load_model(f"{name}.keras")
    else:
        copied = runpy.run_path(f"{name}.py", run_name="__main__" if how == "example" else name)
        if how == "example":  # it has built, trained and used a model
            assert copied["model"].optimizer is not None
            for weight in copied["model"].get_weights():
                assert np.isfinite(weight).all()
        model = copied[f"build_{name}"]()
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


@pytest.mark.slow
@pytest.mark.xdist_group("built")
def test_the_example_of_a_copy_trains_without_this_project(built, python):
    done = python("-c", AGAIN, "example", *PAGES, cwd=built, timeout=900)
    said = [line for line in done.stdout.splitlines() if line.startswith("same ")]
    assert said == [f"same {name}" for name in PAGES]


@each_page
def test_help(name, recipes):
    text = recipes("run", name, "--help").stdout
    for flag in PAGES[name].flags():
        assert f"--{flag.name.replace('_', '-')}" in text


# A full training takes more than 90 s on one core: the mark is `full`, for the others `slow`.
LONG = {"char_rnn", "cnn3d", "conv_lstm", "segmentation", "seq2seq", "vec2seq", "wgan_gp"}
full_training = [
    pytest.param(name, marks=pytest.mark.full if name in LONG else pytest.mark.slow)
    for name in PAGES
]


@pytest.mark.parametrize("name", full_training)
def test_full_training_beats_the_baselines(name, recipes, tmp_path):
    recipes("run", name, "--out", "report")
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
