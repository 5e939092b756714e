"""The height of the ground, or of what stands on it, at one place: of a raster of heights (DSM or DTM)."""

from __future__ import annotations

import math
from pathlib import Path

import pyproj

from tiling.errors import MosaicError
from tiling.gdal import opened, reading
from tiling.grid import WGS84, transformer
from tiling.names import gdal_name

_METRES = {
    **dict.fromkeys(("m", "metre", "meter", "metres", "meters"), 1.0),
    **dict.fromkeys(("ft", "foot", "feet"), 0.3048),
    **dict.fromkeys(("us-ft", "us_ft", "ftus", "us survey foot", "foot_us"), 1200 / 3937),
}
"""A unit of heights in metres, by the names that files give it."""


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
    name = gdal_name(path)
    with opened(path, name) as file, reading(path):
        if file.count != 1:
            raise MosaicError(f"{name}: has {file.count} bands; a raster of heights has one")
        if file.crs is None:
            raise MosaicError(f"{name}: has no CRS; write the raster of heights with one")
        crs = pyproj.CRS.from_user_input(file.crs)
        x, y = transformer(WGS84, crs.to_2d()).transform(lon, lat)
        row, column = (math.floor(part) for part in (~file.transform * (x, y))[::-1])
        if not (0 <= row < file.height and 0 <= column < file.width):
            raise MosaicError(f"{name}: {lon:.6f},{lat:.6f} is outside; give heights of the ground that is searched")
        cell = file.read(1, window=((row, row + 1), (column, column + 1)), masked=True)
        height = float(cell.filled(math.nan).astype(float)[0, 0]) if not cell.mask.any() else math.nan
        if not math.isfinite(height):
            raise MosaicError(f"{name}: has no height at {lon:.6f},{lat:.6f} (nodata)")
        return height * _metres(name, file.units[0], crs)


def _metres(name: str, unit: str | None, crs: pyproj.CRS) -> float:
    if unit:
        if unit.lower() not in _METRES:
            raise MosaicError(f"{name}: heights in {unit!r}; write them in metres or feet")
        return _METRES[unit.lower()]
    return float(crs.axis_info[2].unit_conversion_factor) if len(crs.axis_info) > 2 else 1.0
