"""Attention and transformers: networks in which each word looks at all others."""
