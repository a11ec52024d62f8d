"""Text summariser: an LSTM picks the most important sentences of a document.

    sentences of words (20, 30) -> embedding 64 -> mean -> lstm 2 x 32 -> probabilities (20, 1)

For documents that a few of their own sentences can summarise, such as news. Such a summary is
called extractive. It contains no invented facts, and it can be learnt from few documents.

The vector of a sentence is the mean of the vectors of its words. Two LSTMs read these vectors, one
forwards and one backwards. So the rating of a sentence, a probability, depends on its words, its
neighbours and its position. The labels are made from the reference summaries: sentences are picked
one by one, each time the one that raises ROUGE most, until none raises it. These sentences are
called the oracle. The network's summary consists of the sentences with the highest ratings.

A second network, a transformer, is trained for comparison. It reads the start of a document and
writes a summary in its own words, one word piece after another (abstractive). Its summaries can be
shorter than a sentence of the document, and they can be wrong. From a few thousand documents it
learns the style of summaries, but hardly the content.

In the report: both kinds of summaries, and how often the sentence at each position is picked.
ROUGE-1 and ROUGE-2 count the words and the pairs of neighbouring words shared with the reference
summary, ROUGE-L the longest common subsequence of words. The first sentences are a strong baseline
if documents begin with the most important facts. The oracle is chosen with the reference summaries:
it is about the best score that picking whole sentences can reach.

Differs from transformer_translation: it picks sentences; the other network is its comparison.

Reference: Nallapati et al., "SummaRuNNer: a recurrent neural network based sequence model for
extractive summarization of documents", 2017.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import textwrap

import keras
import numpy as np
from keras import layers, ops

import data_prep
import visualize
from recipes import scores
from recipes.layers.sizes import check_integers
from recipes.report import Report
from recipes.schedules import warmup_cosine
from recipes.transformers.transformer_translation import Translator, build_transformer_translation

MOST_WORDS = 30  # words read of each sentence, from its start
POSITIONS = 15  # positions of sentences in the picture, from the first
BEAMS = 4  # texts that beam search keeps at each step
MOST_SHOWN = 600  # characters shown of a text


@keras.saving.register_keras_serializable(package="recipes")
class SentenceMean(layers.Layer):
    """The mean of the word vectors of each sentence, without padding.

    The input must have the mask of an Embedding with `mask_zero`. In the mask of the output, a
    sentence without words is padding.
    """

    def __init__(self, **options):
        super().__init__(**options)
        self.supports_masking = True

    def call(self, words, mask=None):
        """(batch, sentences, words, features) -> (batch, sentences, features)."""
        is_word = ops.cast(mask, words.dtype)[..., None]
        number = ops.sum(is_word, axis=2)  # (batch, sentences, 1)
        return ops.sum(words * is_word, axis=2) / ops.maximum(number, 1)

    def compute_mask(self, words, previous_mask=None):
        """Which sentences have a word, (batch, sentences)."""
        return ops.any(previous_mask, axis=2)


def build_summarizer(vocabulary_size=5_000, embedding=64, units=32, dropout=0.3):
    """Build the network, not compiled. It rates the sentences of a document.

    Args:
        vocabulary_size: number of word ids; id 0 is padding.
        embedding: size of the vector of a word, and of a sentence.
        units: size of the state of each of the two LSTMs.
        dropout: fraction of values dropped before and after the LSTMs.

    Returns:
        A keras.Model from word ids (batch, sentences, words) to the probability that a sentence
        belongs to the summary (batch, sentences, 1). A document may have any number of sentences,
        and a sentence any number of words. Both are padded with 0 at the end.

    Raises:
        ValueError: if a size is not an integer >= 1.

    Example:
        import numpy as np

        # 64 documents of 8 sentences of 12 words. Sentences with the word 7 are important.
        words = np.random.randint(1, 100, size=(64, 8, 12))
        labels = (words == 7).any(axis=2)[..., None]  # (64, 8, 1)

        model = build_summarizer(vocabulary_size=100)
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        model.fit(words, labels, epochs=2)

        probabilities = model.predict(words)[..., 0]  # (64, 8)
        best_two = np.sort(np.argsort(-probabilities)[:, :2])  # in the order of the document
    """
    check_integers("build_summarizer", vocabulary_size=vocabulary_size, embedding=embedding)
    check_integers("build_summarizer", units=units)

    words = keras.Input((None, None), dtype="int32")  # (batch, sentences, words)
    x = layers.Embedding(vocabulary_size, embedding, mask_zero=True)(words)
    x = SentenceMean()(x)  # (batch, sentences, embedding)
    x = layers.Dropout(dropout)(x)
    x = layers.Bidirectional(layers.LSTM(units, return_sequences=True))(x)
    x = layers.Dropout(dropout)(x)  # (batch, sentences, 2 * units)
    probabilities = layers.Dense(1, activation="sigmoid")(x)
    return keras.Model(words, probabilities, name="summarizer")


def run(
    data="docstrings",
    epochs=4,
    batch_size=64,
    seed=0,
    learning_rate=0.008,
    source="source",
    target="target",
    vocabulary_size=3_000,
    most_sentences=20,
    source_length=40,
    target_length=16,
    callbacks=(),
):
    """Train a network to pick sentences and one to write summaries; report ROUGE on test texts.

    Args:
        data: docstrings, or a file of pairs: document, tab, summary in each line (.txt, .tsv), or a
            .csv, .jsonl or .parquet file with the fields that source and target name.
        epochs: passes over the training documents, for each network.
        batch_size: documents per training step.
        seed: sets the initial weights, the order of the documents and the validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        source: name of the field that has the documents.
        target: name of the field that has the summaries.
        vocabulary_size: largest size of each vocabulary, that of words and those of word pieces.
        most_sentences: number of sentences read of each document, from its start.
        source_length: number of word pieces that the second network reads of each document.
        target_length: largest number of word pieces that the second network writes.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: if no training document has two or more sentences and a word of its summary.
    """
    texts = data_prep.load_text_pairs(data, seed=seed, source=source, target=target)
    documents, oracle, rating, vocabulary = _rating_examples(texts, vocabulary_size, most_sentences)
    writing, source_pieces, target_pieces = _writing_examples(
        texts, vocabulary_size, source_length, target_length
    )
    model = build_summarizer(len(vocabulary))
    writer = build_transformer_translation(len(source_pieces), len(target_pieces), blocks=1)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(texts.train), batch_size, epochs)
    losses = "binary_crossentropy", keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    for network, loss, parts in zip((model, writer), losses, (rating, writing), strict=True):
        network.compile(
            optimizer=keras.optimizers.Adam(schedule, global_clipnorm=1.0),
            loss=loss,
            weighted_metrics=["accuracy"],
            steps_per_execution=16,  # several batches per call: faster for a small model
        )
        inputs, targets, weights = parts["train"]
        network.fit(
            inputs,
            targets,
            sample_weight=weights,  # 0 for padding
            batch_size=batch_size,
            epochs=epochs,
            validation_data=parts["validation"],
            callbacks=list(callbacks),
        )

    # The only use of the test documents.
    number = int(np.median([mask.sum() for mask in oracle["train"] if mask.any()]))
    ratings = model.predict(rating["test"][0], batch_size=256, verbose=0)[..., 0]
    picked = {"network": scores.pick_best(documents, ratings, number), "oracle": oracle["test"]}
    summaries = {name: scores.join_picked(documents, masks) for name, masks in picked.items()}
    summaries["abstractive"] = _write(writer, writing["test"], target_pieces)
    table = {name: scores.summaries(texts.test.labels, found) for name, found in summaries.items()}
    return Report(
        model=model,
        headline="ROUGE-L",
        scores=table["network"],
        baselines=scores.summary_baselines(documents, texts.test.labels, number, seed),
        comparisons={name: table[name] for name in ("abstractive", "oracle")},
        data=texts.describe() | {"sentences in a summary": number},
        pictures=_pictures(texts.test, summaries, picked),
    )


def _rating_examples(texts, vocabulary_size, most_sentences):
    """(test documents as sentences, {part: oracle}, {part: arrays for fit}, vocabulary)."""
    vocabulary = data_prep.fit_words(texts.train.inputs, vocabulary_size)
    oracle = {}
    examples = {}
    for name, part in texts.parts().items():
        documents = data_prep.split_sentences(part.inputs, most_sentences)
        oracle[name] = scores.pick_oracle(documents, part.labels)
        words = data_prep.encode_sentences(documents, vocabulary, most_sentences, MOST_WORDS)

        lengths = np.array([len(sentences) for sentences in documents])
        is_sentence = np.arange(most_sentences) < lengths[:, None]  # (documents, most_sentences)
        labels = np.zeros((*is_sentence.shape, 1), "float32")
        labels[is_sentence, 0] = np.concatenate(oracle[name])
        examples[name] = words, labels, is_sentence

    if not any(len(mask) > 1 and mask.any() for mask in oracle["train"]):
        raise data_prep.DataError(
            f"{texts.name}: no training document has two sentences or more, one of them with a "
            f"word of its summary; give longer documents, or name the right fields."
        )
    return documents, oracle, examples, vocabulary  # the last part is the test part


def _writing_examples(texts, *sizes):
    """({part: arrays for fit}, vocabulary of the documents, vocabulary of the summaries)."""
    pieces, source_pieces, target_pieces = data_prep.encode_pairs(texts, "wordpieces", *sizes)
    examples = {name: data_prep.decoder_arrays(part) for name, part in pieces.parts().items()}
    return examples, source_pieces, target_pieces


def _write(writer, test, vocabulary):
    """The summaries of test documents that the second network writes, with beam search."""
    (sources, _), targets, _ = test
    translator = Translator(writer, length=targets.shape[1], beams=BEAMS)
    written, _ = translator.predict(sources, batch_size=256, verbose=0)
    return vocabulary.decode(written)


def _pictures(test, summaries, picked):
    """All summaries of two test documents, and how often the n-th sentence is picked."""
    texts = {}
    for number, row in enumerate((len(test) // 3, 2 * len(test) // 3), start=1):
        shown = {"document": test.inputs[row], "reference summary": test.labels[row]}
        shown |= {name: found[row] for name, found in summaries.items()}
        for name, text in shown.items():
            texts[f"{number}: {name}"] = textwrap.fill(textwrap.shorten(text, MOST_SHOWN), 80)

    longest = max(map(len, picked["oracle"]))
    places = range(min(longest, POSITIONS))
    lines = {}
    for name, masks in picked.items():
        fractions = [np.mean([mask[n] for mask in masks if len(mask) > n]) for n in places]
        lines[name] = [fractions]
    numbers = [place + 1 for place in places]
    return {
        "summaries": visualize.plot_texts(texts),
        "positions": visualize.plot_lines(
            numbers, lines, "n-th sentence", "fraction of documents in which it is picked"
        ),
    }
