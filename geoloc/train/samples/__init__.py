"""Training examples drawn from grounds: queries by simulated and real cameras, windows, batches of both."""
