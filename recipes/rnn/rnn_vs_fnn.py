"""RNN against feed-forward: where the order of steps matters, and where not.

    steps (24, 6) -> gru 32, or flatten -> dense -> probabilities (2,)

A feed-forward network has weights of its own for every step: what it learns of the third it does
not know of the fourth. A recurrent one reads every step with the same weights, so that it finds a
pattern wherever it stands. With as many weights each, they learn three tasks, once as they are and
once with the steps of each example shuffled, training and test alike:

    pattern     is there an A directly before a B, in a sequence of 4 A, 4 B and 16 others
    count       are there more A than B, in a sequence of 24
    images      of `--data`, read row by row

Shuffled, the pattern cannot be told at all, and the images less well; counts stay what they were.

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
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_rnn_vs_fnn(input_shape=(24, 6), num_classes=2, kind="rnn", units=32):
    """Build one of the two networks, not compiled.

    Args:
        input_shape: (time steps, features per step).
        num_classes: number of classes, the size of the output.
        kind: "rnn" or "fnn", a feed-forward network.
        units: size of the state, or of the dense layer.

    Returns:
        A keras.Sequential from (batch, *input_shape) to probabilities (batch, num_classes).
    """
    model = keras.Sequential([keras.Input(input_shape)], name="rnn_vs_fnn")
    if kind == "rnn":
        model.add(layers.GRU(units))  # (batch, units)
    else:
        model.add(layers.Flatten())  # (batch, time * features)
        model.add(layers.Dense(units, activation="relu"))  # (batch, units)
    model.add(layers.Dense(num_classes, activation="softmax"))
    return model


def run(data="digits", epochs=15, batch_size=64, seed=0, learning_rate=0.01, callbacks=()):
    """Train both networks on each task, in order and shuffled, report accuracy on test examples.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training examples.
        batch_size: examples per training step.
        seed: draws the first weights, the sequences, the shuffles and the validation part.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report on the recurrent network and the images in order.
    """
    images = data_prep.image_rows(data_prep.load_images(data, seed=seed))
    table, found = {}, {}
    for task, (train, test) in _tasks(images, np.random.default_rng(seed)).items():
        shape, classes = train[0].shape[1:], int(train[1].max()) + 1
        # The width with which the feed-forward network comes nearest to as many weights.
        weights = build_rnn_vs_fnn(shape, classes, "rnn").count_params()
        units = {"rnn": 32, "fnn": round((weights - classes) / (shape[0] * shape[1] + 1 + classes))}
        # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
        schedule = warmup_cosine(learning_rate, len(train[0]), batch_size, epochs)
        table[task] = {"majority": float(np.mean(test[1] == np.bincount(train[1]).argmax()))}
        for kind in units:
            model = build_rnn_vs_fnn(shape, classes, kind, units[kind])
            model.compile(
                optimizer=keras.optimizers.Adam(schedule),
                loss="sparse_categorical_crossentropy",
                metrics=["accuracy"],
                steps_per_execution=16,
            )
            model.fit(*train, batch_size=batch_size, epochs=epochs, callbacks=list(callbacks))
            probabilities = model.predict(test[0], batch_size=256, verbose=0)
            table[task][kind] = scores.classification(test[1], probabilities, range(classes))[
                "accuracy"
            ]
            found[f"accuracy of {kind}, {task}"] = table[task][kind]
            if (task, kind) == ("images in order", "rnn"):
                report = model, probabilities
    model, probabilities = report
    return Report(
        model=model,
        headline="accuracy",
        scores=scores.classification(images.test.labels, probabilities, images.classes) | found,
        baselines=scores.classification_baselines(images),
        comparisons={"feed-forward": {"accuracy": found["accuracy of fnn, images in order"]}},
        data=images.describe(),
        pictures={"accuracy": visualize.plot_score_table(table)},
    )


def _tasks(images, rng):
    """{task: (training inputs and labels, test inputs and labels)}."""
    tasks = {}
    for name, parts in {
        "pattern": (_pattern(2000, rng), _pattern(1000, rng)),
        "count": (_count(2000, rng), _count(1000, rng)),
        "images": [(part.inputs, part.labels) for part in (images.train, images.test)],
    }.items():
        tasks[f"{name} in order"] = parts
        shuffled = []
        for inputs, labels in parts:
            order = rng.random(inputs.shape[:2]).argsort(axis=1)  # of each example its own
            shuffled.append((np.take_along_axis(inputs, order[..., None], axis=1), labels))
        tasks[f"{name} shuffled"] = shuffled
    return tasks


def _pattern(count, rng):
    """Sequences one-hot (count, 24, 6), and whether step 0 comes directly before step 1 in them."""
    letters = np.tile([0] * 4 + [1] * 4 + [2, 3, 4, 5] * 4, (count, 1))
    letters = rng.permuted(letters, axis=1)
    found = (letters[:, :-1] == 0) & (letters[:, 1:] == 1)
    return np.eye(6, dtype="float32")[letters], found.any(axis=1).astype("int64")


def _count(count, rng):
    """Sequences one-hot (count, 24, 6), and whether they have more 0 than 1; never as many."""
    letters = rng.integers(6, size=(2 * count, 24))
    more = (letters == 0).sum(axis=1) - (letters == 1).sum(axis=1)
    letters, more = letters[more != 0][:count], more[more != 0][:count]
    return np.eye(6, dtype="float32")[letters], (more > 0).astype("int64")
