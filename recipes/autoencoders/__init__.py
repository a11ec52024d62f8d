"""Autoencoders: networks that give back their input, and what else comes of it."""
