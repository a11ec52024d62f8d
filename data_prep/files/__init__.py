"""Files of examples: found with their labels, and .npz files read."""
