"""Autoencoders: networks that give back their input, and what else comes of it."""
"""Autoencoders: networks that say an input again through a code of few numbers."""
