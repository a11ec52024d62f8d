"""Diagrams say what the model is: every call, every wire, folded blocks, whatever the names."""

import contextlib
import json
import re
import shutil
import subprocess
import warnings
import xml.etree.ElementTree as ElementTree

import keras
import numpy as np
import pytest
from keras import layers, ops
from PIL import Image

import visualize
from visualize import folding, graph

SVG = "{http://www.w3.org/2000/svg}"
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


def siamese():
    encoder = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(5)],
        name="encoder",
    )
    left, right = keras.Input((8, 8, 1), name="left"), keras.Input((8, 8, 1), name="right")
    distance = ops.abs(ops.subtract(encoder(left), encoder(right)))
    return keras.Model([left, right], layers.Dense(1, name="same")(distance), name="siamese")


def transformer(blocks=12):
    tokens = keras.Input((16,), dtype="int32", name="tokens")
    mask = keras.Input((1, 16), dtype="bool", name="visible")
    x = layers.Embedding(50, 8)(tokens)
    for _ in range(blocks):
        attended = layers.MultiHeadAttention(2, 4)(x, x, attention_mask=mask)
        x = layers.LayerNormalization()(layers.Add()([x, attended]))
        hidden = layers.Dense(8)(layers.Dense(16, activation="gelu")(x))
        x = layers.LayerNormalization()(layers.Add()([x, layers.Dropout(0.1)(hidden)]))
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model([tokens, mask], layers.Dense(2)(x), name="transformer")


def twice():
    inputs = keras.Input((4,))
    dense = layers.Dense(4, name="again")
    return keras.Model(inputs, dense(dense(inputs)))


class Traced(keras.Model):
    def __init__(self):
        super().__init__(name="traced")
        self.first = layers.Dense(4, activation="relu")
        self.towers = [layers.Dense(4), layers.Dense(4)]
        self.last = layers.Dense(2)

    def call(self, x, training=False):
        x = self.first(x)
        for tower in self.towers:
            x = x + tower(x)
        return {"score": self.last(x), "features": x}


class Untraceable(Traced):
    def call(self, x):
        if not isinstance(x, keras.KerasTensor):
            x = self.first(x)
            return self.last(self.towers[0](x))
        raise TypeError("no symbols here")


def kinds(found):
    return [node.kind for node in found.nodes]


def wires(found):
    named = {node.key: node.name or node.kind for node in found.nodes}
    return [(named[edge.source], named[edge.target]) for edge in found.edges]


def assert_acyclic(found):
    places = {node.key: place for place, node in enumerate(found.nodes)}
    assert all(places[edge.source] < places[edge.target] for edge in found.edges)


def texts(svg):
    return ["".join(each.itertext()) for each in svg.iter(f"{SVG}text")]


def letter_width(letter):
    """Width of a letter in Helvetica, in font sizes, roughly."""
    if letter in " .,·:;iljtfrI'|()[]":
        return 0.28
    return 0.68 if letter.isupper() else 0.54


def assert_labels_inside(svg):
    """Every label lies on the page."""
    left, top, width, height = map(float, svg.get("viewBox").split())
    moved = re.search(
        r"scale\(([\d.]+).*translate\(([-\d.]+) ([-\d.]+)\)",
        svg.find(f"{SVG}g").get("transform"),
    )
    scale, across, down = map(float, moved.groups())
    for label in svg.iter(f"{SVG}text"):
        size = float(label.get("font-size"))
        wide = size * sum(map(letter_width, "".join(label.itertext())))
        start = {"start": 0, "middle": -wide / 2, "end": -wide}[label.get("text-anchor", "start")]
        x = (float(label.get("x")) + across) * scale + start
        y = (float(label.get("y")) + down) * scale
        assert left <= x, "".join(label.itertext())
        assert x + wide <= left + width + 1, "".join(label.itertext())
        assert top <= y - size * 0.7, "".join(label.itertext())
        assert y <= top + height, "".join(label.itertext())


def parsed(path):
    return ElementTree.parse(path).getroot()


def test_a_layer_that_is_called_twice_has_two_boxes():
    found = graph.read(twice())
    assert wires(found)[1:] == [("again", "again"), ("again", "Output")]
    assert_acyclic(found)
    assert [(node.call, node.calls) for node in found.nodes if node.name == "again"] == [
        (1, 2),
        (2, 2),
    ]


@pytest.mark.parametrize("opened", [True, False])
def test_plot_model_draws_shared_layers_and_towers_truly(opened, tmp_path):
    path = visualize.plot_model(siamese(), tmp_path / "a.dot", expand_nested=opened)
    edges = re.findall(r"^(\w+) -> (\w+)", path.read_text(), re.M)
    assert all(source != target for source, target in edges)
    assert path.read_text().count("Sequential") == 2
    assert len(edges) == (10 if opened else 6)


def test_siamese_towers_are_acyclic_and_share_their_weights():
    found = graph.read(siamese())
    assert_acyclic(found)
    assert [group.call for group in found.groups.values()] == [1, 2]
    sources = {edge.target: edge.source for edge in found.edges}
    dense = [node for node in found.nodes if node.kind == "Dense" and node.group]
    origins = []
    for node in dense:
        key = node.key
        while key in sources:
            key = sources[key]
        origins.append(next(each.name for each in found.nodes if each.key == key))
    assert origins == ["left", "right"]
    assert dense[0].layer == dense[1].layer
    text = visualize.plot_architecture(siamese()).dot()
    assert text.count("shared weights") == 2
    assert "call 2 of 2" in text


def test_depth_opens_nested_models():
    innermost = keras.Sequential([keras.Input((3,)), layers.Dense(3, name="deep")], name="two")
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(3), innermost], name="one")
    model = keras.Sequential([keras.Input((3,)), inner, layers.Dense(1)])
    count = [len(graph.read(model, depth=depth).nodes) for depth in (0, 1, 2, 9)]
    assert count == [4, 5, 5, 5]
    assert [len(graph.read(model, depth=depth).groups) for depth in (0, 1, 2)] == [0, 1, 2]
    assert "two" in [node.name for node in graph.read(model, depth=1).nodes]


def test_wrappers_are_opened_and_named():
    inputs = keras.Input((5, 3))
    x = layers.Bidirectional(layers.LSTM(4, return_sequences=True), name="both")(inputs)
    x = layers.TimeDistributed(layers.Dense(2, activation="relu"), name="each")(x)
    model = keras.Model(inputs, x)
    found = graph.read(model)
    assert kinds(found) == ["InputLayer", "LSTM", "LSTM", "Concatenate", "Dense", "Output"]
    assert [group.title for group in found.groups.values()] == [
        "both (Bidirectional)",
        "each (TimeDistributed)",
    ]
    assert sum(node.parameters for node in found.nodes) == model.count_params()
    closed = kinds(graph.read(model, expand_wrappers=False))
    assert closed == ["InputLayer", "Bidirectional(LSTM)", "TimeDistributed(Dense)", "Output"]


def test_keys_of_dictionaries_are_kept(tmp_path):
    inputs = {"image": keras.Input((4,), name="image"), "text": keras.Input((3,), name="text")}
    inner_in = keras.Input((4,))
    inner = keras.Model(
        inner_in, {"mean": layers.Dense(2)(inner_in), "spread": layers.Dense(3)(inner_in)}
    )
    parts = inner(inputs["image"])
    joined = layers.Concatenate()([parts["mean"], parts["spread"], inputs["text"]])
    model = keras.Model(inputs, {"class & kind": joined, "code": parts["mean"]})
    found = graph.read(model, depth=0)
    assert [node.name for node in found.nodes if node.output] == ["class & kind", "code"]
    assert {node.name for node in found.nodes if node.kind == "InputLayer"} == {"image", "text"}
    path = visualize.plot_model(model, tmp_path / "a.svg", show_shapes=True)
    text = " ".join(texts(parsed(path)))
    assert "class & kind" in text
    assert "mean: (None, 2), spread: (None, 3)" in text


HOSTILE = [
    "a & b",
    "<b>bold<br>",
    "{left | right}",
    'say "hello"',
    "it's",
    "back\\slash\\N\\G",
    "größe 層 🙂",
    "line\nbreak\ttab\x07bell",
    "$x_1$ and $$",
    "]]> --> <!-- #quot; %s @TITLE@ \\g<1>",
    "x" * 300,
]


@pytest.mark.parametrize("engine", ["pygraphviz", "matplotlib"])
def test_names_may_hold_anything(engine, tmp_path):
    chain = [layers.Dense(2, name=name) for name in HOSTILE]
    model = keras.Sequential([keras.Input((2,), name="<in>"), *chain], name='m<&>"{}|')
    diagram = visualize.plot_architecture(model, tmp_path / "a.svg", engine=engine)
    said = plain(" ".join(texts(parsed(tmp_path / "a.svg"))))
    assert [layer.name for layer in chain if plain(layer.name) not in said] == []
    for kind in ("html", "mmd", "dot", "pdf"):
        with fonts_may_lack_letters():
            diagram.save(tmp_path / f"a.{kind}")
    page = (tmp_path / "a.html").read_text()
    assert page.count("<script>") == 1
    assert "<b>bold" not in page
    visualize.plot_model(model, tmp_path / "b.svg", show_layer_names=True)
    said = plain(" ".join(texts(parsed(tmp_path / "b.svg"))))
    assert [layer.name for layer in chain if plain(layer.name) not in said] == []


def plain(text):
    """Text as it can be read: control characters and runs of blanks are one blank."""
    return re.sub(r"[\x00-\x20\xa0]+", " ", text)


@contextlib.contextmanager
def fonts_may_lack_letters():
    """matplotlib's own font has no Chinese, and says so."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        yield


def test_the_input_has_no_black_bar(tmp_path):
    path = visualize.plot_model(twice(), tmp_path / "a.svg", show_shapes=True, show_dtype=True)
    node = next(each for each in parsed(path).iter(f"{SVG}g") if each.get("id") == "node1")
    black = [each for each in node.iter(f"{SVG}polygon") if each.get("fill") == "black"]

    def width(polygon):
        across = [float(point.split(",")[0]) for point in polygon.get("points").split()]
        return max(across) - min(across)

    white = [each for each in node.iter(f"{SVG}polygon") if each.get("fill") == "white"]
    assert width(black[0]) == pytest.approx(sum(map(width, white)), abs=2)


def test_plot_model_has_the_signature_of_keras(tmp_path):
    import inspect

    ours = inspect.signature(visualize.plot_model).parameters
    theirs = inspect.signature(keras.utils.plot_model).parameters
    assert [(p.name, p.default, p.kind) for p in ours.values()] == [
        (p.name, p.default, p.kind) for p in theirs.values()
    ]
    with pytest.raises(ValueError, match="layer_range"):
        visualize.plot_model(twice(), tmp_path / "a.svg", layer_range=["a", "b"])
    with pytest.raises(ValueError, match="Unrecognized keyword"):
        visualize.plot_model(twice(), tmp_path / "a.svg", loud=True)
    visualize.plot_model(twice(), tmp_path / "a.svg", layer_range=None)


def test_a_vector_file_is_not_clipped(tmp_path):
    for dpi in (72, 200, 400):
        svg = parsed(visualize.plot_model(twice(), tmp_path / "a.svg", dpi=dpi))
        box = [float(size) for size in svg.get("viewBox").split()]
        assert [float(svg.get(side)[:-2]) for side in ("width", "height")] == pytest.approx(
            box[2:], abs=1
        )
        assert_labels_inside(svg)


def test_subclassed_models_are_traced_and_left_as_they_were(tmp_path):
    model = Traced()
    with pytest.raises(visualize.UnbuiltModelError, match="input_shape="):
        visualize.plot_architecture(model)
    assert visualize.plot_architecture(model, input_shape=(3,)).graph.note == ""
    before = [len(layer._inbound_nodes) for layer in model._flatten_layers()]
    losses, weights = len(model.losses), len(model.weights)
    found = graph.read(model)
    assert kinds(found).count("Dense") == 4
    assert kinds(found).count("Add") == 2
    assert [node.name for node in found.nodes if node.output] == ["features", "score"]
    assert_acyclic(found)
    assert [len(layer._inbound_nodes) for layer in model._flatten_layers()] == before
    assert (len(model.losses), len(model.weights)) == (losses, weights)
    text = visualize.plot_model(model, tmp_path / "a.mmd", show_shapes=True).read_text()
    assert "None, 4" in text
    outer = keras.Input((3,))
    nested = keras.Model(outer, layers.Dense(1)(model(outer)["score"]))
    assert kinds(graph.read(nested)).count("Dense") == 5
    assert kinds(graph.read(nested, depth=0)) == ["InputLayer", "Traced", "Dense", "Output"]


@pytest.mark.filterwarnings("ignore:`build..` was called on layer")  # Keras cannot trace it either
def test_what_cannot_be_traced_is_drawn_as_a_tree_and_says_so(tmp_path):
    model = Untraceable()
    model(np.zeros((1, 3), "float32"))
    diagram = visualize.plot_architecture(model, tmp_path / "a.svg")
    assert "not traced" in diagram.graph.note
    assert all(edge.tree for edge in diagram.graph.edges)
    assert {edge.label for edge in diagram.graph.edges} == {
        "first",
        "towers[0]",
        "towers[1]",
        "last",
    }
    assert "not traced" in " ".join(texts(parsed(tmp_path / "a.svg")))


def test_an_unbuilt_model_takes_an_input_shape(tmp_path):
    model = keras.Sequential([layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(2)])
    with pytest.raises(visualize.UnbuiltModelError, match="input_shape="):
        visualize.plot_model(model, tmp_path / "a.svg")
    with pytest.raises(visualize.VisualizeError, match="cannot be built with input_shape"):
        visualize.plot_architecture(
            keras.Sequential([layers.Conv2D(4, 3)], name="wrong"), input_shape=(8,)
        )
    diagram = visualize.plot_architecture(model, input_shape=(8, 8, 1))
    assert "(6, 6, 4) · 40 parameters" in diagram.dot()


def test_a_block_that_repeats_is_drawn_once():
    model = transformer()
    diagram = visualize.plot_architecture(model)
    (block,) = diagram.graph.groups.values()
    assert (block.title, block.times) == ("block × 12", 12)
    inside = [node for node in diagram.graph.nodes if node.group == block.key]
    assert kinds(graph.Graph("", inside, (), {})) == [
        "MultiHeadAttention",
        "Add",
        "LayerNormalization",
        "Dense",
        "Dense",
        "Dropout",
        "Add",
        "LayerNormalization",
    ]
    drawn = sum(
        node.parameters * (12 if node.group == block.key else 1) for node in diagram.graph.nodes
    )
    assert drawn == model.count_params()
    assert_acyclic(diagram.graph)
    assert len(wires(diagram.graph)) == 2 + 9 + 3 + 1 + 1 - 1
    assert diagram.caption[0].endswith("layers: 40 (2 inputs + 37 hidden: deep)") or (
        "deep)" in diagram.caption[0]
    )
    assert visualize.plot_architecture(model, fold_repeats=False).graph.groups == {}


def chain(*sizes):
    return keras.Sequential([keras.Input((4,)), *[layers.Dense(size) for size in sizes]])


def test_folding_needs_the_same_configuration():
    for model, times in [
        (chain(4, 4, 4, 4, 4), 5),
        (chain(4, 4, 4, 4, 3), 4),
        (chain(4, 5, 4, 5, 4, 5, 4, 5, 1), 3),
        (chain(4, 5, 6, 7, 8), None),
        (keras.Sequential([keras.Input((4,)), *mixed()]), None),
    ]:
        found = graph.read(model)
        folded = folding.fold(found, True)
        assert [group.times for group in folded.groups.values()] == ([times] if times else [])
        if times is None:
            assert folded is found


def mixed():
    names = ("relu", "tanh", "gelu", "silu", "elu")
    return [layers.Dense(4, activation=name) for name in names]


def residual(skips):
    """Six equal layers; a number in `skips` adds the input of all to the output of that layer."""
    inputs = x = keras.Input((4,))
    for number in range(6):
        x = layers.Dense(4)(x)
        x = layers.Add()([x, inputs if number in skips else x])
    return keras.Model(inputs, x)


def test_folding_needs_the_same_wiring():
    def times(model):
        return [each.times for each in folding.fold(graph.read(model), True).groups.values()]

    assert times(residual(range(6))) == [6]  # an input common to all copies
    assert times(residual({3})) == [3]
    assert times(residual({0, 2, 4})) == [3]
    inputs = x = keras.Input((4,))
    kept = []
    for _ in range(5):  # every layer's output is used at the end: none can be left out
        x = layers.Dense(4)(x)
        kept.append(x)
    assert times(keras.Model(inputs, layers.Concatenate()(kept))) == []


def test_folding_tells_shared_blocks_from_equal_ones():
    inputs = x = keras.Input((4,))
    first, second = layers.Dense(8), layers.Dense(4)
    for _ in range(4):
        x = second(first(x))
    (block,) = folding.fold(graph.read(keras.Model(inputs, x)), True).groups.values()
    assert block.title == "block × 4, the same weights"


def test_opened_blocks_fold_with_their_frames():
    inputs = x = keras.Input((5, 4))
    for _ in range(3):
        x = layers.Bidirectional(layers.LSTM(2, return_sequences=True))(x)
    found = folding.fold(graph.read(keras.Model(inputs, x)), True)
    assert sorted(group.times for group in found.groups.values()) == [1, 3]
    inner = next(group for group in found.groups.values() if group.times == 1)
    assert found.groups[inner.parent].times == 3


def test_hidden_layers_are_bridged():
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(3), layers.Dropout(0.5, name="drop"), layers.ReLU()]
    )
    found = visualize.plot_architecture(model, hide=("Dropout", "no such")).graph
    assert "Dropout" not in kinds(found)
    assert ("Dense", "ReLU") in [
        (a.kind, b.kind)
        for edge in found.edges
        for a in found.nodes
        for b in found.nodes
        if (a.key, b.key) == (edge.source, edge.target)
    ]
    assert kinds(visualize.plot_architecture(model, hide="drop").graph).count("Dropout") == 0


def test_boxes_say_what_counts():
    model = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(8, 5, strides=2, padding="same", activation="relu", name="look"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.layers[0].trainable = False
    said = visualize.plot_architecture(model).mermaid().replace("#40;", "(").replace("#41;", ")")
    assert "Conv2D look<br>8 filters, 5 × 5, strides 2 × 2, same padding, relu" in said
    assert "(8, 8, 8) · 608 parameters · frozen" in said
    assert "1 unit, sigmoid" in said
    bare = visualize.plot_architecture(model, show=(), style="plain").mermaid()
    assert '["Conv2D"]' in bare
    assert "fill" not in bare
    for option in ({"show": "colour"}, {"style": "x"}, {"engine": "x"}, {"fold_repeats": 3}):
        with pytest.raises(visualize.VisualizeError, match="use '"):
            visualize.plot_architecture(model, **option)


def test_the_picture_is_the_same_every_time(tmp_path):
    for kind in ("svg", "dot", "html", "mmd"):
        texts_ = []
        for number in range(2):
            keras.utils.clear_session()
            path = tmp_path / f"{number}.{kind}"
            visualize.plot_architecture(transformer(3), path, engine="pygraphviz")
            texts_.append(path.read_text())
        assert texts_[0] == texts_[1]
    ids = {each.get("id") for each in parsed(tmp_path / "0.svg").iter()}
    assert {"node1", "node2", "node1-node3"} & ids


@pytest.mark.parametrize("engine", ["pygraphviz", "matplotlib"])
@pytest.mark.parametrize("rankdir", ["TB", "LR"])
def test_pictures_are_not_blank(engine, rankdir, tmp_path):
    model = siamese()
    for kind in ("svg", "png", "pdf"):
        visualize.plot_architecture(
            model, tmp_path / f"a.{kind}", engine=engine, rankdir=rankdir, dpi=80
        )
    svg = parsed(tmp_path / "a.svg")
    said = " ".join(texts(svg))
    assert "Conv2D" in said
    assert "4 (2 inputs + 2 hidden: not deep)" in said
    ids = {each.get("id") for each in svg.iter()}
    assert {node.key for node in graph.read(model).nodes} <= ids
    with Image.open(tmp_path / "a.png") as picture:
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 20
    assert b"/Page" in (tmp_path / "a.pdf").read_bytes()


def test_colours_are_legible_and_tell_the_kinds_apart():
    from visualize.describe import FAMILIES, MODEL, OTHER
    from visualize.dot import FAINT, INK

    def light(color):
        parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    for each in (*FAMILIES, MODEL, OTHER):
        for ink, least in ((INK, 7), (FAINT, 3.6)):  # contrast of the WCAG: text and large text
            assert (light(each.fill) + 0.05) / (light(ink) + 0.05) >= least, each
    assert len({each.border for each in FAMILIES}) == len(FAMILIES)


def test_volumes_shrink_through_a_network(tmp_path):
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(8, 3, padding="same"),
            layers.Conv2D(8, 3, padding="same"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )
    figure = visualize.plot_layers(model)
    said = [text.get_text() for text in figure.axes[0].texts if text.get_text()]
    assert said == [
        "InputLayer\n32 × 32 × 3",
        "Conv2D × 2\n3 × 3\n32 × 32 × 8",
        "MaxPooling2D\n2 × 2\n16 × 16 × 8",
        "Flatten\n2048",
        "Dense\n10",
    ]
    heights = [
        np.ptp(patch.get_xy()[:, 1]) for patch in figure.axes[0].patches if len(patch.get_xy()) == 5
    ][::3]
    assert heights[1] > heights[2]
    figure.savefig(tmp_path / "a.png")
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert visualize.plot_layers(model, ax=ax) is ax.figure
    with pytest.raises(visualize.VisualizeError, match="use plot_architecture"):
        visualize.plot_layers(chain(2))


def in_chromium(page, tmp_path, script):
    """Run a script in the page, in headless Chromium; returns what it leaves in `result`."""
    path = tmp_path / "page with a space.html"
    ending = (
        "<script>document.body.dataset.result = JSON.stringify((() => {"
        f"{script}"
        "})());</script></body>"
    )
    path.write_text(page.replace("</body>", ending))
    done = subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1000,800",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--dump-dom",
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    import html

    found = re.search(r'data-result="([^"]*)"', done.stdout)
    assert found, done.stderr
    return json.loads(html.unescape(found[1]))


USE_THE_PAGE = """
const place = () => document.querySelector('#view > div:not([hidden])').style.transform;
const box = element => element.getBoundingClientRect();
const visible = id => { const e = document.getElementById(id); return !!e && box(e).width > 0; };
const steps = {start: place(), folded: visible('d0-node5'), opened: visible('d1-node5')};
const title = [...document.querySelectorAll('text')].find(e => e.textContent === 'block × 12');
const inside = [...document.querySelectorAll('text')].every(e => {
  if (!box(e).width) return true;
  const page = box(e.closest('svg'));
  return box(e).left >= page.left - 1 && box(e).right <= page.right + 1
    && box(e).top >= page.top - 1 && box(e).bottom <= page.bottom + 1;
});
const view = document.getElementById('view');
view.dispatchEvent(new WheelEvent('wheel', {deltaY: -200, clientX: 300, clientY: 300}));
steps.zoomed = place();
const pointer = (where, kind, x, y) =>
  where.dispatchEvent(new PointerEvent(kind, {clientX: x, clientY: y, bubbles: true}));
pointer(view, 'pointerdown', 100, 100); pointer(window, 'pointermove', 150, 180);
pointer(window, 'pointerup', 150, 180);
steps.dragged = place();
title.dispatchEvent(new MouseEvent('click', {bubbles: true}));
steps.notOnDrag = visible('d1-node5');
pointer(view, 'pointerdown', 100, 100); pointer(window, 'pointerup', 100, 100);
title.dispatchEvent(new MouseEvent('click', {bubbles: true}));
steps.openedByClick = visible('d1-node5');
steps.boxes = document.querySelectorAll('#view > div:not([hidden]) g.node').length;
document.getElementById('open').click();
steps.foldedAgain = visible('d0-node5') && !visible('d1-node5');
steps.foldedBoxes = document.querySelectorAll('#view > div:not([hidden]) g.node').length;
steps.inside = inside;
steps.outside = performance.getEntriesByType('resource').map(e => e.name);
return steps;
"""


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_the_page_pans_zooms_and_opens_blocks(tmp_path):
    diagram = visualize.plot_architecture(transformer(), engine="pygraphviz")
    page = diagram.html()
    assert not re.search(r'(?:src|href)="?(?:https?:)?//', page)
    steps = in_chromium(page, tmp_path, USE_THE_PAGE)
    assert len({steps["start"], steps["zoomed"], steps["dragged"]}) == 3
    assert (steps["folded"], steps["opened"]) == (True, False)
    assert not steps["notOnDrag"]
    assert steps["openedByClick"]
    assert steps["boxes"] == len(diagram.opened.nodes)
    assert steps["foldedAgain"]
    assert steps["foldedBoxes"] == len(diagram.graph.nodes)
    assert steps["inside"]
    assert steps["outside"] == []


FAMILIES = [
    "ConvNeXtTiny",
    "DenseNet121",
    "EfficientNetB0",
    "EfficientNetV2B0",
    "InceptionResNetV2",
    "InceptionV3",
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Small",
    "NASNetMobile",
    "ResNet50",
    "ResNet50V2",
    "VGG16",
    "Xception",
]
QUICK = ("MobileNetV2", "VGG16")


# Graphviz before 3 aborts on ortho edges of half of them, which is said.
@pytest.mark.filterwarnings("ignore:.*Drawn with dot, splines='polyline'")
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in FAMILIES],
)
def test_the_applications_of_keras_are_drawn(name, tmp_path):
    model = getattr(keras.applications, name)(weights=None)
    diagram = visualize.plot_architecture(model, tmp_path / "a.svg")
    assert_acyclic(diagram.opened)
    assert sum(node.parameters for node in diagram.opened.nodes) == model.count_params()
    assert sum(node.parameters * times(diagram.graph, node) for node in diagram.graph.nodes) == (
        model.count_params()
    )
    visualize.plot_model(model, tmp_path / "b.svg", show_shapes=True, show_layer_names=True)
    for path in (tmp_path / "a.svg", tmp_path / "b.svg"):
        assert_labels_inside(parsed(path))
    said = set(texts(parsed(tmp_path / "b.svg")))
    assert all(layer.name in said for layer in model.layers)


def times(found, node):
    """How many calls of the model a drawn box stands for."""
    count, key = 1, node.group
    while key is not None:
        count, key = count * found.groups[key].times, found.groups[key].parent
    return count


def test_the_list_of_applications_is_complete():
    modules = {
        name
        for name in dir(keras.applications)
        if not name.startswith("_") and name.islower() and name != "imagenet_utils"
    }
    drawn = {getattr(keras.applications, name).__module__.rpartition(".")[2] for name in FAMILIES}
    assert modules - drawn == {"resnet50", "vgg19"}  # another name, a sister
