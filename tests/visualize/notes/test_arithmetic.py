"""Pictures of operations have the same numbers as Keras."""

import numpy as np
from keras import layers
from scipy.signal import correlate2d

import visualize

IMAGE = np.arange(30).reshape(5, 6) % 7
KERNEL = np.array([[1, -2, 0], [0.5, 0, 1]])


def texts(ax):
    return [text.get_text() for text in ax.texts]


def numbers(words):
    return [float(word.replace("−", "-")) for word in words]


def test_a_convolution_is_a_cross_correlation_as_in_keras():
    result = correlate2d(IMAGE, KERNEL, mode="valid")
    layer = layers.Conv2D(1, KERNEL.shape, use_bias=False)
    layer.build((None, 5, 6, 1))
    layer.set_weights([KERNEL[..., None, None]])
    by_keras = layer(IMAGE[None, ..., None].astype("float32"))[0, ..., 0]
    np.testing.assert_allclose(result, by_keras)
    (ax,) = visualize.plot_convolution(IMAGE, KERNEL).axes
    words = texts(ax)
    sizes = IMAGE.size, KERNEL.size, result.size
    places = words.index("image"), words.index("kernel"), words.index("result")
    for array, size, place in zip((IMAGE, KERNEL, result), sizes, places, strict=True):
        assert numbers(words[place - size : place]) == list(array.ravel())
    written = "".join(words[-2:]).replace("−", "-").replace("·", "*")
    total, value = written.split(" = ")
    assert eval(total) == float(value) == result.ravel()[np.abs(result).argmax()]
    (ax,) = visualize.plot_convolution([[1 / 3]], [[2]]).axes
    assert texts(ax)[-1] == "0.33 · 2 ≈ 0.67"


def test_max_pooling_equals_keras():
    for size in (2, 3):
        (ax,) = visualize.plot_max_pooling(IMAGE, size).axes
        words = texts(ax)
        expected = layers.MaxPooling2D(size)(IMAGE[None, ..., None].astype("float32"))[0, ..., 0]
        expected = np.ravel(expected)
        place = words.index(f"largest of {size} × {size}")
        assert numbers(words[place - len(expected) : place]) == list(expected)


def test_the_ticks_of_attention_are_the_tokens():
    (ax,) = visualize.plot_attention(
        [[0.25, 0.75], [1, 0], [0.5, 0.5]], ["der", "$5", "x"], ["the", "dog"]
    ).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["der", "$5", "x"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["the", "dog"]
    assert texts(ax) == [".25", ".75", "1", ".00", ".50", ".50"]
    assert (ax.images[0].get_array()[0] == [0.25, 0.75]).all()


def test_routing_has_one_panel_per_iteration():
    weights = np.stack([np.full((3, 2), 0.5), [[1, 0], [0, 1], [0.3, 0.7]]])
    (ax,) = visualize.plot_capsule_routing(weights).axes
    assert [panel.get_title() for panel in ax.child_axes] == ["iteration 1", "iteration 2"]
    assert np.array_equal([panel.images[0].get_array() for panel in ax.child_axes], weights)
    (ax,) = visualize.plot_capsule_routing(weights[1]).axes
    assert len(ax.child_axes) == 1
