"""Text classifier: a transformer encoder, in which words attend to each other.

    words (60,) -> embedding 64 + position -> attention block -> mean -> probabilities (6,)

For texts in which the meaning of a word depends on other words, also on distant ones. An LSTM must
carry information through all steps between two words. Attention connects any two words directly,
and computes all words of a text at the same time.

Three linear maps turn the vector of each word into a query, a key and a value. The query is
compared with the keys of all words. The softmax of these scores gives the attention weights, and
the weighted mean of the values is added to the word. Each head has its own maps. Attention does not
see the order of words, so a vector that encodes the position is added. A mask excludes padding.

In the report: the attention weights of each head for one test text. The comparison with a bag of
words, a logistic regression on which words a text has, shows what context and word order add.

Reference: Vaswani et al., "Attention is all you need", 2017.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
from keras import layers, ops

import data_prep
import visualize
from recipes import scores
from recipes.layers.positions import Positions
from recipes.layers.sizes import check_integers
from recipes.report import Report
from recipes.schedules import warmup_cosine


@keras.saving.register_keras_serializable(package="recipes")
class Attention(layers.Layer):
    """Scaled dot-product attention in several heads.

        weights = softmax(Q K^T / sqrt(size of a head)),  output = (weights V) projected

    Q is a linear map of the tokens that attend, K and V of the tokens that they attend to.

    Args:
        heads: number of heads.
        width: total size of the heads, and size of the output; a multiple of `heads`.
        dropout: fraction of the attention weights dropped in training.
    """

    def __init__(self, heads, width, dropout=0.0, **options):
        super().__init__(**options)
        if width % heads:
            raise ValueError(f"Attention: width {width} is no multiple of {heads} heads; give one.")
        self.sizes = {"heads": heads, "width": width, "dropout": dropout}
        self.head_shape = (heads, width // heads)
        self.query_dense = layers.Dense(width, name="query")
        self.key_dense = layers.Dense(width, name="key")
        self.value_dense = layers.Dense(width, name="value")
        self.output_dense = layers.Dense(width, name="output")
        self.dropout = layers.Dropout(dropout)

    def build(self, queries_shape, memory_shape):
        """Make the weights for queries (batch, time, features) and memory of the same form."""
        self.query_dense.build(queries_shape)
        self.key_dense.build(memory_shape)
        self.value_dense.build(memory_shape)
        self.output_dense.build((*queries_shape[:-1], self.sizes["width"]))

    def call(self, queries, memory, mask=None):
        """Attend from queries (batch, queries, features) to a memory (batch, keys, features).

        The mask (batch or 1, queries or 1, keys) is True where a query may attend to a key. Returns
        (output (batch, queries, width), weights (batch, heads, queries, keys)).
        """
        keys, values = self.keys_and_values(memory)
        return self.attend(queries, keys, values, mask)

    def keys_and_values(self, memory):
        """Keys and values, each (batch, heads, keys, size of a head); a decoder caches them."""
        return self.split(self.key_dense(memory)), self.split(self.value_dense(memory))

    def attend(self, queries, keys, values, mask=None):
        """The same as `call`, with the results of `keys_and_values` in place of the memory."""
        queries = self.split(self.query_dense(queries))
        similarity = ops.matmul(queries, ops.swapaxes(keys, 2, 3)) / self.head_shape[1] ** 0.5
        if mask is not None:
            similarity = ops.where(ops.expand_dims(mask, 1), similarity, -1e9)
        weights = ops.softmax(similarity, axis=-1)  # (batch, heads, queries, keys)

        attended = ops.matmul(self.dropout(weights), values)
        attended = ops.swapaxes(attended, 1, 2)  # (batch, queries, heads, size of a head)
        joined = ops.reshape(attended, (*ops.shape(attended)[:2], self.sizes["width"]))
        return self.output_dense(joined), weights

    def split(self, x):
        """(batch, time, width) -> (batch, heads, time, size of a head)."""
        x = ops.reshape(x, (*ops.shape(x)[:2], *self.head_shape))
        return ops.swapaxes(x, 1, 2)

    def get_config(self):
        """The arguments of the layer, for saving."""
        return super().get_config() | self.sizes


@keras.saving.register_keras_serializable(package="recipes")
class EncoderBlock(layers.Layer):
    """Self-attention, then two dense layers on each word; each adds its output to its input.

    The input of each part is normalised first, as in Xiong et al., "On layer normalization in the
    transformer architecture", 2020. Arguments: see `build_transformer_encoder`.
    """

    def __init__(self, heads, width, hidden, dropout=0.1, **options):
        super().__init__(**options)
        self.sizes = {"heads": heads, "width": width, "hidden": hidden, "dropout": dropout}
        self.norm = layers.LayerNormalization()
        self.attention = Attention(heads, width, dropout)
        self.dropout = layers.Dropout(dropout)
        hidden_layer = layers.Dense(hidden, activation="gelu")
        steps = [layers.LayerNormalization(), hidden_layer, layers.Dense(width), self.dropout]
        self.dense = keras.Sequential(steps)

    def build(self, shape):
        """Make the weights for x (batch, time, width)."""
        self.norm.build(shape)
        self.attention.build(shape, shape)
        self.dense.build(shape)

    def call(self, x, is_word):
        """(x (batch, time, width), attention weights); is_word (batch, time) is the mask."""
        normed = self.norm(x)
        attended, weights = self.attention(normed, normed, is_word[:, None, :])
        x = x + self.dropout(attended)
        return x + self.dense(x), weights

    def get_config(self):
        """The arguments of the layer, for saving."""
        return super().get_config() | self.sizes


def build_transformer_encoder(
    vocabulary_size=10_000, num_classes=6, width=64, heads=4, hidden=128, blocks=1, dropout=0.3
):
    """Build the network, not compiled.

    Args:
        vocabulary_size: number of word ids; id 0 is padding.
        num_classes: number of classes, the size of the output.
        width: size of the vector that stands for a word.
        heads: number of attention heads in a block; each has width / heads features.
        hidden: units of the first dense layer of a block.
        blocks: number of blocks.
        dropout: fraction dropped after the embedding, in each block and before the output layer.

    Returns:
        A keras.Model from word ids (batch, any number of words) to probabilities (batch,
        num_classes).

    Raises:
        ValueError: if a size is not an integer >= 1, or the width is no multiple of the heads.

    Example:
        import numpy as np

        # 128 texts of 5 to 20 words, as keras.layers.TextVectorization gives them; 0 is padding.
        words = np.random.randint(1, 1000, size=(128, 20))
        lengths = np.random.randint(5, 21, size=128)
        words[np.arange(20) >= lengths[:, None]] = 0
        labels = np.random.randint(2, size=128)

        model = build_transformer_encoder(vocabulary_size=1000, num_classes=2)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(words, labels, epochs=2)
        probabilities = model.predict(words)  # (128, 2)
    """
    check_integers("build_transformer_encoder", vocabulary_size=vocabulary_size)
    check_integers("build_transformer_encoder", num_classes=num_classes, width=width, heads=heads)
    check_integers("build_transformer_encoder", hidden=hidden, blocks=blocks)

    words = keras.Input((None,), dtype="int32", name="words")  # (batch, words)
    is_word = ops.not_equal(words, 0)

    x = layers.Embedding(vocabulary_size, width)(words)  # (batch, words, width)
    x = Positions()(x)
    x = layers.Dropout(dropout)(x)
    for _ in range(blocks):
        x, _ = EncoderBlock(heads, width, hidden, dropout)(x, is_word)
    x = layers.LayerNormalization()(x)

    x = layers.GlobalAveragePooling1D()(x, mask=is_word)  # (batch, width), the mean of the words
    x = layers.Dropout(dropout)(x)
    probabilities = layers.Dense(num_classes, activation="softmax")(x)
    return keras.Model(words, probabilities, name="transformer_encoder")


def run(
    data="docstrings",
    epochs=4,
    batch_size=32,
    seed=0,
    learning_rate=0.003,
    length=60,
    vocabulary_size=10_000,
    width=64,
    dropout=0.5,
    callbacks=(),
):
    """Train on texts with a class each and report the accuracy on test texts.

    Args:
        data: docstrings, imdb, or a file or folder of texts with a class each.
        epochs: passes over the training texts.
        batch_size: texts per training step.
        seed: sets the initial weights, the order of the texts and the validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        length: number of words read of each text, the last ones of a longer text.
        vocabulary_size: number of words known, the most frequent of the training texts.
        width: size of the vector that stands for a word, a multiple of 4, the number of heads.
        dropout: fraction dropped after the embedding, in each block and before the output layer.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    texts = data_prep.load_text(data, seed=seed)
    vocabulary = data_prep.fit_words(texts.train.inputs, vocabulary_size)
    words = texts.map_inputs(
        lambda part: vocabulary.encode(part, length, keep="last"), vocabulary.decode
    )
    sizes = len(vocabulary), len(words.classes), width
    model = build_transformer_encoder(*sizes, hidden=2 * width, dropout=dropout)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(words.train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=16,  # several batches per call: faster for a small model
    )
    model.fit(
        words.train.inputs,
        words.train.labels,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(words.validation.inputs, words.validation.labels),
        callbacks=list(callbacks),
    )

    # The only use of the test texts.
    probabilities = model.predict(words.test.inputs, batch_size=256, verbose=0)
    return Report(
        model=model,
        headline="accuracy",
        scores=scores.classification(words.test.labels, probabilities, words.classes),
        baselines=scores.text_baselines(words, ["majority"]),
        comparisons=scores.text_baselines(words, ["bag of words"]),
        data=words.describe(),
        pictures=_pictures(model, words, vocabulary, probabilities),
    )


def _pictures(model, words, vocabulary, probabilities):
    """Confused classes, and the attention weights of each head of the first block for a text."""
    matrix = scores.confusion(words.test.labels, probabilities)

    lengths = data_prep.padding_mask(words.test.inputs).sum(axis=1)
    number = abs(lengths - 12).argmin()  # a text of about 12 words
    ids = words.test.inputs[[number], : lengths[number]]
    block = next(layer for layer in model.layers if isinstance(layer, EncoderBlock))
    heads = keras.Model(model.inputs, block.output[1]).predict(ids, verbose=0)[0]

    tokens = [vocabulary.tokens[index] for index in ids[0]]
    maps = [(weights, tokens, tokens) for weights in heads]
    titles = [f"head {number}" for number in range(1, len(maps) + 1)]
    return {
        "confusion": visualize.plot_confusion_matrix(matrix, words.classes),
        "attention": visualize.plot_attention_maps(maps, titles),
    }
