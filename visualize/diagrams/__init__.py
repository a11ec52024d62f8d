"""Diagrams: a model drawn as a graph."""
