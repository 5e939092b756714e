"""Training: pairs of query and reference, losses and the loop."""
