"""Transfer learning: a CNN trained on some classes learns others from few labels.

    image (16, 16, 1) -> base: 3 x (conv, pool) -> features (128,) -> probabilities (5,)

Take it for a task with few labels, when a related task has many. The patterns that the first layers
of a CNN detect help with both tasks, so the new task starts from trained layers and needs fewer
labels.

The base, all layers but the last, is trained on the first half of the classes. Each quarter turn
counts as a class of its own: with more classes to distinguish, the base learns more features. The
other half of the classes follows in two steps. First the base is frozen, and only a new last layer
is trained on the few labels. Then the whole network is fine-tuned at a quarter of the learning
rate, except that batch normalisation keeps its statistics.

In the report: accuracy against the number of labels. Transfer gains most with few labels; with all
labels, training from scratch may win. Small images are placed at random positions in a larger
square. The base learns that the position does not matter; a few labels are not enough to learn it.
With --weights, a trained network of keras.applications is the base, for all classes.

Differs from cnn: two tasks, one after the other; maximum over all positions, no dense layer.

Reference: Yosinski et al., "How transferable are features in deep neural networks?", 2014.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import itertools

import keras
import numpy as np
from keras import layers, ops

import data_prep
import visualize
from data_prep.images import tasks as image_tasks
from recipes.layers.backbone import open_backbone, small_cnn, unfreeze
from recipes.layers.sizes import check_integers, check_shape, check_tuples
from recipes.report import Report
from recipes.schedules import warmup_cosine

LABELS = (10, 30, 100, 300)  # how many labelled images; then all of them


def build_transfer_learning(
    input_shape=(16, 16, 1),
    num_classes=5,
    backbone="cnn",
    weights="none",
    filters=(16, 32, 128),
    name="transfer_learning",
):
    """Build the network, not compiled: first the base as one layer, last the output layer.

    Args:
        input_shape: (height, width, channels) of an image, at least 8 x 8; pixels from 0 to 1.
        num_classes: number of classes, the size of the output.
        backbone: "cnn", or the name of a network of keras.applications.
        weights: of such a network: "imagenet", the path of a file, or "none" for random ones.
        filters: number of kernels in each convolution of "cnn", from the first to the last.
        name: name of the model, shown in progress and history.

    Returns:
        A keras.Sequential from images (batch, *input_shape) to probabilities (batch, num_classes).

    Raises:
        ValueError: if a size is not an integer >= 1, if the image is too small for the network, if
            there is no such network, or if the weights cannot be downloaded or do not fit it.

    Example:
        import numpy as np

        images = np.random.rand(256, 16, 16, 3)
        labels = np.random.randint(20, size=256)
        few_images = np.random.rand(64, 16, 16, 3)
        few_labels = np.random.randint(5, size=64)

        teacher = build_transfer_learning((16, 16, 3), num_classes=20)
        teacher.compile("adam", "sparse_categorical_crossentropy")
        teacher.fit(images, labels)

        # Take over the base, freeze it, and train a new last layer on the few labels.
        model = build_transfer_learning((16, 16, 3), num_classes=5)
        base = model.layers[0]
        base.set_weights(teacher.layers[0].get_weights())
        base.trainable = False
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(few_images, few_labels)

        # Fine-tune the whole network at a lower learning rate.
        unfreeze(base)
        model.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy")
        model.fit(few_images, few_labels)
        probabilities = model.predict(few_images)  # (64, 5)
    """
    axes = ("height", "width", "channels")
    check_shape("build_transfer_learning", input_shape, *axes, free=("height", "width"))
    check_tuples("build_transfer_learning", filters=filters)
    check_integers("build_transfer_learning", num_classes=num_classes)

    if backbone == "cnn" and weights == "none":
        base = small_cnn(input_shape, filters)
    else:
        base = open_backbone(backbone, weights, input_shape)
    return keras.Sequential(
        [
            base,  # (batch, features)
            layers.Dropout(0.25),
            layers.Dense(num_classes, activation="softmax"),
        ],
        name=name,
    )


def run(
    data="digits",
    epochs=6,
    batch_size=32,
    seed=0,
    backbone="cnn",
    weights="none",
    size=16,
    draws=3,
    learning_rate=0.02,
    callbacks=(),
):
    """Train from scratch, on a frozen base and fine-tuned, and report accuracy on test images.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: number of epochs; a small set of labelled images is repeated until an epoch has 16
            steps.
        batch_size: images per training step.
        seed: sets the initial weights, the labelled images, their order and the validation part.
        backbone: cnn, or a network of keras.applications, such as MobileNetV2.
        weights: of such a network: imagenet, a file, or none to train it on half of the classes.
        size: side in pixels of image files, and of the square into which smaller images are put.
        draws: how many times each number of labels is sampled; scores are means over them.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report on the second half of the classes; with `weights` other than "none", on all
        classes.

    Raises:
        DataError: if draws is below 1, or if the network or its weights do not fit.
    """
    images = data_prep.load_images(data, seed, image_size=(size, size), min_size=(8, 8))
    source, target = _make_tasks(image_tasks.scatter(images, size), weights)
    samples = image_tasks.few_labels(
        target.train.labels, LABELS, draws, epoch_size=16 * batch_size, seed=seed
    )

    accuracies = {}
    compiled = None
    for network, task, count, rows in _steps(source, target, samples, backbone, weights):
        if compiled != (network.name, len(rows)):  # otherwise the last schedule fits
            compiled = (network.name, len(rows))
            peak = learning_rate / 4 if network.name == "transfer_learning" else learning_rate
            schedule = warmup_cosine(peak, len(rows), batch_size, epochs)
            network.compile(
                optimizer=keras.optimizers.Adam(schedule),
                loss="sparse_categorical_crossentropy",
                metrics=["accuracy"],
                steps_per_execution=16,  # several batches per call: faster for a small model
            )
        network.fit(
            task.train.inputs[rows],
            task.train.labels[rows],
            batch_size=batch_size,
            epochs=epochs,
            callbacks=list(callbacks),
        )
        by_count = accuracies.setdefault(network.name, {})
        by_count.setdefault(count, []).append(_test_accuracy(network, task))

    means = {name: _means(by_count) for name, by_count in accuracies.items()}
    names = list(means["transfer_learning"])
    return Report(
        model=network,
        headline=names[1] if len(names) > 1 else names[0],
        scores=means["transfer_learning"],
        baselines={"the same network from scratch": means["from_scratch"]},
        comparisons={"a new last layer on the frozen base": means["frozen_base"]},
        data=target.describe(),
        pictures=_pictures(target, samples, accuracies),
    )


def _make_tasks(images, weights):
    """The teacher's task, None if it is not needed, and the new task."""
    if weights != "none":  # the base has been trained already
        return None, images
    source, target = image_tasks.class_halves(images)
    return image_tasks.quarter_turns(source), target


def _steps(source, target, samples, backbone, weights):
    """Yield (network, task, number of labels, rows) of each training, for run(), in order."""
    shape = target.input_shape
    classes = len(target.classes)
    try:
        model = build_transfer_learning(shape, classes, backbone, weights)
    except ValueError as error:
        raise data_prep.DataError(f"--backbone {backbone}: {error}") from error
    scratch = build_transfer_learning(shape, classes, backbone, name="from_scratch")
    base, _, last_layer = model.layers

    if source is not None:
        teacher = build_transfer_learning(shape, len(source.classes), backbone, name="teacher")
        yield teacher, source, len(source.train), np.arange(len(source.train))
        base.set_weights(teacher.layers[0].get_weights())

    for count, rows in _start_again(scratch, samples):
        yield scratch, target, count, rows

    base.trainable = False
    frozen = keras.Sequential([keras.Input(shape), *model.layers], name="frozen_base")
    heads = []  # the weights of the last layer after each training
    for count, rows in _start_again(frozen, samples):
        yield frozen, target, count, rows
        heads.append(last_layer.get_weights())

    unfreeze(base)
    for (count, rows), trained in zip(_start_again(model, samples), heads, strict=True):
        last_layer.set_weights(trained)
        yield model, target, count, rows


def _start_again(network, samples):
    """Yield (number of labels, rows) of each sample, with the initial weights and a new Adam."""
    initial_weights = network.get_weights()
    for count, draws in samples.items():
        for rows in draws:
            network.set_weights(initial_weights)
            if network.compiled:  # otherwise there is no optimizer yet
                for variable in network.optimizer.variables:
                    variable.assign(ops.zeros_like(variable))
            yield count, rows


def _test_accuracy(network, task):
    """The accuracy on the test images; their only use."""
    probabilities = network.predict(task.test.inputs, batch_size=256, verbose=0)
    return float(np.mean(probabilities.argmax(axis=1) == task.test.labels))


def _means(accuracies):
    """{"accuracy with 10 labels": mean over the samples of 10, ...}; the last are all labels."""
    names = [f"accuracy with {count} labels" for count in accuracies]
    names[-1] = "accuracy with all labels"
    means = [float(np.mean(values)) for values in accuracies.values()]
    return dict(zip(names, means, strict=True))


def _pictures(target, samples, accuracies):
    """What transfer gains for each number of labels, and the first ten labelled images."""
    lines = {}
    for name in ("from_scratch", "frozen_base", "transfer_learning"):
        method = "fine-tuned" if name == "transfer_learning" else name.replace("_", " ")
        # To (draws, numbers of labels). All labels are sampled only once.
        lines[method] = list(itertools.zip_longest(*accuracies[name].values(), fillvalue=np.nan))
    counts = list(samples)
    gain = visualize.plot_lines(counts, lines, "labelled images", "test accuracy", log_x=True)

    first = samples[counts[-1]][0][:10]
    titles = [target.classes[label] for label in target.train.labels[first]]
    images = target.train.inputs[first]
    return {"gain": gain, "ten_labels": visualize.plot_images(images, titles)}
