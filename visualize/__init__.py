"""Pictures of models and of what they learnt: diagrams, curves, confusion matrices.

Plotting functions take an optional `ax=` and return the Figure; nothing here uses pyplot, so no
window opens and no global state changes.
"""

from visualize.diagrams import plot_model
from visualize.errors import (
    GraphvizFailedError,
    GraphvizNotFoundError,
    UnbuiltModelError,
    UnsupportedFormatError,
    VisualizeError,
)
from visualize.layer_count import LayerCount, count_layers
from visualize.plots import plot_confusion_matrix, plot_training_curves

__all__ = [
    "GraphvizFailedError",
    "GraphvizNotFoundError",
    "LayerCount",
    "UnbuiltModelError",
    "UnsupportedFormatError",
    "VisualizeError",
    "count_layers",
    "plot_confusion_matrix",
    "plot_model",
    "plot_training_curves",
]
