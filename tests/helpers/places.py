"""Grids all over the world, for property tests."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyproj
from affine import Affine
from hypothesis import strategies as st

from tiling.grid import Grid

Write = Callable[..., Path]
"""The type of the fixture `write`."""

UTM = "EPSG:32633"
"""CRS of rasters that might be anywhere."""
NORTH_UP = Affine(0.2, 0, 500_000, 0, -0.2, 5_400_000)
"""Geotransform of such rasters: pixels of 0.2 m."""

PLACES: dict[int, tuple[float, float]] = {
    32615: (-92.0, 46.8),
    32733: (15.0, -33.9),
    3857: (19.0, 64.0),
    4326: (8.5, 47.4),
    2180: (19.9, 50.1),
    2193: (174.8, -41.3),
    3832: (179.999, -17.0),
}
"""EPSG code and a place (lon, lat) that it is used for."""


def grid_at(epsg: int, pixel_m: float, side: int, *, angle: float = 0.0, aspect: float = 1.0, mirror: int = -1) -> Grid:
    """A grid of side x side pixels about `pixel_m` metres wide (and `aspect` times as high), turned by `angle` degrees.

    mirror: -1 for rows that go down (south), as is usual, 1 for south-up.
    """
    lon, lat = PLACES[epsg]
    crs = pyproj.CRS.from_epsg(epsg)
    x, y = pyproj.Transformer.from_crs(4326, crs, always_xy=True).transform(lon, lat)
    metre = 1.0
    if epsg == 4326:
        metre = 1 / 111_320
    elif epsg in (3857, 3832):
        metre = 1 / math.cos(math.radians(lat))
    scale = pixel_m * metre
    affine = Affine.translation(x, y) * Affine.rotation(angle) * Affine.scale(scale, mirror * scale * aspect)
    return Grid(crs, affine, side, side)


@st.composite
def grids(draw: Any, side: int = 4000) -> Grid:
    """Any CRS, turn, mirroring, pixel size and shape."""
    angle = draw(st.one_of(st.sampled_from([0.0, 30.0, 90.0, 120.0, 180.0, 270.0]), st.floats(0, 360)))
    return grid_at(
        draw(st.sampled_from(list(PLACES))),
        draw(st.floats(0.02, 2.0)),
        side,
        angle=angle,
        aspect=draw(st.floats(0.4, 2.5)),
        mirror=draw(st.sampled_from([-1, 1])),
    )
