"""A picture as a mosaic whose map is its pixels: x to the right, y upwards from the upper left corner."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tiling.grid import Grid, as_crs
from tiling.mosaic import PixelReader, WindowPixels

CRS = as_crs("EPSG:3857")
"""Of the map; its metres stand for pixels."""


def reader(pixels: NDArray[np.uint8]) -> PixelReader:
    """Return what reads a picture, H x W x 3, averaged where it is read coarser than it is."""

    def read(grid: Grid) -> WindowPixels:
        a, _, x0, _, _, y0 = tuple(grid.affine)[:6]
        matrix = np.array([[a, 0, x0 + a / 2 - 0.5], [0, a, -y0 + a / 2 - 0.5]])
        flags, size = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, (grid.width, grid.height)
        source = cv2.blur(pixels, (2 * int(a / 2) + 1,) * 2) if a > 1.5 else pixels
        valid = cv2.warpAffine(np.full(pixels.shape[:2], 255, np.uint8), matrix, size, flags=flags) == 255
        return WindowPixels(np.asarray(cv2.warpAffine(source, matrix, size, flags=flags), np.uint8), valid)

    return read
