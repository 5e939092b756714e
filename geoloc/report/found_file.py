"""Reading back what geoloc found: the rows of a vector file that a search, a batch or QGIS wrote."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyproj
from shapely.geometry import MultiPolygon, Polygon

from geoloc.errors import QueriesError
from geoloc.photo.target import Click
from geoloc.results.columns import views_of
from geoloc.system.extras import needing
from geoloc.system.table import TableRow
from tiling.trust import layers_elsewhere

READ_SUFFIXES = (".geojson", ".json", ".geojsons", ".geojsonl", ".gpkg", ".fgb", ".parquet")
"""Kinds of files that are read back."""
DECISION = "decision"
"""Name of the column that holds what a person decided."""
DECISIONS = ("accepted", "rejected")
"""What a person decides of an answer; an empty text is neither."""
STATUS = "status"
"""Name of the column in which QGIS keeps what was decided there, and a batch what it came to."""
_NUMBERS = ("click_x", "click_y", "rank", "score")
_NEEDED = ("photo", *_NUMBERS)


@dataclass(frozen=True, slots=True, eq=False)
class FoundRow:
    """One answer of a file, or a query without one.

    Attributes:
        number: of the row in its file, from 1.
        shape: the outline in the CRS of the file; None of what is not here, or failed.
        properties: values by column, in the order of the columns, as JSON knows them; null is None.
    """

    number: int
    shape: Polygon | MultiPolygon | None
    properties: Mapping[str, Any]

    @property
    def photo(self) -> str:
        """The photo's path as it was given."""
        return str(self.properties["photo"] or "")

    @property
    def click(self) -> Click | None:
        """What was clicked, pixels of the upright photo; None where the row does not tell."""
        x, y = self.properties["click_x"], self.properties["click_y"]
        return None if x is None or y is None else Click(float(x), float(y))

    @property
    def views(self) -> list[tuple[str, Click]]:
        """The photos that the row tells of, each with what was clicked in it, its own first."""
        return views_of(self.properties)

    @property
    def rank(self) -> int | None:
        """1 for the best answer to a click; None of what is not here, or failed."""
        rank = self.properties["rank"]
        return None if rank is None else int(rank)

    @property
    def status(self) -> str:
        """What it came to, as a batch says it."""
        status = self.properties.get(STATUS)
        # In a layer that QGIS saved the column says what was decided there.
        if status in ("not here", "error"):
            return str(status)
        return "not here" if self.shape is None else "found"

    @property
    def decision(self) -> str:
        """What a person has decided already, by a report or in QGIS; empty where nobody has, or took it back."""
        for column in (decision_column(self.properties), STATUS):
            decision = self.properties.get(column)
            # An empty text takes back what QGIS accepted; null says nothing.
            if decision == "" or decision in DECISIONS:
                return str(decision)
        return ""


@dataclass(frozen=True, slots=True, eq=False)
class FoundFile:
    """The rows of a file in their order.

    Attributes:
        path: the file.
        crs: of the shapes.
        rows: the first ones, as many as were asked for.
        total: how many rows the file has.
    """

    path: Path
    crs: pyproj.CRS
    rows: tuple[FoundRow, ...]
    total: int


def read_found(path: Path, most: int | None = None) -> FoundFile:
    """Read what `geoloc locate`, `batch` or `demo` wrote, or QGIS saved.

    Args:
        path: one of the `READ_SUFFIXES`; of several layers the first that has the columns counts.
        most: rows to read; None for all.

    Raises:
        QueriesError: no such file, not one of these kinds, damaged, without the columns that answers have, or with a
            text where a number belongs.
        OutputError: GeoParquet without pyarrow.
    """
    import geopandas
    import pyogrio

    if not path.is_file():
        raise QueriesError(f"{path}: no such file; give what geoloc locate or geoloc batch wrote")
    suffix = path.suffix.lower()
    if suffix not in READ_SUFFIXES:
        raise QueriesError(f"{path}: cannot be read back; give one of {', '.join(READ_SUFFIXES)}")
    if reason := layers_elsewhere(path):
        raise QueriesError(reason)
    try:
        if suffix == ".parquet":
            with needing("parquet"):
                frame = geopandas.read_parquet(path)
            _check_columns(path, list(frame.columns))
            total = len(frame)
        else:
            layer = found_layer(path)
            total = int(pyogrio.read_info(path, layer=layer, force_feature_count=True)["features"])
            frame = geopandas.GeoDataFrame(pyogrio.read_dataframe(path, layer=layer, max_features=most))
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, OSError) as error:
        if isinstance(error, QueriesError):
            raise
        text = " ".join(str(error).split())
        raise QueriesError(f"{path}: not a vector file that can be read ({text})") from None
    shapes = frame.geometry if frame.active_geometry_name else [None] * len(frame)
    crs = frame.crs if frame.active_geometry_name else None
    if crs is None and any(shape is not None for shape in shapes):
        raise QueriesError(f"{path}: has no CRS, so its answers have no place on the map")
    names = [name for name in frame.columns if name != frame.active_geometry_name]
    frame = frame.head(total if most is None else most)
    rows = tuple(_rows(path, zip(shapes, *(frame[name] for name in names), strict=False), names))
    return FoundFile(path, pyproj.CRS(crs or "EPSG:4326"), rows, total)


def decision_column(names: Collection[str]) -> str:
    """Return which of a file's columns holds decisions, `DECISION` in capitals too: databases ignore the case."""
    if DECISION in names:
        return DECISION
    return next((name for name in names if name.casefold() == DECISION), DECISION)


def found_layer(path: Path) -> str:
    """Return the name of the first layer of a vector file that has the columns of answers.

    Raises:
        QueriesError: none has.
        pyogrio.errors.DataSourceError: not a vector file.
    """
    import pyogrio

    layers = [str(name) for name, _ in pyogrio.list_layers(path)]
    columns = {name: [str(field) for field in pyogrio.read_info(path, layer=name)["fields"]] for name in layers}
    for name in layers:
        if set(_NEEDED) <= set(columns[name]):
            return name
    _check_columns(path, columns[layers[0]] if layers else [])
    raise AssertionError


def _check_columns(path: Path, columns: list[str]) -> None:
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise QueriesError(
            f"{path}: is not what geoloc locate or geoloc batch wrote: it has no column {', '.join(missing)}"
        )


def _rows(path: Path, values: Iterator[tuple[Any, ...]], names: list[str]) -> Iterator[FoundRow]:
    for number, (shape, *row) in enumerate(values, start=1):
        polygonal = isinstance(shape, Polygon | MultiPolygon) and not shape.is_empty
        properties = {name: _plain(value) for name, value in zip(names, row, strict=True)}
        told = TableRow(f"{path}, row {number}", properties)
        # A column of text may hold numbers all the same.
        for name in _NUMBERS:
            if isinstance(properties[name], str):
                properties[name] = told.number(name) if told.has(name) else None
        yield FoundRow(number, shape if polygonal else None, properties)


def _plain(value: Any) -> Any:
    """Return a value of a table as JSON knows it; a table has nan, NaT and NA for null."""
    import pandas

    if value is None or value is pandas.NA or value is pandas.NaT:
        return None
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, bool | int | float | str) else str(value)
