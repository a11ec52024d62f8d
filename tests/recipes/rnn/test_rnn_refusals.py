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
    with pytest.raises(ValueError, match=rf"^{build.__name__}: input_shape \(8, 8, 1\); give \("):
        build(input_shape=(8, 8, 1))


@pytest.mark.parametrize(
    ("build", "options", "message"),
    [
        (build_bidirectional_lstm, {"vocabulary_size": 0}, "vocabulary_size 0 and embedding 64"),
        (build_bidirectional_lstm, {"embedding": 0}, "and embedding 0; give 1 or more of each"),
        (build_char_rnn, {"batch_size": 0}, "batch_size 0; give 1 or more, or None"),
        (build_lstm_cell, {"cell": "elman"}, "96 units of 'elman'; give 1 or more of lstm, gru,"),
        (build_lstm_cell, {"units": 0}, "0 units of 'lstm'; give 1 or more of"),
        (build_lstm_stack, {"units": ()}, "units is empty; give a number of units for each LSTM"),
        (build_rnn_types, {"kind": "many_to_few"}, "kind 'many_to_few'; give one of one_to_one,"),
        (build_rnn_types, {"steps": 0}, "window 22, steps 0, features 1; give 1 or more of each"),
        (build_rnn_types, {"window": 0}, "window 0, steps 11"),
        (build_rnn_types, {"window": None, "features": 0}, "window None, steps 11, features 0"),
        (build_rnn_vs_fnn, {"kind": "cnn"}, "kind 'cnn'; give rnn or fnn"),
        (
            build_rnn_vs_fnn,
            {"kind": "fnn", "input_shape": (None, 6)},
            "a fixed number of time steps",
        ),
    ],
)
def test_what_cannot_be_built_is_refused(build, options, message):
    with pytest.raises(ValueError, match=f"^{build.__name__}: .*{message}"):
        build(**options)
