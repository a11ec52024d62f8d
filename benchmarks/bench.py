"""Train a recipe with several seeds, time its published reference, and write docs/RESULTS.md.

    python -m recipes bench cnn --data path/to/mnist.npz --epochs 5 --batch-size 128

One epoch of the reference is timed before each seed, so that both run under the same load. A first
epoch on 1000 images compiles the network and is not timed. The time of the whole reference is the
mean of these epochs, times its published number of epochs.
"""

import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

import data_prep
from recipes import catalog, report_folder, runner
from recipes.json_files import read_json, write_json

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results.json"
PAGE = HERE.parent / "docs" / "RESULTS.md"


def bench(page, options, seeds):
    """Train a recipe once per seed, and record its scores and seconds.

    The entry replaces the earlier one of the same recipe and data in results.json. Then
    docs/RESULTS.md is written anew.

    Args:
        page: the catalog.Page of the recipe.
        options: {parameter of its run(): value}; options["seed"] is the first seed.
        seeds: number of seeds, an integer >= 1.
    """
    from references import REFERENCES

    data_name = Path(str(options.get("data", ""))).stem
    reference = REFERENCES.get((page.name, data_name))
    reports, reference_seconds = [], []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for seed in range(options["seed"], options["seed"] + seeds):
            if reference:
                reference_seconds.append(_reference_seconds(reference, options["data"]))
            out = Path(folder, str(seed))
            if runner.run(page, options | {"seed": seed}, out):
                raise KeyboardInterrupt
            reports.append(read_json(out / "report.json"))

    entry = _entry(reports, options, _command(page, options, seeds), reference_seconds)
    entries = json.loads(RESULTS.read_text()) if RESULTS.is_file() else []
    others = [e for e in entries if (e["recipe"], e["data"]) != (entry["recipe"], entry["data"])]
    entries = sorted([*others, entry], key=lambda e: (e["chapter"], e["recipe"], e["data"]))

    write_json(RESULTS, entries)
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(results_page(entries), encoding="utf-8")
    print(f"\n{json.dumps(entry, indent=2)}\n{PAGE}")


def _command(page, options, seeds):
    """Return the command line that repeats this measurement."""
    command = runner.command(page, options, 1, Path("runs", page.name).absolute(), False)
    command = command.replace(" run ", " bench ", 1)
    default_seeds = 3
    return command if seeds == default_seeds else f"{command} --seeds {seeds}"


def results_page(entries):
    """Return the text of docs/RESULTS.md for the entries of results.json."""
    lines = [
        "# Results",
        "",
        "`python -m recipes bench NAME [flags]` writes this file; do not edit it. Scores are on",
        "test data, which is used once, after training: mean and sample standard deviation over",
        "the seeds. Seconds are the time in `fit` for one seed, as the mean over the seeds. A `+`",
        "marks a published number on test data that also chose the epoch. The reference's seconds",
        "are measured in the same run: the mean time of one epoch before each of our seeds, times",
        "its published number of epochs. The ratio is our seconds divided by the reference's.",
        "",
        "| Recipe | Data | Score | Ours | Seeds | Best baseline | Best comparison | Published "
        "| Seconds | Reference's seconds | Ratio |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for entry in entries:
        lines.append(_headline_row(entry))
        lines += [_other_row(entry, score) for score in entry["others"]]

    lines += ["", "## Commands", ""]
    lines += [f"    {entry['command']}" for entry in entries]
    return "\n".join(lines) + "\n"


def _headline_row(entry):
    """Return the row of the score that counts."""
    seconds, reference = entry["seconds"]["mean"], entry["reference_seconds"]
    return _row(
        entry["recipe"],
        entry["data"],
        entry["score"],
        report_folder.number(entry["ours"]["mean"], entry["ours"]["std"]),
        len(entry["ours"]["runs"]),
        _named_number(entry["baseline"]),
        _named_number(entry["comparisons"]),
        _claims(entry["published"], entry["score"]),
        f"{seconds:.1f}",
        f"{reference:.0f}" if reference else "-",
        f"{seconds / reference:.2f}" if reference else "-",
    )


def _other_row(entry, score):
    """Return the row of another score that has a published number."""
    ours = entry["others"][score]
    return _row(
        "",
        "",
        score,
        report_folder.number(ours["mean"], ours["std"]),
        len(ours["runs"]),
        "",
        "",
        _claims(entry["published"], score),
        "",
        "",
        "",
    )


def _row(*cells):
    """Return a row of a Markdown table."""
    return "| " + " | ".join(map(str, cells)) + " |"


def _named_number(pair):
    """Return (name, number) as text, or "-" for None."""
    return f"{pair[1]:.4f} ({pair[0]})" if pair else "-"


def _claims(published, score):
    """Return the published numbers of one score, as links to their sources."""
    links = [
        f"[{claim['value']}{' +' if claim['chose_epoch_on_test'] else ''}]({claim['source']})"
        for claim in published
        if claim["score"] == score
    ]
    return "; ".join(links) or "-"


def _reference_seconds(reference, data):
    """Return the seconds of the whole training of a reference, from the time of one epoch."""
    images = data_prep.load_images(data)
    model, fit_options = reference()
    one_epoch = fit_options | {"epochs": 1}

    # The reference takes its own validation part from the whole training part.
    parts = (images.train, images.validation)
    shape = (-1, *model.input_shape[1:])
    inputs = np.concatenate([part.inputs for part in parts]).reshape(shape)
    labels = np.concatenate([part.labels for part in parts])

    model.fit(inputs[:1000], labels[:1000], **one_epoch, verbose=0)  # compiles the network
    started = time.perf_counter()
    model.fit(inputs, labels, **one_epoch, verbose=0)
    return (time.perf_counter() - started) * fit_options["epochs"]


def _entry(reports, options, command, reference_seconds):
    """Return the entry of results.json for the reports of all seeds."""
    first = reports[0]
    headline = first["headline"]

    def best(kind):
        """Return (name, mean over the seeds) of the best of the baselines or comparisons."""
        choose = max if first["higher_is_better"] else min
        means = {
            name: statistics.fmean(report[kind][name][headline] for report in reports)
            for name in first[kind]
        }
        return choose(means.items(), key=lambda item: item[1]) if means else None

    def ours(score):
        """Return mean, standard deviation and values of one score."""
        return report_folder.spread([report["scores"][score]["mean"] for report in reports])

    published_scores = dict.fromkeys(claim["score"] for claim in first["published"])
    seconds = [report["seconds"]["training"]["mean"] for report in reports]
    return {
        "recipe": first["recipe"],
        "chapter": catalog.find(first["recipe"]).chapter,
        "data": first["data"]["name"],
        "score": headline,
        "ours": ours(headline),
        "others": {score: ours(score) for score in published_scores if score != headline},
        "baseline": best("baselines"),
        "comparisons": best("comparisons"),
        "published": first["published"],
        "seconds": report_folder.spread(seconds),
        "reference_seconds": statistics.fmean(reference_seconds) if reference_seconds else None,
        "parameters": first["parameters"],
        "options": {name: value for name, value in options.items() if name != "data"},
        "command": command,
        "versions": first["versions"],
    }
