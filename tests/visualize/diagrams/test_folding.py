"""A block that repeats is drawn once, if its copies are the same."""

import keras
from diagram_examples import assert_acyclic, chain, connections, kinds, transformer
from keras import layers

import visualize
from visualize.diagrams import folding, graph


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

    parameters = sum(
        node.parameters * (12 if node.group == block.key else 1) for node in diagram.graph.nodes
    )
    assert parameters == model.count_params()
    assert_acyclic(diagram.graph)
    assert len(connections(diagram.graph)) == 2 + 9 + 3 + 1 + 1 - 1
    assert diagram.caption[0].endswith("layers: 39 (2 inputs + 37 hidden: deep)")
    assert visualize.plot_architecture(model, fold_repeats=False).graph.groups == {}


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
    """Six equal layers; the model's input is added to the outputs of the layers in `skips`."""
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
    for _ in range(5):  # every output is used at the end, so no layer can be left out
        x = layers.Dense(4)(x)
        kept.append(x)
    assert times(keras.Model(inputs, layers.Concatenate()(kept))) == []


def test_a_block_whose_copies_share_their_weights_says_so():
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
