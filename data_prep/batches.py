"""Batches of frames for `fit` on any backend: Keras is needed here, TensorFlow is not."""

import keras


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
