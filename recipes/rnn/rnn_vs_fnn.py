"""Sequence classifiers compared: a recurrent and a feed-forward network.

    steps (24, 6) -> gru 32, or flatten -> dense -> probabilities (2,)

Take a recurrent network where the order of steps matters and a pattern may stand anywhere.

A feed-forward network has separate weights for every step: what it learns about the third step does
not help with the fourth. A recurrent network reads every step with the same weights, so it finds a
pattern at any position. Here both networks have about the same number of weights. They learn three
tasks, each of them twice: with the steps of every example in order, and with the steps shuffled, in
training and test examples alike.

    pattern     is there an A directly before a B, in a sequence of 4 A, 4 B and 16 others
    count       are there more A than B, in a sequence of 24
    images      images of handwritten digits, or others, read row by row

In the report: the accuracy of both networks on each task. Shuffling hides the pattern completely,
makes the images harder, and does not change the counts.

Reference: Elman, "Finding structure in time", 1990.
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

UNITS = 32  # of the recurrent network
REPORTED = ("images in order", "rnn")  # the task and the network of the headline


def build_rnn_vs_fnn(input_shape=(24, 6), num_classes=2, kind="rnn", units=32, name="rnn_vs_fnn"):
    """Build one of the two networks, not compiled.

    Args:
        input_shape: (time steps, features per step); for "rnn" the number of steps may be None.
        num_classes: number of classes, the size of the output.
        kind: "rnn", a recurrent network, or "fnn", a feed-forward network.
        units: size of the state, or of the dense layer.
        name: name of the model, shown in progress and history.

    Returns:
        A keras.Sequential from (batch, *input_shape) to probabilities (batch, num_classes).

    Raises:
        ValueError: if there is no such kind, the input shape is not (time steps, features per
            step), a size is not an integer >= 1, or "fnn" is to read any number of steps.

    Example:
        import numpy as np

        sequences = np.random.rand(256, 24, 6)
        labels = (sequences[:, :-1, 0] < 0.1).any(axis=1).astype("int32")  # at any of the steps

        model = build_rnn_vs_fnn(input_shape=(24, 6), num_classes=2, kind="rnn")
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(sequences, labels, epochs=2)
        probabilities = model.predict(sequences)  # (256, 2)
    """
    if kind not in ("rnn", "fnn"):
        raise ValueError(f"build_rnn_vs_fnn: kind {kind!r}; give rnn or fnn.")
    check_shape("build_rnn_vs_fnn", input_shape, "time steps", "features", free=("time steps",))
    check_integers("build_rnn_vs_fnn", num_classes=num_classes, units=units)
    if kind == "fnn" and input_shape[0] is None:
        raise ValueError("build_rnn_vs_fnn: kind fnn needs a fixed number of time steps; give it.")

    model = keras.Sequential(name=name)
    model.add(keras.Input(input_shape))  # (batch, time, features)
    if kind == "rnn":
        model.add(layers.GRU(units))  # (batch, units)
    else:
        model.add(layers.Flatten())  # (batch, time * features)
        model.add(layers.Dense(units, activation="relu"))  # (batch, units)
    model.add(layers.Dense(num_classes, activation="softmax"))
    return model


def run(data="digits", epochs=15, batch_size=64, seed=0, learning_rate=0.01, callbacks=()):
    """Train both networks on each task, in order and shuffled, and report the test accuracy.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training examples.
        batch_size: examples per training step.
        seed: sets the initial weights, the sequences, the shuffles and the validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report on the recurrent network and the images in order.
    """
    images = data_prep.image_rows(data_prep.load_images(data, seed=seed))
    tasks = make_tasks(images, np.random.default_rng(seed))

    networks = {}
    for task, ((inputs, labels), _) in tasks.items():
        shape = inputs.shape[1:]
        num_classes = int(labels.max()) + 1
        units = {"rnn": UNITS, "fnn": _units_of_feed_forward(shape, num_classes)}

        # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
        schedule = warmup_cosine(learning_rate, len(inputs), batch_size, epochs)
        for kind in ("rnn", "fnn"):
            name = f"{kind}_{task.replace(' ', '_')}"
            if (task, kind) == REPORTED:
                name = "rnn_vs_fnn"
            model = build_rnn_vs_fnn(shape, num_classes, kind, units=units[kind], name=name)
            model.compile(
                optimizer=keras.optimizers.Adam(schedule),
                loss="sparse_categorical_crossentropy",
                metrics=["accuracy"],
                steps_per_execution=16,  # several batches per call: faster for a small model
            )
            model.fit(
                inputs, labels, batch_size=batch_size, epochs=epochs, callbacks=list(callbacks)
            )
            networks[task, kind] = model

    # The only use of the test examples.
    accuracies = _accuracies(networks, tasks)
    model = networks[REPORTED]
    probabilities = model.predict(images.test.inputs, batch_size=256, verbose=0)
    found = scores.classification(images.test.labels, probabilities, images.classes)
    return Report(
        model=model,
        headline="accuracy",
        scores=found | _scores_by_task(accuracies),
        baselines=scores.classification_baselines(images),
        comparisons={"feed-forward": {"accuracy": accuracies["images in order"]["fnn"]}},
        data=images.describe(),
        pictures={"accuracy": visualize.plot_score_table(accuracies)},
    )


def make_tasks(images, rng):
    """{task: (training inputs and labels, test inputs and labels)}, in order and shuffled."""
    in_order = {
        "pattern": (make_patterns(2000, rng), make_patterns(1000, rng)),
        "count": (make_counts(2000, rng), make_counts(1000, rng)),
        "images": [(part.inputs, part.labels) for part in (images.train, images.test)],
    }

    tasks = {}
    for name, parts in in_order.items():
        tasks[f"{name} in order"] = parts
        tasks[f"{name} shuffled"] = [
            (_shuffle_steps(inputs, rng), labels) for inputs, labels in parts
        ]
    return tasks


def make_patterns(count, rng):
    """One-hot sequences (count, 24, 6), and whether an A, 0, comes directly before a B, 1."""
    letters = np.tile([0] * 4 + [1] * 4 + [2, 3, 4, 5] * 4, (count, 1))
    letters = rng.permuted(letters, axis=1)
    found = (letters[:, :-1] == 0) & (letters[:, 1:] == 1)
    return np.eye(6, dtype="float32")[letters], found.any(axis=1).astype("int64")


def make_counts(count, rng):
    """One-hot sequences (count, 24, 6), and whether they have more A, 0, than B, 1; no ties."""
    letters = rng.integers(6, size=(2 * count, 24))  # more than needed: ties are left out
    difference = (letters == 0).sum(axis=1) - (letters == 1).sum(axis=1)
    kept = np.flatnonzero(difference)[:count]
    return np.eye(6, dtype="float32")[letters[kept]], (difference[kept] > 0).astype("int64")


def _shuffle_steps(inputs, rng):
    """The same sequences, the steps of each in an order of its own."""
    order = rng.random(inputs.shape[:2]).argsort(axis=1)
    return np.take_along_axis(inputs, order[..., None], axis=1)


def _units_of_feed_forward(shape, num_classes):
    """Units with which the feed-forward network has about as many weights as the recurrent one."""
    weights = build_rnn_vs_fnn(shape, num_classes, "rnn", UNITS).count_params()
    steps, features = shape
    return round((weights - num_classes) / (steps * features + 1 + num_classes))


def _accuracies(networks, tasks):
    """{task: {"majority", "rnn" or "fnn": accuracy}} on the test examples."""
    accuracies = {}
    for task, ((_, train_labels), (inputs, labels)) in tasks.items():
        most_frequent = np.bincount(train_labels).argmax()
        accuracies[task] = {"majority": float(np.mean(labels == most_frequent))}
        for kind in ("rnn", "fnn"):
            probabilities = networks[task, kind].predict(inputs, batch_size=256, verbose=0)
            classes = range(probabilities.shape[1])
            found = scores.classification(labels, probabilities, classes)
            accuracies[task][kind] = found["accuracy"]
    return accuracies


def _scores_by_task(accuracies):
    """The accuracy of each network on each task."""
    found = {}
    for task, row in accuracies.items():
        found[f"accuracy of rnn, {task}"] = row["rnn"]
        found[f"accuracy of fnn, {task}"] = row["fnn"]
    return found
