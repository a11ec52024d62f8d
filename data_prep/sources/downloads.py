"""Data that Keras downloads once and stores in its own folder."""

from data_prep.errors import DataError, first_line

NPZ_ADVICE = "--data path/to/{name}.npz with x_train, y_train, x_test, y_test"
IMDB_ADVICE = (
    '--data path/to/imdb, a folder with imdb_train.jsonl and imdb_test.jsonl: {{"text": ..., '
    '"label": ...}} in each line'
)


def mnist():
    """Handwritten digits, bytes (images, 28, 28)."""
    return _download("mnist", NPZ_ADVICE)


def fashion_mnist():
    """Photos of clothes, bytes (images, 28, 28)."""
    return _download("fashion_mnist", NPZ_ADVICE)


def imdb():
    """Film reviews as a DataFrame: text (in lower case, no punctuation), label, part.

    Keras stores the reviews as word numbers. It checks the hash of its file before it unpickles it.
    """
    import numpy as np
    import pandas as pd

    x_train, y_train, x_test, y_test = _download("imdb", IMDB_ADVICE, index_from=3)
    word_of = {number + 3: word for word, number in _word_index().items()}

    texts = []
    for review in [*x_train, *x_test]:
        # Words have numbers from 4 on. Smaller numbers mark the start and unknown words.
        words = [word_of.get(number, "") for number in review if number > 3]
        texts.append(" ".join(words))

    labels = np.concatenate([y_train, y_test])
    return pd.DataFrame(
        {
            "text": np.array(texts, dtype=object),
            "label": np.array(["negative", "positive"])[labels],
            "part": np.repeat(["train", "test"], [len(y_train), len(y_test)]),
        }
    )


def _word_index():
    """{word: number} of the reviews."""
    import keras

    try:
        return keras.datasets.imdb.get_word_index()
    except Exception as error:
        raise _no_download("imdb", error, IMDB_ADVICE) from error


def _download(name, advice, **options):
    """(x_train, y_train, x_test, y_test) of a module of keras.datasets."""
    import keras

    try:
        train, test = getattr(keras.datasets, name).load_data(**options)
    except Exception as error:  # Keras raises a bare Exception if the download fails
        raise _no_download(name, error, advice) from error
    return *train, *test


def _no_download(name, error, advice):
    return DataError(
        f"{name!r} could not be downloaded ({first_line(error)}); give it as a file instead: "
        f"{advice.format(name=name)}."
    )
