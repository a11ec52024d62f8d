"""Eleven activations in the same deep network: which of them learn, and why.

    image (8, 8, 1) -> standardised -> 8 x (dense 32 -> activation) -> probabilities (10,)

Activation and first weights decide together how much signal a layer lets up, and how much gradient
down. A sigmoid's slope is at most 1/4: the gradient fades. ReLU keeps it, but units may die. SELU
brings each layer back to mean 0, deviation 1. Softmax units in a hidden layer share a sum of 1.

"gradient ratio": norm of the first hidden layer's gradient over that of the last, before training.
"dead units": share whose outputs, after training, differ from image to image (deviation over 1,000
training images) by at most 1% of their layer's deviation. "accuracy": best network on validation.

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
from recipes.report import Report
from recipes.schedules import warmup_cosine

INITIALIZERS = {
    "selu": "lecun_normal",  # for which its two constants are computed
    "relu": "he_normal",  # twice LeCun's variance, since half of the signal is cut off
    **dict.fromkeys(("tanh", "sigmoid", "hard_sigmoid", "softsign"), "glorot_uniform"),
    **dict.fromkeys(("LeakyReLU", "PReLU", "elu", "softplus"), "he_normal"),
    "softmax": {"class_name": "RandomNormal", "config": {"stddev": 1.0}},  # inputs of 1 / units
}


def build_activations(
    input_shape=(8, 8, 1), num_classes=10, activation="selu", hidden_layers=8, units=32
):
    """Build the network, not compiled; `model.layers[0].adapt(images)` lets it standardise.

    Args:
        input_shape: (height, width, channels) of an image.
        num_classes: number of classes, the size of the output.
        activation: name of the activation behind each hidden layer, one of INITIALIZERS.
        hidden_layers: number of hidden layers.
        units: width of each hidden layer.

    Returns:
        A keras.Sequential from images (batch, *input_shape) to probabilities (batch, num_classes).
    """
    stack = [keras.Input(input_shape), layers.Normalization(axis=None), layers.Flatten()]
    sloped = {"LeakyReLU": layers.LeakyReLU, "PReLU": layers.PReLU}.get(activation)
    for number in range(1, hidden_layers + 1):  # (batch, units)
        first = INITIALIZERS[activation]
        stack.append(layers.Dense(units, kernel_initializer=first, name=f"dense{number}"))
        stack.append(sloped() if sloped else layers.Activation(activation))
    stack.append(layers.Dense(num_classes, activation="softmax"))
    return keras.Sequential(stack, name="activations")


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
    """Train a network with each activation, report accuracy on test images.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: draws the first weights, the order of images and the validation part.
        activations: all, or some of their names with commas between.
        hidden_layers: number of hidden layers.
        units: width of each hidden layer.
        learning_rate: the highest step size of SGD, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    names = list(INITIALIZERS) if activations == "all" else activations.split(",")
    if set(names) - set(INITIALIZERS) or hidden_layers < 1:
        wrong = f"{activations!r} in {hidden_layers} hidden layers: give all, or some of"
        raise data_prep.DataError(f"{wrong} {', '.join(INITIALIZERS)}, in 1 or more layers.")
    images = data_prep.load_images(data, seed=seed)
    sample = images.train.take(np.random.default_rng(seed).permutation(len(images.train))[:1000])
    shape = images.input_shape, len(images.classes)
    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(images.train), batch_size, epochs)
    networks, before, table = {}, {}, {}
    for name in names + 4 * names[:4]:  # five draws of the first weights for the pictures
        model = networks[name] = build_activations(*shape, name, hidden_layers, units)
        model.layers[0].adapt(images.train.inputs)
        before.setdefault(name, []).append(_layers(model, sample.inputs))
    for name, model in networks.items():
        model.compile(
            optimizer=keras.optimizers.SGD(schedule),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
            steps_per_execution=16,
        )
        norms = visualize.gradient_norms(model, sample.inputs[:256], sample.labels[:256])
        table[name] = {"gradient ratio": norms["dense1"] / (norms[f"dense{hidden_layers}"] or 1)}
        model.fit(
            images.train.inputs,
            images.train.labels,
            batch_size=batch_size,
            epochs=epochs,
            validation_data=(images.validation.inputs, images.validation.labels),
            callbacks=list(callbacks),
        )
        table[name]["dead units"] = np.array(_layers(model, sample.inputs))[:, 2].mean()
    best = max(names, key=lambda name: networks[name].history.history["val_accuracy"][-1])
    for name, model in networks.items():
        probabilities = model.predict(images.test.inputs, batch_size=256, verbose=0)
        table[name] = scores.classification(images.test.labels, probabilities, ()) | table[name]
    pictures = {"scores": visualize.plot_score_table(table, log=["gradient ratio"])}
    for column, what in enumerate(("mean", "standard deviation")):
        runs = {name: np.array(before[name])[..., column] for name in names[:4]}
        x, label = range(1, hidden_layers + 1), f"{what} of outputs, untrained"
        pictures[what.split()[-1]] = visualize.plot_spread(x, runs, "hidden layer", label)
    each = {f"{score} of {name}": row[score] for name, row in table.items() for score in row}
    return Report(
        model=networks[best],
        headline="accuracy",
        scores={"accuracy": table[best]["accuracy"]} | each,
        baselines=scores.classification_baselines(images, ["majority"]),
        data=images.describe(),
        pictures=pictures,
    )


def _layers(model, inputs):
    """Mean, deviation and share of dead units of each hidden layer's outputs, (layers, 3)."""
    hidden = [layer.input for layer in model.layers if isinstance(layer, layers.Dense)][1:]
    outputs = map(np.asarray, keras.Model(model.inputs[0], hidden)(inputs, training=False))
    return [(x.mean(), x.std(), np.mean(x.std(axis=0) <= 0.01 * x.std())) for x in outputs]
