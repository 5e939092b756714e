"""Learning from batches: losses, the loop, descriptors, curves, and checkpoints in small files."""
