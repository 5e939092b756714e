"""A synthetic town: its scene, its true orthomosaic, photographs of it with their metadata, and the exact outlines of what they show."""

from geoloc.town.picture.frame import TownError
from geoloc.town.town import Flight, Town, TrueObject, build

__all__ = ["Flight", "Town", "TownError", "TrueObject", "build"]
