"""Training samples per second of our recurrent recipes, compared with plain PyTorch.

    pip install torch                      # not one of the project's requirements
    python benchmarks/recurrent.py path/to/mnist.npz

Both train the same networks on the rows of the same images, in batches of 128, with Adam and
cross-entropy. Ours use `fit`, as the recipes do. PyTorch uses the loop of its tutorials, on arrays
in memory, without a DataLoader. 20 batches warm up and are not timed. Then both take turns: five
epochs of 200 batches each. The table has the medians.
"""

import argparse
import statistics
import sys
import time

import numpy as np
import torch

import data_prep
from recipes.rnn.gru import build_gru
from recipes.rnn.lstm_stack import build_lstm_stack
from recipes.rnn.simple_rnn import build_simple_rnn

BATCH, BATCHES, ROUNDS = 128, 200, 5


class Recurrent(torch.nn.Module):
    """The layers of our recipes: recurrent layers, each followed by dropout, then logits."""

    def __init__(self, layer, features, units):
        super().__init__()
        sizes = [features, *units]
        self.layers = torch.nn.ModuleList(
            layer(before, size, batch_first=True)
            for before, size in zip(sizes, units, strict=False)
        )
        self.dropout = torch.nn.Dropout(0.2)
        self.dense = torch.nn.Linear(sizes[-1], 10)

    def forward(self, x):
        """Return logits (batch, 10) for rows (batch, time, features)."""
        for layer in self.layers:
            x = self.dropout(layer(x)[0])
        return self.dense(x[:, -1])


def ours(model, rows, labels):
    """Return a function that trains a Keras model for one epoch on the first batches."""
    model.compile("adam", "sparse_categorical_crossentropy", steps_per_execution=16)

    def epoch(batches):
        count = batches * BATCH
        model.fit(rows[:count], labels[:count], batch_size=BATCH, verbose=0)

    return epoch


def theirs(model, rows, labels):
    """Return a function that does the same for a PyTorch model."""
    optimizer = torch.optim.Adam(model.parameters())
    loss = torch.nn.CrossEntropyLoss()
    rows, labels = torch.from_numpy(np.ascontiguousarray(rows)), torch.from_numpy(labels)

    def epoch(batches):
        for numbers in torch.randperm(batches * BATCH).split(BATCH):
            optimizer.zero_grad()
            loss(model(rows[numbers]), labels[numbers]).backward()
            optimizer.step()

    return epoch


def seconds(epoch, batches):
    """Return the seconds of one epoch."""
    started = time.perf_counter()
    epoch(batches)
    return time.perf_counter() - started


def main():
    """Print a line for each recipe."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", help="name of images, or the path of an .npz file")
    arguments = parser.parse_args()

    images = data_prep.load_images(arguments.data, seed=0)
    data = data_prep.image_rows(images)
    rows, labels = data.train.inputs, data.train.labels
    batches = min(BATCHES, len(labels) // BATCH)
    if not batches:
        sys.exit(f"{len(labels)} training images are fewer than one batch of {BATCH}.")

    shape = data.input_shape
    pairs = {
        "simple_rnn": (build_simple_rnn(shape), Recurrent(torch.nn.RNN, shape[1], [128])),
        "gru": (build_gru((None, shape[1])), Recurrent(torch.nn.GRU, shape[1], [96])),
        "lstm_stack": (build_lstm_stack(shape), Recurrent(torch.nn.LSTM, shape[1], [96, 96])),
    }
    print(f"{'samples per second':20}  {'ours':>8}  {'PyTorch':>8}  {'ratio':>6}")
    for name, (model, other) in pairs.items():
        runs = {"ours": ours(model, rows, labels), "PyTorch": theirs(other, rows, labels)}
        for epoch in runs.values():
            epoch(min(20, batches))

        times = {run: [] for run in runs}
        for _ in range(ROUNDS):
            for run, epoch in runs.items():
                times[run].append(seconds(epoch, batches))

        samples = batches * BATCH
        speed = {run: samples / statistics.median(values) for run, values in times.items()}
        ratio = speed["ours"] / speed["PyTorch"]
        print(f"{name:20}  {speed['ours']:8,.0f}  {speed['PyTorch']:8,.0f}  {ratio:6.2f}")


if __name__ == "__main__":
    main()
