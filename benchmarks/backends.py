"""Compare recipes on TensorFlow, JAX and PyTorch: equal weights and inputs, which outputs?

    python benchmarks/backends.py                     # the chapters seq2seq and transformers
    python benchmarks/backends.py lstm_stack gru      # these recipes

It needs the three backends in one environment: pip install tensorflow jax torch. Each backend runs
in a process of its own. TensorFlow makes the weights and the outputs that the others are held to.
It prints a Markdown table: the greatest difference of an output, and how many of the texts that a
decoder writes are equal.
"""

import inspect
import os
import subprocess
import sys
import tempfile
from pathlib import Path

BACKENDS = ("tensorflow", "jax", "torch")
CHAPTERS = ("seq2seq", "transformers")
EXAMPLES, STEPS, LENGTH = 16, 12, 10


def main(names):
    """Run each backend in a child process, one after the other, and print the table."""
    from recipes import catalog

    if not names:
        names = [page.name for page in catalog.pages() if page.chapter in CHAPTERS]
    with tempfile.TemporaryDirectory(prefix="backends-") as folder:
        for backend in BACKENDS:
            environment = os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
            words = [sys.executable, __file__, "--child", folder, *names]
            subprocess.run(words, env=environment, check=True)
        _print_table(Path(folder), names)


def _print_table(folder, names):
    """Print a row for each recipe and a column for each backend that is held to TensorFlow."""
    import numpy as np

    print(f"| Recipe | {' | '.join(BACKENDS[1:])} |")
    print(f"| --- |{' --- |' * len(BACKENDS[1:])}")
    for name in names:
        wanted = np.load(folder / f"{name}-tensorflow.npz")
        cells = []
        for backend in BACKENDS[1:]:
            found = np.load(folder / f"{name}-{backend}.npz")
            difference = abs(found["outputs"] - wanted["outputs"]).max()
            cell = f"{difference:.1e}"
            if "texts" in wanted:
                equal = (found["texts"] == wanted["texts"]).all(axis=1)
                cell += f", {equal.sum()} of {len(equal)} texts equal"
            cells.append(cell)
        print(f"| {name} | {' | '.join(cells)} |")


def _run_backend(folder, names):
    """Write the outputs of each recipe's network on this process's backend."""
    import keras
    import numpy as np

    from recipes import catalog, runner
    from recipes.layers.decoding import Decoding

    for name in names:
        page = catalog.find(name)
        module = runner.load(page)
        keras.utils.set_random_seed(0)
        model = getattr(module, page.builder)()
        weights = folder / f"{name}.weights.h5"
        if keras.backend.backend() == "tensorflow":
            model.save_weights(weights)
        model.load_weights(weights)

        inputs = _make_inputs(model)
        outputs = keras.tree.flatten(model.predict(inputs, verbose=0))
        found = {"outputs": np.concatenate([np.ravel(output) for output in outputs])}

        for decoder in vars(module).values():
            is_class = inspect.isclass(decoder) and decoder is not Decoding
            if is_class and issubclass(decoder, Decoding) and decoder.__module__ == page.module:
                texts, _ = decoder(model, LENGTH, beams=3).predict(inputs[0], verbose=0)
                found["texts"] = texts
        np.savez(folder / f"{name}-{keras.backend.backend()}.npz", **found)


def _make_inputs(model):
    """Random inputs that fit the model; axes of free length get STEPS."""
    import numpy as np

    rng = np.random.default_rng(0)
    inputs = []
    for tensor in model.inputs:
        shape = (EXAMPLES, *(size or STEPS for size in tensor.shape[1:]))
        if tensor.name == "types":  # BERT's: 0 for the first text of a pair, 1 for the second
            inputs.append(rng.integers(0, 2, shape).astype(tensor.dtype))
        elif "int" in tensor.dtype:
            inputs.append(rng.integers(1, 5, shape).astype(tensor.dtype))
        else:
            inputs.append(rng.random(shape, "float32"))
    return inputs if len(inputs) > 1 else inputs[0]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        _run_backend(Path(sys.argv[2]), sys.argv[3:])
    else:
        main(sys.argv[1:])
