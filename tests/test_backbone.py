"""The networks of keras.applications as bases, and the page that trains on them."""

import sys
import urllib.error
import urllib.request

import keras
import numpy as np
import pytest

from data_prep import DataError
from recipes.cnn import transfer_learning
from recipes.layers.backbone import STYLES, BackboneInput, open_backbone

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
def test_a_backbone_is_the_network_behind_the_right_scale(name):
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


def test_a_download_that_fails_is_one_sentence(monkeypatch, tmp_path):
    def refuse(*arguments, **options):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setattr("keras.src.backend.config.keras_home", lambda: str(tmp_path))
    with pytest.raises(DataError) as error:
        transfer_learning.run(backbone="MobileNetV2", weights="imagenet", size=96)
    text = str(error.value)
    assert text.startswith(
        "--backbone MobileNetV2: the weights 'imagenet' of MobileNetV2 could not be"
    )
    assert "no network); give the path of a file of them, or 'none'." in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backbone": "ResNet5"}, "--backbone ResNet5: .* try ResNet50 or"),
        ({"weights": "base.h5"}, "--backbone cnn: keras.applications has no network 'cnn'"),
        ({"backbone": "MobileNet", "size": 8}, "cannot be made for images of 8 x 8 pixels"),
        ({"data": "faces"}, "'faces' has 2 classes, .* need four"),
    ],
)
def test_bad_flags_are_one_sentence(options, message):
    with pytest.raises(DataError, match=message) as error:
        transfer_learning.run(**options)
    assert "\n" not in str(error.value)


class Changes(keras.callbacks.Callback):
    """What each fit changed: kernels and statistics of the base, by layer type."""

    def __init__(self):
        super().__init__()
        self.changed = []

    def weights(self):
        base = self.model.layers[0]
        found = {"kernels": [], "statistics": []}
        for weight in base.weights:
            kind = "statistics" if weight.path.split("/")[-1].startswith("moving") else "kernels"
            found[kind].append(weight.numpy().copy())
        return found

    def on_train_begin(self, logs=None):
        self.before = self.weights()

    def on_train_end(self, logs=None):
        after = self.weights()
        self.changed.append(
            {
                kind: any(not np.array_equal(*pair) for pair in zip(old, after[kind], strict=True))
                for kind, old in self.before.items()
            }
        )


@pytest.fixture
def drawings(tmp_path):
    """Four classes of 8 x 8 images: noise with a bright quarter."""
    random = np.random.default_rng(0)
    labels = np.tile(np.arange(4), 20)
    images = random.integers(0, 100, (80, 8, 8)).astype("uint8")
    for image, label in zip(images, labels, strict=True):
        image[4 * (label // 2) :, 4 * (label % 2) :][:4, :4] += 100
    file = tmp_path / "drawings.npz"
    np.savez(file, x_train=images, y_train=labels, x_test=images, y_test=labels)
    return str(file)


def test_frozen_and_statistics_kept(drawings):
    changes = Changes()
    report = transfer_learning.run(drawings, 1, 4, draws=1, size=0, callbacks=[changes])
    both, none = {"kernels": True, "statistics": True}, {"kernels": False, "statistics": False}
    tasks = 3  # 10 labels, 30, all of 36
    assert changes.changed == (
        [both] + [both] * tasks + [none] * tasks + [{"kernels": True, "statistics": False}] * tasks
    )
    assert list(report.scores) == [
        "accuracy with 10 labels",
        "accuracy with 30 labels",
        "accuracy with all labels",
    ]
    assert report.headline == "accuracy with 30 labels"
    assert report.data["classes"] == ["2", "3"]


@pytest.mark.slow
def test_a_backbone_with_weights_learns_all_classes(drawings, network, tmp_path):
    file = tmp_path / "mobile.weights.h5"
    network.save_weights(file)
    changes = Changes()
    report = transfer_learning.run(
        drawings, 1, 4, backbone="MobileNet", weights=str(file), size=32, draws=1,
        callbacks=[changes],
    )  # fmt: skip
    assert report.data["classes"] == ["0", "1", "2", "3"]
    assert len(changes.changed) == 9, "no first half"
    assert not any(change["statistics"] for change in changes.changed[3:])
    old, new = network.get_weights(), report.model.layers[0].get_weights()
    assert sum(map(np.array_equal, old, new)) >= 2 * 27, "the statistics of 27 normalisations"
