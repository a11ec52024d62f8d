"""Measurements of a model: its layers, gradients and units."""
