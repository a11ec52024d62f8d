"""Generative adversarial networks: one network generates, another tells generated from real."""
