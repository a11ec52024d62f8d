"""Plots of what training gave."""
