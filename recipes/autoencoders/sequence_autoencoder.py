"""Sequence autoencoder: LSTMs compress a sequence into one vector and rebuild it.

    rows (8, 8) -> encoder: 2 x lstm 48 -> code (8,) -> decoder: 2 x lstm 48 -> rows (8, 8)

Take it for sequences: one vector then stands for a whole sequence, to compare, group or classify
sequences by. Here the rows of an image are the sequence, from top to bottom.

The encoder is a bidirectional LSTM: one LSTM reads the sequence forwards, one backwards, and their
final states become the code. The decoder is given the code at every time step. Its input is the
same at every step, so only its state can tell which step it is at. The decoder never sees the steps
that it wrote before, so all it knows of the sequence comes from the code. All steps share the
weights, so the number of weights does not grow with the length.

In the report: the error on test images, compared with PCA of equal size; test images above their
reconstructions; the codes on a map, with a colour for each class; and the linear probe, a linear
classifier trained on the codes. On the digits `--seeds 3` gives an error of 0.0126, PCA 0.0247.
dense_autoencoder is a little better on them: LSTMs are made for sequences longer than 8 steps.

Differs from dense_autoencoder: LSTMs in both halves.

Reference: Srivastava et al., "Unsupervised learning of video representations using LSTMs", 2015.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
from keras import layers

import data_prep
import visualize
from recipes import scores
from recipes.layers.sizes import check_integers, check_shape
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_sequence_autoencoder(input_shape=(8, 8), latent_size=8, units=48):
    """Build the network, not compiled.

    `model.get_layer("encoder")` and `model.get_layer("decoder")` are its two halves.

    Args:
        input_shape: (time steps, features per step) of a sequence; values from 0 to 1.
        latent_size: number of values in the code.
        units: size of the state of each LSTM; each half has one that reads forwards and one that
            reads backwards.

    Returns:
        A keras.Sequential of encoder and decoder, from sequences (batch, *input_shape) to sequences
        of the same shape.

    Raises:
        ValueError: if a size is not an integer >= 1.

    Example:
        import numpy as np

        sequences = np.random.rand(128, 20, 3)  # 20 time steps of 3 features, from 0 to 1

        model = build_sequence_autoencoder(input_shape=(20, 3), latent_size=8)
        model.compile("adam", "mean_squared_error")
        model.fit(sequences, sequences, batch_size=32, epochs=2)  # input and target are the same
        codes = model.get_layer("encoder").predict(sequences)  # (128, 8)
        rebuilt = model.get_layer("decoder").predict(codes)  # (128, 20, 3)
    """
    check_shape("build_sequence_autoencoder", input_shape, "time steps", "features")
    check_integers("build_sequence_autoencoder", latent_size=latent_size, units=units)
    time_steps, features = input_shape

    encoder_layers = [
        keras.Input(input_shape),  # (batch, time steps, features)
        layers.Bidirectional(layers.LSTM(units)),  # (batch, 2 * units), the two final states
        layers.Dense(latent_size),  # (batch, latent_size)
    ]
    decoder_layers = [
        keras.Input((latent_size,)),
        layers.RepeatVector(time_steps),  # (batch, time steps, latent_size)
        layers.Bidirectional(layers.LSTM(units, return_sequences=True)),
        layers.Dense(features, activation="sigmoid"),  # (batch, time steps, features)
    ]
    encoder = keras.Sequential(encoder_layers, name="encoder")
    decoder = keras.Sequential(decoder_layers, name="decoder")
    return keras.Sequential([encoder, decoder], name="sequence_autoencoder")


def run(
    data="digits",
    epochs=40,
    batch_size=64,
    seed=0,
    latent_size=8,
    units=48,
    learning_rate=0.02,
    callbacks=(),
):
    """Train on images, read row by row, and report how well test images are rebuilt.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: sets the initial weights, the order of the images and the validation part.
        latent_size: number of values in the code, integer >= 1.
        units: size of the state of each LSTM, integer >= 1.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: if latent_size or units is below 1.
    """
    if min(latent_size, units) < 1:
        raise data_prep.DataError(f"latent_size {latent_size}, units {units}: give 1 or more.")
    images = data_prep.load_images(data, seed=seed)
    rows = data_prep.image_rows(images)  # each image as a sequence of its rows
    model = build_sequence_autoencoder(rows.input_shape, latent_size, units)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(rows.train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="mean_squared_error",
        steps_per_execution=16,  # several batches per call: faster for a small model
    )
    model.fit(
        rows.train.inputs,
        rows.train.inputs,  # the sequence is input and target
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(rows.validation.inputs, rows.validation.inputs),
        callbacks=list(callbacks),
    )

    # The only use of the test images.
    encoder = model.get_layer("encoder")
    decoder = model.get_layer("decoder")
    codes = {
        "train": encoder.predict(rows.train.inputs, batch_size=256, verbose=0),
        "test": encoder.predict(rows.test.inputs, batch_size=256, verbose=0),
    }
    rebuilt = decoder.predict(codes["test"], batch_size=256, verbose=0)

    return Report(
        model=model,
        headline="mean squared error",
        higher_is_better=False,
        scores=scores.autoencoding(rows, codes, rebuilt),
        baselines=scores.autoencoding_baselines(rows, {"PCA of equal size": latent_size}),
        data=rows.describe(),
        pictures=_pictures(images, codes["test"], rebuilt),
    )


def _pictures(images, codes, rebuilt):
    """Test images above their reconstructions, and a map of their codes."""
    rebuilt_images = rebuilt[:20].reshape(-1, *images.input_shape)
    pictures = {
        "reconstructions": visualize.plot_reconstructions(images.test.inputs[:20], rebuilt_images)
    }

    # The map needs two axes, and a colour for each class.
    if codes.shape[1] > 1 and len(images.classes) <= 20:
        classes = [images.classes[label] for label in images.test.labels]
        pictures["latent_space"] = visualize.plot_latent_space(codes[:2000], classes[:2000])

    return pictures
