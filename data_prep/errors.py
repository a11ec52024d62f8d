"""The error that every reader and splitter of this package raises on bad input."""


class DataError(ValueError):
    """Data that cannot be used: the message says what is wrong, where, and what to do."""


def first_line(error):
    """First line of an error's text, or its type where it has none."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
