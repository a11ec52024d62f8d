"""Pictures of models and of training: diagrams, curves, confusion matrices.

Each plotting function takes an optional `ax=` and returns the Figure. No function uses pyplot, so
no window opens and no global state changes.
"""

from visualize.diagrams.blocks import plot_blocks
from visualize.diagrams.drawing import Diagram, plot_architecture, plot_model
from visualize.diagrams.engines import dot_on_path, find_dot
from visualize.errors import (
    GraphvizFailedError,
    GraphvizNotFoundError,
    UnbuiltModelError,
    UnsupportedFormatError,
    VisualizeError,
)
from visualize.measures.gradients import gradient_norms
from visualize.measures.layer_count import LayerCount, count_layers
from visualize.measures.units import dead_relu_shares, firing_units
from visualize.notes.arithmetic import (
    plot_attention,
    plot_capsule_routing,
    plot_convolution,
    plot_max_pooling,
)
from visualize.notes.cells import plot_gru_cell, plot_lstm_cell, plot_rnn_cell
from visualize.notes.networks import (
    plot_autoencoder,
    plot_capsule,
    plot_gan,
    plot_siamese,
)
from visualize.notes.schematics import (
    plot_encoder_decoder,
    plot_rnn_types,
    plot_seq2seq,
    plot_seq2vec,
    plot_unrolled_rnn,
    plot_vec2seq,
)
from visualize.notes.transformers import plot_bert, plot_transformer
from visualize.plots.codes import (
    plot_code_dimensions,
    plot_interpolation,
    plot_latent_manifold,
    plot_latent_space,
)
from visualize.plots.comparisons import (
    plot_layers_over_epochs,
    plot_lines,
    plot_predictions,
    plot_score_table,
    plot_texts,
)
from visualize.plots.images import (
    plot_images,
    plot_reconstructions,
    plot_sample_strip,
    plot_segmentation,
    plot_siamese_pair,
)
from visualize.plots.layers import plot_activations, plot_feature_maps, plot_filters
from visualize.plots.pairs import plot_pairs, plot_roc
from visualize.plots.sequences import (
    plot_class_activation,
    plot_forecast,
    plot_forecasts,
    plot_next_frames,
)
from visualize.plots.texts import plot_attention_maps, plot_caption_attention, plot_captions
from visualize.plots.training import plot_confusion_matrix, plot_gradient_flow, plot_training_curves
from visualize.plots.units import plot_dead_relus, plot_unit_deaths

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
    "plot_attention_maps",
    "plot_autoencoder",
    "plot_bert",
    "plot_blocks",
    "plot_capsule",
    "plot_capsule_routing",
    "plot_caption_attention",
    "plot_captions",
    "plot_class_activation",
    "plot_code_dimensions",
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
    "plot_layers_over_epochs",
    "plot_lines",
    "plot_lstm_cell",
    "plot_max_pooling",
    "plot_model",
    "plot_next_frames",
    "plot_pairs",
    "plot_predictions",
    "plot_reconstructions",
    "plot_rnn_cell",
    "plot_rnn_types",
    "plot_roc",
    "plot_sample_strip",
    "plot_score_table",
    "plot_segmentation",
    "plot_seq2seq",
    "plot_seq2vec",
    "plot_siamese",
    "plot_siamese_pair",
    "plot_texts",
    "plot_training_curves",
    "plot_transformer",
    "plot_unit_deaths",
    "plot_unrolled_rnn",
    "plot_vec2seq",
]
