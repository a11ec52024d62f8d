"""The tasks that rnn_vs_fnn and rnn_types make: what each network is asked to learn."""

import numpy as np

import data_prep
from recipes.rnn import rnn_types, rnn_vs_fnn


def test_the_pattern_stands_where_its_letters_say_and_counts_are_never_equal():
    rng = np.random.default_rng(0)
    inputs, labels = rnn_vs_fnn.make_patterns(200, rng)
    texts = ["".join("ABcdef"[letter] for letter in row) for row in inputs.argmax(axis=-1)]
    assert [int("AB" in text) for text in texts] == labels.tolist()
    assert {(text.count("A"), text.count("B"), len(text)) for text in texts} == {(4, 4, 24)}
    inputs, labels = rnn_vs_fnn.make_counts(200, rng)
    first, second = inputs[..., 0].sum(axis=1), inputs[..., 1].sum(axis=1)
    assert (first != second).all()
    assert ((first > second) == labels).all()
    assert len(labels) == 200


def test_shuffled_tasks_have_the_same_steps_in_another_order():
    images = data_prep.image_rows(data_prep.load_images("digits"))
    tasks = rnn_vs_fnn.make_tasks(images, np.random.default_rng(0))
    for task in ("pattern", "count", "images"):
        parts = zip(tasks[f"{task} in order"], tasks[f"{task} shuffled"], strict=True)
        for (inputs, labels), (shuffled, same) in parts:
            assert (labels == same).all()
            assert (inputs != shuffled).any()
            for row, other in zip(inputs[:20], shuffled[:20], strict=True):
                assert sorted(row.tolist()) == sorted(other.tolist())


def test_each_type_is_asked_for_what_follows_its_input():
    series = np.arange(60, dtype="float32")  # each value is its own row number
    frames = data_prep.make_frames(series, 22, target=0, label="next", steps=11)
    tasks = rnn_types.make_tasks(frames)
    last = np.arange(21, 21 + len(frames))
    following = last[:, None] + np.arange(1, 12)
    for kind, (inputs, targets, persistence) in tasks.items():
        wanted = following if kind.endswith("to_many") else following[:, :1]
        if kind == "many_to_many_equal":
            wanted = inputs[..., 0] + 1
        np.testing.assert_array_equal(targets, wanted)
        now = inputs[..., 0] if kind == "many_to_many_equal" else last[:, None]
        np.testing.assert_array_equal(persistence, now)
    np.testing.assert_array_equal(tasks["one_to_many"][0], np.stack([last, np.ones_like(last)], 1))
    np.testing.assert_array_equal(tasks["many_to_one"][0][:, -1, 0], last)
