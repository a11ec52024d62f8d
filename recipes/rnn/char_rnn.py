"""Text generator: an LSTM that reads a text and predicts the next character.

    characters (any) -> embedding 64 -> lstm 192 -> logits of the next character (any, 102)

Take it to see how a language model learns and writes. Each character is the label of the text
before it. In training the network reads the true text, whatever it has predicted (teacher forcing).
When it writes, it reads its own characters (free running), and one error changes all that follows.

Half a million characters are too many steps for the gradient to go back through. So the text is
read in windows of 50. The state at the end of a window is the first state of the next window (a
stateful network), but the gradient stops there (truncated back-propagation through time).

In the report: texts written in both ways after the same beginning, and how the fraction of correct
characters falls with the distance from the beginning. A 5-gram model of the text is the comparison.

Reference: Graves, "Generating sequences with recurrent neural networks", 2013.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import time

import keras
import numpy as np
from keras import layers, ops

import data_prep
import visualize
from recipes import scores
from recipes.layers.sizes import check_integers, check_tuples
from recipes.report import Report
from recipes.schedules import warmup_cosine

WINDOW = 50  # steps through which the gradient goes back


def build_char_rnn(num_characters=102, units=(192,), dropout=0.0, batch_size=None):
    """Build the network, not compiled.

    Args:
        num_characters: size of the vocabulary.
        units: size of the state of each LSTM, from the first to the last.
        dropout: fraction of values dropped after each LSTM.
        batch_size: None: each text starts with a state of zeros. A number: the states are kept, so
            that row 3 of a batch continues row 3 of the batch before; all batches have this size.

    Returns:
        A keras.Sequential from characters (batch, time) to logits (batch, time, num_characters).

    Raises:
        ValueError: if `units` is not a tuple, or a size is not an integer >= 1.

    Example:
        import numpy as np

        text = "the quick brown fox jumps over the lazy dog. " * 100
        characters = sorted(set(text))
        numbers = np.array([characters.index(character) for character in text])
        inputs = numbers[:4480].reshape(-1, 40)  # (112, 40)
        targets = numbers[1:4481].reshape(-1, 40)  # the character after each

        model = build_char_rnn(len(characters), units=(64,))
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(inputs, targets, epochs=2)

        written = Writer(model, length=20, temperature=0.7).predict(inputs[:1, :10])  # (1, 20)
        continued = "".join(characters[number] for number in written[0])  # after the first 10
    """
    check_integers("build_char_rnn", num_characters=num_characters)
    check_tuples("build_char_rnn", units=units)
    if batch_size is not None:
        check_integers("build_char_rnn", batch_size=batch_size)

    model = keras.Sequential(name="char_rnn")
    model.add(keras.Input(batch_shape=(batch_size, None), dtype="int32"))
    model.add(layers.Embedding(num_characters, 64))  # (batch, time, 64)
    for size in units:
        model.add(layers.LSTM(size, return_sequences=True, stateful=batch_size is not None))
        model.add(layers.Dropout(dropout))  # (batch, time, units)
    model.add(layers.Dense(num_characters))  # logits: the loss takes the softmax, more exactly
    return model


class Writer(keras.Model):
    """Continue texts: `Writer(model, 100).predict(texts)` gives 100 more characters of each.

    Args:
        model: a network of `build_char_rnn`.
        length: number of characters to write.
        temperature: divides the logits; below 1 favours likely characters, 0 takes the likeliest.
        top_k: sample only from the top_k most likely characters; 0 for all.
        seed: sets the characters that are sampled.
    """

    def __init__(self, model, length, temperature=1.0, top_k=0, seed=0):
        super().__init__()
        self.embedding, *hidden, self.dense = model.layers
        self.cells = [layer.cell for layer in hidden if isinstance(layer, layers.LSTM)]
        self.length = length
        self.temperature = temperature
        self.top_k = top_k
        self.seeds = keras.random.SeedGenerator(seed)

    def sample(self, logits, noise):
        """Character numbers (batch,), sampled from logits (batch, num_characters)."""
        if self.top_k:
            kept, _ = ops.top_k(logits, self.top_k)
            logits = ops.where(logits < kept[:, -1:], -1e9, logits)
        # Gumbel noise makes the largest a sample of the softmax. Scaling it divides the logits.
        return ops.argmax(logits + self.temperature * noise, axis=-1)

    def call(self, texts):
        """Character numbers (batch, length) that continue texts (batch, time)."""
        batch, given = ops.shape(texts)
        total = given + self.length
        uniform = keras.random.uniform((total, batch, self.dense.units), seed=self.seeds)
        gumbel = -ops.log(-ops.log(ops.maximum(uniform, 1e-30)))

        def step(place, loop):
            text, states = loop  # (batch, total), read up to `place`
            x = self.embedding(ops.take(text, place, axis=1))  # (batch, 64)
            new_states = []
            for cell, state in zip(self.cells, states, strict=True):
                x, state = cell(x, state)
                new_states.append(state)
            sampled = self.sample(self.dense(x), gumbel[place])[:, None]

            # A given character stays; after the given ones, the sampled character comes next.
            is_next = (ops.arange(total) == place + 1) & (place + 1 >= given)
            text = ops.where(is_next, ops.cast(sampled, text.dtype), text)
            return text, new_states

        padded = ops.pad(texts, ((0, 0), (0, self.length)))
        states = [cell.get_initial_state(batch) for cell in self.cells]
        written, _ = ops.fori_loop(0, total - 1, step, (padded, states))
        return written[:, given:]


class ResetStates(keras.callbacks.Callback):
    """Set the kept states back to zero where a text begins again."""

    def on_epoch_begin(self, epoch, logs=None):
        """The training text begins again."""
        for layer in self.model.layers:
            if hasattr(layer, "reset_state"):
                layer.reset_state()

    def on_test_begin(self, logs=None):
        """The validation text begins."""
        self.on_epoch_begin(None)


def run(
    data="docstrings",
    epochs=4,
    batch_size=32,
    seed=0,
    learning_rate=0.01,
    units=192,
    temperature=0.7,
    top_k=20,
    callbacks=(),
):
    """Train on one long text and report the bits per character of text not seen in training.

    Args:
        data: docstrings, imdb, or a text file.
        epochs: passes over the training text.
        batch_size: places of the text that are read at the same time.
        seed: sets the initial weights, the characters written and the validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        units: size of the state of the LSTM.
        temperature: of the text written in the report.
        top_k: the text in the report is sampled from the top_k most likely characters; 0 for all.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: if `units` is below 1.
    """
    if units < 1:
        raise data_prep.DataError(f"units is {units}; give 1 or more.")
    text = data_prep.load_long_text(data, seed=seed)
    vocabulary = data_prep.fit_characters(text.train.inputs)
    train, validation, test = (vocabulary.encode(part.inputs)[0] for part in text.parts().values())
    inputs, targets = data_prep.stream_windows(train, batch_size, WINDOW)  # (windows, WINDOW)
    size = len(vocabulary)
    model = build_char_rnn(size, (units,), batch_size=batch_size)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(inputs), batch_size, epochs)
    model.compile(
        # Clipping: a gradient whose norm, over all weights together, exceeds 1 is scaled to 1.
        optimizer=keras.optimizers.Adam(schedule, global_clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),  # in nats
        metrics=["accuracy"],
    )
    model.fit(
        inputs,
        targets,
        batch_size=batch_size,
        shuffle=False,  # each batch continues the one before
        epochs=epochs,
        validation_data=data_prep.stream_windows(validation, batch_size, WINDOW),
        callbacks=[ResetStates(), *callbacks],
    )

    # The same network without kept states reads any number of texts, each from its start.
    reader = build_char_rnn(size, (units,))
    reader.set_weights(model.get_weights())
    reader.compile(loss=model.loss, metrics=["accuracy"])

    # The only use of the test text.
    written, speed = generate(reader, test, temperature, top_k, seed)
    lengths = {name: {"inputs": [len(part.inputs[0])]} for name, part in text.parts().items()}
    return Report(
        model=reader,
        headline="bits per character",
        higher_is_better=False,
        scores=_scores(reader, test, written) | {"characters per second": speed},
        baselines={"unigrams": {"bits per character": scores.ngram_bits(train, test, 1, size)}},
        comparisons={"5-grams": {"bits per character": scores.ngram_bits(train, test, 5, size)}},
        data=text.describe() | {"shapes": lengths},
        pictures=_pictures(vocabulary, written),
    )


def generate(reader, test, temperature, top_k, seed):
    """({how: character numbers (passages, characters)}, characters sampled per second)."""
    # Passages of the test text: 100 characters to read, then 100 to write.
    passages = np.stack([test[start : start + 200] for start in range(0, len(test) - 200, 997)])
    given, truth = passages[:, :100], passages[:, 100:]
    logits = reader.predict(passages[:, :-1], batch_size=64, verbose=0)
    forced = logits.argmax(axis=-1)[:, 99:]
    free = Writer(reader, 100, temperature=0).predict(given, batch_size=64, verbose=0)

    writer = Writer(reader, 400, temperature, top_k, seed)
    writer.predict(given[:32], verbose=0)  # compiles
    start = time.perf_counter()
    sampled = writer.predict(given[:32], verbose=0)
    speed = sampled.size / (time.perf_counter() - start)

    written = {
        "read": given,
        "true": truth,
        "teacher forcing": forced,
        "free running": free,
        f"sampled, temperature {temperature:g}": sampled,
    }
    return written, speed


def _scores(reader, test, written):
    """Bits and accuracy when the text before is the true one, and accuracy when it is written."""
    nats, accuracy = reader.evaluate(*data_prep.stream_windows(test, 32), batch_size=8, verbose=0)
    free_running = (written["free running"] == written["true"]).mean(axis=0)

    return {
        "bits per character": nats / np.log(2),
        "accuracy": accuracy,
        "accuracy free running": float(free_running.mean()),
    }


def _pictures(vocabulary, written):
    """The first passage and its continuations, and how correct they are at each distance."""
    texts = vocabulary.decode([numbers[0] for numbers in written.values()])
    correct = {}
    for mode in ("teacher forcing", "free running"):
        correct[mode] = [(written[mode] == written["true"]).mean(axis=0)]

    return {
        "texts": visualize.plot_texts(dict(zip(written, texts, strict=True))),
        "modes": visualize.plot_lines(range(1, 101), correct, "n-th character", "fraction correct"),
    }
