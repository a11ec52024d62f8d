"""Text classifier: a bidirectional LSTM, which reads forwards and backwards.

    words (60,) -> embedding 64 -> lstm 32 forwards, 32 backwards -> mean -> probabilities (6,)

For texts whose words need their context on both sides. What a word means may depend on words that
come after it ("light as a feather"), but an LSTM knows only the words before it.

A second LSTM reads the text from its end. At each word the states of both LSTMs are concatenated,
and their mean over all words stands for the text. The texts of a batch are padded to one length.
The mask keeps padding out of the states and out of the mean, so padding changes nothing.

In the report: the comparison with one direction and about as many parameters shows what the second
direction adds. The comparison with a bag of words, a logistic regression on which words a text
has, shows what the order of words adds: little where the words alone already tell the class.

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
from recipes.layers.sizes import check_integers
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_bidirectional_lstm(
    vocabulary_size=10_000,
    num_classes=6,
    embedding=64,
    units=32,
    bidirectional=True,
    dropout=0.5,
    name="bidirectional_lstm",
):
    """Build the network, not compiled.

    Args:
        vocabulary_size: number of word ids; id 0 is padding.
        num_classes: number of classes, the size of the output.
        embedding: size of the vector that stands for a word.
        units: size of the state of each LSTM.
        bidirectional: whether a second LSTM reads the text from its end.
        dropout: fraction of values dropped after the embedding and before the output layer.
        name: name of the model, shown in progress and history.

    Returns:
        A keras.Sequential from word ids (batch, any number of words) to probabilities (batch,
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

        model = build_bidirectional_lstm(vocabulary_size=1000, num_classes=2)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(words, labels, epochs=2)
        probabilities = model.predict(words)  # (128, 2)
    """
    check_integers("build_bidirectional_lstm", vocabulary_size=vocabulary_size)
    check_integers("build_bidirectional_lstm", num_classes=num_classes)
    check_integers("build_bidirectional_lstm", embedding=embedding, units=units)

    model = keras.Sequential(name=name)
    model.add(keras.Input((None,), dtype="int32"))  # (batch, words)
    model.add(layers.Embedding(vocabulary_size, embedding, mask_zero=True))
    model.add(layers.Dropout(dropout))
    lstm = layers.LSTM(units, return_sequences=True)
    model.add(layers.Bidirectional(lstm) if bidirectional else lstm)  # (batch, words, states)
    model.add(layers.GlobalAveragePooling1D())  # (batch, states), the mean of the unmasked words
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
    """Train in one and in both directions and report the accuracy on test texts.

    Args:
        data: docstrings, imdb, or a file or folder of texts with a class each.
        epochs: passes over the training texts.
        batch_size: texts per training step.
        seed: sets the initial weights, the order of the texts and the validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        length: number of words read of each text, the last ones of a longer text.
        vocabulary_size: number of words known, the most frequent of the training texts.
        embedding: size of the vector that stands for a word.
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

    num_words = len(vocabulary)
    num_classes = len(words.classes)
    single_units = _units_of_one_direction(embedding, units)
    one_direction = build_bidirectional_lstm(
        num_words, num_classes, embedding, single_units, bidirectional=False, name="one_direction"
    )
    model = build_bidirectional_lstm(num_words, num_classes, embedding, units)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(words.train), batch_size, epochs)
    for network in (one_direction, model):
        network.compile(
            optimizer=keras.optimizers.Adam(schedule),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
            steps_per_execution=16,  # several batches per call: faster for a small model
        )
        network.fit(
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
        comparisons=_comparisons(words, one_direction, single_units),
        data=words.describe(),
        pictures=_pictures(words, probabilities),
    )


def _units_of_one_direction(embedding, units):
    """Units of a single LSTM with about as many parameters as two LSTMs of `units` each.

    An LSTM has 4 n (n + embedding + 1) parameters. For the single one this is a quadratic equation,
    n^2 + (embedding + 1) n = 2 units (units + embedding + 1), solved for n.
    """
    half = (embedding + 1) / 2
    root = (half**2 + 2 * units * (embedding + units + 1)) ** 0.5
    return round(root - half)


def _comparisons(words, one_direction, units):
    """What one direction achieves, and a classifier that ignores the order of words."""
    probabilities = one_direction.predict(words.test.inputs, batch_size=256, verbose=0)
    one = scores.classification(words.test.labels, probabilities, words.classes)

    return {
        f"one direction, {units} units": one,
        **scores.text_baselines(words, ["bag of words"]),
    }


def _pictures(words, probabilities):
    """Which classes are confused."""
    matrix = scores.confusion(words.test.labels, probabilities)

    return {"confusion": visualize.plot_confusion_matrix(matrix, words.classes)}
