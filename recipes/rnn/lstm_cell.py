"""The vanilla, LSTM and GRU cells, written out equation by equation for Keras.

    rows (8, 8) -> rnn of lstm cells 96 -> probabilities (10,)

A recurrent layer is a loop over time around a cell, which makes the new state out of the step's
input and the state of the step before. The vanilla cell has two equations. The LSTM has six: three
gates, numbers from 0 (shut) to 1 (open), decide unit by unit what the cell forgets, takes in and
gives out. Its cell state is only scaled and added to, so that the gradient survives many steps. The
GRU makes do with two gates and one state. The equations stand in recipes/layers/cells.py; a run
measures how near outputs and gradients are to those of Keras's own layers with the same weights.

Differs from lstm_stack: the cell is ours, and there is one layer.

Reference: Hochreiter and Schmidhuber, "Long short-term memory", 1997; Gers et al., "Learning to
forget", 2000; Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
import numpy as np
from keras import layers

import data_prep
import visualize
from recipes import scores
from recipes.layers.cells import GRUCell, LSTMCell, VanillaCell
from recipes.report import Report


def build_lstm_cell(input_shape=(8, 8), num_classes=10, cell="lstm", units=96):
    """Build the network, not compiled.

    Args:
        input_shape: (time steps, features per step); the number of steps may be None.
        num_classes: number of classes, the size of the output.
        cell: "lstm", "gru", "gru_before" (the reset gate in front of the product) or "vanilla".
        units: size of the state.

    Returns:
        A keras.Sequential from (batch, *input_shape) to probabilities (batch, num_classes).
    """
    cells = {"lstm": LSTMCell, "gru": GRUCell, "gru_before": GRUCell, "vanilla": VanillaCell}
    options = {"reset_after": False} if cell == "gru_before" else {}
    return keras.Sequential(
        [
            keras.Input(input_shape),  # (batch, time, features)
            layers.RNN(cells[cell](units, **options)),  # (batch, units), the last hidden state
            layers.Dense(num_classes, activation="softmax"),
        ],
        name="lstm_cell",
    )


def run(
    data="digits", epochs=20, batch_size=64, seed=0, cell="lstm", learning_rate=0.01, callbacks=()
):
    """Hold each cell against Keras's layer, train one on images read row by row.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: draws the first weights, the order of images and the validation part.
        cell: lstm, gru, gru_before (the reset gate in front of the product) or vanilla.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    if cell not in KERAS:
        raise data_prep.DataError(f"there is no cell {cell!r}: give one of {', '.join(KERAS)}.")
    rows = data_prep.image_rows(data_prep.load_images(data, seed=seed))
    model = build_lstm_cell(rows.input_shape, len(rows.classes), cell)
    steps = epochs * -(-len(rows.train) // batch_size)
    # Up, then down to zero: the last epoch is the one to keep, so no epoch has to be chosen.
    schedule = keras.optimizers.schedules.CosineDecay(
        learning_rate / 10, steps - steps // 3, warmup_target=learning_rate, warmup_steps=steps // 3
    )
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=16,
    )
    model.fit(
        rows.train.inputs,
        rows.train.labels,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(rows.validation.inputs, rows.validation.labels),
        callbacks=list(callbacks),
    )
    probabilities = model.predict(rows.test.inputs, batch_size=256, verbose=0)
    matrix = scores.confusion(rows.test.labels, probabilities)
    found = scores.classification(rows.test.labels, probabilities, rows.classes)
    return Report(
        model=model,
        headline="accuracy",
        scores=found | _differences(rows.train.inputs[:32], rows.train.labels[:32], rows.classes),
        baselines=scores.classification_baselines(rows),
        data=rows.describe(),
        pictures={
            "cell": KERAS[cell][2](),
            "confusion": visualize.plot_confusion_matrix(matrix, rows.classes),
        },
    )


# What each cell is held against, and its drawing.
KERAS = {
    "lstm": (layers.LSTM, {}, visualize.plot_lstm_cell),
    "gru": (layers.GRU, {}, visualize.plot_gru_cell),
    "gru_before": (layers.GRU, {"reset_after": False}, visualize.plot_gru_cell),
    "vanilla": (layers.SimpleRNN, {}, visualize.plot_rnn_cell),
}


def _differences(inputs, labels, classes):
    """{name: largest difference of outputs, or of gradients, from Keras's layer}, for each cell.

    A step of plain gradient descent at rate 1 changes the weights by the gradient, so that no
    backend's own way to ask for it is needed.
    """
    found = {}
    for cell, (layer, options, _) in KERAS.items():
        ours = build_lstm_cell(inputs.shape[1:], len(classes), cell, units=16)
        head = layers.Dense(len(classes), activation="softmax")
        theirs = keras.Sequential([keras.Input(inputs.shape[1:]), layer(16, **options), head])
        theirs.set_weights(ours.get_weights())
        outputs, gradients = [], []
        for model in (ours, theirs):
            outputs.append(model.predict_on_batch(inputs))
            before = model.get_weights()
            model.compile(keras.optimizers.SGD(1.0), "sparse_categorical_crossentropy")
            model.train_on_batch(inputs, labels)
            gradients.append([a - b for a, b in zip(before, model.get_weights(), strict=True)])
        found[f"output difference of {cell}"] = float(np.abs(outputs[0] - outputs[1]).max())
        found[f"gradient difference of {cell}"] = max(
            float(np.abs(a - b).max()) for a, b in zip(*gradients, strict=True)
        )
    return found
