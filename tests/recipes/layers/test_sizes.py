"""The sizes that builders refuse, in one sentence."""

import numpy as np
import pytest

from recipes.layers.sizes import check_integers, check_shape, check_tuples


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1, 1), (8, 0, 1), (8, -1, 1), (8, None, 1), 8])
def test_a_shape_that_does_not_fit_is_refused(shape):
    with pytest.raises(ValueError, match=r"^build_x: shape .*; give \(height, width, channels\)"):
        check_shape("build_x", shape, "height", "width", "channels")


def test_a_free_axis_may_be_none_and_no_other():
    check_shape("build_x", (None, 3), "time", "features", free=("time",))
    check_shape("build_x", [np.int64(5), 3], "time", "features")
    with pytest.raises(ValueError, match=r"integers >= 1 \(time may be None\)\.$"):
        check_shape("build_x", (None, None), "time", "features", free=("time",))
    with pytest.raises(ValueError, match=r"give \(features,\), integers >= 1\.$"):
        check_shape("build_x", (3, 4), "features")


@pytest.mark.parametrize("size", [0, -1, 2.5, None, "8", (8,)])
def test_a_size_that_is_no_integer_from_1_is_refused(size):
    check_integers("build_x", units=8)
    with pytest.raises(ValueError, match=r"^build_x: units=.*; give an integer >= 1\.$"):
        check_integers("build_x", latent_size=2, units=size)


@pytest.mark.parametrize("sizes", [256, (), (8, 0), (8, None), None])
def test_what_is_no_tuple_of_sizes_is_refused(sizes):
    check_tuples("build_x", units=(8, 4))
    with pytest.raises(ValueError, match=r"^build_x: filters=.*; give a tuple of integers >= 1\.$"):
        check_tuples("build_x", filters=sizes)
