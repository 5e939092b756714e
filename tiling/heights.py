"""Heights of the ground, or of what stands on it, at one place or over a part: of a raster of heights (DSM or DTM)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyproj
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.warp import Resampling, calculate_default_transform, reproject

from tiling.errors import MosaicError, NoHeightsError
from tiling.gdal import opened, reading
from tiling.grid import WGS84, transformer
from tiling.names import gdal_name

_METRES = {
    **dict.fromkeys(("m", "metre", "meter", "metres", "meters"), 1.0),
    **dict.fromkeys(("ft", "foot", "feet"), 0.3048),
    **dict.fromkeys(("us-ft", "us_ft", "ftus", "us survey foot", "foot_us"), 1200 / 3937),
}
"""A unit of heights in metres, by the names that files give it."""

_MOST_CELLS = 4_000_000
"""Of heights over a part; where there would be more they are averaged."""


@dataclass(frozen=True, slots=True, eq=False)
class HeightGrid:
    """Heights over a part of a map, on a north-up grid.

    Attributes:
        heights: rows x columns, metres; NaN where the raster has none.
        west: x of the outer corner.
        north: y of the outer corner.
        cell: side of a cell.
    """

    heights: NDArray[np.float64]
    west: float
    north: float
    cell: float


def check_heights(path: Path) -> None:
    """Fail early where heights could not be read later, wherever they are asked for.

    Raises:
        MosaicError: not a raster of one band with a CRS, or in an unknown unit.
    """
    with _heights(path) as (name, file, own):
        _metres(name, file.units[0], own)


def heights_over(path: Path, crs: pyproj.CRS, bounds: tuple[float, float, float, float]) -> HeightGrid:
    """Return the heights over a box, as fine as the raster's own cells, or coarser where these are very many.

    Args:
        path: a raster with one band; units are as `height_at` takes them.
        crs: of the grid; its unit is the metre.
        bounds: west, south, east, north in `crs`.

    Raises:
        NoHeightsError: it has none there.
        MosaicError: not a raster of one band with a CRS, or in an unknown unit.
    """
    west, south, east, north = bounds
    with _heights(path) as (name, file, own), reading(path):
        flat, unit_m = own.to_2d().to_wkt(), _metres(name, file.units[0], own)
        native, _, _ = calculate_default_transform(flat, crs.to_wkt(), file.width, file.height, *file.bounds)
        cell = max(native.a, math.sqrt((east - west) * (north - south) / _MOST_CELLS))
        columns, rows = max(math.ceil((east - west) / cell), 1), max(math.ceil((north - south) / cell), 1)
        heights = np.full((rows, columns), np.nan)
        reproject(
            rasterio.band(file, 1), heights, src_crs=flat, src_nodata=file.nodata, dst_crs=crs.to_wkt(),
            dst_transform=Affine(cell, 0, west, 0, -cell, north), dst_nodata=np.nan, init_dest_nodata=True,
            resampling=Resampling.average if cell > 1.5 * native.a else Resampling.bilinear,
        )  # fmt: skip
        if not np.isfinite(heights).any():
            raise NoHeightsError(f"{name}: has no heights there; give heights of the ground that is searched")
        return HeightGrid(heights * unit_m, west, north, cell)


def height_at(path: Path, lon: float, lat: float) -> float:
    """Return the height at a place, metres, of a raster with one band, in the unit that its band or its CRS states.

    Where neither states one it is in metres.

    Args:
        path: the raster.
        lon: degrees in WGS 84.
        lat: degrees in WGS 84.

    Raises:
        MosaicError: not a raster of one band with a CRS, in an unknown unit, or it does not know the place.
    """
    with _heights(path) as (name, file, crs), reading(path):
        x, y = transformer(WGS84, crs.to_2d()).transform(lon, lat)
        row, column = (math.floor(part) for part in (~file.transform * (x, y))[::-1])
        if not (0 <= row < file.height and 0 <= column < file.width):
            raise MosaicError(f"{name}: {lon:.6f},{lat:.6f} is outside; give heights of the ground that is searched")
        cell = file.read(1, window=((row, row + 1), (column, column + 1)), masked=True)
        height = float(cell.filled(math.nan).astype(float)[0, 0]) if not cell.mask.any() else math.nan
        if not math.isfinite(height):
            raise MosaicError(f"{name}: has no height at {lon:.6f},{lat:.6f} (nodata)")
        return height * _metres(name, file.units[0], crs)


@contextmanager
def _heights(path: Path) -> Iterator[tuple[Path | str, rasterio.DatasetReader, pyproj.CRS]]:
    """Open a raster of heights: its name for GDAL, the file, and its CRS."""
    name = gdal_name(path)
    with opened(path, name) as file:
        if file.count != 1:
            raise MosaicError(f"{name}: has {file.count} bands; a raster of heights has one")
        if file.crs is None:
            raise MosaicError(f"{name}: has no CRS; write the raster of heights with one")
        yield name, file, pyproj.CRS.from_user_input(file.crs)


def _metres(name: Path | str, unit: str | None, crs: pyproj.CRS) -> float:
    if unit:
        if unit.lower() not in _METRES:
            raise MosaicError(f"{name}: heights in {unit!r}; write them in metres or feet")
        return _METRES[unit.lower()]
    return float(crs.axis_info[2].unit_conversion_factor) if len(crs.axis_info) > 2 else 1.0
