"""Deep learning recipes: one page each, built, trained and scored."""

__version__ = "0.2.0"
