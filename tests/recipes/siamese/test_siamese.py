"""The four Siamese pages: one tower for both inputs, one protocol, one file but for the tower."""

import ast

import keras
import numpy as np
import pytest

from data_prep import DataError
from recipes import catalog, runner

PAGES = {page.name: page for page in catalog.pages() if page.chapter == "siamese"}
each_page = pytest.mark.parametrize("name", PAGES)


def build(name, **sizes):
    return getattr(runner.load(PAGES[name]), f"build_{name}")(**sizes)


def common_part(name):
    """A page without its docstring, imports and builder, as if all had one name."""
    tree = ast.parse(PAGES[name].text.replace(name, "NAME"))
    kept = [
        node
        for node in tree.body[1:]
        if not isinstance(node, (ast.Import, ast.ImportFrom))
        and getattr(node, "name", "") != "build_NAME"
    ]
    return [ast.unparse(node) for node in kept]


def test_the_pages_are_found():
    towers = {"cnn", "lstm", "bilstm", "capsnet"}
    assert set(PAGES) == {f"siamese_{tower}" for tower in towers}


@each_page
def test_pages_differ_in_the_tower_alone(name):
    assert len(common_part(name)) >= 3  # the script lines, run, the pictures
    assert common_part(name) == common_part("siamese_cnn")


@each_page
@pytest.mark.parametrize("loaded", [False, True], ids=["built", "loaded"])
def test_both_inputs_share_one_tower(name, loaded, tmp_path):
    model = build(name, input_shape=(8, 8, 1))
    if loaded:
        model.save(tmp_path / "model.keras")
        model = keras.saving.load_model(tmp_path / "model.keras")
    tower = model.get_layer("tower")
    assert model.count_params() == tower.count_params()

    images = np.random.default_rng(0).random((2, 4, 8, 8, 1)).astype("float32")
    first, second = images

    def embeddings():
        return [keras.ops.convert_to_numpy(tower(batch, training=False)) for batch in images]

    before = embeddings()
    weight = tower.trainable_variables[0]
    weight.assign(-1.5 * weight)
    after = embeddings()
    for old, new in zip(before, after, strict=True):
        assert np.abs(old - new).max() > 1e-4

    # Each input goes through the changed tower, on its own side of the model as well.
    distances = keras.ops.convert_to_numpy(model([first, second], training=False))
    expected = np.linalg.norm(after[0] - after[1], axis=1, keepdims=True)
    np.testing.assert_allclose(distances, expected, rtol=1e-4, atol=1e-5)
    swapped = keras.ops.convert_to_numpy(model([second, first], training=False))
    np.testing.assert_allclose(swapped, distances, rtol=1e-4, atol=1e-5)


@each_page
@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (25, 31, 3)])
def test_towers_take_images_of_any_size(name, shape):
    model = build(name, input_shape=shape)
    images = np.random.default_rng(0).random((2, *shape)).astype("float32")
    assert np.isfinite(model([images, images[::-1]], training=False)).all()
    assert model.count_params() < 400_000


@pytest.mark.parametrize(
    ("name", "sizes", "message"),
    [
        ("siamese_cnn", {"input_shape": (3, 8, 1)}, "images of 3 x 8; give at least 4 x 4 pixels"),
        ("siamese_cnn", {"filters": 0}, "filters=0; give an integer >= 1"),
        ("siamese_lstm", {"units": 2.5}, "units=2.5; give an integer >= 1"),
        ("siamese_bilstm", {"input_shape": (8, 8)}, "give \\(height, width, channels\\)"),
        ("siamese_capsnet", {"input_shape": (6, 9, 1)}, "6 x 9; give at least 7 x 7 pixels"),
        ("siamese_capsnet", {"rounds": 0}, "rounds=0; give an integer >= 1"),
    ],
)
def test_sizes_that_cannot_work_are_refused(name, sizes, message):
    with pytest.raises(ValueError, match=message):
        build(name, **sizes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "hinge"}, "use one of contrastive, triplet, cross_entropy"),
        ({"held_out": "7"}, "give two classes or more"),
        ({"held_out": "7,cat"}, "no class 'cat'"),
        ({"held_out": "0,1,2,3,4,5,6,7,8"}, "keep two for training"),
        ({"per_class": 1}, "give at least 2 in a set"),
        ({"distortion": -1.0}, "give a number >= 0"),
    ],
)
def test_flags_that_cannot_work_are_refused(options, message):
    page = runner.load(PAGES["siamese_cnn"])
    with pytest.raises(DataError, match=message):
        page.run(epochs=1, **options)


def check_intervals(scores):
    """Each score lies in its interval."""
    for name in ("one-shot accuracy", "AUC", "equal error rate", "accuracy"):
        low, high = scores[f"{name}, 95% from"], scores[f"{name}, 95% to"]
        assert 0 <= low <= scores[name] <= high <= 1
        assert high - low < 0.2


def test_contrastive_loss_runs_on_new_classes():
    page = runner.load(PAGES["siamese_cnn"])
    report = page.run(epochs=1, loss="contrastive", distortion=0.0)
    assert set(report.baselines) == {"random guess"}
    assert set(report.comparisons) == {"pixel distance", "linear discriminant analysis"}
    assert set(report.pictures) == {"pairs", "roc"}
    check_intervals(report.scores)


def test_cross_entropy_runs_with_all_classes_in_training():
    page = runner.load(PAGES["siamese_cnn"])
    report = page.run(epochs=2, held_out="none", loss="cross_entropy", rotations=True)
    assert report.data["shapes"]["test"]["labels"] == [360]
    assert report.scores["AUC"] > 0.8
    check_intervals(report.scores)
