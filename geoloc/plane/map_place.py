"""A place on the map with all that is known of its errors, in metres on the ground, so that places compare."""

from __future__ import annotations

from dataclasses import dataclass

from geoloc.plane.mixture import Mixture


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
