"""Scores of written texts against values computed by hand, and the trivial answers."""

import math
import sys

import numpy as np
import pytest

from recipes import scores


def test_bleu_is_the_geometric_mean_of_precisions_with_a_penalty_for_short_texts():
    # Of 5, 4, 3 and 2 n-grams, 5, 3, 2 and 1 are in the reference, which has 6 words.
    reference, text = "the cat sat on the mat", "the cat sat on mat"
    precisions = [5 / 5, 3 / 4, 2 / 3, 1 / 2]
    expected = 100 * math.exp(1 - 6 / 5) * math.prod(precisions) ** (1 / 4)
    found = scores.translation([reference], [text])
    assert found["BLEU"] == pytest.approx(expected)
    assert found["exact match"] == 0


def test_bleu_counts_over_the_whole_corpus():
    # Of the first text 4 of 5 words are right, 3 of 4 pairs, ...; of the second all.
    references = ["a b c d e", "p q r s"]
    texts = ["a b c d x", "p q r s"]
    counts = [(8, 9), (6, 7), (4, 5), (2, 3)]
    expected = 100 * math.prod(hits / all_ for hits, all_ in counts) ** (1 / 4)
    assert scores.translation(references, texts)["BLEU"] == pytest.approx(expected)


def test_chrf_is_the_f_score_of_character_ngrams_where_recall_counts_twice():
    # Six characters against five, spaces left out: all but the last 1-gram, 2-gram, ... agree.
    reference, text = "ab cdef", "abcde"
    precisions = [1, 1, 1, 1, 1]
    recalls = [5 / 6, 4 / 5, 3 / 4, 2 / 3, 1 / 2]
    precision, recall = np.mean(precisions), np.mean(recalls)
    # sacrebleu averages over the orders that both texts have.
    expected = 100 * 5 * precision * recall / (4 * precision + recall)
    assert scores.translation([reference], [text])["chrF"] == pytest.approx(expected)


def test_equal_texts_have_the_best_scores():
    texts = ["a dog runs over the grass .", "Two men sit on a bench ."]
    found = scores.translation(texts, texts)
    assert found == pytest.approx({"exact match": 1, "chrF": 100, "BLEU": 100})
    assert all(type(value) is float for value in found.values())


def test_one_of_several_references_is_enough():
    references = [("a red dog on the grass", "one red dog on some grass"), ["two men sit here now"]]
    texts = ["one red dog on some grass", "two men sit here now"]
    found = scores.translation(np.array([*references, ""], object)[:2], texts)
    assert found == pytest.approx({"exact match": 1, "chrF": 100, "BLEU": 100})
    first_alone = scores.translation([reference[0] for reference in references], texts)
    assert first_alone["exact match"] == 0.5
    assert first_alone["BLEU"] < 100


def test_an_empty_text_matches_nothing_but_an_empty_reference():
    found = scores.translation(["a b c d", ""], ["", ""])
    assert found == {"exact match": 0.5, "chrF": 0, "BLEU": 0}


def test_a_missing_text_lowers_the_scores_of_the_others():
    whole = scores.translation(["a b c d e"], ["a b c d e"])
    half = scores.translation(["a b c d e"] * 2, ["a b c d e", ""])
    assert half["BLEU"] == pytest.approx(whole["BLEU"] * math.exp(1 - 2))
    assert half["chrF"] < whole["chrF"]


def test_short_texts_have_no_bleu_and_an_exact_match():
    found = scores.translation(["chien rouge"], ["chien rouge"])
    assert found["exact match"] == 1
    assert found["BLEU"] == 0


def test_signatures_name_the_settings_and_the_number_of_references():
    found = scores.signatures()
    assert set(found) == {"BLEU", "chrF"}
    assert found["BLEU"].startswith("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:")
    assert found["chrF"].startswith("nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:")
    assert scores.signatures([("a", "b"), ("c", "d")])["BLEU"].startswith("nrefs:2|")
    assert scores.signatures([("a", "b"), "c"])["BLEU"].startswith("nrefs:var|")


def test_rouge_is_the_f_score_of_words_pairs_and_the_longest_subsequence():
    # 4 of 4 words are in the reference of 5, 1 of 3 pairs, and "the cat sat" or "the cat ran".
    reference, text = "The cat ran and sat.", "the cat sat ran"
    expected = {
        "ROUGE-1": 2 * 4 / (4 + 5),
        "ROUGE-2": 2 * 1 / (3 + 4),
        "ROUGE-L": 2 * 3 / (4 + 5),
    }
    assert scores.rouge([reference], [text]) == pytest.approx(expected)
    halved = {name: value / 2 for name, value in expected.items()}
    assert scores.rouge([reference] * 2, [text, ""]) == pytest.approx(halved)
    assert scores.rouge([""], [""]) == {"ROUGE-1": 0, "ROUGE-2": 0, "ROUGE-L": 0}


def test_the_nearest_training_source_gives_its_answer():
    sources = ["I am tired.", "You are late.", "Where is Tom?"]
    targets = ["Je suis fatigué.", "Tu es en retard.", "Où est Tom ?"]
    asked = ["WHERE IS MARY?", "You're tired.", "我"]
    found = scores.nearest_answers(sources, targets, asked)
    assert found == [targets[2], targets[0], targets[0]]


def test_blocks_do_not_change_the_nearest_answers(monkeypatch):
    random = np.random.default_rng(0)
    texts = ["".join(random.choice(list("abcde"), 8)) for _ in range(60)]
    targets = [f"answer {number}" for number in range(40)]
    expected = scores.nearest_answers(texts[:40], targets, texts[40:])
    monkeypatch.setattr(sys.modules[scores.translation.__module__], "BLOCK_SIZE", 80)
    assert scores.nearest_answers(texts[:40], targets, texts[40:]) == expected
    assert len(set(expected)) > 5


def test_the_most_frequent_answer():
    assert scores.most_frequent_answer(["a", "b", "b", "c", "c"]) == "b"
    with pytest.raises(ValueError, match="no texts"):
        scores.most_frequent_answer([])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: scores.translation(["a"], ["a", "b"]), "2 texts for 1 references"),
        (lambda: scores.translation([], []), "0 texts for 0 references"),
        (lambda: scores.translation([[]], ["a"]), "text 0 has no reference"),
        (lambda: scores.rouge(["a", "b"], ["a"]), "1 texts for 2 references"),
        (lambda: scores.nearest_answers(["a"], ["b", "c"], ["d"]), "1 texts for 2 references"),
    ],
)
def test_bad_texts_are_refused_in_one_sentence(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
