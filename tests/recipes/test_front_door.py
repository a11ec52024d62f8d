"""The commands: what they print, what they refuse, and what they do not import."""

import sys
import xml.etree.ElementTree as ElementTree

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
    "none.py: no such file": ["run", "none.py"],
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


def test_draw_writes_the_picture(recipes, tmp_path):
    assert recipes("draw", "lstm_stack", "-o", "model.svg").stdout == "model.svg\n"
    text = "".join(ElementTree.parse(tmp_path / "model.svg").getroot().itertext())
    for word in ("LSTM", "Dense", "(8, 96)", "lstm", "softmax"):
        assert word in text


def test_a_missing_package_is_named_with_the_extra_that_installs_it(recipes, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbformat", None)
    done = recipes("cp", "cnn", "books/", "--notebook", code=2)
    assert done.stderr == (
        "recipes: this needs the package nbformat: pip install nbformat, or install "
        "keras-recipes[notebooks]\n"
    )


def test_visualize_without_a_backend_says_what_to_install(python):
    code = (
        "import sys\nsys.modules['tensorflow'] = None\n"
        "from visualize.__main__ import main\nsys.exit(main(['notes', '-o', 'pictures']))"
    )
    done = python("-c", code, code=2)
    assert done.stderr.endswith("pip install tensorflow, or install keras-recipes[tensorflow]\n")
    assert len(done.stderr.splitlines()) == 1
