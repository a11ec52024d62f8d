"""The README's commands run, its snippets work, and its lists are those of the code."""

import importlib
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from recipes import catalog

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line for block in re.findall(r"```sh\n(.*?)```", README, re.S) for line in block.splitlines()
]
INSTALLING = [command for command in COMMANDS if "pip install" in command]
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.S)


def test_catalogue_is_what_ls_lists():
    lines = [
        f"| {page.chapter} | [{page.name}]({page.path.relative_to(ROOT)}) | {page.summary} |"
        for page in catalog.pages()
    ]
    assert [line for line in README.splitlines() if "](recipes/" in line] == lines


def test_the_two_installing_commands_are_what_ci_runs():
    ci = (ROOT / ".ci" / "run").read_text()
    assert [command.split(" && ")[-1] for command in INSTALLING] == [
        "python -m recipes run cnn",
        "python -m pytest",
    ]
    assert all("pip install -r requirements.txt" in command for command in INSTALLING)
    assert re.search(r"^pip install .*-r requirements.txt$", ci, re.M)
    assert re.search(r"^python -m pytest$", ci, re.M)
    assert re.search(r"^python -m pytest -m slow$", ci, re.M)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """An empty folder in which recipes/ is ours, as in a clone."""
    folder = tmp_path_factory.mktemp("clone")
    (folder / "recipes").symlink_to(ROOT / "recipes")
    return folder


def run_in_a_process(command, folder):
    """Run a line of the README as a shell would, with this Python as `python`."""
    words = shlex.split(command)
    assert words[0] == "python"
    done = subprocess.run(
        [sys.executable, *words[1:]], cwd=folder, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    assert done.stderr == ""


def run_here(command):
    """Run `python -m PACKAGE ...` in this process, where Keras is already imported."""
    _, _, package, *arguments = shlex.split(command)
    main = importlib.import_module(f"{package}.__main__").main
    try:
        code = main(arguments)
    except SystemExit as stop:  # --help
        code = stop.code
    assert code == 0, command


def test_every_command_and_snippet_runs(clone, monkeypatch):
    first, tests = [command.split(" && ")[-1] for command in INSTALLING]
    assert tests == "python -m pytest", "it is what runs this"
    run_in_a_process(first, clone)

    monkeypatch.chdir(clone)
    commands = [command for command in COMMANDS if command not in INSTALLING]
    assert len(commands) >= 10
    for command in commands:
        if command.startswith("python -m "):
            run_here(command)
        else:
            run_in_a_process(command, clone)

    for written in ("runs/cnn", "runs/lstm_stack", "runs/short", "runs/mine"):
        assert (clone / written / "report.html").is_file()
    for written in (
        "my_project/cnn.py",
        "my_project/lstm_stack.ipynb",
        "cnn.svg",
        "frames.npz",
        "model.html",
    ):
        assert (clone / written).stat().st_size
    assert len(SNIPPETS) == 3
    for snippet in SNIPPETS:
        done = subprocess.run([sys.executable, "-c", snippet], cwd=clone, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
    assert (clone / "model.png").stat().st_size
    assert len(list((clone / "notes").glob("*.png"))) > 20


def test_files_that_the_documents_name_exist():
    for document in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        for name in re.findall(r"\]\(([\w./]+)\)", (ROOT / document).read_text(encoding="utf-8")):
            assert (ROOT / name).exists(), f"{document} links to {name}"


def test_files_that_the_architecture_names_exist():
    text = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    folder, seen = ROOT, 0
    for line in text.splitlines():
        heading = re.fullmatch(r"## (\w+)/", line)
        if line.startswith("## "):
            folder = ROOT / heading[1] if heading else ROOT
        if line.startswith("| `"):
            for name in re.findall(r"`([\w./]+)`", line.split("|")[1]):
                assert (folder / name).exists() or "NAME" in name, f"{folder.name}: {name}"
                seen += 1
    assert seen > 30


def test_results_agree_with_the_catalogue_and_the_pages():
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        from bench import PAGE, RESULTS, results_page
    finally:
        sys.path.pop(0)
    entries = json.loads(RESULTS.read_text())
    assert PAGE.read_text(encoding="utf-8") == results_page(entries)
    defaults = {
        page.name: {flag.name: flag.default for flag in page.flags()} for page in catalog.pages()
    }
    assert {entry["recipe"] for entry in entries} == set(defaults)
    for name, options in defaults.items():
        data = options.pop("data", None)
        measured = [e["options"] for e in entries if e["recipe"] == name and e["data"] == data]
        assert measured == [options], f"python -m recipes bench {name}"


def test_requirements_are_bounded():
    lines = Path(ROOT, "requirements.txt").read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    assert wanted[-1] == "-e ."
    for line in wanted[:-1]:
        assert re.fullmatch(r"[\w-]+>=[\d.]+,<[\d.]+", line), line
