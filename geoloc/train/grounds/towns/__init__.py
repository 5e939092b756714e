"""Synthetic towns to train on: their cameras, the maker of a town, and folders that many processes read at once."""
