"""ReLU units that die at a harsh learning rate, and leaky ones that come back.

    image (8, 8, 1) -> 3 x (dense 64, leaky ReLU) -> probabilities (10,)

Below zero a ReLU gives 0 and passes no gradient back. One step that is too long can push a unit so
far that this is so for every training image: its weights get no gradient any more, and only change
in the layers before can wake it. When all units of a layer are dead, nothing gets through. A leaky
ReLU keeps a small slope below zero, so that a unit which never fires still learns, and may return.

The same network is trained with either, at a learning rate of 200 times Adam's usual 0.001. After
each epoch every unit is asked whether it fires, gives more than 0, for any training image at all.

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
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_dying_relu(
    input_shape=(8, 8, 1), num_classes=10, hidden_layers=3, units=64, negative_slope=0.2
):
    """Build the network, not compiled.

    Args:
        input_shape: (height, width, channels) of an image; pixels from 0 to 1.
        num_classes: number of classes, the size of the output.
        hidden_layers: number of dense layers before the output.
        units: width of each of them.
        negative_slope: slope of the activation below zero; 0 makes it a ReLU.

    Returns:
        A keras.Sequential from images (batch, *input_shape) to probabilities (batch, num_classes).
    """
    model = keras.Sequential([keras.Input(input_shape), layers.Flatten()], name="dying_relu")
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
        seed: draws the first weights, the order of images and the validation part.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report on the network with leaky ReLU; the one with ReLU is a baseline.
    """
    images = data_prep.load_images(data, seed=seed)
    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(images.train), batch_size, epochs)
    fires, accuracy, counts = {}, {}, {}
    for name, slope in {"relu": 0.0, "leaky relu": 0.2}.items():
        model = build_dying_relu(images.input_shape, len(images.classes), negative_slope=slope)
        model.compile(
            optimizer=keras.optimizers.Adam(schedule),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
            steps_per_execution=16,
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
        test = images.test.inputs, images.test.labels
        tested = model.evaluate(*test, batch_size, verbose=0, return_dict=True)
        if not np.isfinite(tested["loss"]):
            raise data_prep.DataError(
                f"learning rate {learning_rate:g}: the network with {name} diverged and has no "
                f"units to count; choose a smaller --learning-rate."
            )
        accuracy[name] = tested["accuracy"]
        by_layer = [np.array(units) for units in watch.fires.values()]  # each (epochs, units)
        fires[name] = {f"layer {number}": units for number, units in enumerate(by_layer, start=1)}
        counts |= _count(name, np.hstack(by_layer))
    shares = {
        name: {layer: 1 - units.mean(axis=1) for layer, units in of_network.items()}
        for name, of_network in fires.items()
    }
    return Report(
        model=model,
        headline="accuracy",
        scores={"accuracy": accuracy["leaky relu"], "accuracy of relu": accuracy["relu"]} | counts,
        baselines={
            "the same network with relu": {"accuracy": accuracy["relu"]},
            **scores.classification_baselines(images, names=("majority",)),
        },
        data=images.describe(),
        pictures={
            "units": visualize.plot_unit_deaths(fires),
            "dead_units": visualize.plot_layers_over_epochs(shares, "share of dead units"),
        },
    )


def _count(name, fires):
    """Scores of what (epochs, units) of bool, which units fire, says of the network `name`."""
    later = np.logical_or.accumulate(fires[::-1])[::-1]  # at this epoch or a later one
    return {
        f"units of {name} that died": float((~fires).any(axis=0).sum()),
        f"units of {name} that recovered": float((~fires & later).any(axis=0).sum()),
        f"share of {name} dead at the end": float((~fires[-1]).mean()),
    }


class _Firing(keras.callbacks.Callback):
    """Note after every epoch which units fire for at least one of the inputs."""

    def __init__(self, inputs):
        super().__init__()
        self.inputs = inputs
        self.fires = {}  # {layer: by epoch, (units,) of bool}

    def on_epoch_end(self, epoch, logs=None):
        for layer, units in visualize.firing_units(self.model, self.inputs).items():
            self.fires.setdefault(layer, []).append(units)
