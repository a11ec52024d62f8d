"""Errors of this package. Each message says what is wrong and what to do."""


class VisualizeError(ValueError):
    """A picture that cannot be drawn."""


class GraphvizNotFoundError(VisualizeError):
    """The Graphviz that was asked for is not there."""


class GraphvizFailedError(VisualizeError):
    """Graphviz was found, and failed.

    Attributes:
        stderr: what Graphviz said.
        code: its exit code, None after a time-out.
        dot_file: path of the graph that it could not draw, kept to look at.
    """

    def __init__(self, message, stderr="", code=None, dot_file=None):
        super().__init__(message)
        self.stderr = stderr
        self.code = code
        self.dot_file = dot_file


class UnbuiltModelError(VisualizeError):
    """The model has no shapes yet."""


class UnsupportedFormatError(VisualizeError):
    """No engine writes this kind of file."""
