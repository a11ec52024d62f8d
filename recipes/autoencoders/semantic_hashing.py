"""Semantic hashing: an autoencoder with codes of bits, to find similar images.

    image (8, 8, 1) -> dense 256 -> 128 -> bits 32 -> dense 128 -> 256 -> image (8, 8, 1)

Take it to search a large collection with little memory. Similar images get similar codes. With
codes of bits, the most similar images are those whose bits differ from the query's in the fewest
places. An exclusive or and a count of ones find them.

Noise makes the code binary. In training it is added to the value of each unit before the sigmoid. A
value near zero is lost in the noise; only a value far from zero gets through. So the units learn to
be on or off, and a threshold at 0.5 loses little. Batch normalisation gives the values mean 0 and
standard deviation 1: each bit is on for about half of the images, and the network cannot make the
noise harmless by making its values large. Labels are used for scoring alone.

In the report: for eight test images the nearest training images and their classes; and the
fraction of the images found that have the class of the query (precision), for bits from this
network, random projections and the signs of principal components, and for exact search. Bits save
memory. "milliseconds per query" counts coding and search together.

Reference: Salakhutdinov and Hinton, "Semantic hashing", 2009.
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
from recipes.layers.sizes import check_integers, check_shape, check_tuples
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_semantic_hashing(input_shape=(8, 8, 1), bits=32, units=(256, 128), noise=1.0):
    """Build the network, not compiled; `get_layer("encoder")` and `("decoder")` are its halves.

    Args:
        input_shape: (height, width, channels) of an image; pixels from 0 to 1.
        bits: number of bits in a code.
        units: widths of the encoder's hidden layers; the decoder has them in reverse order.
        noise: standard deviation of the noise that is added before the sigmoid in training, 0 to 1.
            The values it is added to have standard deviation 1.

    Returns:
        A keras.Sequential from images to rebuilt images, both (batch, *input_shape). The encoder
        gives codes (batch, bits) from 0 to 1: above 0.5 the bit is 1.

    Raises:
        ValueError: if a size is not an integer >= 1, units is not a tuple of them, or noise is not
            from 0 to 1.

    Example:
        import numpy as np

        images = np.random.rand(256, 28, 28, 1)

        model = build_semantic_hashing(input_shape=(28, 28, 1), bits=32)
        model.compile("adam", "binary_crossentropy")
        model.fit(images, images, batch_size=64, epochs=2)

        codes = model.get_layer("encoder").predict(images) > 0.5  # (256, 32)
        distances = (codes != codes[0]).sum(axis=1)  # bits that differ from those of image 0
        nearest = distances.argsort()[:10]
    """
    check_shape("build_semantic_hashing", input_shape, "height", "width", "channels")
    check_integers("build_semantic_hashing", bits=bits)
    check_tuples("build_semantic_hashing", units=units)
    if not 0 <= noise <= 1:
        raise ValueError(f"build_semantic_hashing: noise {noise}; give a number from 0 to 1.")
    height, width, channels = input_shape

    encoder = keras.Sequential([keras.Input(input_shape), layers.Flatten()], name="encoder")
    for size in units:
        encoder.add(layers.Dense(size, activation="relu"))
    encoder.add(layers.Dense(bits, use_bias=False))
    encoder.add(layers.BatchNormalization(momentum=0.9, center=False, scale=False))
    encoder.add(layers.GaussianNoise(noise))
    encoder.add(layers.Rescaling(8.0))  # makes the sigmoid steep
    encoder.add(layers.Activation("sigmoid"))  # (batch, bits)

    decoder = keras.Sequential([keras.Input((bits,))], name="decoder")
    for size in reversed(units):
        decoder.add(layers.Dense(size, activation="relu"))
    decoder.add(layers.Dense(height * width * channels, activation="sigmoid"))
    decoder.add(layers.Reshape(input_shape))

    return keras.Sequential([keras.Input(input_shape), encoder, decoder], name="semantic_hashing")


def run(
    data="digits",
    epochs=30,
    batch_size=64,
    seed=0,
    learning_rate=0.003,
    bits=32,
    noise=1.0,
    callbacks=(),
):
    """Train on images, search the training images for test images, report precision.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: sets the initial weights, the order of the images, the random projections and the
            validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        bits: length of a code, at most the number of pixels.
        noise: standard deviation of the noise that is added before the sigmoid in training, 0 to 1.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: if bits or noise is outside its range, or there are too few training images.
    """
    images = data_prep.load_images(data, seed=seed)
    most = min(len(images.train), np.prod(images.input_shape))
    if not 1 <= bits <= most or not 0 <= noise <= 1 or len(images.train) < 100:
        raise data_prep.DataError(
            f"bits {bits}, noise {noise:g}, {len(images.train)} training images: give 1 to {most} "
            f"bits, noise of 0 to 1, and 100 images or more to search."
        )
    model = build_semantic_hashing(images.input_shape, bits, noise=noise)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(images.train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="binary_crossentropy",  # of each pixel, as the probability that it is 1
        metrics=["mean_squared_error"],
        steps_per_execution=16,  # several batches per call: faster for a small model
    )
    model.fit(
        images.train.inputs,
        images.train.inputs,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(images.validation.inputs, images.validation.inputs),
        callbacks=list(callbacks),
    )

    # The only use of the test images.
    table, found = _search(model, images, bits, seed)
    table["this recipe"] |= _score_codes(model, images)
    by_components = scores.autoencoding_baselines(images, {"principal components": bits})
    table["principal components"] |= by_components["principal components"]
    return Report(
        model=model,
        headline="precision at 10",
        scores=table["this recipe"],
        baselines={name: table[name] for name in ("random projections", "PCA signs")},
        comparisons={
            "exact search on pixels": table["pixels"],
            "exact search on principal components": table["principal components"],
        },
        data=images.describe(),
        pictures=_pictures(images, found),
    )


def _bits(model, inputs):
    """The codes of images as booleans, (images, bits)."""
    return model.get_layer("encoder").predict(inputs, batch_size=1024, verbose=0) > 0.5


def _search(model, images, bits, seed):
    """Search with the bits of the network and with simple codes: (scores, rows found) by name."""
    codings = {"this recipe": lambda inputs: _bits(model, inputs)}
    codings |= scores.hashing_baselines(images, bits, seed)
    return scores.retrieval(images, codings, seed=seed)


def _score_codes(model, images):
    """What the bits keep of the images: the error of rebuilt images and a linear probe."""
    codes = {
        "train": _bits(model, images.train.inputs).astype("float32"),
        "test": _bits(model, images.test.inputs).astype("float32"),
    }
    rebuilt = model.get_layer("decoder").predict(codes["test"], batch_size=1024, verbose=0)
    return scores.autoencoding(images, codes, rebuilt)


def _pictures(images, found):
    """The images found for eight queries, and how precision falls with the number of images."""
    labels = images.train.labels
    queries = images.test.inputs[:8]
    nearest = found["this recipe"][:8, :9]  # rows of the training part, nine for each query

    strips = []
    titles = []
    for number, rows in enumerate(nearest):
        strips.append(np.hstack([queries[number], *images.train.inputs[rows]]))
        names = [str(images.classes[label]) for label in labels[rows]]
        query_class = images.classes[images.test.labels[number]]
        titles.append(f"{query_class}: {' '.join(names)}")

    counts = range(1, 101)
    curves = {}
    for name, rows in found.items():
        precision = [
            scores.precision_at(labels[rows[:, :count]], images.test.labels) for count in counts
        ]
        curves[name] = [precision]
    return {
        "nearest": visualize.plot_images(strips, titles),
        "precision": visualize.plot_lines(counts, curves, "images found", "precision"),
    }
