"""Free-running decoding: a network writes a text token by token, greedily or by beam search.

In training, a decoder reads the true tokens (teacher forcing). In use it reads the tokens that it
has written itself (free running). A subclass of `Decoding` defines one step of its network, and
keeps what earlier steps have computed (the cache). `Uncached` works with any network, without a
cache, and is slow.
"""

import keras
from keras import ops

from recipes.layers.sizes import check_integers

IMPOSSIBLE = -1e9  # log-probability of a token that must not be chosen


class Decoding(keras.Model):
    """Write one text for each source; a subclass defines `begin` and `step` for its network.

    `predict(sources)` returns the ids of the texts, (batch, length), with 0 after the end id, and
    their log-probabilities, (batch,). The loop over the tokens is one compiled function. It stops
    when all texts of a batch have ended.

    Args:
        model: the trained network.
        length: the largest number of tokens in a text, with the end id.
        beams: 1 for greedy search, which takes the most likely token at each step. With more beams,
            beam search keeps this number of texts at each step, the most likely ones so far.
        start: id before the first token.
        end: id after the last token.

    Raises:
        ValueError: if `length` or `beams` is not an integer >= 1.
    """

    def __init__(self, model, length, beams=1, start=2, end=3):
        super().__init__()
        check_integers(type(self).__name__, length=length, beams=beams)
        self.model = model
        self.length = length
        self.beams = beams
        self.start = start
        self.end = end

    def begin(self, source):
        """Compute what the network needs once, before the first token.

        Args:
            source: one batch of the network's source inputs: a tensor, or a list of tensors.

        Returns:
            (memory, state), each a tensor or nested lists of tensors whose first axis is the batch.
            The memory stays the same for all steps. The state changes with each step.
        """
        raise NotImplementedError

    def step(self, tokens, place, memory, state):
        """Read one token and predict the next.

        Args:
            tokens: ids of the tokens to read, (batch,). At place 0 they are the start id.
            place: number of tokens that were read before, a scalar tensor.
            memory: the memory that `begin` returned.
            state: the state that `begin`, or the step before, returned.

        Returns:
            (logits, state): logits of the next token, (batch, vocabulary), and the new state, with
            the shapes of the state before.
        """
        raise NotImplementedError

    def call(self, source):
        """(ids (batch, length), log-probabilities (batch,)) of the texts for a batch of sources."""
        if self.beams == 1:
            return self.greedy_search(source)
        return self.beam_search(source, self.beams)

    def greedy_search(self, source):
        """Take the most likely token at each step. Returns the same as `call`."""
        memory, state = self.begin(source)
        batch = ops.shape(keras.tree.flatten(source)[0])[0]

        def write_token(place, tokens, texts, scores, ended, state):
            logits, state = self.step(tokens, place, memory, state)
            log_probabilities = ops.log_softmax(logits)  # (batch, vocabulary)

            chosen = ops.argmax(self._only_tokens(log_probabilities), axis=-1)
            tokens = ops.where(ended, 0, ops.cast(chosen, "int32"))  # (batch,)
            gained = ops.take_along_axis(log_probabilities, tokens[:, None], axis=-1)[:, 0]

            scores = ops.where(ended, scores, scores + gained)
            texts = ops.where(ops.arange(self.length) == place, tokens[:, None], texts)
            ended = ended | (tokens == self.end)
            return place + 1, tokens, texts, scores, ended, state

        def goes_on(place, tokens, texts, scores, ended, state):
            return (place < self.length) & ops.any(~ended)

        tokens = ops.full((batch,), self.start, "int32")
        texts = ops.zeros((batch, self.length), "int32")
        scores = ops.zeros((batch,))
        ended = ops.zeros((batch,), "bool")
        first = (ops.convert_to_tensor(0, "int32"), tokens, texts, scores, ended, state)
        _, _, texts, scores, _, _ = ops.while_loop(goes_on, write_token, first)
        return texts, scores

    def beam_search(self, source, beams):
        """Keep the `beams` most likely texts at each step, and return the best one at the end.

        A text's score is the sum of the log-probabilities of its tokens. It can only fall, so the
        search may stop when the best text of each source has ended.
        """
        memory, state = self.begin(source)
        batch = ops.shape(keras.tree.flatten(source)[0])[0]

        # The beams of a source are neighbours on the batch axis: (batch * beams, ...).
        memory = keras.tree.map_structure(lambda x: ops.repeat(x, beams, axis=0), memory)
        state = keras.tree.map_structure(lambda x: ops.repeat(x, beams, axis=0), state)

        def write_token(place, tokens, texts, scores, ended, state):
            logits, state = self.step(ops.reshape(tokens, (-1,)), place, memory, state)
            size = logits.shape[-1]
            gained = self._only_tokens(ops.log_softmax(logits))
            gained = ops.reshape(gained, (-1, beams, size))

            # After its end, a text gets only padding, with a log-probability of 0.
            only_padding = ops.where(ops.arange(size) == 0, 0.0, IMPOSSIBLE)
            gained = ops.where(ended[..., None], only_padding, gained)

            # Of all texts with one more token, the best are kept.
            longer = ops.reshape(scores[..., None] + gained, (-1, beams * size))
            scores, best = ops.top_k(longer, beams)  # (batch, beams), the highest first
            best = ops.cast(best, "int32")
            beam = best // size  # the number of the text that gets one more token
            tokens = best % size

            texts = ops.take_along_axis(texts, beam[..., None], axis=1)
            texts = ops.where(ops.arange(self.length) == place, tokens[..., None], texts)
            ended = ops.take_along_axis(ended, beam, axis=1) | (tokens == self.end)

            rows = ops.reshape(ops.arange(batch)[:, None] * beams + beam, (-1,))
            state = keras.tree.map_structure(lambda x: ops.take(x, rows, axis=0), state)
            return place + 1, tokens, texts, scores, ended, state

        def goes_on(place, tokens, texts, scores, ended, state):
            return (place < self.length) & ops.any(~ended[:, 0])

        # At first all beams are equal, so only the first one may be chosen.
        tokens = ops.full((batch, beams), self.start, "int32")
        texts = ops.zeros((batch, beams, self.length), "int32")
        is_first = ops.arange(beams) == 0
        scores = ops.zeros((batch, 1)) + ops.where(is_first, 0.0, IMPOSSIBLE)
        ended = ops.zeros((batch, beams), "bool")
        first = (ops.convert_to_tensor(0, "int32"), tokens, texts, scores, ended, state)
        _, _, texts, scores, _, _ = ops.while_loop(goes_on, write_token, first)
        return texts[:, 0], scores[:, 0]

    def _only_tokens(self, log_probabilities):
        """Log-probabilities in which padding and the start id cannot be chosen."""
        ids = ops.arange(log_probabilities.shape[-1])
        return ops.where((ids == 0) | (ids == self.start), IMPOSSIBLE, log_probabilities)


class Uncached(Decoding):
    """Decode with any network from [source, ids so far] to logits (batch, time, vocabulary).

    Each step runs the whole network again on the whole text so far. This is slow: the comparison
    shows how much time a cache saves. The arguments are those of `Decoding`.
    """

    def begin(self, source):
        """The memory is the source, the state is the text so far."""
        batch = ops.shape(keras.tree.flatten(source)[0])[0]
        return source, ops.zeros((batch, self.length), "int32")

    def step(self, tokens, place, memory, state):
        """Run the network on the text so far; take the logits at the last token."""
        texts = ops.where(ops.arange(self.length) == place, tokens[:, None], state)
        logits = self.model([memory, texts])  # (batch, length, vocabulary)
        return ops.take(logits, place, axis=1), texts
