"""Benchmarks: how good answers are and how fast, against other methods and against earlier states of the code."""
