"""What a vector file is written of: its rows, and what holds for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from shapely.geometry.base import BaseGeometry

from geoloc.results.columns import LONLAT_DECIMALS

PIECE = 10_000
"""Rows that are held in memory while a file is written."""


@dataclass(frozen=True, slots=True)
class Row:
    """One feature of a file.

    Attributes:
        geometry: in the mosaic's CRS; None for a feature without.
        properties: values by column; what is absent is null.
        keeps_vertices: whether a property counts the vertices, whose order must stay then.
    """

    geometry: BaseGeometry | None
    properties: Mapping[str, Any]
    keeps_vertices: bool = False


@dataclass(frozen=True, slots=True)
class FileLayer:
    """What holds for all rows of a file.

    Attributes:
        columns: names of the properties to write, in this order, and their types in a table (pandas).
        crs: of the shapes; None where they are in pixels of a photo.
        precision: decimals of degrees.
        geometry_type: what a layer says that it holds, as GDAL calls it; "Unknown" for shapes of several kinds.
    """

    columns: Mapping[str, str]
    crs: Any
    precision: int = LONLAT_DECIMALS
    geometry_type: str = "Polygon"


def pieces(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield rows in pieces of a size; one that is empty where there are none."""
    rest = iter(rows)
    yield list(islice(rest, PIECE))
    while piece := list(islice(rest, PIECE)):
        yield piece
