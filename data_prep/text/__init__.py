"""Texts from files and named data, and vocabularies that turn them into numbers."""
