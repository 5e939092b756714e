"""A synthetic town: its scene, its true orthomosaic, photographs of it with their metadata, and exact true boxes."""

from geoloc.town.picture.frame import TownError
from geoloc.town.town import Flight, Town, TrueObject, build

__all__ = ["Flight", "Town", "TownError", "TrueObject", "build"]
