"""The package as a wheel: a recipe runs with the extra, and without it the command says so."""

import subprocess
import sys
import venv

import pytest
from conftest import ROOT

pytestmark = pytest.mark.full  # it installs the package and TensorFlow into a new environment


def pip(environment, *arguments):
    command = [environment / "bin" / "python", "-m", "pip", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def run_cnn(environment, folder):
    command = [environment / "bin" / "recipes", "run", "cnn", "--epochs", "1"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_a_wheel_says_which_extra_is_missing_and_runs_with_it(tmp_path):
    pip_here = [sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", tmp_path, ROOT]
    subprocess.run(pip_here, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("keras_recipes-*.whl")

    environment = tmp_path / "venv"
    venv.create(environment, with_pip=True)
    pip(environment, "install", wheel)
    without = run_cnn(environment, tmp_path)
    assert without.returncode == 2, without.stderr
    assert "pip install tensorflow, or install keras-recipes[tensorflow]" in without.stderr
    assert len(without.stderr.splitlines()) == 1

    pip(environment, "install", f"{wheel}[tensorflow]")
    with_it = run_cnn(environment, tmp_path)
    assert with_it.returncode == 0, with_it.stderr
    assert (tmp_path / "runs" / "cnn" / "report.html").is_file()
