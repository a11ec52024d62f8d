"""Translator: one LSTM encodes the text, another writes the translation.

    source (any) -> lstm 2 x 64 -> state (128,) -> lstm 128 -> logits of the next id (any, 16)

For turning a sequence into another one of a different length: dates into their ISO form, or
sentences of one language into another. It shows how an encoder and a decoder work together. If
quality counts, take seq2seq_attention.

The encoder, a bidirectional LSTM, reads the source. Its final states are the initial state of the
decoder. The decoder gets nothing else of the source. It predicts one token at each step. In
training it reads the true previous token (teacher forcing), so all steps are trained at once. In
use it reads the token that it has written itself (free running), so one wrong token can change all
that follow. Greedy search takes the most likely token at each step. Beam search keeps several texts
at each step and returns the most likely one.

In the report: test texts predicted with teacher forcing and in free running, and the fraction of
correct tokens at each position. The accuracy with teacher forcing is usually higher than the exact
match, the fraction of whole texts without an error. The exact match is what counts in use. The
cached decoder keeps its state between steps; the uncached one reads the whole text so far again at
each step.

Reference: Sutskever et al., "Sequence to sequence learning with neural networks", 2014.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
from keras import layers

import data_prep
import visualize
from recipes import scores
from recipes.layers.decoding import Decoding
from recipes.layers.sizes import check_integers
from recipes.report import Report
from recipes.schedules import warmup_cosine

NUM_SAMPLES = 3  # test pairs that the report shows


def build_seq2seq(
    source_size=120, target_size=16, embedding=32, units=64, dropout=0.0, name="seq2seq"
):
    """Build the network, not compiled.

    It predicts each target token from the source and the true tokens before it. `Translator` uses
    it to write texts, without the true tokens.

    Args:
        source_size: number of ids in the source vocabulary; id 0 is padding.
        target_size: number of ids in the target vocabulary: 0 padding, 2 start, 3 end.
        embedding: size of the vector that stands for a token.
        units: units of each of the encoder's two LSTMs; the decoder has 2 * units.
        dropout: fraction of values dropped after the embeddings and before the output layer.
        name: name of the model, shown in progress and history.

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

        model = build_seq2seq(source_size=20, target_size=20, units=16)
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit([sources, written], targets, epochs=2)

        translator = Translator(model, length=6, beams=3)
        texts, log_probabilities = translator.predict(sources)  # (128, 6), (128,)
    """
    check_integers("build_seq2seq", source_size=source_size, target_size=target_size)
    check_integers("build_seq2seq", embedding=embedding, units=units)

    source = keras.Input((None,), dtype="int32", name="source")  # (batch, source time)
    x = layers.Embedding(source_size, embedding, mask_zero=True)(source)
    x = layers.Dropout(dropout)(x)
    encoder = layers.Bidirectional(layers.LSTM(units, return_state=True), name="encoder")
    _, forward_h, forward_c, backward_h, backward_c = encoder(x)  # each (batch, units)
    h = layers.Concatenate(name="h")([forward_h, backward_h])  # (batch, 2 * units)
    c = layers.Concatenate(name="c")([forward_c, backward_c])

    written = keras.Input((None,), dtype="int32", name="written")  # (batch, time)
    x = layers.Embedding(target_size, embedding, name="written_embedding")(written)
    x = layers.Dropout(dropout)(x)
    x = layers.LSTM(2 * units, return_sequences=True, name="decoder")(x, initial_state=[h, c])
    x = layers.Dropout(dropout)(x)
    logits = layers.Dense(target_size, name="logits")(x)  # (batch, time, target_size)
    return keras.Model([source, written], logits, name=name)


class Translator(Decoding):
    """Write a text for each source: `Translator(model, 20).predict(sources)`, 20 ids at most.

    The end id is one of them. The state of the decoder's LSTM is kept from step to step, so each
    token needs one step of the LSTM.
    """

    def __init__(self, model, length, beams=1):
        super().__init__(model, length, beams)
        states = [model.get_layer("h").output, model.get_layer("c").output]
        self.encoder = keras.Model(model.inputs[0], states)
        self.embedding = model.get_layer("written_embedding")
        self.cell = model.get_layer("decoder").cell
        self.dense = model.get_layer("logits")

    def begin(self, source):
        """Run the encoder: its final states are the initial state of the decoder."""
        return [], self.encoder(source)

    def step(self, tokens, place, memory, state):
        """One step of the decoder's LSTM."""
        x = self.embedding(tokens)  # (batch, embedding)
        x, state = self.cell(x, state)  # (batch, 2 * units)
        return self.dense(x), state


def run(
    data="dates",
    epochs=8,
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
    """Train on pairs of texts and report how many test texts are written without an error.

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
    model = build_seq2seq(len(source_vocabulary), len(target_vocabulary), embedding, units, dropout)
    inputs, targets, is_text = data_prep.decoder_arrays(ids.train)
    writer = Translator(model, length=targets.shape[1], beams=beams)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(ids.train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        weighted_metrics=["accuracy"],
        steps_per_execution=16,  # several batches per call: faster for a small model
    )
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
    written, texts = translate(writer, test, target_vocabulary)
    truth = data_prep.normal_texts(pairs.test.labels, target_vocabulary)
    return Report(
        model=model,
        headline="exact match" if tokens == "characters" else "BLEU",
        scores=scores.translation(truth, texts) | scores.translator_scores(model, writer, *test),
        baselines=scores.translator_baselines(pairs, truth, target_vocabulary),
        data=ids.describe() | {"signatures": scores.signatures()},
        pictures=_pictures(pairs, model, test, written, target_vocabulary),
    )


def translate(translator, test, vocabulary):
    """Ids and texts that a translator writes for the test sources."""
    ids, _ = translator.predict(test[0][0], batch_size=256, verbose=0)
    return ids, vocabulary.decode(ids)


def plot_samples(pairs, written):
    """Plot test pairs: the true target, the texts by name, the target of the nearest source."""
    sources = pairs.test.inputs[:NUM_SAMPLES]
    nearest = scores.nearest_answers(pairs.train.inputs, pairs.train.labels, sources)
    written = {"true": pairs.test.labels, **written, "nearest source": nearest}

    samples = {}
    for number, source in enumerate(sources):
        lines = [f"{name:16} {texts[number]}" for name, texts in written.items()]
        samples[f"{number + 1}: {source}"] = "\n".join(lines)
    return visualize.plot_texts(samples)


def _pictures(pairs, model, test, written, vocabulary):
    """Texts with teacher forcing and in free running, and the fraction correct per position."""
    inputs, targets, is_text = test
    forced = model.predict(inputs, batch_size=256, verbose=0).argmax(axis=-1)
    modes = {"teacher forcing": forced, "free running": written}

    texts, correct = {}, {}
    longest = is_text.sum(axis=1).max()
    counts = is_text[:, :longest].sum(axis=0)  # texts with an n-th token
    for name, ids in modes.items():
        texts[name] = vocabulary.decode(ids[:NUM_SAMPLES])
        right = (ids == targets) & is_text
        correct[name] = [right[:, :longest].sum(axis=0) / counts]

    places = range(1, longest + 1)
    return {
        "texts": plot_samples(pairs, texts),
        "places": visualize.plot_lines(places, correct, "n-th token", "fraction correct"),
    }
