"""Attention over a plan: a first pass over windows, a second look at the likeliest places, a close look at the best."""
