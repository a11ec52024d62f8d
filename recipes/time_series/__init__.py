"""Time series: forecasts, directions, classes and the next frames."""
