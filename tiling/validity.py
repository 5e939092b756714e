"""Where files have data: on coarse grids, without missing any, and without warping pixels that are not looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.windows import Window as RasterWindow

from tiling.gdal import reading
from tiling.grid import Grid
from tiling.sources import Files, Source, warp

_PIECE_PX = 2**22
"""Pixels in which validity is looked at together: bounds memory."""
_LATTICE = 17
_EPSILON = 1e-6
"""Share of a pixel that does not count as touching it."""

_Array = NDArray[np.float64]
_Place = tuple[int, int]
"""Row and column."""


def covered(source: Source, files: Files, grid: Grid, detail: int) -> NDArray[np.bool_]:
    """Which pixels of a coarse grid touch valid ones of a file (of turned pixels: their upright bounds do), H x W.

    Args:
        source: the file.
        files: what is open.
        grid: the coarse grid.
        detail: validity is read from the overview that a grid `detail` times finer would be read from.

    Raises:
        MosaicError: pixels cannot be read.
    """
    if not source.affine:
        return _warped(source, files, grid, detail)
    low, high = _reach(source, grid)
    inside: NDArray[np.bool_] = np.all([(low[axis] < source.shape[axis]) & (high[axis] > 0) for axis in (0, 1)], axis=0)
    if not inside.any() or not (source.masked or source.sparse):
        return inside
    with reading(source.path):
        level = source.level(source.shrink(grid)[0] / detail) if source.masked else None
        file = files.get(source.name, level)
        # What is valid or not as one: a pixel of the overview, or a block of a sparse file.
        unit = [source.shape[axis] / file.shape[axis] for axis in (0, 1)] if source.masked else file.block_shapes[0]
        top, left = (_numbers(low[axis][inside] + _EPSILON, unit[axis], np.floor).clip(0) for axis in (0, 1))
        bottom, right = (
            _numbers(high[axis][inside].clip(None, source.shape[axis]) - _EPSILON, unit[axis], np.ceil) - 1
            for axis in (0, 1)
        )
        corner, end = (int(top.min()), int(left.min())), (int(bottom.max()), int(right.max()))
        pixels = (end[0] - corner[0] + 1) * (end[1] - corner[1] + 1)
        if source.masked and pixels > _PIECE_PX and max(grid.width, grid.height) > 1:
            return _in_halves(source, files, grid, detail)
        valid = _valid(source, file, corner, end) if source.masked else files.written(source, corner, end)
    top, left, bottom, right = top - corner[0], left - corner[1], bottom - corner[0], right - corner[1]
    inside[inside] = _any_between(valid, top, left, bottom, right)
    return inside


def in_written_blocks(source: Source, files: Files, grid: Grid) -> NDArray[np.bool_]:
    """Which pixels of a grid lie in blocks of a sparse file that were written, H x W.

    Args:
        source: the sparse file.
        files: the open datasets of this thread.
        grid: what is wanted, in any CRS.
    """
    place = _every_pixel(source, grid)
    inside: NDArray[np.bool_] = np.all(
        [(place[axis] >= 0) & (place[axis] < source.shape[axis]) for axis in (0, 1)], axis=0
    )
    if inside.any():
        blocks = files.get(source.name, None).block_shapes[0]
        row, column = ((place[axis][inside] // blocks[axis]).astype(int) for axis in (0, 1))
        corner, end = (int(row.min()), int(column.min())), (int(row.max()), int(column.max()))
        inside[inside] = files.written(source, corner, end)[row - corner[0], column - corner[1]]
    return inside


def _numbers(places: _Array, unit: float, rounded: Callable[[_Array], _Array]) -> NDArray[np.int64]:
    return rounded(places / unit).astype(np.int64)


def _reach(source: Source, grid: Grid) -> tuple[list[_Array], list[_Array]]:
    """Least and greatest rows and columns of the file that each pixel of the grid reaches."""
    x, y = np.meshgrid(np.arange(grid.width + 1.0), np.arange(grid.height + 1.0))
    columns, rows = source.pixels(grid, x, y)
    corners = [np.stack([v[:-1, :-1], v[1:, :-1], v[:-1, 1:], v[1:, 1:]]) for v in (rows, columns)]
    return [part.min(0) for part in corners], [part.max(0) for part in corners]


def _any_between(
    valid: NDArray[np.bool_],
    top: NDArray[np.int64],
    left: NDArray[np.int64],
    bottom: NDArray[np.int64],
    right: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Whether anything is valid in rows top .. bottom and columns left .. right, ends included."""
    # Sums over rectangles are differences of four sums from the upper left corner.
    count = np.pad(valid.cumsum(0, dtype=np.int32).cumsum(1, dtype=np.int32), ((1, 0), (1, 0)))
    bottom, right = bottom + 1, right + 1
    return np.asarray(count[bottom, right] - count[top, right] - count[bottom, left] + count[top, left] > 0)


def _valid(source: Source, file: rasterio.DatasetReader, corner: _Place, end: _Place) -> NDArray[np.bool_]:
    """Validity of the pixels of a file, or of an overview of it, from `corner` up to and with `end`."""
    window = RasterWindow(corner[1], corner[0], end[1] - corner[1] + 1, end[0] - corner[0] + 1)
    valid = source.valid(file, window)
    if source.palette is not None:
        valid &= source.palette[file.read(source.bands[0], window=window), 3] > 0
    if source.dtype.kind == "f":
        valid &= np.isfinite(file.read(list(source.bands), window=window)).all(0)
    return valid


def _in_halves(source: Source, files: Files, grid: Grid, detail: int) -> NDArray[np.bool_]:
    if grid.width >= grid.height:
        first = grid.width // 2
        parts = replace(grid, width=first), _moved(grid, first, 0)
    else:
        first = grid.height // 2
        parts = replace(grid, height=first), _moved(grid, 0, first)
    halves = [covered(source, files, part, detail) for part in parts]
    return np.concatenate(halves, axis=1 if grid.width >= grid.height else 0)


def _moved(grid: Grid, columns: int, rows: int) -> Grid:
    """What of a grid is right of its first columns and below its first rows."""
    return Grid(grid.crs, grid.affine * Affine.translation(columns, rows), grid.width - columns, grid.height - rows)


def _warped(source: Source, files: Files, grid: Grid, detail: int) -> NDArray[np.bool_]:
    """`covered` for control points and RPCs, whose pixels GDAL alone can place."""
    if grid.width * grid.height * detail**2 > _PIECE_PX and max(grid.width, grid.height) > 1:
        return _in_halves(source, files, grid, detail)
    fine = Grid(grid.crs, grid.affine * Affine.scale(1 / detail), grid.width * detail, grid.height * detail)
    valid = warp(source, files, fine).valid
    return np.asarray(valid.reshape(grid.height, detail, grid.width, detail).any((1, 3)))


def _every_pixel(source: Source, grid: Grid) -> tuple[_Array, _Array]:
    """Rows and columns of the file at the centre of every pixel of a grid, interpolated between those of a lattice."""
    xs, ys = (np.linspace(0, size, _LATTICE) for size in (grid.width, grid.height))
    columns, rows = source.pixels(grid, *np.meshgrid(xs, ys))
    x, y = np.arange(0.5, grid.width), np.arange(0.5, grid.height)
    return _interpolated(rows, xs, ys, x, y), _interpolated(columns, xs, ys, x, y)


def _interpolated(values: _Array, xs: _Array, ys: _Array, x: _Array, y: _Array) -> _Array:
    across = np.array([np.interp(x, xs, row) for row in values])
    return np.array([np.interp(y, ys, column) for column in across.T]).T
