"""Sequence classifier: a GRU, with a mask for sequences of different lengths.

    rows (8, 8), padded to any length -> mask -> gru 96 -> probabilities (10,)

The gated recurrent unit (GRU) has two gates and one state, the LSTM three gates and two states. For
the same number of units the GRU needs a quarter fewer weights, and it often learns as well. Take it
in place of an LSTM when a smaller network is wanted.

The sequences of a batch must have one length: the shorter ones are filled up with padding. The mask
tells the layer which steps are padding. There the layer keeps its state, so padding changes
nothing. Without a mask the network reads padding as input, and has to learn to ignore it.

In the report: the accuracy on images followed by more and more padding, with and without a mask,
and the comparison with an LSTM of about as many weights.

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
from recipes.layers.sizes import check_integers, check_shape
from recipes.report import Report
from recipes.schedules import warmup_cosine

PADDING = -1.0  # pixels are from 0 to 1, so no row of an image has this value


def build_gru(
    input_shape=(None, 8), num_classes=10, units=96, dropout=0.2, mask_value=-1.0, name="gru"
):
    """Build the network, not compiled.

    Args:
        input_shape: (time steps, features per step); the number of steps may be None.
        num_classes: number of classes, the size of the output.
        units: size of the state.
        dropout: fraction of values dropped after the last state.
        mask_value: the value of all features at a step of padding; None for no mask.
        name: name of the model, shown in progress and history.

    Returns:
        A keras.Sequential from (batch, *input_shape) to probabilities (batch, num_classes).

    Raises:
        ValueError: if input_shape does not have two axes, or a size is not an integer >= 1.

    Example:
        import numpy as np

        # 128 sequences of 5 to 20 steps; the shorter ones are filled up with -1.
        sequences = np.random.rand(128, 20, 8)
        lengths = np.random.randint(5, 21, size=128)
        sequences[np.arange(20) >= lengths[:, None]] = -1.0
        labels = np.random.randint(10, size=128)

        model = build_gru(input_shape=(None, 8), num_classes=10, mask_value=-1.0)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(sequences, labels, epochs=2)
        probabilities = model.predict(sequences)  # (128, 10)
    """
    check_shape("build_gru", input_shape, "time steps", "features", free=("time steps",))
    check_integers("build_gru", num_classes=num_classes, units=units)

    model = keras.Sequential(name=name)
    model.add(keras.Input(input_shape))  # (batch, time, features)
    if mask_value is not None:
        model.add(layers.Masking(mask_value))  # the same shape, with a mask (batch, time)
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
    """Train on images read row by row and report the accuracy on test images, padded and not.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: sets the initial weights, the order of the images, padding and the validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        padding: most padding steps after a test image; padded training images have as many in all.
        compare: also train an LSTM of similar size and, on padded images, a GRU without a mask.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: if `padding` is below 0.
    """
    if padding < 0:
        raise data_prep.DataError(f"padding is {padding} steps; give 0 or more.")
    rows = data_prep.image_rows(data_prep.load_images(data, seed=seed))
    networks = _networks(rows, compare)
    padded = _pad_at_random(rows.train.inputs, padding, seed)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(rows.train), batch_size, epochs)
    for name, model in networks.items():
        model.compile(
            optimizer=keras.optimizers.Adam(schedule),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
            steps_per_execution=16,  # several batches per call: faster for a small model
        )
        model.fit(
            # With a mask padding changes nothing. Without one the network has to see some.
            padded if name == "GRU without a mask" else rows.train.inputs,
            rows.train.labels,
            batch_size=batch_size,
            epochs=epochs,
            validation_data=(rows.validation.inputs, rows.validation.labels),
            callbacks=list(callbacks),
        )

    # The only use of the test images.
    amounts = sorted({*range(0, padding, 4), padding})  # steps of padding
    probabilities, found = _measure_padded(networks, rows, amounts)
    return Report(
        model=networks["GRU"],
        headline="accuracy",
        scores=found["GRU"][0] | _effects_of_padding(probabilities, found),
        baselines=scores.classification_baselines(rows),
        comparisons={
            f"{name}, {model.count_params():,} weights": found[name][0]
            for name, model in networks.items()
            if name != "GRU"
        },
        data=rows.describe(),
        pictures=_pictures(rows, amounts, probabilities, found),
    )


def _networks(rows, compare):
    """{name: network}: the GRU, and the two to compare it with."""
    _, features = rows.input_shape
    num_classes = len(rows.classes)
    gru = build_gru((None, features), num_classes)
    if not compare:
        return {"GRU": gru}

    # The number of units with which the weights of an LSTM are nearest to the GRU's.
    weights = gru.get_layer(index=1).count_params()
    units = min(range(1, 97), key=lambda n: abs(4 * n * (n + features + 1) - weights))
    lstm = keras.Sequential([keras.Input((None, features)), layers.LSTM(units)], name="lstm")
    lstm.add(layers.Dropout(0.2))
    lstm.add(layers.Dense(num_classes, activation="softmax"))
    unmasked = build_gru((None, features), num_classes, mask_value=None, name="gru_without_mask")
    return {"GRU": gru, "LSTM": lstm, "GRU without a mask": unmasked}


def _pad_at_random(inputs, padding, seed):
    """Padding before and after each image, `padding` steps in all: any number may come after."""
    count, length, features = inputs.shape
    padded = np.full((count, length + padding, features), PADDING, "float32")
    starts = np.random.default_rng(seed).integers(0, padding + 1, (count, 1))
    padded[np.arange(count)[:, None], starts + np.arange(length)] = inputs
    return padded


def _measure_padded(networks, rows, amounts):
    """{network: probabilities for each amount of padding}, and {network: scores for each}."""
    probabilities = {name: [] for name in networks}
    found = {name: [] for name in networks}
    for amount in amounts:
        padded = np.pad(rows.test.inputs, [(0, 0), (0, amount), (0, 0)], constant_values=PADDING)
        for name, model in networks.items():
            predicted = model.predict(padded, batch_size=256, verbose=0)
            probabilities[name].append(predicted)
            found[name].append(scores.classification(rows.test.labels, predicted, rows.classes))
    return probabilities, found


def _effects_of_padding(probabilities, found):
    """What the most padding changes, with a mask and without."""
    effects = {}
    for name in found:
        if name != "LSTM":
            change = np.abs(probabilities[name][-1] - probabilities[name][0]).max()
            effects[f"change by padding, {name}"] = float(change)
            effects[f"accuracy with padding, {name}"] = found[name][-1]["accuracy"]
    return effects


def _pictures(rows, amounts, probabilities, found):
    """Which classes are confused, and the accuracy with more and more padding."""
    matrix = scores.confusion(rows.test.labels, probabilities["GRU"][0])
    accuracies = {}
    for name, by_amount in found.items():
        if name != "LSTM":
            accuracies[name] = [[score["accuracy"] for score in by_amount]]

    return {
        "confusion": visualize.plot_confusion_matrix(matrix, rows.classes),
        "padding": visualize.plot_lines(amounts, accuracies, "steps of padding", "accuracy"),
    }
