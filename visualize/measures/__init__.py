"""What is measured in a model: layers, gradients, units."""
