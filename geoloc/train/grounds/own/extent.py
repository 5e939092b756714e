"""How much ground a user's mosaic has, to train on and to keep apart; known before any pixel is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from geoloc.errors import TrainingError

if TYPE_CHECKING:
    import pyproj
    from shapely.geometry.base import BaseGeometry

    from tiling.mosaic import Mosaic

HELD_OUT_SHARE = 0.25
"""The northern part of a mosaic, and the upper part of a posed one by rows, that is never trained on."""
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


def dividing_northing(footprint: BaseGeometry) -> float:
    """Return the northing above which `HELD_OUT_SHARE` lies: a turned or ragged mosaic has little in its corner."""
    from shapely.geometry import box

    west, south, east, north = footprint.bounds
    low, high = south, north
    for _ in range(30):
        middle = (low + high) / 2
        above = footprint.intersection(box(west, middle, east, north)).area
        low, high = (middle, high) if above > HELD_OUT_SHARE * footprint.area else (low, middle)
    return low


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
    west, south, east, north = footprint.bounds
    least_m = LEAST_SEARCHED_M if searched else LEAST_SIDE_M
    across_m, up_m = east - west, north - dividing_northing(footprint)
    # What is cut into pixels may be one of them larger.
    if min(across_m, up_m) >= least_m - 1:
        return
    needed_m = (north - south) * max(1.0, least_m / up_m)
    way_out = "give a larger mosaic" + (", or --trials 0, which leaves what scores mean as it is" if searched else "")
    raise TrainingError(
        f"{paths[0]}: too small: its northern quarter, which is kept apart, is {across_m:.0f} m x {up_m:.0f} m, and"
        f" {least_m:.0f} m each way are needed, so {max(across_m, least_m):.0f} m x {needed_m:.0f} m in all; {way_out}"
    )
