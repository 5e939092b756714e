"""Answers as values, as rows of vector files and as pictures."""
