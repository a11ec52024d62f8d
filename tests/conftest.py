"""Shared by all tests: the project's root, and ways to run its commands."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Two tests run at the same time: one thread each is a third faster than two threads each.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"


def pytest_collection_modifyitems(items):
    """The longest test comes first, so that it is not the last one to run, alone."""
    items.sort(key=lambda item: item.name != "test_every_command_and_snippet_runs")


@pytest.fixture
def data_folder():
    """Real data for measuring, where the machine has it."""
    if not DATA.is_dir():
        pytest.skip(f"no real data at {DATA}")
    return DATA


@pytest.fixture
def python(tmp_path):
    """Run Python with some arguments in an empty folder; returns the finished process."""

    def run(*arguments, code=0, cwd=tmp_path, timeout=300, **options):
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=timeout,
            **options,
        )
        assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Run a command's main() in this process, in an empty folder: no framework to start again.

    Returns an object with stdout and stderr, as a finished process has them.
    """
    monkeypatch.chdir(tmp_path)

    def run(main, *arguments, code=0):
        capsys.readouterr()
        try:
            found = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            found = stop.code or 0

        printed = capsys.readouterr()
        assert found == code, f"exit code {found}\n{printed.out}\n{printed.err}"
        return SimpleNamespace(stdout=printed.out, stderr=printed.err)

    return run


@pytest.fixture
def recipes(command):
    """Run `python -m recipes` with some arguments in an empty folder, in this process."""
    from recipes.__main__ import main

    def run(*arguments, **options):
        return command(main, *arguments, **options)

    return run
