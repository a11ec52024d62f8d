"""The networks of keras.applications as bases: their scale, their weights, what is refused."""

import sys

import keras
import numpy as np
import pytest

from recipes.layers.backbone import STYLES, BackboneInput, open_backbone, unfreeze

NAMES = [name for name in dir(keras.applications) if name[0].isupper()]
SHAPE = (32, 32, 3)


@pytest.mark.parametrize("name", NAMES)
def test_images_are_scaled_as_the_network_was_trained(name):
    pixels = np.random.default_rng(0).uniform(size=(2, 3, 4, 3)).astype("float32")
    module = sys.modules[getattr(keras.applications, name).__module__]
    wanted = module.preprocess_input(255 * pixels)
    style = next(style for start, style in STYLES.items() if name.startswith(start))
    found = BackboneInput(style)(pixels)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), wanted, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("style", sorted(set(STYLES.values())))
def test_grey_images_get_three_equal_channels(style):
    grey = np.random.default_rng(0).uniform(size=(2, 3, 4, 1)).astype("float32")
    layer = BackboneInput.from_config(BackboneInput(style).get_config())
    found = keras.ops.convert_to_numpy(layer(grey))
    np.testing.assert_array_equal(found, layer(np.repeat(grey, 3, axis=-1)))
    assert (
        layer.compute_output_shape((None, 3, 4, 1)) == (None, 3, 4, 3) == (None, *found.shape[1:])
    )


@pytest.mark.parametrize("name", ["MobileNetV2", "VGG16"])
def test_a_backbone_is_the_network_after_the_right_scale(name):
    network = getattr(keras.applications, name)(
        include_top=False, weights=None, input_shape=SHAPE, pooling="avg"
    )
    backbone = open_backbone(name, "none", SHAPE)
    backbone.set_weights(network.get_weights())
    pixels = np.random.default_rng(0).uniform(size=(2, *SHAPE)).astype("float32")
    module = sys.modules[getattr(keras.applications, name).__module__]
    wanted = network(module.preprocess_input(255 * pixels), training=False)
    found = backbone(pixels, training=False)
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4)
    assert not any(
        isinstance(layer, keras.Model) and _normalised(layer) for layer in backbone.layers
    )


def _normalised(model):
    return any(isinstance(layer, keras.layers.BatchNormalization) for layer in model.layers)


@pytest.fixture(scope="module")
def network():
    return keras.applications.MobileNet(include_top=False, weights=None, input_shape=SHAPE)


@pytest.mark.parametrize("ending", [".weights.h5", ".h5", ".keras"])
def test_weights_from_a_file(network, tmp_path, ending):
    file = tmp_path / f"mobile{ending}"
    save = network.save_weights if ending == ".weights.h5" else network.save
    save(file)
    backbone = open_backbone("MobileNet", str(file), (32, 32, 1))
    for found, wanted in zip(backbone.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_weights_that_do_not_fit(network, tmp_path):
    file = tmp_path / "mobile.weights.h5"
    network.save_weights(file)
    with pytest.raises(ValueError, match=r"mobile.weights.h5' are not those of MobileNetV2 \(.*\)"):
        open_backbone("MobileNetV2", str(file), SHAPE)
    file.write_text("no weights")
    with pytest.raises(ValueError, match=r"are not those of MobileNet \(.*\); give a file that"):
        open_backbone("MobileNet", str(file), SHAPE)
    with pytest.raises(ValueError, match=r"weights 'gone.h5': no such file; give the path"):
        open_backbone("MobileNet", "gone.h5", SHAPE)


def test_networks_and_images_that_are_not_there():
    with pytest.raises(ValueError, match="no network 'mobilenetv2', .* try MobileNetV2 or"):
        open_backbone("mobilenetv2")
    with pytest.raises(ValueError, match="no network 'preprocess_input'"):
        open_backbone("preprocess_input")
    with pytest.raises(
        ValueError, match=r"MobileNetV2 cannot be made for images of 16 x 16 pixels"
    ):
        open_backbone("MobileNetV2", "none", (16, 16, 3))
    with pytest.raises(ValueError, match="1 or 3 channels, not of 4"):
        open_backbone("MobileNetV2", "none", (32, 32, 4))


def test_unfreeze_leaves_batch_normalisation_as_it_is():
    base = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(2, 3),
            keras.layers.BatchNormalization(),
        ]
    )
    base.trainable = False
    unfreeze(base)
    convolution, normalisation = base.layers
    assert convolution.trainable
    assert not normalisation.trainable
    statistics = [np.array(weight) for weight in normalisation.non_trainable_weights]
    base(np.random.default_rng(0).normal(5, 3, (4, 8, 8, 1)), training=True)
    for before, after in zip(statistics, normalisation.non_trainable_weights, strict=True):
        np.testing.assert_array_equal(before, after)
