"""GeoPackage and FlatGeobuf, by GDAL, in the mosaic's CRS."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoloc.errors import OutputError
from geoloc.results.writers.row import FileLayer, Row, pieces
from geoloc.results.writers.style import STYLED, add_style
from tiling.grid import as_crs

if TYPE_CHECKING:
    import geopandas

# QGIS 3.22 and GDAL 3.6 complain about GeoPackage 1.4, which newer GDALs write unasked.
_GEOPACKAGE = {"driver": "GPKG", "VERSION": "1.2"}
# With its index a FlatGeobuf is ordered by place, and the order of ranks is lost.
FLATGEOBUF = {"driver": "FlatGeobuf", "SPATIAL_INDEX": "NO"}
_ARROW = (3, 8)
"""The GDAL that writes what another file streams."""
_DRIVERS = {".gpkg": "GPKG", ".fgb": "FlatGeobuf"}


def check_driver(path: Path) -> None:
    """Refuse a file that this installation's GDAL cannot write.

    Raises:
        OutputError: it was built without the driver, or is too old.
    """
    import pyogrio

    driver = _DRIVERS[path.suffix.lower()]
    remedy = "install pyogrio from its wheel, or write .geojson"
    if "w" not in pyogrio.list_drivers().get(driver, ""):
        raise OutputError(f"{path}: this GDAL was built without {driver}; {remedy}")
    if driver == "FlatGeobuf" and pyogrio.__gdal_version__ < _ARROW:
        raise OutputError(f"{path}: FlatGeobuf needs GDAL 3.8 or newer; {remedy}")


def table_of(rows: Sequence[Row], columns: Mapping[str, str], crs: Any) -> geopandas.GeoDataFrame:
    """Return a table in the mosaic's CRS, with the same columns and types for any number of rows."""
    import geopandas
    import pandas

    values = {
        name: pandas.Series([row.properties.get(name) for row in rows], dtype=dtype) for name, dtype in columns.items()
    }
    shapes = [row.geometry for row in rows]
    return geopandas.GeoDataFrame(values, geometry=shapes, crs=None if crs is None else as_crs(crs))


def write_geopackage(rows: Iterable[Row], path: Path, layer: FileLayer) -> None:
    """Write a GeoPackage; one of answers looks in QGIS as the plugin shows them."""
    _write_pieces(rows, path, layer)
    if set(layer.columns) >= STYLED:
        add_style(path, path.stem)


def write_flatgeobuf(rows: Iterable[Row], path: Path, layer: FileLayer) -> None:
    """Write a FlatGeobuf, by way of a GeoPackage beside it: GDAL adds nothing to a FlatGeobuf that is there."""
    between = path.with_suffix(".gpkg")
    _write_pieces(rows, between, layer)
    crs = None if layer.crs is None else as_crs(layer.crs).to_wkt()
    try:
        with _without_place():
            stream_layer(between, path, path.stem, crs=crs, geometry_type=layer.geometry_type, **FLATGEOBUF)
    finally:
        between.unlink(missing_ok=True)


def stream_layer(source: Path, target: Path, layer: str, **options: Any) -> None:
    """Copy a layer into a new file of another kind, with its own types of columns.

    Args:
        source: the file; its only layer, or the one that is called so.
        target: the file to write.
        layer: name of the layer in both.
        options: those of the driver; `crs` and `geometry_type` where they are not the source's.
    """
    from pyogrio.raw import open_arrow, write_arrow

    with open_arrow(source, layer=layer, use_pyarrow=False) as (told, stream):
        # Of a shape without a name GDAL's stream has this one.
        name = told["geometry_name"] or "wkb_geometry"
        types = {"crs": told["crs"], "geometry_type": told["geometry_type"], **options}
        write_arrow(stream, target, layer=layer, geometry_name=name, **types)


def _write_pieces(rows: Iterable[Row], path: Path, layer: FileLayer) -> None:
    for number, piece in enumerate(pieces(rows)):
        options = {**_GEOPACKAGE, "mode": "a"} if number else _GEOPACKAGE
        table = table_of(piece, layer.columns, layer.crs)
        with _without_place():
            table.to_file(path, engine="pyogrio", geometry_type=layer.geometry_type, **options)


@contextmanager
def _without_place() -> Iterator[None]:
    """Say nothing of shapes without a CRS: pixels of a photo have none."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "'crs' was not provided", UserWarning)
        yield
