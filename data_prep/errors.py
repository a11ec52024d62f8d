"""The error that every reader and splitter of this package raises for bad input."""


class DataError(ValueError):
    """Data that cannot be used. The message says what is wrong, where, and what to do."""


def first_line(error):
    """First line of an error's message, or the error's type if it has no message."""
    message = str(error).strip() or type(error).__name__
    return message.splitlines()[0]
