"""Batches for `fit` on any backend. This module needs Keras, but not TensorFlow."""

import threading

import keras
import numpy as np

from data_prep.errors import DataError


class Batches(keras.utils.PyDataset):
    """Batches that are made when Keras asks for them.

    Args:
        examples: number of examples.
        batch_size: examples in a batch; the last batch may have fewer.
        gather: a function of (rows, epoch, number) that returns (inputs, labels). `rows` are the
            row numbers of the examples, a slice or an array; `epoch` is the number of the epoch,
            and `number` the number of the batch in it.
        order_of_epoch: a function from the number of an epoch to the row numbers of all examples in
            the order of that epoch, called once for each epoch. None keeps the original order.
    """

    def __init__(self, examples, batch_size, gather, order_of_epoch=None):
        super().__init__()  # one worker is enough: reading files has threads of its own
        self.examples = examples
        self.batch_size = batch_size
        self.gather = gather
        self.order_of_epoch = order_of_epoch
        self.epoch = 0
        self.order = order_of_epoch(self.epoch) if order_of_epoch else None

    def __len__(self):
        return -(-self.examples // self.batch_size)

    def __getitem__(self, number):
        """(inputs, labels) of one batch."""
        if not 0 <= number < len(self):
            raise IndexError(number)

        rows = slice(number * self.batch_size, (number + 1) * self.batch_size)
        if self.order is not None:
            rows = self.order[rows]
        return self.gather(rows, self.epoch, number)

    def on_epoch_end(self):
        """Make the order of the next epoch."""
        self.epoch += 1
        if self.order_of_epoch:
            self.order = None  # free the old order before the new one is made
            self.order = self.order_of_epoch(self.epoch)


class PartBatches(Batches):
    """Batches of a part that reads its files during training, when a file may be missing.

    If Keras reads a batch ahead and the batch cannot be read, the previous batch is repeated. The
    error is raised when the epoch ends.

    Args:
        part: a part whose `read(rows)` returns (inputs, rows that could be read).
        batch_size: examples in a batch; the last batch may have fewer.
        order_of_epoch: as for Batches.
    """

    def __init__(self, part, batch_size, order_of_epoch=None):
        super().__init__(len(part), batch_size, self._read, order_of_epoch)
        self.part = part
        self.rows_of_batch = {}  # {number of the batch: rows that could be read}
        self.last = None  # (inputs, labels) of the last batch that could be read
        self.error = None  # to be raised when the epoch ends

    @property
    def rows_read(self):
        """Row numbers of the examples in the last pass over the data, in their order."""
        return np.concatenate([self.rows_of_batch[number] for number in range(len(self))])

    def on_epoch_end(self):
        """Raise the error of a batch that could not be read, or make the next order."""
        if self.error:
            raise self.error
        super().on_epoch_end()

    def _read(self, rows, epoch, number):
        if isinstance(rows, slice):
            rows = np.arange(self.examples)[rows]

        try:
            inputs, rows_read = self.part.read(rows)
        except DataError as error:
            in_main_thread = threading.current_thread() is threading.main_thread()
            if self.last is None or in_main_thread:
                raise
            # Raised in a reading thread of Keras, the error would be lost in a long traceback.
            # The end of the epoch comes before anything of this epoch is saved.
            self.error = error
            return self.last

        self.rows_of_batch[number] = rows_read
        self.last = inputs, self.part.labels[rows_read]
        return self.last
