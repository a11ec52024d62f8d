"""A convolutional network drawn as a row of shrinking blocks."""

import keras
import numpy as np
import pytest
from keras import layers
from matplotlib.figure import Figure

import visualize


def test_blocks_shrink_through_a_network(tmp_path):
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(8, 3, padding="same"),
            layers.Conv2D(8, 3, padding="same"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )
    figure = visualize.plot_blocks(model)
    labels = [text.get_text() for text in figure.axes[0].texts if text.get_text()]
    assert labels == [
        "InputLayer\n32 × 32 × 3",
        "Conv2D × 2\n3 × 3\n32 × 32 × 8",
        "MaxPooling2D\n2 × 2\n16 × 16 × 8",
        "Flatten\n2048",
        "Dense\n10",
    ]

    fronts = figure.axes[0].patches[::3]  # each volume has a front, a top and a side
    heights = [np.ptp(patch.get_xy()[:, 1]) for patch in fronts]
    assert heights[1] > heights[2]
    figure.savefig(tmp_path / "a.png")

    ax = Figure().subplots()
    assert visualize.plot_blocks(model, ax=ax) is ax.figure


def test_a_model_without_images_is_refused():
    with pytest.raises(visualize.VisualizeError, match="use plot_architecture"):
        visualize.plot_blocks(keras.Sequential([keras.Input((4,)), layers.Dense(2)]))
