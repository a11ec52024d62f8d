"""Games: environments of gymnasium, and how to play them."""
