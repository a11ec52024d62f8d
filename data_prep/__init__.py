"""From raw data to labelled examples in train, validation and test parts.

Images:

    images = data_prep.load_images("digits", seed=0)   # or "mnist", or the path of an .npz file
    rows = data_prep.image_rows(images)                # each image as a sequence of its rows

Series:

    frames = data_prep.make_frames("prices.csv", window=60, horizon=3, time="time", target="close")
    prices = data_prep.scale(data_prep.split_by_time(frames, test=0.05), "standard")
    data_prep.check(prices)                            # no row of a test frame is in training
"""

from data_prep.balance import balance, class_weights
from data_prep.dataset import Dataset, Part
from data_prep.errors import DataError
from data_prep.games.environments import describe_environments, open_environments
from data_prep.games.playing import Games, play_games, random_actions, render_game
from data_prep.images.arrays import image_rows, load_images
from data_prep.images.captions import load_captions
from data_prep.images.clips import image_clips, image_patches, load_clips
from data_prep.images.distortion import add_rotations, distort
from data_prep.images.held_out import load_new_classes
from data_prep.images.omniglot import load_omniglot, read_runs
from data_prep.images.scenes import load_scenes
from data_prep.leaks import check
from data_prep.new_classes import NewClasses, class_batches
from data_prep.pairs import hold_out_classes, make_episodes, make_pairs, make_triplets
from data_prep.series.frames import Frames, make_frames
from data_prep.series.loading import load_labelled_series, load_series
from data_prep.series.scalers import scale
from data_prep.series.splits import split_by_group, split_by_time, split_stratified
from data_prep.sources.named import NAMED, NamedData
from data_prep.tables.examples import load_table
from data_prep.tables.files import join_tables, read_table
from data_prep.text.files import read_lines, read_text
from data_prep.text.sentences import encode_sentences, split_sentences
from data_prep.text.texts import load_long_text, load_text, load_text_pairs
from data_prep.text.translation import decoder_arrays, encode_pairs, normal_texts
from data_prep.text.vocabulary import (
    Vocabulary,
    fit_characters,
    fit_wordpieces,
    fit_words,
    padding_mask,
    read_wordpieces,
    stream_windows,
    teacher_forcing,
)
from data_prep.volumes.loading import load_volumes
from data_prep.volumes.readers import read_volume

__all__ = [
    "DataError",
    "Dataset",
    "Frames",
    "Games",
    "NAMED",
    "NamedData",
    "NewClasses",
    "Part",
    "Vocabulary",
    "add_rotations",
    "balance",
    "check",
    "class_batches",
    "class_weights",
    "decoder_arrays",
    "describe_environments",
    "distort",
    "encode_pairs",
    "encode_sentences",
    "fit_characters",
    "fit_wordpieces",
    "fit_words",
    "hold_out_classes",
    "image_clips",
    "image_patches",
    "image_rows",
    "join_tables",
    "load_captions",
    "load_clips",
    "load_images",
    "load_labelled_series",
    "load_long_text",
    "load_scenes",
    "load_new_classes",
    "load_omniglot",
    "load_series",
    "load_table",
    "load_text",
    "load_text_pairs",
    "load_volumes",
    "make_episodes",
    "make_frames",
    "make_pairs",
    "make_triplets",
    "normal_texts",
    "open_environments",
    "padding_mask",
    "play_games",
    "random_actions",
    "read_lines",
    "read_runs",
    "read_table",
    "read_text",
    "read_volume",
    "read_wordpieces",
    "render_game",
    "scale",
    "split_by_group",
    "split_by_time",
    "split_sentences",
    "split_stratified",
    "stream_windows",
    "teacher_forcing",
]
