"""Run one page: seed it, let it resume after a kill, and write its report folder.

During a run, its files are in OUT.partial/, with one folder for each seed. After the last seed the
report is built there and renamed to OUT in one step, so OUT is always a whole report or absent.
"""

import importlib
import importlib.util
import logging
import os
import shlex
import shutil
import sys
import time
from pathlib import Path

from recipes.catalog import RecipeError
from recipes.json_files import read_json, write_json
from visualize.startup import quiet_start


def run(page, options, out, seeds=1, resume=False, tensorboard=False):
    """Train a page and write a report folder.

    Args:
        page: the catalog.Page.
        options: {parameter of the page's run(): value}.
        out: the report folder. An earlier report there is replaced when this one is complete.
        seeds: number of trainings; their seeds count up from options["seed"].
        resume: continue a stopped run that had the same options and the same folder.
        tensorboard: also write TensorBoard logs to OUT/tensorboard.

    Returns:
        The exit code: 0, or 130 after Ctrl-C.

    Raises:
        RecipeError, or an error of data_prep or visualize, on bad input.
    """
    out = Path(os.path.abspath(out))
    if not out.name:
        raise RecipeError(f"--out {out} cannot be replaced by a report; give a folder in it.")
    partial = out.with_name(out.name + ".partial")
    job = {"recipe": page.name, "options": options, "seeds": seeds, "tensorboard": tensorboard}
    numbers = [options.get("seed", 0) + i for i in range(seeds)]
    words = command(page, options, seeds, out, tensorboard)

    _check_out(out)
    _open_partial(partial, job, resume, out)

    started = time.perf_counter()
    try:
        module = load(page)
        results = [_run_seed(page, module, options, seed, partial, job) for seed in numbers]
    except KeyboardInterrupt:
        print(f"\nStopped {_where(partial, options, numbers)}; continue with: {words} --resume")
        return 130

    from recipes import report_folder

    record = report_folder.record(page, job, results, words)
    record["seconds"]["total"] = round(time.perf_counter() - started, 1)
    report = partial / "report"
    report_folder.write(report, record, page, results)

    _swap(report, out)
    shutil.rmtree(partial)
    print(report_folder.table(record, out))
    return 0


def _no_retracing(record):
    """Drop TensorFlow's warning against many graphs: a page may train many networks."""
    return "tf.function retracing" not in record.getMessage()


def draw(page, to_file):
    """Draw the model that the page's builder makes by default; returns the path written."""
    module = load(page)
    import visualize

    try:
        return visualize.plot_architecture(getattr(module, page.builder)(), to_file).path
    except OSError as error:
        raise RecipeError(f"{to_file}: cannot write there ({error.strerror}).") from error


def load(page):
    """Import a page, and with it Keras, without TensorFlow's start-up messages."""
    with quiet_start():
        import keras  # noqa: F401  (first, so that its messages are dropped)

        logging.getLogger("tensorflow").addFilter(_no_retracing)
        if page.module:
            return importlib.import_module(page.module)
        spec = importlib.util.spec_from_file_location(page.name, page.path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


def command(page, options, seeds, out, tensorboard):
    """The command line that repeats a run: the flags that differ from their defaults."""
    name = page.name if page.module else os.path.relpath(page.path)
    words = ["python -m recipes run", name]
    defaults = {flag.name: flag.default for flag in page.flags()}
    for option, value in options.items():
        flag = option.replace("_", "-")
        if value == defaults[option]:
            continue
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            words.append(f"--{flag} {shlex.quote(str(value))}")
    if seeds > 1:
        words.append(f"--seeds {seeds}")
    if out != Path("runs", page.name).absolute():
        words.append(f"--out {shlex.quote(os.path.relpath(out))}")
    if tensorboard:
        words.append("--tensorboard")
    return " ".join(words)


def _run_seed(page, module, options, seed, partial, job):
    """Train with one seed, or read its result if a stopped run had finished it."""
    folder = partial / f"seed-{seed}"
    result_file = folder / "result.json"
    if result_file.is_file():
        return read_json(result_file)
    import keras

    from recipes import report_folder
    from recipes.checkpoint import Checkpoint

    folder.mkdir(exist_ok=True)
    checkpoint = Checkpoint(folder, page.name)

    callbacks = [checkpoint]
    if job["tensorboard"]:
        callbacks.append(_tensorboard(partial / "report" / "tensorboard" / f"seed-{seed}"))
    if job["seeds"] > 1:
        print(f"\nseed {seed}")

    keras.utils.clear_session()
    if not sys.stdout.isatty():
        keras.config.disable_interactive_logging()  # Checkpoint prints a line an epoch instead
    keras.utils.set_random_seed(seed)
    report = module.run(**options | {"seed": seed}, callbacks=callbacks)

    result = {
        "seed": seed,
        "headline": report.headline,
        "higher_is_better": report.higher_is_better,
        "scores": {name: float(value) for name, value in report.scores.items()},
        "baselines": report.baselines,
        "comparisons": report.comparisons,
        "data": report.data,
        "seconds": checkpoint.seconds,
        "networks": checkpoint.networks,
        "fits": checkpoint.fits,
    }
    if seed == options.get("seed", 0):
        result |= report_folder.write_model(
            partial / "report", report, checkpoint.networks, checkpoint.fits
        )
    write_json(result_file, result)
    return result


def _tensorboard(folder):
    import keras

    try:
        import tensorboard  # noqa: F401
    except ImportError as error:
        raise RecipeError(
            "--tensorboard needs one more package: pip install tensorboard"
        ) from error
    return keras.callbacks.TensorBoard(folder)


def _check_out(out):
    """Repair what a kill in the middle of `_swap` left; refuse a folder that is not a report."""
    old = _replaced(out)
    if old.is_dir():
        if out.exists():
            shutil.rmtree(old)
        else:
            os.rename(old, out)
    if not out.exists():
        return
    if not out.is_dir():
        raise RecipeError(f"--out {out} is a file; give a folder for the report.")
    try:
        written = set(read_json(out / "report.json")["files"])
    except (OSError, ValueError, KeyError):
        written = set()
    foreign = sorted(path.name for path in out.iterdir() if path.name not in written)
    if foreign:
        raise RecipeError(
            f"--out {out} holds {foreign[0]!r}, which no run wrote and this run would remove; "
            f"move it, or choose another folder."
        )


def _open_partial(partial, job, resume, out):
    """Make the working folder, or find that of the run to continue."""
    job_file = partial / "job.json"
    if resume and not job_file.is_file():
        print(f"There is no stopped run in {partial}: training starts with the first epoch.")
    if resume and job_file.is_file():
        stopped = read_json(job_file)
        differing = [
            name
            for name in {**stopped["options"], **job["options"]}
            if stopped["options"].get(name) != job["options"].get(name)
        ] + [name for name in ("recipe", "seeds", "tensorboard") if stopped[name] != job[name]]
        if differing:
            name = differing[0]
            before = {**stopped["options"], **stopped}.get(name)
            now = {**job["options"], **job}.get(name)
            raise RecipeError(
                f"--resume: the stopped run in {partial} had {name} = {before!r}, this one has "
                f"{now!r}; give the same flags, or leave out --resume to start afresh."
            )
        return
    # A run that was killed at its very start may have left job.json unfinished.
    started = {path.name for path in partial.iterdir()} if partial.is_dir() else set()
    if partial.is_file() or (started - {"job.json.new"} and not job_file.is_file()):
        raise RecipeError(f"{partial} is needed for this run, and no run made it; move it.")
    try:
        if partial.exists():
            shutil.rmtree(partial)
        partial.mkdir(parents=True)
        write_json(job_file, job)
    except OSError as error:
        raise RecipeError(
            f"--out {out}: cannot write there ({error.strerror}); choose another folder."
        ) from error


def _swap(report, out):
    """Put the finished report in place of an old one. Each rename is one step."""
    old = _replaced(out)
    if out.exists():
        os.rename(out, old)
    os.rename(report, out)
    shutil.rmtree(old, ignore_errors=True)


def _replaced(out):
    """Where the old report is while the new one takes its place."""
    return out.with_name(f".{out.name}.replaced")


def _where(partial, options, numbers):
    """How far a stopped run came, in words."""
    done = [seed for seed in numbers if (partial / f"seed-{seed}" / "result.json").is_file()]
    seed = next((seed for seed in numbers if seed not in done), numbers[-1])
    progress = partial / f"seed-{seed}" / "progress.json"
    epochs = read_json(progress)["epoch"] if progress.is_file() else 0
    text = f"after {epochs} of {options['epochs']} epochs" if "epochs" in options else "early"
    return text + (f" of seed {seed}" if len(numbers) > 1 else "")
