"""A synthetic town: its scene, its true orthomosaic, photographs with their metadata, exact true outlines."""

from geoloc.town.picture.frame import TownError
from geoloc.town.town import Flight, Town, TrueObject, build

__all__ = ["Flight", "Town", "TownError", "TrueObject", "build"]
