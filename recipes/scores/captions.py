"""Scores of image captions, and of baselines that need no network."""

import numpy as np
from sklearn.metrics import pairwise_distances_argmin

import data_prep
from recipes.scores.translation import most_frequent_answer, translation

# The words in captions of `shapes` that are scored, by kind.
KINDS = {
    "colour": ("red", "green", "blue", "yellow", "white"),
    "shape": ("circle", "square", "triangle"),
    "place": ("left", "right", "above", "below"),
}


def caption_scores(captions, texts, vocabulary):
    """Score the captions that a network wrote for the test images.

    Args:
        captions: a Dataset from data_prep.load_captions.
        texts: a caption of each test image, strings (images,).
        vocabulary: the vocabulary of the network. data_prep.normal_texts converts the true
            captions to its form before they are compared.

    Returns:
        The scores of `translation`. For `shapes` also "colour", "shape" and "place", the fraction
        of captions in which all words of this kind are right, and "captions right", the fraction
        in which all three kinds are. "A left of B" and "B right of A" are both right.
    """
    truths = [data_prep.normal_texts(several, vocabulary) for several in captions.test.labels]
    found = translation(truths, texts)
    if captions.name != "shapes":
        return found

    rights = np.array([right_kinds(*pair) for pair in zip(truths, texts, strict=True)])
    alone = dict(zip(KINDS, rights.mean(axis=0).tolist(), strict=True))
    return {"captions right": float(rights.all(axis=1).mean())} | alone | found


def right_kinds(truths, text):
    """Whether a caption has the right words of each of KINDS, in the right order: three booleans.

    The caption is compared with the true caption that has the most words in common with it at the
    same positions. So either figure may come first, but the relation must fit this order.
    """

    def common_words(truth):
        return sum(a == b for a, b in zip(text.split(), truth.split(), strict=False))

    closest = max(truths, key=common_words)
    rights = []
    for kind in KINDS.values():
        named = [word for word in text.split() if word in kind]
        true = [word for word in closest.split() if word in kind]
        rights.append(named == true)
    return rights


def caption_baselines(captions, vocabulary, seed=0):
    """Score baselines that do not use the image, or only compare its pixels.

    Args:
        captions: a Dataset from data_prep.load_captions.
        vocabulary: the vocabulary of the network.
        seed: sets the random words of the unigram model.

    Returns:
        {name: the scores of `caption_scores`} of three baselines: the most frequent training
        caption; the first caption of the training image with the smallest distance in pixels; and
        words sampled by their frequency in the training captions, as many as in one of them.
    """
    train, test = captions.train, captions.test
    texts = [caption for several in train.labels for caption in several]
    texts = data_prep.normal_texts(texts, vocabulary)

    known, asked = (part.inputs.reshape(len(part), -1) for part in (train, test))
    nearest = pairwise_distances_argmin(asked, known)
    of_nearest = [train.labels[row][0] for row in nearest]

    random = np.random.default_rng(seed)
    words = " ".join(texts).split()
    lengths = [len(text.split()) for text in random.choice(texts, len(test))]
    unigrams = [" ".join(random.choice(words, length)) for length in lengths]

    answers = {
        "most frequent caption": [most_frequent_answer(texts)] * len(test),
        "nearest image": data_prep.normal_texts(of_nearest, vocabulary),
        "unigram model": unigrams,
    }
    return {
        name: caption_scores(captions, written, vocabulary) for name, written in answers.items()
    }
