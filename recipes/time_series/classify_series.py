"""Time series classifier: convolutions over time, an LSTM, or both.

    series (60, 1) -> conv 64 -> conv 128 -> conv 64 -> mean over time -> probabilities (6,)

Take it for whole series with one label each, such as heartbeats or control charts.

A convolution over time detects a shape at any position. The mean over all steps measures how much
of each shape there is, so a series may have any length. Only a dense layer follows, so what each
step adds to a class can be computed: the class activation map. An LSTM instead reads the steps in
order, and its last state is classified. The convolutions and the LSTM side by side are the LSTM-FCN
of Karim et al., except that their LSTM reads the series as one single step. The kernels of Wang et
al. span 8, 5 and 3 steps, with twice the filters; here the kernels span 24, 12 and 6 steps, so each
feature sees more of the series.

In the report: which classes are confused, and the class activation map of one test series of each
class. The map is orange where a step counts for the class, blue where a step counts against it. If
there are few training series, as in the UCR archive, choose the settings by the accuracy on the
validation part, then train with --validation 0 on all training series. The test part stays
untouched.

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
from recipes.layers.sizes import check_integers, check_shape, check_tuples
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
        filters: number of kernels in each of the three convolutions.
        units: size of the LSTM's state.
        dropout: fraction of values dropped before the output layer.

    Returns:
        A keras.Model from series (batch, *input_shape) to probabilities (batch, num_classes).

    Raises:
        ValueError: if the network is not one of the three, if a size that it uses is not an integer
            >= 1, or if there are not exactly three filters.

    Example:
        import numpy as np

        series = np.random.randn(128, 100, 1)  # scale yours: mean 0, standard deviation 1
        labels = np.random.randint(3, size=128)

        model = build_classify_series(input_shape=(100, 1), num_classes=3)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(series, labels, batch_size=16, epochs=2)
        probabilities = model.predict(series)  # (128, 3)
    """
    if network not in NETWORKS:
        raise ValueError(
            f"build_classify_series: network {network!r}; give one of {', '.join(NETWORKS)}."
        )
    check_shape(
        "build_classify_series", input_shape, "time steps", "channels", free=("time steps",)
    )
    check_integers("build_classify_series", num_classes=num_classes)
    if network in ("lstm", "both"):
        check_integers("build_classify_series", units=units)
    if network in ("fcn", "both"):
        check_tuples("build_classify_series", filters=filters)
        if len(filters) != 3:
            raise ValueError(
                f"build_classify_series: filters {filters}; give three numbers, one for each "
                f"convolution."
            )

    series = keras.Input(input_shape)
    branches = []
    if network in ("fcn", "both"):
        x = series
        for count, kernel_size in zip(filters, (24, 12, 6), strict=True):
            x = layers.Conv1D(count, kernel_size, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization(momentum=0.9)(x)
            x = layers.ReLU()(x)  # (batch, time, count)
        x = layers.Activation("linear", name="features")(x)  # a name for the last feature maps
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
    """Train on labelled series and report the accuracy on test series.

    Args:
        data: control_charts, or an .npz file with x_train, y_train, x_test and y_test.
        epochs: passes over the training series.
        batch_size: series per training step.
        seed: sets the initial weights, the order of the series and the validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        network: fcn, lstm, or both.
        validation: fraction of the training series for validation; 0 to train on all.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: if the network is not one of the three, or the fraction for validation is wrong.
    """
    if network not in NETWORKS:
        raise data_prep.DataError(f"network {network!r}: give one of {', '.join(NETWORKS)}.")
    series = data_prep.load_labelled_series(data, seed=seed, validation=validation)
    validation_data = None
    if len(series.validation):
        validation_data = (series.validation.inputs, series.validation.labels)
    model = build_classify_series(series.input_shape, len(series.classes), network)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(series.train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=16,  # several batches per call: faster for a small model
    )
    model.fit(
        series.train.inputs,
        series.train.labels,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=validation_data,
        callbacks=list(callbacks),
    )

    # The only use of the test series.
    probabilities = model.predict(series.test.inputs, batch_size=64, verbose=0)
    matrix = scores.confusion(series.test.labels, probabilities)
    pictures = {"confusion": visualize.plot_confusion_matrix(matrix, series.classes)}
    if network != "lstm":
        pictures["class_activation"] = _plot_class_activation(model, series)
    return Report(
        model=model,
        headline="accuracy",
        scores=scores.classification(series.test.labels, probabilities, series.classes),
        baselines=scores.classification_baselines(series, ("majority", "1-nearest neighbour")),
        data=series.describe(),
        pictures=pictures,
    )


def _plot_class_activation(model, series):
    """What each step adds to the true class, for the first test series of each class."""
    _, first_rows = np.unique(series.test.labels, return_index=True)
    rows = first_rows[:8]
    examples = series.test.inputs[rows]
    labels = series.test.labels[rows]

    features = keras.Model(model.inputs, model.get_layer("features").output)
    maps = features.predict(examples, verbose=0)  # (series, time, filters)

    # The weights of a class, minus the mean over all classes: what counts for this class alone.
    kernel, _ = model.get_layer("classes").get_weights()
    weights = kernel[: maps.shape[-1]]  # with "both" the LSTM's weights follow
    weights = weights - weights.mean(axis=1, keepdims=True)
    activations = np.einsum("ntf,fn->nt", maps, weights[:, labels])

    values = series.to_original(examples)[..., 0]
    titles = [series.classes[label] for label in labels]
    return visualize.plot_class_activation(values, activations, titles)
