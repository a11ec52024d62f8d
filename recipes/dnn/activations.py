"""Activation study: eleven activations in the same deep network.

    image (8, 8, 1) -> standardised -> 8 x (dense 32 -> activation) -> probabilities (10,)

Take it to choose an activation and the initial weights that suit it. Together they decide how much
of the signal a layer passes forward, and how much of the gradient it passes back. A sigmoid has a
derivative of at most 1/4, so the gradient shrinks from layer to layer. The derivative of ReLU is 1
above zero, but units may die. SELU brings the outputs of a layer back to mean 0 and deviation 1.

In the report: the accuracy of each network; its gradient ratio, the norm of the gradient in the
first hidden layer divided by that in the last, before training; and its dead units, the fraction
whose output hardly differs between images after training.

Reference: Klambauer et al., "Self-normalizing neural networks", 2017.
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
from recipes.layers.sizes import check_integers, check_tuples
from recipes.report import Report
from recipes.schedules import warmup_cosine

INITIALIZERS = {
    "selu": "lecun_normal",  # the two constants of SELU are computed for it
    "relu": "he_normal",  # twice LeCun's variance, since ReLU cuts off half of the signal
    **dict.fromkeys(("tanh", "sigmoid", "hard_sigmoid", "softsign"), "glorot_uniform"),
    **dict.fromkeys(("LeakyReLU", "PReLU", "elu", "softplus"), "he_normal"),
    "softmax": {"class_name": "RandomNormal", "config": {"stddev": 1.0}},  # inputs near 1 / units
}


def build_activations(
    input_shape=(8, 8, 1),
    num_classes=10,
    activation="selu",
    hidden_layers=8,
    units=32,
    name="activations",
):
    """Build the network, not compiled; `model.layers[0].adapt(images)` lets it standardise.

    Args:
        input_shape: (height, width, channels) of an image.
        num_classes: number of classes, the size of the output.
        activation: name of the activation after each hidden layer, one of INITIALIZERS.
        hidden_layers: number of hidden layers.
        units: width of each hidden layer.
        name: name of the model, shown in progress and history.

    Returns:
        A keras.Sequential from images (batch, *input_shape) to probabilities (batch, num_classes).

    Raises:
        ValueError: if the activation is not one of INITIALIZERS, or a size is not an integer >= 1.

    Example:
        import numpy as np

        images = np.random.rand(256, 28, 28, 1)
        labels = np.random.randint(10, size=256)

        model = build_activations(input_shape=(28, 28, 1), num_classes=10, activation="selu")
        model.layers[0].adapt(images)  # the first layer learns mean and deviation of the pixels
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(images, labels, batch_size=16, epochs=2)
        probabilities = model.predict(images)  # (256, 10)
    """
    check_tuples("build_activations", input_shape=input_shape)
    check_integers("build_activations", num_classes=num_classes, units=units)
    check_integers("build_activations", hidden_layers=hidden_layers)
    if activation not in INITIALIZERS:
        names = ", ".join(INITIALIZERS)
        raise ValueError(f"build_activations: activation {activation!r}; give one of {names}.")

    stack = [keras.Input(input_shape), layers.Normalization(axis=None), layers.Flatten()]
    # LeakyReLU and PReLU are layers of Keras; the others are functions.
    layer_class = {"LeakyReLU": layers.LeakyReLU, "PReLU": layers.PReLU}.get(activation)
    for number in range(1, hidden_layers + 1):  # (batch, units)
        start = INITIALIZERS[activation]
        stack.append(layers.Dense(units, kernel_initializer=start, name=f"dense{number}"))
        stack.append(layer_class() if layer_class else layers.Activation(activation))
    stack.append(layers.Dense(num_classes, activation="softmax"))
    return keras.Sequential(stack, name=name)


def run(
    data="digits",
    epochs=10,
    batch_size=16,
    seed=0,
    activations="all",
    hidden_layers=8,
    units=32,
    learning_rate=0.1,
    callbacks=(),
):
    """Train a network with each activation and report the accuracy on test images.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: sets the initial weights, the order of the images and the validation part.
        activations: all, or some of their names with commas between.
        hidden_layers: number of hidden layers.
        units: width of each hidden layer.
        learning_rate: the peak learning rate of SGD, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report on the network with the best accuracy on the validation images.
    """
    names = _names(activations, hidden_layers, units)
    images = data_prep.load_images(data, seed=seed)
    order = np.random.default_rng(seed).permutation(len(images.train))
    sample = images.train.take(order[:1000])
    built = _build_networks(names, images, hidden_layers, units)
    untrained = _untrained_pictures(built, sample, names[:4])

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(images.train), batch_size, epochs)
    networks = {name: models[-1] for name, models in built.items()}
    gradient_ratios = {}
    for name, model in networks.items():
        model.compile(
            optimizer=keras.optimizers.SGD(schedule),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
            steps_per_execution=16,  # several batches per call: faster for a small model
        )
        norms = visualize.gradient_norms(model, sample.inputs[:256], sample.labels[:256])
        gradient_ratios[name] = norms["dense1"] / (norms[f"dense{hidden_layers}"] or 1)
        model.fit(
            images.train.inputs,
            images.train.labels,
            batch_size=batch_size,
            epochs=epochs,
            validation_data=(images.validation.inputs, images.validation.labels),
            callbacks=list(callbacks),
        )

    # The only use of the test images.
    table = _score_table(networks, images.test, gradient_ratios, sample)
    best = max(networks, key=lambda name: networks[name].history.history["val_accuracy"][-1])
    found = {"accuracy": table[best]["accuracy"]}
    for name, row in table.items():
        found |= {f"{score} of {name}": value for score, value in row.items()}
    return Report(
        model=networks[best],
        headline="accuracy",
        scores=found,
        baselines=scores.classification_baselines(images, names=("majority",)),
        data=images.describe(),
        pictures={"scores": visualize.plot_score_table(table, log=["gradient ratio"])} | untrained,
    )


def _names(activations, hidden_layers, units):
    """The activations to compare; flags that no network can be built with are refused."""
    names = list(INITIALIZERS) if activations == "all" else activations.split(",")
    if not set(names) <= set(INITIALIZERS) or hidden_layers < 1 or units < 1:
        raise data_prep.DataError(
            f"{activations!r} in {hidden_layers} hidden layers of {units} units: give all, or some "
            f"of {', '.join(INITIALIZERS)}, and 1 or more layers and units."
        )
    return names


def _build_networks(names, images, hidden_layers, units):
    """{activation: untrained networks}, one of each, and five of each of the first four."""
    shapes = images.input_shape, len(images.classes)
    networks = {name: [] for name in names}
    for activation in names + 4 * names[:4]:
        model = build_activations(*shapes, activation, hidden_layers, units=units, name=activation)
        model.layers[0].adapt(images.train.inputs)
        networks[activation].append(model)
    return networks


def _hidden_outputs(model, sample):
    """The outputs of each hidden layer after its activation, a list of (images, units)."""
    dense_inputs = [layer.input for layer in model.layers if isinstance(layer, layers.Dense)]
    outputs = keras.Model(model.inputs[0], dense_inputs[1:])(sample.inputs, training=False)
    return [np.asarray(output) for output in keras.tree.flatten(outputs)]


def _untrained_pictures(built, sample, names):
    """How the signal changes from layer to layer before training, a line for each network."""
    pictures = {}
    for what, measure in {"mean": np.mean, "deviation": np.std}.items():
        lines = {}
        for name in names:
            outputs = [_hidden_outputs(model, sample) for model in built[name]]
            lines[name] = measure(outputs, axis=(2, 3))  # (networks, hidden layers)
        numbers = range(1, lines[name].shape[1] + 1)
        pictures[what] = visualize.plot_lines(numbers, lines, "hidden layer", f"{what} of outputs")
    return pictures


def _score_table(networks, test, gradient_ratios, sample):
    """{activation: {score: value}}, measured after training but for the gradient ratios."""
    table = {}
    for name, model in networks.items():
        probabilities = model.predict(test.inputs, batch_size=256, verbose=0)
        table[name] = scores.classification(test.labels, probabilities, classes=())
        table[name]["gradient ratio"] = gradient_ratios[name]
        outputs = _hidden_outputs(model, sample)
        dead = [layer.std(axis=0) <= 0.01 * layer.std() for layer in outputs]
        table[name]["dead units"] = np.mean(dead)
    return table
