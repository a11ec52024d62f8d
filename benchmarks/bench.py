"""Measure a page over several seeds, its published reference beside it, and write docs/RESULTS.md.

    python -m recipes bench cnn --data path/to/mnist.npz --epochs 5 --batch-size 128

Before each seed one epoch of the reference is timed (after a first step that compiles it), so that
both feel the same machine; its whole training is that mean times its published number of epochs.
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
    """Train the page once per seed and record score, spread and seconds.

    Args:
        page: the catalog.Page.
        options: {parameter of its run(): value}; seeds count up from options["seed"].
        seeds: how many.
    """
    from references import REFERENCES

    command = runner.command(page, options, 1, Path("runs", page.name).absolute(), False)
    command = command.replace(" run ", " bench ", 1)
    command += f" --seeds {seeds}" if seeds != 3 else ""  # 3 are the command's default
    records, reference_seconds = [], []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for seed in range(options["seed"], options["seed"] + seeds):
            reference = REFERENCES.get((page.name, Path(str(options.get("data", ""))).stem))
            if reference:
                reference_seconds.append(_reference_seconds(reference, options["data"]))
            out = Path(folder, str(seed))
            if runner.run(page, options | {"seed": seed}, out):
                raise KeyboardInterrupt
            records.append(read_json(out / "report.json"))
    entry = _entry(records, options, command, reference_seconds)
    entries = json.loads(RESULTS.read_text()) if RESULTS.is_file() else []
    entries = [e for e in entries if (e["recipe"], e["data"]) != (entry["recipe"], entry["data"])]
    entries = sorted([*entries, entry], key=lambda e: (e["chapter"], e["recipe"], e["data"]))
    write_json(RESULTS, entries)
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(results_page(entries), encoding="utf-8")
    print(f"\n{json.dumps(entry, indent=2)}\n{PAGE}")


def results_page(entries):
    """docs/RESULTS.md, from the entries of results.json."""
    lines = [
        "# Results",
        "",
        "Written by `python -m recipes bench NAME [flags]`; do not edit. Scores are on test data,",
        "used once after training: mean and sample standard deviation over the seeds. Seconds are",
        "those spent in `fit` with one seed. `+` marks a published number that was scored on data",
        "which also chose the epoch. The reference's seconds were measured in the same run: one",
        "epoch before each of our seeds, times its published number of epochs.",
        "",
        "| Recipe | Data | Score | Ours | Seeds | Best baseline | Best comparison | Published "
        "| Seconds | Reference's seconds | Ratio |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for entry in entries:
        reference = entry["reference_seconds"]
        ratio = f"{entry['seconds']['mean'] / reference:.2f}" if reference else "-"
        cells = [
            entry["recipe"],
            entry["data"],
            entry["score"],
            report_folder.number(entry["ours"]["mean"], entry["ours"]["std"]),
            len(entry["ours"]["runs"]),
            _named_number(entry["baseline"]),
            _named_number(entry["comparisons"]),
            _claims(entry["published"], entry["score"]),
            f"{entry['seconds']['mean']:.1f}",
            f"{reference:.0f}" if reference else "-",
            ratio,
        ]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
        for score, ours in entry["others"].items():
            cells = [
                *("", "", score),
                report_folder.number(ours["mean"], ours["std"]),
                *(len(ours["runs"]), "", "", _claims(entry["published"], score), "", "", ""),
            ]
            lines.append("| " + " | ".join(map(str, cells)) + " |")
    lines += ["", "## Commands", ""]
    lines += [f"    {entry['command']}" for entry in entries]
    return "\n".join(lines) + "\n"


def _named_number(pair):
    return f"{pair[1]:.4f} ({pair[0]})" if pair else "-"


def _claims(published, score):
    """The published numbers of one score, as links to their sources."""
    links = [
        f"[{claim['value']}{' +' * claim['chose_epoch_on_test']}]({claim['source']})"
        for claim in published
        if claim["score"] == score
    ]
    return "; ".join(links) or "-"


def _reference_seconds(reference, data):
    """Seconds of the reference's whole training: one epoch timed, times its epochs."""
    images = data_prep.load_images(data)
    model, fit = reference()
    # The reference trains on the whole training part; what it validates on, it cuts from there.
    parts = (images.train, images.validation)
    shape = (-1, *model.input_shape[1:])
    inputs = np.concatenate([part.inputs for part in parts]).reshape(shape)
    labels = np.concatenate([part.labels for part in parts])
    model.fit(inputs[:1000], labels[:1000], **fit | {"epochs": 1}, verbose=0)
    started = time.perf_counter()
    model.fit(inputs, labels, **fit | {"epochs": 1}, verbose=0)
    return (time.perf_counter() - started) * fit["epochs"]


def _entry(records, options, command, reference_seconds):
    first = records[0]
    score = first["headline"]

    def best(kind):
        """(name, mean over the records) of the best of the baselines, or of the comparisons."""
        choose = max if first["higher_is_better"] else min
        means = {
            name: statistics.fmean(record[kind][name][score] for record in records)
            for name in first[kind]
        }
        return choose(means.items(), key=lambda item: item[1]) if means else None

    def ours(name):
        return report_folder.spread([record["scores"][name]["mean"] for record in records])

    claimed = dict.fromkeys(claim["score"] for claim in first["published"])
    return {
        "recipe": first["recipe"],
        "chapter": catalog.find(first["recipe"]).chapter,
        "data": first["data"]["name"],
        "score": score,
        "ours": ours(score),
        "others": {name: ours(name) for name in claimed if name != score},
        "baseline": best("baselines"),
        "comparisons": best("comparisons"),
        "published": first["published"],
        "seconds": report_folder.spread(
            [record["seconds"]["training"]["mean"] for record in records]
        ),
        "reference_seconds": statistics.fmean(reference_seconds) if reference_seconds else None,
        "parameters": first["parameters"],
        "options": {name: value for name, value in options.items() if name != "data"},
        "command": command,
        "versions": first["versions"],
    }
