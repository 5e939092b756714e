"""Detections, and other rows with or without a polygon, as vector files.

RFC 7946 GeoJSON in WGS 84, or GeoPackage, FlatGeobuf and GeoParquet in the mosaic's CRS. What they say of a detection
is in `geoloc.results.columns`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from geoloc.results.columns import columns_of, properties_of
from geoloc.results.detection import Detection
from geoloc.system.extras import needing
from geoloc.system.output import check_output, replacing
from tiling.area import within_turn
from tiling.grid import WGS84, as_crs, project, transformer

if TYPE_CHECKING:
    import geopandas

_DRIVERS = {
    # QGIS 3.22 and GDAL 3.6 complain about GeoPackage 1.4, which newer GDALs write unasked.
    ".gpkg": {"driver": "GPKG", "VERSION": "1.2"},
    # With its index a FlatGeobuf is ordered by place, and the order of ranks is lost.
    ".fgb": {"driver": "FlatGeobuf", "SPATIAL_INDEX": "NO"},
}
"""Formats that GDAL writes, by their suffixes: its driver and options."""
_PIECE = 10_000
"""Rows that are held in memory while a file is written."""
GEOJSON_SUFFIXES = (".geojson", ".json")
VECTOR_SUFFIXES = (*GEOJSON_SUFFIXES, *_DRIVERS, ".parquet")


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


def row_of(detection: Detection) -> Row:
    """Return a detection as a row with all that `properties_of` tells."""
    return Row(detection.polygon, properties_of(detection))


def check_vector_output(path: Path, overwrite: bool, inputs: Collection[Path] = ()) -> None:
    """Fail before the search where `path` could not be written after it; see `check_output`.

    Raises:
        OutputError: as `check_output`, or GeoParquet without pyarrow.
    """
    check_output(path, VECTOR_SUFFIXES, overwrite, inputs)
    if path.suffix.lower() == ".parquet":
        with needing("parquet"):
            import pyarrow  # noqa: F401


def write_results(
    detections: Sequence[Detection], path: Path, *, crs: Any, overwrite: bool = False, precision: int = 7
) -> None:
    """Write detections in the order given; the suffix of `path` says how (`VECTOR_SUFFIXES`).

    GeoJSON is in WGS 84, rounded to `precision` decimals (7 is about 1 cm). The other formats keep `crs`, the
    mosaic's, which all detections share. No detections give an empty layer with all its columns.

    Raises:
        OutputError: see `check_vector_output`.
    """
    rows, columns = [row_of(d) for d in detections], columns_of(detections)
    write_rows(rows, path, columns, crs=crs, overwrite=overwrite, precision=precision)


def write_rows(
    rows: Iterable[Row],
    path: Path,
    columns: Mapping[str, str],
    *,
    crs: Any,
    overwrite: bool = False,
    precision: int = 7,
    geometry_type: str = "Polygon",
) -> None:
    """Write rows in the order given, as `write_results` does detections.

    GeoJSON and GeoPackage are written in pieces, and rows are asked for as they are needed: memory does not grow with
    their number. The other formats are put together in memory.

    Args:
        rows: features, with shapes in `crs`.
        path: what to write; its suffix says how.
        columns: names of the properties to write, in this order, and their types in a table (pandas).
        crs: CRS of the mosaic; None where shapes are in pixels of a photo.
        overwrite: replace a file that is there already.
        precision: decimals of GeoJSON's degrees.
        geometry_type: what a layer says that it holds, as GDAL calls it; "Unknown" for shapes of several kinds.

    Raises:
        OutputError: see `check_vector_output`.
    """
    check_vector_output(path, overwrite)
    suffix = path.suffix.lower()
    with replacing(path) as temporary:
        if suffix in GEOJSON_SUFFIXES:
            with temporary.open("w", encoding="utf-8") as file:
                file.writelines(_collection_texts(rows, columns, crs, precision))
                file.write("\n")
        elif suffix == ".parquet":
            table_of(list(rows), columns, crs).to_parquet(temporary)
        else:
            # GDAL adds nothing to a FlatGeobuf that is there.
            pieces = _pieces(rows) if suffix == ".gpkg" else [list(rows)]
            for number, piece in enumerate(pieces):
                options = {**_DRIVERS[suffix], "mode": "a"} if number else _DRIVERS[suffix]
                table_of(piece, columns, crs).to_file(
                    temporary, engine="pyogrio", geometry_type=geometry_type, **options
                )


def geojson_text(detections: Sequence[Detection], precision: int = 7) -> str:
    """Return an RFC 7946 FeatureCollection: WGS 84 (lon, lat), outer rings counter-clockwise, no `crs` member.

    A box across the antimeridian is cut there.
    """
    crs = detections[0].crs if detections else WGS84
    return collection_text(map(row_of, detections), columns_of(detections), crs, precision)


def features_of(rows: Sequence[Row], columns: Mapping[str, str], crs: Any, precision: int = 7) -> list[dict[str, Any]]:
    """Return RFC 7946 features of rows whose shapes are in `crs`; see `geojson_text`."""
    return [
        {
            "type": "Feature",
            "geometry": None if row.geometry is None else geometry_of(row.geometry, crs, precision, row.keeps_vertices),
            "properties": {name: row.properties.get(name) for name in columns},
        }
        for row in rows
    ]


def geometry_of(shape: BaseGeometry, crs: Any, precision: int = 7, keeps_vertices: bool = False) -> dict[str, Any]:
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


def table_of(rows: Sequence[Row], columns: Mapping[str, str], crs: Any) -> geopandas.GeoDataFrame:
    """Return a table in the mosaic's CRS, with the same columns and types for any number of rows."""
    import geopandas
    import pandas

    values = {
        name: pandas.Series([row.properties.get(name) for row in rows], dtype=dtype) for name, dtype in columns.items()
    }
    shapes = [row.geometry for row in rows]
    return geopandas.GeoDataFrame(values, geometry=shapes, crs=None if crs is None else as_crs(crs))


def _pieces(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield rows in pieces of a size; one that is empty where there are none."""
    rest = iter(rows)
    yield list(islice(rest, _PIECE))
    while piece := list(islice(rest, _PIECE)):
        yield piece


def _collection_texts(rows: Iterable[Row], columns: Mapping[str, str], crs: Any, precision: int) -> Iterator[str]:
    """Yield the pieces of the text of a FeatureCollection."""
    yield '{"type": "FeatureCollection", "features": ['
    for number, row in enumerate(rows):
        (feature,) = features_of([row], columns, crs, precision)
        yield (", " if number else "") + json.dumps(feature, ensure_ascii=False, allow_nan=False)
    yield "]}"


def collection_text(rows: Iterable[Row], columns: Mapping[str, str], crs: Any, precision: int = 7) -> str:
    """Return rows as the text of a FeatureCollection; see `geojson_text` and `geometry_of`."""
    return "".join(_collection_texts(rows, columns, crs, precision))
