"""What GDAL and PROJ need beside their libraries: definitions of CRS, and drivers of formats."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from geoloc.doctor.check import Check
from geoloc.doctor.packages import attempt

_REINSTALL = "pip install --force-reinstall --no-deps rasterio pyproj pyogrio"
_GDAL_FILE = "gdalvrt.xsd"
"""Part of GDAL's data in every version."""
_RASTERS = {"GTiff", "VRT", "PNG", "JPEG"}
_VECTORS = {"GPKG", "GeoJSON", "FlatGeobuf"}
_CODE = 25833
"""Any CRS of EPSG: only the database knows it."""


def geodata() -> Iterator[Check]:
    """Look at data and drivers of each library, since each of the packages brings its own."""
    yield attempt("GDAL (rasterio)", _gdal, _mend("GDAL_DATA", "GDAL_DRIVER_PATH"))
    yield attempt("PROJ (rasterio)", _rasterio_proj, _mend("PROJ_DATA", "PROJ_LIB"))
    yield attempt("PROJ (pyproj)", _pyproj, _mend("PROJ_DATA", "PROJ_LIB"))
    yield attempt("GDAL (pyogrio)", _pyogrio, _mend("PROJ_DATA", "PROJ_LIB", "GDAL_DATA"))


def _mend(*variables: str) -> str:
    """A variable that names another installation's data is what mostly breaks them."""
    there = [name for name in variables if name in os.environ]
    return f"unset {' '.join(there)}" if there else _REINSTALL


def _gdal() -> Check:
    import rasterio
    from rasterio._env import GDALDataFinder  # rasterio has no public name for it
    from rasterio.drivers import raster_driver_extensions

    data = os.environ.get("GDAL_DATA") or GDALDataFinder().search()
    if not data or not (Path(data) / _GDAL_FILE).is_file():
        raise FileNotFoundError(f"GDAL's data are not in {data or 'any folder that it knows'}")
    lacks = _RASTERS - set(raster_driver_extensions().values())
    return _with_drivers("GDAL (rasterio)", f"{rasterio.__gdal_version__}, data in {data}", lacks)


def _rasterio_proj() -> Check:
    from rasterio.crs import CRS
    from rasterio.env import Env
    from rasterio.warp import transform

    with Env():
        transform("EPSG:4326", CRS.from_epsg(_CODE), [15.0], [52.0])
    return Check("PROJ (rasterio)", "knows the CRS of EPSG")


def _pyproj() -> Check:
    import pyproj

    pyproj.Transformer.from_crs(4326, _CODE, always_xy=True).transform(15.0, 52.0)
    return Check("PROJ (pyproj)", f"{pyproj.proj_version_str}, data in {pyproj.datadir.get_data_dir()}")


def _pyogrio() -> Check:
    import pyogrio

    lacks = {name for name in _VECTORS if "w" not in pyogrio.list_drivers().get(name, "")}
    return _with_drivers("GDAL (pyogrio)", pyogrio.__gdal_version_string__, lacks)


def _with_drivers(name: str, found: str, lacks: set[str]) -> Check:
    if not lacks:
        return Check(name, found)
    return Check(name, found, f"it has no driver for {', '.join(sorted(lacks))}", _REINSTALL)
