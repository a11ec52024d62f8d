"""Up or down: what the report says of a random walk, and what is refused."""

import keras
import numpy as np
import pandas as pd
import pytest

from data_prep import DataError
from recipes.time_series.direction_lstm import build_direction_lstm
from recipes.time_series.direction_lstm import run as run_direction_lstm


@pytest.fixture
def walk(tmp_path):
    """A file with a random walk, whose direction cannot be predicted, and a volume of noise."""
    rng = np.random.default_rng(0)
    close = 100 * np.exp(rng.normal(0, 0.01, 300).cumsum())
    volume = rng.uniform(1, 2, 300)
    volume[50] = 0  # from 0 there is no percent change
    times = pd.date_range("2024-01-01", periods=300, freq="min")
    path = tmp_path / "walk.csv"
    pd.DataFrame({"close": close, "volume": volume}, times).to_csv(path, index_label="time")
    return str(path)


def test_the_direction_of_a_random_walk_is_no_better_than_chance_and_says_so(walk):
    with pytest.raises(DataError, match="which column is the target"):
        run_direction_lstm(walk, epochs=1)
    keras.utils.set_random_seed(0)
    report = run_direction_lstm(walk, epochs=1, window=10, target="close", test=0.4)
    assert report.scores["better than chance (1 yes, 0 no)"] == 0
    title = report.pictures["confusion"].axes[0].get_title()
    assert title.endswith("no better than chance")
    assert report.baselines["majority"]["balanced accuracy"] == 0.5
    with pytest.raises(DataError, match="a frame of 8 rows does not hold the last 8 changes"):
        run_direction_lstm(window=8)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"input_shape": (0, 1)}, r"shape \(0, 1\); give \(rows, features\)"),
        ({"input_shape": (52, None)}, r"shape \(52, None\); give"),
        ({"input_shape": 52}, "shape 52; give"),
        ({"units": 0}, "units=0; give an integer >= 1"),
        ({"num_classes": 0}, "num_classes=0; give an integer >= 1"),
    ],
)
def test_sizes_that_cannot_work_are_refused(sizes, message):
    with pytest.raises(ValueError, match=f"^build_direction_lstm: {message}"):
        build_direction_lstm(**sizes)


def test_frames_may_have_any_number_of_rows():
    assert build_direction_lstm((None, 1), units=2).output_shape == (None, 2)
