"""Every network of keras.applications is drawn, call by call."""

import keras
import pytest
from diagram_examples import assert_acyclic, assert_labels_inside, parsed, texts

import visualize

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
