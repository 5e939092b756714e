"""DXF (AutoCAD R12) for CAD: outlines as closed polylines, in the mosaic's CRS or, where that has degrees, in UTM."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from pyproj import CRS
from shapely import get_coordinates
from shapely.geometry.base import BaseGeometry

from geoloc.results.columns import epsg_of
from geoloc.results.writers.row import FileLayer, Row
from tiling.grid import WGS84, as_crs, project

_LAYERS = {"GEOLOC_BEST": 6, "GEOLOC_OTHER": 2, "GEOLOC_LABELS": 7}
"""Layers, and their colours by AutoCAD's index."""
_LABEL_HEIGHT = 1.0
_DECIMALS = 4


def write_dxf(rows: Iterable[Row], path: Path, layer: FileLayer) -> None:
    """Write lines and points; of their columns only rank and score, as a label. What has no shape is left out.

    A DXF has no CRS: a comment at its beginning names it. Codes and values are those of the DXF reference of release
    12, which every CAD reads.
    """
    rest = iter(rows)
    first = next((row for row in rest if row.geometry is not None), None)
    crs = as_crs(layer.crs)
    if first is not None and first.geometry is not None and crs.is_geographic:
        crs = _utm(first.geometry, crs)
    with path.open("w", encoding="ascii", newline="\r\n") as file:
        for code, value in _pairs([] if first is None else chain([first], rest), as_crs(layer.crs), crs):
            file.write(f"{code:3d}\n{value}\n")


def _utm(shape: BaseGeometry, crs: CRS) -> CRS:
    place = project(shape.centroid, crs, WGS84)
    zone = int((place.x + 180) % 360 // 6) + 1
    return CRS.from_epsg((32600 if place.y >= 0 else 32700) + zone)


def _pairs(rows: Iterable[Row], source: CRS, crs: CRS) -> Iterator[tuple[int, Any]]:
    code = epsg_of(crs)
    yield 999, _ascii(f"geoloc, coordinates in {crs.name}" + (f", EPSG:{code}" if code else ""))
    yield from ((0, "SECTION"), (2, "HEADER"), (9, "$ACADVER"), (1, "AC1009"), (0, "ENDSEC"))
    yield from ((0, "SECTION"), (2, "TABLES"), (0, "TABLE"), (2, "LAYER"), (70, len(_LAYERS)))
    for name, colour in _LAYERS.items():
        yield from ((0, "LAYER"), (2, name), (70, 0), (62, colour), (6, "CONTINUOUS"))
    yield from ((0, "ENDTAB"), (0, "ENDSEC"), (0, "SECTION"), (2, "ENTITIES"))
    for row in rows:
        if row.geometry is not None:
            yield from _entities(project(row.geometry, source, crs), row)
    yield from ((0, "ENDSEC"), (0, "EOF"))


def _entities(shape: BaseGeometry, row: Row) -> Iterator[tuple[int, Any]]:
    rank, score = row.properties.get("rank"), row.properties.get("score")
    layer = "GEOLOC_BEST" if rank in (None, 1) else "GEOLOC_OTHER"
    yield from _drawn(shape, layer)
    if rank is not None and score is not None:
        at = shape.representative_point()
        yield from ((0, "TEXT"), (8, "GEOLOC_LABELS"), *_point(at.x, at.y))
        yield from ((40, _LABEL_HEIGHT), (1, f"{rank}: {score:.2f}"))


def _drawn(shape: BaseGeometry, layer: str) -> Iterator[tuple[int, Any]]:
    if hasattr(shape, "geoms"):
        for part in shape.geoms:
            yield from _drawn(part, layer)
    elif shape.geom_type == "Point":
        yield from ((0, "POINT"), (8, layer), *_point(shape.x, shape.y))
    elif shape.geom_type == "Polygon":
        for ring in (shape.exterior, *shape.interiors):
            # Its first point closes a polyline by itself.
            yield from _polyline(get_coordinates(ring)[:-1], layer, closed=True)
    else:
        yield from _polyline(get_coordinates(shape), layer, closed=False)


def _polyline(points: Iterable[Iterable[float]], layer: str, *, closed: bool) -> Iterator[tuple[int, Any]]:
    yield from ((0, "POLYLINE"), (8, layer), (66, 1), *_point(0, 0), (70, int(closed)))
    for x, y in points:
        yield from ((0, "VERTEX"), (8, layer), *_point(x, y))
    yield from ((0, "SEQEND"), (8, layer))


def _point(x: float, y: float) -> tuple[tuple[int, Any], ...]:
    return (10, f"{x:.{_DECIMALS}f}"), (20, f"{y:.{_DECIMALS}f}"), (30, "0.0")


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()
