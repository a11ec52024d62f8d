"""Running a page: the report folder, seeds, scripts, kill, Ctrl-C and resume."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time

import keras
import pytest

from recipes import catalog, runner

FILES = {
    "architecture.svg",
    "confusion.png",
    "hardest.png",
    "filters.png",
    "feature_maps.png",
    "curves.png",
    "history.csv",
    "model.keras",
    "report.html",
    "report.json",
}

TOY = '''"""A toy page that trains {fits} networks.

    x (3,) -> y (1,)
"""

import keras
import numpy as np

from recipes.report import Report


def build_toy():
    """Build."""
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)], name="toy")


def run(epochs=3, seed=0, fail=False, callbacks=()):
    """Train.

    Args:
        epochs: passes.
        seed: seed.
        fail: whether to stop in the middle, as Ctrl-C would.
    """
    for number in range({fits}):
        model = build_toy()
        model.compile("adam", "mse")
        if fail and number == {fits} - 1:
            raise KeyboardInterrupt
        model.fit(np.ones((8, 3)), np.ones(8), epochs=epochs, verbose=0, callbacks=list(callbacks))
    loss = model.evaluate(np.ones((8, 3)), np.ones(8), verbose=0)
    data = {{"name": "ones", "source": "here", "shapes": {{}}, "classes": [], "fingerprint": ""}}
    return Report(model, "mse", {{"mse": loss}}, {{"zero": {{"mse": 1.0}}}}, data,
                  higher_is_better=False)
'''


@pytest.fixture
def toy(tmp_path):
    """A page outside the catalogue that trains in a moment."""

    def write(fits=1):
        path = tmp_path / "toy.py"
        path.write_text(TOY.format(fits=fits))
        return path

    return write


def read(folder):
    record = json.loads((folder / "report.json").read_text())
    with open(folder / "history.csv", newline="") as file:
        return record, list(csv.DictReader(file))


one_worker = pytest.mark.xdist_group("digits_report")  # so that it is trained once


@pytest.fixture(scope="module")
def digits_report(tmp_path_factory):
    """The report of a short run of cnn over two seeds, and what the command printed."""
    folder = tmp_path_factory.mktemp("cnn")
    command = [sys.executable, "-m", "recipes", "run", "cnn", "--epochs", "2", "--seeds", "2"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "runs" / "cnn", done


@one_worker
def test_report_folder_is_complete_and_nothing_else_is_left(digits_report):
    folder, _ = digits_report
    assert {path.name for path in folder.iterdir()} == FILES
    assert [path.name for path in folder.parent.iterdir()] == ["cnn"]


@one_worker
def test_report_json_holds_what_the_design_lists(digits_report):
    record, history = read(digits_report[0])
    assert record["recipe"] == "cnn"
    assert record["command"] == "python -m recipes run cnn --epochs 2 --seeds 2"
    assert record["data"]["name"] == "digits"
    assert record["data"]["shapes"]["test"] == {"inputs": [360, 8, 8, 1], "labels": [360]}
    assert re.fullmatch("[0-9a-f]{64}", record["data"]["fingerprint"])
    assert record["headline"] == "accuracy"
    assert record["higher_is_better"] is True
    accuracy = record["scores"]["accuracy"]
    assert accuracy["mean"] == pytest.approx(sum(accuracy["runs"]) / 2)
    assert accuracy["std"] == pytest.approx(abs(accuracy["runs"][0] - accuracy["runs"][1]) / 2**0.5)
    assert set(record["baselines"]) == {"majority", "nearest centroid"}
    assert record["comparisons"] == {}
    assert record["parameters"] == 14950
    assert record["layers"]["text"] == "4 (input + 3 hidden: deep)"
    assert len(record["seconds"]["training"]["runs"]) == 2
    assert record["seeds"] == [0, 1]
    assert record["options"]["epochs"] == 2
    assert record["versions"]["keras"] == keras.__version__
    assert set(record["files"]) == FILES
    assert [(row["seed"], row["epoch"]) for row in history] == [
        ("0", "1"),
        ("0", "2"),
        ("1", "1"),
        ("1", "2"),
    ]
    assert all(float(row["val_accuracy"]) >= 0 for row in history)


@one_worker
def test_report_html_needs_nothing_but_itself(digits_report):
    html = (digits_report[0] / "report.html").read_text()
    links = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert links
    assert all(link.startswith(("data:image/png;base64,", "#", "https://")) for link in links)
    assert not re.search(r"<(script|link|iframe)", html)
    for wanted in ("baseline: nearest centroid", "--epochs 2 --seeds 2", "<svg", "def build_cnn("):
        assert wanted in html


@one_worker
def test_the_terminal_gets_a_table_and_no_noise(digits_report):
    _, done = digits_report
    for wanted in ("cnn on digits", "accuracy on test data, 2 seeds", "baseline: majority"):
        assert wanted in done.stdout
    assert re.search(r"this recipe +0\.\d{4} \+/- 0\.\d{4}", done.stdout)
    assert "epoch 2/2  " in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


@one_worker
def test_the_saved_model_has_the_reported_score(digits_report):
    import data_prep

    record, _ = read(digits_report[0])
    model = keras.saving.load_model(digits_report[0] / "model.keras")
    test = data_prep.load_images("digits").test
    found = (model.predict(test.inputs, verbose=0).argmax(axis=1) == test.labels).mean()
    assert found == pytest.approx(record["scores"]["accuracy"]["runs"][0])


@one_worker
def test_a_page_by_its_path_does_the_same_from_any_folder(digits_report, python, tmp_path):
    page = catalog.find("cnn").path
    done = python(page, "--epochs", "2", "--seeds", "2")
    assert done.stderr == ""
    record, history = read(tmp_path / "runs" / "cnn")
    before, history_before = read(digits_report[0])
    changing = ("seconds",)
    for name in set(record) - set(changing):
        assert record[name] == before[name]
    assert history == history_before


def test_a_failed_run_leaves_the_old_report(toy, recipes, tmp_path):
    recipes("run", toy(), "--out", "report")
    before = (tmp_path / "report" / "report.json").read_bytes()
    recipes("run", toy(), "--out", "report", "--fail", code=130)
    assert (tmp_path / "report" / "report.json").read_bytes() == before
    recipes("run", toy(), "--out", "report", "--epochs", "4")
    record, history = read(tmp_path / "report")
    assert record["options"]["epochs"] == len(history) == 4


def test_a_kill_between_the_renames_is_put_right(toy, recipes, tmp_path):
    recipes("run", toy(), "--out", "report")
    os.rename(tmp_path / "report", tmp_path / ".report.replaced")
    recipes("run", toy(), "--out", "report", "--fail", code=130)
    assert (tmp_path / "report" / "report.json").is_file()
    assert not (tmp_path / ".report.replaced").exists()


def test_a_folder_with_other_files_is_not_replaced(toy, recipes, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    done = recipes("run", toy(), "--out", "mine", code=2)
    assert "holds 'thesis.txt', which no run wrote" in done.stderr
    recipes("run", toy(), "--out", "report")
    (tmp_path / "report" / "notes.txt").write_text("precious")
    assert "holds 'notes.txt'" in recipes("run", toy(), "--out", "report", code=2).stderr
    (tmp_path / "other.partial").mkdir()
    (tmp_path / "other.partial" / "draft.txt").write_text("precious")
    assert "no run made it; move it" in recipes("run", toy(), "--out", "other", code=2).stderr
    assert "is a file" in recipes("run", toy(), "--out", "toy.py", code=2).stderr
    assert (tmp_path / "report" / "notes.txt").read_text() == "precious"


def start(*arguments, cwd):
    return subprocess.Popen(
        [sys.executable, "-m", "recipes", *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts its background jobs with Ctrl-C ignored, and they would hand that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def wait_for_epoch(folder, epoch, process):
    """Wait until that epoch is finished, then a little, so that the next one is under way."""
    progress = folder / "progress.json"
    for _ in range(6000):
        if progress.is_file() and json.loads(progress.read_text())["epoch"] >= epoch:
            time.sleep(0.2)
            assert process.poll() is None, "it was over before it could be stopped"
            return json.loads(progress.read_text())
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    raise AssertionError("no epoch was finished within five minutes")


# Small steps, so that an epoch takes about a second and there is a middle to kill it in.
SLOW = ["run", "cnn", "--epochs", "6", "--batch-size", "4", "--learning-rate", "0.001"]


def test_after_kill_9_resume_goes_on_from_the_last_epoch(recipes, tmp_path):
    process = start(*SLOW, cwd=tmp_path)
    seed = tmp_path / "runs" / "cnn.partial" / "seed-0"
    progress = wait_for_epoch(seed, 2, process)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "runs" / "cnn").exists(), "half a report"
    kept = json.loads((seed / "progress.json").read_text())
    assert 2 <= kept["epoch"] < 6
    other = recipes("run", "cnn", "--epochs", "7", "--resume", code=2)
    assert "the stopped run" in other.stderr

    done = recipes(*SLOW, "--resume")
    assert f"epoch {kept['epoch'] + 1}/6" in done.stdout
    assert f"epoch {kept['epoch']}/6" not in done.stdout
    record, history = read(tmp_path / "runs" / "cnn")
    assert [int(row["epoch"]) for row in history] == [1, 2, 3, 4, 5, 6]
    losses = [float(row["loss"]) for row in history]
    assert losses[: kept["epoch"]] == kept["history"]["loss"]
    assert losses[: len(progress["history"]["loss"])] == progress["history"]["loss"]
    assert max(losses[kept["epoch"] :]) < losses[0], "the weights came back"
    assert record["seconds"]["training"]["mean"] > kept["seconds"]
    model = keras.saving.load_model(tmp_path / "runs" / "cnn" / "model.keras")
    steps = -(-record["data"]["shapes"]["train"]["inputs"][0] // 4)
    assert int(model.optimizer.iterations) == 6 * steps, "the optimizer came back"
    assert not (tmp_path / "runs" / "cnn.partial").exists()


def test_ctrl_c_ends_with_a_line_and_resume_skips_finished_seeds(recipes, tmp_path):
    arguments = [*SLOW, "--seeds", "2"]
    arguments[arguments.index("6")] = "2"
    process = start(*arguments, cwd=tmp_path)
    wait_for_epoch(tmp_path / "runs" / "cnn.partial" / "seed-1", 1, process)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in output + errors
    assert output.endswith("--resume\n")
    assert errors == ""
    last = output.splitlines()[-1]
    command = last.removeprefix(
        "Stopped after 1 of 2 epochs of seed 1; continue with: python -m recipes "
    )
    assert command != last
    first = json.loads((tmp_path / "runs/cnn.partial/seed-0/result.json").read_text())

    done = recipes(*command.split())
    assert "epoch 1/2" not in done.stdout
    record, history = read(tmp_path / "runs" / "cnn")
    assert len(history) == 4
    assert record["scores"]["accuracy"]["runs"][0] == first["scores"]["accuracy"]
    assert {path.name for path in (tmp_path / "runs" / "cnn").iterdir()} == FILES


def test_resume_without_a_stopped_run_says_so(toy, recipes):
    done = recipes("run", toy(), "--resume")
    assert "There is no stopped run in" in done.stdout


def test_a_page_with_several_fits_starts_over_and_says_so(toy, recipes, tmp_path):
    recipes("run", toy(fits=2), "--fail", code=130)
    partial = tmp_path / "runs" / "toy.partial"
    assert json.loads((partial / "seed-0" / "progress.json").read_text())["epoch"] == 3
    recipes("run", toy(fits=3), "--fail", code=130)
    (partial / "job.json").write_text(
        (partial / "job.json").read_text().replace("true", "false", 1)
    )
    done = recipes("run", toy(fits=3), "--resume")
    assert "toy trains several networks: it starts over." in done.stdout
    _, history = read(tmp_path / "runs" / "toy")
    assert [(row["fit"], row["epoch"]) for row in history] == [
        (str(fit), str(epoch)) for fit in (1, 2, 3) for epoch in (1, 2, 3)
    ]
    assert {row["network"] for row in history} == {"toy"}


TWO_OPTIMIZERS = '''"""Two networks with an optimizer each, trained by one train_step.

    x (3,) -> y (1,)
"""

import os

import keras
import numpy as np
import tensorflow as tf

from recipes.report import Report


class Pair(keras.Model):
    def __init__(self):
        super().__init__(name="pair")
        self.first, self.second = keras.layers.Dense(4), keras.layers.Dense(1)

    def compile(self):
        super().compile()
        self.optimizers = [keras.optimizers.Adam(0.1), keras.optimizers.SGD(0.1, momentum=0.9)]

    def call(self, inputs):
        return self.second(self.first(inputs))

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((self(x) - y) ** 2)
        parts = [self.first.trainable_variables, self.second.trainable_variables]
        gradients = tape.gradient(loss, parts)
        for optimizer, gradient, part in zip(self.optimizers, gradients, parts, strict=True):
            optimizer.apply_gradients(zip(gradient, part))
        return {"loss": loss}


def run(epochs=4, seed=0, callbacks=()):
    """Train.

    Args:
        epochs: passes.
        seed: seed.
    """
    model = Pair()
    model.compile()
    model(np.zeros((1, 3)))
    for optimizer, part in zip(model.optimizers, (model.first, model.second), strict=True):
        optimizer.build(part.trainable_variables)
    rng = np.random.default_rng(0)
    stop = [keras.callbacks.LambdaCallback(on_epoch_begin=interrupt)]
    model.fit(rng.normal(size=(8, 3)), rng.normal(size=(8, 1)), epochs=epochs, shuffle=False,
              callbacks=[*callbacks, *(stop if 'STOP' in os.environ else [])])
    steps = {f"steps {number}": int(one.iterations) for number, one in enumerate(model.optimizers)}
    weights = {"sum": float(sum(np.abs(weight).sum() for weight in model.get_weights()))}
    data = {"name": "x", "source": "", "shapes": {}, "classes": [], "fingerprint": ""}
    return Report(model, "sum", steps | weights, {"none": {"sum": 0.0}}, data)


def interrupt(epoch, logs):
    if epoch == 2:
        raise KeyboardInterrupt
'''


def test_two_optimizers_in_one_fit_come_back_too(tmp_path, recipes, monkeypatch):
    (tmp_path / "pair.py").write_text(TWO_OPTIMIZERS)
    recipes("run", "pair.py", "--out", "whole")
    monkeypatch.setenv("STOP", "1")
    recipes("run", "pair.py", "--out", "stopped", code=130)
    monkeypatch.delenv("STOP")
    assert recipes("run", "pair.py", "--out", "stopped", "--resume").stderr == ""
    whole, stopped = (read(tmp_path / name)[0]["scores"] for name in ("whole", "stopped"))
    assert stopped["steps 0"]["mean"] == stopped["steps 1"]["mean"] == 4
    assert stopped["sum"]["mean"] == pytest.approx(whole["sum"]["mean"], rel=1e-5)


def test_resume_with_a_changed_model_says_so(toy, recipes, tmp_path):
    page = toy(fits=1)
    recipes("run", page, "--seed", "5")
    process_folder = tmp_path / "runs" / "toy.partial" / "seed-5"
    job = {"recipe": "toy", "options": {"epochs": 3, "seed": 5, "fail": False}}
    process_folder.mkdir(parents=True)
    (process_folder.parent / "job.json").write_text(
        json.dumps(job | {"seeds": 1, "tensorboard": False})
    )
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    other.save_weights(process_folder / "epoch-1.weights.h5")
    progress = {"fits": 1, "epoch": 1, "weights": "epoch-1.weights.h5", "optimizer": False}
    (process_folder / "progress.json").write_text(json.dumps(progress))
    done = recipes("run", page, "--seed", "5", "--resume", code=2)
    assert "do not fit the model that toy builds now" in done.stderr


@one_worker
def test_seeds_change_the_result_and_equal_seeds_repeat_it(digits_report, recipes, tmp_path):
    recipes("run", "cnn", "--epochs", "2", "--seed", "1")
    record, _ = read(tmp_path / "runs" / "cnn")
    before, _ = read(digits_report[0])
    assert record["scores"]["accuracy"]["runs"] == before["scores"]["accuracy"]["runs"][1:]


def test_tensorboard_writes_logs_or_says_what_to_install(toy, recipes, tmp_path):
    try:
        import tensorboard  # noqa: F401
    except ImportError:
        done = recipes("run", toy(), "--tensorboard", code=2)
        assert "pip install tensorboard" in done.stderr
    else:
        recipes("run", toy(), "--tensorboard")
        assert list((tmp_path / "runs" / "toy" / "tensorboard").rglob("events.out.*"))


def test_noise_is_dropped_and_everything_else_passes(python):
    code = (
        "import os, sys\nfrom visualize.startup import quiet_start\n"
        "with quiet_start():\n"
        "    os.write(2, b'I0000 00:00:1 1 port.cc:153] oneDNN is on\\n')\n"
        "    os.write(2, b'WARNING: All log messages before absl::Init\\n')\n"
        "    print('a real warning', file=sys.stderr)\n"
        "print('after', file=sys.stderr)\n"
    )
    assert python("-c", code).stderr == "a real warning\nafter\n"


def test_cnn_refuses_images_that_it_cannot_take(tmp_path):
    import numpy as np

    import data_prep

    images, labels = np.zeros((40, 3, 3), np.uint8), np.arange(40) % 2
    np.savez(tmp_path / "tiny.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    with pytest.raises(data_prep.DataError, match="3 x 3 pixels, and this network needs 8 x 8"):
        runner.load(catalog.find("cnn")).run(data=tmp_path / "tiny.npz")


def test_a_run_killed_at_its_very_start_is_no_obstacle(toy, recipes, tmp_path):
    (tmp_path / "report.partial").mkdir()
    (tmp_path / "report.partial" / "job.json.new").write_text("{")
    recipes("run", toy(), "--out", "report")
    assert (tmp_path / "report" / "report.json").is_file()


def test_a_page_with_an_error_in_it_names_the_line(tmp_path, recipes):
    (tmp_path / "bad.py").write_text('"""Bad."""\n\ndef run(:\n')
    assert "bad.py, line 3" in recipes("run", "bad.py", code=2).stderr
    (tmp_path / "none.py").write_text('"""None."""\n')
    assert "has no function run()" in recipes("run", "none.py", code=2).stderr


def test_command_says_only_what_differs_from_the_defaults(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    page = catalog.find("cnn")
    options = {flag.name: flag.default for flag in page.flags()}
    out = tmp_path / "runs" / "cnn"
    assert runner.command(page, options, 1, out, False) == "python -m recipes run cnn"
    options |= {"data": "my data.npz", "batch_size": 8}
    assert runner.command(page, options, 3, tmp_path / "here", True) == (
        "python -m recipes run cnn --data 'my data.npz' --batch-size 8 --seeds 3 --out here "
        "--tensorboard"
    )
