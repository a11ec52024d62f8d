"""Keras Recipes: one short page of Keras 3 code for every topic of the notes."""
