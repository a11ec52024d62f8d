"""Parts for training BERT: masked words, logits for them, and an output layer for classes."""

import keras
import numpy as np
from keras import layers, ops

from data_prep.batches import Batches
from recipes.layers.sizes import check_integers

MASK = 4  # ids below are padding, unknown, start and end; ids above are word pieces


def mask_words(inputs, vocabulary_size, random):
    """Choose 15% of the tokens of each text, and hide most of them.

    Of the chosen tokens, 80% become the id 4, [MASK], 10% a random token and 10% stay.

    Args:
        inputs: (ids, types), each integers (texts, length). Ids 0 to 4 are special: padding,
            unknown, start, end, mask. They are not chosen.
        vocabulary_size: number of ids.
        random: a NumPy random generator.

    Returns:
        ((ids, types, places), words, weights): the ids with masks, the places of the chosen tokens
        in their texts, the tokens that were there, and their weights in the loss. The latter three
        are (texts, places). The weight is 1, or 0 for a place that only fills the row.
    """
    ids, types = inputs
    order = random.random(ids.shape) + (ids <= MASK)  # special ids come last
    num_places = ids.shape[1] * 15 // 100 + 1
    places = order.argsort(axis=1)[:, :num_places].astype("int32")
    words = np.take_along_axis(ids, places, axis=1)

    # 15% of 10 tokens are 1.5, so one or two are chosen, at random.
    num_chosen = np.floor(0.15 * (ids > MASK).sum(axis=1) + random.random(len(ids)))
    is_chosen = np.arange(num_places) < num_chosen[:, None]

    action = random.random(words.shape)
    noise = random.integers(MASK + 1, vocabulary_size, words.shape)
    shown = np.where(action < 0.8, MASK, np.where(action < 0.9, noise, words))
    masked = ids.copy()
    np.put_along_axis(masked, places, np.where(is_chosen, shown, words), axis=1)
    return (masked, types, places), words, is_chosen.astype("float32")


def masked_batches(inputs, vocabulary_size, batch_size, seed=0):
    """Batches of texts for pre-training, with new masks and a new order in each epoch.

    Args:
        inputs: as for `mask_words`.
        vocabulary_size: as for `mask_words`.
        batch_size: texts in a batch.
        seed: equal seeds give equal batches.

    Returns:
        A data_prep Batches for `fit`; each batch is the result of `mask_words`.
    """
    ids, types = inputs

    def order(epoch):
        return np.random.default_rng((seed, epoch)).permutation(len(ids))

    def gather(rows, epoch, number):
        random = np.random.default_rng((seed, epoch, number))
        return mask_words((ids[rows], types[rows]), vocabulary_size, random)

    return Batches(len(ids), batch_size, gather, order)


@keras.saving.register_keras_serializable(package="recipes")
class MaskedWords(keras.Model):
    """Predict tokens from their states: [ids, types, places] -> logits (batch, places, vocabulary).

    Only the states at the given places are compared with the vocabulary. The vectors that stand for
    the tokens in the input also score them in the output.

    Args:
        bert: the result of build_bert. Its layers are shared, not copied.
        counts: how often each id occurs in the training texts, (ids,). The bias of the scores
            starts with their logarithms, so the network need not learn them. None: zeros.
    """

    def __init__(self, bert, counts=None, name="masked_words", **options):
        super().__init__(name=name, **options)
        self.encoder = keras.Model(bert.inputs, bert.outputs[0])  # without the pooler
        width = bert.outputs[0].shape[-1]
        self.dense = layers.Dense(width, activation="gelu")
        self.norm = layers.LayerNormalization(epsilon=1e-12)

        vocabulary_size = bert.get_layer("words").input_dim
        self.bias = self.add_weight(shape=(vocabulary_size,), initializer="zeros", name="bias")
        if counts is not None:
            counts = np.pad(counts, (0, vocabulary_size - len(counts))) + 1.0
            counts[: MASK + 1] = 1  # special ids are never masked
            self.bias.assign(np.log(counts / counts.sum()))
        self.build()

    def build(self, input_shape=None):
        """Make the weights of the layers after the encoder."""
        states_shape = (None, None, self.dense.units)
        self.dense.build(states_shape)
        self.norm.build(states_shape)

    def call(self, inputs):
        """Logits of the tokens at some places of a batch."""
        ids, types, places = inputs
        states = self.encoder([ids, types])  # (batch, time, width)
        chosen = ops.take_along_axis(states, ops.expand_dims(places, 2), axis=1)
        chosen = self.norm(self.dense(chosen))  # (batch, places, width)
        vectors = self.encoder.get_layer("words").embeddings  # (vocabulary, width)
        return ops.matmul(chosen, ops.transpose(vectors)) + self.bias

    def get_config(self):
        """The arguments of the constructor."""
        return {"bert": keras.saving.serialize_keras_object(self.encoder), "name": self.name}

    @classmethod
    def from_config(cls, config):
        """Make the model from `get_config`."""
        bert = keras.saving.deserialize_keras_object(config["bert"])
        return cls(bert, name=config["name"])


def add_classifier(bert, num_classes=2, name="bert", dropout=0.1):
    """Give BERT an output layer for classes, which reads the state of the text.

    Args:
        bert: the result of build_bert. Its layers are shared, not copied.
        num_classes: number of classes, the size of the output.
        name: name of the model, shown in progress and history.
        dropout: fraction of the state's values dropped in training.

    Returns:
        A keras.Model, not compiled, from [ids, types] to probabilities (batch, num_classes).
        Without a pooler, the state of the first token is read.

    Raises:
        ValueError: if `num_classes` is not an integer >= 1.
    """
    check_integers("add_classifier", num_classes=num_classes)
    with_pooler = len(bert.outputs) == 2
    text = bert.outputs[1] if with_pooler else bert.outputs[0][:, 0]  # (batch, width)

    text = layers.Dropout(dropout)(text)
    probabilities = layers.Dense(num_classes, activation="softmax")(text)
    return keras.Model(bert.inputs, probabilities, name=name)
