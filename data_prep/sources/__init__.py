"""Named data: from installed libraries, downloaded by Keras, or generated."""
