"""Transfer learning: a CNN trained on some classes learns others from few labels.

    image (16, 16, 1) -> base: 3 x (conv, pool) -> features (128,) -> probabilities (5,)

What a network has learnt of one task serves another. The base learns the first half of the classes,
each quarter turn a class of its own: having more to tell apart, it keeps more of what it sees. With
the base frozen, a new last layer learns the other half from few labels; then all is unfrozen at a
quarter of the rate, the statistics of batch normalisation kept. Digits are put at random places of
a larger square: that the place does not matter is what the base can teach and few labels cannot.

Reference: Yosinski et al., "How transferable are features in deep neural networks?", 2014.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
import numpy as np
from keras import layers, ops

import data_prep
import visualize
from data_prep import image_tasks
from recipes.layers.backbone import open_backbone
from recipes.report import Report


def build_transfer_learning(
    input_shape=(16, 16, 1), num_classes=5, backbone="cnn", weights="none", filters=(16, 32, 128)
):
    """Build the network, not compiled.

    Args:
        input_shape: (height, width, channels) of an image; pixels from 0 to 1.
        num_classes: number of classes, the size of the output.
        backbone: "cnn", or the name of a network of keras.applications.
        weights: of such a network: "imagenet", the path of a file, or "none" for random ones.
        filters: number of patterns that each convolution of "cnn" looks for.

    Returns:
        A keras.Sequential from images (batch, *input_shape) to probabilities (batch, num_classes).
    """
    base = keras.Sequential([keras.Input(input_shape)], name="base")
    for number, size in enumerate(filters, start=1):
        base.add(layers.Conv2D(size, 5 if number == 1 else 3, padding="same", use_bias=False))
        base.add(layers.MaxPooling2D())  # half the height and width, size
        base.add(layers.BatchNormalization(momentum=0.9))
        base.add(layers.ReLU())
    base.add(layers.GlobalMaxPooling2D())  # (batch, filters[-1])
    if backbone != "cnn" or weights != "none":
        base = open_backbone(backbone, weights, input_shape)
    head = [layers.Dropout(0.25), layers.Dense(num_classes, activation="softmax")]
    return keras.Sequential([base, *head], name="transfer_learning")


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
    """Train from scratch, on a frozen base and fine-tuned, report accuracy on test images.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images, each of 16 steps or more.
        batch_size: images per training step.
        seed: draws the first weights, the labelled images, their order and the validation part.
        backbone: cnn, or a network of keras.applications, such as MobileNetV2.
        weights: of such a network: imagenet, a file, or none to train it on half of the classes.
        size: side in pixels of image files, and of the square that smaller images are put into.
        draws: how often to draw each number of labels; scores are means over them.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report on the second half of the classes, or on all with weights.
    """
    if draws < 1:
        raise data_prep.DataError(f"draws is {draws}; give 1 or more.")
    images = data_prep.load_images(data, seed, image_size=(size, size), min_size=(8, 8))
    images = image_tasks.scatter(images, size)
    source, target = (None, images) if weights != "none" else image_tasks.class_halves(images)
    shape, inputs, labels = images.input_shape, target.train.inputs, target.train.labels
    try:
        model = build_transfer_learning(shape, len(target.classes), backbone, weights)
    except ValueError as error:
        raise data_prep.DataError(f"--backbone {backbone}: {error}") from error
    scratch = build_transfer_learning(shape, len(target.classes), backbone)
    base, head = model.layers[0], model.layers[-1]
    if source is not None:
        source = image_tasks.quarter_turns(source)
        teacher = build_transfer_learning(shape, len(source.classes), backbone)
        part = source.train
        _compile(teacher, learning_rate, epochs * -(-len(part) // batch_size))
        teacher.fit(part.inputs, part.labels, batch_size, epochs, callbacks=list(callbacks))
        base.set_weights(teacher.layers[0].get_weights())
    counts = [count for count in (10, 30, 100, 300) if count < len(labels)] + [len(labels)]
    tasks = [(count, draw) for count in counts[:-1] for draw in range(draws)] + [(len(labels), 0)]
    ways = {"from scratch": scratch, "frozen base": model, "fine-tuned": model}
    found, heads = {way: np.full((draws, len(counts)), np.nan) for way in ways}, {}
    for way, network in ways.items():
        base.trainable = way == "fine-tuned"
        for layer in base.layers:  # fit() would undo a call of the base with training=False
            layer.trainable &= not isinstance(layer, layers.BatchNormalization)
        start, rate = network.get_weights(), learning_rate / (4 if way == "fine-tuned" else 1)
        for count, draw in tasks:
            rows = image_tasks.in_turns(labels, seed * draws + draw)[:count]
            rows = np.resize(rows, max(count, 16 * batch_size))  # few come round in an epoch
            if (count, draw) == tasks[0] or len(rows) > 16 * batch_size:
                _compile(network, rate, epochs * -(-len(rows) // batch_size))
            for variable in network.optimizer.variables:  # Adam starts afresh
                variable.assign(ops.zeros_like(variable))
            network.set_weights(start)
            head.set_weights(heads.get((count, draw), head.get_weights()))
            network.fit(inputs[rows], labels[rows], batch_size, epochs, callbacks=list(callbacks))
            heads[count, draw] = head.get_weights()
            answers = network.predict(target.test.inputs, batch_size=256, verbose=0).argmax(1)
            found[way][draw, counts.index(count)] = np.mean(answers == target.test.labels)
    names = [f"accuracy with {count} labels" for count in (*counts[:-1], "all")]
    means = {way: dict(zip(names, np.nanmean(found[way], 0), strict=True)) for way in found}
    gain = visualize.plot_spread(counts, found, "labelled images", "test accuracy", log_x=True)
    ten = visualize.plot_images(inputs[rows[:10]], np.take(target.classes, labels[rows[:10]]))
    return Report(
        model=model,
        headline=names[:2][-1],
        scores=means["fine-tuned"],
        baselines={"the same network from scratch": means["from scratch"]},
        comparisons={"a new last layer on the frozen base": means["frozen base"]},
        data=target.describe(),
        pictures={"gain": gain, "ten_labels": ten},
    )


def _compile(model, learning_rate, steps):
    # Up, then down to zero: the last epoch is the one to keep, so no epoch has to be chosen.
    schedule = keras.optimizers.schedules.CosineDecay(
        learning_rate / 10, steps - steps // 3, warmup_target=learning_rate, warmup_steps=steps // 3
    )
    adam, loss = keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy"
    model.compile(adam, loss, metrics=["accuracy"], steps_per_execution=16)
