"""What `--resume` continues from: the callback that saves every epoch and restores the last one.

With `--resume`, runner.py first checks that the stopped run had the same flags, skips the seeds
that are finished, and then trains again with this callback: at the start of `fit` it loads the last
finished epoch, and `fit` goes on with the next one.
"""

import os
import time

import keras

from recipes.catalog import RecipeError
from recipes.json_files import read_json, write_json


class Checkpoint(keras.callbacks.Callback):
    """Save weights, optimizer and history after each epoch, and restore them when fit begins.

    Each epoch writes a new file of weights. progress.json names the valid one and is replaced in
    one step, so a kill at any moment leaves a whole epoch. Only the first fit of a page can be
    resumed: a page that fits several models starts over, and says so.

    Args:
        folder: where to write progress.json and the weights.
        name: name of the page, for messages.

    Attributes:
        networks: names of the models, one for each call of fit.
        fits: [{metric: values by epoch}], one history for each call of fit.
        seconds: time spent in fit, over all calls and over the runs that were stopped.
    """

    def __init__(self, folder, name):
        super().__init__()
        self.folder = folder
        self.name = name
        self.networks = []
        self.fits = []
        self.seconds = 0.0

    def on_train_begin(self, logs=None):
        """Restore the stopped run, if this is the first fit and there is one."""
        self.networks.append(self.model.name)
        self.fits.append({})
        self.begun = time.perf_counter()
        progress_file = self.folder / "progress.json"
        if not progress_file.is_file():
            return
        progress = read_json(progress_file)
        if len(self.fits) > 1 or progress["fits"] > 1:
            if len(self.fits) == 1:
                print(f"{self.name} trains several networks: it starts over.")
            write_json(progress_file, {"fits": 2, "epoch": 0})
            return
        if progress["optimizer"] and not self.model.optimizer.built:
            self.model.optimizer.build(self.model.trainable_variables)
        try:
            self.model.load_weights(self.folder / progress["weights"])
        except (ValueError, OSError, KeyError) as error:
            raise RecipeError(
                f"--resume: the weights in {self.folder} do not fit the model that {self.name} "
                f"builds now; leave out --resume to start afresh."
            ) from error
        self.model._initial_epoch = progress["epoch"]  # as keras.callbacks.BackupAndRestore does
        self.fits[0] = progress["history"]
        # So that the history which fit() returns includes the epochs before the stop.
        self.model.history.history.update({name: [*v] for name, v in self.fits[0].items()})
        self.seconds = progress["seconds"]

    def on_epoch_end(self, epoch, logs=None):
        """Save the epoch that has just ended."""
        history = self.fits[-1]
        for metric, value in (logs or {}).items():
            history.setdefault(metric, []).append(float(value))
        if len(self.fits) == 1:
            self._save(epoch + 1)
        if not keras.config.is_interactive_logging_enabled():  # no progress bar in a file or pipe
            network = "" if self.model.name == self.name else f"{self.model.name}  "
            epochs = self.params.get("epochs", "?")
            values = "  ".join(f"{name} {values[-1]:.4f}" for name, values in history.items())
            print(f"{network}epoch {epoch + 1}/{epochs}  {values}", flush=True)

    def on_train_end(self, logs=None):
        """Add the time of this fit."""
        self.seconds += time.perf_counter() - self.begun

    def _save(self, epoch):
        weights = self.folder / f"epoch-{epoch}.weights.h5"
        self.model.save_weights(weights)
        now = time.perf_counter()
        progress = {
            "fits": 1,
            "epoch": epoch,
            "weights": weights.name,
            # A model with optimizers of its own may never build the one that Keras gave it.
            "optimizer": self.model.optimizer is not None and self.model.optimizer.built,
            "history": self.fits[0],
            "seconds": self.seconds + now - self.begun,
        }
        write_json(self.folder / "progress.json", progress)
        for path in self.folder.glob("epoch-*.weights.h5"):
            if path != weights:
                os.remove(path)
