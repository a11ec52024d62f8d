"""Text classifier: BERT, which first learns to predict masked words.

    tokens (any) -> embedding 64 -> attention block -> states, state of the text -> class

For tasks with few labels but many texts. Pre-training needs no labels: the network predicts masked
words from the words on both sides. So it learns the meaning of words and how they are combined.

In each epoch, a new 15% of the tokens is chosen. Of these, 80% become [MASK], 10% a random token
and 10% stay, because the texts of the later task contain no [MASK]. For fine-tuning, an output
layer is put on the state of the first token, and all weights are trained on the labels. Token types
mark the first and second text of a pair: --task pairs asks whether two halves are in order.

In the report: the accuracy for several numbers of labels, with and without pre-training, and
predictions for masked words. Pre-training on a few thousand texts teaches little; --checkpoint
loads a published BERT that was pre-trained on billions of words.

Differs from transformer_encoder: pre-training, token types, normalisation after each addition.

Reference: Devlin et al., "BERT: Pre-training of deep bidirectional transformers", 2019.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
import numpy as np
from keras import layers, ops

import data_prep
import visualize
from data_prep.images.tasks import few_labels
from data_prep.text.tasks import encode_task
from recipes import scores
from recipes.layers.bert_checkpoint import is_uncased, read_bert_checkpoint
from recipes.layers.bert_heads import MaskedWords, add_classifier, mask_words, masked_batches
from recipes.layers.sizes import check_integers
from recipes.report import Report
from recipes.schedules import warmup_cosine
from recipes.scores.few_labels import accuracy_curve, mean_accuracies
from recipes.scores.masked_words import score_masked_words
from recipes.transformers.transformer_encoder import Attention

LABELS = (100, 1000)  # numbers of labelled texts to fine-tune with; all come last


def build_bert(
    vocabulary_size=1000,
    length=32,
    width=64,
    heads=4,
    hidden=128,
    blocks=1,
    token_types=2,
    dropout=0.1,
    epsilon=1e-12,
    pooler=True,
):
    """Build the network, not compiled, without an output layer.

    Args:
        vocabulary_size: number of token ids; id 0 is padding.
        length: largest number of tokens in a text.
        width: size of the state of a token.
        heads: number of attention heads in a block; width must be a multiple of it.
        hidden: units of the first dense layer in a block.
        blocks: number of blocks.
        token_types: number of token types; 2 for pairs of texts.
        dropout: fraction of values dropped in training.
        epsilon: added to the variance in each normalisation.
        pooler: whether to return the state of the text too, computed from the first token.

    Returns:
        A keras.Model from [ids, types], each (batch, time <= length), to the states of the tokens
        (batch, time, width); with `pooler` to [states, state of the text (batch, width)].

    Raises:
        ValueError: if a size is not an integer >= 1, or the width is no multiple of the heads.

    Example:
        import numpy as np

        ids = np.random.randint(5, 1000, size=(256, 12))  # ids 0 to 4 are special
        types = np.zeros_like(ids)
        labels = np.random.randint(2, size=256)

        # Pre-training: predict masked words.
        bert = build_bert(vocabulary_size=1000, length=12)
        masked, words, weights = mask_words((ids, types), 1000, np.random.default_rng())
        masked_words = MaskedWords(bert)
        masked_words.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        masked_words.fit(masked, words, sample_weight=weights)

        # Fine-tuning: the same network with an output layer for the classes.
        model = add_classifier(bert, num_classes=2)
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit([ids, types], labels)
        probabilities = model.predict([ids, types])  # (256, 2)
    """
    check_integers("build_bert", vocabulary_size=vocabulary_size, length=length, width=width)
    check_integers("build_bert", heads=heads, hidden=hidden, blocks=blocks, token_types=token_types)

    ids = keras.Input((None,), dtype="int32", name="ids")  # (batch, time)
    types = keras.Input((None,), dtype="int32", name="types")
    mask = ops.not_equal(ids, 0)[:, None, :]  # no token attends to padding
    places = ops.cumsum(ops.ones_like(ids), axis=1) - 1

    x = layers.Embedding(vocabulary_size, width, "truncated_normal", name="words")(ids)
    x = x + layers.Embedding(length, width, "truncated_normal", name="positions")(places)
    x = x + layers.Embedding(token_types, width, name="types_of_tokens")(types)
    x = layers.LayerNormalization(epsilon=epsilon, name="embedding_norm")(x)
    x = layers.Dropout(dropout)(x)  # (batch, time, width)

    for block in range(blocks):
        attended, _ = Attention(heads, width, dropout, name=f"attention_{block}")(x, x, mask)
        x = x + layers.Dropout(dropout)(attended)
        x = layers.LayerNormalization(epsilon=epsilon, name=f"attention_norm_{block}")(x)

        inner = layers.Dense(hidden, activation="gelu", name=f"hidden_{block}")(x)
        inner = layers.Dense(width, name=f"output_{block}")(inner)
        x = x + layers.Dropout(dropout)(inner)
        x = layers.LayerNormalization(epsilon=epsilon, name=f"output_norm_{block}")(x)

    if not pooler:
        return keras.Model([ids, types], x, name="bert")
    text = layers.Dense(width, activation="tanh", name="pooler")(x[:, 0])
    return keras.Model([ids, types], [x, text], name="bert")


def load_bert_checkpoint(folder):
    """Build BERT with the sizes and the weights of a published checkpoint.

    Args:
        folder: path of a folder with config.json, model.safetensors and vocab.txt.

    Returns:
        (model, tokens): the result of build_bert; the lines of vocab.txt, a tuple of strings.

    Raises:
        ValueError: names the file, and the value or the tensor that is wrong.
    """
    sizes, weights, tokens = read_bert_checkpoint(folder)
    model = build_bert(**sizes)
    for layer, arrays in weights.items():
        model.get_layer(layer).set_weights(arrays)
    return model, tokens


def run(
    data="docstrings",
    epochs=2,
    batch_size=32,
    seed=0,
    task="classes",
    checkpoint="none",
    pretrain_epochs=4,
    learning_rate=0.002,
    draws=2,
    length=32,
    vocabulary_size=1000,
    width=64,
    blocks=1,
    dropout=0.0,
    callbacks=(),
):
    """Pre-train, fine-tune, and report accuracy on test texts for several numbers of labels.

    Args:
        data: docstrings, imdb, or a file or folder of texts with a class each.
        epochs: passes over the labelled texts; fewer than 512 texts are repeated to make 512.
        batch_size: texts per training step; half as many in pre-training.
        seed: sets the initial weights, the masks, the labelled texts and the validation part.
        task: classes, or pairs: whether the two halves of a text are in the right order.
        checkpoint: none, or the folder of a published BERT, which replaces pre-training.
        pretrain_epochs: passes over the training texts with masked words.
        learning_rate: of Adam in the first epoch of fine-tuning; then it decays linearly.
        draws: number of random sets for each number of labels; scores are their means.
        length: largest number of tokens read of a text, with the start and end tokens.
        vocabulary_size: largest size of the vocabulary of word pieces.
        width: size of the state of a token.
        blocks: number of blocks.
        dropout: fraction of values dropped in training; raise it if the network overfits.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    texts = data_prep.load_text(data, seed=seed)
    bert, vocabulary = _start(texts, checkpoint, length, vocabulary_size, width, blocks, dropout)
    texts = encode_task(texts, vocabulary, length, task, seed)
    samples = few_labels(texts.train.labels, LABELS, draws, epoch_size=512, seed=seed)

    # Pre-training: no labels are used.
    predictions = {"scores": {}, "baseline": {}, "texts": {}}
    if checkpoint == "none":
        masked_words = MaskedWords(bert, np.bincount(texts.train.inputs[0].ravel()))
        few = max(1, batch_size // 2)  # more steps in the same time
        schedule = warmup_cosine(0.004, len(texts.train), few, pretrain_epochs)
        masked_words.compile(
            optimizer=keras.optimizers.Adam(schedule),
            loss=keras.losses.SparseCategoricalCrossentropy(
                from_logits=True, reduction="mean_with_sample_weight"
            ),
            weighted_metrics=["accuracy"],
            steps_per_execution=16,  # several batches per call: faster for a small model
        )
        batches = masked_batches(texts.train.inputs, len(vocabulary), few, seed)
        masked_words.fit(batches, epochs=pretrain_epochs, callbacks=list(callbacks))
        sample = mask_words(texts.test.inputs, len(vocabulary), np.random.default_rng(0))
        predictions = score_masked_words(masked_words, sample, texts.train.inputs[0], vocabulary)

    # Fine-tuning: each starts from the same weights, and its learning rate decays linearly.
    scratch = add_classifier(keras.models.clone_model(bert), len(texts.classes), "not_pretrained")
    model = add_classifier(bert, len(texts.classes))
    rate = keras.callbacks.LearningRateScheduler(lambda epoch: learning_rate * (1 - epoch / epochs))
    accuracies = {scratch.name: {}, model.name: {}}
    for network in (scratch, model):
        network.compile("adam", "sparse_categorical_crossentropy", steps_per_execution=16)
    for network, count, rows in _steps([scratch, model], samples):
        network.fit(
            [inputs[rows] for inputs in texts.train.inputs],
            texts.train.labels[rows],
            batch_size=batch_size,
            epochs=epochs,
            callbacks=[rate, *callbacks],
        )
        probabilities = network.predict(texts.test.inputs, batch_size=256, verbose=0)
        accuracy = np.mean(probabilities.argmax(axis=1) == texts.test.labels)
        accuracies[network.name].setdefault(count, []).append(accuracy)

    return _report(model, texts, probabilities, accuracies, predictions)


def _start(texts, checkpoint, length, vocabulary_size, width, blocks, dropout):
    """BERT and its vocabulary: new, or those of a published checkpoint."""
    if checkpoint == "none":
        vocabulary = data_prep.fit_wordpieces(texts.train.inputs, vocabulary_size)
        sizes = {"hidden": 2 * width, "blocks": blocks, "dropout": dropout}
        return build_bert(len(vocabulary), length, width, **sizes), vocabulary
    try:
        bert, tokens = load_bert_checkpoint(checkpoint)
    except ValueError as error:
        raise data_prep.DataError(f"--checkpoint {checkpoint}: {error}") from error
    if length > (most := bert.get_layer("positions").input_dim):
        raise data_prep.DataError(f"--length {length}: give {most} or less for this checkpoint.")
    return bert, data_prep.read_wordpieces(f"{checkpoint}/vocab.txt", is_uncased(tokens))


def _steps(networks, samples):
    """Yield (network, number of labels, rows) of each training; reset the network before each."""
    initial_weights = [network.get_weights() for network in networks]
    for network, weights in zip(networks, initial_weights, strict=True):
        for count, rows_of_draws in samples.items():
            for rows in rows_of_draws:
                network.set_weights(weights)
                for variable in network.optimizer.variables:
                    variable.assign(ops.zeros_like(variable))
                yield network, count, rows


def _report(model, texts, probabilities, accuracies, predictions):
    """The Report of a finished run."""
    words = texts.map_inputs(lambda inputs: inputs[0], texts.to_original)
    by_class = scores.classification(words.test.labels, probabilities, words.classes)
    means = {name: mean_accuracies(by_count) for name, by_count in accuracies.items()}
    simple = scores.text_baselines(words)

    pictures = {"gain": visualize.plot_lines(*accuracy_curve(accuracies), log_x=True)}
    if predictions["texts"]:
        pictures["masked_words"] = visualize.plot_texts(predictions["texts"])
    return Report(
        model=model,
        headline="accuracy",
        scores=by_class | means[model.name] | predictions["scores"],
        baselines={"majority": simple.pop("majority") | predictions["baseline"]},
        comparisons={"not pre-trained": means["not_pretrained"], **simple},
        data=texts.describe(),
        pictures=pictures,
    )
