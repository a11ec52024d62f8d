"""A whole time series gets one label: convolutions over time, an LSTM, or both.

    series (60, 1) -> conv 64 -> conv 128 -> conv 64 -> mean over time -> probabilities (6,)

Convolutions find shapes wherever in time they are; the mean over all steps says how much of each
there is, so that a series of any length will do. What each step adds to a class can be read off and
drawn: the class activation map. An LSTM reads the steps in order and answers with its last state.
Both side by side are Karim's LSTM-FCN, but that the LSTM there gets the series as one single step.
Wang's convolutions see 8, 5 and 3 steps with twice the filters; with 24, 12 and 6 a step knows more
of its surroundings, and trends were less often taken for shifts.

Where training series are few, as in UCR's archive, choose settings by their validation share, then
train with --validation 0 on all of them: that chooses nothing, and the test part stays untouched.

Reference: Wang et al., "Time series classification from scratch with deep neural networks", 2017;
Karim et al., "LSTM fully convolutional networks for time series classification", 2018.
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

NETWORKS = ("fcn", "lstm", "both")


def build_classify_series(
    input_shape=(60, 1), num_classes=6, network="fcn", filters=(64, 128, 64), units=64, dropout=0.2
):
    """Build the network, not compiled.

    Args:
        input_shape: (time steps, channels); the number of steps may be None.
        num_classes: number of classes, the size of the output.
        network: "fcn" for the convolutions, "lstm", or "both" side by side.
        filters: number of shapes that each of the three convolutions looks for.
        units: size of the LSTM's state.
        dropout: share of values dropped before the output layer.

    Returns:
        A keras.Model from series (batch, *input_shape) to probabilities (batch, num_classes).
    """
    series = keras.Input(input_shape)
    branches = []
    if network in ("fcn", "both"):
        x = series
        for count, size in zip(filters, (24, 12, 6), strict=True):
            x = layers.Conv1D(count, size, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization(momentum=0.9)(x)
            x = layers.ReLU()(x)  # (batch, time, count)
        x = layers.Activation("linear", name="features")(x)
        branches.append(layers.GlobalAveragePooling1D()(x))  # (batch, filters[-1])
    if network in ("lstm", "both"):
        branches.append(layers.LSTM(units)(series))  # (batch, units)
    x = branches[0] if len(branches) == 1 else layers.Concatenate()(branches)
    x = layers.Dropout(dropout)(x)
    probabilities = layers.Dense(num_classes, activation="softmax", name="classes")(x)
    return keras.Model(series, probabilities, name="classify_series")


def run(
    data="control_charts",
    epochs=40,
    batch_size=16,
    seed=0,
    learning_rate=0.002,
    network="fcn",
    validation=0.1,
    callbacks=(),
):
    """Train on labelled series, report accuracy on test series.

    Args:
        data: control_charts, or an .npz file with x_train, y_train, x_test and y_test.
        epochs: passes over the training series.
        batch_size: series per training step.
        seed: draws the first weights, the order of series and the validation part.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        network: fcn, lstm, or both.
        validation: share of the training series kept to choose settings on; 0 to train on all.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: where the network or the share for validation is none that there is.
    """
    if network not in NETWORKS:
        raise data_prep.DataError(f"network {network!r}: give one of {', '.join(NETWORKS)}.")
    series = data_prep.load_labelled_series(data, seed=seed, validation=validation)
    model = build_classify_series(series.input_shape, len(series.classes), network)
    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(series.train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=16,
    )
    kept = series.validation
    model.fit(
        series.train.inputs,
        series.train.labels,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(kept.inputs, kept.labels) if len(kept) else None,
        callbacks=list(callbacks),
    )
    labels = series.test.labels
    probabilities = model.predict(series.test.inputs, batch_size=64, verbose=0)
    matrix = scores.confusion(labels, probabilities)
    pictures = {"confusion": visualize.plot_confusion_matrix(matrix, series.classes)}
    if network != "lstm":
        rows = np.unique(labels, return_index=True)[1][:8]  # the first test series of each class
        examples = series.test.inputs[rows]
        features = keras.Model(model.inputs, model.get_layer("features").output)
        maps = features.predict(examples, verbose=0)  # (series, time, filters)
        # What a step adds to its class, more than to the mean of all classes.
        weights = model.get_layer("classes").get_weights()[0][: maps.shape[-1]]
        weights = (weights - weights.mean(axis=1, keepdims=True))[:, labels[rows]]
        maps = np.einsum("ntf,fn->nt", maps, weights)
        titles = [series.classes[label] for label in labels[rows]]
        values = series.to_original(examples)[..., 0]
        pictures["class_activation"] = visualize.plot_class_activation(values, maps, titles)
    return Report(
        model=model,
        headline="accuracy",
        scores=scores.classification(labels, probabilities, series.classes),
        baselines=scores.classification_baselines(series, ("majority", "1-nearest neighbour")),
        data=series.describe(),
        pictures=pictures,
    )
