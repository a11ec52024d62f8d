"""The record of a run, its table, its pictures, and published numbers."""

import base64
import re

import keras
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from recipes import catalog, report_folder
from recipes.report import Animation, Report


def test_a_diverged_run_is_reported_without_a_number():
    result = {
        "seed": 0,
        "headline": "mse",
        "higher_is_better": False,
        "scores": {"mse": float("nan")},
        "baselines": {"zero": {"mse": 1.0}},
        "comparisons": {},
        "data": {"fingerprint": ""},
        "seconds": 1.0,
        "parameters": 1,
        "layers": {},
        "layers_text": "",
        "networks": ["toy"],
        "pictures": [],
    }
    page = catalog.find("cnn")
    record = report_folder.record(page, {"options": {}}, [result], "")
    assert record["scores"]["mse"] == {"mean": None, "std": None, "runs": [None]}
    assert report_folder.rows(record)[0][1] is None
    assert report_folder.number(None) == "nan"


def test_published_numbers_are_shown_for_the_same_data_only():
    claims = report_folder.tomllib.loads(report_folder.PUBLISHED.read_text())["claim"]
    for claim in claims:
        assert re.fullmatch("[0-9a-f]{64}", claim["fingerprint"])
        assert claim["source"].startswith("https://")
        assert catalog.find(claim["recipe"])
        assert claim in report_folder.published(
            claim["recipe"], claim["fingerprint"], [claim["score"]]
        )
        assert report_folder.published(claim["recipe"], claim["fingerprint"], ["no score"]) == []
    assert report_folder.published("cnn", "0" * 64, ["accuracy"]) == []


def test_the_table_names_what_beat_the_network_and_every_published_score():
    record = {
        "headline": "accuracy",
        "higher_is_better": True,
        "scores": {"accuracy": {"mean": 0.8, "std": None}, "AUC": {"mean": 0.7, "std": None}},
        "baselines": {"majority": {"accuracy": 0.5}},
        "comparisons": {"linear": {"accuracy": 0.9}, "tree": {"accuracy": 0.8}},
        "published": [
            {"score": "AUC", "what": "theirs", "value": 0.6},
            {"score": "accuracy", "what": "theirs too", "value": 0.85},
        ],
    }
    assert [line[:2] for line in report_folder.rows(record)] == [
        ("this recipe", 0.8),
        ("baseline: majority", 0.5),
        ("comparison: linear (beats this recipe)", 0.9),
        ("comparison: tree", 0.8),
        ("published: theirs too", 0.85),
        ("this recipe, AUC", 0.7),
        ("published: theirs", 0.6),
    ]
    lower = record | {"higher_is_better": False}
    assert report_folder.rows(lower)[2][0] == "comparison: linear"


def test_report_refuses_a_headline_that_is_not_a_score():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="'f1' is not among the scores of majority"):
        Report(model, "f1", {"f1": 1.0}, {"majority": {"accuracy": 0.1}}, {})


@pytest.mark.parametrize(
    "shape", [[1234, 8], [[1234, 20], [1234, 11]], {"images": [1234, 8, 8], "words": [1234, 5]}]
)
def test_the_table_counts_examples_of_one_or_several_arrays(shape, tmp_path):
    record = {
        "recipe": "toy",
        "headline": "accuracy",
        "higher_is_better": True,
        "scores": {"accuracy": {"mean": 0.8, "std": None}},
        "baselines": {},
        "comparisons": {},
        "published": [],
        "seeds": [0],
        "data": {"name": "own", "shapes": {"test": {"inputs": shape, "labels": [1234]}}},
        "seconds": {"training": {"mean": 1.0, "std": None}, "total": 1.0},
        "parameters": 1,
        "layers": {"text": ""},
    }
    assert "toy on own (1,234 test)" in report_folder.table(record, tmp_path)


def moving(frames=3):
    """An Animation whose frames get brighter."""
    values = np.linspace(50, 250, frames).astype("uint8")
    return Animation(values[:, None, None, None] * np.ones((1, 6, 8, 3), "uint8"), 20)


def test_an_animation_is_a_gif_that_repeats(tmp_path):
    moving().save(tmp_path / "game.gif")
    with Image.open(tmp_path / "game.gif") as picture:
        assert (picture.format, picture.n_frames, picture.size) == ("GIF", 3, (8, 6))
        assert picture.info["loop"] == 0
        assert picture.info["duration"] == 50
        brightness = []
        for number in range(3):
            picture.seek(number)
            brightness.append(np.asarray(picture.convert("L")).mean())
    np.testing.assert_allclose(brightness, [50, 150, 250], atol=2)


@pytest.mark.parametrize(
    ("frames", "speed", "message"),
    [
        (np.zeros((2, 4, 4), "uint8"), 20, r"frames \(2, 4, 4\) of uint8"),
        (np.zeros((2, 4, 4, 3)), 20, "of float64: give pictures"),
        (np.zeros((0, 4, 4, 3), "uint8"), 20, "give pictures"),
        (np.zeros((2, 4, 4, 3), "uint8"), 60, "60 frames per second: give a number above 0"),
        (np.zeros((2, 4, 4, 3), "uint8"), 0, "at most 50"),
    ],
)
def test_bad_animations_are_refused(frames, speed, message):
    with pytest.raises(ValueError, match=message):
        Animation(frames, speed)


def test_a_report_folder_shows_still_and_moving_pictures(tmp_path):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)], name="toy")
    figure = Figure(figsize=(1, 1))
    pictures = {"still": figure, "game": moving()}
    data = {"name": "own", "source": "here", "shapes": {}, "classes": [], "fingerprint": ""}
    report = Report(model, "mse", {"mse": 1.0}, {}, data, pictures)
    parts = report_folder.write_model(tmp_path, report, ["toy"], [{}])
    assert parts["pictures"] == ["still", "game"]
    assert (tmp_path / "still.png").is_file()
    assert (tmp_path / "game.gif").is_file()

    result = {
        "seed": 0,
        "headline": "mse",
        "higher_is_better": False,
        "scores": {"mse": 1.0},
        "baselines": {},
        "comparisons": {},
        "data": data,
        "seconds": 1.0,
        "networks": ["toy"],
        "fits": [{}],
        **parts,
    }
    page = catalog.find("cnn")
    content = report_folder.record(page, {"options": {}}, [result], "")
    content["seconds"]["total"] = 1.0
    report_folder.write(tmp_path, content, page, [result])
    html = (tmp_path / "report.html").read_text()
    for kind, name in (("png", "still"), ("gif", "game")):
        (found,) = re.findall(f'src="data:image/{kind};base64,([^"]*)" alt="{name}"', html)
        assert base64.b64decode(found) == (tmp_path / f"{name}.{kind}").read_bytes()
    assert {"game.gif", "still.png"} <= set(content["files"])
