"""An image squeezed into a few numbers and rebuilt from them.

    image (8, 8, 1) -> encoder: dense 256 -> code (8,) -> decoder: dense 256 -> image (8, 8, 1)

An encoder makes a vector of few numbers, the code, from the image; a decoder makes the image from
the code. Both learn from nothing but the image, which is input and target at once. As the notes
say, the vector is what we care about: to rebuild the image it has to hold what images differ in,
and may serve other tasks, such as telling the classes apart. A linear autoencoder can do no better
than the principal components (PCA) of the same number; what this one gains on them it owes to its
layers of ReLUs, which follow bent surfaces where PCA has a flat one.

A run gives the error of both on test images, and how often a linear classifier finds the class from
the code. On the digits, mean of three seeds, the error is 0.0118, where 8 components have 0.0247.

Reference: Hinton and Salakhutdinov, "Reducing the dimensionality of data with neural networks",
2006.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
from keras import layers

import data_prep
import visualize
from recipes import scores
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_dense_autoencoder(input_shape=(8, 8, 1), latent_size=8, units=(256,)):
    """Build the whole, not compiled; `model.get_layer("encoder")` and `("decoder")` are its halves.

    Args:
        input_shape: (height, width, channels) of an image; pixels from 0 to 1.
        latent_size: numbers in the code.
        units: widths of the hidden layers of the encoder; those of the decoder come in reverse.

    Returns:
        A keras.Sequential of encoder and decoder, from images (batch, *input_shape) to images of
        the same shape.
    """
    height, width, channels = input_shape
    encoder = keras.Sequential([keras.Input(input_shape), layers.Flatten()], name="encoder")
    decoder = keras.Sequential([keras.Input((latent_size,))], name="decoder")
    for size in units:
        encoder.add(layers.Dense(size, activation="relu"))
    encoder.add(layers.Dense(latent_size))  # (batch, latent_size); linear, so that no unit is dead
    for size in units[::-1]:
        decoder.add(layers.Dense(size, activation="relu"))
    decoder.add(layers.Dense(height * width * channels, activation="sigmoid"))
    decoder.add(layers.Reshape(input_shape))  # (batch, height, width, channels)
    return keras.Sequential([encoder, decoder], name="dense_autoencoder")


def run(
    data="digits",
    epochs=100,
    batch_size=64,
    seed=0,
    latent_size=8,
    units=256,
    learning_rate=0.01,
    callbacks=(),
):
    """Train on images, report how well test images are rebuilt and what their codes are worth.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: draws the first weights, the order of images and the validation part.
        latent_size: numbers in the code.
        units: width of the hidden layer of each half.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: where the code or a layer has no numbers.
    """
    if min(latent_size, units) < 1:
        raise data_prep.DataError(
            f"a code of {latent_size} and {units} units: give 1 or more of each."
        )
    images = data_prep.load_images(data, seed=seed)
    model = build_dense_autoencoder(images.input_shape, latent_size, (units,))
    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(images.train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="mean_squared_error",
        steps_per_execution=16,
    )
    model.fit(
        images.train.inputs,
        images.train.inputs,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(images.validation.inputs, images.validation.inputs),
        callbacks=list(callbacks),
    )
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    codes = {
        name: encoder.predict(images.parts()[name].inputs, batch_size=256, verbose=0)
        for name in ("train", "test")
    }
    truth, rebuilt = images.test.inputs, decoder.predict(codes["test"], 256, verbose=0)
    names = [images.classes[label] for label in images.test.labels]
    pictures = {"reconstructions": visualize.plot_reconstructions(truth[:20], rebuilt[:20])}
    if latent_size > 1 and len(images.classes) <= 20:  # what the picture can show
        pictures["latent_space"] = visualize.plot_latent_space(codes["test"][:2000], names[:2000])
    return Report(
        model=model,
        headline="mean squared error",
        higher_is_better=False,
        scores=scores.autoencoding(images, codes, rebuilt),
        baselines=scores.autoencoding_baselines(images, {"PCA of equal size": latent_size}),
        data=images.describe(),
        pictures=pictures,
    )
