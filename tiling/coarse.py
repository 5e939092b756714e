"""Pixels read coarser than wanted and enlarged: a mosaic as one of lower resolution would show it."""

from __future__ import annotations

import math

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.warp import Resampling, reproject

from tiling.grid import Grid

_MARGIN = 3
"""Coarse pixels beyond the edge: what a cubic kernel reaches."""
TOLERANCE = 1.03
"""Grids that are less finer than this are read as they are."""


def coarse_grid(grid: Grid, step: float) -> Grid | None:
    """The grid that covers another with pixels of `step`, in units of its CRS; None where its own are as large.

    Its pixels lie on one lattice through the origin of the CRS, so that two grids of one affine up to its shift see the
    same coarse pixels.
    """
    a = grid.affine
    factor = step / math.sqrt(abs(a.determinant))
    if factor < TOLERANCE:
        return None
    turned = Affine(a.a, a.b, 0, a.d, a.e, 0)
    x, y = ~turned * (a.c, a.f)
    left, top = math.floor(x / factor) - _MARGIN, math.floor(y / factor) - _MARGIN
    right = math.ceil((x + grid.width) / factor) + _MARGIN
    lower = math.ceil((y + grid.height) / factor) + _MARGIN
    affine = turned * Affine.scale(factor) * Affine.translation(left, top)
    return Grid(grid.crs, affine, right - left, lower - top)


def enlarged(
    rgb: NDArray[np.uint8], valid: NDArray[np.bool_], coarse: Grid, grid: Grid
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Show pixels of a coarse grid on a finer one of the same CRS, cubic between valid ones.

    Args:
        rgb: H x W x 3.
        valid: H x W, which of them have data.
        coarse: their grid.
        grid: the finer one.

    Returns:
        The same two on the finer grid.
    """
    bands = np.concatenate([np.moveaxis(rgb, -1, 0), 255 * valid[None].astype(np.uint8)])
    out = np.zeros((4, grid.height, grid.width), np.uint8)
    crs = grid.crs.to_wkt()
    reproject(
        bands,
        out,
        src_transform=coarse.affine,
        src_crs=crs,
        src_alpha=4,
        dst_transform=grid.affine,
        dst_crs=crs,
        dst_alpha=4,
        resampling=Resampling.cubic,
    )
    shown = out[3] > 127
    return np.where(shown[..., None], np.moveaxis(out[:3], 0, -1), np.uint8(0)), shown
