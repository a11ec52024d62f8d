"""Scores of texts: n-gram models against their formula, and the bag of words."""

import numpy as np
import pytest

import data_prep
from recipes import scores


def test_unigram_bits_are_the_entropy_of_the_counts_with_room_for_the_unseen():
    train = [0] * 6 + [1] * 2
    # Two kinds were seen, so that 2 of 10 parts are divided equally among all four tokens.
    likely = np.array([6 + 2 / 4, 2 + 2 / 4, 2 / 4, 2 / 4]) / 10
    for token in range(4):
        found = scores.ngram_bits(train, [token], 1, 4)
        assert found == pytest.approx(-np.log2(likely[token]))
    assert likely.sum() == pytest.approx(1)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_ngram_probabilities_of_all_tokens_sum_to_one(order):
    rng = np.random.default_rng(0)
    train, before = rng.integers(5, size=60), [3, 1, 4]
    bits = [scores.ngram_bits(train, before, order, 5)]
    sums = sum(
        2 ** (3 * bits[0] - 4 * scores.ngram_bits(train, [*before, token], order, 5))
        for token in range(5)
    )
    assert sums == pytest.approx(1)


def test_ngrams_follow_the_formula_token_by_token():
    train, test, size, order = [0, 1, 0, 1, 2, 0, 1, 1], [1, 0, 1, 2, 1], 3, 3

    def probability(token, before):
        lower = 1 / size if not before else probability(token, before[1:])
        places = range(len(train) - len(before))
        following = [
            train[i + len(before)] for i in places if train[i : i + len(before)] == list(before)
        ]
        if not following:
            return lower
        kinds = len(set(following))
        return (following.count(token) + kinds * lower) / (len(following) + kinds)

    bits = [-np.log2(probability(t, test[max(0, i - order + 1) : i])) for i, t in enumerate(test)]
    assert scores.ngram_bits(train, test, order, size) == pytest.approx(np.mean(bits))


def test_long_ngrams_predict_a_text_that_repeats():
    text = [0, 1, 2, 3] * 200
    assert scores.ngram_bits(text, text, 1, 4) > 1.9
    assert scores.ngram_bits(text, text, 3, 4) < 0.05
    with pytest.raises(ValueError, match="n-grams of 0 tokens"):
        scores.ngram_bits(text, text, 0, 4)


def bag(*texts):
    """Texts of ids padded to length 4, and their classes: 1 where id 5 is among them."""
    ids = np.array([(text + [0] * 4)[:4] for text in texts])
    return data_prep.Part(ids, (ids == 5).any(axis=1).astype(int))


def test_a_bag_of_words_sees_which_ids_a_text_has_but_not_where():
    texts = [5, 2], [3, 5], [2, 3], [3], [4, 5], [4, 2], [5], [2, 4, 3]
    train = bag(*texts * 20)
    test = bag([2, 5], [7, 5], [3, 2], [2])  # id 7 is in no training text
    data = data_prep.Dataset("toy", "here", train, train, test, classes=("a", "b"))
    found = scores.text_baselines(data, ["bag of words"])["bag of words"]
    assert found == {"accuracy": 1.0, "AUC": 1.0, "accuracy of a": 1.0, "accuracy of b": 1.0}
    order = data_prep.Part(np.array([[2, 3], [3, 2]] * 4), np.array([0, 1] * 4))
    data = data_prep.Dataset("toy", "here", order, order, order, classes=("a", "b"))
    assert scores.text_baselines(data, ["bag of words"])["bag of words"]["accuracy"] == 0.5, (
        "the same words in another order"
    )


def test_a_bag_of_words_leaves_padding_out():
    # The texts of one class are shorter: padding alone would tell the classes apart.
    train = data_prep.Part(np.array([[2, 2, 2, 2], [2, 0, 0, 0]] * 4), np.array([0, 1] * 4))
    data = data_prep.Dataset("toy", "here", train, train, train, classes=("a", "b"))
    assert scores.text_baselines(data, ["bag of words"])["bag of words"]["accuracy"] == 0.5
