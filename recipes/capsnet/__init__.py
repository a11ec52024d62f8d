"""Capsule networks: a group of units detects a part, and its vector tells how the part looks."""
