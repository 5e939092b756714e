"""Where a raster file lies on the Earth: its geotransform, control points or RPCs, and a CRS that has a place there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import rasterio
import shapely
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.rpc import RPC
from rasterio.transform import GCPTransformer, RPCTransformer
from rasterio.warp import calculate_default_transform
from shapely.geometry import Polygon

from tiling.area import within_turn
from tiling.box import PixelBox
from tiling.errors import GeolocError, MosaicError
from tiling.grid import WGS84, Grid, as_crs, project
from tiling.names import gdal_name

_OUTLINE_POINTS = 33
_MOST_DEG, _MOST_LATITUDE = 361.0, 90.5
"""How wide in longitude, and how far from the equator, a mosaic may be, with a pixel of the whole world to spare."""
_FARTHEST = 1e10
"""Coordinates are less in any unit. PROJ brings some greater ones to degrees that mean nothing."""
_ASSIGN = "assign the right one, for instance with gdal_edit.py -a_srs"


def placement(file: rasterio.DatasetReader, path: Path) -> tuple[Grid, Polygon, dict[str, Any]]:
    """Place a file on the map.

    Args:
        file: the file, open.
        path: what it is called in errors.

    Returns:
        Its pixels as a grid (for control points and RPCs the north-up one that they amount to), its outline in the
        grid's CRS, and options for GDAL's transformer.

    Raises:
        MosaicError: it has no CRS or geotransform, or such as have no place on Earth.
    """
    name = gdal_name(path)
    if not is_placeless(file.transform):
        if file.crs is None:
            raise MosaicError(f"{name}: has no CRS; {_ASSIGN}")
        if file.transform.is_degenerate or not all(map(math.isfinite, file.transform)):
            raise MosaicError(f"{name}: its geotransform maps all pixels to one line; georeference it again")
        grid = Grid(_crs(file.crs, name), file.transform, file.width, file.height)
        return _on_earth(grid, grid.footprint(), {}, name)
    points, points_crs = file.gcps
    if points:
        if points_crs is None:
            raise MosaicError(f"{name}: its ground control points have no CRS; assign it with gdal_translate -a_srs")
        with GCPTransformer(points) as to_map:
            return _on_earth(*_warped(file, _crs(points_crs, name), to_map, {}, gcps=points), {}, name)
    if file.rpcs is not None:
        options = {"RPC_HEIGHT": file.rpcs.height_off}
        with RPCTransformer(file.rpcs, **options) as to_map:
            grid, outline = _warped(file, as_crs(4326), to_map, options, rpcs=file.rpcs)
            return _on_earth(grid, outline, options, name)
    if file.crs is None:
        raise MosaicError(f"{name}: has no CRS and no geotransform; georeference it first")
    raise MosaicError(f"{name}: has no geotransform, control points or RPCs; georeference it first")


def is_placeless(affine: Affine) -> bool:
    """Whether a geotransform is what GDAL gives to a file without one."""
    return bool(affine.is_identity)


def crs_beside(path: Path) -> str | None:
    """The CRS that a .prj beside a file names, as WKT; None where there is none that is understood."""
    for beside in (path.with_suffix(".prj"), path.with_suffix(".PRJ"), path.with_name(f"{path.name}.prj")):
        try:
            return pyproj.CRS.from_user_input(beside.read_text(encoding="utf-8", errors="replace").strip()).to_wkt()
        except (OSError, ValueError, pyproj.exceptions.CRSError):
            continue
    return None


def _warped(
    file: rasterio.DatasetReader,
    crs: pyproj.CRS,
    to_map: GCPTransformer | RPCTransformer,
    options: dict[str, Any],
    *,
    gcps: Sequence[GroundControlPoint] | None = None,
    rpcs: RPC | None = None,
) -> tuple[Grid, Polygon]:
    """Grid and outline of a file whose control points or RPCs `to_map` follows. options: for GDAL's transformer."""
    affine, width, height = calculate_default_transform(
        crs.to_wkt(), crs.to_wkt(), file.width, file.height, gcps=gcps, rpcs=rpcs, **options
    )
    corners = PixelBox(0, 0, file.width, file.height).corners()
    ends = zip(corners, corners[1:] + corners[:1], strict=True)
    edges = [np.linspace(start, end, _OUTLINE_POINTS)[:-1] for start, end in ends]
    columns, rows = np.concatenate(edges).T
    xs, ys = to_map.xy(rows, columns, offset="ul")
    return Grid(crs, affine, width, height), Polygon(np.column_stack([xs, ys]))


def _crs(crs: Any, name: str) -> pyproj.CRS:
    try:
        known = as_crs(crs)
    except pyproj.exceptions.CRSError as error:
        raise MosaicError(f"{name}: its CRS is not understood; assign a known one with gdal_edit.py -a_srs") from error
    parts = known.sub_crs_list if known.is_compound else [known]
    horizontal = parts[0].source_crs if parts[0].is_bound and parts[0].source_crs is not None else parts[0]
    if horizontal.is_projected or horizontal.is_geographic:
        return known
    code = horizontal.to_json_dict().get("id", {})
    named = f"{code['authority']}:{code['code']}" if {"authority", "code"} <= code.keys() else ""
    hint = f" ({named}, if that is meant)" if named else ""
    kind = horizontal.type_name.removesuffix(" CRS").lower()
    raise MosaicError(
        f"{name}: its CRS {horizontal.name!r} ({kind}) says of no pixel where it is on Earth; {_ASSIGN}{hint}"
    )


def _on_earth(grid: Grid, outline: Polygon, options: dict[str, Any], name: str) -> tuple[Grid, Polygon, dict[str, Any]]:
    """Refuse what cannot be brought to longitudes and latitudes, since nothing can be searched or told there."""
    try:
        lonlat = project(outline, grid.crs, WGS84)
        west, south, east, north = lonlat.bounds
        far = max(map(abs, outline.bounds)) > _FARTHEST
        placed = not far and east - west <= _MOST_DEG and max(-south, north) <= _MOST_LATITUDE
        gsd_m = grid.ground_gsd() if placed else math.nan
        if placed:
            within_turn(lonlat)
    except GeolocError as error:
        if isinstance(error.__cause__, pyproj.exceptions.ProjError):
            raise MosaicError(f"{name}: {error}") from error
        raise MosaicError(
            f"{name}: cannot be brought from {grid.crs.name!r} to longitudes and latitudes: it lies where that CRS is"
            f" not defined, or a grid that PROJ needs is damaged; {_ASSIGN}"
        ) from error
    except shapely.errors.GEOSException:
        # An outline that crosses itself.
        gsd_m = math.nan
    if not (math.isfinite(gsd_m) and gsd_m > 0):
        raise MosaicError(f"{name}: lies nowhere on Earth by its geotransform and CRS; georeference it again")
    return grid, outline, options
