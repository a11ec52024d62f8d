"""Report: what the run() of every recipe returns, and the animations in it."""

from dataclasses import dataclass, field

import keras
import numpy as np
from matplotlib.figure import Figure
from PIL import Image


@dataclass
class Animation:
    """An animation for a report, written as a GIF that repeats.

    Attributes:
        frames: images (frames, height, width, 3), uint8.
        frames_per_second: above 0, at most 50; browsers show no more.
    """

    frames: np.ndarray
    frames_per_second: float

    def __post_init__(self):
        self.frames = np.asarray(self.frames)
        shape, kind = self.frames.shape, self.frames.dtype
        if kind != np.uint8 or len(shape) != 4 or shape[-1] != 3 or not self.frames.size:
            raise ValueError(
                f"frames {shape} of {kind}: give pictures (frames, height, width, 3) of uint8."
            )
        if not 0 < self.frames_per_second <= 50:
            raise ValueError(
                f"{self.frames_per_second} frames per second: give a number above 0, at most 50."
            )

    def save(self, path):
        """Write the GIF."""
        first, *others = [Image.fromarray(frame) for frame in self.frames]
        milliseconds = round(1000 / self.frames_per_second)
        first.save(path, save_all=True, append_images=others, duration=milliseconds, loop=0)


@dataclass
class Report:
    """The result of one run of a recipe.

    Attributes:
        model: the trained model; it is saved and drawn.
        headline: name of the main score, one of `scores`.
        scores: {name: value} on test data that are used for nothing else.
        baselines: {name: {score: value}} of simple models on the same test data. The recipe should
            beat them.
        data: description of the data, from `data_prep.Dataset.describe`.
        pictures: {name: Figure or Animation}, the recipe's own pictures; a Figure is written as
            NAME.png, an Animation as NAME.gif.
        higher_is_better: whether a higher headline score is better.
        comparisons: {name: {score: value}} of other models on the same test data, such as a linear
            one. They may beat the recipe, and the table then says so.
    """

    model: keras.Model
    headline: str
    scores: dict[str, float]
    baselines: dict[str, dict[str, float]]
    data: dict
    pictures: dict[str, Figure | Animation] = field(default_factory=dict)
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
