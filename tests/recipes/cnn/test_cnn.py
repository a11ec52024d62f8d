"""Image classifiers: sizes that cannot work are refused in a sentence."""

import numpy as np
import pytest

from data_prep import DataError
from recipes.cnn import cats_vs_dogs
from recipes.cnn.cats_vs_dogs import build_cats_vs_dogs
from recipes.cnn.cnn import build_cnn
from recipes.cnn.cnn3d import build_cnn3d


def test_cnn_needs_8_x_8_pixels():
    with pytest.raises(ValueError, match="build_cnn: images of 7 x 9; give at least 8 x 8 pixels"):
        build_cnn((7, 9, 1))
    assert build_cnn((8, 8, 1), 3, filters=(2, 2), units=2).output_shape == (None, 3)


@pytest.mark.parametrize(
    "sizes", [{"filters": (12, 32, 64)}, {"filters": (12,)}, {"kernel_sizes": (5, 3, 3)}]
)
def test_cnn_has_two_convolutions(sizes):
    with pytest.raises(ValueError, match="build_cnn: filters .* give two numbers each"):
        build_cnn(**sizes)


@pytest.mark.parametrize(
    ("side", "filters", "smallest"),
    [(15, (2, 2, 2, 2), 16), (31, (2,) * 5, 32), (64, (2,) * 6, 127)],
)
def test_photos_too_small_for_the_poolings_are_refused(side, filters, smallest):
    message = f"photos of {side} x 200 with {len(filters)} poolings; give at least {smallest} x"
    with pytest.raises(ValueError, match=f"build_cats_vs_dogs: {message}"):
        build_cats_vs_dogs((side, 200, 1), filters=filters)
    model = build_cats_vs_dogs((smallest, 200, 1), filters=filters, augmentation=0)
    assert model.output_shape == (None, 3)


@pytest.mark.parametrize("augmentation", [-1, 5.1])
def test_augmentation_has_a_strength_from_0_to_5(augmentation):
    with pytest.raises(ValueError, match=f"build_cats_vs_dogs: augmentation={augmentation}; give"):
        build_cats_vs_dogs(augmentation=augmentation)
    build_cats_vs_dogs(filters=(2,), augmentation=5)
    for strength in (0, augmentation):
        with pytest.raises(DataError, match=f"augmentation {strength}: give a strength above 0"):
            cats_vs_dogs.run(augmentation=strength)


def test_volumes_too_small_for_the_poolings_are_refused():
    message = "build_cnn3d: volumes of 8 x 8 x 7 with 3 poolings; give at least 8 voxels along"
    with pytest.raises(ValueError, match=message):
        build_cnn3d((8, 8, 7, 1))
    assert build_cnn3d((8, 8, 8, 1), filters=(1, 1, 1, 1)).output_shape == (None, 2)
    assert build_cnn3d((8, 8, 7, 1), filters=(1, 1, 1)).output_shape == (None, 2)


@pytest.mark.parametrize("shift", [-1, 1.5])
def test_volumes_are_shifted_by_a_fraction(shift):
    with pytest.raises(ValueError, match=f"build_cnn3d: shift={shift}; give a fraction from 0 to"):
        build_cnn3d(shift=shift)


@pytest.mark.parametrize(
    ("build", "shapes"),
    [
        (build_cats_vs_dogs, [(32, 32), (32, 0, 1), (32, 32, None), None, 32]),
        (build_cnn3d, [(48, 48, 1), (48, 48, 0, 1), (48, 48, 24, None), None, 48]),
    ],
)
def test_wrong_shapes_and_sizes_are_refused(build, shapes):
    for shape in shapes:
        with pytest.raises(ValueError, match=f"^{build.__name__}: shape .*; give "):
            build(shape)
    for filters in (8, (), (8, 0), None):
        with pytest.raises(ValueError, match=f"^{build.__name__}: filters=.*; give a tuple of"):
            build(filters=filters)
    with pytest.raises(ValueError, match=f"^{build.__name__}: num_classes=0; give an integer"):
        build(num_classes=0)


@pytest.mark.parametrize(
    ("build", "free", "fixed"),
    [
        (build_cats_vs_dogs, (None, None, 3), (9, 7, 3)),
        (build_cnn3d, (None,) * 3 + (1,), (5, 4, 6, 1)),
    ],
)
def test_images_of_any_size_are_trained_on_together(build, free, fixed):
    model = build(free, filters=(2, 2))
    model.compile("adam", "sparse_categorical_crossentropy")
    larger = (*(2 * side for side in fixed[:-1]), fixed[-1])
    for shape in (fixed, larger):
        model.fit(np.zeros((2, *shape)), np.zeros(2), verbose=0)
        assert np.isfinite(model.predict(np.zeros((2, *shape)), verbose=0)).all()
