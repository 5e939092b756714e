"""GeoJSON: RFC 7946 in WGS 84, whole or as a sequence of features (RFC 8142), or a line each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from geoloc.results.columns import LONLAT_DECIMALS
from geoloc.results.writers.row import FileLayer, Row
from tiling.area import within_turn
from tiling.grid import WGS84, project, transformer

RECORD = "\x1e"
"""What every text of an RFC 8142 sequence begins with."""
GDAL_CHUNK = 40_960
"""GDAL reads a sequence by so many bytes."""


def write_collection(rows: Iterable[Row], path: Path, layer: FileLayer) -> None:
    """Write a FeatureCollection."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        write_collection_to(file, rows, layer)


def write_collection_to(file: TextIO, rows: Iterable[Row], layer: FileLayer) -> None:
    """Write a FeatureCollection into an open text file, such as stdout, in pieces as rows come."""
    file.writelines(_collection_texts(rows, layer.columns, layer.crs, layer.precision))
    file.write("\n")


def write_sequence(rows: Iterable[Row], path: Path, layer: FileLayer) -> None:
    """Write an RFC 8142 text sequence: each feature after a record separator, which no JSON holds."""
    _write_each(rows, path, layer, RECORD)


def write_lines(rows: Iterable[Row], path: Path, layer: FileLayer) -> None:
    """Write a feature a line, as newline-delimited JSON."""
    _write_each(rows, path, layer, "")


def _write_each(rows: Iterable[Row], path: Path, layer: FileLayer, before: str) -> None:
    write_texts((_feature_text(row, layer.columns, layer.crs, layer.precision) for row in rows), path, before)


def write_texts(texts: Iterable[str], path: Path, before: str) -> None:
    """Write a line for each of many features, after `RECORD` or nothing.

    A sequence as long as `GDAL_CHUNK` ends with a record separator too. Where nothing ends the last feature, GDAL (3.6
    and 3.12 at the least) takes what it read before for the rest of it, and loses it where that begins with a slash, or
    where the file is as long as a number of whole chunks.
    """
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for text in texts:
            file.write(f"{before}{text}\n")
        file.flush()
        if path.stat().st_size >= GDAL_CHUNK:
            file.write(before)


def features_of(
    rows: Sequence[Row], columns: Mapping[str, str], crs: Any, precision: int = LONLAT_DECIMALS
) -> list[dict[str, Any]]:
    """Return RFC 7946 features of rows whose shapes are in `crs`; see `geometry_of`."""
    return [
        {
            "type": "Feature",
            "geometry": None if row.geometry is None else geometry_of(row.geometry, crs, precision, row.keeps_vertices),
            "properties": {name: row.properties.get(name) for name in columns},
        }
        for row in rows
    ]


def collection_of(
    rows: Sequence[Row], columns: Mapping[str, str], crs: Any, precision: int = LONLAT_DECIMALS
) -> dict[str, Any]:
    """Return rows as a FeatureCollection; see `features_of`."""
    return {"type": "FeatureCollection", "features": features_of(rows, columns, crs, precision)}


def geometry_of(
    shape: BaseGeometry, crs: Any, precision: int = LONLAT_DECIMALS, keeps_vertices: bool = False
) -> dict[str, Any]:
    """Return a shape in `crs` as an RFC 7946 geometry: across the antimeridian a polygon becomes a MultiPolygon.

    Args:
        shape: points, lines or polygons.
        crs: theirs; None for the pixels of a photo, which stay as they are.
        precision: decimals.
        keeps_vertices: leave vertices in their order; rings go the way they came, and nothing is cut.
    """

    def rounded(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return points.round(precision)

    if crs is None:
        return dict(mapping(shapely.transform(shape, rounded)))
    if keeps_vertices:
        x, y = transformer(crs, WGS84).transform(*shapely.get_coordinates(shape).T)
        return dict(mapping(shapely.set_coordinates(shape, rounded(np.column_stack([x, y])))))
    lonlat = project(shape, crs, WGS84)
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        lonlat = within_turn(lonlat)
    return dict(mapping(shapely.transform(lonlat, rounded)))


def collection_text(rows: Iterable[Row], columns: Mapping[str, str], crs: Any, precision: int = LONLAT_DECIMALS) -> str:
    """Return rows as the text of a FeatureCollection; see `geometry_of`."""
    return "".join(_collection_texts(rows, columns, crs, precision))


def _collection_texts(rows: Iterable[Row], columns: Mapping[str, str], crs: Any, precision: int) -> Iterator[str]:
    """Yield the pieces of the text of a FeatureCollection."""
    yield '{"type": "FeatureCollection", "features": ['
    for number, row in enumerate(rows):
        yield (", " if number else "") + _feature_text(row, columns, crs, precision)
    yield "]}"


def _feature_text(row: Row, columns: Mapping[str, str], crs: Any, precision: int) -> str:
    (feature,) = features_of([row], columns, crs, precision)
    return json.dumps(feature, ensure_ascii=False, allow_nan=False)
