"""Properties that hold for every series, window, horizon and stride."""

import io

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import data_prep
from data_prep import make_frames

settings.register_profile("frames", deadline=None, max_examples=60, database=None)
settings.load_profile("frames")

SIZES = {
    "window": st.integers(1, 12),
    "horizon": st.integers(1, 6),
    "stride": st.integers(1, 4),
}


def count(rows, window, horizon, stride):
    """Number of frames in one run of rows."""
    return max(0, (rows - window - horizon) // stride + 1)


@given(rows=st.integers(30, 80), steps=st.integers(1, 5), **SIZES)
def test_count_and_labels_of_frames(rows, steps, window, horizon, stride):
    frames = make_frames(np.arange(rows), window, horizon, stride=stride, label="next", steps=steps)
    assert len(frames) == count(rows, window, horizon + steps - 1, stride)
    inputs, labels = frames.arrays()
    assert (np.diff(inputs[:, :, 0], axis=1) == 1).all()
    assert np.array_equal(labels[:, 0], inputs[:, -1, 0] + horizon)
    assert np.array_equal(labels[:, -1], labels[:, 0] + steps - 1)


@given(lengths=st.lists(st.integers(1, 30), min_size=1, max_size=6), data=st.data(), **SIZES)
def test_no_frame_crosses_a_group_or_a_gap(lengths, data, window, horizon, stride):
    runs = np.repeat(np.arange(len(lengths)), lengths)
    assume(sum(count(length, window, horizon, stride) for length in lengths))
    as_groups = data.draw(st.booleans())
    rows = pd.DataFrame({"a": np.arange(len(runs))})
    if as_groups:
        rows["run"] = runs
        frames = make_frames(
            rows, window, horizon, stride=stride, features="a", target="a", group="run"
        )
    else:  # an hour between runs, a minute between rows
        rows["time"] = np.arange(len(runs)) * 60 + runs * 3600
        frames = make_frames(
            rows, window, horizon, stride=stride, target="a", time="time", max_gap=60
        )
    assert len(frames) == sum(count(length, window, horizon, stride) for length in lengths)
    first, last = frames.inputs[:, 0, 0].astype(int), frames.labels.astype(int)
    assert np.array_equal(runs[first], runs[last])


@given(
    rows=st.integers(200, 300),
    test=st.floats(0.25, 0.4),
    validation=st.floats(0.2, 0.3),
    overlapping_groups=st.booleans(),
    **SIZES,
)
def test_no_row_is_in_two_parts(
    rows, test, validation, overlapping_groups, window, horizon, stride
):
    table = pd.DataFrame({"a": np.arange(rows), "time": np.arange(rows) % (rows // 2 + 1)})
    table["who"] = np.arange(rows) // (rows // 2 + 1)
    options = {"group": "who", "time": "time"} if overlapping_groups else {}
    assume(count(rows // 2 if overlapping_groups else rows, window, horizon, stride) > 20)
    frames = make_frames(
        table if overlapping_groups else table.a,
        window,
        horizon,
        stride=stride,
        features="a",
        target="a",
        **options,
    )
    assume(min(test, validation, 1 - test - validation) * rows / 2 > 2 * frames.labelling.span)
    data = data_prep.split_by_time(frames, test, validation)

    # The values are the row numbers.
    train, validated, tested = (
        set(part.inputs.ravel()) | set(part.labels) for part in data.parts().values()
    )
    assert not train & validated
    assert not train & tested
    assert not validated & tested
    assert data_prep.check(data)

    back = data_prep.split_by_time(frames, test, validation, reach_back=True)
    assert data_prep.check(back)
    train = set(back.train.inputs.ravel())
    assert not train & (set(back.validation.labels) | set(back.test.labels))
    assert all(len(part) >= len(data.parts()[name]) for name, part in back.parts().items())


@given(
    values=st.lists(
        st.tuples(st.floats(0.5, 100, width=32), st.floats(0.5, 100, width=32)),
        min_size=60,
        max_size=90,
    ),
    kinds=st.sampled_from(
        ["standard", "min_max", "log", "percent_change", ("percent_change", "min_max")]
    ),
    steps=st.integers(1, 3),
)
def test_scaling_and_its_inverse(values, kinds, steps):
    array = np.array(values)
    frames = make_frames(array, 4, 2, target=[1, 0], label="next", steps=steps)
    data = data_prep.scale(data_prep.split_by_time(frames, 0.3, 0), kinds)
    for part in (data.train, data.test):
        rows = part.starts[:, None] + np.arange(4)
        # Changes by a factor of 200 cost two of the seven digits of float32.
        np.testing.assert_allclose(
            part.inputs_to_original(part.inputs), array[rows], rtol=2e-3, atol=1e-3
        )
        rows = part.starts[:, None] + 5 + np.arange(steps)
        np.testing.assert_allclose(
            part.labels_to_original(part.labels), array[rows][..., ::-1], rtol=2e-3, atol=1e-3
        )


@settings(max_examples=15)
@given(
    values=st.lists(
        # TensorFlow turns subnormal float32 numbers into 0.
        st.tuples(st.floats(-1e6, 1e6, width=32, allow_subnormal=False), st.integers(-1000, 1000)),
        min_size=20,
        max_size=40,
    ),
    batch_size=st.integers(1, 50),
    shuffle=st.booleans(),
    seed=st.integers(0, 99),
)
def test_same_frames_from_every_source_in_every_form(values, batch_size, shuffle, seed):
    table = pd.DataFrame(values, columns=["a", "b"])
    text = io.StringIO(table.to_csv(index=False))
    frames = make_frames(table, 5, 2, target="a")
    inputs, labels = frames.arrays()
    others = [
        make_frames(table.to_numpy(), 5, 2, target="a", columns=["a", "b"]),
        make_frames(pd.read_csv(text), 5, 2, target="a"),
        make_frames(table.assign(b=table.b.astype("Int64")), 5, 2, target="a"),
    ]
    for other in others:
        assert np.array_equal(other.inputs, inputs)
        assert np.array_equal(other.labels, labels)
    order = frames.order(seed, 0) if shuffle else np.arange(len(frames))
    for batches in (
        frames.batches(batch_size, shuffle=shuffle, seed=seed),
        frames.dataset(batch_size, shuffle=shuffle, seed=seed),
    ):
        found = list(batches)
        assert [len(y) for _, y in found[:-1]] == [batch_size] * (len(found) - 1)
        assert np.array_equal(np.concatenate([np.asarray(x) for x, _ in found]), inputs[order])
        assert np.array_equal(np.concatenate([np.asarray(y) for _, y in found]), labels[order])
