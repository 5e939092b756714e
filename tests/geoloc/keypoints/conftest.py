"""A mosaic with texture."""

from tests.helpers.rough_ground import mosaic

__all__ = ["mosaic"]
