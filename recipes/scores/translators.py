"""Scores of a trained translator: its accuracy, its speed, and baselines.

`scores.translation` scores finished texts. The functions here run the network or read the data.
"""

import data_prep
from recipes.layers.decoding import Uncached
from recipes.scores.speed import texts_per_second
from recipes.scores.translation import most_frequent_answer, nearest_answers, translation

FEW = 64  # number of texts that measure the speed without a cache, which is slow


def translator_scores(model, translator, inputs, targets, is_text):
    """Measure the accuracy of a translator with teacher forcing, and its speed.

    Args:
        model: the network from [sources, decoder inputs] to logits, compiled with the weighted
            metric "accuracy" alone.
        translator: the recipes.layers.decoding.Decoding that uses this network.
        inputs: [sources, decoder inputs] of the test data; decoder inputs are (texts, time).
        targets: ids of the true texts, (texts, time).
        is_text: True where a target is not padding, (texts, time).

    Returns:
        {"accuracy, teacher forced": fraction of tokens predicted correctly from the true tokens
        before them, without padding,
        "texts per second": with the translator's cache,
        "texts per second, uncached": with the whole network run again for each token}.
    """
    _, accuracy = model.evaluate(inputs, targets, batch_size=256, sample_weight=is_text, verbose=0)
    uncached = Uncached(model, translator.length, translator.beams)

    return {
        "accuracy, teacher forced": accuracy,
        "texts per second": texts_per_second(translator, inputs[0]),
        "texts per second, uncached": texts_per_second(uncached, inputs[0][:FEW]),
    }


def translator_baselines(pairs, references, vocabulary):
    """Score two baselines: the most frequent target, and that of the nearest training source.

    Args:
        pairs: a data_prep.Dataset of pairs of texts.
        references: targets of the test part, converted by data_prep.normal_texts, (texts,).
        vocabulary: the vocabulary of the targets.

    Returns:
        {name: the scores of `translation`}.
    """
    frequent = most_frequent_answer(pairs.train.labels)
    nearest = nearest_answers(pairs.train.inputs, pairs.train.labels, pairs.test.inputs)

    answers = {"most frequent": [frequent] * len(references), "nearest source": nearest}
    return {
        name: translation(references, data_prep.normal_texts(texts, vocabulary))
        for name, texts in answers.items()
    }
