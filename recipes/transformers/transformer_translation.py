"""Translator: a transformer whose decoder attends to the source and its text.

    source (any) -> encoder block -> decoder block -> logits of the next id (any, 16)

For pairs of texts, as in seq2seq_attention: sentences of two languages, dates and their ISO form.
No step needs the state of the step before, so all tokens of a text are trained at the same time.

A decoder block attends twice: to the text so far, and to the encoded source. A causal mask hides
later tokens, so one pass predicts every token from the true ones before it (teacher forcing). In
use the decoder reads the tokens that it has written (free running). Keys and values of earlier
tokens do not change: a cache keeps them, and each step computes only those of the new token.

In the report: which source tokens each written token attends to, in three test texts. The accuracy
with teacher forcing counts tokens; the exact match counts texts without an error, in free running.

Differs from transformer_encoder: a decoder with two attentions, causal mask and cache; beam search.

Reference: Vaswani et al., "Attention is all you need", 2017.
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
from recipes.layers.positions import Positions
from recipes.layers.sizes import check_integers
from recipes.report import Report
from recipes.schedules import warmup_cosine
from recipes.transformers.transformer_encoder import Attention, EncoderBlock


@keras.saving.register_keras_serializable(package="recipes")
class DecoderBlock(EncoderBlock):
    """An encoder block with a causal mask, and with attention to the source as its second part."""

    def __init__(self, heads, width, hidden, dropout=0.1, **options):
        super().__init__(heads, width, hidden, dropout, **options)
        self.source_attention = Attention(heads, width, dropout)
        self.source_norm = layers.LayerNormalization()

    def build(self, x_shape, memory_shape):
        """Make the weights for a text and an encoded source, each (batch, time, width)."""
        super().build(x_shape)
        self.source_attention.build(x_shape, memory_shape)
        self.source_norm.build(x_shape)

    def call(self, x, memory, is_source):
        """(x (batch, time, width), attention to the source (batch, heads, time, source time))."""
        places = ops.arange(ops.shape(x)[1])
        is_past = places[:, None] >= places  # (time, time): a token sees itself and those before

        query = self.norm(x)
        text = self.attention.keys_and_values(query)
        source = self.source_attention.keys_and_values(memory)
        return self.attend(x, query, text, is_past[None], source, is_source)

    def step(self, x, place, text, source, is_source):
        """Read a token x (batch, 1, width); return x, and keys and values with those of x added."""
        places = ops.arange(text[0].shape[2])  # text: keys, values (batch, heads, length, size)
        is_here = places[:, None] == place  # (length, 1)
        is_past = places <= place

        query = self.norm(x)
        new = self.attention.keys_and_values(query)  # (batch, heads, 1, size)
        text = [ops.where(is_here, *pair) for pair in zip(new, text, strict=True)]
        x, _ = self.attend(x, query, text, is_past[None, None], source, is_source)
        return x, text

    def attend(self, x, query, text, is_past, source, is_source):
        """The three parts of the block, each added to x."""
        attended, _ = self.attention.attend(query, *text, is_past)
        x = x + self.dropout(attended)

        query = self.source_norm(x)
        attended, weights = self.source_attention.attend(query, *source, is_source[:, None, :])
        x = x + self.dropout(attended)
        return x + self.dense(x), weights


def build_transformer_translation(
    source_size=120, target_size=16, width=64, heads=4, hidden=128, blocks=1, dropout=0.1
):
    """Build the network, not compiled.

    Args:
        source_size: number of ids in the source vocabulary; id 0 is padding.
        target_size: number of ids in the target vocabulary: 0 padding, 2 start, 3 end.
        width: size of the vector that stands for a token.
        heads: number of heads of each attention; each has width / heads features.
        hidden: units of the first dense layer of a block.
        blocks: number of blocks of the encoder, and of the decoder.
        dropout: fraction of values dropped after the embeddings and in each block.

    Returns:
        A keras.Model from [source ids (batch, source time), target ids so far (batch, time),
        beginning with the start id] to logits of the next id (batch, time, target_size).

    Raises:
        ValueError: if a size is not an integer >= 1, or the width is no multiple of the heads.

    Example:
        import numpy as np

        # Copy 128 texts of 5 tokens with ids 4 to 19. Id 2 starts a text, id 3 ends it.
        sources = np.random.randint(4, 20, size=(128, 5))
        written = np.pad(sources, ((0, 0), (1, 0)), constant_values=2)  # start + text
        targets = np.pad(sources, ((0, 0), (0, 1)), constant_values=3)  # text + end

        model = build_transformer_translation(source_size=20, target_size=20, width=16, blocks=1)
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit([sources, written], targets, epochs=2)

        translator = Translator(model, length=6, beams=3)
        texts, log_probabilities = translator.predict(sources)  # (128, 6), (128,)
    """
    sizes = {"source_size": source_size, "target_size": target_size, "width": width}
    sizes |= {"heads": heads, "hidden": hidden, "blocks": blocks}
    check_integers("build_transformer_translation", **sizes)

    source = keras.Input((None,), dtype="int32", name="source")  # (batch, source time)
    is_source = ops.not_equal(source, 0)
    x = layers.Embedding(source_size, width)(source)  # (batch, source time, width)
    x = layers.Dropout(dropout)(Positions()(x))
    for _ in range(blocks):
        x, _ = EncoderBlock(heads, width, hidden, dropout)(x, is_source)
    memory = layers.LayerNormalization(name="memory")(x)

    written = keras.Input((None,), dtype="int32", name="written")  # (batch, time)
    x = layers.Embedding(target_size, width, name="written_embedding")(written)
    x = layers.Dropout(dropout)(Positions(name="written_positions")(x))  # (batch, time, width)
    for number in range(blocks):
        block = DecoderBlock(heads, width, hidden, dropout, name=f"decoder_{number}")
        x, _ = block(x, memory, is_source)
    x = layers.LayerNormalization(name="decoder_norm")(x)
    logits = layers.Dense(target_size, name="logits")(x)  # (batch, time, target_size)
    return keras.Model([source, written], logits, name="transformer_translation")


class Translator(Decoding):
    """Write a text for each source: `Translator(model, 20).predict(sources)`, 20 ids at most."""

    def __init__(self, model, length, beams=1):
        super().__init__(model, length, beams)
        self.encoder = keras.Model(model.inputs[0], model.get_layer("memory").output)
        self.embedding = model.get_layer("written_embedding")
        self.positions = model.get_layer("written_positions")
        self.blocks = [layer for layer in model.layers if isinstance(layer, DecoderBlock)]
        self.norm = model.get_layer("decoder_norm")
        self.dense = model.get_layer("logits")

    def begin(self, source):
        """Compute keys and values of the source for each block; make empty caches for the text."""
        encoded = self.encoder(source)
        memory = [block.source_attention.keys_and_values(encoded) for block in self.blocks]

        batch, heads, _, size = ops.shape(memory[0][0])
        empty = ops.zeros((batch, heads, self.length, size))
        return [ops.not_equal(source, 0), memory], [[empty, empty] for _ in self.blocks]

    def step(self, tokens, place, memory, state):
        """Run one token through all decoder blocks."""
        is_source, sources = memory
        x = self.positions(self.embedding(tokens[:, None]), first=place)  # (batch, 1, width)

        caches = []
        for block, source, cache in zip(self.blocks, sources, state, strict=True):
            x, cache = block.step(x, place, cache, source, is_source)
            caches.append(cache)
        return self.dense(self.norm(x))[:, 0], caches


def run(
    data="dates",
    epochs=6,
    batch_size=32,
    seed=0,
    learning_rate=0.006,
    limit=0,
    tokens="characters",
    source_length=0,
    target_length=0,
    vocabulary_size=8_000,
    width=64,
    dropout=0.0,
    beams=1,
    callbacks=(),
):
    """Train on pairs of texts and report how many test texts are written without an error.

    Args:
        data: dates, docstrings, or a file: lines of source, tab, target; .csv, .jsonl or .parquet.
        epochs: passes over the training pairs.
        batch_size: pairs per training step.
        seed: sets the initial weights, the order of the pairs and the validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        limit: number of pairs read from the start of a file; 0 for all.
        tokens: what one id stands for: characters, words or wordpieces.
        source_length: most tokens read of a source; 0 for the longest training source.
        target_length: most tokens written; 0 for the longest training target.
        vocabulary_size: largest size of each vocabulary, of words or word pieces.
        width: size of the vector that stands for a token; a multiple of 4, the number of heads.
        dropout: fraction of values dropped after the embeddings and in each block.
        beams: number of texts that beam search keeps at each step; 1 for greedy search.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    pairs = data_prep.load_text_pairs(data, seed=seed, limit=limit or None)
    ids, source_vocabulary, target_vocabulary = data_prep.encode_pairs(
        pairs, tokens, vocabulary_size, source_length, target_length
    )
    sizes = len(source_vocabulary), len(target_vocabulary), width
    model = build_transformer_translation(*sizes, hidden=2 * width, dropout=dropout)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(ids.train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        weighted_metrics=["accuracy"],
        steps_per_execution=16,  # several batches per call: faster for a small model
    )
    inputs, targets, is_text = data_prep.decoder_arrays(ids.train)
    model.fit(
        inputs,
        targets,
        sample_weight=is_text,  # padding does not count
        batch_size=batch_size,
        epochs=epochs,
        validation_data=data_prep.decoder_arrays(ids.validation),
        callbacks=list(callbacks),
    )

    # The only use of the test pairs.
    test = data_prep.decoder_arrays(ids.test)
    writer = Translator(model, length=targets.shape[1], beams=beams)
    written, _ = writer.predict(ids.test.inputs[0], batch_size=256, verbose=0)
    texts = target_vocabulary.decode(written)
    truth = data_prep.normal_texts(pairs.test.labels, target_vocabulary)
    return Report(
        model=model,
        headline="exact match" if tokens == "characters" else "BLEU",
        scores=scores.translation(truth, texts) | scores.translator_scores(model, writer, *test),
        baselines=scores.translator_baselines(pairs, truth, target_vocabulary),
        data=ids.describe() | {"signatures": scores.signatures()},
        pictures=_pictures(model, test, written, source_vocabulary, target_vocabulary),
    )


def _pictures(model, test, written, source_vocabulary, target_vocabulary):
    """Attention of the last block to the source, for some test texts; the mean of its heads."""
    (sources, _), targets, _ = test
    block = [layer for layer in model.layers if isinstance(layer, DecoderBlock)][-1]
    attention = keras.Model(model.inputs, block.output[1])

    maps, titles = [], []
    for source, target, text in list(zip(sources, targets, written, strict=True))[:3]:
        source, text = source[source > 0], text[text > 0]
        inputs = np.array([target_vocabulary.start, *text[:-1]])
        weights = attention([source[None], inputs[None]])[0]  # (heads, time, source time)
        queries = [target_vocabulary.tokens[index] for index in text]
        keys = [source_vocabulary.tokens[index] for index in source]
        maps.append((ops.convert_to_numpy(ops.mean(weights, axis=0)), queries, keys))
        titles.append(f"true: {target_vocabulary.decode([target])[0]}")
    return {"attention": visualize.plot_attention_maps(maps, titles)}
