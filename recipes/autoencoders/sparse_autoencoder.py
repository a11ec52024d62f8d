"""Sparse autoencoder: a large code, of which each image uses only a few numbers.

    image (8, 8, 1) -> encoder: dense 256 -> code (128,), mostly 0 -> decoder: dense 256 -> image

Take it when the code should be features, not a summary: each image is described by the few features
that it has.

The code has twice as many numbers as the image has pixels, so the network could copy the image. A
penalty in the loss prevents that. L1 adds up the absolute values of the code, which brings a ReLU
to exactly 0 for most images. KL compares the mean of each unit over the batch with a target of
0.05; with KL the units are sigmoids. A code of tiny numbers, with large weights in the decoder, can
evade both penalties. Noise on the code in training prevents that: tiny numbers are lost in it.

In the report: the fraction of active units, those above 0.05, and the error when all other units
are set to 0. The baseline is PCA with as many components as units are active on average. On the
digits L1 has 14% of 128 units active and an error of 0.0083; PCA with 18 components has 0.0097.
`--penalty kl` misses its target: 32% are active, the error is 0.0107, and PCA with 41 components
has 0.0008. PCA of equal size has all 64 components and rebuilds the image without error.

Differs from dense_autoencoder: a larger code, the penalty on it, and the noise on it.

Reference: Ng, "Sparse autoencoder", lecture notes CS294A, 2011.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
import numpy as np
from keras import layers, ops

import data_prep
import visualize
from recipes import scores
from recipes.layers.sizes import check_integers, check_shape
from recipes.report import Report
from recipes.schedules import warmup_cosine

ACTIVE = 0.05  # a unit is active on an image if its value is above this


@keras.saving.register_keras_serializable(package="recipes")
class Sparsity(keras.Regularizer):
    """Penalty on a batch of codes (batch, units), for the `activity_regularizer` of a layer.

    "l1" is the sum of the absolute values of a code, averaged over the batch. "kl" is the
    Kullback-Leibler divergence of two coins, summed over the units: t log(t / m) + (1 - t) log((1 -
    t) / (1 - m)), where t is the target and m the mean of the unit over the batch (Ng, 2011).

    Args:
        penalty: "l1" or "kl".
        weight: factor of the penalty in the loss.
        target: for "kl", the mean that each unit should have, between 0 and 1.
    """

    def __init__(self, penalty="l1", weight=1e-4, target=0.05):
        self.penalty = penalty
        self.weight = weight
        self.target = target

    def __call__(self, codes):
        """The penalty, a scalar, times the batch size, by which Keras divides it again."""
        if self.penalty == "l1":
            return self.weight * ops.sum(ops.abs(codes))

        tiny = keras.config.epsilon()  # no logarithm of 0
        means = ops.clip(ops.mean(codes, axis=0), tiny, 1 - tiny)
        on = self.target * ops.log(self.target / means)
        off = (1 - self.target) * ops.log((1 - self.target) / (1 - means))
        return self.weight * ops.sum(on + off) * ops.cast(ops.shape(codes)[0], codes.dtype)

    def get_config(self):
        """The arguments that make an equal penalty."""
        return {"penalty": self.penalty, "weight": self.weight, "target": self.target}


def build_sparse_autoencoder(
    input_shape=(8, 8, 1),
    latent_size=128,
    units=256,
    penalty="l1",
    weight=5e-4,
    noise=0.2,
    name="sparse_autoencoder",
):
    """Build the network, not compiled.

    Args:
        input_shape: (height, width, channels) of an image; pixels from 0 to 1.
        latent_size: number of values in the code.
        units: width of the hidden layer of the encoder and of the decoder.
        penalty: "l1" for ReLU units with a penalty on their absolute values, "kl" for sigmoid units
            with a penalty where their mean over a batch is not 0.05.
        weight: factor of the penalty in the loss.
        noise: standard deviation of the noise on the code, 0 to 1, in training only.
        name: name of the model, shown in progress and history.

    Returns:
        A keras.Sequential from images (batch, *input_shape) to images of the same shape. Its layers
        are called "encoder" and "decoder", for `model.get_layer`.

    Raises:
        ValueError: if a size is not an integer >= 1, the penalty is unknown, or the noise is not
            from 0 to 1.

    Example:
        import numpy as np

        images = np.random.rand(256, 28, 28, 1)  # pixels from 0 to 1

        model = build_sparse_autoencoder(input_shape=(28, 28, 1), latent_size=300, weight=5e-5)
        # The penalty is in the loss; the metric is the error alone.
        model.compile("adam", "mean_squared_error", metrics=["mean_squared_error"])
        model.fit(images, images, batch_size=64, epochs=2)  # the image is input and target
        codes = model.get_layer("encoder").predict(images)  # (256, 300)
        rebuilt = model.get_layer("decoder").predict(codes)  # (256, 28, 28, 1)
    """
    check_shape("build_sparse_autoencoder", input_shape, "height", "width", "channels")
    check_integers("build_sparse_autoencoder", latent_size=latent_size, units=units)
    if penalty not in ("l1", "kl"):
        raise ValueError(f"build_sparse_autoencoder: penalty {penalty!r}; give 'l1' or 'kl'.")
    if not 0 <= noise <= 1:
        raise ValueError(f"build_sparse_autoencoder: noise {noise}; give a number from 0 to 1.")
    height, width, channels = input_shape

    activation = "relu" if penalty == "l1" else "sigmoid"
    sparsity = Sparsity(penalty, weight)
    encoder_layers = [
        keras.Input(input_shape),
        layers.Flatten(),
        layers.Dense(units, activation="relu"),
        layers.Dense(latent_size, activation=activation, activity_regularizer=sparsity),
    ]
    decoder_layers = [
        keras.Input((latent_size,)),
        layers.GaussianNoise(noise),  # in training only
        layers.Dense(units, activation="relu"),
        layers.Dense(height * width * channels, activation="sigmoid"),
        layers.Reshape(input_shape),  # (batch, height, width, channels)
    ]
    encoder = keras.Sequential(encoder_layers, name="encoder")
    decoder = keras.Sequential(decoder_layers, name="decoder")
    return keras.Sequential([encoder, decoder], name=name)


def run(
    data="digits",
    epochs=40,
    batch_size=64,
    seed=0,
    latent_size=128,
    penalty="l1",
    l1_weight=5e-4,
    kl_weight=5e-4,
    noise=0.2,
    learning_rate=0.003,
    callbacks=(),
):
    """Train with both penalties and report the error on test images and the active units.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: sets the initial weights, the order of the images and the validation part.
        latent_size: number of values in the code, integer >= 1.
        penalty: l1 or kl, the penalty whose scores are the headline and whose model is saved.
        l1_weight: factor of the L1 penalty in the loss, 0 or more.
        kl_weight: factor of the KL penalty in the loss, 0 or more.
        noise: standard deviation of the noise on the code in training, from 0 to 1.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: if a flag is outside the values named above.
    """
    weights = {"l1": l1_weight, "kl": kl_weight}
    _check_flags(latent_size, penalty, weights, noise)
    images = data_prep.load_images(data, seed=seed)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(images.train), batch_size, epochs)
    models = {}
    for form, weight in weights.items():
        name = "sparse_autoencoder" if form == penalty else f"with_{form}"
        model = build_sparse_autoencoder(
            images.input_shape, latent_size, penalty=form, weight=weight, noise=noise, name=name
        )
        model.compile(
            optimizer=keras.optimizers.Adam(schedule),
            loss="mean_squared_error",
            metrics=["mean_squared_error"],  # the loss holds the penalty too
            steps_per_execution=16,  # several batches per call: faster for a small model
        )
        model.fit(
            images.train.inputs,
            images.train.inputs,  # the image is input and target
            batch_size=batch_size,
            epochs=epochs,
            validation_data=(images.validation.inputs, images.validation.inputs),
            callbacks=list(callbacks),
        )
        models[form] = model

    # The only use of the test images.
    found = {form: _scores(model, images) for form, model in models.items()}
    active_units = round(found[penalty]["fraction of active units"] * latent_size)
    pca_sizes = {"PCA, as many as are active": max(1, active_units)}
    return Report(
        model=models[penalty],
        headline="mean squared error",
        higher_is_better=False,
        scores=found[penalty] | _scores_by_penalty(found),
        baselines=scores.autoencoding_baselines(images, pca_sizes),
        comparisons=scores.autoencoding_baselines(images, {"PCA of equal size": latent_size}),
        data=images.describe(),
        pictures={"reconstructions": _reconstructions(models[penalty], images)},
    )


def _check_flags(latent_size, penalty, weights, noise):
    """Refuse what cannot be trained, before the data is loaded."""
    if latent_size < 1:
        raise data_prep.DataError(f"latent_size {latent_size}: give 1 or more.")
    if penalty not in weights:
        raise data_prep.DataError(f"penalty {penalty!r}: give l1 or kl.")
    if min(weights.values()) < 0:
        raise data_prep.DataError(f"weights of the penalties {weights}: give 0 or more.")
    if not 0 <= noise <= 1:
        raise data_prep.DataError(f"noise {noise}: give a number from 0 to 1.")


def _scores(model, images):
    """How well test images are rebuilt, how many units are active, and what those alone give."""
    encoder = model.get_layer("encoder")
    decoder = model.get_layer("decoder")
    codes = {
        "train": encoder.predict(images.train.inputs, batch_size=256, verbose=0),
        "test": encoder.predict(images.test.inputs, batch_size=256, verbose=0),
    }
    rebuilt = decoder.predict(codes["test"], batch_size=256, verbose=0)
    found = scores.autoencoding(images, codes, rebuilt)

    # Without the units that are hardly on: if little changes, the active ones hold the image.
    active = codes["test"] > ACTIVE
    rebuilt_from_active = decoder.predict(codes["test"] * active, batch_size=256, verbose=0)
    errors = (rebuilt_from_active - images.test.inputs) ** 2
    found["fraction of active units"] = float(active.mean())
    found["mean squared error of active units"] = float(np.mean(errors))
    return found


def _scores_by_penalty(found):
    """The scores of both networks, each named for its penalty."""
    named = {}
    for form, form_scores in found.items():
        for name, value in form_scores.items():
            named[f"{name} with {form}"] = value
    return named


def _reconstructions(model, images):
    """Test images above their reconstructions."""
    originals = images.test.inputs[:20]
    return visualize.plot_reconstructions(originals, model.predict(originals, verbose=0))
