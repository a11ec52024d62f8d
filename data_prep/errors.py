"""The error that every reader and splitter of this package raises on bad input."""


class DataError(ValueError):
    """Data that cannot be used: the message says what is wrong, where, and what to do."""
