"""Dates written in many languages, with the locale data of Babel."""

import datetime

import numpy as np

LANGUAGES = (
    "cs", "da", "de", "el", "en_GB", "en_US", "es", "fi", "fr", "hu", "id",
    "it", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sv", "tr", "uk", "vi",
)  # fmt: skip
FORMATS = ("full", "long", "medium")  # not "short", where day and month can be confused
FIRST_DAY, NUM_DAYS = datetime.date(1950, 1, 1), 36_500
NUM_TRAIN, NUM_TEST = 8_000, 2_000


def dates():
    """10,000 different days within a hundred years, each written in one of 23 languages.

    Returns:
        A DataFrame with the columns source, such as "samedi 9 mars 2024", target, such as
        "2024-03-09", and part, "train" or "test" (a fifth).
    """
    import pandas as pd
    from babel.dates import format_date

    random = np.random.default_rng(0)
    days = random.choice(NUM_DAYS, NUM_TRAIN + NUM_TEST, replace=False)
    languages = random.choice(LANGUAGES, len(days))
    formats = random.choice(FORMATS, len(days))

    rows = []
    for day, language, date_format in zip(days.tolist(), languages, formats, strict=True):
        date = FIRST_DAY + datetime.timedelta(days=day)
        written = format_date(date, format=str(date_format), locale=str(language))
        one_line = " ".join(written.split())  # some locales use special spaces
        rows.append((one_line, date.isoformat()))

    frame = pd.DataFrame(rows, columns=["source", "target"], dtype=object)
    return frame.assign(part=np.repeat(["train", "test"], [NUM_TRAIN, NUM_TEST]))
