"""Translator with attention: at each step the decoder attends to the source.

    source (any) -> lstm 2 x 64 -> lstm 128, attention -> dense 128 -> logits (any, 16)

For turning a sequence into another one, if each part of the output depends on few positions of the
input, as in translation. It learns faster than seq2seq, because the source does not have to fit
into one state.

The encoder's outputs are kept, one for each source position. At each step the decoder's state is
compared with all these outputs. The softmax of these scores gives the attention weights, which sum
to 1 over the source. The weighted mean of the encoder's outputs is the context. State and context
together predict the next token. A mask gives padding the weight 0.

In the report: attention maps of test texts, one row per written token, one column per source token.
The baseline seq2seq has no attention; it has about as many weights and is trained for as many
epochs.

Differs from seq2seq: the encoder's outputs are kept, and the decoder attends to them.

Reference: Luong et al., "Effective approaches to attention-based neural machine translation", 2015.
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
from recipes.layers.sizes import check_integers
from recipes.report import Report
from recipes.schedules import warmup_cosine
from recipes.seq2seq.seq2seq import (
    NUM_SAMPLES,
    Translator,
    build_seq2seq,
    plot_samples,
    translate,
)


@keras.saving.register_keras_serializable(package="recipes")
class SourceAttention(layers.Layer):
    """Attention of decoder states to encoder outputs, with the score that Luong calls "general".

        scores = queries W keys^T,  weights = softmax(scores),  contexts = weights keys

    Queries are the decoder's states. The encoder's outputs are both keys and values. W is learnt.
    """

    def __init__(self, **options):
        super().__init__(**options)
        self.supports_masking = True

    def build(self, queries_shape, keys_shape):
        """Make W for queries (batch, time, features) and keys (batch, source time, features)."""
        shape = (queries_shape[-1], keys_shape[-1])
        self.kernel = self.add_weight(shape=shape, initializer="glorot_uniform", name="kernel")

    def call(self, queries, keys, keys_mask=None):
        """Contexts (batch, time, features) and weights (batch, time, source time).

        In a functional model Keras passes the mask of the source's embedding as `keys_mask`.
        """
        projected = ops.matmul(queries, self.kernel)
        similarity = ops.matmul(projected, ops.swapaxes(keys, 1, 2))  # (batch, time, source time)
        if keys_mask is not None:
            similarity = ops.where(keys_mask[:, None, :], similarity, -1e9)

        weights = ops.softmax(similarity)
        return ops.matmul(weights, keys), weights


def build_seq2seq_attention(source_size=120, target_size=16, embedding=32, units=64, dropout=0.0):
    """Build the network, not compiled. `AttentionTranslator` uses it to write texts.

    Args:
        source_size: number of ids in the source vocabulary; id 0 is padding.
        target_size: number of ids in the target vocabulary: 0 padding, 2 start, 3 end.
        embedding: size of the vector that stands for a token.
        units: units of each of the encoder's two LSTMs; the decoder has 2 * units.
        dropout: fraction of values dropped after the embeddings and before the output layer.

    Returns:
        A keras.Model from [source ids (batch, source time), target ids so far (batch, time),
        beginning with the start id] to logits of the next id (batch, time, target_size).

    Raises:
        ValueError: if a size is not an integer >= 1.

    Example:
        import numpy as np

        # Copy 128 texts of 5 tokens with ids 4 to 19. Id 2 starts a text, id 3 ends it.
        sources = np.random.randint(4, 20, size=(128, 5))
        written = np.pad(sources, ((0, 0), (1, 0)), constant_values=2)  # start + text
        targets = np.pad(sources, ((0, 0), (0, 1)), constant_values=3)  # text + end

        model = build_seq2seq_attention(source_size=20, target_size=20, units=16)
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit([sources, written], targets, epochs=2)

        translator = AttentionTranslator(model, length=6, beams=3)
        texts, log_probabilities = translator.predict(sources)  # (128, 6), (128,)
    """
    check_integers("build_seq2seq_attention", source_size=source_size, target_size=target_size)
    check_integers("build_seq2seq_attention", embedding=embedding, units=units)

    source = keras.Input((None,), dtype="int32", name="source")  # (batch, source time)
    x = layers.Embedding(source_size, embedding, mask_zero=True)(source)
    x = layers.Dropout(dropout)(x)
    lstm = layers.LSTM(units, return_sequences=True, return_state=True)
    outputs, *states = layers.Bidirectional(lstm, name="encoder")(x)
    forward_h, forward_c, backward_h, backward_c = states  # each (batch, units)
    h = layers.Concatenate(name="h")([forward_h, backward_h])  # (batch, 2 * units)
    c = layers.Concatenate(name="c")([forward_c, backward_c])

    written = keras.Input((None,), dtype="int32", name="written")  # (batch, time)
    x = layers.Embedding(target_size, embedding, name="written_embedding")(written)
    x = layers.Dropout(dropout)(x)
    x = layers.LSTM(2 * units, return_sequences=True, name="decoder")(x, initial_state=[h, c])

    # Each decoder state attends to all encoder outputs, (batch, source time, 2 * units).
    context, _ = SourceAttention(name="attention")(x, outputs)  # (batch, time, 2 * units)
    x = layers.Concatenate()([x, context])
    x = layers.Dense(2 * units, activation="tanh", name="combine")(x)
    x = layers.Dropout(dropout)(x)
    logits = layers.Dense(target_size, name="logits")(x)  # (batch, time, target_size)
    return keras.Model([source, written], logits, name="seq2seq_attention")


class AttentionTranslator(Translator):
    """A Translator for networks of `build_seq2seq_attention`, which attends at each step."""

    def __init__(self, model, length, beams=1):
        super().__init__(model, length, beams)
        outputs = model.get_layer("encoder").output[0]  # (batch, source time, 2 * units)
        self.encoder = keras.Model(model.inputs[0], [outputs, *self.encoder.outputs])
        self.attention = model.get_layer("attention")
        self.combine = model.get_layer("combine")

    def begin(self, source):
        """Run the encoder: outputs are the memory, final states the decoder's initial state."""
        outputs, *states = self.encoder(source)
        return [outputs, ops.not_equal(source, 0)], states

    def step(self, tokens, place, memory, state):
        """One step of the decoder's LSTM, then attention to the source."""
        outputs, mask = memory
        x, state = self.cell(self.embedding(tokens), state)  # (batch, 2 * units)
        context, _ = self.attention(x[:, None], outputs, keys_mask=mask)  # one query
        x = self.combine(ops.concatenate([x, context[:, 0]], axis=-1))
        return self.dense(x), state


def run(
    data="dates",
    epochs=3,
    batch_size=64,
    seed=0,
    learning_rate=0.008,
    limit=0,
    tokens="characters",
    source_length=0,
    target_length=0,
    vocabulary_size=8_000,
    embedding=32,
    units=64,
    dropout=0.0,
    beams=1,
    callbacks=(),
):
    """Train a network without and one with attention; report the exact match on test texts.

    Args:
        data: dates, docstrings, or a file of pairs: source, tab, target in each line (.txt, .tsv),
            or a .csv or .jsonl file with the fields source and target.
        epochs: passes over the training pairs.
        batch_size: pairs per training step.
        seed: sets the initial weights, the order of the pairs and the validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        limit: number of pairs read from the start of a file; 0 for all.
        tokens: what one id stands for: characters, words or wordpieces.
        source_length: most tokens read of a source; 0 for the longest training source.
        target_length: most tokens written; 0 for the longest training target.
        vocabulary_size: largest size of each vocabulary, of words or word pieces.
        embedding: size of the vector that stands for a token.
        units: units of each of the encoder's two LSTMs; the decoder has 2 * units.
        dropout: fraction of values dropped after the embeddings and before the output layer.
        beams: number of texts that beam search keeps at each step; 1 for greedy search.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    pairs = data_prep.load_text_pairs(data, seed=seed, limit=limit or None)
    ids, source_vocabulary, target_vocabulary = data_prep.encode_pairs(
        pairs, tokens, vocabulary_size, source_length, target_length
    )
    sizes = len(source_vocabulary), len(target_vocabulary), embedding
    plain = build_seq2seq(*sizes, _plain_units(units, len(target_vocabulary), embedding), dropout)
    model = build_seq2seq_attention(*sizes, units, dropout)
    inputs, targets, is_text = data_prep.decoder_arrays(ids.train)
    writer = AttentionTranslator(model, targets.shape[1], beams)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(ids.train), batch_size, epochs)
    for network in (plain, model):
        network.compile(
            optimizer=keras.optimizers.Adam(schedule),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            weighted_metrics=["accuracy"],
            steps_per_execution=16,  # several batches per call: faster for a small model
        )
        network.fit(
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
    written, texts = translate(writer, test, target_vocabulary)
    _, plain_texts = translate(Translator(plain, targets.shape[1], beams), test, target_vocabulary)
    truth = data_prep.normal_texts(pairs.test.labels, target_vocabulary)
    return Report(
        model=model,
        headline="exact match" if tokens == "characters" else "BLEU",
        scores=scores.translation(truth, texts) | scores.translator_scores(model, writer, *test),
        baselines=_baselines(pairs, truth, plain_texts, target_vocabulary),
        data=ids.describe() | {"signatures": scores.signatures()},
        pictures={
            "texts": plot_samples(pairs, {"attention": texts, "seq2seq": plain_texts}),
            "attention": _plot_maps(model, ids, written, source_vocabulary, target_vocabulary),
        },
    )


def _baselines(pairs, truth, plain_texts, vocabulary):
    """Scores of the network without attention, and of baselines without a network."""
    without = {"seq2seq": scores.translation(truth, plain_texts)}
    return without | scores.translator_baselines(pairs, truth, vocabulary)


def _plain_units(units, target_size, embedding):
    """Units of a seq2seq with about as many weights as a seq2seq_attention of `units`.

    A seq2seq of n units has 24 n^2 + b n weights and some that do not depend on n, where
    b = 16 (embedding + 1) + 2 target_size. Attention and the layer after it add 12 units^2 +
    2 units. The quadratic equation is solved for n.
    """
    b = 16 * (embedding + 1) + 2 * target_size
    weights = 36 * units**2 + (b + 2) * units
    return round(((b**2 + 96 * weights) ** 0.5 - b) / 48)


def _plot_maps(model, ids, written, source_vocabulary, target_vocabulary):
    """Attention to the source for each token that the decoder wrote, for some test texts."""
    sources, written = ids.test.inputs[0][:NUM_SAMPLES], written[:NUM_SAMPLES]
    with_start = np.pad(written, ((0, 0), (1, 0)), constant_values=target_vocabulary.start)
    decoder_inputs, _ = data_prep.teacher_forcing(with_start)
    viewer = keras.Model(model.inputs, model.get_layer("attention").output[1])
    weights = viewer.predict([sources, decoder_inputs], verbose=0)

    maps = []
    for row in range(len(sources)):
        keys = [source_vocabulary.tokens[number] for number in sources[row] if number]
        queries = [target_vocabulary.tokens[number] for number in written[row] if number]
        maps.append((weights[row, : len(queries), : len(keys)], queries, keys))
    return visualize.plot_attention_maps(maps)
