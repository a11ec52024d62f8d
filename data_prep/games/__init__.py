"""Games: open environments of gymnasium and play in them."""
