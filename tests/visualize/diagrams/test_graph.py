"""The graph of any kind of model has every call and every connection."""

import keras
import numpy as np
import pytest
from diagram_examples import (
    Traced,
    Untraceable,
    assert_acyclic,
    connections,
    kinds,
    parsed,
    siamese,
    texts,
    twice,
)
from keras import layers

import visualize
from visualize.diagrams import graph


def test_a_layer_that_is_called_twice_has_two_boxes():
    found = graph.read(twice())
    assert connections(found)[1:] == [("again", "again"), ("again", "Output")]
    assert_acyclic(found)
    assert [(node.call, node.calls) for node in found.nodes if node.name == "again"] == [
        (1, 2),
        (2, 2),
    ]


def test_siamese_towers_are_acyclic_and_share_their_weights():
    found = graph.read(siamese())
    assert_acyclic(found)
    assert [group.call for group in found.groups.values()] == [1, 2]

    # Follow each tower back to its input.
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


def test_subclassed_models_are_traced_and_stay_unchanged(tmp_path):
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
def test_a_model_that_cannot_be_traced_is_drawn_as_a_tree(tmp_path):
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
