"""Frames per second and memory of data_prep.make_frames, compared with other code.

    python -m benchmarks.frames                 # 1e5, 1e6 and 1e7 rows: about 3 minutes
    python -m benchmarks.frames --rows 100000

Every line makes frames of 60 rows x 8 float32 features in batches. The label of a frame is the
value one row after it. Our time runs from the call of make_frames to the end of the epoch. The time
of the others starts after their first batch, so it does not include their preparation, and stops
after a few seconds; the last column is the fraction of the epoch that was timed. The two loops, as
in tutorials, yield single frames.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import deque

import numpy as np

WINDOW, FEATURES = 60, 8
SECONDS = 4  # the others are timed for so long
MEMORY_ROWS = 10_000_000


def ours(form, shuffle):
    """Return a function of (array, batch size) that yields batches of our frames.

    Args:
        form: "batches" or "dataset", a method of the frames.
        shuffle: whether the frames are in random order.
    """

    def batches(array, batch_size):
        from data_prep import make_frames

        frames = make_frames(array, WINDOW, target=0)
        return getattr(frames, form)(batch_size, shuffle=shuffle)

    return batches


def keras_utility(shuffle):
    """Return a function of (array, batch size) that yields batches of Keras's utility."""

    def batches(array, batch_size):
        import keras

        return keras.utils.timeseries_dataset_from_array(
            array[:-1], array[WINDOW:, 0], WINDOW, batch_size=batch_size, shuffle=shuffle
        )

    return batches


def pandas_loop(array, batch_size):
    """Yield one frame for each row, with pandas and `iloc`."""
    import pandas as pd

    table = pd.DataFrame(array, copy=False)
    for first in range(len(table) - WINDOW):
        frame = table.iloc[first : first + WINDOW].to_numpy()
        yield frame[None], table[0].iloc[[first + WINDOW]].to_numpy()


def deque_loop(array, batch_size):
    """Yield one frame for each row, from a deque of the last rows."""
    rows = deque(maxlen=WINDOW)
    for number in range(len(array) - 1):
        rows.append(list(array[number]))
        if len(rows) == WINDOW:
            yield np.array(rows)[None], array[number + 1 : number + 2, 0]


LINES = {
    "ours .batches()": ours("batches", False),
    "ours .batches(), shuffled": ours("batches", True),
    "ours .dataset()": ours("dataset", False),
    "ours .dataset(), shuffled": ours("dataset", True),
    "keras utility": keras_utility(False),
    "keras utility, shuffled": keras_utility(True),
    "pandas loop": pandas_loop,
    "deque loop": deque_loop,
}


def consume(batches, array, batch_size, whole):
    """Iterate over batches.

    Returns:
        (frames per second, fraction of the epoch that was timed).
    """
    started = time.perf_counter()
    frames = 0
    for number, (inputs, _) in enumerate(batches(array, batch_size)):
        if number == 0 and not whole:
            started = time.perf_counter()
            continue
        frames += len(inputs)
        if not whole and time.perf_counter() - started > SECONDS:
            break

    elapsed = time.perf_counter() - started
    frames_of_epoch = len(array) - WINDOW
    return frames / elapsed, frames / frames_of_epoch


def table(rows, batch_size):
    """Print the table of speeds; `rows` is a list of numbers of rows."""
    print(f"window {WINDOW}, {FEATURES} features, float32, batches of {batch_size}")
    print(f"{'rows':>10}  {'':27}{'frames / s':>12}{'us / frame':>12}{'x keras':>9}{'timed':>8}")
    for count in rows:
        array = np.random.default_rng(0).random((count, FEATURES), dtype=np.float32)
        speeds = {}
        # The others come first: they import Keras, which must not count as our time.
        for name, batches in reversed(LINES.items()):
            speeds[name] = consume(batches, array, batch_size, whole=name.startswith("ours"))
        for name in LINES:
            speed, fraction = speeds[name]
            peer = "keras utility, shuffled" if name.endswith("shuffled") else "keras utility"
            ratio = speed / speeds[peer][0]
            numbers = f"{speed:>12,.0f}{1e6 / speed:>12.3f}{ratio:>9.2f}{fraction:>8.1%}"
            print(f"{count:>10,}  {name:27}{numbers}", flush=True)


def memory(form):
    """Print the bytes of an array of ten million rows, and the peak memory of a shuffled epoch.

    It runs in a process of its own, whose peak memory nothing else has raised.
    """
    small = np.zeros((20_000, FEATURES), np.float32)
    list(ours(form, True)(small, 256))  # imports Keras and TensorFlow before the measurement

    before = _memory("VmRSS")
    array = np.random.default_rng(0).random((MEMORY_ROWS, FEATURES), dtype=np.float32)
    for _ in ours(form, True)(array, 256):
        pass
    print(json.dumps({"array": array.nbytes, "peak": _memory("VmHWM") - before}))


def _memory(name):
    """Return a memory value of this process in bytes. Linux only.

    Not resource.getrusage: its peak includes that of the parent process.
    """
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(name))


def main():
    """Print the table of speeds, then the memory of each form."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument(
        "--batch-size",
        type=int,
        default=128,
        help="frames in a batch; 128 is the default of Keras",
    )
    parser.add_argument("--memory", choices=("batches", "dataset"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory:
        memory(arguments.memory)
        return
    table(arguments.rows, arguments.batch_size)
    for form in ("batches", "dataset"):
        command = [sys.executable, "-m", "benchmarks.frames", "--memory", form]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        used = json.loads(done.stdout)
        print(
            f"peak memory of .{form}(shuffle=True) over {MEMORY_ROWS:,} rows, array included: "
            f"{used['peak'] / used['array']:.2f} x the array of {used['array'] / 1e6:.0f} MB"
        )


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
