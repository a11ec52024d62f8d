"""Generative adversarial networks: two networks, one that draws and one that judges."""
