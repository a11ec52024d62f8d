"""Pictures of models and of what they learnt: diagrams, curves, confusion matrices.

Plotting functions take an optional `ax=` and return the Figure; nothing here uses pyplot, so no
window opens and no global state changes.
"""

from visualize.comparisons import (
    plot_forecasts,
    plot_layers_over_epochs,
    plot_predictions,
    plot_score_table,
    plot_spread,
    plot_texts,
)
from visualize.data_plots import (
    dead_relu_shares,
    firing_units,
    plot_activations,
    plot_attention,
    plot_capsule_routing,
    plot_convolution,
    plot_dead_relus,
    plot_feature_maps,
    plot_filters,
    plot_images,
    plot_interpolation,
    plot_latent_manifold,
    plot_latent_space,
    plot_max_pooling,
    plot_reconstructions,
    plot_sample_strip,
    plot_segmentation,
    plot_siamese_pair,
)
from visualize.diagrams import Diagram, plot_architecture, plot_model
from visualize.errors import (
    GraphvizFailedError,
    GraphvizNotFoundError,
    UnbuiltModelError,
    UnsupportedFormatError,
    VisualizeError,
)
from visualize.graphviz import dot_on_path, find_dot
from visualize.layer_count import LayerCount, count_layers
from visualize.plots import (
    gradient_norms,
    plot_confusion_matrix,
    plot_forecast,
    plot_gradient_flow,
    plot_training_curves,
)
from visualize.schematics import (
    plot_autoencoder,
    plot_encoder_decoder,
    plot_gan,
    plot_gru_cell,
    plot_lstm_cell,
    plot_rnn_cell,
    plot_rnn_types,
    plot_seq2seq,
    plot_seq2vec,
    plot_unrolled_rnn,
    plot_vec2seq,
)
from visualize.sequence_plots import plot_class_activation, plot_next_frames
from visualize.unit_deaths import plot_unit_deaths
from visualize.volumes import plot_layers

__all__ = [
    "Diagram",
    "GraphvizFailedError",
    "GraphvizNotFoundError",
    "LayerCount",
    "UnbuiltModelError",
    "UnsupportedFormatError",
    "VisualizeError",
    "count_layers",
    "dead_relu_shares",
    "dot_on_path",
    "find_dot",
    "firing_units",
    "gradient_norms",
    "plot_activations",
    "plot_architecture",
    "plot_attention",
    "plot_autoencoder",
    "plot_capsule_routing",
    "plot_class_activation",
    "plot_confusion_matrix",
    "plot_convolution",
    "plot_dead_relus",
    "plot_encoder_decoder",
    "plot_feature_maps",
    "plot_filters",
    "plot_forecast",
    "plot_forecasts",
    "plot_gan",
    "plot_gradient_flow",
    "plot_gru_cell",
    "plot_images",
    "plot_interpolation",
    "plot_latent_manifold",
    "plot_latent_space",
    "plot_lstm_cell",
    "plot_layers",
    "plot_layers_over_epochs",
    "plot_max_pooling",
    "plot_model",
    "plot_next_frames",
    "plot_predictions",
    "plot_reconstructions",
    "plot_rnn_cell",
    "plot_rnn_types",
    "plot_sample_strip",
    "plot_score_table",
    "plot_segmentation",
    "plot_seq2seq",
    "plot_seq2vec",
    "plot_siamese_pair",
    "plot_spread",
    "plot_texts",
    "plot_training_curves",
    "plot_unit_deaths",
    "plot_unrolled_rnn",
    "plot_vec2seq",
]
