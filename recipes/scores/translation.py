"""Scores of texts that a network wrote, such as translations, captions and summaries."""

from collections import Counter

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

ROUGE = {"ROUGE-1": "rouge1", "ROUGE-2": "rouge2", "ROUGE-L": "rougeL"}
BLOCK_SIZE = 10_000_000  # number of similarities that are computed at once


def translation(references, texts):
    """Score texts that a network wrote, such as translations or captions.

    BLEU and chrF are computed by sacrebleu over the whole corpus, with its default settings
    (BLEU-4, tokenisation 13a). If no written text has four words, BLEU is 0. So BLEU tells
    little about dates or single words; there, look at the exact match.

    Args:
        references: the true text of each example, a string; or a list of strings if an example
            has several true texts, (examples,).
        texts: the texts that the network wrote, strings (examples,). An empty text is an exact
            match only if a reference is empty.

    Returns:
        {"exact match": fraction of texts that equal one of their references, 0 to 1,
        "chrF": F-score of character n-grams, 0 to 100, "BLEU": 0 to 100}.
    """
    answers = _reference_lists(references, texts)
    texts = [str(text) for text in texts]
    exact = [text in answer for text, answer in zip(texts, answers, strict=True)]

    columns = _reference_columns(answers)
    score = {"exact match": float(np.mean(exact))}
    for name, metric in _metrics().items():
        score[name] = float(metric.corpus_score(texts, columns).score)
    return score


def signatures(references=("one",)):
    """Signatures of sacrebleu: short strings that tell how it computes chrF and BLEU.

    Only scores with equal signatures can be compared.

    Args:
        references: as in `translation`; only the number of references of each text counts.

    Returns:
        {"chrF": signature, "BLEU": signature}.
    """
    answers = _reference_lists(references, references)
    texts = [answer[0] for answer in answers]
    columns = _reference_columns(answers)

    found = {}
    for name, metric in _metrics().items():
        metric.corpus_score(texts, columns)  # counts the references
        found[name] = str(metric.get_signature())
    return found


def rouge(references, texts):
    """Score summaries by the words that they share with their references.

    The scores are computed by rouge-score, without its stemmer, in lower case. All characters
    other than the letters a to z and digits are ignored, so other alphabets cannot be scored.

    Args:
        references: the reference summaries, strings (examples,).
        texts: the summaries to score, strings (examples,). An empty text scores 0.

    Returns:
        {"ROUGE-1", "ROUGE-2", "ROUGE-L"}: mean F-scores of words, of pairs of neighbouring words
        and of the longest common subsequence of words, 0 to 1.
    """
    from rouge_score.rouge_scorer import RougeScorer

    _check_counts(references, texts)
    scorer = RougeScorer(list(ROUGE.values()))
    rows = []
    for reference, text in zip(references, texts, strict=True):
        found = scorer.score(str(reference), str(text))
        rows.append([found[key].fmeasure for key in ROUGE.values()])
    means = np.mean(rows, axis=0)
    return dict(zip(ROUGE, means.tolist(), strict=True))


def nearest_answers(train_sources, train_targets, sources):
    """Answer each source with the target of the most similar training source.

    This is a baseline: it translates nothing, it only copies training targets. The similarity is
    the cosine of character n-grams (1 to 3), weighted by tf-idf.

    Args:
        train_sources: sources of the training pairs, strings (pairs,).
        train_targets: targets of the training pairs, strings (pairs,).
        sources: the sources to answer, strings (examples,).

    Returns:
        List of strings (examples,). A source that shares no character with the training sources
        gets the most frequent target.
    """
    _check_counts(train_targets, train_sources)
    weighting = TfidfVectorizer(
        analyzer="char", ngram_range=(1, 3), sublinear_tf=True, dtype=np.float32
    )
    known = weighting.fit_transform(train_sources).T.tocsr()  # (n-grams, pairs)
    asked = weighting.transform(sources)  # (examples, n-grams)
    fallback = most_frequent_answer(train_targets)

    answers = []
    block = max(1, BLOCK_SIZE // len(train_sources))
    for start in range(0, len(sources), block):
        similarity = (asked[start : start + block] @ known).toarray()  # (examples, pairs)
        nearest = similarity.argmax(axis=1)
        for row, pair in enumerate(nearest):
            is_similar = similarity[row, pair] > 0
            answers.append(str(train_targets[pair]) if is_similar else fallback)
    return answers


def most_frequent_answer(targets):
    """The most frequent text. Of several that are equally frequent, the first."""
    if len(targets) == 0:
        raise ValueError("no texts are given, so none is the most frequent; give at least one.")
    (answer, _), *_ = Counter(map(str, targets)).most_common(1)
    return answer


def _metrics():
    """{name: metric of sacrebleu}. Each use needs new ones: a metric keeps its references."""
    from sacrebleu.metrics import BLEU, CHRF

    # force: no warning that word pieces and words have spaces around punctuation marks.
    return {"chrF": CHRF(), "BLEU": BLEU(force=True)}


def _reference_lists(references, texts):
    """The references of each text, as a list of one or more strings."""
    _check_counts(references, texts)
    lists = []
    for number, reference in enumerate(references):
        answers = [reference] if isinstance(reference, str) else [str(text) for text in reference]
        if not answers:
            raise ValueError(f"text {number} has no reference; give at least one.")
        lists.append(answers)
    return lists


def _reference_columns(answers):
    """The references as sacrebleu takes them.

    Returns:
        [the first reference of each text, the second reference of each text, ...], with None where
        a text has fewer references.
    """
    most = max(map(len, answers))
    return [
        [answer[place] if place < len(answer) else None for answer in answers]
        for place in range(most)
    ]


def _check_counts(references, texts):
    """Refuse empty lists, and lists of different lengths."""
    if len(texts) == 0 or len(references) != len(texts):
        raise ValueError(
            f"{len(texts)} texts for {len(references)} references; give one reference per text, "
            f"and at least one text."
        )
