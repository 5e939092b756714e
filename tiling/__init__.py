"""Pixel boxes, grids, mosaics and the plan of search windows. Knows no torch."""
