"""Models to draw, and helpers that read graphs and SVG files."""

import re
import xml.etree.ElementTree as ElementTree

import keras
from keras import layers, ops

SVG = "{http://www.w3.org/2000/svg}"


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
        if isinstance(x, keras.KerasTensor):
            raise TypeError("symbolic tensors are not allowed")
        x = self.first(x)
        return self.last(self.towers[0](x))


def chain(*sizes):
    return keras.Sequential([keras.Input((4,)), *[layers.Dense(size) for size in sizes]])


def kinds(found):
    return [node.kind for node in found.nodes]


def connections(found):
    named = {node.key: node.name or node.kind for node in found.nodes}
    return [(named[edge.source], named[edge.target]) for edge in found.edges]


def assert_acyclic(found):
    """Check that every edge goes from an earlier node to a later one."""
    places = {node.key: place for place, node in enumerate(found.nodes)}
    assert all(places[edge.source] < places[edge.target] for edge in found.edges)


def texts(svg):
    return ["".join(each.itertext()) for each in svg.iter(f"{SVG}text")]


def letter_width(letter):
    """Approximate width of a letter in Helvetica, in font sizes."""
    if letter in " .,·:;iljtfrI'|()[]":
        return 0.28
    return 0.68 if letter.isupper() else 0.54


def assert_labels_inside(svg):
    """Check that every label lies on the page."""
    left, top, width, height = map(float, svg.get("viewBox").split())
    moved = re.search(
        r"scale\(([\d.]+).*translate\(([-\d.]+) ([-\d.]+)\)",
        svg.find(f"{SVG}g").get("transform"),
    )
    scale, across, down = map(float, moved.groups())

    for label in svg.iter(f"{SVG}text"):
        text = "".join(label.itertext())
        size = float(label.get("font-size"))
        text_width = size * sum(map(letter_width, text))
        offsets = {"start": 0, "middle": -text_width / 2, "end": -text_width}
        x = (float(label.get("x")) + across) * scale + offsets[label.get("text-anchor", "start")]
        y = (float(label.get("y")) + down) * scale

        assert left <= x, text
        assert x + text_width <= left + width + 1, text
        assert top <= y - size * 0.7, text
        assert y <= top + height, text


def parsed(path):
    return ElementTree.parse(path).getroot()
