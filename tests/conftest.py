"""Shared by all tests: the project's root, and a quiet subprocess to run commands in."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"


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
def recipes(python):
    """Run `python -m recipes` with some arguments in an empty folder."""

    def run(*arguments, **options):
        return python("-m", "recipes", *arguments, **options)

    return run
