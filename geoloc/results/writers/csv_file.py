"""CSV with shapes as WKT, in WGS 84, and the longitude and latitude of their middles."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import shape

from geoloc.results.writers.geojson import geometry_of
from geoloc.results.writers.row import FileLayer, Row

SHAPE = "WKT"
"""Name of the column of shapes, by which GDAL and QGIS know it."""
_MIDDLE = ("lon", "lat")


def write_csv(rows: Iterable[Row], path: Path, layer: FileLayer) -> None:
    """Write a table in UTF-8 with commas; null is empty.

    A column of the rows that is called as the shapes are, or as their middle, keeps its name, and the shapes are called
    otherwise, or the middle is left out.
    """
    taken = {name.casefold() for name in layer.columns}
    shapes = SHAPE if SHAPE.casefold() not in taken else f"_{SHAPE}"
    middle = () if layer.crs is None or taken & set(_MIDDLE) else _MIDDLE
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow([shapes, *middle, *layer.columns])
        for row in rows:
            table.writerow([*_place(row, layer, bool(middle)), *_values(row, layer)])


def _place(row: Row, layer: FileLayer, middle: bool) -> list[Any]:
    if row.geometry is None:
        return [""] * (3 if middle else 1)
    told = shape(geometry_of(row.geometry, layer.crs, layer.precision, row.keeps_vertices))
    text = shapely.to_wkt(told, rounding_precision=layer.precision)
    if not middle:
        return [text]
    # The middle of a shape that was cut at the antimeridian would be on the other side of the world.
    point = shape(geometry_of(row.geometry.centroid, layer.crs, layer.precision))
    return [text, point.x, point.y]


def _values(row: Row, layer: FileLayer) -> list[Any]:
    values = [row.properties.get(name) for name in layer.columns]
    return [str(value).lower() if isinstance(value, bool) else value for value in values]
