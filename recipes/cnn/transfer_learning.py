"""Transfer learning: a CNN trained on some classes learns others from few labels.

    image (16, 16, 1) -> base: 3 x (conv, pool) -> features (128,) -> probabilities (5,)

For a task with few labels, when a related task has many labels. The patterns that the first layers
of a CNN detect help with both tasks, so the new task starts from trained layers and needs fewer
labels.

The base, all layers but the last, is trained on the first half of the classes. Each quarter turn
counts as a class of its own: with more classes to distinguish, the base learns more features. The
other half of the classes follows in two steps. First the base is frozen, and only a new last layer
is trained on the few labels. Then the whole network is fine-tuned at a quarter of the learning
rate, except that batch normalisation keeps its statistics. With --weights, a trained network of
keras.applications is the base, and all classes are learnt from few labels.

In the report: accuracy against the number of labels. Transfer gains most with few labels; with all
labels, training from scratch may win. Small images are placed at random positions in a larger
square. The base learns that the position does not matter; a few labels are not enough to learn it.

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
from recipes.layers.backbone import open_backbone, unfreeze
from recipes.report import Report
from recipes.schedules import warmup_cosine


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
        ValueError: if the image is too small for the network, if keras.applications has no such
            network, or if the weights cannot be downloaded or do not fit it.

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
    height, width, _ = input_shape
    own_base = backbone == "cnn" and weights == "none"
    smallest = 2 ** len(filters)
    too_small = any(side is not None and side < smallest for side in (height, width))
    if own_base and too_small:
        raise ValueError(
            f"build_transfer_learning: images of {height} x {width} with {len(filters)} poolings; "
            f"give at least {smallest} x {smallest} pixels, or fewer filters."
        )

    small_cnn = keras.Sequential([keras.Input(input_shape)], name="base")
    for number, count in enumerate(filters):
        kernel_size = 5 if number == 0 else 3
        small_cnn.add(layers.Conv2D(count, kernel_size, padding="same", use_bias=False))
        small_cnn.add(layers.MaxPooling2D())  # (batch, height / 2, width / 2, count)
        small_cnn.add(layers.BatchNormalization(momentum=0.9))
        small_cnn.add(layers.ReLU())
    small_cnn.add(layers.GlobalMaxPooling2D())  # (batch, filters[-1])

    return keras.Sequential(
        [
            small_cnn if own_base else open_backbone(backbone, weights, input_shape),
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
    """
    if draws < 1:
        raise data_prep.DataError(f"draws is {draws}; give 1 or more.")
    images = data_prep.load_images(data, seed, image_size=(size, size), min_size=(8, 8))
    images = image_tasks.scatter(images, size)
    if weights == "none":
        source, target = image_tasks.class_halves(images)
    else:  # the base has been trained already
        source, target = None, images

    shape = images.input_shape
    try:
        model = build_transfer_learning(shape, len(target.classes), backbone, weights)
    except ValueError as error:
        raise data_prep.DataError(f"--backbone {backbone}: {error}") from error
    scratch = build_transfer_learning(shape, len(target.classes), backbone, name="from_scratch")
    base = model.layers[0]
    if source is not None:
        turned = image_tasks.quarter_turns(source)
        teacher = build_transfer_learning(shape, len(turned.classes), backbone, name="teacher")
        every_row = np.arange(len(turned.train))
        _train(teacher, turned, {"all": [every_row]}, epochs, batch_size, learning_rate, callbacks)
        base.set_weights(teacher.layers[0].get_weights())

    samples = image_tasks.few_labels(
        target.train.labels, (10, 30, 100, 300), draws, 16 * batch_size, seed
    )
    from_scratch, _ = _train(scratch, target, samples, epochs, batch_size, learning_rate, callbacks)
    base.trainable = False
    frozen, heads = _train(model, target, samples, epochs, batch_size, learning_rate, callbacks)
    unfreeze(base)
    fine_tuned, _ = _train(
        model, target, samples, epochs, batch_size, learning_rate / 4, callbacks, heads
    )

    names = [f"accuracy with {count} labels" for count in samples]
    names[-1] = "accuracy with all labels"
    return Report(
        model=model,
        headline=names[1] if len(names) > 1 else names[0],
        scores=_means(names, fine_tuned),
        baselines={"the same network from scratch": _means(names, from_scratch)},
        comparisons={"a new last layer on the frozen base": _means(names, frozen)},
        data=target.describe(),
        pictures=_pictures(target, samples, from_scratch, frozen, fine_tuned),
    )


def _train(network, data, samples, epochs, batch_size, learning_rate, callbacks, heads=None):
    """Train a network on each sample of rows, always from the same weights, and test it.

    Returns {number of labels: [test accuracy, for each draw]}, and the trained weights of the last
    layer in the same form. `heads` are such weights to begin with.
    """
    initial_weights = network.get_weights()
    last_layer = network.layers[-1]
    accuracies = {}
    trained_heads = {}
    compiled_size = None
    for count, draws in samples.items():
        if len(draws[0]) != compiled_size:  # otherwise the last schedule fits
            compiled_size = len(draws[0])
            schedule = warmup_cosine(learning_rate, compiled_size, batch_size, epochs)
            network.compile(
                optimizer=keras.optimizers.Adam(schedule),
                loss="sparse_categorical_crossentropy",
                metrics=["accuracy"],
                steps_per_execution=16,  # several batches per call: faster for a small model
            )

        accuracies[count] = []
        trained_heads[count] = []
        for draw, rows in enumerate(draws):
            network.set_weights(initial_weights)
            if heads is not None:
                last_layer.set_weights(heads[count][draw])
            for variable in network.optimizer.variables:  # Adam starts afresh
                variable.assign(ops.zeros_like(variable))
            network.fit(
                data.train.inputs[rows],
                data.train.labels[rows],
                batch_size=batch_size,
                epochs=epochs,
                callbacks=list(callbacks),
            )
            trained_heads[count].append(last_layer.get_weights())

            # The only use of the test images.
            probabilities = network.predict(data.test.inputs, batch_size=256, verbose=0)
            accuracy = np.mean(probabilities.argmax(axis=1) == data.test.labels)
            accuracies[count].append(float(accuracy))
    return accuracies, trained_heads


def _means(names, accuracies):
    """{name: mean accuracy over the draws}."""
    means = [float(np.mean(draws)) for draws in accuracies.values()]
    return dict(zip(names, means, strict=True))


def _pictures(target, samples, from_scratch, frozen, fine_tuned):
    """What transfer gains for each number of labels, and the first ten labelled images."""
    lines = {"from scratch": from_scratch, "frozen base": frozen, "fine-tuned": fine_tuned}
    for method, accuracies in lines.items():  # to (draws, numbers of labels)
        rows = itertools.zip_longest(*accuracies.values(), fillvalue=np.nan)
        lines[method] = list(rows)
    counts = list(samples)
    gain = visualize.plot_lines(counts, lines, "labelled images", "test accuracy", log_x=True)

    first = samples[counts[-1]][0][:10]
    titles = [target.classes[label] for label in target.train.labels[first]]
    images = target.train.inputs[first]
    return {"gain": gain, "ten_labels": visualize.plot_images(images, titles)}
