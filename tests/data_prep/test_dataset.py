"""Dataset and Part: shapes, fingerprint and description."""

import numpy as np

import data_prep
from data_prep.dataset import arrays_of, fingerprint


def test_the_fingerprint_changes_with_content_type_and_shape():
    array = np.arange(6)
    assert fingerprint(array) == fingerprint(array.copy())
    others = [array[::-1], array.astype("int32"), array.reshape(2, 3), array[:5]]
    assert len({fingerprint(other) for other in [array, *others]}) == 5
    assert len(arrays_of({"a": (array, [array]), "b": array})) == 3


def test_a_part_may_hold_tuples_and_dicts_of_arrays():
    pair = data_prep.Part((np.zeros((7, 2)), np.zeros((7, 3))), {"same": np.zeros(7)})
    assert len(pair) == 7
    data = data_prep.Dataset("pairs", "here", pair, pair, pair)
    shapes = data.describe()["shapes"]["test"]
    assert shapes == {"inputs": [[7, 2], [7, 3]], "labels": {"same": [7]}}


def test_the_repr_is_short():
    text = repr(data_prep.load_images("digits"))
    assert text.startswith(
        "Dataset('digits', train=ImagesPart(inputs [1293, 8, 8, 1], labels [1293])"
    )
