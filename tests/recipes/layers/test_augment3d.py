"""RandomVolume: what it may change, what it must not, on volumes whose voxels can be told apart."""

import itertools

import keras
import numpy as np
import pytest

from recipes.layers.augment3d import RandomVolume

SHAPE = (6, 5, 6, 7, 2)
VOLUMES = np.random.default_rng(0).uniform(size=SHAPE).astype("float32")


def changed(volumes=VOLUMES, training=True, **options):
    layer = RandomVolume(seed=1, **options)
    return keras.ops.convert_to_numpy(layer(volumes, training=training))


def mirrored(volume):
    """The volume mirrored along every set of axes: {axes: volume}."""
    every = [axes for size in range(4) for axes in itertools.combinations((0, 1, 2), size)]
    return {axes: np.flip(volume, axes) for axes in every}


def test_at_prediction_nothing_changes():
    out = changed(training=False, rotation=90, shift=0.5, zoom=0.5, intensity=0.5)
    np.testing.assert_array_equal(out, VOLUMES)


def test_flips_give_each_volume_one_of_its_eight_mirror_images():
    found = []
    for before, after in zip(VOLUMES, changed(), strict=True):
        matches = [
            axes for axes, same in mirrored(before).items() if np.allclose(after, same, atol=1e-5)
        ]
        assert len(matches) == 1
        found += matches
    assert len(set(found)) > 1, "each volume draws for itself"


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_flip_that_is_switched_off_does_not_happen(axis):
    flips = [False, False, False]
    np.testing.assert_allclose(changed(flips=flips), VOLUMES, atol=1e-6)
    flips[axis] = True
    for before, after in zip(VOLUMES, changed(flips=flips), strict=True):
        assert np.allclose(after, before, atol=1e-5) or np.allclose(
            after, np.flip(before, axis), atol=1e-5
        )


def test_shifts_move_by_whole_voxels_and_bring_in_zeros():
    volumes = np.zeros((40, 9, 9, 9, 1), "float32")
    volumes[:, 4, 4, 4] = 1
    out = changed(volumes, flips=(False,) * 3, shift=0.25)
    assert out.sum() == pytest.approx(40, rel=1e-4), "one voxel stays one voxel"
    places = np.argwhere(out > 0.5)[:, 1:4]
    assert len(places) == 40
    assert np.abs(places - 4).max() == 2
    for axis in range(3):
        assert len(np.unique(places[:, axis])) > 2, f"axis {axis} does not move"


def test_a_quarter_turn_and_a_zoom_keep_the_middle_and_change_the_rest():
    volumes = np.zeros((8, 9, 9, 9, 1), "float32")
    volumes[:, 4, 4, 4] = 1
    for options in ({"rotation": 45.0}, {"zoom": 0.2}):
        out = changed(volumes, flips=(False,) * 3, **options)
        assert (out[:, 4, 4, 4] > 0.5).all()
    out = changed(flips=(False,) * 3, rotation=30.0)
    assert np.abs(out - VOLUMES).mean() > 0.05


def test_intensity_keeps_the_shape_of_what_is_seen():
    for before, after in zip(VOLUMES, changed(flips=(False,) * 3, intensity=0.2), strict=True):
        slope, offset = np.polyfit(before.ravel(), after.ravel(), 1)
        np.testing.assert_allclose(after, slope * before + offset, atol=1e-4)
        assert 0.8 <= slope <= 1.2
        assert -0.2 <= offset <= 0.2


def test_equal_seeds_draw_alike_and_the_layer_comes_back_from_its_config():
    options = {"rotation": 10.0, "shift": 0.1, "zoom": 0.1, "intensity": 0.1}
    np.testing.assert_array_equal(changed(**options), changed(**options))
    layer = RandomVolume(seed=1, **options)
    again = RandomVolume.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    np.testing.assert_array_equal(
        *(keras.ops.convert_to_numpy(one(VOLUMES, training=True)) for one in (layer, again))
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shift": -0.1}, "shift=-0.1, .*; give numbers >= 0"),
        ({"rotation": -5}, "rotation=-5, .*; give numbers >= 0"),
        ({"flips": (True, False)}, r"flips=\(True, False\); give three, for x, y and z"),
    ],
)
def test_changes_that_cannot_be_are_refused(options, message):
    with pytest.raises(ValueError, match=f"^RandomVolume: .*{message}"):
        RandomVolume(**options)
