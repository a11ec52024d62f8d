"""Data that Keras downloads once and keeps in its own folder."""

from data_prep.errors import DataError

NPZ_ADVICE = "--data path/to/{name}.npz with x_train, y_train, x_test, y_test"
IMDB_ADVICE = (
    '--data path/to/imdb, a folder with imdb_train.jsonl and imdb_test.jsonl: {{"text": ..., '
    '"label": ...}} in each line'
)


def mnist():
    """28 x 28 handwritten digits, bytes."""
    return _download("mnist", NPZ_ADVICE)


def fashion_mnist():
    """28 x 28 photos of clothes, bytes."""
    return _download("fashion_mnist", NPZ_ADVICE)


def imdb():
    """Film reviews as a DataFrame: text (in lower case, no punctuation), label, part.

    Keras keeps the reviews as word numbers in a file whose hash it checks, and unpickles it.
    """
    import numpy as np
    import pandas as pd

    x_train, y_train, x_test, y_test = _download("imdb", IMDB_ADVICE, index_from=3)
    word_of = {number + 3: word for word, number in _word_index().items()}
    texts = [
        # 1 is the start of a review; words have numbers from 4 on.
        " ".join(word_of.get(number, "") for number in review if number > 3)
        for review in [*x_train, *x_test]
    ]
    return pd.DataFrame(
        {
            "text": np.array(texts, dtype=object),
            "label": np.array(["negative", "positive"])[np.concatenate([y_train, y_test])],
            "part": np.repeat(["train", "test"], [len(y_train), len(y_test)]),
        }
    )


def _word_index():
    import keras

    try:
        return keras.datasets.imdb.get_word_index()
    except Exception as error:
        raise _no_download("imdb", error, IMDB_ADVICE) from error


def _download(name, advice, **options):
    import keras

    try:
        train, test = getattr(keras.datasets, name).load_data(**options)
    except Exception as error:  # Keras raises a bare Exception where the download fails
        raise _no_download(name, error, advice) from error
    return *train, *test


def _no_download(name, error, advice):
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return DataError(
        f"{name!r} could not be downloaded ({reason}); give it as a file instead: "
        f"{advice.format(name=name)}."
    )
