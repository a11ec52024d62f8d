"""Text classifier: an LSTM turns each text into one vector.

    words (60,) -> embedding 64 -> lstm 64 -> maximum over the words -> probabilities (6,)

For texts of any length with one label each, such as sentiment, topic or language. The network
computes one vector per text. The vectors can also be used to search and to cluster texts.

An LSTM reads the text word by word. For each unit of the LSTM, the maximum over all words becomes
one number of the vector (max pooling). So a word at the start of a long text still counts at the
end, and the vectors of all texts have the same size. A mask excludes padding. The output layer
predicts the class from the vector alone.

In the report: the class probabilities after each word, for the two test texts in which one word
raises or lowers the probability of the true class most; the vectors, projected to a plane; and the
comparison with a bag of words, a logistic regression on which words a text has. If single words
tell the class, the bag of words often wins: then take it. Take the network if you need the vector.

Differs from bidirectional_lstm: one direction, and the maximum over the words instead of the mean.

Reference: Conneau et al., "Supervised learning of universal sentence representations from natural
language inference data", 2017 (maximum over the states of an LSTM).
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

MOST_TEXTS = 500  # test texts used for the pictures of reading and of vectors, at most
MOST_WORDS = 20  # words shown of a text in the pictures of reading, at most


def build_seq2vec(
    vocabulary_size=10_000, num_classes=6, embedding=64, units=64, dropout=0.5, name="seq2vec"
):
    """Build the network, not compiled. The output of its layer "vector" is the vector of the text.

    Args:
        vocabulary_size: number of word ids; id 0 is padding.
        num_classes: number of classes, the size of the output.
        embedding: size of the vector that stands for a word.
        units: number of units of the LSTM, and size of the vector of the text.
        dropout: fraction of values dropped after the embedding and before the output layer.
        name: name of the model, shown in progress and history.

    Returns:
        A keras.Model from word ids (batch, any number of words) to probabilities (batch,
        num_classes).

    Raises:
        ValueError: if a size is not an integer >= 1.

    Example:
        import numpy as np

        # 128 texts of 5 to 20 words, as keras.layers.TextVectorization gives them; 0 is padding.
        words = np.random.randint(1, 1000, size=(128, 20))
        lengths = np.random.randint(5, 21, size=128)
        words[np.arange(20) >= lengths[:, None]] = 0
        labels = np.random.randint(2, size=128)

        model = build_seq2vec(vocabulary_size=1000, num_classes=2)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(words, labels, epochs=2)
        probabilities = model.predict(words)  # (128, 2)

        encoder = keras.Model(model.input, model.get_layer("vector").output)
        vectors = encoder.predict(words)  # (128, 64)
    """
    check_integers("build_seq2vec", vocabulary_size=vocabulary_size, num_classes=num_classes)
    check_integers("build_seq2vec", embedding=embedding, units=units)

    words = keras.Input((None,), dtype="int32", name="words")  # (batch, words)
    x = layers.Embedding(vocabulary_size, embedding, mask_zero=True)(words)
    x = layers.Dropout(dropout)(x)
    states = layers.LSTM(units, return_sequences=True)(x)  # (batch, words, units)

    # All values of an LSTM are above -1, so padding is never the maximum.
    is_word = ops.expand_dims(ops.not_equal(words, 0), axis=-1)  # (batch, words, 1)
    states = ops.where(is_word, states, -1.0)
    vector = layers.GlobalMaxPooling1D(name="vector")(states)  # (batch, units)

    x = layers.Dropout(dropout)(vector)
    probabilities = layers.Dense(num_classes, activation="softmax")(x)
    return keras.Model(words, probabilities, name=name)


def run(
    data="docstrings",
    epochs=4,
    batch_size=32,
    seed=0,
    learning_rate=0.004,
    length=60,
    vocabulary_size=10_000,
    embedding=64,
    units=64,
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
        embedding: size of the vector that stands for a word.
        units: number of units of the LSTM, and size of the vector of the text.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    texts = data_prep.load_text(data, seed=seed)
    vocabulary = data_prep.fit_words(texts.train.inputs, vocabulary_size)
    words = texts.map_inputs(
        lambda part: vocabulary.encode(part, length, keep="last"), vocabulary.decode
    )
    model = build_seq2vec(len(vocabulary), len(words.classes), embedding, units)

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
        pictures=_pictures(model, words, probabilities),
    )


def read_word_by_word(model, ids):
    """Predict the classes after the first word of each text, after the second, and so on.

    Returns:
        Probabilities (texts, words, classes) for word ids (texts, words). After the last
        word of a text, the probabilities stay the same.
    """
    num_texts, num_words = ids.shape
    is_read = np.tri(num_words, dtype=ids.dtype)  # (words read, words), 1 for a word that is read
    beginnings = ids[:, None, :] * is_read  # (texts, words read, words)

    rows = beginnings.reshape(num_texts * num_words, num_words)
    probabilities = model.predict(rows, batch_size=256, verbose=0)
    return probabilities.reshape(num_texts, num_words, -1)


def _pictures(model, words, probabilities):
    """Probabilities after each word, the vectors of test texts, and which classes are confused."""
    step = -(-len(words.test) // MOST_TEXTS)
    ids, labels = words.test.inputs[::step], words.test.labels[::step]
    pictures = _pictures_of_reading(model, words, ids[:, :MOST_WORDS], labels)

    if len(words.classes) <= 20:  # the colours of more classes look alike
        encoder = keras.Model(model.input, model.get_layer("vector").output)
        vectors = encoder.predict(ids, batch_size=256, verbose=0)
        pictures["vectors"] = visualize.plot_latent_space(vectors, np.array(words.classes)[labels])

    matrix = scores.confusion(words.test.labels, probabilities)
    pictures["confusion"] = visualize.plot_confusion_matrix(matrix, words.classes)
    return pictures


def _pictures_of_reading(model, words, ids, labels):
    """The texts in which one word raises or lowers the probability of the true class most."""
    probabilities = read_word_by_word(model, ids)  # (texts, words, classes)
    of_true_class = probabilities[np.arange(len(ids)), :, labels]
    changes = np.diff(of_true_class, axis=1)
    chosen = {
        "reading_rise": changes.max(axis=1, initial=-1).argmax(),
        "reading_fall": changes.min(axis=1, initial=1).argmin(),
    }

    pictures = {}
    for name, row in chosen.items():
        tokens = words.to_original([[number] for number in ids[row] if number])
        places = np.arange(1, len(tokens) + 1)
        of_text = probabilities[row, : len(tokens)]  # (words, classes)
        highest = np.argsort(-of_text.max(axis=0))[:3]
        lines = {words.classes[number]: of_text[None, :, number] for number in highest}

        xlabel = f"words read, true class: {words.classes[labels[row]]}"
        figure = visualize.plot_lines(places, lines, xlabel, "probability")
        figure.axes[0].set_xticks(places, tokens, rotation=60, ha="right", parse_math=False)
        pictures[name] = figure
    return pictures
