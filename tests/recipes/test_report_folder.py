"""The record of a run, its table, and published numbers."""

import re

import keras
import pytest

from recipes import catalog, report_folder
from recipes.report import Report


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
