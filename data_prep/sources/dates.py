"""Dates as people of many languages write them, from the tables of Babel."""

import datetime

import numpy as np

LANGUAGES = (
    "cs", "da", "de", "el", "en_GB", "en_US", "es", "fi", "fr", "hu", "id",
    "it", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sv", "tr", "uk", "vi",
)  # fmt: skip
FORMATS = ("full", "long", "medium")  # "short" leaves open what is the day and what the month
FIRST, DAYS = datetime.date(1950, 1, 1), 36_500


def dates():
    """10,000 different days of a hundred years, each written in one of 23 languages.

    Returns:
        A DataFrame: source, such as "samedi 9 mars 2024", target, such as "2024-03-09", and part,
        "train" or "test" (a fifth).
    """
    import pandas as pd
    from babel.dates import format_date

    random = np.random.default_rng(0)
    days = random.choice(DAYS, 10_000, replace=False)
    languages = random.choice(LANGUAGES, len(days))
    formats = random.choice(FORMATS, len(days))
    rows = []
    for day, language, form in zip(days.tolist(), languages, formats, strict=True):
        date = FIRST + datetime.timedelta(days=day)
        written = format_date(date, format=str(form), locale=str(language))
        rows.append((" ".join(written.split()), date.isoformat()))
    frame = pd.DataFrame(rows, columns=["source", "target"], dtype=object)
    return frame.assign(part=np.repeat(["train", "test"], [8000, 2000]))
