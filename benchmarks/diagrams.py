"""Seconds to draw a model: visualize compared with keras.utils.plot_model, on the same Graphviz.

    python benchmarks/diagrams.py

Keras needs a program `dot`. If there is none, it gets one that draws with the pygraphviz wheel.
Keras and visualize.plot_model draw shapes and names, and a PNG of 200 dots per inch;
plot_architecture draws its default picture. A first drawing, which does all late imports, is not
timed; the table has the median of the next five. The ratio is our time divided by that of Keras:
below 1 we are faster.
"""

import os
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from keras import layers

import visualize

REPEATS = 5
# A program `dot`: it understands only -T and the name of the input file.
DOT_PROGRAM = (
    "import sys; kind = [a[2:] for a in sys.argv if a.startswith('-T')][0]; "
    "import pygraphviz; sys.stdout.buffer.write("
    "pygraphviz.AGraph(sys.argv[-1]).draw(format=kind, prog='dot'))"
)


def small_cnn():
    """Return an image classifier with two convolutions."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 5, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ],
        name="small_cnn",
    )


def bert(blocks=12, width=256):
    """Return an encoder in the form of BERT, but narrower."""
    tokens = keras.Input((128,), dtype="int32", name="tokens")
    x = layers.LayerNormalization()(layers.Embedding(8_000, width)(tokens))
    for _ in range(blocks):
        attended = layers.Dropout(0.1)(layers.MultiHeadAttention(4, width // 4)(x, x))
        x = layers.LayerNormalization()(layers.Add()([x, attended]))
        hidden = layers.Dense(width)(layers.Dense(4 * width, activation="gelu")(x))
        x = layers.LayerNormalization()(layers.Add()([x, layers.Dropout(0.1)(hidden)]))
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(tokens, layers.Dense(2, activation="softmax")(x), name="bert_12")


def seconds(draw):
    """Time a function that draws.

    Returns:
        (seconds, ""), the median after a first drawing; or (None, name of the error) if it fails.
    """
    try:
        draw()
        times = []
        for _ in range(REPEATS):
            started = time.perf_counter()
            draw()
            times.append(time.perf_counter() - started)
    except Exception as error:  # the table shows which error Keras raises
        return None, type(error).__name__
    return statistics.median(times), ""


def write_dot(folder):
    """Write a program `dot` that draws with the pygraphviz wheel. Returns its path."""
    path = Path(folder, "dot")
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{DOT_PROGRAM}" "$@"\n')
    path.chmod(0o755)
    return path


def main():
    """Print the table."""
    warnings.simplefilter("ignore")  # about pictures that are too large for 200 dots per inch
    models = [
        small_cnn(),
        keras.applications.ResNet50(weights=None),
        keras.applications.EfficientNetB0(weights=None),
        bert(),
    ]
    with tempfile.TemporaryDirectory() as folder:
        dot = visualize.find_dot()
        print(f"Graphviz: {dot or 'the pygraphviz wheel, as a program dot for Keras'}")
        print(f"{'model':16}{'file':6}{'Keras':>8}{'plot_model':>12}{'ratio':>7}", end="")
        print(f"{'plot_architecture':>20}{'ratio':>7}")
        for model in models:
            for kind in ("svg", "png"):
                file = str(Path(folder, f"model.{kind}"))
                print_row(model, kind, file, dot or write_dot(folder))


def print_row(model, kind, file, dot):
    """Draw one model into a file in three ways, and print the seconds."""
    options = {"show_shapes": True, "show_layer_names": True}
    with visualize.dot_on_path(dot):
        by_keras, error = seconds(lambda: keras.utils.plot_model(model, file, **options))
    by_plot_model, _ = seconds(lambda: visualize.plot_model(model, file, **options))
    by_plot_architecture, _ = seconds(lambda: visualize.plot_architecture(model, file))

    keras_text = error if by_keras is None else f"{by_keras:.2f}"
    print(f"{model.name:16}{kind:6}{keras_text:>8}", end="")
    print(f"{by_plot_model:12.2f}{ratio(by_plot_model, by_keras):>7}", end="")
    print(f"{by_plot_architecture:20.2f}{ratio(by_plot_architecture, by_keras):>7}")


def ratio(ours, by_keras):
    """Return our time divided by that of Keras as text, or "-" if Keras failed."""
    return "-" if by_keras is None else f"{ours / by_keras:.2f}"


if __name__ == "__main__":
    main()
