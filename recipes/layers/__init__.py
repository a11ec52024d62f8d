"""Custom layers that several pages need; only keras inside."""
