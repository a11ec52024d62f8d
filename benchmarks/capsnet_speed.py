"""Training samples per second of our capsnet, of plain PyTorch, and of a plain Keras sketch.

    pip install torch                      # not one of the project's requirements
    python benchmarks/capsnet_speed.py --threads 2

All train the paper's network of 8,215,568 parameters with Adam on the same random images of
28 x 28, in batches of 100: margin loss, and reconstruction from the true capsule. Each runs in a
process of its own with the same number of threads. After one batch that is not timed, they take
turns; the table has the medians over all rounds.

The sketch multiplies every primary capsule with every matrix by a broadcast, as many Keras versions
of this network do. PyTorch uses matrix products, as ours does. Ours saves more work in two places:
gradients go through the last round of routing alone, and the second convolution, nine tenths of the
arithmetic, uses Fourier transforms (FourierConv2D). "ours, Conv2D" is ours without the latter.
"""

import argparse
import multiprocessing
import os
import statistics
import time

import numpy as np

BATCH = 100
NAMES = ("ours", "ours, Conv2D", "PyTorch", "sketch")


def examples():
    """Random images and labels, one batch."""
    random = np.random.default_rng(0)
    images = random.random((BATCH, 28, 28, 1), "float32")
    return images, random.integers(0, 10, BATCH)


def ours(plain_convolution=False):
    """Return a function that trains our network on a number of batches with `fit`."""
    from recipes.capsnet.capsnet import build_capsnet
    from recipes.layers import fourier

    if plain_convolution:
        fourier.saves_work = lambda *sizes: False
    model = build_capsnet()
    model.compile("adam", metrics=["accuracy"])
    images, labels = examples()

    def train(batches):
        many = np.tile(images, (batches, 1, 1, 1)), np.tile(labels, batches)
        model.fit(*many, batch_size=BATCH, verbose=0, shuffle=False)

    return train


def sketch():
    """Return the same function for a Keras network that broadcasts capsules and matrices."""
    import keras
    from keras import layers, ops

    from recipes.capsnet.capsnet import CapsNet
    from recipes.layers.capsules import KeepLongest, Lengths, squash

    class BroadcastCapsules(layers.Layer):
        """Class capsules; votes are sums over a product of shape (batch, 1152, 10, 16, 8)."""

        def build(self, input_shape):
            self.kernel = self.add_weight(shape=(1, input_shape[1], 10, 16, 8), name="kernel")

        def call(self, inputs):
            tiled = ops.tile(inputs[:, :, None, None, :], (1, 1, 10, 1, 1))
            votes = ops.sum(tiled * self.kernel, axis=-1)  # (batch, 1152, 10, 16)
            agreement = ops.zeros_like(votes[..., 0])
            for number in range(3):
                coupling = ops.softmax(agreement, axis=2)
                outputs = squash(ops.sum(coupling[..., None] * votes, axis=1))
                if number < 2:
                    agreement = agreement + ops.sum(votes * outputs[:, None], axis=-1)
            return outputs

    class Squash(layers.Layer):
        """Squash vectors."""

        def call(self, inputs):
            return squash(inputs)

    image = keras.Input((28, 28, 1))
    x = layers.Conv2D(256, 9, activation="relu")(image)
    x = layers.Conv2D(256, 9, strides=2)(x)
    capsules = BroadcastCapsules()(Squash()(layers.Reshape((-1, 8))(x)))
    decoder = keras.Sequential(
        [
            keras.Input((10, 16)),
            layers.Flatten(),
            layers.Dense(512, activation="relu"),
            layers.Dense(1024, activation="relu"),
            layers.Dense(784, activation="sigmoid"),
            layers.Reshape((28, 28, 1)),
        ],
        name="decoder",
    )
    rebuilt = decoder(KeepLongest()(capsules))
    model = CapsNet(image, [Lengths()(capsules), rebuilt, capsules])
    assert model.count_params() == 8_215_568
    model.compile("adam", metrics=["accuracy"])
    images, labels = examples()

    def train(batches):
        many = np.tile(images, (batches, 1, 1, 1)), np.tile(labels, batches)
        model.fit(*many, batch_size=BATCH, verbose=0, shuffle=False)

    return train


def pytorch(threads):
    """Return the same function for PyTorch, with the training loop of its tutorials."""
    import torch
    from torch import nn

    torch.set_num_threads(threads)

    def squash(vectors):
        squares = (vectors**2).sum(-1, keepdim=True)
        return vectors * torch.sqrt(squares + 1e-12) / (1 + squares)

    class CapsNet(nn.Module):
        """The paper's network."""

        def __init__(self):
            super().__init__()
            self.first = nn.Conv2d(1, 256, 9)
            self.primary = nn.Conv2d(256, 256, 9, stride=2)
            self.weights = nn.Parameter(0.1 * torch.randn(1152, 8, 160))
            sizes = [nn.Linear(160, 512), nn.ReLU(), nn.Linear(512, 1024), nn.ReLU()]
            self.decoder = nn.Sequential(*sizes, nn.Linear(1024, 784), nn.Sigmoid())

        def forward(self, images, true):
            x = self.primary(self.first(images).relu())  # (batch, 256, 6, 6)
            x = x.view(len(x), 32, 8, 36).permute(0, 1, 3, 2).reshape(len(x), 1152, 8)
            votes = torch.matmul(squash(x).transpose(0, 1), self.weights)
            votes = votes.view(1152, -1, 10, 16)
            agreement = torch.zeros(votes.shape[:3])
            for number in range(3):
                coupling = agreement.softmax(-1)
                outputs = squash((coupling[..., None] * votes).sum(0))
                if number < 2:
                    agreement = agreement + (votes * outputs).sum(-1)
            lengths = torch.sqrt((outputs**2).sum(-1) + 1e-12)
            return lengths, self.decoder((outputs * true[..., None]).flatten(1))

    model = CapsNet()
    assert sum(weight.numel() for weight in model.parameters()) == 8_215_568
    optimizer = torch.optim.Adam(model.parameters())
    images, labels = examples()
    images = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
    true = nn.functional.one_hot(torch.from_numpy(labels), 10).float()

    def train(batches):
        for _ in range(batches):
            optimizer.zero_grad()
            lengths, rebuilt = model(images, true)
            margin = true * (0.9 - lengths).relu() ** 2
            margin = margin + 0.5 * (1 - true) * (lengths - 0.1).relu() ** 2
            error = ((rebuilt - images.flatten(1)) ** 2).mean()
            (margin.sum(1).mean() + 0.392 * error).backward()
            optimizer.step()

    return train


def work(name, threads, orders, results):
    """Build one network; for each number of batches in the queue, train it and send the times."""
    os.environ |= {
        "OMP_NUM_THREADS": str(threads),
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    build = {
        "ours": ours,
        "ours, Conv2D": lambda: ours(plain_convolution=True),
        "PyTorch": lambda: pytorch(threads),
        "sketch": sketch,
    }
    train = build[name]()
    train(1)
    results.put(None)
    while batches := orders.get():
        wall, processor = time.perf_counter(), time.process_time()
        train(batches)
        results.put((time.perf_counter() - wall, time.process_time() - processor))


def main():
    """Print a line for each network."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, default=2, help="threads of each process")
    parser.add_argument("--batches", type=int, default=3, help="batches in a round")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, in which all take turns")
    arguments = parser.parse_args()

    context = multiprocessing.get_context("spawn")
    queues = {}
    for name in NAMES:
        orders, results = context.Queue(), context.Queue()
        process = context.Process(
            target=work, args=(name, arguments.threads, orders, results), daemon=True
        )
        process.start()
        results.get()  # built, and one batch trained
        queues[name] = orders, results

    times = {name: [] for name in NAMES}
    for _ in range(arguments.rounds):
        for name, (orders, results) in queues.items():
            orders.put(arguments.batches)
            times[name].append(results.get())

    samples = arguments.batches * BATCH
    print(f"{'training samples':16}  {'per second':>10}  {'per CPU second':>14}")
    for name, seconds in times.items():
        wall, processor = (statistics.median(column) for column in zip(*seconds, strict=True))
        print(f"{name:16}  {samples / wall:10.1f}  {samples / processor:14.1f}")


if __name__ == "__main__":
    main()
