"""How large an outline is on the ground, and which way it lies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.polygon import orient

from tiling.grid import GEOD, WGS84, project


@dataclass(frozen=True, slots=True)
class Measures:
    """The size of an outline on the ground.

    Attributes:
        area_m2: its area on the WGS 84 ellipsoid, without its holes, square metres.
        length_m: longer side of the smallest rectangle round it, metres.
        width_m: shorter side of that rectangle, metres.
        azimuth_deg: of its longer side, degrees clockwise from true north, in [0, 180).
    """

    area_m2: float
    length_m: float
    width_m: float
    azimuth_deg: float


# What is written of one answer asks for four of these.
@lru_cache(maxsize=64)
def measures_of(polygon: Polygon, crs: Any) -> Measures:
    """Measure an outline.

    The rectangle is the one of least area among metres east and north of the centroid (azimuthal equidistant), where
    an object of a kilometre is longer by less than a millimetre than on the ground.

    Args:
        polygon: in `crs`, not empty.
        crs: anything that pyproj accepts, and that can be a key.

    >>> from shapely.geometry import box
    >>> found = measures_of(box(500000, 5400000, 500040, 5400010), "EPSG:32633")
    >>> round(found.area_m2, 1), round(found.length_m, 2), round(found.width_m, 2), round(found.azimuth_deg)
    (400.3, 40.02, 10.0, 90)
    """
    place = orient(project(polygon, crs, WGS84))
    centre = place.centroid

    def local(points: NDArray[np.float64]) -> NDArray[np.float64]:
        same = np.ones(len(points))
        azimuths, _, metres = GEOD.inv(same * centre.x, same * centre.y, points[:, 0], points[:, 1])
        turns = np.radians(azimuths)
        return np.column_stack([metres * np.sin(turns), metres * np.cos(turns)])

    around = shapely.minimum_rotated_rectangle(shapely.transform(Polygon(place.exterior), local))
    sides = np.diff(np.array(around.exterior.coords)[:3], axis=0)
    lengths = np.hypot(*sides.T)
    east, north = sides[int(np.argmax(lengths))]
    # A hair below 0 is 180.0 after the first remainder.
    azimuth = math.degrees(math.atan2(east, north)) % 180 % 180
    return Measures(
        area_m2=abs(float(GEOD.geometry_area_perimeter(place)[0])),
        length_m=float(lengths.max()),
        width_m=float(lengths.min()),
        azimuth_deg=azimuth,
    )
