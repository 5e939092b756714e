"""How much ground a user's mosaic has, to train on and to keep apart; known before any pixel is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from geoloc.errors import TrainingError

if TYPE_CHECKING:
    import pyproj
    from shapely.geometry.base import BaseGeometry

    from tiling.mosaic import Mosaic

HELD_OUT_SHARE = 0.25
"""The part of a mosaic, and the upper part of a posed one by rows, that is never trained on."""
WIDE = 2.0
"""A mosaic that is wider than high by this, such as a road or a river from west to east, is parted across: its northern
quarter would be a strip."""
LEAST_SIDE_M = 20.0
"""Strips narrower than this are no use: a query shows more."""
LEAST_SEARCHED_M = 60.0
"""Side of the ground, metres, on which searches can be tried: half of what they search where there is enough."""


def metric_footprint(mosaic: Mosaic) -> tuple[BaseGeometry, pyproj.CRS]:
    """Return where a mosaic has pixels in a CRS of metres, and that CRS: square wherever it lies and however turned."""
    from tiling.grid import WGS84, as_crs, project

    middle = mosaic.footprint.centroid
    crs = as_crs(f"+proj=laea +lat_0={middle.y!r} +lon_0={middle.x!r} +datum=WGS84 +units=m")
    return project(mosaic.footprint, WGS84, crs), crs


@dataclass(frozen=True, slots=True)
class Division:
    """What of a mosaic is kept apart, and what is left to train on.

    Attributes:
        side: "northern", or "eastern" where the mosaic is `WIDE`.
        apart: west, south, east, north in metres of what is kept apart: `HELD_OUT_SHARE` of the ground.
        rest: the same of the rest.
    """

    side: str
    apart: tuple[float, float, float, float]
    rest: tuple[float, float, float, float]


def divide(footprint: BaseGeometry) -> Division:
    """Divide a mosaic by its area, not by its bounds: a turned or ragged one has little in its corner.

    Args:
        footprint: in a CRS of metres, see `metric_footprint`.
    """
    from shapely.geometry import box

    west, south, east, north = footprint.bounds
    wide = east - west > WIDE * (north - south)
    low, high = (west, east) if wide else (south, north)
    for _ in range(30):
        middle = (low + high) / 2
        beyond = box(middle, south, east, north) if wide else box(west, middle, east, north)
        area = footprint.intersection(beyond).area
        low, high = (middle, high) if area > HELD_OUT_SHARE * footprint.area else (low, middle)
    if wide:
        return Division("eastern", (low, south, east, north), (west, south, low, north))
    return Division("northern", (west, low, east, north), (west, south, east, low))


def check_extent(paths: Sequence[Path], *, searched: bool) -> None:
    """Refuse a mosaic that is too small to keep a part of it apart, in the time that it takes to open it.

    Args:
        paths: together one mosaic.
        searched: whether searches are to be tried on the part that is kept apart.

    Raises:
        MosaicError: the mosaic cannot be read.
        TrainingError: it is too small; the text says how large it would have to be.
    """
    from tiling.mosaic import open_mosaic

    with open_mosaic(list(paths)) as mosaic:
        footprint, _ = metric_footprint(mosaic)
    division = divide(footprint)
    least_m = LEAST_SEARCHED_M if searched else LEAST_SIDE_M
    west, south, east, north = division.apart
    sides_m = np.array([east - west, north - south])
    # What is cut into pixels may be one of them larger.
    if sides_m.min() >= least_m - 1:
        return
    west, south, east, north = footprint.bounds
    needed_m = np.array([east - west, north - south]) * np.maximum(1.0, least_m / sides_m)
    way_out = "give a larger mosaic" + (", or --trials 0, which leaves what scores mean as it is" if searched else "")
    raise TrainingError(
        f"{paths[0]}: too small: its {division.side} quarter, which is kept apart, is {sides_m[0]:.0f} m x"
        f" {sides_m[1]:.0f} m, and {least_m:.0f} m each way are needed, so {needed_m[0]:.0f} m x {needed_m[1]:.0f} m in"
        f" all; {way_out}"
    )
