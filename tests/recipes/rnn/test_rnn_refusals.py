"""Sizes and words that no recurrent network can be built from: refused in one sentence."""

import pytest

from recipes.rnn.bidirectional_lstm import build_bidirectional_lstm
from recipes.rnn.char_rnn import build_char_rnn
from recipes.rnn.gru import build_gru
from recipes.rnn.lstm_cell import build_lstm_cell
from recipes.rnn.lstm_stack import build_lstm_stack
from recipes.rnn.rnn_types import build_rnn_types
from recipes.rnn.rnn_vs_fnn import build_rnn_vs_fnn
from recipes.rnn.simple_rnn import build_simple_rnn

READ_ROWS = [build_gru, build_lstm_cell, build_lstm_stack, build_rnn_vs_fnn, build_simple_rnn]


@pytest.mark.parametrize("build", READ_ROWS)
def test_an_image_in_place_of_a_sequence_is_refused(build):
    with pytest.raises(
        ValueError, match=rf"^{build.__name__}: shape \(8, 8, 1\); give \(time steps, features\)"
    ):
        build(input_shape=(8, 8, 1))


@pytest.mark.parametrize("build", READ_ROWS)
@pytest.mark.parametrize("shape", [(0, 8), (8, 0), (8, None), 8, None])
def test_shapes_that_hold_no_sequence_are_refused(build, shape):
    with pytest.raises(ValueError, match=rf"^{build.__name__}: shape .* integers >= 1"):
        build(input_shape=shape)


@pytest.mark.parametrize(
    ("build", "options", "message"),
    [
        (build_bidirectional_lstm, {"vocabulary_size": 0}, "vocabulary_size=0; give an integer"),
        (build_bidirectional_lstm, {"embedding": 0}, "embedding=0; give an integer >= 1"),
        (build_bidirectional_lstm, {"num_classes": None}, "num_classes=None; give an integer"),
        (build_bidirectional_lstm, {"units": (32, 32)}, r"units=\(32, 32\); give an integer"),
        (build_char_rnn, {"batch_size": 0}, "batch_size=0; give an integer >= 1"),
        (build_char_rnn, {"num_characters": 0}, "num_characters=0; give an integer >= 1"),
        (build_char_rnn, {"units": 192}, "units=192; give a tuple of integers >= 1"),
        (build_char_rnn, {"units": ()}, r"units=\(\); give a tuple of integers >= 1"),
        (build_gru, {"units": 0}, "units=0; give an integer >= 1"),
        (build_lstm_cell, {"cell": "elman"}, "cell 'elman'; give one of lstm, gru,"),
        (build_lstm_cell, {"units": 0}, "units=0; give an integer >= 1"),
        (build_lstm_stack, {"units": 96}, "units=96; give a tuple of integers >= 1"),
        (build_lstm_stack, {"units": ()}, r"units=\(\); give a tuple of integers >= 1"),
        (build_lstm_stack, {"units": (96, 0)}, r"units=\(96, 0\); give a tuple of integers >= 1"),
        (build_rnn_types, {"kind": "many_to_few"}, "kind 'many_to_few'; give one of one_to_one,"),
        (build_rnn_types, {"steps": 0}, "steps=0; give an integer >= 1"),
        (build_rnn_types, {"window": 0}, "window=0; give an integer >= 1"),
        (build_rnn_types, {"window": None, "features": 0}, "features=0; give an integer >= 1"),
        (build_rnn_vs_fnn, {"kind": "cnn"}, "kind 'cnn'; give rnn or fnn"),
        (build_rnn_vs_fnn, {"units": -1}, "units=-1; give an integer >= 1"),
        (
            build_rnn_vs_fnn,
            {"kind": "fnn", "input_shape": (None, 6)},
            "a fixed number of time steps",
        ),
        (build_simple_rnn, {"activation": "relu6"}, "activation 'relu6'; give tanh or relu"),
    ],
)
def test_what_cannot_be_built_is_refused(build, options, message):
    with pytest.raises(ValueError, match=f"^{build.__name__}: .*{message}"):
        build(**options)


def test_a_sequence_may_have_any_number_of_steps():
    for build in READ_ROWS:
        assert build(input_shape=(None, 8)).input_shape == (None, None, 8)
    assert build_rnn_types(window=None).input_shape == (None, None, 1)
