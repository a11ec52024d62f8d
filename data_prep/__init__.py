"""From raw data to labelled examples in train, validation and test parts.

images = data_prep.load_images("digits", seed=0)   # or "mnist", or a path to an .npz file
rows = data_prep.image_rows(images)                # the same images, one frame per row
"""

from data_prep.dataset import Dataset, Part, stratified_split
from data_prep.errors import DataError
from data_prep.image_files import load_image_files
from data_prep.image_frames import image_clips, image_patches, load_clips
from data_prep.images import image_rows, load_images
from data_prep.pairs import (
    episode_rows,
    hold_out_classes,
    make_episodes,
    make_pairs,
    make_triplets,
    pair_rows,
    triplet_rows,
)
from data_prep.volumes import load_volumes, read_volume

__all__ = [
    "DataError",
    "Dataset",
    "Part",
    "episode_rows",
    "hold_out_classes",
    "image_clips",
    "image_patches",
    "image_rows",
    "load_clips",
    "load_image_files",
    "load_images",
    "load_volumes",
    "make_episodes",
    "make_pairs",
    "make_triplets",
    "pair_rows",
    "read_volume",
    "stratified_split",
    "triplet_rows",
]
