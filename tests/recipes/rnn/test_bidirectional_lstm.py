"""Texts read in both directions: what the network must do, whatever it has learnt."""

import json

import numpy as np
import pytest

from recipes.rnn import bidirectional_lstm


@pytest.mark.parametrize("bidirectional", [False, True])
def test_padding_changes_nothing(bidirectional):
    model = bidirectional_lstm.build_bidirectional_lstm(50, 3, bidirectional=bidirectional)
    ids = np.random.default_rng(0).integers(1, 50, (4, 9))
    ids[1, 5:] = 0
    padded = np.pad(ids, [(0, 0), (0, 20)])
    wanted = model.predict(ids, verbose=0)
    np.testing.assert_allclose(model.predict(padded, verbose=0), wanted, atol=1e-5)
    alone = model.predict(ids[1:2, :5], verbose=0)
    np.testing.assert_allclose(alone, wanted[1:2], atol=1e-5)
    longer = np.where(padded == 0, 7, padded)  # words in place of the padding do change it
    assert np.abs(model.predict(longer, verbose=0) - wanted).max() > 1e-4


def test_both_directions_have_as_many_parameters_as_one_direction(tmp_path):
    path = tmp_path / "texts.jsonl"
    rows = [{"text": f"word{i} {'yes' if i % 2 else 'no'}", "label": i % 2} for i in range(60)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    report = bidirectional_lstm.run(path, epochs=1, length=4, vocabulary_size=20)
    one, bag = report.comparisons
    assert bag == "bag of words"
    assert report.comparisons[bag]["accuracy"] == 1.0
    units = int(one.removeprefix("one direction, ").removesuffix(" units"))
    build = bidirectional_lstm.build_bidirectional_lstm
    both = build(20, 2).count_params()
    assert build(20, 2, units=units, bidirectional=False).count_params() == pytest.approx(
        both, 0.01
    )
