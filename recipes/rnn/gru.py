"""The GRU, an LSTM made simpler, on sequences of many lengths behind a mask.

    rows (8, 8), padded to any length -> mask -> gru 96 -> probabilities (10,)

The gated recurrent unit has two gates where the LSTM has three, and one state where it has two. So
it needs a quarter fewer weights for as many units, and learns about as well.

Sequences of one batch must be of one length: the shorter ones are filled up with padding. A mask
tells the layer which steps are padding; there it hands its state on as it is, so that they change
nothing. Without a mask the network reads them as input, and has to learn to ignore them. A run
shows both, on images followed by more and more padding.

Differs from lstm_stack: a GRU in place of LSTMs, one layer, and the mask.

Reference: Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014; Chung et
al., "Empirical evaluation of gated recurrent neural networks on sequence modeling", 2014.
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
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_gru(input_shape=(None, 8), num_classes=10, units=96, dropout=0.2, mask_value=-1.0):
    """Build the network, not compiled.

    Args:
        input_shape: (time steps, features per step); the number of steps may be None.
        num_classes: number of classes, the size of the output.
        units: size of the state.
        dropout: share of values dropped behind the last state.
        mask_value: what all features of a step of padding hold; None for no mask.

    Returns:
        A keras.Sequential from (batch, *input_shape) to probabilities (batch, num_classes).
    """
    model = keras.Sequential([keras.Input(input_shape)], name="gru")
    if mask_value is not None:
        model.add(layers.Masking(mask_value))  # (batch, time, features), with a mask (batch, time)
    model.add(layers.GRU(units))  # (batch, units), the state after the last step that is no padding
    model.add(layers.Dropout(dropout))
    model.add(layers.Dense(num_classes, activation="softmax"))
    return model


def run(
    data="digits",
    epochs=20,
    batch_size=64,
    seed=0,
    learning_rate=0.006,
    padding=16,
    compare=True,
    callbacks=(),
):
    """Train on images read row by row, report accuracy on test images, padded and not.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: draws the first weights, the order of images, padding and the validation part.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        padding: most steps of padding, behind an image.
        compare: also train an LSTM with as many weights, and a GRU without a mask.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    if padding < 0:
        raise data_prep.DataError(f"padding is {padding} steps; give 0 or more.")
    rows = data_prep.image_rows(data_prep.load_images(data, seed=seed))
    length, features = rows.input_shape
    shape, classes = (None, features), len(rows.classes)
    networks = {"GRU": build_gru(shape, classes)}
    if compare:
        weights = networks["GRU"].layers[1].count_params()
        # The units with which an LSTM comes nearest to as many.
        units = min(range(1, 97), key=lambda n: abs(4 * n * (n + features + 1) - weights))
        stack = [keras.Input(shape), layers.LSTM(units), layers.Dropout(0.2)]
        networks["LSTM"] = keras.Sequential([*stack, layers.Dense(classes, activation="softmax")])
        networks["GRU without a mask"] = build_gru(shape, classes, mask_value=None)
    # Padding does not change what a mask lets through, so only the network without one needs any.
    # It has an image begin at any step, so that any number of steps of padding is behind it.
    padded = np.full((len(rows.train), length + padding, features), -1.0, "float32")
    begins = np.random.default_rng(seed).integers(0, padding + 1, (len(rows.train), 1))
    numbers = np.arange(len(rows.train))[:, None]
    padded[numbers, begins + np.arange(length)] = rows.train.inputs
    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(rows.train), batch_size, epochs)
    amounts = sorted({*range(0, padding, 4), padding})
    found, lines, changes = {}, {}, {}
    for name, model in networks.items():
        model.compile(
            optimizer=keras.optimizers.Adam(schedule),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
            steps_per_execution=16,
        )
        model.fit(
            padded if name == "GRU without a mask" else rows.train.inputs,
            rows.train.labels,
            batch_size=batch_size,
            epochs=epochs,
            validation_data=(rows.validation.inputs, rows.validation.labels),
            callbacks=list(callbacks),
        )
        answers = []  # for each amount of padding, probabilities (test images, classes)
        for amount in amounts:
            inputs = np.pad(rows.test.inputs, ((0, 0), (0, amount), (0, 0)), constant_values=-1.0)
            answers.append(model.predict(inputs, batch_size=256, verbose=0))
        found[name] = [
            scores.classification(rows.test.labels, answer, rows.classes) for answer in answers
        ]
        if "GRU" in name:
            lines[name] = [[table["accuracy"] for table in found[name]]]
            changes[f"change by padding, {name}"] = float(np.abs(answers[-1] - answers[0]).max())
            changes[f"accuracy with padding, {name}"] = found[name][-1]["accuracy"]
        if name == "GRU":
            matrix = scores.confusion(rows.test.labels, answers[0])
    weights = {name: f"{model.count_params():,} weights" for name, model in networks.items()}
    return Report(
        model=networks["GRU"],
        headline="accuracy",
        scores=found["GRU"][0] | changes,
        baselines=scores.classification_baselines(rows),
        comparisons={
            f"{name}, {weights[name]}": found[name][0] for name in weights if name != "GRU"
        },
        data=rows.describe(),
        pictures={
            "confusion": visualize.plot_confusion_matrix(matrix, rows.classes),
            "padding": visualize.plot_spread(amounts, lines, "steps of padding", "accuracy"),
        },
    )
