"""Time series: forecasts of the next values and of a direction."""
