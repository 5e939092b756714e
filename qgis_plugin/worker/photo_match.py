# SPDX-License-Identifier: GPL-2.0-or-later
"""What is known of photos that were matched with the map, and which of them see a place best.

Standard library only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Callable, Iterable, Optional

from .mapping import PhotoMapping, Point

CAMERA, FOOTPRINT = "camera", "footprint"
"""Kinds of features that the worker tells of a photo's pose."""
_EARTH_M = 6371008.8


@dataclass(frozen=True)
class PhotoMatch:
    """A photo that was looked for on the map.

    Attributes:
        path: of the photo.
        asked: fields of the request that matched it, without the photo.
        mapping: the way to the map; None where local features verify nothing, or the photo could not be used.
        features: GeoJSON features in WGS 84 of its camera and of the ground that it shows.
        inliers: matches that agree.
        error: why the photo could not be used; empty otherwise.
    """

    path: str
    asked: dict
    mapping: Optional[PhotoMapping] = None
    features: tuple[dict, ...] = ()
    inliers: int = 0
    error: str = ""

    @classmethod
    def of(cls, path: str, result: dict, asked: dict) -> PhotoMatch:
        """Return what the worker's result of a request `match` tells of a photo; see the class.

        Raises:
            KeyError, TypeError, ValueError: the result is none.
        """
        if result["status"] != "found":
            return cls(path, asked)
        features = tuple(result["pose"]["features"])
        return cls(path, asked, PhotoMapping.of(result["mapping"]), features, int(result["inliers"]))

    def feature(self, kind: str) -> dict | None:
        """Return the feature of a kind, with its shape; None where there is none."""
        same = (one for one in self.features if one["properties"].get("kind") == kind and one.get("geometry"))
        return next(same, None)


@dataclass(frozen=True)
class PhotoSight:
    """A photo that sees a place.

    Attributes:
        match: which photo.
        pixel: where in it.
        distance_m: from its camera to the place, through the air.
        from_above_deg: how the line of sight leaves straight down, degrees.
    """

    match: PhotoMatch
    pixel: Point
    distance_m: float
    from_above_deg: float

    @property
    def foreshortened_m(self) -> float:
        """The distance, as much longer as the ground is seen foreshortened: near and from above is the least."""
        return self.distance_m / max(math.cos(math.radians(self.from_above_deg)), 1e-6)


def photos_that_see(
    matches: Iterable[PhotoMatch], lonlat: Point, place_in: Callable[[str], Point | None]
) -> list[PhotoSight]:
    """Return the photos that see a place, nearest and most from above first.

    Args:
        matches: photos to ask.
        lonlat: the place, longitude and latitude.
        place_in: the same place in a CRS that a mapping names; None where it has no such place.
    """
    sights = []
    for match in matches:
        place = None if match.mapping is None else place_in(match.mapping.crs)
        pixel = None if place is None else match.mapping.to_photo(*place)
        camera = match.feature(CAMERA)
        if pixel is None or camera is None or not match.mapping.holds(*pixel):
            continue
        along = _metres_between(camera["geometry"]["coordinates"], lonlat)
        height = max(float(camera["properties"].get("height_m") or 0.0), 0.1)
        angle = math.degrees(math.atan2(along, height))
        sights.append(PhotoSight(match, pixel, math.hypot(along, height), angle))
    return sorted(sights, key=lambda sight: (sight.foreshortened_m, sight.match.path))


def _metres_between(one: Point, other: Point) -> float:
    """Return the distance between longitudes and latitudes a few kilometres apart, on a sphere."""
    along = math.radians((other[0] - one[0] + 180) % 360 - 180) * math.cos(math.radians((one[1] + other[1]) / 2))
    return _EARTH_M * math.hypot(along, math.radians(other[1] - one[1]))
