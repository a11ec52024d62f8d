"""The pictures of the study notes."""
