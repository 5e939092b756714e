"""Detections, and other rows with or without a polygon, as vector files: the suffix of a name says of which kind.

GeoJSON, KML and CSV are in WGS 84, the others in the mosaic's CRS. What they say of a detection is in
`geoloc.results.columns`, how each kind is written in `geoloc.results.writers`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from geoloc.errors import OutputError, SuffixError
from geoloc.results.columns import LONLAT_DECIMALS, columns_of, properties_of
from geoloc.results.detection import Detection
from geoloc.results.writers.csv_file import write_csv
from geoloc.results.writers.dxf import write_dxf
from geoloc.results.writers.geojson import (
    collection_of,
    collection_text,
    features_of,
    geometry_of,
    write_collection,
    write_lines,
    write_sequence,
)
from geoloc.results.writers.kml import write_kml, write_kmz
from geoloc.results.writers.parquet import check_pyarrow, write_parquet
from geoloc.results.writers.row import FileLayer, Row
from geoloc.results.writers.tables import check_driver, table_of, write_flatgeobuf, write_geopackage
from geoloc.system.output import check_output, replacing
from tiling.grid import WGS84

__all__ = [
    "GEOJSON_SUFFIXES",
    "SEQUENCE_SUFFIXES",
    "VECTOR_SUFFIXES",
    "Row",
    "check_vector_output",
    "collection_of",
    "collection_text",
    "features_of",
    "geojson_text",
    "geometry_of",
    "row_of",
    "table_of",
    "write_results",
    "write_rows",
]

_WRITERS: dict[str, Callable[[Iterable[Row], Path, FileLayer], None]] = {
    ".geojson": write_collection,
    ".json": write_collection,
    ".geojsons": write_sequence,
    ".geojsonl": write_lines,
    ".gpkg": write_geopackage,
    ".fgb": write_flatgeobuf,
    ".parquet": write_parquet,
    ".kml": write_kml,
    ".kmz": write_kmz,
    ".csv": write_csv,
    ".dxf": write_dxf,
}
"""What writes a file, by its suffix."""
VECTOR_SUFFIXES = tuple(_WRITERS)
GEOJSON_SUFFIXES = (".geojson", ".json")
SEQUENCE_SUFFIXES = (".geojsons", ".geojsonl")
"""GeoJSON of which each feature is a text of its own."""
_NEEDS_A_PLACE = (".kml", ".kmz", ".dxf")
_SHAPEFILE = ".shp"


def row_of(detection: Detection) -> Row:
    """Return a detection as a row with all that `properties_of` tells."""
    return Row(detection.polygon, properties_of(detection))


def check_vector_output(path: Path, overwrite: bool, inputs: Collection[Path] = (), *, placed: bool = True) -> None:
    """Fail before the search where `path` could not be written after it; see `check_output`.

    Args:
        path: the file to write.
        overwrite: whether a file that exists may be replaced.
        inputs: files that are read.
        placed: whether shapes are on the map, not in pixels of a photo.

    Raises:
        SuffixError: unknown suffix; a shapefile would cut the names of columns.
        OutputError: as `check_output`, GeoParquet without pyarrow, a kind that this GDAL does not write, or pixels of a
            photo in a kind of file that only knows places.
    """
    suffix = path.suffix.lower()
    if suffix == _SHAPEFILE:
        raise SuffixError(
            f"{path}: a shapefile cuts the names of columns to ten letters; end its name with .gpkg, which every GIS "
            "reads too"
        )
    check_output(path, VECTOR_SUFFIXES, overwrite, inputs)
    if not placed and suffix in _NEEDS_A_PLACE:
        raise OutputError(f"{path}: pixels of a photo have no place on the map; write .geojson, .gpkg or .csv")
    if suffix == ".parquet":
        check_pyarrow()
    elif suffix in (".gpkg", ".fgb"):
        check_driver(path)


def write_results(
    detections: Sequence[Detection], path: Path, *, crs: Any, overwrite: bool = False, precision: int = LONLAT_DECIMALS
) -> None:
    """Write detections in the order given; the suffix of `path` says how (`VECTOR_SUFFIXES`).

    GeoJSON, KML and CSV are in WGS 84, rounded to `precision` decimals (8 is about 1 mm). The other formats keep `crs`,
    the mosaic's, which all detections share. No detections give a table without rows, with all its columns where the
    kind of file has columns.

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
    precision: int = LONLAT_DECIMALS,
    geometry_type: str = "Polygon",
) -> None:
    """Write rows in the order given, as `write_results` does detections.

    All kinds are written in pieces, and rows are asked for as they are needed: memory does not grow with their number.

    Args:
        rows: features, with shapes in `crs`.
        path: what to write; its suffix says how.
        columns: names of the properties to write, in this order, and their types in a table (pandas).
        crs: CRS of the mosaic; None where shapes are in pixels of a photo.
        overwrite: replace a file that is there already.
        precision: decimals of degrees.
        geometry_type: what a layer says that it holds, as GDAL calls it; "Unknown" for shapes of several kinds.

    Raises:
        OutputError: see `check_vector_output`.
    """
    check_vector_output(path, overwrite, placed=crs is not None)
    with replacing(path) as temporary:
        _WRITERS[path.suffix.lower()](rows, temporary, FileLayer(columns, crs, precision, geometry_type))


def geojson_text(detections: Sequence[Detection], precision: int = LONLAT_DECIMALS) -> str:
    """Return an RFC 7946 FeatureCollection: WGS 84 (lon, lat), outer rings counter-clockwise, no `crs` member.

    A box across the antimeridian is cut there.
    """
    crs = detections[0].crs if detections else WGS84
    return collection_text(map(row_of, detections), columns_of(detections), crs, precision)
