"""Noise goes in, the clean image is asked for: what an image is like has to be learnt.

noisy image (8, 8, 1) -> encoder: dense 256 -> code (32,) -> decoder: dense 256 -> clean image
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import math

import keras
import numpy as np
from keras import layers

import data_prep
import visualize
from recipes import scores
from recipes.report import Report


def build_denoising_autoencoder(
    input_shape=(8, 8, 1), latent_size=32, units=256, noise="gaussian", amount=0.3
):
    """Build the whole, not compiled; `model.get_layer("encoder")` and `("decoder")` are its halves.

    Args:
        input_shape: (height, width, channels) of an image; clean pixels go from 0 to 1.
        latent_size: numbers in the code.
        units: width of the hidden layer of each half.
        noise: what is done to images in training, and in training alone: "gaussian" or "dropout".
        amount: of "gaussian" the deviation, in pixel values; of "dropout" the share of pixels that
            become 0, while the others are divided by the share that stays.

    Returns:
        A keras.Sequential of noise, encoder and decoder, from noisy images (batch, *input_shape) to
        clean ones of the same shape.
    """
    encoder = [
        keras.Input(input_shape),
        layers.Flatten(),
        layers.Dense(units, activation="relu"),
        layers.Dense(latent_size),  # (batch, latent_size)
    ]
    decoder = [
        keras.Input((latent_size,)),
        layers.Dense(units, activation="relu"),
        layers.Dense(math.prod(input_shape), activation="sigmoid"),
        layers.Reshape(input_shape),  # (batch, height, width, channels)
    ]
    corrupt = layers.GaussianNoise if noise == "gaussian" else layers.Dropout
    halves = [keras.Sequential(encoder, name="encoder"), keras.Sequential(decoder, name="decoder")]
    inputs = [keras.Input(input_shape), corrupt(amount, name="noise")]
    return keras.Sequential([*inputs, *halves], name="denoising_autoencoder")


def run(
    data="digits",
    epochs=60,
    batch_size=64,
    seed=0,
    latent_size=32,
    units=256,
    noise="gaussian",
    amount=0.3,
    learning_rate=0.005,
    callbacks=(),
):
    """Train on noisy images, report how near noisy test images come to the clean ones.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images, each with fresh noise.
        batch_size: images per training step.
        seed: draws the first weights, the order of images, their noise and the validation part;
            the noise of test images is the same for every seed.
        latent_size: numbers in the code.
        units: width of the hidden layer of each half.
        noise: gaussian, or dropout, which sets pixels to 0.
        amount: deviation of gaussian noise in pixel values, or the share of pixels dropped.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: where the noise is unknown or of no possible amount, or a layer has no numbers.
    """
    if noise not in ("gaussian", "dropout"):
        raise data_prep.DataError(f"noise is {noise!r}; give gaussian or dropout.")
    if not 0 < amount < 1 or min(latent_size, units) < 1:
        raise data_prep.DataError(
            f"amount {amount}, a code of {latent_size}, {units} units: give an amount between 0 "
            f"and 1, and sizes of 1 or more."
        )
    images = data_prep.load_images(data, seed=seed)
    model = build_denoising_autoencoder(images.input_shape, latent_size, units, noise, amount)
    noisy = {  # the layer's own noise, drawn once
        name: keras.ops.convert_to_numpy(
            type(model.get_layer("noise"))(amount, seed=number)(part.inputs, training=True)
        )
        for number, (name, part) in enumerate(images.parts().items())
    }
    steps = epochs * -(-len(images.train) // batch_size)
    # Up, then down to zero: the last epoch is the one to keep, so no epoch has to be chosen.
    schedule = keras.optimizers.schedules.CosineDecay(
        learning_rate / 10, steps - steps // 3, warmup_target=learning_rate, warmup_steps=steps // 3
    )
    adam = keras.optimizers.Adam(schedule)
    model.compile(adam, loss="mean_squared_error", steps_per_execution=16)
    model.fit(
        images.train.inputs,
        images.train.inputs,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(noisy["validation"], images.validation.inputs),
        callbacks=list(callbacks),
    )
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    codes = {name: encoder.predict(noisy[name], 256, verbose=0) for name in noisy}
    truth, restored = images.test.inputs, decoder.predict(codes["test"], 256, verbose=0)
    found = scores.autoencoding(images, codes, restored) | {"PSNR": scores.psnr(truth, restored)}
    unharmed = model.predict(truth, 256, verbose=0)
    found["mean squared error without noise"] = float(np.mean(np.square(unharmed - truth)))
    smoothed = {"nothing done": np.clip(noisy["test"], 0, 1)}
    smoothed |= scores.smoothed(images.validation.inputs, noisy["validation"], noisy["test"])
    baselines = {}
    for name, answer in smoothed.items():
        error = float(np.mean(np.square(answer - truth)))
        baselines[name] = {"mean squared error": error, "PSNR": scores.psnr(truth, answer)}
    pca = {"PCA of equal size": scores.pca_autoencoding(images, latent_size, noisy)}
    rows = {"clean": truth, "noisy": smoothed["nothing done"]}
    rows |= {"Gaussian filter": smoothed["Gaussian filter"], "this recipe": restored}
    shown = np.concatenate([row[:6] for row in rows.values()])
    return Report(
        model=model,
        headline="mean squared error",
        higher_is_better=False,
        scores=found,
        baselines=baselines | pca,
        data=images.describe(),
        pictures={"denoised": visualize.plot_images(shown, np.repeat(list(rows), len(shown) // 4))},
    )
