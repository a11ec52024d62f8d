"""check finds leaks that are put into a good split."""

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


def good_split():
    """(all frames, a Dataset without a leak)."""
    frames = make_frames(table(), 5, 2, target="a")
    return frames, data_prep.split_by_time(frames, validation=0)


def test_a_good_split_gives_one_line():
    _, good = good_split()
    assert data_prep.check(good) == (
        "series: 26 train, 2 test examples: "
        "no row that inputs or labels are made from is in two parts."
    )


def test_leaks_are_found():
    frames, good = good_split()
    train = frames.take(slice(0, 26))  # rows 0 to 31
    leaks = {
        r"leak: row 31 .* is in a frame of the test part and in the train part": [31, 32, 33],
        r"leak: row 30 .* is in a frame": [30],
    }
    for message, numbers in leaks.items():
        with pytest.raises(DataError, match=message):
            data_prep.check(replace(good, train=train, test=frames.take(numbers)))

    # A row that only labels are made from, in both parts.
    only_label = replace(good, train=frames.take([0]), test=frames.take([6]))
    with pytest.raises(DataError, match=r"leak: row 6 "):
        data_prep.check(only_label)
    assert data_prep.check(replace(good, train=frames.take([0]), test=frames.take([7])))


def test_leaks_between_tables_are_found():
    _, good = good_split()
    overlap = make_frames(table().iloc[20:], 5, 2, target="a")
    with pytest.raises(DataError, match="leak: row 0 of the test part is also in the train part"):
        data_prep.check(replace(good, test=overlap))

    later = make_frames(table().iloc[33:], 5, 2, target="a")
    assert "no row of the same time and content" in data_prep.check(replace(good, test=later))

    # Without times, examples are compared.
    plain = make_frames(np.arange(20), 5)
    again = make_frames(np.arange(10, 30), 5)
    both = data_prep.Dataset("two", "here", plain, plain.take(slice(0, 0)), again)
    with pytest.raises(DataError, match="leak: example 0 of the test part is also in the train"):
        data_prep.check(both)


def test_leaks_between_images_are_found():
    data = data_prep.load_images("digits")
    same = replace(data, test=data.train.take(slice(5, 9)))
    with pytest.raises(DataError, match="leak: example 0 of the test part"):
        data_prep.check(same)


def test_a_scaler_that_saw_the_test_part_is_found():
    frames, good = good_split()
    all_scaled = data_prep.scale(replace(good, train=frames), "standard").train
    leaky = replace(
        good,
        train=replace(all_scaled, starts=good.train.starts),
        test=replace(all_scaled, starts=good.test.starts),
    )
    with pytest.raises(DataError, match=r"leak: the scaler was fitted on row 32 .* of the test"):
        data_prep.check(leaky)

    scaled = data_prep.scale(good, "standard")
    with pytest.raises(DataError, match="the test part is scaled differently"):
        data_prep.check(replace(scaled, test=good.test))
    with pytest.raises(DataError, match="split first, then scale"):
        data_prep.split_by_time(scaled.train)
