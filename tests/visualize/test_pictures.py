"""All plots give the same pixels each time, draw in their own Axes, and have short errors."""

import functools
import inspect

import keras
import matplotlib
import numpy as np
import pytest
from keras import layers
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import visualize
from visualize.notes import arithmetic
from visualize.plots import codes, images, pairs, training
from visualize.plots import layers as layer_plots

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


@functools.cache
def decoder():
    """A decoder that returns its two-dimensional code as an image of one row and two columns."""
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
    "code_dimensions": lambda **options: visualize.plot_code_dimensions(
        decoder(), [0.5, 1], **options
    ),
    "attention": lambda **options: visualize.plot_attention(
        [[0.2, 0.8], [0.5, 0.5]], ["der", "Hund"], ["the", "dog"], **options
    ),
    "capsule_routing": lambda **options: visualize.plot_capsule_routing(
        np.full((2, 3, 4), 0.25), **options
    ),
    "siamese_pair": lambda **options: visualize.plot_siamese_pair(
        GREY[0], GREY[1], 0.4, 0.5, **options
    ),
    "pairs": lambda **options: visualize.plot_pairs(
        {"same class, right": (GREY[:2], GREY[:2], [0.1, 0.2])}, 0.5, **options
    ),
    "roc": lambda **options: visualize.plot_roc({"tower": ([0, 0.2, 1], [0, 0.9, 1])}, **options),
    "segmentation": lambda **options: visualize.plot_segmentation(
        GREY[0], np.eye(6, 5, dtype=int), ["line"], **options
    ),
}


def pixels(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba()).astype(int)


def plotted(module):
    """The names of the pictures that a module draws."""
    return {
        name.removeprefix("plot_")
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if name.startswith("plot_") and function.__module__ == module.__name__
    }


def test_every_plot_is_among_the_pictures_drawn_here():
    expected = {"dead_relus", "forecast"}
    for module in (arithmetic, codes, images, layer_plots, pairs, training):
        expected |= plotted(module)
    assert set(PICTURES) == expected


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
    r"code \(3,\) for decoder": lambda model: visualize.plot_code_dimensions(decoder(), [1, 2, 3]),
    "0 numbers that are not 0": lambda model: visualize.plot_code_dimensions(decoder(), [0, 0]),
    "0 changes": lambda model: visualize.plot_code_dimensions(decoder(), [1, 1], []),
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


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_refused_in_one_sentence(message):
    with pytest.raises(visualize.VisualizeError, match=message) as caught:
        BAD[message](small())
    assert "\n" not in str(caught.value)
