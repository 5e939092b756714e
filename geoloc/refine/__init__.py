"""Geometry beside attention: local features carry a click over exactly where they match; see docs/geometry.md."""

from geoloc.refine.refine import METHOD, Refiner

__all__ = ["METHOD", "Refiner"]
