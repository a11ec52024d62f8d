"""Batches for `fit` on any backend: Keras is needed here, TensorFlow is not."""

import keras
import numpy as np

from data_prep import image_tasks


class FrameBatches(keras.utils.PyDataset):
    """Batches gathered from the series when they are asked for.

    Args:
        frames: the Frames.
        batch_size: frames per batch; the last batch has what is left.
        shuffle: whether to draw a new order for every epoch.
        seed: equal seeds give equal orders.
    """

    def __init__(self, frames, batch_size, shuffle, seed):
        super().__init__()
        self.frames = frames
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.epoch = 0
        self.order = frames.order(seed, self.epoch) if shuffle else None

    def __len__(self):
        return -(-len(self.frames) // self.batch_size)

    def __getitem__(self, number):
        """(inputs, labels) of one batch."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        rows = slice(number * self.batch_size, (number + 1) * self.batch_size)
        return self.frames.gather(rows if self.order is None else self.order[rows])

    def on_epoch_end(self):
        """Draw the order of the next epoch."""
        self.epoch += 1
        if self.shuffle:
            self.order = None  # let go of the old one before the new one is drawn
            self.order = self.frames.order(self.seed, self.epoch)


class DamagedBatches(keras.utils.PyDataset):
    """Batches of damaged images and whole ones, as `image_tasks.damaged_batches` gives them.

    Args:
        images: (examples, height, width, channels).
        kind: of damage.
        batch_size: images in a batch; the last one may be smaller.
        seed: draws the damage and the order, both anew in each epoch.
    """

    def __init__(self, images, kind, batch_size, seed):
        super().__init__()
        self.images, self.kind, self.batch_size, self.seed = images, kind, batch_size, seed
        self.epoch = -1
        self.on_epoch_end()

    def __len__(self):
        return -(-len(self.images) // self.batch_size)

    def __getitem__(self, number):
        """(damaged images with masks, whole images) of one batch."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        rows = self.order[number * self.batch_size : (number + 1) * self.batch_size]
        whole = self.images[rows]
        seeds = (self.seed, self.epoch, number)
        return image_tasks.with_masks(*image_tasks.damage(whole, self.kind, seeds)), whole

    def on_epoch_end(self):
        """Draw another order, and other damage."""
        self.epoch += 1
        self.order = np.random.default_rng((self.seed, self.epoch)).permutation(len(self.images))
