"""Transfer learning: what is frozen in each step, and what is refused."""

import urllib.error
import urllib.request

import keras
import numpy as np
import pytest

from data_prep import DataError
from recipes.cnn import transfer_learning
from recipes.cnn.transfer_learning import build_transfer_learning


@pytest.fixture(scope="module")
def network():
    """A network of keras.applications with random weights."""
    return keras.applications.MobileNet(include_top=False, weights=None, input_shape=(32, 32, 3))


def test_images_that_are_too_small_for_the_poolings_are_refused():
    message = "small_cnn: images of 7 x 9 with 3 poolings; give at least 8 x 8"
    with pytest.raises(ValueError, match=message):
        build_transfer_learning((7, 9, 1))
    assert build_transfer_learning((8, 8, 1), filters=(2, 2, 2)).output_shape == (None, 5)
    assert build_transfer_learning((None, None, 1), filters=(2,)).output_shape == (None, 5)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"input_shape": (16, 16)}, r"shape \(16, 16\); give \(height, width, channels\)"),
        ({"input_shape": (16, 0, 1)}, r"shape \(16, 0, 1\); give"),
        ({"input_shape": None}, "shape None; give"),
        ({"filters": 8}, "filters=8; give a tuple of integers >= 1"),
        ({"filters": ()}, r"filters=\(\); give a tuple"),
        ({"num_classes": 0}, "num_classes=0; give an integer >= 1"),
    ],
)
def test_wrong_shapes_and_sizes_are_refused(sizes, message):
    with pytest.raises(ValueError, match=f"^build_transfer_learning: {message}"):
        build_transfer_learning(**sizes)


def test_the_small_cnn_does_not_limit_the_images_of_a_backbone():
    with pytest.raises(ValueError, match="^MobileNetV2 cannot be made for images of 4 x 4 pixels"):
        build_transfer_learning((4, 4, 3), backbone="MobileNetV2")
    with pytest.raises(ValueError, match="^weights None: no such file; give the path of one"):
        build_transfer_learning((32, 32, 3), backbone="MobileNetV2", weights=None)
    with pytest.raises(ValueError, match="^keras.applications has no network None"):
        build_transfer_learning((32, 32, 3), backbone=None)


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
        self.networks = []

    def weights(self):
        base = self.model.layers[0]
        found = {"kernels": [], "statistics": []}
        for weight in base.weights:
            kind = "statistics" if weight.path.split("/")[-1].startswith("moving") else "kernels"
            found[kind].append(weight.numpy().copy())
        return found

    def on_train_begin(self, logs=None):
        self.networks.append(self.model.name)
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
    samples = 3  # 10 labels, 30, all of 36
    assert changes.changed == (
        [both]
        + [both] * samples
        + [none] * samples
        + [{"kernels": True, "statistics": False}] * samples
    )
    assert changes.networks == (
        ["teacher"]
        + ["from_scratch"] * samples
        + ["frozen_base"] * samples
        + ["transfer_learning"] * samples
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
