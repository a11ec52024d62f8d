"""From raw data to labelled examples in train, validation and test parts.

images = data_prep.load_images("digits", seed=0)   # or "mnist", or a path to an .npz file
rows = data_prep.image_rows(images)                # the same images, one frame per row
"""

from data_prep.dataset import Dataset, Part, stratified_split
from data_prep.errors import DataError
from data_prep.images import image_rows, load_images

__all__ = ["DataError", "Dataset", "Part", "image_rows", "load_images", "stratified_split"]
