"""Frame prediction: patches, the order of time, what is refused."""

import keras
import numpy as np
import pytest

import data_prep
from recipes.time_series import conv_lstm


def test_frames_are_cut_into_patches_and_put_together_again():
    model = conv_lstm.build_conv_lstm((2, 8, 12, 1), horizon=2, filters=(1,), patch=4)
    # Leave out the ConvLSTM and the dense layer: only cut, add a blank frame, and put together.
    joined = next(layer for layer in model.layers if isinstance(layer, keras.layers.Concatenate))
    past = np.random.default_rng(0).uniform(size=(3, 2, 8, 12, 1)).astype("float32")
    frames = keras.Model(model.input, joined.output)(past)
    assert frames.shape == (3, 3, 2, 3, 16)
    np.testing.assert_array_equal(frames[:, 1, 1, 2], past[:, 1, 4:, 8:].reshape(3, 16))
    for layer in model.layers[-3:]:
        frames = layer(frames)
    frames = keras.ops.convert_to_numpy(frames)
    np.testing.assert_array_equal(frames[:, :2], past)
    np.testing.assert_array_equal(frames[:, 2], 0, err_msg="the frame to come is blank")


def test_no_prediction_depends_on_a_later_frame():
    model = conv_lstm.build_conv_lstm((4, 8, 8, 1), horizon=3, filters=(8,))
    past = np.random.default_rng(0).uniform(size=(1, 4, 8, 8, 1)).astype("float32")
    changed = past.copy()
    changed[:, 2] = 0
    same, other = (keras.ops.convert_to_numpy(model(frames)) for frames in (past, changed))
    np.testing.assert_array_equal(same[:, :2], other[:, :2])
    assert (np.abs(same[:, 2:] - other[:, 2:]).max(axis=(0, 2, 3, 4)) > 0).all()


@pytest.mark.parametrize("options", [{"past": 0}, {"horizon": 0}, {"image_size": 30}])
def test_flags_that_cannot_work_are_refused(options):
    with pytest.raises(data_prep.DataError, match="a frame or more to read and to predict"):
        conv_lstm.run(**options)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"patch": 5}, "patch 5 for frames of 24 x 24; give a patch that divides both"),
        ({"input_shape": (6, 24, 22, 1)}, "patch 4 for frames of 24 x 22"),
        ({"patch": 0}, "patch=0; give an integer >= 1"),
        ({"horizon": 0}, "horizon=0; give an integer >= 1"),
        ({"input_shape": (0, 24, 24, 1)}, r"shape \(0, 24, 24, 1\); give \(frames, height, width"),
        ({"input_shape": (6, 0, 0, 1)}, r"shape \(6, 0, 0, 1\); give"),
        ({"input_shape": (None, 24, 24, 1)}, r"shape \(None, 24, 24, 1\); give"),
        ({"input_shape": (24, 24, 1)}, r"shape \(24, 24, 1\); give"),
        ({"filters": 64}, "filters=64; give a tuple of integers >= 1"),
        ({"filters": ()}, r"filters=\(\); give a tuple"),
    ],
)
def test_sizes_that_cannot_work_are_refused(sizes, message):
    with pytest.raises(ValueError, match=f"build_conv_lstm: {message}"):
        conv_lstm.build_conv_lstm(**sizes)
