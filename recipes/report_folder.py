"""What a run writes: the files of the report folder and the table on the terminal."""

import base64
import csv
import platform
import statistics
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import jinja2
import numpy as np

import visualize
from recipes.catalog import HOME
from recipes.json_files import write_json
from recipes.report import Animation

PUBLISHED = HOME.parent / "benchmarks" / "published.toml"
PACKAGES = ("keras-recipes", "keras", "tensorflow", "numpy", "scikit-learn")
MOST_CURVES = 7  # networks in one picture of curves


def write_model(folder, report, networks, fits):
    """Write the parts of the report that come from one training: model, drawing, pictures.

    Args:
        folder: the report folder being made.
        report: the Report that the page returned.
        networks: names of the networks that were trained, one for each fit.
        fits: [{metric: values by epoch}], one history for each fit.

    Returns:
        {"parameters", "layers", "pictures"} for the record.
    """
    folder.mkdir(exist_ok=True)
    model = report.model
    model.save(folder / "model.keras")
    visualize.plot_architecture(model, folder / "architecture.svg")

    pictures = _curves(networks, fits) | report.pictures
    for name, picture in pictures.items():
        if isinstance(picture, Animation):
            picture.save(folder / f"{name}.gif")
        else:
            picture.savefig(folder / f"{name}.png", dpi=150)

    count = visualize.count_layers(model)
    return {
        "parameters": model.count_params(),
        "layers": {"count": count.count, "hidden": count.hidden, "deep": count.deep},
        "layers_text": str(count),
        "pictures": list(pictures),
    }


def _curves(networks, fits):
    """{"curves": Figure} of one fit's metrics, or of the loss of several networks by name."""
    if len(fits) == 1:
        return {"curves": visualize.plot_training_curves(fits[0])} if fits[0] else {}

    longest = max((len(fit.get("loss", [])) for fit in fits), default=0)
    losses = {}
    for network, fit in zip(networks, fits, strict=True):
        if "loss" in fit:
            padding = [np.nan] * (longest - len(fit["loss"]))
            losses.setdefault(network, []).append(fit["loss"] + padding)

    if not 1 <= len(losses) <= MOST_CURVES:
        return {}
    epochs = range(1, longest + 1)
    return {"curves": visualize.plot_lines(epochs, losses, "epoch", "training loss")}


def record(page, job, results, command):
    """The content of report.json, from the results of all seeds.

    Args:
        page: the catalog.Page.
        job: recipe, options and seeds of the run.
        results: the result of each seed; the first also describes the model.
        command: the command line that repeats the run.
    """
    first = results[0]
    scores = {
        name: spread([result["scores"].get(name) for result in results]) for name in first["scores"]
    }
    return {
        "recipe": page.name,
        "summary": page.summary,
        "command": command,
        "data": first["data"],
        "headline": first["headline"],
        "higher_is_better": first["higher_is_better"],
        "scores": scores,
        "baselines": _means([result["baselines"] for result in results]),
        "comparisons": _means([result["comparisons"] for result in results]),
        "published": published(page.name, first["data"]["fingerprint"], scores),
        "parameters": first["parameters"],
        "layers": first["layers"] | {"text": first["layers_text"]},
        "seconds": {"training": spread([round(result["seconds"], 2) for result in results])},
        "seeds": [result["seed"] for result in results],
        "options": job["options"],
        "versions": _versions(),
        "pictures": first["pictures"],
    }


def published(recipe, fingerprint, scores):
    """The published numbers for this page on exactly this data, from benchmarks/published.toml.

    Args:
        recipe: name of the page.
        fingerprint: fingerprint of the data.
        scores: names of the scores that the page reports.
    """
    if not PUBLISHED.is_file():  # the package without its repository
        return []
    claims = tomllib.loads(PUBLISHED.read_text(encoding="utf-8"))["claim"]
    return [
        claim
        for claim in claims
        if (claim["recipe"], claim["fingerprint"]) == (recipe, fingerprint)
        and claim["score"] in scores
    ]


def write(folder, content, page, results):
    """Complete the report folder: history.csv, report.html, and report.json, which lists them.

    Args:
        folder: the report folder being made.
        content: the content of report.json, as from `record`; "files" is added to it.
        page: the catalog.Page.
        results: the result of each seed.
    """
    _write_history(folder / "history.csv", results)
    files = sorted({path.name for path in folder.iterdir()} | {"report.html", "report.json"})
    content["files"] = files

    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["number"] = number
    template = environment.from_string((HOME / "report.html").read_text(encoding="utf-8"))
    html = template.render(
        record=content,
        rows=rows(content),
        svg=_svg(folder / "architecture.svg"),
        pictures={name: _data_uri(folder, name) for name in content["pictures"]},
        page=page.text,
    )
    (folder / "report.html").write_text(html, encoding="utf-8")
    write_json(folder / "report.json", content)


def rows(content):
    """The lines of the score table: [(what, mean, deviation, is this recipe)], ours first.

    A score other than the headline gets a line if there is a published number for it.

    Args:
        content: the content of report.json, as from `record`.
    """
    headline = content["headline"]
    ours = content["scores"][headline]
    lines = [("this recipe", ours["mean"], ours["std"], True)]
    for name, scores in content["baselines"].items():
        lines.append((f"baseline: {name}", scores[headline], None, False))

    for name, scores in content["comparisons"].items():
        value = scores[headline]
        won = _is_better(value, ours["mean"], content["higher_is_better"])
        better = " (beats this recipe)" if won else ""
        lines.append((f"comparison: {name}{better}", value, None, False))

    claimed = [claim["score"] for claim in content["published"]]
    for score in dict.fromkeys([headline, *claimed]):
        if score != headline:
            other = content["scores"][score]
            lines.append((f"this recipe, {score}", other["mean"], other["std"], True))
        for claim in content["published"]:
            if claim["score"] == score:
                lines.append((f"published: {claim['what']}", claim["value"], None, False))
    return lines


def _is_better(value, ours, higher_is_better):
    """Whether a value is better than ours; any value is better than None, which was not finite."""
    if ours is None:
        return True
    return value > ours if higher_is_better else value < ours


def table(content, out):
    """The lines that a run prints at its end.

    Args:
        content: the content of report.json, as from `record`.
        out: where the report folder is.
    """
    shapes = content["data"]["shapes"]
    sizes = ", ".join(f"{_examples(shape['inputs']):,} {part}" for part, shape in shapes.items())
    seeds = len(content["seeds"])
    heading = f"{content['headline']} on test data"
    if seeds > 1:
        heading += f", {seeds} seeds"

    lines = rows(content)
    width = max(len(what) for what, *_ in lines)
    text = [
        "",
        f"{content['recipe']} on {content['data']['name']} ({sizes})",
        "",
        f"  {'':{width}}  {heading}",
    ]
    for what, mean, deviation, _ in lines:
        text.append(f"  {what:{width}}  {number(mean, deviation)}")

    files = content["data"].get("files")
    if files and files["refused"]:
        name, reason = files["refused"][0]
        refused = len(files["refused"])
        text += ["", f"  {files['used']} files used, {refused} refused, such as {name}: {reason}"]

    seconds = content["seconds"]
    training = number(seconds["training"]["mean"], seconds["training"]["std"], digits=1)
    each = " each" if seeds > 1 else ""
    text += [
        "",
        f"  parameters  {content['parameters']:,}",
        f"  layers      {content['layers']['text']}",
        f"  seconds     {training} in training{each}, {seconds['total']} in all",
        f"  report      {out / 'report.html'}",
    ]
    return "\n".join(text)


def _examples(shape):
    """The number of examples: the first axis of an array, or of the first of several arrays."""
    while not isinstance(shape, int):
        arrays = shape.values() if isinstance(shape, dict) else shape
        shape = next(iter(arrays))
    return shape


def number(value, deviation=None, digits=4):
    """A number for people: "0.9912 +/- 0.0008", or "nan" where there is none."""
    text = "nan" if value is None else f"{value:.{digits}f}"
    return text if deviation is None else f"{text} +/- {deviation:.{digits}f}"


def spread(values):
    """Mean and sample standard deviation of values; the deviation of one value is None.

    A value that is not finite becomes None, since JSON has no NaN, and so do mean and deviation.
    """
    runs = [None if value is None or not np.isfinite(value) else value for value in values]
    all_finite = None not in runs
    return {
        "mean": statistics.fmean(runs) if all_finite else None,
        "std": statistics.stdev(runs) if all_finite and len(runs) > 1 else None,
        "runs": runs,
    }


def _means(tables):
    """The mean of every number in tables {name: {score: value}} that have the same keys."""
    means = {}
    for name, scores in tables[0].items():
        means[name] = {
            score: statistics.fmean(one_table[name][score] for one_table in tables)
            for score in scores
        }
    return means


def _write_history(path, results):
    """Write a line for each epoch of each fit of each seed."""
    fits = [fit for result in results for fit in result["fits"]]
    metrics = list(dict.fromkeys(metric for fit in fits for metric in fit))

    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["seed", "fit", "network", "epoch", *metrics])
        for result in results:
            named_fits = zip(result["networks"], result["fits"], strict=True)
            for fit_number, (network, fit) in enumerate(named_fits, start=1):
                epochs = max(map(len, fit.values()), default=0)
                for epoch in range(epochs):
                    values = [fit[metric][epoch] if metric in fit else "" for metric in metrics]
                    row = [result["seed"], fit_number, network, epoch + 1, *values]
                    writer.writerow(row)


def _versions():
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _svg(path):
    """The drawing from its <svg> tag on, to be put into an HTML page."""
    text = Path(path).read_text(encoding="utf-8")
    return text[text.index("<svg") :]


def _data_uri(folder, name):
    """A picture of the report folder, still or moving, as the address that an HTML page shows."""
    kind = "gif" if (folder / f"{name}.gif").is_file() else "png"
    encoded = base64.b64encode((folder / f"{name}.{kind}").read_bytes()).decode("ascii")
    return f"data:image/{kind};base64,{encoded}"
