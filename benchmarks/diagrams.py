"""Seconds to draw a model: ours against keras.utils.plot_model, on the same Graphviz.

    python benchmarks/diagrams.py

Keras needs a program `dot`: where none is found, it is lent one that draws with the pygraphviz
wheel. Keras and plot_model draw shapes and names, the PNG with 200 dots per inch; plot_architecture
draws what it draws by default. The median counts, after a first drawing that imports what is
imported late. "ratio" is ours / Keras's: below 1 we are faster.
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
LEND = (
    "import sys; kind = [a[2:] for a in sys.argv if a.startswith('-T')][0]; "
    "import pygraphviz; sys.stdout.buffer.write("
    "pygraphviz.AGraph(sys.argv[-1]).draw(format=kind, prog='dot'))"
)


def small_cnn():
    """Two convolutions, as in the notes."""
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
    """An encoder of the shape of BERT, narrower."""
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
    """Median of some drawings after a first one; None with the reason if it fails."""
    try:
        draw()
        taken = []
        for _ in range(REPEATS):
            started = time.perf_counter()
            draw()
            taken.append(time.perf_counter() - started)
    except Exception as error:  # what Keras raises is what is to be shown
        return None, type(error).__name__
    return statistics.median(taken), ""


def lend_dot(folder):
    """Write a program `dot` that draws with the pygraphviz wheel."""
    path = Path(folder, "dot")
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{LEND}" "$@"\n')
    path.chmod(0o755)
    return path


def main():
    """Print the table."""
    warnings.simplefilter("ignore")  # of pictures too large for 200 dots per inch
    models = [
        small_cnn(),
        keras.applications.ResNet50(weights=None),
        keras.applications.EfficientNetB0(weights=None),
        bert(),
    ]
    with tempfile.TemporaryDirectory() as folder:
        dot = visualize.find_dot()
        print(f"Graphviz: {dot or 'the pygraphviz wheel, lent to Keras as a program dot'}")
        print(f"{'model':16}{'file':6}{'Keras':>8}{'plot_model':>12}{'ratio':>7}", end="")
        print(f"{'plot_architecture':>20}{'ratio':>7}")
        for model in models:
            for kind in ("svg", "png"):
                file = str(Path(folder, f"model.{kind}"))
                with visualize.dot_on_path(dot or lend_dot(folder)):
                    theirs, why = seconds(
                        lambda model=model, file=file: keras.utils.plot_model(
                            model, file, show_shapes=True, show_layer_names=True
                        )
                    )
                ours, _ = seconds(
                    lambda model=model, file=file: visualize.plot_model(
                        model, file, show_shapes=True, show_layer_names=True
                    )
                )
                diagram, _ = seconds(
                    lambda model=model, file=file: visualize.plot_architecture(model, file)
                )
                print(f"{model.name:16}{kind:6}{seconds_text(theirs, why):>8}{ours:12.2f}", end="")
                print(f"{ratio(ours, theirs):>7}{diagram:20.2f}{ratio(diagram, theirs):>7}")


def seconds_text(value, why):
    """Seconds, or why there are none."""
    return why if value is None else f"{value:.2f}"


def ratio(ours, theirs):
    """How many times as long we take."""
    return "-" if theirs is None else f"{ours / theirs:.2f}"


if __name__ == "__main__":
    main()
