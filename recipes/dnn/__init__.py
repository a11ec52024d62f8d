"""Dense networks, and what "deep" changes."""
