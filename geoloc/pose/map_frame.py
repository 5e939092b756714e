"""From the pixels that a photo was matched with to the mosaic's map and back, and to metres about a place."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyproj
from numpy.typing import NDArray

from tiling.grid import WGS84, Grid, mapped, transformer, turns_to, whole_turn

_STEP_PX = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class MapFrame:
    """What a photo was matched with, on the map.

    Attributes:
        grid: the pixels that it was matched with, EPSG:3857.
        crs: of places: the mosaic's, unless `in_crs` made it.
        middle_x: an x of the mosaic in that CRS, in whose turn round the world places are told.
        gsd_m: of the mosaic, metres a pixel.
    """

    grid: Grid
    crs: pyproj.CRS
    middle_x: float
    gsd_m: float

    def in_crs(self, crs: pyproj.CRS) -> MapFrame:
        """Return the same pixels on the map of another CRS."""
        middle = self.grid.affine * (self.grid.width / 2, self.grid.height / 2)
        x, _ = transformer(self.grid.crs, crs).transform(*middle)
        return replace(self, crs=crs, middle_x=float(x))

    def to_map(self, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return places in the mosaic's CRS, N x 2, of pixels of the grid, N x 2; NaN stays NaN."""
        x, y = mapped(self.grid.affine, *pixels.T)
        return _beside(self.crs, self.middle_x, *transformer(self.grid.crs, self.crs).transform(x, y))

    def to_pixels(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return pixels of the grid, N x 2, of places in the mosaic's CRS, N x 2; NaN where there are none."""
        return self._from(self.crs, places)

    def slope(self, pixel: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how places in the mosaic's CRS change with pixels of the grid about one of them, (x, y), 2 x 2."""
        around = self.to_map(pixel + _STEP_PX * np.array([(-1, 0), (1, 0), (0, -1), (0, 1)]))
        return np.asarray((around[1::2] - around[::2]).T / (2 * _STEP_PX))

    def local_crs(self, pixel: NDArray[np.float64]) -> pyproj.CRS:
        """Return metres east and north of a pixel of the grid, true to scale and direction near it."""
        ((x, y),) = np.column_stack(mapped(self.grid.affine, *pixel[None].T))
        lon, lat = transformer(self.grid.crs, WGS84).transform(x, y)
        return pyproj.CRS.from_dict(
            {"proj": "aeqd", "lon_0": lon, "lat_0": lat, "datum": "WGS84", "units": "m", "type": "crs"}
        )

    def to_metres(self, pixels: NDArray[np.float64], local: pyproj.CRS) -> NDArray[np.float64]:
        """Return metres of a `local_crs`, N x 2, of pixels of the grid, N x 2."""
        return np.column_stack(transformer(self.grid.crs, local).transform(*mapped(self.grid.affine, *pixels.T)))

    def metres_to_pixels(self, metres: NDArray[np.float64], local: pyproj.CRS) -> NDArray[np.float64]:
        """Return pixels of the grid, N x 2, of metres of a `local_crs`, N x 2; NaN stays NaN."""
        return self._from(local, metres)

    def from_metres(self, metres: NDArray[np.float64], local: pyproj.CRS) -> NDArray[np.float64]:
        """Return places in the mosaic's CRS, N x 2, of metres of a `local_crs`, N x 2."""
        return _beside(self.crs, self.middle_x, *transformer(local, self.crs).transform(*metres.T))

    def _from(self, crs: pyproj.CRS, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixels of the grid, N x 2, of places in a CRS, N x 2."""
        x, y = transformer(crs, self.grid.crs).transform(*places.T)
        beside = _beside(self.grid.crs, self.grid.affine.c, x, y)
        return np.column_stack(mapped(~self.grid.affine, *beside.T))


def _beside(crs: pyproj.CRS, goal: float, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put coordinates together, N x 2, in the turn round the world that `goal` is in."""
    turn = whole_turn(crs)
    found = np.column_stack([x, y])
    found[~np.isfinite(found).all(axis=1)] = np.nan
    if turn:
        found[:, 0] += turns_to(found[:, 0], goal, turn)
    return found
