"""Diagrams are right in every format, whatever the names of the layers."""

import contextlib
import inspect
import re
import warnings

import keras
import pytest
from diagram_examples import (
    SVG,
    assert_labels_inside,
    kinds,
    parsed,
    siamese,
    texts,
    transformer,
    twice,
)
from keras import layers
from PIL import Image

import visualize
from visualize.diagrams import graph
from visualize.diagrams.describe import FAMILIES, MODEL, OTHER
from visualize.style import GREY_TEXT, INK

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


@pytest.mark.parametrize("opened", [True, False])
def test_plot_model_draws_each_call_of_a_shared_layer(opened, tmp_path):
    path = visualize.plot_model(siamese(), tmp_path / "a.dot", expand_nested=opened)
    edges = re.findall(r"^(\w+) -> (\w+)", path.read_text(), re.M)
    assert all(source != target for source, target in edges)
    assert path.read_text().count("Sequential") == 2
    assert len(edges) == (10 if opened else 6)


@pytest.mark.parametrize("engine", ["pygraphviz", "matplotlib"])
def test_names_may_hold_anything(engine, tmp_path):
    chain = [layers.Dense(2, name=name) for name in HOSTILE]
    model = keras.Sequential([keras.Input((2,), name="<in>"), *chain], name='m<&>"{}|')

    diagram = visualize.plot_architecture(model, tmp_path / "a.svg", engine=engine)
    assert missing_names(chain, tmp_path / "a.svg") == []

    for kind in ("html", "mmd", "dot", "pdf"):
        with fonts_may_lack_letters():
            diagram.save(tmp_path / f"a.{kind}")
    page = (tmp_path / "a.html").read_text()
    assert page.count("<script>") == 1
    assert "<b>bold" not in page

    visualize.plot_model(model, tmp_path / "b.svg", show_layer_names=True)
    assert missing_names(chain, tmp_path / "b.svg") == []


def missing_names(chain, path):
    """List the names of layers that are not in an SVG."""
    text = plain(" ".join(texts(parsed(path))))
    return [layer.name for layer in chain if plain(layer.name) not in text]


def plain(text):
    """Replace control characters and runs of spaces by one space."""
    return re.sub(r"[\x00-\x20\xa0]+", " ", text)


@contextlib.contextmanager
def fonts_may_lack_letters():
    """Ignore matplotlib's warning that its font has no Chinese letters."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        yield


def test_the_title_of_the_input_is_as_wide_as_its_cells(tmp_path):
    path = visualize.plot_model(twice(), tmp_path / "a.svg", show_shapes=True, show_dtype=True)
    node = next(each for each in parsed(path).iter(f"{SVG}g") if each.get("id") == "node1")
    black = [each for each in node.iter(f"{SVG}polygon") if each.get("fill") == "black"]

    def width(polygon):
        across = [float(point.split(",")[0]) for point in polygon.get("points").split()]
        return max(across) - min(across)

    white = [each for each in node.iter(f"{SVG}polygon") if each.get("fill") == "white"]
    assert width(black[0]) == pytest.approx(sum(map(width, white)), abs=2)


def test_plot_model_has_the_signature_of_keras(tmp_path):
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


def test_layers_before_and_after_a_hidden_one_are_connected():
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(3), layers.Dropout(0.5, name="drop"), layers.ReLU()]
    )
    found = visualize.plot_architecture(model, hide=("Dropout", "no such")).graph
    assert "Dropout" not in kinds(found)

    kind_of = {node.key: node.kind for node in found.nodes}
    edges = [(kind_of[edge.source], kind_of[edge.target]) for edge in found.edges]
    assert ("Dense", "ReLU") in edges

    assert kinds(visualize.plot_architecture(model, hide="drop").graph).count("Dropout") == 0


def test_boxes_show_the_important_settings():
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
    text = visualize.plot_architecture(model).mermaid().replace("#40;", "(").replace("#41;", ")")
    assert "Conv2D look<br>8 filters, 5 × 5, strides 2 × 2, same padding, relu" in text
    assert "(8, 8, 8) · 608 parameters · frozen" in text
    assert "1 unit, sigmoid" in text

    bare = visualize.plot_architecture(model, show=(), style="plain").mermaid()
    assert '["Conv2D"]' in bare
    assert "fill" not in bare

    for option in ({"show": "colour"}, {"style": "x"}, {"engine": "x"}, {"fold_repeats": 3}):
        with pytest.raises(visualize.VisualizeError, match="use '"):
            visualize.plot_architecture(model, **option)


def test_the_picture_is_the_same_every_time(tmp_path):
    for kind in ("svg", "dot", "html", "mmd"):
        written = []
        for number in range(2):
            keras.utils.clear_session()
            path = tmp_path / f"{number}.{kind}"
            visualize.plot_architecture(transformer(3), path, engine="pygraphviz")
            written.append(path.read_text())
        assert written[0] == written[1]

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
    text = " ".join(texts(svg))
    assert "Conv2D" in text
    assert "4 (2 inputs + 2 hidden: not deep)" in text

    ids = {each.get("id") for each in svg.iter()}
    assert {node.key for node in graph.read(model).nodes} <= ids

    with Image.open(tmp_path / "a.png") as picture:
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 20
    assert b"/Page" in (tmp_path / "a.pdf").read_bytes()


def test_colours_are_legible_and_tell_the_kinds_apart():
    def linear(channel):
        if channel <= 0.04045:
            return channel / 12.92
        return ((channel + 0.055) / 1.055) ** 2.4

    def luminance(color):
        """Relative luminance as the WCAG define it."""
        red, green, blue = [linear(int(color[i : i + 2], 16) / 255) for i in (1, 3, 5)]
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for each in (*FAMILIES, MODEL, OTHER):
        for ink, least_contrast in ((INK, 7), (GREY_TEXT, 3.6)):  # text, and less important text
            contrast = (luminance(each.fill) + 0.05) / (luminance(ink) + 0.05)
            assert contrast >= least_contrast, each
    assert len({each.border for each in FAMILIES}) == len(FAMILIES)
