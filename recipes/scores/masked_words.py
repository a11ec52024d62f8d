"""Scores of networks that predict masked words, and some of their predictions as text."""

import numpy as np

from recipes.scores.text import ngram_bits


def score_masked_words(model, sample, train_ids, vocabulary):
    """All that a report says about masked words.

    Args:
        model: as for `masked_word_scores`.
        sample: as for `masked_word_scores`.
        train_ids: as for `masked_word_baseline`.
        vocabulary: as for `masked_word_predictions`.

    Returns:
        {"scores", "baseline", "texts"}: the results of the three functions below.
    """
    return {
        "scores": masked_word_scores(model, sample),
        "baseline": masked_word_baseline(train_ids, sample, len(vocabulary)),
        "texts": masked_word_predictions(model, sample, vocabulary),
    }


def masked_word_scores(model, sample):
    """How well a network predicts masked words.

    Args:
        model: a compiled model from [ids, types, places] to logits (texts, places, vocabulary). Its
            loss is the cross-entropy in nats, its metric the accuracy.
        sample: ((ids, types, places), words, weights), as mask_words gives it.

    Returns:
        {"masked word accuracy", "masked word bits"}: bits are the mean of -log2 of the probability
        of the true token, lower is better.
    """
    inputs, words, weights = sample
    loss, accuracy = model.evaluate(list(inputs), words, sample_weight=weights, verbose=0)
    return {"masked word accuracy": accuracy, "masked word bits": loss / float(np.log(2))}


def masked_word_baseline(train_ids, sample, vocabulary_size, first=5):
    """The scores of predictions without the text: each token as often as in the training texts.

    Args:
        train_ids: ids of the training texts (texts, length).
        sample: as for `masked_word_scores`.
        vocabulary_size: number of ids.
        first: the lowest id of a token that may be masked.

    Returns:
        The same scores as `masked_word_scores`.
    """
    _, words, weights = sample
    tokens = train_ids[train_ids >= first]
    wanted = words[weights > 0]
    most_frequent = np.bincount(tokens).argmax()

    return {
        "masked word accuracy": float(np.mean(wanted == most_frequent)),
        "masked word bits": ngram_bits(tokens, wanted, 1, vocabulary_size),
    }


def masked_word_predictions(model, sample, vocabulary, count=4, most=3):
    """Some texts with masked words, the predictions for them and the true words.

    Args:
        model: as for `masked_word_scores`.
        sample: as for `masked_word_scores`. All its chosen tokens are masked here.
        vocabulary: the data_prep.Vocabulary of the ids.
        count: number of texts; the first ones with two or more masked words.
        most: number of predictions for a word, the most probable ones.

    Returns:
        {title: text}, one for each text, for visualize.plot_texts.
    """
    inputs, words, weights = sample
    is_shown = np.flatnonzero(weights.sum(axis=1) >= 2)[:count]
    ids, types, places = [array[is_shown] for array in inputs]
    words, is_masked = words[is_shown], weights[is_shown] > 0
    for row, row_places, row_masked in zip(ids, places, is_masked, strict=True):
        row[row_places[row_masked]] = vocabulary.mask

    logits = model.predict([ids, types, places], verbose=0).astype("float64")
    probabilities = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities /= probabilities.sum(axis=-1, keepdims=True)

    texts = {}
    for number, row in enumerate(ids):
        tokens = [vocabulary.tokens[token] for token in row if token != 0]
        lines = [" ".join(tokens[1:-1]).replace(" ##", ""), ""]
        masked = np.flatnonzero(is_masked[number])
        for place in masked[np.argsort(places[number, masked])]:
            best = np.argsort(-probabilities[number, place])[:most]
            predicted = [
                f"{vocabulary.tokens[token]} {probabilities[number, place, token]:.0%}"
                for token in best
            ]
            word = vocabulary.tokens[words[number, place]]
            lines.append(f"  {word:<14} predicted: {', '.join(predicted)}")
        texts[f"test text {number + 1}"] = "\n".join(lines)
    return texts
