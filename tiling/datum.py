"""How far longitudes and latitudes may be off because of the CRS they come from, as PROJ itself says it."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyproj
from pyproj.aoi import AreaOfInterest
from pyproj.transformer import TransformerGroup

from tiling.errors import GeolocError
from tiling.grid import WGS84, as_crs, transformer

LOG = logging.getLogger(__name__)
WORTH_A_WARNING_M = 1.0
"""Metres; what may be off by more is warned of."""
_SEVERAL = "unavailable until"
"""Part of what PROJ describes several ways by, before one was chosen."""
_CELL_DEG = 0.1
"""Places are told apart to this: areas of use are larger."""
_BESIDE_DEG = 1.0
"""How far beyond its area of use a CRS is still used on purpose."""


@dataclass(frozen=True, slots=True)
class LonLatAccuracy:
    """How good longitudes and latitudes are that come from a CRS; they are WGS 84.

    Attributes:
        metres: how far off they may be, 0 where both have one datum; None where nobody knows.
        by: name of the transformation.
        known: whether PROJ, or the CRS itself, knows the way from its datum to WGS 84; what else there is ignores that
            they differ, by a hundred metres and more.
        grid: name of a grid that PROJ lacks and would do better with; empty where none.
        grid_metres: how far off they may be with it.
    """

    metres: float | None
    by: str
    known: bool
    grid: str = ""
    grid_metres: float = 0.0

    @property
    def note(self) -> str:
        """What a reader of longitudes and latitudes should know, in words; empty where there is nothing to say."""
        if not self.known:
            return f"longitude and latitude may be off by 100 m and more: {self.by}"
        if self.metres is None:
            return f"longitude and latitude by the CRS's own parameters: {self.by}"
        return f"longitude and latitude to {self.metres:g} m: {self.by}" if self.metres > 0 else ""


def lonlat_accuracy(crs: Any, lon: float, lat: float) -> LonLatAccuracy:
    """How good longitudes and latitudes are that come from a CRS near a place.

    Args:
        crs: anything that pyproj accepts.
        lon: degrees.
        lat: degrees.

    Examples:
        >>> lonlat_accuracy("EPSG:32633", 15, 48).note
        ''
        >>> lonlat_accuracy("EPSG:25833", 15, 48).note
        'longitude and latitude to 1 m: ETRS89 to WGS 84 (1)'
    """
    return _accuracy(as_crs(crs), round(lon / _CELL_DEG), round(lat / _CELL_DEG))


def warn_of_crs(name: str, crs: Any, lon: float, lat: float) -> None:
    """Warn where longitudes and latitudes are worse than `WORTH_A_WARNING_M`, or a CRS is used where it is not meant.

    Args:
        name: what is in that CRS, as the user knows it.
        crs: anything that pyproj accepts.
        lon: where it lies, degrees.
        lat: where it lies, degrees.
    """
    known = as_crs(crs)
    if warning := _warning(known, lonlat_accuracy(known, lon, lat), lon, lat):
        LOG.warning("%s: %s", name, warning)


def _warning(known: pyproj.CRS, found: LonLatAccuracy, lon: float, lat: float) -> str:
    if not found.known:
        return (
            f"its CRS {known.name!r} leads to longitudes and latitudes without regard to its datum"
            f" ({_datum(known)}; {found.by}): they may be off by 100 m and more; assign the CRS that is meant, for"
            " instance with gdal_edit.py -a_srs EPSG:..."
        )
    told = []
    area = _area_of_use(known)
    if area is not None and not _is_near(area.bounds, lon, lat):
        west, south, east, north = area.bounds
        told.append(
            f"it lies at {lon:.2f},{lat:.2f}, and its CRS {known.name!r} is for longitudes {west:g} to {east:g} and"
            f" latitudes {south:g} to {north:g}; assign the right one, for instance with gdal_edit.py -a_srs"
        )
    if found.metres is not None and found.metres > WORTH_A_WARNING_M:
        better = f"; to {found.grid_metres:g} m once PROJ has {found.grid}: `pyproj sync --file {found.grid}`"
        told.append(
            f"its CRS {known.name!r} leads to longitudes and latitudes that are good to {found.metres:g} m ({found.by})"
            f"{better if found.grid else '; coordinates in that CRS itself are not concerned'}"
        )
    return "; ".join(told)


def _area_of_use(known: pyproj.CRS) -> Any:
    """Where a CRS is meant for; files mostly tell what it is called and not that."""
    if known.area_of_use is None and (code := known.to_epsg()) is not None:
        return as_crs(code).area_of_use
    return known.area_of_use


@lru_cache(maxsize=256)
def _accuracy(crs: pyproj.CRS, column: int, row: int) -> LonLatAccuracy:
    lon, lat = column * _CELL_DEG, row * _CELL_DEG
    try:
        used = transformer(crs, WGS84)
        if used.accuracy < 0 and _SEVERAL in used.description:
            # Which of several ways it goes depends on the place.
            used.transform(*transformer(WGS84, crs).transform(lon, lat))
            used = used.get_last_used_operation()
        best = _best_without_grid(crs, lon, lat) if used.accuracy > WORTH_A_WARNING_M else None
    except (GeolocError, pyproj.exceptions.ProjError):
        return LonLatAccuracy(None, "PROJ knows no way", False)
    by = " + ".join(step for step in used.description.split(" + ") if " to " in step or "allpark" in step)
    by = by or used.description
    if used.accuracy >= 0 and "allpark" not in used.description:
        better = best is not None and 0 <= best.accuracy < used.accuracy
        grid = next((grid.short_name for grid in best.grids if not grid.available), "") if best and better else ""
        return LonLatAccuracy(float(used.accuracy), by, True, grid, float(best.accuracy) if best and grid else 0.0)
    return LonLatAccuracy(None, by, "allpark" not in used.description)


def _best_without_grid(crs: pyproj.CRS, lon: float, lat: float) -> Any:
    """The best way that PROJ would go if it had the grid; None where it has all."""
    area = AreaOfInterest(lon, lat, lon, lat)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        ways = TransformerGroup(crs, WGS84, always_xy=True, area_of_interest=area)  # type: ignore[arg-type]  # its own
    return None if ways.best_available or not ways.unavailable_operations else ways.unavailable_operations[0]


def _datum(crs: pyproj.CRS) -> str:
    return crs.datum.name if crs.datum is not None else "none"


def _is_near(bounds: tuple[float, float, float, float], lon: float, lat: float) -> bool:
    west, south, east, north = bounds
    if not south - _BESIDE_DEG <= lat <= north + _BESIDE_DEG:
        return False
    east += 360 if east < west else 0
    return any(west - _BESIDE_DEG <= turned <= east + _BESIDE_DEG for turned in (lon - 360, lon, lon + 360))
