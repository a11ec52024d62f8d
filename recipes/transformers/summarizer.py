"""Text summariser: picks the sentences of a document that say most of it.

    words (20 x 30) -> embedding 64 -> mean of a sentence -> two lstm 32 -> probabilities (20, 1)

For documents whose own sentences can stand for them, such as news. A summary of the document's own
sentences is called extractive. It invents nothing, and it can be learnt from few documents.

The mean of its words' vectors stands for a sentence. An LSTM reads these vectors in both
directions, so a sentence is rated by its words, its neighbours and its position. The labels are
made from the written summaries: sentences are picked one by one, each time the one that raises the
score most, until none does (the oracle). The sentences rated highest are the summary.

A second network writes in its own words (abstractive): it reads the start of a document and writes
word piece after word piece. It may say it shorter, and it may be wrong. From a few thousand
documents it learns how summaries sound, but hardly what a document is about.

In the report: both kinds of summaries, and which positions are picked. ROUGE-1 and ROUGE-2 count
the words and pairs of words shared with the written summary, ROUGE-L the longest common sequence of
words. The first sentences are a strong summary where the most important comes first. The oracle has
seen the written summaries; picking whole sentences gets hardly any further.

Differs from transformer_translation: it picks sentences; that network is its comparison.

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

MOST_WORDS = 30  # words read of each sentence, the first ones
POSITIONS = 15  # the first sentences of the documents, for the picture
BEAMS = 4  # texts that the second network keeps at each step
MOST_SHOWN = 600  # characters shown of a text


@keras.saving.register_keras_serializable(package="recipes")
class SentenceMean(layers.Layer):
    """The mean of the vectors of each sentence's words; padding does not count.

    The words have the mask of an Embedding with `mask_zero`. A sentence without words is padding in
    the mask of the result.
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
    """Build the network that rates sentences, not compiled.

    Args:
        vocabulary_size: number of word ids; id 0 is padding.
        embedding: size of the vector that stands for a word, and of a sentence's.
        units: size of the state of each of the two LSTMs.
        dropout: fraction of values dropped before and after the LSTMs.

    Returns:
        A keras.Model from word ids (batch, sentences, words) to the probability that a sentence
        belongs to the summary (batch, sentences, 1). A document may have any number of sentences, a
        sentence any number of words; both are padded with 0 at the end.

    Raises:
        ValueError: if a size is not an integer >= 1.

    Example:
        import numpy as np

        # 64 documents of 8 sentences of 12 words. The word 7 makes a sentence important.
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
    epochs=6,
    batch_size=64,
    seed=0,
    learning_rate=0.008,
    source="source",
    target="target",
    vocabulary_size=3_000,
    most_sentences=20,
    source_length=60,
    target_length=16,
    callbacks=(),
):
    """Train one network to pick sentences and one to write, and report ROUGE on test documents.

    Args:
        data: docstrings, or a file of pairs: document, tab, summary in each line (.txt, .tsv), or a
            .csv, .jsonl or .parquet file.
        epochs: passes over the training documents, for each network.
        batch_size: documents per training step.
        seed: sets the initial weights, the order of the documents and the validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        source: name of the field with the document.
        target: name of the field with the summary.
        vocabulary_size: largest number of words, and of word pieces.
        most_sentences: sentences read of each document, the first ones.
        source_length: word pieces that the second network reads of each document.
        target_length: word pieces that it writes at most.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: if no document has two sentences, or none shares a word with its summary.
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
    """(sentences of the test documents, oracle and what fit takes of each part, vocabulary)."""
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
            f"{texts.name}: no training document has two sentences, one of them with a word of its "
            f"summary; give longer documents, or name the right fields."
        )
    return documents, oracle, examples, vocabulary  # the test part is the last


def _writing_examples(texts, *sizes):
    """(what fit takes of each part, word pieces that are read, word pieces that are written)."""
    pieces, source_pieces, target_pieces = data_prep.encode_pairs(texts, "wordpieces", *sizes)
    examples = {}
    for name, part in pieces.parts().items():
        examples[name] = list(part.inputs), part.labels, data_prep.padding_mask(part.labels)
    return examples, source_pieces, target_pieces


def _write(writer, test, vocabulary):
    """The summaries that the second network writes of test documents, found by beam search."""
    (sources, _), targets, _ = test
    translator = Translator(writer, length=targets.shape[1], beams=BEAMS)
    written, _ = translator.predict(sources, batch_size=256, verbose=0)
    return vocabulary.decode(written)


def _pictures(test, summaries, picked):
    """All summaries of two test documents, and how often the n-th sentence is picked."""
    texts = {}
    for number, row in enumerate((len(test) // 3, 2 * len(test) // 3), start=1):
        shown = {"document": test.inputs[row], "true summary": test.labels[row]}
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
            numbers, lines, "n-th sentence", "fraction of documents that pick it"
        ),
    }
