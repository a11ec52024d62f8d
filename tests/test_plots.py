"""Plots of arrays and models: what they show against known answers, the same pixels each time."""

import functools
import inspect
import math

import keras
import matplotlib
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from scipy.signal import correlate2d

import visualize
from visualize import data_plots, notes, plots, schematics

IMAGE = np.arange(30).reshape(5, 6) % 7
KERNEL = np.array([[1, -2, 0], [0.5, 0, 1]])
GREY = np.linspace(0, 1, 3 * 6 * 5).reshape(3, 6, 5)


@functools.cache
def small():
    """A model of 8 x 8 images with a convolution `look` of four filters, then Dense `tell`."""
    seed = keras.initializers.GlorotUniform(seed=0)
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu", kernel_initializer=seed, name="look"),
            layers.Flatten(),
            layers.Dense(2, kernel_initializer=seed, name="tell"),
        ],
        name="small",
    )


@pytest.fixture
def convolution():
    return small()


@functools.cache
def decoder():
    """Gives its two-dimensional code back as an image of one row and two columns."""
    model = keras.Sequential([keras.Input((2,)), layers.Dense(2), layers.Reshape((1, 2))])
    model.layers[0].set_weights([np.eye(2), np.zeros(2)])
    return model


PICTURES = {
    "training_curves": lambda **options: visualize.plot_training_curves(
        {"loss": [3, 2, 1], "val_loss": [3, 2, 2]}, **options
    ),
    "confusion_matrix": lambda **options: visualize.plot_confusion_matrix(
        [[3, 1], [0, 4]], ["cat", "dog"], **options
    ),
    "gradient_flow": lambda **options: visualize.plot_gradient_flow(
        {"first": [1e-3, 1e-4, 1e-2], "second": [1, 2, 3]}, **options
    ),
    "forecast": lambda **options: visualize.plot_forecast(
        np.arange(20), [14, 15, 16], start=8, window=5, **options
    ),
    "activations": lambda **options: visualize.plot_activations(["relu", "softmax"], **options),
    "dead_relus": lambda **options: visualize.plot_dead_relus(
        small(), np.ones((2, 8, 8, 1)), **options
    ),
    "feature_maps": lambda **options: visualize.plot_feature_maps(
        small(), np.eye(8), "look", **options
    ),
    "filters": lambda **options: visualize.plot_filters(small(), "look", **options),
    "convolution": lambda **options: visualize.plot_convolution(IMAGE, KERNEL, **options),
    "max_pooling": lambda **options: visualize.plot_max_pooling(IMAGE, **options),
    "images": lambda **options: visualize.plot_images(GREY, ["a", "b", "c"], **options),
    "reconstructions": lambda **options: visualize.plot_reconstructions(GREY, GREY, **options),
    "sample_strip": lambda **options: visualize.plot_sample_strip(
        {"epoch 0": GREY, "epoch 5": GREY}, **options
    ),
    "latent_space": lambda **options: visualize.plot_latent_space(
        [[0, 1], [1, 0], [2, 2]], [0, 1, 1], **options
    ),
    "interpolation": lambda **options: visualize.plot_interpolation(
        decoder(), [[0, 1], [1, 0], [2, 2]], 4, **options
    ),
    "latent_manifold": lambda **options: visualize.plot_latent_manifold(decoder(), 4, **options),
    "attention": lambda **options: visualize.plot_attention(
        [[0.2, 0.8], [0.5, 0.5]], ["der", "Hund"], ["the", "dog"], **options
    ),
    "capsule_routing": lambda **options: visualize.plot_capsule_routing(
        np.full((2, 3, 4), 0.25), **options
    ),
    "siamese_pair": lambda **options: visualize.plot_siamese_pair(
        GREY[0], GREY[1], 0.4, 0.5, **options
    ),
    "segmentation": lambda **options: visualize.plot_segmentation(
        GREY[0], np.eye(6, 5, dtype=int), ["line"], **options
    ),
}


def pixels(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba()).astype(int)


def plotted(module):
    """Names of the pictures that a module draws."""
    return {
        name.removeprefix("plot_")
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if name.startswith("plot_") and function.__module__ == module.__name__
    }


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_every_plot_is_among_the_pictures_drawn_here():
    assert set(PICTURES) == plotted(plots) | plotted(data_plots)


@pytest.mark.parametrize("name", PICTURES)
def test_the_same_call_gives_the_same_pixels(name):
    before = dict(matplotlib.rcParams)
    first, second = pixels(PICTURES[name]()), pixels(PICTURES[name]())
    assert (first == second).all()
    assert np.ptp(first[..., :3]) > 100, "blank"
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("name", PICTURES)
def test_a_given_axes_is_drawn_into_and_no_other(name):
    figure = Figure(figsize=(10, 5))
    left, right = figure.subplots(1, 2)
    box = left.get_window_extent()
    inside = np.s_[int(box.y0) + 2 : int(box.y1) - 2, int(box.x0) + 2 : int(box.x1) - 2]
    empty = pixels(figure)
    assert PICTURES[name](ax=right) is figure
    drawn = pixels(figure)
    assert (drawn[::-1][inside] == empty[::-1][inside]).all()
    middle = figure.bbox.width / 2
    assert (drawn[:, int(middle) :] != empty[:, int(middle) :]).any()


def curves(ax):
    """The (value, derivative) lines of each panel by title, as (x, y)."""
    return {
        panel.get_title(): [line.get_data() for line in panel.lines if len(line.get_xdata()) > 2]
        for panel in ax.child_axes
    }


def test_activations_and_their_derivatives_equal_automatic_differentiation():
    (ax,) = visualize.plot_activations().axes
    drawn = curves(ax)
    assert len(drawn) == 12
    assert drawn.pop("softmax") == []
    (x, value), (_, slope) = drawn.pop("prelu (learned slope)")
    np.testing.assert_allclose(value, np.where(x < 0, 0.25 * x, x))
    assert set(np.round(slope[~np.isnan(slope)], 6)) == {0.25, 1}
    assert np.isnan(slope).sum() == 1, "a jump is no line"
    for name, ((x, value), (_, slope)) in drawn.items():
        point = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(point)
            expected = keras.activations.get(name)(point)
        np.testing.assert_allclose(value, expected.numpy(), err_msg=name)
        exact = tf.convert_to_tensor(tape.gradient(expected, point)).numpy()
        shown = ~np.isnan(slope)
        assert shown.sum() >= len(x) - 2, name
        np.testing.assert_allclose(slope[shown], exact[shown], atol=1e-6, err_msg=name)


def test_every_activation_of_keras_is_drawn_or_refused():
    names = [name for name in dir(keras.activations) if not name.startswith("_")]
    names = set(names) - {"get", "serialize", "deserialize"}
    assert names > set(data_plots.NO_CURVE)
    for name in names - set(data_plots.NO_CURVE) - {"softmax"}:
        (ax,) = visualize.plot_activations([name]).axes
        ((x, value), _) = curves(ax)[name]
        alone = keras.activations.get(name)(x[:, None])  # each number a vector of its own
        np.testing.assert_allclose(value, np.ravel(alone), err_msg=name)


def test_softmax_shows_probabilities_of_a_vector():
    (ax,) = visualize.plot_activations(["softmax"]).axes
    (panel,) = ax.child_axes
    vector, probabilities = ([bar.get_height() for bar in bars] for bars in panel.containers)
    expected = np.exp(vector) / np.exp(vector).sum()
    np.testing.assert_allclose(probabilities, expected, rtol=1e-6)
    assert texts(panel) == [f"{share:.2f}" for share in expected]


def test_gradient_norms_equal_the_closed_form():
    random = np.random.default_rng(0)
    x, y = random.normal(size=(8, 3)), random.normal(size=(8, 1))
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1, name="line"), layers.Dropout(0.5)])
    model.compile(loss="mse")
    weight, bias = model.get_weights()
    error = x @ weight + bias - y
    gradient = np.append(2 * (x * error).mean(axis=0), 2 * error.mean())
    norms = visualize.gradient_norms(model, x, y)
    assert norms == {"line": pytest.approx(np.linalg.norm(gradient), rel=1e-5)}
    assert (model.get_weights()[0] == weight).all()
    with pytest.raises(visualize.VisualizeError, match=r"model\.compile\(loss="):
        visualize.gradient_norms(keras.Sequential([keras.Input((3,)), layers.Dense(1)]), x, y)


def test_gradient_norms_count_repeated_rows_of_an_embedding():
    model = keras.Sequential([keras.Input((2,), dtype="int32"), layers.Embedding(3, 1, name="e")])
    model.compile(loss=lambda y, prediction: keras.ops.sum(prediction))
    norms = visualize.gradient_norms(model, np.array([[1, 1]]), np.zeros((1, 2, 1)))
    assert norms["e"] == pytest.approx(2), "the row 1 is used twice"


def test_gradient_flow_draws_first_last_and_all_epochs():
    (ax,) = PICTURES["gradient_flow"]().axes
    first, last = ax.lines
    assert list(first.get_ydata()) == [1e-3, 1]
    assert list(last.get_ydata()) == [1e-2, 3]
    band = ax.collections[0].get_paths()[0].vertices
    assert {1e-4, 1e-2} <= set(band[band[:, 0] == 0, 1])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["first", "second"]
    assert ax.get_yscale() == "log"
    (ax,) = visualize.plot_gradient_flow({"only": 0.5}).axes
    assert list(ax.lines[0].get_ydata()) == [0.5]


def test_dead_units_are_counted():
    model = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(4, activation="relu", name="half dead"),
            layers.Dense(2, name="no activation"),
            layers.ReLU(name="alive"),
        ]
    )
    # Two units copy an input each, two are held below zero by their bias.
    model.layers[0].set_weights([np.array([[1, 0, 0, 0], [0, 1, 0, 0]]), np.array([0, 0, -1, -1])])
    model.layers[1].set_weights([np.ones((4, 2)), np.ones(2)])
    inputs = -np.ones((600, 2), "float32")
    inputs[10, 0] = inputs[590, 1] = 1  # to fire once, early or late, is enough
    assert visualize.dead_relu_shares(model, inputs) == {"half dead": 0.5, "alive": 0}
    (ax,) = visualize.plot_dead_relus(model, inputs).axes
    assert [bar.get_width() for bar in ax.containers[0]] == [0.5, 0]
    assert texts(ax) == ["50%", "0%"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["half dead", "alive"]


def test_a_dead_filter_fires_nowhere_in_any_image(convolution):
    kernel = np.zeros((3, 3, 1, 4))
    kernel[1, 1, 0, 0] = 1
    model = keras.models.clone_model(convolution)
    model.layers[0].set_weights([kernel, np.array([0, -1, 0, 0])])
    image = np.zeros((1, 8, 8, 1), "float32")
    image[0, 4, 4] = 1
    assert visualize.dead_relu_shares(model, image) == {"look": 0.75}
    # The image fires one filter, at one place.
    figure = visualize.plot_feature_maps(model, image[0], "look")
    shown = [panel.images[0].get_array() for panel in figure.axes[0].child_axes if panel.images]
    assert [int(values.sum()) for values in shown] == [1, 1, 0, 0, 0]


def test_feature_maps_and_filters_are_those_of_the_layer(convolution):
    image = np.random.default_rng(0).random((8, 8)).astype("float32")
    look = convolution.get_layer("look")
    maps = look(image[None, :, :, None]).numpy()[0]
    panels = visualize.plot_feature_maps(convolution, image, "look").axes[0].child_axes
    assert [panel.get_title() for panel in panels[:5]] == ["image", "1", "2", "3", "4"]
    for number in range(4):
        shown = panels[number + 1].images[0].get_array()
        np.testing.assert_allclose(shown, maps[..., number], atol=1e-6)
    kernel = look.get_weights()[0]
    panels = visualize.plot_filters(convolution, "look").axes[0].child_axes
    for number in range(4):
        assert (panels[number].images[0].get_array() == kernel[:, :, 0, number]).all()
    low, high = panels[0].images[0].get_clim()
    assert -low == high == np.abs(kernel).max(), "zero is white"


def test_filters_of_several_channels_are_rows():
    model = keras.Sequential([keras.Input((5, 5, 3)), layers.Conv2D(2, 3, name="look")])
    (ax,) = visualize.plot_filters(model, "look").axes
    kernel = model.layers[0].get_weights()[0]
    shown = [panel.images[0].get_array() for panel in ax.child_axes]
    expected = [kernel[:, :, row, column] for row in range(3) for column in range(2)]
    assert np.array_equal(shown, expected)
    assert ax.get_title() == "rows: channels 1 to 3 of 3, columns: filters 1 to 2 of 2"


def numbers(words):
    return [float(word.replace("−", "-")) for word in words]


def test_the_convolution_example_is_a_correlation_as_in_keras():
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


def test_the_pooling_example_equals_keras():
    for size in (2, 3):
        (ax,) = visualize.plot_max_pooling(IMAGE, size).axes
        words = texts(ax)
        expected = layers.MaxPooling2D(size)(IMAGE[None, ..., None].astype("float32"))[0, ..., 0]
        expected = np.ravel(expected)
        place = words.index(f"largest of {size} × {size}")
        assert numbers(words[place - len(expected) : place]) == list(expected)


def test_images_are_in_their_places_and_in_one_range():
    (ax,) = visualize.plot_images(GREY, ["a", "$b", "c"]).axes
    panels = [panel for panel in ax.child_axes if panel.axison]
    assert [panel.get_title() for panel in panels] == ["a", "$b", "c"]
    for panel, image in zip(panels, GREY, strict=True):
        assert np.array_equal(panel.images[0].get_array(), image)
        assert panel.images[0].get_clim() == (0, 1)
    red = np.zeros((1, 2, 2, 3), "uint8")
    red[..., 0] = 255
    (ax,) = visualize.plot_images(red).axes
    assert (ax.child_axes[0].images[0].get_array() == [1, 0, 0]).all()


def test_reconstructions_stand_below_their_originals():
    originals = np.arange(12)[:, None, None] / 11 * np.ones((12, 2, 3))
    (ax,) = visualize.plot_reconstructions(originals, 1.5 - originals).axes
    shown = np.full((4, 10), np.nan)
    for place, panel in enumerate(ax.child_axes):
        if panel.axison:
            shown.ravel()[place] = panel.images[0].get_array()[0, 0]
    expected = np.full((4, 10), np.nan)
    expected[0], expected[2, :2] = np.arange(10) / 11, np.arange(10, 12) / 11
    expected[1::2] = np.minimum(1.5 - expected[::2], 1)  # in the range of the originals
    np.testing.assert_allclose(shown, expected)


def test_sample_strip_has_a_grid_for_each_moment_in_one_range():
    dark, bright = np.full((5, 2, 3), 0.25), np.full((5, 2, 3), 0.75)
    dark[0, 0, 0], bright[0, 0, 0] = 0, 1
    (ax,) = visualize.plot_sample_strip({"epoch 0": dark, "epoch 9": bright}).axes
    panels = ax.child_axes
    assert [panel.get_title() for panel in panels] == ["epoch 0", "epoch 9"]
    for panel, value in zip(panels, (0.25, 0.75), strict=True):
        page = np.asarray(panel.images[0].get_array())
        assert page.shape == (2 * 3, 3 * 4)  # 5 images in 2 rows of 3, with a line behind each
        np.testing.assert_array_equal(page[0, 1:3], value)
        np.testing.assert_array_equal(page[2], 1)
        np.testing.assert_array_equal(page[3:, 8:], 1)  # no sixth image


def test_latent_space_draws_each_class_once():
    (ax,) = PICTURES["latent_space"]().axes
    zero, one = ax.collections
    assert zero.get_offsets().tolist() == [[0, 1]]
    assert one.get_offsets().tolist() == [[1, 0], [2, 2]]
    assert [(text.get_text(), *text.get_position()) for text in ax.texts] == [
        ("0", 0, 1),
        ("1", 1.5, 1),
    ]
    shapes = [collection.get_paths()[0].vertices.tolist() for collection in ax.collections]
    assert shapes[0] != shapes[1], "grey print needs different markers"


def test_a_larger_latent_space_is_drawn_along_its_principal_axes():
    flat = np.random.default_rng(0).normal(size=(60, 2)) * (5, 2)
    turned = np.linalg.qr(np.random.default_rng(1).normal(size=(4, 4)))[0]
    (ax,) = visualize.plot_latent_space(flat @ turned[:2] + 7, [0] * 60).axes
    drawn = np.asarray(ax.collections[0].get_offsets())
    lengths = np.linalg.svd(flat - flat.mean(axis=0), compute_uv=False)
    np.testing.assert_allclose(np.linalg.svd(drawn, compute_uv=False), lengths)
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=0), lengths)
    assert ax.get_xlabel() == "first principal axis of 4"


def test_an_interpolation_goes_straight_from_code_to_code():
    codes = np.array([[0.0, 1.0], [3.0, -2.0], [0.0, 0.0]], "float32")
    model = decoder()
    (ax,) = visualize.plot_interpolation(model, codes, 4).axes
    shown = [panel.images[0].get_array() for panel in ax.child_axes]
    ways = [[0, 1], [1, 0], [2, -1], [3, -2], [3, -2], [2, -4 / 3], [1, -2 / 3], [0, 0]]
    images = model.predict(np.array(ways, "float32"), verbose=0)
    images = (images - images.min()) / (images.max() - images.min())
    np.testing.assert_allclose(np.squeeze(shown), np.squeeze(images), atol=1e-6)
    bottoms = [panel.get_window_extent().y0 for panel in ax.child_axes]
    assert bottoms[:4] == [bottoms[0]] * 4
    assert bottoms[4:] == [bottoms[4]] * 4
    assert bottoms[4] < bottoms[0], "a way below the other"


def test_the_manifold_has_its_codes_where_the_axes_say():
    (ax,) = visualize.plot_latent_manifold(decoder(), 4).axes
    page = ax.images[0].get_array()
    firsts, seconds = page[::2, ::3], page[::2, 1::3]  # the third column and second row are white
    assert (np.diff(firsts, axis=1) > 0).all(), "the first code grows to the right"
    assert (np.diff(seconds, axis=0) < 0).all(), "the second code grows upwards"
    # Quantiles 1/8 and 3/8 of the normal distribution, from any table.
    assert [label.get_text() for label in ax.get_xticklabels()] == ["-1.2", "-0.3", "0.3", "1.2"]
    assert ax.get_xticks()[0] == 1
    assert ax.get_yticks()[0] > ax.get_yticks()[-1], "rows of an image count downwards"


def test_attention_has_tokens_at_its_ticks():
    (ax,) = visualize.plot_attention(
        [[0.25, 0.75], [1, 0], [0.5, 0.5]], ["der", "$5", "x"], ["the", "dog"]
    ).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["der", "$5", "x"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["the", "dog"]
    assert texts(ax) == [".25", ".75", "1", ".00", ".50", ".50"]
    assert (ax.images[0].get_array()[0] == [0.25, 0.75]).all()


def test_routing_has_a_panel_for_each_iteration():
    weights = np.stack([np.full((3, 2), 0.5), [[1, 0], [0, 1], [0.3, 0.7]]])
    (ax,) = visualize.plot_capsule_routing(weights).axes
    assert [panel.get_title() for panel in ax.child_axes] == ["iteration 1", "iteration 2"]
    assert np.array_equal([panel.images[0].get_array() for panel in ax.child_axes], weights)
    (ax,) = visualize.plot_capsule_routing(weights[1]).axes
    assert len(ax.child_axes) == 1


@pytest.mark.parametrize(("distance", "verdict"), [(0.4, "same"), (0.6, "different")])
def test_a_siamese_pair_shows_its_distance(distance, verdict):
    (ax,) = visualize.plot_siamese_pair(GREY[0], GREY[0], distance, 0.5).axes
    scale = ax.child_axes[2]
    assert scale.get_title() == f"distance {distance}: {verdict}"
    assert [float(line.get_xdata()[0]) for line in scale.lines] == [0.5, distance]
    assert scale.get_xlim()[1] > distance


def test_segmentation_colours_the_pixels_of_the_mask():
    mask = np.zeros((6, 5), int)
    mask[1:3, 1:3], mask[4, 4] = 1, 2
    (ax,) = visualize.plot_segmentation(GREY[0], mask, ["cat", "dog"]).axes
    for number, overlay in enumerate(ax.images[1:], start=1):
        assert ((overlay.get_array()[..., 3] > 0) == (mask == number)).all()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["cat", "dog"]


def test_the_forecast_lies_where_the_frame_and_the_horizon_say():
    (ax,) = visualize.plot_forecast(np.arange(20), [14, 15], start=8, window=5, horizon=3).axes
    box = ax.patches[0].get_extents().transformed(ax.transData.inverted())
    rows = np.arange(20)
    assert list(rows[(rows > box.x0) & (rows < box.x1)]) == [8, 9, 10, 11, 12]
    truth, forecast = ax.lines
    assert list(truth.get_ydata()) == list(range(20))
    assert list(forecast.get_xdata()) == [15, 16]
    assert list(forecast.get_ydata()) == [14, 15]


BAD = {
    "no gradient norms": lambda model: visualize.plot_gradient_flow({}),
    "different numbers of epochs": lambda model: visualize.plot_gradient_flow(
        {"a": [1], "b": [1, 2]}
    ),
    "no activation 'relo' in keras.activations; did you mean 'relu'": (
        lambda model: visualize.plot_activations(["relo"])
    ),
    "log_softmax has no curve": lambda model: visualize.plot_activations(["log_softmax"]),
    "no activation given": lambda model: visualize.plot_activations([]),
    "at least one sample": lambda model: visualize.plot_dead_relus(model, np.zeros((0, 8, 8, 1))),
    "no layer with ReLU": lambda model: visualize.plot_dead_relus(decoder(), np.zeros((1, 2))),
    "has no shapes yet": lambda model: visualize.plot_dead_relus(
        keras.Sequential([layers.Dense(1)]), np.zeros((1, 2))
    ),
    "no layer 'lok' in model 'small'; did you mean 'look'": (
        lambda model: visualize.plot_feature_maps(model, np.zeros((8, 8)), "lok")
    ),
    r"no layer 'zzz' in model 'small'; it has look, ": (
        lambda model: visualize.plot_filters(model, "zzz")
    ),
    r"image \(9, 8, 1\) does not fit": lambda model: visualize.plot_feature_maps(
        model, np.zeros((9, 8)), "look"
    ),
    "choose a convolution or pooling layer": lambda model: visualize.plot_feature_maps(
        model, np.zeros((8, 8)), "tell"
    ),
    "'tell' of model 'small' is no Conv2D with weights; it has look": (
        lambda model: visualize.plot_filters(model, "tell")
    ),
    r"image \(13, 2\)": lambda model: visualize.plot_convolution(np.zeros((13, 2)), [[1]]),
    "image.*rows and columns of numbers": lambda model: visualize.plot_max_pooling(
        [[np.nan, 1]], 1
    ),
    r"kernel \(3, 1\) does not fit": lambda model: visualize.plot_convolution(
        np.zeros((2, 2)), [[1], [1], [1]]
    ),
    "no block of 3 x 3": lambda model: visualize.plot_max_pooling(np.zeros((2, 2)), 3),
    r"images \(2, 2\)": lambda model: visualize.plot_images(np.zeros((2, 2))),
    "2 labels for 3 images": lambda model: visualize.plot_images(GREY, ["a", "b"]),
    "401 images": lambda model: visualize.plot_images(np.zeros((401, 2, 2))),
    "pixels are not finite": lambda model: visualize.plot_images(np.full((1, 2, 2), np.nan)),
    "grids of the shapes": lambda model: visualize.plot_sample_strip({"a": GREY, "b": GREY[:2]}),
    "must have one shape": lambda model: visualize.plot_reconstructions(GREY, GREY[:2]),
    "originals.*at least one sample": lambda model: visualize.plot_reconstructions(
        GREY[:0], GREY[:0]
    ),
    "two dimensions or more": lambda model: visualize.plot_latent_space(np.zeros((4, 1)), range(4)),
    "21 classes": lambda model: visualize.plot_latent_space(np.zeros((21, 2)), range(21)),
    "3 codes in 1 steps": lambda model: visualize.plot_interpolation(
        decoder(), np.eye(3)[:, :2], 1
    ),
    "1 codes in 9 steps": lambda model: visualize.plot_interpolation(decoder(), [[0, 0]]),
    r"codes \(2, 3\) for decoder": lambda model: visualize.plot_interpolation(
        decoder(), np.zeros((2, 3))
    ),
    "two latent dimensions": lambda model: visualize.plot_latent_manifold(model),
    "give one head": lambda model: visualize.plot_attention(np.eye(2), ["a"], ["a", "b"]),
    "after softmax": lambda model: visualize.plot_attention([[2, -1]], ["a"], ["a", "b"]),
    "have the sum 1": lambda model: visualize.plot_capsule_routing(np.ones((2, 3, 4))),
    r"\(iterations, input capsules": lambda model: visualize.plot_capsule_routing(np.ones(3)),
    "give equal ones": lambda model: visualize.plot_siamese_pair(GREY[0], GREY[0][1:], 1, 1),
    "a threshold above 0": lambda model: visualize.plot_siamese_pair(GREY[0], GREY[0], 1, 0),
    r"mask \(5, 5\) does not fit": lambda model: visualize.plot_segmentation(
        GREY[0], np.eye(5), ["a"]
    ),
    "mask holds": lambda model: visualize.plot_segmentation(
        GREY[0], np.full((6, 5), 3), ["a", "b"]
    ),
    "no frame of 5 rows from row 18": lambda model: visualize.plot_forecast(
        np.arange(20), [1], 18, 5
    ),
    "one column of values": lambda model: visualize.plot_forecast(np.arange(20), [], 1, 5),
}


@pytest.mark.parametrize("said", BAD)
def test_bad_input_is_told_in_one_sentence(said, convolution):
    with pytest.raises(visualize.VisualizeError, match=said) as caught:
        BAD[said](convolution)
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Two folders of all notes' pictures, and whether global state is as before."""
    settings, state = dict(matplotlib.rcParams), np.random.get_state()[1].copy()
    folders = [tmp_path_factory.mktemp("notes") / "made" / name for name in ("first", "second")]
    paths = [notes.write_all(folder) for folder in folders]
    assert dict(matplotlib.rcParams) == settings
    assert (np.random.get_state()[1] == state).all()
    return paths


def test_notes_write_a_picture_of_every_function(written):
    functions = plotted(plots) | plotted(data_plots) | plotted(schematics)
    assert {f"plot_{name}" for name in functions} <= set(visualize.__all__)
    assert sorted(path.stem for path in written[0]) == sorted(functions)
    assert len(functions) >= 29
    for path in written[0]:
        with Image.open(path) as picture:
            assert picture.format == "PNG"
            assert min(picture.size) > 200, path.name
            grey = np.asarray(picture.convert("L")).astype(int)
        assert np.ptp(grey) > 100, f"{path.name} is blank"
        assert math.isclose(grey[0, 0], 255), f"{path.name} has no white corner: clipped?"


def test_notes_are_the_same_files_each_time(written):
    for first, second in zip(*written, strict=True):
        assert first.read_bytes() == second.read_bytes(), first.name


def test_notes_refuse_a_file_for_a_folder(tmp_path):
    path = tmp_path / "file"
    path.write_text("mine")
    for folder in (path, path / "below"):
        with pytest.raises(visualize.VisualizeError, match="is a file: give a folder"):
            notes.write_all(folder)
    assert path.read_text() == "mine"
