"""Whole mosaics as one picture, read and written."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray

from geoloc.errors import GeolocError
from geoloc.system.output import replacing
from tiling.grid import Grid
from tiling.mosaic import Mosaic


def whole_grid(mosaic: Mosaic, gsd_m: float) -> Grid:
    """Return the grid of the whole mosaic, north up in its own CRS.

    Raises:
        GeolocError: the CRS is not a projected one.
    """
    if not mosaic.crs.is_projected:
        raise GeolocError("the benchmark needs mosaics in a projected CRS; warp this one to its UTM zone")
    xmin, ymin, xmax, ymax = mosaic.bounds
    metre = Grid(mosaic.crs, Affine(1, 0, (xmin + xmax) / 2, 0, -1, (ymin + ymax) / 2), 1, 1).ground_gsd()
    step = gsd_m / metre
    width, height = math.ceil((xmax - xmin) / step), math.ceil((ymax - ymin) / step)
    return Grid(mosaic.crs, Affine(step, 0, xmin, 0, -step, ymax), width, height)


def write_mosaic(path: Path, grid: Grid, rgb: NDArray[np.uint8], valid: NDArray[np.bool_]) -> None:
    """Write a tiled GeoTIFF with a mask inside; `rgb` is height x width x 3, `valid` height x width.

    Raises:
        OutputError: the file cannot be written.
    """
    profile = {
        "driver": "GTiff", "width": grid.width, "height": grid.height, "count": 3, "dtype": "uint8", "tiled": True,
        "compress": "DEFLATE", "crs": grid.crs, "transform": grid.affine,
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    inside = rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True)
    with replacing(path) as temporary, inside, rasterio.open(temporary, "w", **profile) as file:
        file.write(np.moveaxis(rgb, -1, 0))
        file.write_mask(valid)
