"""Detections, and other rows with or without a polygon, as files: RFC 7946 GeoJSON, or GeoPackage, FlatGeobuf and
GeoParquet in the mosaic's CRS.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon, mapping

from geoloc.results.detection import Detection
from geoloc.system.extras import needing
from geoloc.system.output import check_output, replacing
from tiling.area import within_turn
from tiling.grid import WGS84, as_crs, project

if TYPE_CHECKING:
    import geopandas

GEOJSON_SUFFIXES = (".geojson", ".json")
VECTOR_SUFFIXES = (*GEOJSON_SUFFIXES, ".gpkg", ".fgb", ".parquet")

_DRIVERS = {
    # QGIS 3.22 and GDAL 3.6 complain about GeoPackage 1.4, which newer GDALs write unasked.
    ".gpkg": {"driver": "GPKG", "VERSION": "1.2"},
    # With its index a FlatGeobuf is ordered by place, and the order of ranks is lost.
    ".fgb": {"driver": "FlatGeobuf", "SPATIAL_INDEX": "NO"},
}

_DETECTION: dict[str, tuple[str, Callable[[Detection], Any]]] = {
    "rank": ("int32", lambda d: d.rank),
    "score": ("float64", lambda d: round(d.score, 4)),
    "photo": ("object", lambda d: d.photo),
    "click_x": ("float64", lambda d: d.click.x),
    "click_y": ("float64", lambda d: d.click.y),
    "accuracy_m": ("float64", lambda d: round(d.accuracy_m, 3)),
    "accuracy_note": ("object", lambda d: d.accuracy_note),
    "gsd_m": ("float64", lambda d: round(d.gsd_m, 4)),
    "epsg": ("Int64", lambda d: epsg_of(d.crs)),
    "xmin": ("float64", lambda d: d.xmin),
    "ymin": ("float64", lambda d: d.ymin),
    "xmax": ("float64", lambda d: d.xmax),
    "ymax": ("float64", lambda d: d.ymax),
    "model": ("object", lambda d: d.model),
    "method": ("object", lambda d: d.method),
    "window": ("object", lambda d: d.window),
}
"""Property name to its type in a table and where it comes from; the order is that of the files."""
COLUMNS = {name: dtype for name, (dtype, _) in _DETECTION.items()}
"""What is said of a detection, and its type in a table."""


@dataclass(frozen=True, slots=True)
class Row:
    """One feature of a file. polygon: in the mosaic's CRS, or none. properties: what is absent is null."""

    polygon: Polygon | None
    properties: Mapping[str, Any]


def row_of(detection: Detection) -> Row:
    """A detection with all its `COLUMNS`."""
    return Row(detection.polygon, {name: value(detection) for name, (_, value) in _DETECTION.items()})


def epsg_of(crs: Any) -> int | None:
    """EPSG code of a CRS, of its horizontal part where it has a vertical one too; None where it has none."""
    known = as_crs(crs)
    code = known.to_epsg()
    if code is None and known.is_compound:
        code = known.sub_crs_list[0].to_epsg()
    return int(code) if code is not None else None


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
    """Write the detections in the order given; the suffix of `path` says how (`VECTOR_SUFFIXES`).

    GeoJSON is in WGS 84, rounded to `precision` decimals (7 is about 1 cm). The other formats keep `crs`, the
    mosaic's, which all detections share. No detections give an empty layer with all its columns.

    Raises:
        OutputError: see `check_vector_output`.
    """
    write_rows([row_of(d) for d in detections], path, COLUMNS, crs=crs, overwrite=overwrite, precision=precision)


def write_rows(
    rows: Sequence[Row],
    path: Path,
    columns: Mapping[str, str],
    *,
    crs: Any,
    overwrite: bool = False,
    precision: int = 7,
) -> None:
    """The same for any rows. columns: names of the properties to write, in this order, and their types in a table."""
    check_vector_output(path, overwrite)
    suffix = path.suffix.lower()
    with replacing(path) as temporary:
        if suffix in GEOJSON_SUFFIXES:
            temporary.write_text(_collection(rows, columns, crs, precision) + "\n", encoding="utf-8")
        elif suffix == ".parquet":
            _frame(rows, columns, crs).to_parquet(temporary)
        else:
            frame = _frame(rows, columns, crs)
            frame.to_file(temporary, engine="pyogrio", geometry_type="Polygon", **_DRIVERS[suffix])


def geojson_text(detections: Sequence[Detection], precision: int = 7) -> str:
    """An RFC 7946 FeatureCollection: WGS 84 (lon, lat), outer rings counter-clockwise, no `crs` member.

    A box across the antimeridian is cut there.
    """
    crs = detections[0].crs if detections else WGS84
    return _collection([row_of(detection) for detection in detections], COLUMNS, crs, precision)


def features_of(rows: Sequence[Row], columns: Mapping[str, str], crs: Any, precision: int = 7) -> list[dict[str, Any]]:
    """RFC 7946 features of rows whose polygons are in `crs`; see `geojson_text`."""

    def decimals(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return points.round(precision)

    def geometry(polygon: Polygon | None) -> Any:
        if polygon is None:
            return None
        return mapping(shapely.transform(within_turn(project(polygon, crs, WGS84)), decimals))

    return [
        {
            "type": "Feature",
            "geometry": geometry(row.polygon),
            "properties": {name: row.properties.get(name) for name in columns},
        }
        for row in rows
    ]


def _collection(rows: Sequence[Row], columns: Mapping[str, str], crs: Any, precision: int) -> str:
    features = features_of(rows, columns, crs, precision)
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, allow_nan=False)


def _frame(rows: Sequence[Row], columns: Mapping[str, str], crs: Any) -> geopandas.GeoDataFrame:
    """A table in the mosaic's CRS with the same columns and types for any number of rows."""
    import geopandas
    import pandas

    values = {
        name: pandas.Series([row.properties.get(name) for row in rows], dtype=dtype) for name, dtype in columns.items()
    }
    polygons = [row.polygon for row in rows]
    return geopandas.GeoDataFrame(values, geometry=polygons, crs=pyproj.CRS.from_user_input(crs))
