"""Scores of captions, against scenes whose truth is plain to see."""

import numpy as np
import pytest

import data_prep
from data_prep import Dataset, Part
from recipes import scores
from recipes.scores.captions import right_kinds

RED_CIRCLE, BLUE_SQUARE = "a small red circle", "a large blue square"
TRUE = f"{RED_CIRCLE} left of {BLUE_SQUARE}"
TRUTHS = [TRUE, f"{BLUE_SQUARE} right of {RED_CIRCLE}"]


def make_captions(name, train, test):
    """A Dataset of images with their captions; image n has the brightness n."""

    def part(texts):
        images = np.ones((len(texts), 4, 4, 3)) * np.arange(len(texts))[:, None, None, None]
        labels = np.empty(len(texts), dtype=object)
        labels[:] = texts
        return Part(images, labels)

    return Dataset(name, "made here", part(train), part(train[:1]), part(test))


@pytest.mark.parametrize(
    ("text", "rights"),
    [
        (TRUE, [True, True, True]),
        (TRUTHS[1], [True, True, True]),
        (f"{RED_CIRCLE} right of {BLUE_SQUARE}", [True, True, False]),
        (f"{BLUE_SQUARE} left of {RED_CIRCLE}", [True, True, False]),
        ("a small blue circle left of a large red square", [False, True, True]),
        ("a small red square left of a large blue circle", [True, False, True]),
        ("a large red circle left of a small blue square", [True, True, True]),  # only the sizes
        (RED_CIRCLE, [False, False, False]),
        ("", [False, False, False]),
    ],
)
def test_each_kind_of_word_is_counted_alone(text, rights):
    assert right_kinds(TRUTHS, text) == rights


def test_captions_of_scenes_are_scored_in_either_order():
    truths = [TRUTHS, TRUTHS, [RED_CIRCLE], [RED_CIRCLE]]
    captions = make_captions("shapes", [TRUTHS], truths)
    vocabulary = data_prep.fit_words([TRUE])
    wrong_place = f"{RED_CIRCLE} above {BLUE_SQUARE}"
    texts = [TRUTHS[1], wrong_place, RED_CIRCLE, "a small red square"]

    found = scores.caption_scores(captions, texts, vocabulary)
    assert found["captions right"] == 0.5
    assert (found["colour"], found["shape"], found["place"]) == (1, 0.75, 0.75)
    assert found["exact match"] == 0.5


def test_other_captions_have_only_the_scores_of_texts():
    captions = make_captions("photos", [[TRUE]], [["A dog runs in the snow"], ["Nothing"]])
    vocabulary = data_prep.fit_words(["a dog"])
    found = scores.caption_scores(captions, ["a dog runs in the snow", TRUE], vocabulary)
    assert set(found) == {"exact match", "chrF", "BLEU"}
    assert found["exact match"] == 0.5, "in lower case, as the vocabulary writes"


def test_baselines_answer_what_they_say():
    train = [[RED_CIRCLE], [TRUE], [RED_CIRCLE], [BLUE_SQUARE]]
    test = [[RED_CIRCLE], [TRUE], [BLUE_SQUARE], [BLUE_SQUARE]]
    captions = make_captions("shapes", train, test)
    found = scores.caption_baselines(captions, data_prep.fit_words([TRUE]))
    assert found["most frequent caption"]["exact match"] == 0.25
    # The nearest images have the same numbers: all captions are right but the third.
    assert found["nearest image"]["exact match"] == 0.75
    assert found["unigram model"]["exact match"] < 0.5
