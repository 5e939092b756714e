"""A place on the map with all that is known of its errors, in metres on the ground, so that places compare."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoloc.plane.mixture import Mixture
from tiling.grid import GEOD


@dataclass(frozen=True, slots=True)
class LocalFrame:
    """Metres east and north of a point, by the geodesic to it: the azimuthal equidistant projection.

    Attributes:
        lon: of the point, degrees in WGS 84.
        lat: of the point.
    """

    lon: float
    lat: float

    def metres(self, lon: float, lat: float) -> NDArray[np.float64]:
        """Return where a place is, (east, north)."""
        azimuth, _, distance = GEOD.inv(self.lon, self.lat, lon, lat)
        turn = math.radians(azimuth)
        return np.array([distance * math.sin(turn), distance * math.cos(turn)])

    def lonlat(self, metres: NDArray[np.float64]) -> tuple[float, float]:
        """Return the longitude and latitude of a place, (east, north) in metres."""
        azimuth = math.degrees(math.atan2(metres[0], metres[1]))
        lon, lat, _ = GEOD.fwd(self.lon, self.lat, azimuth, float(np.hypot(*metres)))
        return lon, lat


@dataclass(frozen=True, slots=True, eq=False)
class MapPlace:
    """Where an object is, if it is what was looked for.

    Attributes:
        lon: degrees in WGS 84 of the point that `spread` counts from.
        lat: of the same.
        sure: how probably it is what was looked for, [0, 1]; how near it is, `spread` says.
        spread: distribution of the object's middle, metres east and north of that point.
    """

    lon: float
    lat: float
    sure: float
    spread: Mixture

    def radius(self, lon: float, lat: float, holding: float) -> float:
        """Return within how many metres of a point the object's middle is with a probability.

        Args:
            lon: of the point, degrees in WGS 84.
            lat: of the same.
            holding: the probability, below 1.
        """
        return self.spread.radius(LocalFrame(self.lon, self.lat).metres(lon, lat), holding)
