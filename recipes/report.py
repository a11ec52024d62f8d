"""Report: what the run() of every page returns."""

from dataclasses import dataclass, field

import keras
from matplotlib.figure import Figure


@dataclass
class Report:
    """The result of training a page once.

    Attributes:
        model: the trained model; it is saved and drawn.
        headline: name of the main score, one of `scores`.
        scores: {name: value} on test data that were used for nothing else.
        baselines: {name: {score: value}} on the same test data, of simple models that the recipe
            should beat.
        data: description of the data, from `data_prep.Dataset.describe`.
        pictures: {name: Figure}, the page's own pictures; each is written as NAME.png.
        higher_is_better: whether a higher headline score is better.
        comparisons: {name: {score: value}} of simple models that are more than a baseline, such as
            a linear one, on the same test data. They may win, and the table then says so.
    """

    model: keras.Model
    headline: str
    scores: dict[str, float]
    baselines: dict[str, dict[str, float]]
    data: dict
    pictures: dict[str, Figure] = field(default_factory=dict)
    higher_is_better: bool = True
    comparisons: dict[str, dict[str, float]] = field(default_factory=dict)

    def __post_init__(self):
        missing = [
            name
            for name, scores in {
                "scores": self.scores,
                **self.baselines,
                **self.comparisons,
            }.items()
            if self.headline not in scores
        ]
        if missing:
            raise ValueError(f"headline {self.headline!r} is not among the scores of {missing[0]}")
