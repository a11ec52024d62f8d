"""Reinforcement learning: networks that play games."""
