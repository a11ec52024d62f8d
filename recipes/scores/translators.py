"""How well a trained translator writes, how fast, and what to compare it with.

`scores.translation` scores texts; these functions take the network, or the data.
"""

import data_prep
from recipes.layers.decoding import Uncached
from recipes.scores.speed import texts_per_second
from recipes.scores.translation import most_frequent_answer, nearest_answers, translation

FEW = 256  # texts that the slow way of decoding is measured on


def translator_scores(model, translator, inputs, targets, is_text):
    """Measure a translator with the true tokens before each token, and its speed.

    Args:
        model: the network from [sources, decoder inputs] to logits, compiled with the weighted
            metric "accuracy" alone.
        translator: the recipes.layers.decoding.Decoding that writes with it.
        inputs: [sources, decoder inputs] of test data, each (texts, time).
        targets: ids, (texts, time).
        is_text: True where a target is not padding, (texts, time).

    Returns:
        {"accuracy, teacher forced": fraction of tokens, padding excluded,
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
    """Score the most frequent target, and the target of the nearest training source.

    Args:
        pairs: a data_prep.Dataset of pairs of texts.
        references: the test part's targets as the vocabulary writes them, (texts,).
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
