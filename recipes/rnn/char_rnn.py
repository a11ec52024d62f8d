"""A network that writes: it reads text letter by letter, and learns what follows.

    characters (any) -> embedding 64 -> lstm 192 -> logits of the next character (any, 102)

Every character is the label of those before it. In training the network is given the true text,
whatever it would have said: teacher forcing. When it writes it is given its own choices: free
running, where one slip changes all that follows. A run shows both side by side on the same text.

Back-propagation through time over half a million steps is cut short: the text is read in windows
of 50 steps. The state at the end of a window is where the next one begins, but the gradient stops
there. This is truncated back-propagation through time, and needs a stateful network.

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
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_char_rnn(num_characters=102, units=(192,), dropout=0.0, batch_size=None):
    """Build the network, not compiled.

    Args:
        num_characters: size of the vocabulary.
        units: size of the state of each LSTM, from the first to the last.
        dropout: share of values dropped behind each LSTM.
        batch_size: texts side by side, whose states are kept from batch to batch: row 3 of a batch
            goes on where row 3 of the one before ended. None: each batch starts afresh.

    Returns:
        A keras.Sequential from character numbers (batch, time) to logits (batch, time,
        num_characters) of the character that follows each.
    """
    model = keras.Sequential(name="char_rnn")
    model.add(keras.Input(batch_shape=(batch_size, None), dtype="int32"))
    model.add(layers.Embedding(num_characters, 64))  # (batch, time, 64)
    for size in units:
        # (batch, time, units)
        model.add(layers.LSTM(size, return_sequences=True, stateful=batch_size is not None))
        model.add(layers.Dropout(dropout))
    # Logits: the softmax is in the loss, which is more exact, and behind the temperature.
    model.add(layers.Dense(num_characters))
    return model


class Writer(keras.Model):
    """Write on from given texts: `Writer(model, 100).predict(texts)` runs as one compiled loop.

    Args:
        model: one of `build_char_rnn`.
        length: characters to write.
        temperature: the logits are divided by it: below 1 bolder in the likely, above 1 wilder;
            0 always takes the likeliest.
        top_k: draw from the top_k likeliest characters alone; 0 for all.
        seed: draws the characters.
    """

    def __init__(self, model, length, temperature=1.0, top_k=0, seed=0):
        super().__init__()
        self.embedding, *hidden, self.dense = model.layers
        self.cells = [layer.cell for layer in hidden if isinstance(layer, layers.LSTM)]
        self.length, self.temperature, self.top_k = length, temperature, top_k
        self.seeds = keras.random.SeedGenerator(seed)

    def choose(self, logits, noise):
        """Character numbers (batch,), drawn from logits (batch, num_characters)."""
        if self.top_k:
            least = ops.top_k(logits, self.top_k)[0][:, -1:]  # (batch, 1)
            logits = ops.where(logits < least, -1e9, logits)
        # The greatest sum with Gumbel noise is a draw with the probabilities of the softmax.
        return ops.argmax(logits + self.temperature * noise, axis=-1)

    def call(self, texts):
        """Character numbers (batch, time), behind which others are written, (batch, length)."""
        given = texts.shape[1]
        total = given + self.length

        def step(place, loop):
            text, states = loop  # (batch, total), as far as `place`
            x, after = self.embedding(ops.take(text, place, axis=1)), []
            for cell, state in zip(self.cells, states, strict=True):
                x, state = cell(x, state)
                after.append(state)
            number = ops.cast(self.choose(self.dense(x), noise[place]), text.dtype)[:, None]
            # The text's own character where one is given, the network's behind it.
            here = (ops.arange(total) == place + 1) & (place + 1 >= given)
            return ops.where(here, number, text), after

        batch = ops.shape(texts)[0]
        uniform = keras.random.uniform((total, batch, self.dense.units), seed=self.seeds)
        noise = -ops.log(-ops.log(ops.maximum(uniform, 1e-30)))
        text = ops.pad(texts, ((0, 0), (0, self.length)))
        states = [cell.get_initial_state(batch) for cell in self.cells]
        return ops.fori_loop(0, total - 1, step, (text, states))[0][:, given:]


WINDOW = 50  # steps through which the gradient goes back


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
    """Train on one long text, report bits per character of text that it has not seen.

    Args:
        data: docstrings, imdb, or a text file.
        epochs: passes over the training text.
        batch_size: places of the text that are read side by side.
        seed: draws the first weights, the characters written and the validation part.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        units: size of the state of the LSTM.
        temperature: of the text written in the report.
        top_k: the text in the report is drawn from the top_k likeliest characters; 0 for all.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    if units < 1:
        raise data_prep.DataError(f"units is {units}; give 1 or more.")
    text = data_prep.load_long_text(data, seed=seed)
    vocabulary = data_prep.fit_characters(text.train.inputs)
    size = len(vocabulary)
    train, validation, test = (vocabulary.encode(part.inputs)[0] for part in text.parts().values())
    model = build_char_rnn(size, (units,), batch_size=batch_size)
    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(train) // batch_size // WINDOW, 1, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule, global_clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),  # in nats
        metrics=["accuracy"],
    )
    model.fit(
        *data_prep.stream_windows(train, batch_size, WINDOW),
        batch_size=batch_size,
        shuffle=False,  # each batch goes on where the one before ended
        epochs=epochs,
        validation_data=data_prep.stream_windows(validation, batch_size, WINDOW),
        callbacks=[_Afresh(), *callbacks],
    )
    reader = build_char_rnn(size, (units,))  # of any number of texts, each from its start
    reader.set_weights(model.get_weights())
    reader.compile(loss=model.loss, metrics=["accuracy"])
    nats, accuracy = reader.evaluate(*data_prep.stream_windows(test, 32), batch_size=8, verbose=0)
    # Passages of the test text: 100 characters to read, then 100 to tell.
    passages = np.stack([test[place : place + 200] for place in range(0, len(test) - 200, 997)])
    begun, truth = passages[:, :100], passages[:, 100:]
    forced = reader.predict(passages[:, :-1], batch_size=64, verbose=0).argmax(axis=-1)[:, 99:]
    free = Writer(reader, 100, temperature=0).predict(begun, batch_size=64, verbose=0)
    writer = Writer(reader, 400, temperature, top_k, seed)
    writer.predict(begun[:32], verbose=0)  # compiles
    start = time.perf_counter()
    drawn = writer.predict(begun[:32], verbose=0)
    speed = drawn.size / (time.perf_counter() - start)
    names = "read", "true", "teacher forcing", "free running", f"drawn, temperature {temperature:g}"
    texts = vocabulary.decode([begun[0], truth[0], forced[0], free[0], drawn[0]])
    right = {
        "teacher forcing": [(forced == truth).mean(axis=0)],
        "free running": [(free == truth).mean(axis=0)],
    }
    lengths = {name: {"inputs": [len(part.inputs[0])]} for name, part in text.parts().items()}
    return Report(
        model=reader,
        headline="bits per character",
        higher_is_better=False,
        scores={
            "bits per character": nats / np.log(2),
            "accuracy": accuracy,
            "accuracy free running": float(np.mean(right["free running"])),
            "characters per second": speed,
        },
        baselines={"unigrams": {"bits per character": scores.ngram_bits(train, test, 1, size)}},
        comparisons={"5-grams": {"bits per character": scores.ngram_bits(train, test, 5, size)}},
        data=text.describe() | {"shapes": lengths},
        pictures={
            "texts": visualize.plot_texts(dict(zip(names, texts, strict=True))),
            "modes": visualize.plot_spread(
                range(1, 101), right, "characters after the 100 read", "share right"
            ),
        },
    )


class _Afresh(keras.callbacks.Callback):
    """Set the states back to zero where the text begins again."""

    def on_epoch_begin(self, epoch, logs=None):
        for layer in self.model.layers:
            if hasattr(layer, "reset_state"):
                layer.reset_state()

    def on_test_begin(self, logs=None):
        self.on_epoch_begin(None)
