"""Autoencoders: a vector is what we care about, and what it is good for."""
