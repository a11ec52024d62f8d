"""Siamese networks: is it the same class? With classes that were never trained on, too."""
