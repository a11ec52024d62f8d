"""ReLU study: units die at a high learning rate, and leaky ones recover.

    image (8, 8, 1) -> 3 x (dense 64, leaky ReLU) -> probabilities (10,)

Take it when a network with ReLU stops learning, or when its learning rate has to be high.

Below zero a ReLU outputs 0 and passes no gradient back. One step that is too long can push the
weights of a unit so far that its output is 0 for every training image. The unit is dead: its
weights get no gradient any more, and only a change in the layers before can revive it. If all units
of a layer are dead, no gradient passes the layer. A leaky ReLU has a small slope below zero, so a
unit that never fires still learns, and may recover.

The same network is trained with each of the two activations, at a learning rate of 200 times Adam's
usual 0.001.

In the report: which units fire, that is, output more than 0 for at least one training image,
measured after each epoch; how many units died and recovered; and the dead fraction of each layer.

Reference: Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models",
2013.
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


def build_dying_relu(
    input_shape=(8, 8, 1),
    num_classes=10,
    hidden_layers=3,
    units=64,
    negative_slope=0.2,
    name="dying_relu",
):
    """Build the network, not compiled.

    Args:
        input_shape: (height, width, channels) of an image; pixels from 0 to 1.
        num_classes: number of classes, the size of the output.
        hidden_layers: number of dense layers before the output.
        units: width of each of them.
        negative_slope: slope of the activation below zero; 0 makes it a ReLU.
        name: name of the model, shown in progress and history.

    Returns:
        A keras.Sequential from images (batch, *input_shape) to probabilities (batch, num_classes).

    Raises:
        ValueError: if a size is not an integer >= 1.

    Example:
        import numpy as np

        images = np.random.rand(256, 28, 28, 1)
        labels = np.random.randint(10, size=256)

        model = build_dying_relu(input_shape=(28, 28, 1), num_classes=10)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(images, labels, batch_size=64, epochs=2)
        probabilities = model.predict(images)  # (256, 10)
    """
    check_tuples("build_dying_relu", input_shape=input_shape)
    check_integers(
        "build_dying_relu", num_classes=num_classes, hidden_layers=hidden_layers, units=units
    )

    model = keras.Sequential([keras.Input(input_shape), layers.Flatten()], name=name)
    for _ in range(hidden_layers):
        model.add(layers.Dense(units, kernel_initializer="he_normal"))  # (batch, units)
        model.add(layers.LeakyReLU(negative_slope))
    model.add(layers.Dense(num_classes, activation="softmax"))
    return model


def run(data="digits", epochs=20, batch_size=64, seed=0, learning_rate=0.2, callbacks=()):
    """Train with ReLU and with leaky ReLU, report accuracy on test images and the units that die.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: sets the initial weights, the order of the images and the validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report on the network with leaky ReLU; the one with ReLU is a baseline.

    Raises:
        DataError: if a network diverges at this learning rate.
    """
    images = data_prep.load_images(data, seed=seed)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(images.train), batch_size, epochs)
    slopes = {"relu": 0.0, "leaky relu": 0.2}
    fires = {}
    accuracy = {}
    for name, slope in slopes.items():
        model = build_dying_relu(
            images.input_shape,
            len(images.classes),
            negative_slope=slope,
            name="dying_relu" if name == "leaky relu" else name,
        )
        model.compile(
            optimizer=keras.optimizers.Adam(schedule),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
            steps_per_execution=16,  # several batches per call: faster for a small model
        )
        watch = _Firing(images.train.inputs)
        model.fit(
            images.train.inputs,
            images.train.labels,
            batch_size=batch_size,
            epochs=epochs,
            validation_data=(images.validation.inputs, images.validation.labels),
            callbacks=[watch, *callbacks],
        )
        fires[name] = watch.by_layer()
        accuracy[name] = _test_accuracy(name, model, images.test, batch_size)

    return Report(
        model=model,  # the network with leaky ReLU, trained last
        headline="accuracy",
        scores=_scores(accuracy, fires),
        baselines={
            "the same network with relu": {"accuracy": accuracy["relu"]},
            **scores.classification_baselines(images, names=("majority",)),
        },
        data=images.describe(),
        pictures=_pictures(fires),
    )


class _Firing(keras.callbacks.Callback):
    """Record after each epoch which units fire for at least one of the inputs."""

    def __init__(self, inputs):
        super().__init__()
        self.inputs = inputs
        self.fires = {}  # {layer: for each epoch, (units,) of bool}

    def on_epoch_end(self, epoch, logs=None):
        for layer, units in visualize.firing_units(self.model, self.inputs).items():
            self.fires.setdefault(layer, []).append(units)

    def by_layer(self):
        """{"layer 1": (epochs, units) of bool, ...}."""
        return {
            f"layer {number}": np.array(units)
            for number, units in enumerate(self.fires.values(), start=1)
        }


def _test_accuracy(name, model, test, batch_size):
    """The accuracy on the test images, their only use; a network that diverged is refused."""
    measured = model.evaluate(test.inputs, test.labels, batch_size, verbose=0, return_dict=True)
    if not np.isfinite(measured["loss"]):
        raise data_prep.DataError(
            f"the network with {name} diverged and has no units to count; choose a smaller "
            f"--learning-rate."
        )
    return measured["accuracy"]


def _scores(accuracy, fires):
    """The accuracies, and for each network the units that died, recovered, and are dead."""
    found = {"accuracy": accuracy["leaky relu"], "accuracy of relu": accuracy["relu"]}

    for name, by_layer in fires.items():
        fire = np.hstack(list(by_layer.values()))  # (epochs, units of all layers)
        fire_later = np.logical_or.accumulate(fire[::-1])[::-1]  # in this epoch or a later one
        died = (~fire).any(axis=0)
        recovered = (~fire & fire_later).any(axis=0)

        found[f"units of {name} that died"] = float(died.sum())
        found[f"units of {name} that recovered"] = float(recovered.sum())
        found[f"fraction of {name} dead at the end"] = float((~fire[-1]).mean())
    return found


def _pictures(fires):
    """The life of each unit, and the dead fraction of each layer after each epoch."""
    dead = {}
    for name, by_layer in fires.items():
        dead[name] = {layer: 1 - units.mean(axis=1) for layer, units in by_layer.items()}

    return {
        "units": visualize.plot_unit_deaths(fires),
        "dead_units": visualize.plot_layers_over_epochs(dead, "fraction of dead units"),
    }
