"""A model drawn as a graph."""
