"""Frames and labels of series whose values are their row numbers; bad input is refused."""

import gzip
import math

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


def test_the_diagram_of_the_docstring():
    frames = make_frames(np.arange(9), window=4, horizon=3)
    assert frames.inputs[:, :, 0].tolist() == [[0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5]]
    assert frames.labels.tolist() == [6, 7, 8]
    assert frames.inputs.dtype == frames.labels.dtype == np.float32
    assert frames.inputs.flags.c_contiguous


def test_stride_moves_the_next_frame():
    assert starts(make_frames(np.arange(12), 4, stride=3)) == [0, 3, 6]


def test_value_of_several_targets():
    frames = make_frames(table(), 5, 2, target=["b", "a"])
    assert frames.labels[3].tolist() == [100 + 9, 9]
    assert frames.shapes() == {"inputs": [34, 5, 2], "labels": [34, 2]}


def test_next_values_of_one_and_of_several_targets():
    one = make_frames(table(), 5, 2, target="a", label="next", steps=3)
    assert one.labels[3].tolist() == [9, 10, 11]
    assert len(one) == 40 - 5 - 2 - 3 + 2
    several = make_frames(table(), 5, 2, target=["a", "b"], label="next", steps=3)
    assert several.labels[3].tolist() == [[9, 109], [10, 110], [11, 111]]


def test_direction_compares_the_target_row_with_the_last_row():
    values = np.array([0, 5, 1, 5, 5, 9, 5])
    frames = make_frames(values, 2, 1, label="direction")
    assert frames.classes == ("down", "up")
    assert frames.labels.tolist() == [0, 1, 0, 1, 0]  # an equal value is not up
    banded = make_frames(values, 2, 1, label="direction", dead_band=4)
    assert banded.classes == ("down", "flat", "up")
    assert banded.labels.tolist() == [1, 1, 1, 1, 1]
    assert make_frames(values, 2, 1, label="direction", dead_band=0).labels.tolist() == [
        *[0, 2, 1, 2, 0]
    ]


def test_class_rules():
    walk = table(state=np.repeat(["sit", "run"], 20))
    last = make_frames(walk, 5, target="state", label="class")
    assert last.features == ("a", "b")
    assert last.classes == ("run", "sit")
    assert [last.classes[n] for n in last.labels] == ["sit"] * 16 + ["run"] * 20
    majority = make_frames(walk, 5, target="state", label="class", rule="majority")
    assert np.flatnonzero(np.diff(majority.labels)).tolist() == [17]  # 3 of 5 rows are run from 18
    alarm = table(alarm=np.arange(40) == 10)
    any_row = make_frames(alarm, 5, target="alarm", label="class", rule="any")
    assert any_row.classes == ("False", "True")
    assert np.flatnonzero(any_row.labels).tolist() == [6, 7, 8, 9, 10]
    ahead = make_frames(walk, 5, 3, target="state", label="class")
    assert np.flatnonzero(np.diff(ahead.labels)).tolist() == [12]


def test_function_of_frame_and_future():
    def rise(frame, future):
        assert list(frame.columns) == ["a", "b"]
        assert list(frame.index) == list(DAYS[int(frame.a.iloc[0]) :][:5])
        return future.b.sum() - frame.a.iloc[-1]

    frames = make_frames(table(), 5, 2, features="a", target="b", label=rise)
    assert frames.features == ("a",)
    assert frames.labels[3] == (100 + 8) + (100 + 9) - 7
    named = make_frames(
        table(), 5, target="a", label=lambda _, future: "odd" if future.a.iloc[0] % 2 else "even"
    )
    assert named.classes == ("even", "odd")
    assert named.labels[:4].tolist() == [1, 0, 1, 0]
    assert named.take([1, 2]).labels.tolist() == [0, 1]


def test_iterating_gives_a_data_frame_and_its_label():
    frames = make_frames(table(), 5, 2, target="b")
    pairs = list(frames)
    assert len(pairs) == len(frames) == 34
    frame, label = pairs[3]
    pd.testing.assert_frame_equal(frame, table().iloc[3:8], check_freq=False)
    assert label == 109
    assert frames[-1][1] == 139
    with pytest.raises(IndexError):
        frames[34]
    assert repr(frames) == "Frames(inputs (34, 5, 2), labels (34,) value)"


def test_a_frame_stays_in_its_group_whose_rows_may_be_mixed():
    rows = pd.DataFrame({"a": np.arange(20), "who": ["x", "y"] * 10})
    frames = make_frames(rows, 3, 2, target="a", group="who")
    assert frames.inputs[:, :, 0].tolist()[:2] == [[0, 2, 4], [2, 4, 6]]
    assert frames.labels.tolist() == [*range(8, 20, 2), *range(9, 21, 2)]


def test_a_frame_does_not_cross_a_gap():
    gap = table().drop(DAYS[20:22])
    frames = make_frames(gap, 5, 2, target="a")
    assert starts(frames) == [*range(14), *range(22, 34)]
    assert frames.dropped == {"frames across a time gap": 6}
    assert len(make_frames(gap, 5, 2, target="a", max_gap="3D")) == 32
    assert len(make_frames(gap, 5, 2, target="a", freq="2D")) == 32
    assert len(make_frames(gap, 5, 2, target="a", max_gap=math.inf)) == 32


@pytest.mark.parametrize(
    "index",
    [
        pd.period_range("2020-01", periods=40, freq="M"),
        pd.date_range("2020-03-01", periods=40, freq="h", tz="Europe/Zurich"),
        pd.Index(pd.date_range("2020-03-01", periods=40).astype(str)),
        pd.Index(np.arange(40) * 60),
    ],
)
def test_gaps_are_found_in_an_index_of_times(index):
    rows = table().set_axis(index, axis=0)
    assert make_frames(rows, 5, target="a").dropped == {}
    assert make_frames(rows.drop(index[20:22]), 5, target="a").dropped != {}
    with pytest.raises(DataError, match="is earlier than the row before it"):
        make_frames(rows.iloc[::-1], 5, target="a")


def test_an_index_of_names_is_not_a_time():
    rows = table().set_axis([f"row {n}" for n in range(40)], axis=0)
    assert len(make_frames(rows, 5, target="a")) == 35


def test_numbers_as_times_are_seconds_if_max_gap_has_a_unit():
    rows = table(time=np.arange(40) * 60).reset_index(drop=True)
    assert len(make_frames(rows, 5, time="time", target="a", max_gap="1min")) == 35
    with pytest.raises(DataError, match="the longest of 40 runs without a gap has 1"):
        make_frames(rows, 5, time="time", target="a", max_gap=59)


def test_order_and_duplicates_by_choice():
    mixed = table().iloc[[1, 0, *range(2, 40)]]
    assert starts(make_frames(mixed, 5, target="a", order="sort")) == list(range(35))
    kept = make_frames(mixed, 5, target="a", order="keep", max_gap="2D")
    assert starts(kept)[:2] == [1, 0]
    with pytest.raises(DataError, match="cannot be split by time"):
        data_prep.split_by_time(kept)
    twice = table().iloc[[0, 1, 1, 2, *range(3, 40)]]
    twice["b"] = np.arange(41)
    for choice, expected in {"first": [0, 1, 3, 4], "last": [0, 2, 3, 4]}.items():
        frames = make_frames(twice, 4, target="a", duplicates=choice)
        assert frames.inputs[0, :, 1].tolist() == expected
        assert frames.dropped == {"rows with the time of another row": 1}
    assert make_frames(twice, 4, target="a", duplicates="keep").inputs[0, :, 0].tolist() == [
        *[0, 1, 1, 2]
    ]


def test_missing_values_by_choice():
    rows = table()
    rows.iloc[10:13, 0] = [np.nan, np.inf, np.nan]
    dropped = make_frames(rows, 5, 2, features="b", target="a", missing="drop")
    assert dropped.dropped == {"frames with a missing value": 3}  # in the label alone
    dropped = make_frames(rows, 5, 2, features="a", target="b", missing="drop")
    assert starts(dropped) == [*range(6), *range(13, 34)]
    filled = make_frames(rows, 5, target="a", missing="fill", fill_limit=3)
    assert filled.inputs[10, :, 0].tolist() == [9, 9, 9, 13, 14]
    assert filled.labels[5:8].tolist() == [9, 9, 9]
    assert filled.dropped == {"rows filled from the row before": 3}
    assert rows.a.isna().sum() == 2  # the given table is not changed
    limited = make_frames(rows, 5, features="a", target="b", missing="fill", fill_limit=1)
    assert limited.dropped == {
        "rows filled from the row before": 1,
        "frames with a missing value": 6,
    }
    head = table(a=[np.nan, *range(1, 40)])
    assert starts(make_frames(head, 5, target="b", missing="fill", fill_limit=9))[0] == 1


def test_filling_does_not_cross_a_group():
    rows = pd.DataFrame({"a": [1.0, 2, 3, np.nan, 5, 6], "who": [*"xxxyyy"]})
    frames = make_frames(rows, 1, target="a", group="who", missing="fill", fill_limit=5)
    assert frames.labels.tolist() == [2, 3, 6]


def test_direction_needs_the_last_row_too():
    rows = pd.DataFrame({"a": np.arange(10.0), "b": np.arange(10.0)})
    rows.loc[5, "a"] = np.nan
    options = {"features": "b", "target": "a", "label": "direction", "missing": "drop"}
    assert make_frames(rows, 2, 2, **options).starts.tolist() == [0, 1, 3, 5, 6]


def test_columns_of_any_number_type_become_floats():
    rows = table(
        small=np.arange(40, dtype=np.int8),
        truth=np.arange(40) % 2 == 0,
        whole=pd.array(range(40), "Int64"),
        text=[str(n) for n in range(40)],
        half=np.arange(40, dtype=np.float16),
    )
    rows["arrow"] = pd.array(range(40), "int64[pyarrow]")
    frames = make_frames(rows, 5, target="whole")
    assert frames.inputs[3, 0].tolist() == [3, 103, 3, 0, 3, 3, 3, 3]
    rows.loc[DAYS[4], "whole"] = pd.NA
    with pytest.raises(DataError, match="column 'whole' is nan at row 4"):
        make_frames(rows, 5, target="a")


def test_frames_are_views_until_they_are_gathered():
    array = np.random.default_rng(0).random((1000, 3), dtype=np.float32)
    frames = make_frames(array, 60, target=2)
    assert np.shares_memory(frames.values, array)
    assert np.shares_memory(frames.table.targets, array)
    assert frames.starts.dtype == np.int32
    assert np.array_equal(frames.inputs[7], array[7:67])


def test_batches_cover_every_frame_once_in_each_epoch():
    frames = make_frames(np.arange(50), 5)
    batches = frames.batches(8, shuffle=True, seed=1)
    assert len(batches) == 6
    first = np.concatenate([labels for _, labels in batches])
    batches.on_epoch_end()
    second = np.concatenate([labels for _, labels in batches])
    assert sorted(first) == sorted(second) == list(range(5, 50))
    assert first.tolist() != second.tolist()
    dataset = frames.dataset(8, shuffle=True, seed=1)
    assert dataset.cardinality() == 6
    for epoch in (first, second):
        assert np.array_equal(np.concatenate([y.numpy() for _, y in dataset]), epoch)
    for inputs, labels in frames.batches(8, shuffle=True):
        assert np.array_equal(inputs[:, -1, 0] + 1, labels)


def test_keras_trains_on_all_three_forms():
    import keras

    frames = make_frames(np.random.default_rng(0).normal(size=(80, 2)), 5, target=0)
    model = keras.Sequential([keras.Input((5, 2)), keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    for data in (frames.batches(16, shuffle=True), frames.dataset(16)):
        history = model.fit(data, epochs=2, shuffle=False, verbose=0)
        assert np.isfinite(history.history["loss"]).all()
    assert model.predict(frames.inputs, verbose=0).shape == (75, 1)


def test_batches_work_without_tensorflow(python):
    # Keras itself needs a backend: the code gives a base class in its place.
    code = """
import sys, types
base = type("PyDataset", (), {"__iter__": lambda self: map(self.__getitem__, range(len(self)))})
sys.modules["keras"] = types.SimpleNamespace(utils=types.SimpleNamespace(PyDataset=base))
sys.modules["tensorflow"] = None
import numpy as np, data_prep
frames = data_prep.make_frames(np.arange(20), 5)
assert sum(len(y) for _, y in frames.batches(4, shuffle=True)) == 15
"""
    python("-c", code)


def test_importing_data_prep_imports_no_framework(python):
    python("-c", "import sys, data_prep; assert not {'keras', 'tensorflow'} & set(sys.modules)")


def test_files_give_the_same_frames(tmp_path):
    rows = table().rename_axis("day").reset_index()
    rows["a"] += 0.1
    expected = make_frames(rows, 5, 2, time="day", target="b")
    paths = {
        "plain.csv": lambda path: rows.to_csv(path, index=False),
        "packed.csv.gz": lambda path: rows.to_csv(path, index=False),
        "bare.csv": lambda path: rows.to_csv(path, index=False, header=False),
        "rows.parquet": lambda path: rows.to_parquet(path),
        "bom.csv": lambda path: rows.to_csv(path, index=False, encoding="utf-8-sig"),
    }
    for name, write in paths.items():
        write(tmp_path / name)
        columns = list(rows.columns) if name == "bare.csv" else None
        frames = make_frames(tmp_path / name, 5, 2, time="day", target="b", columns=columns)
        assert np.array_equal(frames.table.inputs, expected.table.inputs), name
        assert np.array_equal(frames.labels, expected.labels)
        assert frames.table.name == name.split(".")[0]


def test_tables_are_joined_on_time():
    tables = {name: table(t=np.arange(40) + shift) for name, shift in (("x", 0), ("y", 5))}
    joined = data_prep.join_tables(tables, "t")
    assert list(joined.columns) == ["t", "x_a", "x_b", "y_a", "y_b"]
    assert joined.t.tolist() == list(range(5, 40))
    assert (joined.x_a - joined.y_a == 5).all()


HOLE = table(a=[0.0, np.nan, *range(2, 40)])

HUGE = table(b=[*range(39), np.inf])

WORDS = table(word=["1"] * 7 + ["n/a"] + ["1"] * 32)

STATES = table(state=[*"abcd"] * 10)

TWICE = pd.concat([table()["a"], table()["a"]], axis=1)

UNTIMED = table(t=[*DAYS[:3], pd.NaT, *DAYS[4:]])


REFUSED = {
    "window=0: give an integer >= 1": (table(), {"window": 0}),
    "window=2.5: give an integer": (table(), {"window": 2.5}),
    "stride=0: give an integer": (table(), {"stride": 0}),
    "horizon=-1: give an integer >= 0": (table(), {"horizon": -1}),
    "horizon=0: give an integer >= 1": (table(), {"horizon": 0, "label": "direction"}),
    "the label would be among the inputs": (table(), {"horizon": 0}),
    "no frame fits: a window of 50 rows": (table(), {"window": 50}),
    "which column is the target? Name it with target=, one of a, b": (table(), {"target": None}),
    "no column 'bb' (did you mean 'b'?); there are a, b": (table(), {"target": "bb"}),
    "column 'a' is named twice": (table(), {"features": ["a", "a"]}),
    "no column is left as a feature": (table()[["a"]], {"time": "a", "target": None}),
    "has two columns named 'a'; rename": (TWICE, {}),
    "column 'a' is nan at row 1 (2024-01-02 00:00:00); missing='fill'": (HOLE, {}),
    "column 'b' is inf at row 39": (HUGE, {}),
    "missing='fill' and fill_limit=": (HOLE, {"missing": "fill"}),
    "every frame has a missing value": (table(b=np.nan), {"missing": "drop"}),
    "column 'word' holds 'n/a' at row 7 (2024-01-08 00:00:00), not a number": (WORDS, {}),
    "column 'when' holds datetime64": (table(when=DAYS), {}),
    "column 'kind' holds category": (table(kind=pd.Categorical([*"ab"] * 20)), {}),
    "is earlier than the row before it": (table().iloc[::-1], {}),
    "has the time of the row before it": (table().iloc[[0, 0, *range(1, 40)]], {}),
    "row 3 has no time": (UNTIMED, {"time": "t"}),
    "row 2 has 'soon', which is not a time": (
        table(t=["2024-01-01", "2024-01-02", "soon", *map(str, DAYS[3:])]),
        {"time": "t"},
    ),
    "the time column 'c' holds bool": (table(c=True), {"time": "c"}),
    "there is no time to sort by": (np.arange(40), {"order": "sort", "target": None}),
    "freq= and max_gap= need a time": (np.arange(40), {"freq": "1D", "target": None}),
    "max_gap=5: give a span with its unit": (table(), {"max_gap": 5}),
    "max_gap='soon' is not a span of time": (table(), {"max_gap": "soon"}),
    "freq='-1D': give a span longer than 0": (table(), {"freq": "-1D"}),
    "the longest of 40 runs without a gap has 1": (table(), {"max_gap": "1h"}),
    "row 0 has no group in 'g'": (table(g=[None, *"x" * 39]), {"group": "g"}),
    "order='up': choose one of": (table(), {"order": "up"}),
    "label='price': choose 'value'": (table(), {"label": "price"}),
    "label='next' needs steps=": (table(), {"label": "next"}),
    "steps= belongs to label='next', not to 'value'": (table(), {"steps": 2}),
    "dead_band=-1: give a number >= 0": (table(), {"label": "direction", "dead_band": -1}),
    "direction needs one target": (table(), {"label": "direction", "target": ["a", "b"]}),
    "rule='most': choose one of": (STATES, {"label": "class", "target": "state", "rule": "most"}),
    "rule='any' needs two classes": (STATES, {"label": "class", "target": "state", "rule": "any"}),
    "column 'state' has 1 class": (table(state="x"), {"label": "class", "target": "state"}),
    "the label function returned nan": (table(), {"label": lambda frame, future: math.nan}),
    "arrays of different shapes": (
        table(),
        {"label": lambda frame, future: np.zeros(int(frame.a.iloc[0]))},
    ),
    "the array has shape (2, 2, 2)": (np.zeros((2, 2, 2)), {}),
    "the array has shape (0,)": ([], {}),
    "the array holds <U1, not real numbers": (np.array(["a"]), {}),
    "the array holds complex128": (np.zeros(9, complex), {}),
    "3 names in columns= for 2 columns": (np.zeros((9, 2)), {"columns": ["a", "b", "c"]}),
    "series has no rows": (table().iloc[:0], {}),
    "has a MultiIndex; use reset_index()": (table().set_index("b", append=True), {}),
}


@pytest.mark.parametrize("message", REFUSED)
def test_bad_input_is_refused_in_one_sentence(message):
    series, options = REFUSED[message]
    with pytest.raises(DataError) as caught:
        make_frames(series, **{"window": 5, "target": "a"} | options)
    assert message in str(caught.value)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


@pytest.fixture
def bad_files(tmp_path):
    """Files that cannot be read: {error message: path}."""
    contents = {
        "none.csv: no such file": None,
        "empty.csv: line 1 is empty": b"",
        "bare.csv: line 1 (1, 2, ...) holds numbers, not names": b"1,2\n3,4\n",
        "header.csv: there is a header (a, b) and no row": b"a,b\n",
        "uneven.csv: line 2 has 3 fields, line 1 has 2": b"a,b\n1,2,3\n",
        "later.csv: Expected 2 fields in line 4, saw 3": b"a,b\n1,2\n3,4\n5,6,7\n",
        "latin.csv: byte": "a,b\n1,\u00e4\n".encode("latin-1"),
        "text.csv.gz: damaged gzip file": b"a,b\n1,2\n",
        "short.csv.gz: damaged gzip file": gzip.compress(b"a,b\n1,2\n" * 9)[:-9],
        "table.xlsx: tables are read from": b"a",
        "fake.parquet: not a readable Parquet file": b"a",
    }
    for message, content in contents.items():
        if content is not None:
            (tmp_path / message.split(":")[0]).write_bytes(content)
    return {message: tmp_path / message.split(":")[0] for message in contents}


def test_bad_files_are_refused_by_name(bad_files, tmp_path):
    for message, path in bad_files.items():
        with pytest.raises(DataError) as caught:
            make_frames(path, 2)
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match="is a folder; give a .csv"):
        make_frames(tmp_path, 2)
    good = tmp_path / "good.csv"
    good.write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(DataError, match="3 names in columns= for 2 fields in line 1"):
        data_prep.read_table(good, ["x", "y", "z"])
    with pytest.raises(DataError, match="is a header; leave columns= out"):
        data_prep.read_table(good, ["x", "y"])
    good.write_text("a,b\n1,2\n3,x\n")
    with pytest.raises(DataError, match=r"good.csv: column 'b' holds 'x' at row 1, not a number"):
        make_frames(good, 1, target="a")


def test_ett_and_forecasting_files(data_folder):
    ett = make_frames(
        data_folder / "ett" / "ETTh1.csv.gz", 96, time="date", target="OT", label="next", steps=96
    )
    assert ett.shapes() == {"inputs": [17229, 96, 7], "labels": [17229, 96]}
    data = data_prep.scale(data_prep.split_by_time(ett, test=2880, validation=2880), "standard")
    assert data.test.starts[0] == 17420 - 2880
    assert "no row" in data_prep.check(data)
    standard = data_prep.split_by_time(ett, test=2880, validation=2880, reach_back=True)
    assert len(standard.test) == 2880 - 96 + 1
    assert standard.test.starts[0] == 17420 - 2880 - 96
    folder = data_folder / "forecasting"
    months = make_frames(folder / "airline-passengers.csv", 12, time="Month", target="Passengers")
    assert len(months) == 132  # months of 28 to 31 days are no gaps
    days = make_frames(folder / "daily-min-temperatures.csv", 7, time="Date", target="Temp")
    assert sum(days.dropped.values()) > 0  # 31 December of leap years is not in the file
    numbers = ["pm2.5", "DEWP", "TEMP", "PRES", "Iws", "Is", "Ir"]
    beijing = {"features": numbers, "target": "pm2.5", "time": "No"}
    path = folder / "pollution.csv.gz"
    with pytest.raises(DataError, match=r"column 'pm2.5' is nan at row 0 \(1\)"):
        make_frames(path, 24, **beijing)
    filled = make_frames(path, 24, **beijing, missing="fill", fill_limit=24)
    assert 40_000 < len(filled) < 43_824
    assert np.isfinite(filled.inputs).all()


def test_named_series_keep_their_name_and_their_origin():
    series = data_prep.load_series("co2")
    data = data_prep.split_by_time(data_prep.make_frames(series, 52, 4, missing="drop"))
    assert data.name == "co2"
    assert data.source == series.attrs["source"]
    with pytest.raises(data_prep.DataError, match="^co2: "):
        data_prep.make_frames(series, 52, 4)
