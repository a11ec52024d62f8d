"""Gradient study: five deep networks, and where their gradients vanish.

    image (8, 8, 1) -> dense 64, sigmoid -> 9 x (skip, dense 64, sigmoid) -> probabilities (10,)

Take it when a deep network does not learn, to see which layers get no gradient.

Backpropagation follows the chain rule. The gradient of a layer is a product with one factor for
each later layer: that layer's weights times the derivative of its activation. For a sigmoid the
derivative is at most 1/4, so ten layers leave about a millionth, unless the weights are large. With
so small a gradient the first layer never learns. The derivatives of tanh and ReLU reach 1, and the
derivative of SELU exceeds 1. A skip connection adds the input of a layer to its output. The
derivative of x + f(x) is 1 + f'(x), so the gradient passes even where f'(x) is small.

Five networks of the same size are trained by gradient descent with momentum. Adam would divide each
gradient by its size and hide the difference.

In the report: the norm of the gradient in each layer, measured on 256 training images at the start
of each epoch and after the last; the ratio of the first layer's norm to the output layer's; and how
fast each network learns.

Reference: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
networks", 2010; He et al., "Deep residual learning for image recognition", 2016.
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

NETWORKS = {  # {name: (activation, whether it has skip connections)}
    "sigmoid": ("sigmoid", False),
    "tanh": ("tanh", False),
    "relu": ("relu", False),
    "selu": ("selu", False),
    "residual sigmoid": ("sigmoid", True),
}


def build_vanishing_gradient(
    input_shape=(8, 8, 1),
    num_classes=10,
    activation="sigmoid",
    residual=True,
    hidden_layers=10,
    units=64,
    name="vanishing_gradient",
):
    """Build the network, not compiled.

    Args:
        input_shape: (height, width, channels) of an image; pixels from 0 to 1.
        num_classes: number of classes, the size of the output.
        activation: name of the activation of the hidden layers.
        residual: whether each hidden layer but the first has a skip connection around it.
        hidden_layers: number of dense layers before the output.
        units: width of each of them.
        name: name of the model, shown in progress and history.

    Returns:
        A keras.Model from images (batch, *input_shape) to probabilities (batch, num_classes).

    Raises:
        ValueError: if a size is not an integer >= 1.

    Example:
        import numpy as np

        images = np.random.rand(256, 28, 28, 1)
        labels = np.random.randint(10, size=256)

        model = build_vanishing_gradient(input_shape=(28, 28, 1), num_classes=10)
        optimizer = keras.optimizers.SGD(0.05, momentum=0.9, clipnorm=1.0)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(images, labels, batch_size=64, epochs=2)
        probabilities = model.predict(images)  # (256, 10)
    """
    check_tuples("build_vanishing_gradient", input_shape=input_shape)
    check_integers("build_vanishing_gradient", num_classes=num_classes, units=units)
    check_integers("build_vanishing_gradient", hidden_layers=hidden_layers)

    # Initial weights that suit the activation, so that they are not why a gradient vanishes.
    start = {"relu": "he_normal", "selu": "lecun_normal"}.get(activation, "glorot_uniform")

    inputs = keras.Input(input_shape)
    x = layers.Flatten()(inputs)  # (batch, height * width * channels)
    for number in range(1, hidden_layers + 1):
        dense = layers.Dense(units, activation, kernel_initializer=start, name=f"hidden_{number}")
        y = dense(x)  # (batch, units)
        # The first layer changes the width, so its input cannot be added to its output.
        x = layers.Add()([x, y]) if residual and number > 1 else y
    outputs = layers.Dense(num_classes, activation="softmax", name="output")(x)
    return keras.Model(inputs, outputs, name=name)


def run(data="digits", epochs=30, batch_size=64, seed=0, learning_rate=0.05, callbacks=()):
    """Train five networks and report the accuracy on test images and the gradient of each layer.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: sets the initial weights, the order of the images and the validation part.
        learning_rate: the peak learning rate of SGD, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report on the residual network of sigmoids; the one without skips is a baseline.
    """
    images = data_prep.load_images(data, seed=seed)
    order = np.random.default_rng(seed).permutation(len(images.train))
    sample = images.train.take(order[:256])

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(images.train), batch_size, epochs)
    gradients = {}
    learning = {}
    accuracy = {}
    for name, (activation, residual) in NETWORKS.items():
        title = "vanishing_gradient" if residual else name
        model = build_vanishing_gradient(
            images.input_shape, len(images.classes), activation, residual, name=title
        )
        model.compile(
            # The gradient of each variable is clipped to norm 1: SELU's would explode without it.
            optimizer=keras.optimizers.SGD(schedule, momentum=0.9, clipnorm=1.0),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
            steps_per_execution=16,  # several batches per call: faster for a small model
        )
        watch = _GradientNorms(sample)
        history = model.fit(
            images.train.inputs,
            images.train.labels,
            batch_size=batch_size,
            epochs=epochs,
            validation_data=(images.validation.inputs, images.validation.labels),
            callbacks=[watch, *callbacks],
        )
        gradients[name] = watch.norms
        learning[name] = [history.history["val_accuracy"]]
        accuracy[name] = _test_accuracy(model, images.test, batch_size)

    return Report(
        model=model,  # the residual network, trained last
        headline="accuracy",
        scores=_scores(accuracy, gradients),
        baselines={
            "sigmoid without skips": {"accuracy": accuracy["sigmoid"]},
            **scores.classification_baselines(images, names=("majority",)),
        },
        data=images.describe(),
        pictures=_pictures(gradients, learning, accuracy),
    )


class _GradientNorms(keras.callbacks.Callback):
    """Record the norm of each layer's gradient at the start of each epoch, and after the last."""

    def __init__(self, sample):
        super().__init__()
        self.sample = sample
        self.norms = {}  # {layer: norms}, from the first layer to the output

    def on_epoch_begin(self, epoch, logs=None):
        self._record()

    def on_train_end(self, logs=None):
        self._record()

    def _record(self):
        norms = visualize.gradient_norms(self.model, self.sample.inputs, self.sample.labels)
        for layer, norm in norms.items():
            self.norms.setdefault(layer, []).append(norm)


def _test_accuracy(model, test, batch_size):
    """The accuracy on the test images: their only use."""
    measured = model.evaluate(test.inputs, test.labels, batch_size, verbose=0, return_dict=True)
    return measured["accuracy"]


def _scores(accuracy, gradients):
    """The accuracy of each network, and its gradient ratio before and after training."""
    accuracies = {f"accuracy of {name}": value for name, value in accuracy.items()}

    ratios = {}
    for name, norms in gradients.items():
        by_layer = list(norms.values())
        first, output = by_layer[0], by_layer[-1]
        ratios[f"gradient ratio of {name}, start"] = first[0] / (output[0] or np.nan)
        ratios[f"gradient ratio of {name}, end"] = first[-1] / (output[-1] or np.nan)

    return {"accuracy": accuracy["residual sigmoid"], **accuracies, **ratios}


def _pictures(gradients, learning, accuracy):
    """The gradient of each layer during training, and how fast each network learns."""
    titled = {f"{name}: accuracy {accuracy[name]:.0%}": gradients[name] for name in gradients}
    epochs = len(learning["sigmoid"][0])

    return {
        "gradients": visualize.plot_layers_over_epochs(
            titled, "norm of the gradient", log=True, first=0
        ),
        "learning": visualize.plot_lines(
            range(1, epochs + 1), learning, "epoch", "accuracy on validation images"
        ),
    }
