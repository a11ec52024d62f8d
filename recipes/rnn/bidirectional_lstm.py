"""Bidirectional LSTM: each word is read with those before and those after it.

    words (60,) -> embedding 64 -> lstm 32 forwards, 32 backwards -> mean -> probabilities (6,)

What a word means may depend on words that come after it ("light as a feather"), and an LSTM knows
only those before. A second one reads the text from its end; at each word the two states stand side
by side, and their mean over all words is the text. Texts of one batch are padded to one length: the
mask keeps the padding out of the states and of the mean, so that it changes nothing.

Beside it stand the same network in one direction, with a larger state for as many parameters, which
shows what the other direction buys, and a logistic regression on the same words in any order, which
is hard to beat where the choice of words tells the class. On docstrings and film reviews the other
direction buys little or nothing, and the words in any order win: the table says so.

Differs from lstm_stack: words in place of numbers, an embedding, a mask, two directions.

Reference: Schuster and Paliwal, "Bidirectional recurrent neural networks", 1997.
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


def build_bidirectional_lstm(
    vocabulary_size=10_000, num_classes=6, embedding=64, units=32, bidirectional=True, dropout=0.5
):
    """Build the network, not compiled.

    Args:
        vocabulary_size: number of word ids; id 0 is padding.
        num_classes: number of classes, the size of the output.
        embedding: numbers that stand for a word.
        units: size of the state of each LSTM.
        bidirectional: whether a second LSTM reads the text from its end.
        dropout: share of values dropped behind the embedding and before the output layer.

    Returns:
        A keras.Sequential from word ids (batch, any number of words) to probabilities (batch,
        num_classes).
    """
    model = keras.Sequential([keras.Input((None,), dtype="int32")], name="bidirectional_lstm")
    model.add(layers.Embedding(vocabulary_size, embedding, mask_zero=True))
    model.add(layers.Dropout(dropout))
    lstm = layers.LSTM(units, return_sequences=True)
    model.add(layers.Bidirectional(lstm) if bidirectional else lstm)  # (batch, words, states)
    model.add(layers.GlobalAveragePooling1D())  # of the words that the mask leaves
    model.add(layers.Dropout(dropout))
    model.add(layers.Dense(num_classes, activation="softmax"))
    return model


def run(
    data="docstrings",
    epochs=4,
    batch_size=32,
    seed=0,
    learning_rate=0.004,
    length=60,
    vocabulary_size=10_000,
    embedding=64,
    units=32,
    callbacks=(),
):
    """Train in one and in both directions, report accuracy on test texts.

    Args:
        data: docstrings, imdb, or a file or folder of texts with a class each.
        epochs: passes over the training texts.
        batch_size: texts per training step.
        seed: draws the first weights, the order of texts and the validation part.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        length: words of a text that are read, the last ones of a longer text.
        vocabulary_size: number of words known, the most frequent of the training texts.
        embedding: numbers that stand for a word.
        units: size of the state of each of the two LSTMs.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    texts = data_prep.load_text(data, seed=seed)
    vocabulary = data_prep.fit_words(texts.train.inputs, vocabulary_size)
    words = texts.map_inputs(
        lambda part: vocabulary.encode(part, length, keep="last"), vocabulary.decode
    )
    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(words.train), batch_size, epochs)
    # An LSTM has 4 u (e + u + 1) parameters: one state that has as many as two of u units.
    half = (embedding + 1) / 2
    single = round((half**2 + 2 * units * (embedding + units + 1)) ** 0.5 - half)
    found = {}
    for bidirectional in (False, True):
        size = units if bidirectional else single
        model = build_bidirectional_lstm(
            len(vocabulary), len(words.classes), embedding, size, bidirectional
        )
        model.compile(
            optimizer=keras.optimizers.Adam(schedule),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
            steps_per_execution=16,
        )
        model.fit(
            words.train.inputs,
            words.train.labels,
            batch_size=batch_size,
            epochs=epochs,
            validation_data=(words.validation.inputs, words.validation.labels),
            callbacks=list(callbacks),
        )
        probabilities = model.predict(words.test.inputs, batch_size=256, verbose=0)
        name = "both directions" if bidirectional else f"one direction, {single} units"
        found[name] = scores.classification(words.test.labels, probabilities, words.classes)
    ours = found.pop("both directions")
    matrix = scores.confusion(words.test.labels, probabilities)
    return Report(
        model=model,
        headline="accuracy",
        scores=ours,
        baselines=scores.text_baselines(words, ["majority"]),
        comparisons=found | scores.text_baselines(words, ["bag of words"]),
        data=words.describe(),
        pictures={"confusion": visualize.plot_confusion_matrix(matrix, words.classes)},
    )
