"""Scores of predictions on test data, and the simple models to compare them with.

Each file answers one question: how good is a class, a number, a forecast, a text, a code, a
likelihood, a mask, a restored image, a search, a generated image, a translation, a caption,
a pair, a played game?
"""

from recipes.scores.autoencoding import autoencoding, autoencoding_baselines
from recipes.scores.captions import caption_baselines, caption_scores
from recipes.scores.changed import changed_images
from recipes.scores.classification import (
    classification,
    classification_baselines,
    confusion,
    hardest,
)
from recipes.scores.forecasting import (
    balanced_accuracy,
    block_bootstrap,
    direction_baselines,
    forecast,
    forecast_baselines,
    forecast_examples,
    frame_prediction,
)
from recipes.scores.games import game_baselines, game_rules, game_scores, play_test_games
from recipes.scores.generation import (
    FeatureClassifier,
    best_codes,
    fit_feature_classifier,
    frechet_distance,
    generation,
    generation_baselines,
    nearest_ratio,
)
from recipes.scores.likelihood import bernoulli_nats, likelihood_baselines, normal_kl, variational
from recipes.scores.regression import regression, regression_baselines
from recipes.scores.restoration import denoising, filter_baselines, psnr, ssim
from recipes.scores.retrieval import (
    exact_search,
    hamming_search,
    hashing_baselines,
    precision_at,
    retrieval,
)
from recipes.scores.segmentation import segmentation, segmentation_baselines
from recipes.scores.speed import texts_per_second
from recipes.scores.summaries import (
    join_picked,
    pick_best,
    pick_oracle,
    summaries,
    summary_baselines,
)
from recipes.scores.text import ngram_bits, text_baselines
from recipes.scores.translation import (
    most_frequent_answer,
    nearest_answers,
    rouge,
    signatures,
    translation,
)
from recipes.scores.translators import translator_baselines, translator_scores
from recipes.scores.verification import (
    compare_embeddings,
    comparison_scores,
    hardest_pairs,
    random_guess,
    roc,
    verification,
)

__all__ = [
    "FeatureClassifier",
    "autoencoding",
    "autoencoding_baselines",
    "balanced_accuracy",
    "bernoulli_nats",
    "best_codes",
    "block_bootstrap",
    "caption_baselines",
    "caption_scores",
    "changed_images",
    "classification",
    "classification_baselines",
    "compare_embeddings",
    "comparison_scores",
    "confusion",
    "denoising",
    "direction_baselines",
    "exact_search",
    "filter_baselines",
    "fit_feature_classifier",
    "forecast",
    "forecast_baselines",
    "forecast_examples",
    "frame_prediction",
    "frechet_distance",
    "game_baselines",
    "game_rules",
    "game_scores",
    "generation",
    "generation_baselines",
    "hamming_search",
    "hardest",
    "hardest_pairs",
    "hashing_baselines",
    "join_picked",
    "likelihood_baselines",
    "most_frequent_answer",
    "nearest_answers",
    "nearest_ratio",
    "ngram_bits",
    "normal_kl",
    "pick_best",
    "pick_oracle",
    "play_test_games",
    "precision_at",
    "psnr",
    "random_guess",
    "regression",
    "regression_baselines",
    "retrieval",
    "roc",
    "rouge",
    "segmentation",
    "segmentation_baselines",
    "signatures",
    "ssim",
    "summaries",
    "summary_baselines",
    "text_baselines",
    "texts_per_second",
    "translation",
    "translator_baselines",
    "translator_scores",
    "variational",
    "verification",
]
