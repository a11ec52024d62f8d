"""Padding changes nothing: the same sequences with more of it get the same predictions."""

import keras
import numpy as np

from recipes.rnn.gru import build_gru


def padded(sequences, length):
    """Sequences of different lengths in one array (sequences, length, features), -1 after them."""
    rows = np.full((len(sequences), length, sequences[0].shape[1]), -1.0, "float32")
    for row, sequence in zip(rows, sequences, strict=True):
        row[: len(sequence)] = sequence
    return rows


def test_a_gru_after_a_mask_does_not_see_padding():
    keras.utils.set_random_seed(0)
    model = build_gru((None, 8))
    rng = np.random.default_rng(0)
    sequences = [rng.uniform(size=(length, 8)) for length in (3, 9, 1, 6)]
    wanted = np.concatenate(
        [model.predict(s[None].astype("float32"), verbose=0) for s in sequences]
    )
    for length in (9, 10, 40):
        found = model.predict(padded(sequences, length), verbose=0)
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)
    without = build_gru((None, 8), mask_value=None)
    without.set_weights(model.get_weights())
    found = without.predict(padded(sequences, 40), verbose=0)
    assert np.abs(found - wanted).max() > 1e-2, "without a mask it does"
