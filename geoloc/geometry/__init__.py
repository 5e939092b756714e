"""Geometry beside attention: local features of photo and mosaic carry a click over exactly where they match."""
