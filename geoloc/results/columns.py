"""What output files say of a detection: one property of GeoJSON, one column of a table, a line each."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from geoloc.photo.target import Click
from geoloc.results.detection import Detection
from geoloc.results.measures import measures_of
from tiling.grid import as_crs

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

LONLAT_DECIMALS = 8
"""Decimals of longitudes and latitudes: a millimetre on the ground."""
PIXEL_DECIMALS = 2
"""Decimals of pixels of a photo."""


def click_columns(click: Click) -> dict[str, float]:
    """Return the two columns of a click, pixels of the photo to a hundredth."""
    return {"click_x": round(click.x, PIXEL_DECIMALS), "click_y": round(click.y, PIXEL_DECIMALS)}


def _click_text(click: Click) -> str:
    return ",".join(f"{value:.10g}" for value in click_columns(click).values())


@lru_cache(maxsize=8)
def decimals_of(crs: Any) -> int:
    """Return with how many decimals coordinates in a CRS are written: as many as a millimetre on the ground needs.

    >>> decimals_of("EPSG:32633"), decimals_of("EPSG:2263"), decimals_of("EPSG:4326")
    (3, 3, 8)
    """
    known = as_crs(crs)
    if known.is_geographic:
        return LONLAT_DECIMALS
    # Of an axis in kilometres three more than of one in metres; a foot is no tenth of a metre.
    return max(0, 3 + math.ceil(math.log10(known.axis_info[0].unit_conversion_factor)))


_COLUMNS: dict[str, tuple[str, Callable[[Detection], Any]]] = {
    "rank": ("int32", lambda d: d.rank),
    "score": ("float64", lambda d: round(d.score, 3)),
    "photo": ("object", lambda d: d.photo),
    "click_x": ("float64", lambda d: click_columns(d.click)["click_x"]),
    "click_y": ("float64", lambda d: click_columns(d.click)["click_y"]),
    "accuracy_m": ("float64", lambda d: round(d.accuracy_m, 2)),
    "accuracy_note": ("object", lambda d: d.accuracy_note),
    "gsd_m": ("float64", lambda d: round(d.gsd_m, 4)),
    "epsg": ("Int64", lambda d: epsg_of(d.crs)),
    "xmin": ("float64", lambda d: round(d.xmin, decimals_of(d.crs))),
    "ymin": ("float64", lambda d: round(d.ymin, decimals_of(d.crs))),
    "xmax": ("float64", lambda d: round(d.xmax, decimals_of(d.crs))),
    "ymax": ("float64", lambda d: round(d.ymax, decimals_of(d.crs))),
    "outline": ("object", lambda d: d.outline),
    "outline_score": ("float64", lambda d: round(d.outline_score, 3)),
    "area_m2": ("float64", lambda d: round(measures_of(d.polygon, d.crs).area_m2, 2)),
    "length_m": ("float64", lambda d: round(measures_of(d.polygon, d.crs).length_m, 2)),
    "width_m": ("float64", lambda d: round(measures_of(d.polygon, d.crs).width_m, 2)),
    "azimuth_deg": ("float64", lambda d: round(measures_of(d.polygon, d.crs).azimuth_deg, 1) % 180),
    "model": ("object", lambda d: d.model),
    "method": ("object", lambda d: d.method),
    "window": ("object", lambda d: d.window),
    "note": ("object", lambda d: d.note),
}
"""Name of each column, in the order of the files: its type in a table (pandas) and its value."""
COLUMNS = {name: dtype for name, (dtype, _) in _COLUMNS.items()}
"""Names of the columns, in the order of the files, and their types in a table (pandas)."""

_OF_OBJECTS: dict[str, tuple[str, Callable[[Detection], Any]]] = {
    "object": ("object", lambda d: d.object_id),
    "photos": ("object", lambda d: "; ".join(d.photos)),
    "clicks": ("object", lambda d: "; ".join(map(_click_text, d.clicks))),
}
OBJECT_COLUMNS = {name: dtype for name, (dtype, _) in _OF_OBJECTS.items()}
"""What is told beside the `COLUMNS` of objects that several photographs were asked for together."""


def views_of(properties: Mapping[str, Any]) -> list[tuple[str, Click]]:
    """Return the photographs that a row tells of, each with what was clicked in it, that of its own columns first.

    Args:
        properties: a row's values by column, or as a file gave them back; those that lack a click tell of none.
    """
    x, y = (properties.get(name) for name in ("click_x", "click_y"))
    views = [] if x is None or y is None else [(str(properties.get("photo") or ""), Click(float(x), float(y)))]
    texts = (str(properties.get(name) or "").split("; ") for name in ("photos", "clicks"))
    try:
        views += [(photo, Click(*map(float, click.split(",")))) for photo, click in zip(*texts, strict=True)]
    except (TypeError, ValueError):
        # A name with a semicolon in it, or a column of somebody else's.
        return views
    return list(dict.fromkeys(views))


def properties_of(detection: Detection) -> dict[str, Any]:
    """Return the value of each of the `COLUMNS` for a detection, and of the `OBJECT_COLUMNS` where it has them."""
    columns = _COLUMNS | _OF_OBJECTS if detection.photos else _COLUMNS
    return {name: value(detection) for name, (_, value) in columns.items()}


def columns_of(detections: Sequence[Detection]) -> dict[str, str]:
    """Return the columns that tell all of some detections, and their types in a table (pandas)."""
    return COLUMNS | OBJECT_COLUMNS if any(detection.photos for detection in detections) else COLUMNS


def crs_name(crs: Any) -> str:
    """Return what a CRS is called: by its EPSG code where it has one, else by its own name."""
    code = epsg_of(crs)
    return str(as_crs(crs).name) if code is None else f"EPSG:{code}"


def place_text(shape: BaseGeometry, crs: Any) -> str:
    """Return the middle of a shape in its CRS, to a millimetre, with what the CRS is called.

    >>> from shapely.geometry import Point
    >>> place_text(Point(521350.6, 5746601.17), "EPSG:32633")
    '521350.600,5746601.170 (EPSG:32633)'
    """
    decimals, middle = decimals_of(crs), shape.centroid
    return f"{middle.x:.{decimals}f},{middle.y:.{decimals}f} ({crs_name(crs)})"


def crs_text(crs: Any) -> str:
    """Return a CRS for programs: "EPSG:" and its code where it has one, else WKT."""
    code = epsg_of(crs)
    return str(as_crs(crs).to_wkt()) if code is None else f"EPSG:{code}"


def epsg_of(crs: Any) -> int | None:
    """Return the EPSG code of a CRS, of its horizontal part where it has a vertical one too; None where it has none.

    A CRS that is like one of EPSG but for its datum, or has none, is not that one: its coordinates may be 100 m off.
    """
    known = as_crs(crs)
    code = known.to_epsg()
    if code is None and known.is_compound:
        known = known.sub_crs_list[0]
        code = known.to_epsg()
    # PROJ takes "unknown" for the name of any datum.
    if code is None or (known.datum is not None and known.datum.name.casefold() == "unknown"):
        return None
    if not known.equals(as_crs(code), ignore_axis_order=True):
        return None
    return int(code)
