"""Every network in keras.applications is drawn, call by call."""

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


# Graphviz before version 3 aborts on the ortho edges of half of them; a warning says so.
@pytest.mark.filterwarnings("ignore:.*Drawn with dot, splines='polyline'")
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in FAMILIES],
)
def test_the_applications_of_keras_are_drawn(name, tmp_path):
    model = getattr(keras.applications, name)(weights=None)
    diagram = visualize.plot_architecture(model, tmp_path / "a.svg")
    assert_acyclic(diagram.opened)

    opened = sum(node.parameters for node in diagram.opened.nodes)
    folded = sum(node.parameters * times(diagram.graph, node) for node in diagram.graph.nodes)
    assert opened == folded == model.count_params()

    visualize.plot_model(model, tmp_path / "b.svg", show_shapes=True, show_layer_names=True)
    for path in (tmp_path / "a.svg", tmp_path / "b.svg"):
        assert_labels_inside(parsed(path))
    labels = set(texts(parsed(tmp_path / "b.svg")))
    assert all(layer.name in labels for layer in model.layers)


def times(found, node):
    """Return how many calls in the model a box stands for."""
    count = 1
    key = node.group
    while key is not None:
        count *= found.groups[key].times
        key = found.groups[key].parent
    return count


def test_the_list_of_applications_is_complete():
    modules = {
        name
        for name in dir(keras.applications)
        if not name.startswith("_") and name.islower() and name != "imagenet_utils"
    }
    drawn = {getattr(keras.applications, name).__module__.rpartition(".")[2] for name in FAMILIES}
    # resnet50 is a second name of resnet; vgg19 is vgg16 with more layers.
    assert modules - drawn == {"resnet50", "vgg19"}
