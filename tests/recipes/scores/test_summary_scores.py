"""Summaries of a document's own sentences, against hand-made documents and rouge-score."""

import numpy as np
import pytest

from recipes import scores

DOCUMENT = ["The cat sat.", "Dogs bark loudly.", "A red fish swims."]


def test_the_oracle_picks_what_the_summary_says():
    # Alone: 2*2/8 + 2*1/6 = 0.83, 0 and 2*2/9 + 2*1/7 = 0.73. First and last: 8/12 + 4/9 = 1.11.
    first, second = scores.pick_oracle([DOCUMENT, DOCUMENT], ["Red fish and the cat", "zebras"])
    assert first.tolist() == [True, False, True]
    assert not second.any()


def test_a_repeated_sentence_is_picked_once():
    picked = scores.pick_oracle([["A cat.", "A cat.", "A dog."]], ["a cat a dog"])
    assert picked[0].tolist() == [True, False, True]


def test_the_first_pick_is_the_best_sentence_by_rouge_score():
    rng = np.random.default_rng(0)
    words = np.array(list("abcdefgh"))
    for _ in range(30):
        sentences = [" ".join(rng.choice(words, rng.integers(2, 8))) for _ in range(5)]
        summary = " ".join(rng.choice(words, 5))
        found = [scores.rouge([summary], [sentence]) for sentence in sentences]
        alone = np.array([score["ROUGE-1"] + score["ROUGE-2"] for score in found])
        (picked,) = scores.pick_oracle([sentences], [summary])
        assert alone[picked].max() == pytest.approx(alone.max())


def test_picked_sentences_keep_the_order_of_the_document():
    documents = [DOCUMENT, DOCUMENT[:1]]
    ratings = np.array([[0.2, 0.1, 0.9, 1.0], [0.1, 0.9, 0.9, 0.9]])  # padded ratings do not count
    picked = scores.pick_best(documents, ratings, 2)
    assert [mask.tolist() for mask in picked] == [[True, False, True], [True]]
    joined = scores.join_picked(documents, picked)
    assert joined == ["The cat sat. A red fish swims.", "The cat sat."]


def test_of_equal_ratings_the_first_are_picked():
    picked = scores.pick_best([DOCUMENT], [np.zeros(3)], 2)
    assert picked[0].tolist() == [True, True, False]


def test_baselines_pick_without_reading():
    longer = [*DOCUMENT, "Four words are here."]
    table = scores.summary_baselines([longer], ["The cat sat."], number=1, seed=0)
    assert list(table) == ["random sentences", "first sentence", "first 3 sentences"]
    assert table["first sentence"] == {"ROUGE-1": 1, "ROUGE-2": 1, "ROUGE-L": 1, "words": 3}
    assert table["first 3 sentences"]["ROUGE-1"] == pytest.approx(2 * 3 / (10 + 3))
    assert table["first 3 sentences"]["words"] == 10

    three = scores.summary_baselines([longer], ["The cat sat."], number=3)
    assert list(three) == ["random sentences", "first 3 sentences"]
