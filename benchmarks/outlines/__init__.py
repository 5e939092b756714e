"""Outlines measured where the truth is known, from places, sizes and drawn boxes that are off as a search's are."""
