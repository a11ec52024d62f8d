"""Image captions: a CNN encodes the image, a GRU with attention writes the text.

    image (64, 64, 3) -> conv, 4 times -> grid (8, 8, 128) -> gru 128, attention -> logits (any, 19)

For images that one class label cannot describe. A sentence can also tell how the objects are
related, such as "a red circle left of a blue square".

The CNN reduces the image to a small grid of vectors, one for each region. A convolution does not
know where a region is, so a learnt vector is added at each position. The initial state of the GRU
comes from the maximum of each channel (what is there) and from four channels at all positions
(where something is). The GRU reads the caption word by word: in training the true words (teacher
forcing), in use the words that it has written. After each word, the state of the GRU is compared
with all positions of the grid. The softmax of these scores gives the attention weights, and the
weighted mean of the grid helps to predict the next word. Each head has its own weights.

In the report: test images with the written and the true caption, and which regions the decoder
attends to for each word. For `shapes`, colour, shape and place are also scored separately; "A left
of B" and "B right of A" are both right. For photos, compare BLEU with that of the nearest training
image, and read the captions. A thousand photos are too few: the network learns how captions begin
and some colours and scenes, but it recognises hardly any object.

Reference: Xu et al., "Show, attend and tell: neural image caption generation", 2015.
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
from recipes.layers.decoding import Decoding
from recipes.layers.sizes import check_integers, check_shape, check_tuples
from recipes.report import Report
from recipes.schedules import warmup_cosine

HEAD_SIZE = 32  # size of the queries, keys and values of one attention head


@keras.saving.register_keras_serializable(package="recipes")
class GridPositions(layers.Layer):
    """Add a learnt vector to each position of a grid (batch, rows, columns, channels)."""

    def build(self, shape):
        """Make one vector for each position."""
        self.vectors = self.add_weight(
            shape=shape[1:], initializer=keras.initializers.RandomNormal(stddev=0.05)
        )

    def call(self, grid):
        """Return the grid plus the vectors, in the same shape."""
        return grid + self.vectors


def build_vec2seq(
    input_shape=(64, 64, 3),
    vocabulary_size=19,
    filters=(16, 32, 64, 128),
    units=128,
    heads=4,
    dropout=0.1,
):
    """Build the network, not compiled. `Captioner` uses it to write captions.

    Args:
        input_shape: (height, width, channels) of an image, at least 16 x 16; pixels from 0 to 1.
        vocabulary_size: number of ids: 0 padding, 1 unknown, 2 start, 3 end, then the words.
        filters: number of kernels of each of the four convolutions.
        units: size of the state of the GRU.
        heads: number of attention heads; each can attend to other regions.
        dropout: fraction of values dropped before the initial state and before the last two layers.

    Returns:
        A keras.Model from [images (batch, *input_shape), ids of the captions so far (batch,
        time), beginning with the start id] to logits of the next id (batch, time, vocabulary_size).

    Raises:
        ValueError: if the image is smaller than 16 x 16, if there are not exactly four filters, or
            if a size is not an integer >= 1.

    Example:
        import numpy as np

        # 128 images, captions of 5 words with ids 4 to 19. Id 2 starts a caption, id 3 ends it.
        images = np.random.rand(128, 32, 32, 3)
        captions = np.random.randint(4, 20, size=(128, 5))
        written = np.pad(captions, ((0, 0), (1, 0)), constant_values=2)  # start + caption
        targets = np.pad(captions, ((0, 0), (0, 1)), constant_values=3)  # caption + end

        model = build_vec2seq((32, 32, 3), vocabulary_size=20, filters=(8, 8, 16, 16), units=16)
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit([images, written], targets, epochs=2)

        captioner = Captioner(model, length=6, beams=3)
        texts, log_probabilities = captioner.predict(images)  # (128, 6), (128,)
    """
    check_shape("build_vec2seq", input_shape, "height", "width", "channels")
    check_tuples("build_vec2seq", filters=filters)
    check_integers("build_vec2seq", vocabulary_size=vocabulary_size, units=units, heads=heads)
    if len(filters) != 4:
        raise ValueError(f"build_vec2seq: filters {filters}; give four integers.")
    if min(input_shape[:2]) < 16:
        raise ValueError(f"build_vec2seq: images {input_shape}; give at least 16 x 16 pixels.")

    image = keras.Input(input_shape, name="image")  # (batch, height, width, channels)
    x = image
    for number, (size, kernel_size, stride) in enumerate(
        zip(filters, (5, 3, 3, 3), (2, 2, 1, 1), strict=True)
    ):
        x = layers.Conv2D(size, kernel_size, stride, padding="same", use_bias=False)(x)
        if number == 2:
            x = layers.MaxPooling2D()(x)  # (batch, height / 8, width / 8, filters[2])
        x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.ReLU()(x)

    # The maximum tells what is there, the four channels tell where something is.
    what = layers.GlobalMaxPooling2D()(x)  # (batch, filters[3])
    where = layers.Flatten()(layers.Conv2D(4, 1, activation="relu")(x))  # (batch, positions * 4)
    both = layers.Dropout(dropout)(layers.Concatenate()([what, where]))
    state = layers.Dense(units, activation="tanh", name="first_state")(both)  # (batch, units)

    x = GridPositions(name="grid")(x)  # (batch, rows, columns, filters[3])
    regions = layers.Reshape((-1, filters[3]), name="regions")(x)  # (batch, positions, filters[3])

    written = keras.Input((None,), dtype="int32", name="written")  # (batch, time)
    x = layers.Embedding(vocabulary_size, 32, name="written_embedding")(written)
    x = layers.GRU(units, return_sequences=True, name="decoder")(x, initial_state=state)

    # Each state of the decoder, (batch, time, units), attends to all regions.
    attention = layers.MultiHeadAttention(heads, HEAD_SIZE, use_bias=False, name="attention")
    context, _ = attention(x, regions, return_attention_scores=True)
    x = layers.Concatenate()([x, context])
    x = layers.Dropout(dropout)(x)
    x = layers.Dense(units, activation="relu", name="combine")(x)
    logits = layers.Dense(vocabulary_size, name="logits")(x)  # (batch, time, vocabulary_size)
    return keras.Model([image, written], logits, name="vec2seq")


class Captioner(Decoding):
    """Write a caption for each image: `Captioner(model, 20).predict(images)`, 20 ids at most.

    The CNN runs once for each image. The state of the GRU is kept between the steps.
    """

    def __init__(self, model, length, beams=1):
        super().__init__(model, length, beams)
        outputs = [model.get_layer(name).output for name in ("regions", "first_state")]
        self.encoder = keras.Model(model.inputs[0], outputs)
        self.embedding = model.get_layer("written_embedding")
        self.cell = model.get_layer("decoder").cell
        self.attention = model.get_layer("attention")
        self.combine = model.get_layer("combine")
        self.dense = model.get_layer("logits")

    def begin(self, source):
        """Run the CNN: the regions are the memory, and the GRU gets its initial state."""
        regions, state = self.encoder(source)
        return regions, [state]

    def step(self, tokens, place, memory, state):
        """One step of the GRU, then attention to the regions."""
        x, state = self.cell(self.embedding(tokens), state)  # (batch, units)
        context = self.attention(x[:, None], memory)  # one query: (batch, 1, units)
        x = self.combine(ops.concatenate([x, context[:, 0]], axis=-1))
        return self.dense(x), state


def run(
    data="shapes",
    epochs=18,
    batch_size=32,
    seed=0,
    learning_rate=0.006,
    image_size=64,
    length=0,
    vocabulary_size=8_000,
    units=128,
    dropout=0.1,
    beams=1,
    callbacks=(),
):
    """Train on images with captions and score the captions that are written for test images.

    Args:
        data: shapes, or a folder of images with a table captions.csv (fields image and caption).
        epochs: passes over the training captions.
        batch_size: captions per training step.
        seed: sets the initial weights, the order of the captions and the validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        image_size: height and width to which images of a folder are cropped and resized, in pixels.
        length: largest number of ids in a caption, with the end id; 0 for that of the longest one.
        vocabulary_size: largest number of ids; the most frequent words get one.
        units: size of the state of the GRU.
        dropout: fraction of values dropped before the initial state and before the last two layers.
        beams: number of captions that beam search keeps at each step; 1 for greedy search.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    captions = data_prep.load_captions(data, seed=seed, image_size=(image_size, image_size))
    texts = [caption for several in captions.train.labels for caption in several]
    vocabulary = data_prep.fit_words(texts, vocabulary_size)
    length = length or vocabulary.encode(texts, end=True).shape[1]
    arrays = {
        name: _decoder_arrays(part, vocabulary, length) for name, part in captions.parts().items()
    }
    model = build_vec2seq(captions.input_shape, len(vocabulary), units=units, dropout=dropout)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(texts), batch_size, epochs)
    model.compile(
        # Clipping: a gradient whose norm, over all weights, exceeds 1 is scaled to 1.
        optimizer=keras.optimizers.Adam(schedule, global_clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        weighted_metrics=["accuracy"],
        steps_per_execution=16,  # several batches per call: faster for a small model
    )
    inputs, targets, weights = arrays["train"]
    model.fit(
        inputs,
        targets,
        sample_weight=weights,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=arrays["validation"],
        callbacks=list(callbacks),
    )

    # The only use of the test images.
    captioner = Captioner(model, length, beams)
    written, _ = captioner.predict(captions.test.inputs, batch_size=256, verbose=0)
    texts = vocabulary.decode(written)
    return Report(
        model=model,
        headline="captions right" if captions.name == "shapes" else "BLEU",
        scores=scores.caption_scores(captions, texts, vocabulary)
        | scores.translator_scores(model, captioner, *arrays["test"]),
        baselines=scores.caption_baselines(captions, vocabulary),
        data=captions.describe() | {"signatures": scores.signatures(captions.test.labels)},
        pictures=_pictures(model, captions, written, vocabulary),
    )


def _decoder_arrays(part, vocabulary, length):
    """(inputs, targets, weights) for fit, one row per caption; the weight of padding is 0."""
    rows = np.repeat(np.arange(len(part)), [len(several) for several in part.labels])
    texts = [caption for several in part.labels for caption in several]
    ids = vocabulary.encode(texts, length + 1, start=True, end=True)
    decoder_inputs, targets = data_prep.teacher_forcing(ids)
    return [part.inputs[rows], decoder_inputs], targets, data_prep.padding_mask(targets)


def _pictures(model, captions, written, vocabulary):
    """Test images with their captions; for two of them also the attention of each word."""
    images = captions.test.inputs
    texts = vocabulary.decode(written[:8])
    pictures = {"captions": visualize.plot_captions(images[:8], texts, captions.test.labels[:8])}

    maps = attention_maps(model, images[:2], written[:2])
    for row, weights in enumerate(maps):
        words = [vocabulary.tokens[number] for number in written[row] if number]
        pictures[f"attention_{row + 1}"] = visualize.plot_caption_attention(
            images[row], words, weights[: len(words)]
        )
    return pictures


def attention_maps(model, images, written):
    """Attention weights of each written id, mean of the heads: (images, time, rows, columns)."""
    start = np.pad(written[:, :-1], ((0, 0), (1, 0)), constant_values=2)
    viewer = keras.Model(model.inputs, model.get_layer("attention").output[1])
    weights = viewer.predict([images, start], verbose=0).mean(axis=1)  # (images, time, positions)
    _, rows, columns, _ = model.get_layer("grid").output.shape
    return weights.reshape(*weights.shape[:2], rows, columns)
