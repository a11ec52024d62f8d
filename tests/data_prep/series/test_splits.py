"""Splits whose parts share no row, and balanced classes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import data_prep
from data_prep import DataError, make_frames

DAYS = pd.date_range("2024-01-01", periods=40, freq="D")


def table(**columns):
    """Forty days: column a is the row number, b = a + 100; more columns, or others for these."""
    rows = np.arange(40.0)
    return pd.DataFrame({"a": rows, "b": rows + 100} | columns, index=DAYS)


def starts(frames):
    """The value in the first row of each frame: its row number."""
    return frames.inputs[:, 0, 0].tolist()


def test_split_by_time_leaves_out_the_frames_at_the_cut():
    data = data_prep.split_by_time(make_frames(np.arange(100), 5, 3), test=0.2, validation=0.1)
    assert starts(data.train) == list(range(70 - 7))
    assert starts(data.validation) == list(range(70, 80 - 7))
    assert starts(data.test) == list(range(80, 100 - 7))
    assert data.train.labels.max() == 69
    assert data.test.dropped == {"frames on the border of two parts": 14}
    assert data.input_shape == (5, 1)
    assert data.describe()["shapes"]["test"] == {"inputs": [13, 5, 1], "labels": [13]}
    rows = data_prep.split_by_time(make_frames(np.arange(100), 5, 3), test=20, validation=0)
    assert len(rows.validation) == 0
    assert starts(rows.test)[0] == 80


def test_with_reach_back_every_row_of_the_later_parts_is_forecast():
    frames = make_frames(np.arange(100), 5, 3, label="next", steps=2)
    data = data_prep.split_by_time(frames, test=0.2, validation=0.1, reach_back=True)
    assert data.train.labels.max() == 69  # training frames end before the cut
    assert starts(data.train) == list(range(70 - 8))
    assert data.validation.labels[[0, -1]].tolist() == [[70, 71], [78, 79]]
    assert data.test.labels[[0, -1]].tolist() == [[80, 81], [98, 99]]
    assert starts(data.test)[0] == 80 - 3 - 4
    assert data.test.dropped == {"frames on the border of two parts": 2}  # a label in two parts
    assert data_prep.check(data).endswith("no row that labels are made from is in an earlier part.")
    with pytest.raises(DataError, match="the test part has no frame: a label needs 2 rows"):
        data_prep.split_by_time(frames, test=1, validation=0, reach_back=True)
    state = table(state=np.repeat(["sit", "run"], 20))
    own = make_frames(state, 5, target="state", label="class")
    with pytest.raises(DataError, match="reach_back=True needs labels that come after the frame"):
        data_prep.split_by_time(own, reach_back=True)


def test_with_reach_back_no_label_is_in_an_earlier_part():
    frames = make_frames(np.arange(100), 5, 3)
    data = data_prep.split_by_time(frames, reach_back=True)
    whole = replace(frames, reaches_back=True)
    # The last training label is row 69; the next frame has row 70, the first validation row.
    later = replace(data, train=whole.take(slice(0, len(data.train) + 1)))
    with pytest.raises(DataError, match=r"leak: row 70 is in a label of the validation part"):
        data_prep.check(later)
    with pytest.raises(DataError, match=r"leak: row 73 is in a frame of the test part"):
        data_prep.check(replace(data, test=replace(data.test, reaches_back=False)))


def test_all_groups_are_cut_at_the_same_time():
    time = [*range(0, 100), *range(50, 150)]
    rows = pd.DataFrame({"t": time, "a": np.arange(200), "who": ["x"] * 100 + ["y"] * 100})
    frames = make_frames(rows, 5, time="t", features="t", target="a", group="who")
    data = data_prep.split_by_time(frames, test=0.25, validation=0)
    assert data.train.inputs.max() < data.test.inputs.min() == 100
    without = make_frames(rows, 5, features="a", target="a", group="who")
    data = data_prep.split_by_time(without, test=0.25, validation=0)
    assert starts(data.test) == [*range(75, 95), *range(175, 195)]


def test_split_by_group():
    rows = pd.DataFrame({"a": np.arange(100), "who": np.repeat(np.arange(10), 10)})
    frames = make_frames(rows, 3, target="a", features="a", group="who")
    data = data_prep.split_by_group(frames, test=[3, 7], validation=0.3)
    assert set(data.test.table.groups[data.test.starts]) == {3, 7}
    assert len(data.validation) == 3 * 7
    assert "no row that inputs" in data_prep.check(data)


def test_split_stratified_by_frames_by_blocks_and_by_groups():
    generator = np.random.default_rng(0)
    state = generator.choice(["a", "b", "c"], 20_000, p=[0.7, 0.2, 0.1])
    rows = pd.DataFrame({"x": np.arange(20_000), "state": state, "who": np.arange(20_000) // 200})
    shapes = {"apart": {"stride": 4}, "blocks": {}, "groups": {"group": "who"}}
    for options in shapes.values():
        frames = make_frames(rows, 4, target="state", label="class", features="x", **options)
        data = data_prep.split_stratified(frames, test=0.2, validation=0.1)
        assert data_prep.check(data)
        whole = np.bincount(frames.labels) / len(frames)
        for part in data.parts().values():
            np.testing.assert_allclose(np.bincount(part.labels) / len(part), whole, atol=0.03)
        assert len(data.test) / len(frames) == pytest.approx(0.2, abs=0.03)


def test_balance_and_class_weights_touch_the_training_part_only():
    state = np.where(np.arange(400) % 4 == 0, "rare", "usual")
    rows = pd.DataFrame({"x": np.arange(400), "state": state})
    data = data_prep.split_by_time(make_frames(rows, 4, target="state", label="class"))
    balanced = data_prep.balance(data, seed=1)
    counts = np.bincount(data.train.labels)
    assert np.bincount(balanced.train.labels).tolist() == [counts.min()] * 2
    assert balanced.test is data.test
    assert (np.diff(balanced.train.starts) > 0).all()
    weights = data_prep.class_weights(data)
    assert sum(weights[label] for label in data.train.labels) == pytest.approx(len(data.train))
    assert weights[0] * counts[0] == pytest.approx(weights[1] * counts[1])
    images = data_prep.balance(data_prep.load_images("digits"))
    assert len(set(np.bincount(images.train.labels))) == 1


def frames_of(rows=100, **options):
    """Frames with two columns: a is the row number, b alternates between 0 and 1."""
    values = pd.DataFrame({"a": np.arange(float(rows)), "b": np.arange(rows) % 2})
    return make_frames(values, 5, **{"target": "a"} | options)


BAD_PARTS = {
    "test=1.5: give a fraction": lambda: data_prep.split_by_time(frames_of(), test=1.5),
    "test=0: a data set needs a test part": lambda: data_prep.split_by_time(frames_of(), test=0.0),
    "leave none for training": lambda: data_prep.split_by_time(frames_of(), 60, 60),
    "the test part has no frame: a window of 5": lambda: data_prep.split_by_time(frames_of(), 3),
    "there are no groups; name their column": lambda: data_prep.split_by_group(frames_of()),
    "group 'z' is not there": lambda: data_prep.split_by_group(frames_of(group="b"), test=["z"]),
    "have no classes to stratify by": lambda: data_prep.split_stratified(frames_of()),
    "1 groups or blocks of frames are too few": lambda: data_prep.split_stratified(
        frames_of(label="direction")
    ),
    "only classes can be balanced": lambda: data_prep.balance(data_prep.split_by_time(frames_of())),
    "has no example of class 'down'": lambda: data_prep.balance(
        data_prep.split_by_time(frames_of(label="direction"))
    ),
    "no scaler is named 'robust'": lambda: scaled("robust"),
    "percent_change must come first, and not with log": lambda: scaled(
        "standard", "percent_change"
    ),
    "log must come first": lambda: scaled("standard", "log"),
    "name one or more, each once": lambda: scaled(),
    "column 'a' is 0 at row 0, and has no logarithm": lambda: scaled("log"),
    "column 'a' is 0 at row 0, and has no percent change": lambda: scaled("percent_change"),
    "does not hold Frames; scale() is for data from make_frames": lambda: data_prep.scale(
        data_prep.load_images("digits"), "standard"
    ),
    "the data is scaled already": lambda: data_prep.scale(scaled("standard"), "log"),
    "labels for 15 frames and 1 targets": lambda: scaled("standard").test.labels_to_original([1]),
    "is missing or that of another row": lambda: data_prep.join_tables(
        {"x": table(), "y": table(b=1)}, "b"
    ),
    "no t is in all of x, y": lambda: data_prep.join_tables(
        {"x": table(t=np.arange(40)), "y": table(t=np.arange(40) + 99)}, "t"
    ),
}


def scaled(*kinds):
    """Frames of row numbers, split by time and scaled."""
    return data_prep.scale(data_prep.split_by_time(frames_of()), kinds)


@pytest.mark.parametrize("message", BAD_PARTS)
def test_parts_that_cannot_be_made_are_refused(message):
    with pytest.raises(DataError) as caught:
        BAD_PARTS[message]()
    assert message in str(caught.value)
    assert str(caught.value).endswith(".")


def test_frames_that_are_not_split_are_refused():
    frames = data_prep.make_frames(np.arange(100.0), 5)
    for function in (data_prep.check, data_prep.balance, data_prep.make_pairs):
        with pytest.raises(data_prep.DataError, match="needs a Dataset .* not Frames; split it"):
            function(frames)
    with pytest.raises(data_prep.DataError, match="scale needs a Dataset"):
        data_prep.scale(frames, "standard")
    with pytest.raises(data_prep.DataError, match="test=0: a data set needs a test part"):
        data_prep.split_by_time(frames, test=0)
    with pytest.raises(data_prep.DataError, match="the validation part has no frame"):
        data_prep.split_by_time(frames, validation=3)
    assert len(data_prep.split_by_time(frames, validation=0).validation) == 0
