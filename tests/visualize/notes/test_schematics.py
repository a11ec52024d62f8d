"""Schematics: equations equal to Keras, every label in its box, and no two labels overlap."""

import functools
import itertools
import re

import keras
import matplotlib
import numpy as np
import pytest
from keras import layers
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path
from matplotlib.transforms import Bbox

import visualize
from visualize.notes import cells

DATE, ISO = ["5", "March", "2021"], ["2021", "-03", "-05"]
HOSTILE = ["$5", "a_very_long_token_name", "<&>", "x^2_{"]

SCHEMATICS = {
    "unrolled_rnn": lambda **options: visualize.plot_unrolled_rnn(3, **options),
    "unrolled_rnn_longest": lambda **options: visualize.plot_unrolled_rnn(12, **options),
    "rnn_types": visualize.plot_rnn_types,
    "rnn_cell": visualize.plot_rnn_cell,
    "lstm_cell": visualize.plot_lstm_cell,
    "gru_cell": visualize.plot_gru_cell,
    "seq2vec": lambda **options: visualize.plot_seq2vec(["a", "good", "film"], "good", **options),
    "seq2vec_one": lambda **options: visualize.plot_seq2vec("film", "good", **options),
    "seq2vec_hostile": lambda **options: visualize.plot_seq2vec(HOSTILE, "$y$", **options),
    "vec2seq": lambda **options: visualize.plot_vec2seq("image", ["a", "square"], **options),
    "vec2seq_hostile": lambda **options: visualize.plot_vec2seq("$v$", HOSTILE, **options),
    "seq2seq": lambda **options: visualize.plot_seq2seq(DATE, ISO, **options),
    "seq2seq_one": lambda **options: visualize.plot_seq2seq(["5"], ["V"], **options),
    "encoder_decoder": lambda **options: visualize.plot_encoder_decoder(DATE, ISO, **options),
    "encoder_decoder_one": lambda **options: visualize.plot_encoder_decoder("5", "V", **options),
    "encoder_decoder_hostile": lambda **options: visualize.plot_encoder_decoder(
        HOSTILE, HOSTILE, **options
    ),
    "autoencoder": visualize.plot_autoencoder,
    "autoencoder_small": lambda **options: visualize.plot_autoencoder((2, 1), **options),
    "autoencoder_deep": lambda **options: visualize.plot_autoencoder(
        (784, 512, 256, 64, 16, 2), **options
    ),
    "capsule": visualize.plot_capsule,
    "gan": visualize.plot_gan,
    "agent_environment": visualize.plot_agent_environment,
    "siamese": visualize.plot_siamese,
    "transformer": visualize.plot_transformer,
    "bert": lambda **options: visualize.plot_bert(["a", "good", "film"], 1, **options),
    "bert_first": lambda **options: visualize.plot_bert(["a", "b"], 0, **options),
    "bert_hostile": lambda **options: visualize.plot_bert([*HOSTILE, "z", *HOSTILE], 1, **options),
}

LABELS = {
    "unrolled_rnn": ["$h_t$", "=", "$x_{1}$", "$y_{3}$", "$h_{2}$", "the same weights"],
    "rnn_types": [
        "one to one",
        "one to many",
        "many to one",
        "many to many, different lengths",
        "many to many, equal lengths",
    ],
    "rnn_cell": ["$x_t$", "$h_{t-1}$", "$h_t$", "$y_t$", "tanh", "softmax"],
    "lstm_cell": [
        *("$x_t$", "$h_{t-1}$", "$h_t$", "$c_{t-1}$", "$c_t$", "$f_t$", "$i_t$", "$o_t$"),
        *("forget gate", "input gate", "candidate", "cell state", "output gate", "hidden state"),
    ],
    "gru_cell": ["$x_t$", "$h_{t-1}$", "$h_t$", "$r_t$", "$z_t$", "reset gate", "update gate"],
    "seq2vec": ["a", "good", "film", "vector", "encoder"],
    "vec2seq": ["image", "start", "a", "square", "end", "decoder"],
    "seq2seq": [*DATE, *ISO, "start", "end", "encoder", "decoder", "state"],
    "encoder_decoder": [*DATE, *ISO, "start", "end", r"$\hat{y}_{4}$", "loss", "true token"],
    "autoencoder": ["784", "128", "32", "encoder", "decoder", "code $z$", "loss"],
    "transformer": [
        *("encoder", "decoder", "self-attention", "causal\nself-attention", "cross-attention"),
        *("feed-forward", "norm", "keys, values", "embedding\n+ position", "next token", "× N"),
    ],
    "bert": ["[CLS]", "[MASK]", "[SEP]", "a", "film", "good", "class", "transformer encoder"],
    "capsule": [
        *("$u_1$", "$W_{2j}$", "$c_{3j}$", "squash", "$v_j$", "input capsules", "votes", "vote"),
        *("sum", "coupling", "agreement", "output capsule", "votes that agree with $v_j$"),
    ],
    "gan": ["noise $z$", "generator", "discriminator", "training\ndata", "generated\nsample"],
    "agent_environment": [
        *("agent", "environment", "actor", "critic", "action $a_t$", "state $s_{t+1}$"),
        "reward $r_{t+1}$",
    ],
}


@functools.cache
def draw(name):
    """The Axes of a schematic after drawing. It is shared by the tests: do not change it."""
    figure = SCHEMATICS[name]()
    FigureCanvasAgg(figure).draw()
    (ax,) = figure.axes
    return ax


def pixels(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


def inside(box, frame):
    return all(frame.min <= box.min) and all(box.max <= frame.max)


def line_of(ax, arrow):
    """The path of an arrow in pixels."""
    path = arrow.get_path()
    visible = path.codes != Path.CLOSEPOLY  # the vertex of a CLOSEPOLY has no meaning
    return ax.transData.transform_path(Path(path.vertices[visible], path.codes[visible]))


def shrunk(box, by=1):
    """A box without its outermost pixels, which are empty in the box of a text."""
    return Bbox([[box.x0 + by, box.y0 + by], [box.x1 - by, box.y1 - by]])


@pytest.mark.parametrize("name", LABELS)
def test_every_label_is_in_the_picture(name):
    words = [text.get_text() for text in draw(name).texts]
    missing = [label for label in LABELS[name] if not any(w.startswith(label) for w in words)]
    assert not missing


@pytest.mark.parametrize("name", SCHEMATICS)
def test_no_text_overlaps_another_or_leaves_the_page(name):
    ax = draw(name)
    boxes = [(text.get_text(), text.get_window_extent()) for text in ax.texts if text.get_text()]
    page = ax.figure.bbox
    for words, box in boxes:
        assert inside(box, page), f"{words!r} leaves the page"
    for (words, box), (others, other) in itertools.combinations(boxes, 2):
        assert not shrunk(box).overlaps(other), f"{words!r} overlaps {others!r}"


@pytest.mark.parametrize("name", SCHEMATICS)
def test_text_fits_into_its_box_and_no_line_crosses_the_text(name):
    ax = draw(name)
    shapes = [
        patch.get_window_extent()
        for patch in ax.patches
        if isinstance(patch, FancyBboxPatch)
        or (isinstance(patch, Circle) and patch.get_radius() > 0.1)
    ]
    lines = [line_of(ax, patch) for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    for text in ax.texts:
        box, words = text.get_window_extent(), text.get_text()
        x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
        around = [shape for shape in shapes if shape.contains(x, y)]
        if around:
            frame = min(around, key=lambda shape: shape.width * shape.height)
            assert inside(box, frame), f"{words!r} is larger than its box"
        for shape in shapes:
            if shape not in around:
                assert not shrunk(shape).overlaps(box), f"{words!r} overlaps another box"
        for line in lines:
            assert not line.intersects_bbox(shrunk(box), filled=False), f"a line crosses {words!r}"


@pytest.mark.parametrize("name", SCHEMATICS)
def test_the_same_call_gives_the_same_pixels(name):
    before = dict(matplotlib.rcParams)
    first, second = pixels(draw(name).figure), pixels(SCHEMATICS[name]())
    assert (first == second).all()
    assert len(np.unique(first)) > 10, "blank"
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("name", LABELS)
def test_a_schematic_grows_and_shrinks_with_its_axes(name):
    figure = Figure(figsize=(9, 4))
    left, right = figure.subplots(1, 2)
    assert SCHEMATICS[name](ax=right) is figure
    FigureCanvasAgg(figure).draw()
    assert not left.texts
    assert not left.patches
    page = right.get_window_extent().padded(3)
    boxes = [text.get_window_extent() for text in right.texts if text.get_text()]
    for box in boxes:
        assert inside(box, page)
    for box, other in itertools.combinations(boxes, 2):
        assert not shrunk(box, 2).overlaps(other)


def test_text_uses_the_font_that_comes_with_matplotlib():
    for name in LABELS:
        assert {text.get_fontname() for text in draw(name).texts} == {"DejaVu Sans"}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    return np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)


def in_python(mathtext):
    """An equation of the pictures as Python code; vectors are rows, as in Keras."""
    for written, python in (
        (r"\tilde{c}_t", "c_new"),
        (r"\tilde{h}_t", "h_new"),
        ("h_{t-1}", "h_before"),
        ("c_{t-1}", "c_before"),
        (r"\mathrm{softmax}", "softmax"),
        (r"\sigma", "sigmoid"),
        (r"\tanh", "np.tanh"),
        (r"\odot", "*"),
    ):
        mathtext = mathtext.replace(written, python)
    return re.sub(r"([WU]_\w) (\w+)", r"(\2 @ \1)", mathtext)


def solve(equations, **values):
    """The values of all left sides; the equations are computed in the order of the picture."""
    values = {"np": np, "sigmoid": sigmoid, "softmax": softmax, **values}
    for _, equation in equations:
        left, right = in_python(equation).split(" = ")
        values[left] = eval(right, {}, values)
    return values


def weights_of(layer, gates, biases="b"):
    """The weights of a Keras layer by their names in the pictures."""
    kernel, recurrent, bias = layer.get_weights()
    named = {}
    for letter, array in (
        ("W", kernel),
        ("U", recurrent),
        *zip(biases, np.atleast_2d(bias), strict=True),
    ):
        for gate, part in zip(gates, np.split(array, len(gates), axis=-1), strict=True):
            named[f"{letter}_{gate}"] = part
    return named


@pytest.fixture
def random():
    return np.random.default_rng(0)


def with_random_weights(layer, random):
    """A recurrent layer for 3 features, with random weights and biases."""
    layer.build((None, None, 3))
    layer.set_weights([random.normal(size=weight.shape) for weight in layer.weights])
    return layer


def test_the_lstm_equations_equal_keras(random):
    layer = with_random_weights(layers.LSTM(4, return_state=True), random)
    x, h, c = random.normal(size=(5, 3)), random.normal(size=(5, 4)), random.normal(size=(5, 4))
    _, hidden, cell = layer(x[:, None], initial_state=[h, c])
    solved = solve(cells.LSTM_EQUATIONS, x_t=x, h_before=h, c_before=c, **weights_of(layer, "ifco"))
    np.testing.assert_allclose(solved["h_t"], hidden, atol=1e-5)
    np.testing.assert_allclose(solved["c_t"], cell, atol=1e-5)
    assert len(cells.LSTM_EQUATIONS) == 6


def test_the_gru_equations_equal_keras(random):
    layer = with_random_weights(layers.GRU(4), random)
    assert layer.reset_after
    x, h = random.normal(size=(5, 3)), random.normal(size=(5, 4))
    solved = solve(cells.GRU_EQUATIONS, x_t=x, h_before=h, **weights_of(layer, "zrh", biases="bd"))
    np.testing.assert_allclose(solved["h_t"], layer(x[:, None], initial_state=h), atol=1e-5)


def test_the_rnn_equations_equal_keras(random):
    layer = with_random_weights(layers.SimpleRNN(4), random)
    head = layers.Dense(2, activation="softmax")
    head.build((None, 4))
    x, h = random.normal(size=(5, 3)), random.normal(size=(5, 4))
    hidden = layer(x[:, None], initial_state=h)
    kernel, bias = head.get_weights()
    solved = solve(
        cells.RNN_EQUATIONS,
        **{"x_t": x, "h_before": h, "W_y": kernel, "b_y": bias, **weights_of(layer, "h")},
    )
    np.testing.assert_allclose(solved["h_t"], hidden, atol=1e-5)
    np.testing.assert_allclose(solved["y_t"], keras.ops.convert_to_numpy(head(hidden)), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "equations"),
    [
        ("rnn_cell", cells.RNN_EQUATIONS),
        ("lstm_cell", cells.LSTM_EQUATIONS),
        ("gru_cell", cells.GRU_EQUATIONS),
    ],
)
def test_a_cell_shows_its_equations(name, equations):
    words = [text.get_text() for text in draw(name).texts]
    for meaning, equation in equations:
        place = words.index(f"${equation}$")
        assert words[place - 1] == meaning


def test_teacher_forcing_reads_the_true_tokens_shifted_by_one_step():
    by_height = {}
    for text in draw("encoder_decoder").texts:
        x, y = text.get_position()
        by_height.setdefault(round(y, 2), []).append((x, text.get_text()))
    rows = {height: [words for _, words in sorted(texts)] for height, texts in by_height.items()}
    assert rows[0.9] == [*DATE, "start", *ISO]
    assert rows[5] == ["true token", *ISO, "end"]


def test_bert_hides_one_word_and_predicts_it_above_its_place():
    texts = draw("bert").texts
    place = {text.get_text(): text.get_position() for text in texts}
    column, row = place["[MASK]"]
    in_row = sorted((text.get_position()[0], text.get_text()) for text in texts)
    in_row = [words for _, words in in_row if place[words][1] == row and words != "good"]
    assert in_row == ["input tokens", "[CLS]", "a", "[MASK]", "film", "[SEP]"]
    words = [text.get_position() for text in texts if text.get_text() == "good"]
    below, above = sorted(y for x, y in words if x == pytest.approx(column))
    assert below < row < place["transformer encoder"][1] < above


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: visualize.plot_unrolled_rnn(1), "give 2 to 12"),
        (lambda: visualize.plot_unrolled_rnn(13), "give 2 to 12"),
        (lambda: visualize.plot_seq2vec([], "good"), "inputs holds 0 tokens: give 1 to 12"),
        (lambda: visualize.plot_seq2seq(["a"], ["b"] * 12), "outputs holds 12 tokens"),
        (lambda: visualize.plot_vec2seq("v", ["a", ""]), "none of them empty"),
        (lambda: visualize.plot_encoder_decoder(["a"], []), "targets holds 0 tokens"),
        (lambda: visualize.plot_autoencoder((4, 8)), "the code the smallest"),
        (lambda: visualize.plot_autoencoder((4,)), "give 2 to 6 numbers"),
        (lambda: visualize.plot_bert(["a", "b"], 2), "hidden is 2, for 2 tokens"),
        (lambda: visualize.plot_bert(["a"], 0), "give two tokens or more"),
        (lambda: visualize.plot_bert(["a"] * 11, 0), "tokens holds 11 tokens: give 1 to 10"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(visualize.VisualizeError, match=message):
        call()
