"""The gradient on its way back through a deep network, and where it vanishes.

    image (8, 8, 1) -> dense 64, sigmoid -> 9 x (skip, dense 64, sigmoid) -> probabilities (10,)

By the chain rule a layer's gradient has a factor for each layer behind it: weights times derivative
of the activation. A sigmoid's is at most 1/4; ten layers leave about a millionth for the first one,
which never learns. tanh and ReLU reach 1, SELU more. A skip adds a layer's input to its output: the
derivative of x + f(x) is 1 + f'(x), which hands the gradient on whatever f does.

Five networks of one size are trained by gradient descent with momentum; Adam would divide each
gradient by its size and hide what is to be seen. It is measured on 256 training
images; its ratio is that of the first layer's norm to the output layer's.

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
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_vanishing_gradient(
    input_shape=(8, 8, 1),
    num_classes=10,
    activation="sigmoid",
    residual=True,
    hidden_layers=10,
    units=64,
):
    """Build the network, not compiled.

    Args:
        input_shape: (height, width, channels) of an image; pixels from 0 to 1.
        num_classes: number of classes, the size of the output.
        activation: name of the activation of the hidden layers.
        residual: whether a skip leads around each hidden layer but the first.
        hidden_layers: number of dense layers before the output.
        units: width of each of them.

    Returns:
        A keras.Model from images (batch, *input_shape) to probabilities (batch, num_classes).
    """
    # Each with the first weights that suit it, so that a gradient does not vanish because of these.
    start = {"relu": "he_normal", "selu": "lecun_normal"}.get(activation, "glorot_uniform")
    inputs = keras.Input(input_shape)
    x = layers.Flatten()(inputs)  # (batch, height * width * channels)
    for number in range(1, hidden_layers + 1):
        y = layers.Dense(units, activation, kernel_initializer=start, name=f"hidden_{number}")(x)
        # (batch, units); the first layer changes the width, so nothing can be added to its output
        x = layers.Add()([x, y]) if residual and number > 1 else y
    outputs = layers.Dense(num_classes, activation="softmax", name="output")(x)
    return keras.Model(inputs, outputs, name="vanishing_gradient")


def run(data="digits", epochs=30, batch_size=64, seed=0, learning_rate=0.05, callbacks=()):
    """Train five networks, report accuracy on test images and how much gradient gets through.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: draws the first weights, the order of images and the validation part.
        learning_rate: the highest step size of SGD, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report on the residual network of sigmoids; the one without skips is a baseline.
    """
    images = data_prep.load_images(data, seed=seed)
    rows = np.random.default_rng(seed).permutation(len(images.train))[:256]
    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(images.train), batch_size, epochs)
    norms, learning, accuracy, ratios = {}, {}, {}, {}
    for name in ("sigmoid", "tanh", "relu", "selu", "residual sigmoid"):
        model = build_vanishing_gradient(
            images.input_shape, len(images.classes), name.split()[-1], "residual" in name
        )
        model.compile(
            # The gradient of each weight is cut to length 1; without this SELU's would explode.
            optimizer=keras.optimizers.SGD(schedule, momentum=0.9, clipnorm=1.0),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
            steps_per_execution=16,
        )
        watch = _Gradients(images.train.inputs[rows], images.train.labels[rows])
        history = model.fit(
            images.train.inputs,
            images.train.labels,
            batch_size=batch_size,
            epochs=epochs,
            validation_data=(images.validation.inputs, images.validation.labels),
            callbacks=[watch, *callbacks],
        )
        norms[name], learning[name] = watch.norms, [history.history["val_accuracy"]]
        test = images.test.inputs, images.test.labels
        accuracy[name] = model.evaluate(*test, batch_size, verbose=0, return_dict=True)["accuracy"]
        first, *_, last = watch.norms.values()
        ratios[f"gradient ratio of {name}, start"] = first[0] / (last[0] or np.nan)
        ratios[f"gradient ratio of {name}, end"] = first[-1] / (last[-1] or np.nan)
    drawn = {f"{name}: accuracy {accuracy[name]:.0%}": norms[name] for name in norms}
    return Report(
        model=model,
        headline="accuracy",
        scores={"accuracy": accuracy["residual sigmoid"]}
        | {f"accuracy of {name}": value for name, value in accuracy.items()}
        | ratios,
        baselines={
            "sigmoid without skips": {"accuracy": accuracy["sigmoid"]},
            **scores.classification_baselines(images, names=("majority",)),
        },
        data=images.describe(),
        pictures={
            "gradients": visualize.plot_layers_over_epochs(
                drawn, "norm of the gradient", log=True, first=0
            ),
            "learning": visualize.plot_spread(
                range(1, epochs + 1), learning, "epoch", "accuracy on validation images"
            ),
        },
    )


class _Gradients(keras.callbacks.Callback):
    """Note the norm of each layer's gradient at the start of every epoch, and after the last."""

    def __init__(self, inputs, labels):
        super().__init__()
        self.batch = inputs, labels
        self.norms = {}  # {layer: norms}

    def on_epoch_begin(self, epoch, logs=None):
        for layer, norm in visualize.gradient_norms(self.model, *self.batch).items():
            self.norms.setdefault(layer, []).append(norm)

    def on_train_end(self, logs=None):
        self.on_epoch_begin(None)
