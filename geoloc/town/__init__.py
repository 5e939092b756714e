"""A synthetic town: its scene, its true orthomosaic, photographs with their metadata, exact true outlines.

The names below are loaded when they are first used: a scene and its pictures need no raster library, files do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiling.lazy import lazily

__all__ = ["Flight", "Town", "TownError", "TrueObject", "build"]

if TYPE_CHECKING:
    from geoloc.town.picture.frame import TownError
    from geoloc.town.town import Flight, Town, TrueObject, build

_HOMES = {
    "TownError": "geoloc.town.picture.frame",
    **dict.fromkeys(("Flight", "Town", "TrueObject", "build"), "geoloc.town.town"),
}
"""The module of each name."""

__getattr__, __dir__ = lazily(__name__, _HOMES)
