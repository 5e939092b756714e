"""Black or white round a picture that no nodata value, mask or alpha band declares; a neighbour's pixels show through.

A collar is told by the outermost pixels of a file, at its corners and along its sides. What is dark inside a picture
counts as collar only where the file has one, and then only gives way to another file's pixels of the same ground.
"""

from __future__ import annotations

import math

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.windows import Window as RasterWindow

_STRETCH_PX = 64
"""Pixels along the edge that are looked at together."""
_STRETCHES = 5
"""Looked at along each side, from corner to corner."""
_SHARE = 0.9
_NEAR = 3.0
"""How far the mean of such pixels is from black or white at the most, of 255; lossy compression keeps means."""
_LOSS = 16
"""How far a single pixel of it is, of 255."""
_LEAST_PX = 4
"""Half the width of the squares, pixels of the wanted grid, that must be collar throughout: shadows are smaller."""
_RING_PX = 8
"""Pixels of the file beyond a collar that lossy compression spoils: one block of JPEG."""
_MOST_RING_PX = 32


def collar_colours(file: rasterio.DatasetReader, bands: tuple[int, ...]) -> tuple[int, ...]:
    """Which of 0 and 255 lie round the picture of an 8 bit file whose pixels are all said to be valid."""
    found = set()
    for window in _edges(file.width, file.height):
        values = file.read(list(bands), window=window).astype(np.float64)
        for colour in (0, 255):
            off = np.abs(values - colour)
            if off.mean() <= _NEAR and (off <= _LOSS).all(0).mean() >= _SHARE:
                found.add(colour)
    return tuple(sorted(found))


def margin_px(shrink: float) -> int:
    """How many pixels of a grid beyond its edge tell what inside it is collar.

    Args:
        shrink: pixels of the file along one of the grid.
    """
    return 2 * _LEAST_PX + _ring(shrink)


def in_collar(
    values: NDArray[np.uint8], valid: NDArray[np.bool_], colours: tuple[int, ...], shrink: float
) -> NDArray[np.bool_]:
    """Which pixels are collar, or spoilt by it, H x W.

    Args:
        values: B x H x W, of a grid that reaches `margin_px` beyond what is asked for.
        valid: H x W, where the file lies.
        colours: of its collar.
        shrink: pixels of the file along one of the grid.
    """
    found = np.zeros(valid.shape, bool)
    for colour in colours:
        # Beyond the file there is nothing: a collar thinner than the squares lies at its edge.
        empty = (np.abs(values.astype(np.int16) - colour) <= _LOSS).all(0) | ~valid
        squares = ~_near(~empty, _LEAST_PX)
        found |= _near(_near(squares, _LEAST_PX) & empty & valid, _ring(shrink))
    return found & valid


def _ring(shrink: float) -> int:
    return min(math.ceil(_RING_PX / shrink), _MOST_RING_PX)


def _near(marked: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """Which pixels lie at most `reach` rows and columns from a marked one."""
    for axis in (0, 1):
        count = np.insert(
            np.pad(marked, [(reach, reach) if a == axis else (0, 0) for a in (0, 1)]).cumsum(axis), 0, 0, axis
        )
        high, low = (np.take(count, range(start, start + marked.shape[axis]), axis) for start in (2 * reach + 1, 0))
        marked = high > low
    return marked


def _edges(width: int, height: int) -> list[RasterWindow]:
    """Windows one pixel deep along the four sides."""
    windows = []
    for along, deep, upright in ((width, height, False), (height, width, True)):
        length = min(_STRETCH_PX, along)
        for start in sorted({round(place) for place in np.linspace(0, along - length, _STRETCHES)}):
            for line in {0, deep - 1}:
                windows.append(
                    RasterWindow(line, start, 1, length) if upright else RasterWindow(start, line, length, 1)
                )
    return windows
