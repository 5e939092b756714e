"""What commands share: options, the log on stderr, progress, and the options of training data."""
