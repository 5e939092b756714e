"""A picture as a mosaic whose map is its pixels: x to the right, y upwards from the upper left corner."""

from __future__ import annotations

import cv2
import numpy as np

from geoloc.outline.chip import Reader
from tiling.grid import Grid, as_crs
from tiling.mosaic import WindowPixels

CRS = as_crs("EPSG:3857")


def reader(pixels: np.ndarray) -> Reader:
    """Return what reads it."""

    def read(grid: Grid) -> WindowPixels:
        a, _, x0, _, _, y0 = tuple(grid.affine)[:6]
        matrix = np.array([[a, 0, x0 + a / 2 - 0.5], [0, a, -y0 + a / 2 - 0.5]])
        flags, size = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, (grid.width, grid.height)
        valid = cv2.warpAffine(np.full(pixels.shape[:2], 255, np.uint8), matrix, size, flags=flags) == 255
        return WindowPixels(np.asarray(cv2.warpAffine(pixels, matrix, size, flags=flags), np.uint8), valid)

    return read
