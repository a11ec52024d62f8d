"""Batches for `fit` on any backend: Keras is needed here, TensorFlow is not."""

import threading

import keras
import numpy as np

from data_prep.errors import DataError


class Batches(keras.utils.PyDataset):
    """Batches gathered when they are asked for.

    Args:
        examples: how many there are.
        batch_size: examples in a batch; the last one has what is left.
        gather: from (rows, epoch, number) to (inputs, labels): the numbers of the examples, a slice
            or an array, the number of the epoch, and that of the batch in it.
        draw_order: from the number of an epoch to the numbers of all examples in its order, called
            once for each epoch; None for the order that they have.
    """

    def __init__(self, examples, batch_size, gather, draw_order=None):
        super().__init__()  # one worker, as reading has threads of its own
        self.examples = examples
        self.batch_size = batch_size
        self.gather = gather
        self.draw_order = draw_order
        self.epoch = 0
        self.order = draw_order(self.epoch) if draw_order else None

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
        """Draw the order of the next epoch."""
        self.epoch += 1
        if self.draw_order:
            self.order = None  # let go of the old one before the new one is drawn
            self.order = self.draw_order(self.epoch)


class PartBatches(Batches):
    """Batches of a part with a `read`, whose files can be lost after they were found.

    A batch that cannot be read while Keras reads ahead repeats the last one, and its error is
    raised when the epoch ends.

    Args:
        part: from rows, `part.read` gives (inputs, rows), those that could be read.
        batch_size: examples in a batch; the last one has what is left.
        draw_order: as for Batches.
    """

    def __init__(self, part, batch_size, draw_order=None):
        super().__init__(len(part), batch_size, self._read, draw_order)
        self.part = part
        self.rows_of_batch = {}  # {number of the batch: the rows that were read}
        self.last = self.error = None

    @property
    def rows_read(self):
        """Row numbers of the examples that the last pass has given, in their order."""
        return np.concatenate([self.rows_of_batch[number] for number in range(len(self))])

    def on_epoch_end(self):
        """Raise what could not be read; draw the order of the next epoch."""
        if self.error:
            raise self.error
        super().on_epoch_end()

    def _read(self, rows, epoch, number):
        if isinstance(rows, slice):
            rows = np.arange(self.examples)[rows]
        try:
            inputs, found = self.part.read(rows)
        except DataError as error:
            if self.last is None or threading.current_thread() is threading.main_thread():
                raise
            # Keras would bury it under a traceback of its reading thread: it is raised
            # when the epoch ends, before anything of this epoch is kept.
            self.error = error
            return self.last
        self.rows_of_batch[number] = found
        self.last = inputs, self.part.labels[found]
        return self.last
