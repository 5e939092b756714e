"""Training: grounds, samples drawn from them, the loop that fits a network, and the calibration of its scores."""
