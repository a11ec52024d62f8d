"""A code with room to spare, of which an image may use little: by L1 or by KL.

    image (8, 8, 1) -> encoder: dense 256 -> code (128,), mostly 0 -> decoder: dense 256 -> image

The code has more numbers than it needs; a penalty sees to it that each image uses few. L1 makes a
unit pay for its size, so that a ReLU is best off at exactly 0. KL wants the mean of each unit over
the images to be 0.05, and does not mind which images it is on for. Against both there is a way out:
a small code and large weights behind it. Noise on the code closes it: what is small is then lost.

A unit counts as active above ACTIVE, a quarter of the default noise. The baseline is as many
principal components (PCA) as units are active on average. On the digits, seed 0, L1 has 14% of 128
active, an error of 0.0083, 18 components 0.0097. KL falls short: 32%, 0.0107, and 41 have 0.0008.

Differs from dense_autoencoder: a larger code, the penalty, and the noise on the code.

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
from recipes.report import Report
from recipes.schedules import warmup_cosine

ACTIVE = 0.05  # a unit is active on an image where its value is above this


@keras.saving.register_keras_serializable(package="recipes")
class Sparsity(keras.Regularizer):
    """The penalty of a batch of codes (batch, units), as the activity regulariser of a layer.

    "l1": the sum of the units' sizes, mean over the batch. "kl": the Kullback-Leibler divergence
    between two coins, summed over the units: t log(t / m) + (1 - t) log((1 - t) / (1 - m)), where
    t is the target and m the mean of a unit over the batch, from 0 to 1. Both are given times the
    size of the batch, by which Keras divides what a layer's activity regulariser says. Source of
    the KL form: Ng, "Sparse autoencoder", lecture notes CS294A, 2011.

    Args:
        penalty: "l1" or "kl".
        weight: factor of the sum.
        target: of "kl", what the mean of a unit should be, between 0 and 1.
    """

    def __init__(self, penalty="l1", weight=1e-4, target=0.05):
        self.penalty, self.weight, self.target = penalty, weight, target

    def __call__(self, codes):
        """The penalty times the size of the batch, a scalar."""
        if self.penalty == "l1":
            return self.weight * ops.sum(ops.abs(codes))
        tiny = keras.config.epsilon()
        means = ops.clip(ops.mean(codes, axis=0), tiny, 1 - tiny)
        on = self.target * ops.log(self.target / means)
        off = (1 - self.target) * ops.log((1 - self.target) / (1 - means))
        return self.weight * ops.sum(on + off) * ops.cast(ops.shape(codes)[0], codes.dtype)

    def get_config(self):
        """What makes an equal one."""
        return {"penalty": self.penalty, "weight": self.weight, "target": self.target}


def build_sparse_autoencoder(
    input_shape=(8, 8, 1), latent_size=128, units=256, penalty="l1", weight=5e-4, noise=0.2
):
    """Build the whole, not compiled; `model.get_layer("encoder")` and `("decoder")` are its halves.

    Args:
        input_shape: (height, width, channels) of an image; pixels from 0 to 1.
        latent_size: numbers in the code.
        units: width of the hidden layer of each half.
        penalty: "l1" for a code of ReLUs that pay for their size; "kl" for one of sigmoids, which
            pay where their mean over a batch is not 0.05.
        weight: factor of the penalty in the loss.
        noise: deviation of the noise on the code, in training alone.

    Returns:
        A keras.Sequential of encoder and decoder, from images (batch, *input_shape) to images of
        the same shape.
    """
    height, width, channels = input_shape
    activation = "relu" if penalty == "l1" else "sigmoid"
    encoder = [
        keras.Input(input_shape),
        layers.Flatten(),
        layers.Dense(units, activation="relu"),
        layers.Dense(latent_size, activation, activity_regularizer=Sparsity(penalty, weight)),
    ]
    decoder = [
        keras.Input((latent_size,)),
        layers.GaussianNoise(noise),
        layers.Dense(units, activation="relu"),
        layers.Dense(height * width * channels, activation="sigmoid"),
        layers.Reshape(input_shape),  # (batch, height, width, channels)
    ]
    halves = [keras.Sequential(encoder, name="encoder"), keras.Sequential(decoder, name="decoder")]
    return keras.Sequential(halves, name="sparse_autoencoder")


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
    """Train both forms, report how well test images are rebuilt, and from how many active units.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: draws the first weights, the order of images and the validation part.
        latent_size: numbers in the code.
        penalty: l1 or kl, the form whose scores are the headline and whose model is saved.
        l1_weight: factor of the L1 penalty in the loss.
        kl_weight: factor of the KL penalty in the loss.
        noise: deviation of the noise on the code in training, 0 to 1.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    weights = {"l1": l1_weight, "kl": kl_weight}
    if penalty not in weights or min(latent_size - 1, noise, 1 - noise, *weights.values()) < 0:
        raise data_prep.DataError(
            f"penalty {penalty!r}, weights {l1_weight} and {kl_weight}, noise {noise}, a code of "
            f"{latent_size}: give l1 or kl, noise up to 1, no negative weight, a code of 1 or more."
        )
    images = data_prep.load_images(data, seed=seed)
    inputs = {name: part.inputs for name, part in images.parts().items()}
    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(images.train), batch_size, epochs)
    models, rebuilt, found = {}, {}, {}
    for form, weight in weights.items():
        models[form] = model = build_sparse_autoencoder(
            images.input_shape, latent_size, penalty=form, weight=weight, noise=noise
        )
        adam, loss = keras.optimizers.Adam(schedule), "mean_squared_error"
        model.compile(adam, loss, metrics=[loss], steps_per_execution=16)
        validation = (inputs["validation"], inputs["validation"])
        fit = {"batch_size": batch_size, "epochs": epochs, "callbacks": list(callbacks)}
        model.fit(inputs["train"], inputs["train"], validation_data=validation, **fit)
        encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
        codes = {name: encoder.predict(inputs[name], 256, verbose=0) for name in inputs}
        active = codes["test"] > ACTIVE
        rebuilt[form] = decoder.predict(codes["test"], 256, verbose=0)
        alone = decoder.predict(codes["test"] * active, 256, verbose=0)
        found[form] = scores.autoencoding(images, codes, rebuilt[form]) | {
            "fraction of active units": float(active.mean()),
            "mean squared error of active units": float(np.mean((alone - inputs["test"]) ** 2)),
        }
    both = {f"{name} with {form}": value for form in found for name, value in found[form].items()}
    count = max(1, round(found[penalty]["fraction of active units"] * latent_size))
    pca = scores.autoencoding_baselines(images, {"PCA, as many as are active": count})
    pairs = visualize.plot_reconstructions(inputs["test"][:20], rebuilt[penalty][:20])
    return Report(
        model=models[penalty],
        headline="mean squared error",
        higher_is_better=False,
        scores=found[penalty] | both,
        baselines=pca,
        comparisons=scores.autoencoding_baselines(images, {"PCA of equal size": latent_size}),
        data=images.describe(),
        pictures={"reconstructions": pairs},
    )
