"""Custom layers that several recipes need; only keras inside."""
