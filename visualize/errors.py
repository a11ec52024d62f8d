"""Errors of this package. Each message says what is wrong and what to do."""


class VisualizeError(ValueError):
    """A picture that cannot be drawn."""


class GraphvizNotFoundError(VisualizeError):
    """Neither a `dot` program nor the pygraphviz package is there."""


class GraphvizFailedError(VisualizeError):
    """Graphviz was found, and failed."""


class UnbuiltModelError(VisualizeError):
    """The model has no shapes yet."""


class UnsupportedFormatError(VisualizeError):
    """No engine writes this kind of file."""
