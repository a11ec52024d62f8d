"""Errors of this package; each message says what is wrong and what to do."""


class VisualizeError(ValueError):
    """A picture that cannot be drawn."""


class GraphvizNotFoundError(VisualizeError):
    """Graphviz was requested, but it is not installed."""


class GraphvizFailedError(VisualizeError):
    """Graphviz was found, but it failed.

    Attributes:
        stderr: the error output of Graphviz.
        code: exit code of Graphviz; None after a time-out.
        dot_file: path of the graph that could not be drawn.
    """

    def __init__(self, message, stderr="", code=None, dot_file=None):
        super().__init__(message)
        self.stderr = stderr
        self.code = code
        self.dot_file = dot_file


class UnbuiltModelError(VisualizeError):
    """The model is not built, so its shapes are unknown."""


class UnsupportedFormatError(VisualizeError):
    """No engine writes files in this format."""
