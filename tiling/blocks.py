"""Which blocks of tiles a plan needs: the lattice of half blocks, their valid data, and what may be left out.

A window is 2 x 2 half blocks ("quads"). Quads are named by column and row on the lattice, windows by their upper left
quad. Columns count on beyond the antimeridian, so that nothing jumps there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely.geometry import MultiPolygon, Polygon, box

from tiling.grid import HALF_WORLD, WEB_MERCATOR, Grid
from tiling.mosaic import Mosaic

_CELLS = 16
"""Cells a side of a quad in which validity is looked at."""
_CHUNK = 8
"""Quads a side that are looked at together: bounds memory."""
_FEW, _MANY = 4 * _CHUNK, 8 * _CHUNK
"""Quads a side of ranges that are looked at as a whole first: more than few, at most many."""

_Place = tuple[int, int]
"""Column and row."""
_Chunk = tuple[int, int, int, int]
"""First column and row, and one past the last."""


@dataclass(frozen=True, slots=True)
class Lattice:
    """side: of a quad, metres of EPSG:3857. px: pixels a side of a quad."""

    side: float
    px: int

    def quads(self, xmin: float, ymin: float, xmax: float, ymax: float) -> tuple[int, int, int, int]:
        """First column and row, and one past the last, of the quads that bounds in EPSG:3857 touch."""
        return (
            math.floor((xmin + HALF_WORLD) / self.side),
            math.floor((HALF_WORLD - ymax) / self.side),
            math.floor((xmax + HALF_WORLD) / self.side) + 1,
            math.floor((HALF_WORLD - ymin) / self.side) + 1,
        )

    def bounds(self, column: int, row: int, end_column: int, end_row: int) -> tuple[float, float, float, float]:
        """Bounds in EPSG:3857 of the quads from (column, row) up to the end."""
        return (
            column * self.side - HALF_WORLD,
            HALF_WORLD - end_row * self.side,
            end_column * self.side - HALF_WORLD,
            HALF_WORLD - row * self.side,
        )


@dataclass(frozen=True, slots=True)
class _Quad:
    """share: of its cells with data. wanted: some of them in the area. The rest: data along edges, in corners."""

    share: float
    wanted: bool
    north: bool
    south: bool
    west: bool
    east: bool
    north_west: bool
    north_east: bool
    south_west: bool
    south_east: bool


_EMPTY = _Quad(0.0, *[False] * 9)


def choose_windows(
    mosaic: Mosaic, lattice: Lattice, region: MultiPolygon, area: MultiPolygon, min_valid: float
) -> dict[_Place, float]:
    """Windows (column, row of the upper left quad) that show all valid ground of the area, with their valid share.

    region: what the mosaic's outline and the area have in common; area: where to search; both in EPSG:3857.

    Windows with less than `min_valid` are left out where the others still show everything, and show whole every object
    up to half a window: one that fills a rectangle that reaches into two neighbouring quads has valid ground on
    both sides of the seam between them, and one that reaches into all four has it all round where they meet.

    Raises:
        MosaicError: pixels cannot be read.
    """
    quads: dict[_Place, _Quad] = {}
    wide = region.buffer(lattice.side, join_style="mitre")
    shapely.prepare(wide)
    shapely.prepare(area)
    for chunk in _chunks(mosaic, lattice, wide, lattice.quads(*wide.bounds)):
        quads.update(_looked_at(mosaic, lattice, area, chunk))
    shares = {}
    for (column, row), quad in quads.items():
        if quad.wanted:
            for place in ((column + i, row + j) for i in (-1, 0) for j in (-1, 0)):
                shares[place] = sum(part.share for part in _quads_of(place, quads)) / 4
    kept = set(shares)
    for place in sorted((place for place, share in shares.items() if share < min_valid), key=lambda p: (shares[p], p)):
        kept.remove(place)
        if _is_needed(place, quads, kept):
            kept.add(place)
    return {place: shares[place] for place in kept}


def _quads_of(place: _Place, quads: dict[_Place, _Quad]) -> tuple[_Quad, _Quad, _Quad, _Quad]:
    """Upper left, upper right, lower left, lower right quad of a window."""
    c, r = place
    return tuple(quads.get(at, _EMPTY) for at in ((c, r), (c + 1, r), (c, r + 1), (c + 1, r + 1)))  # type: ignore[return-value]


def _is_needed(place: _Place, quads: dict[_Place, _Quad], kept: set[_Place]) -> bool:
    """Whether the windows in `kept` lack something that this one shows."""
    c, r = place
    upper_left, upper_right, lower_left, lower_right = _quads_of(place, quads)
    if upper_left.south_east and upper_right.south_west and lower_left.north_east and lower_right.north_west:
        return True
    # Each seam between two of its quads is in one other window, each quad in three.
    seams = (
        (upper_left.east and upper_right.west, (c, r - 1)),
        (lower_left.east and lower_right.west, (c, r + 1)),
        (upper_left.south and lower_left.north, (c - 1, r)),
        (upper_right.south and lower_right.north, (c + 1, r)),
    )
    if any(crossed and other not in kept for crossed, other in seams):
        return True
    corners = ((upper_left, 0, 0), (upper_right, 1, 0), (lower_left, 0, 1), (lower_right, 1, 1))
    return any(
        quad.wanted and not any((c + i - a, r + j - b) in kept for a in (0, 1) for b in (0, 1))
        for quad, i, j in corners
    )


def _chunks(mosaic: Mosaic, lattice: Lattice, region: Polygon | MultiPolygon, quads: _Chunk) -> Iterator[_Chunk]:
    """Pieces of a range of quads, small enough to look at, that meet the region and may hold data."""
    column, row, end_column, end_row = quads
    if not region.intersects(box(*lattice.bounds(*quads))):
        return
    side = max(end_column - column, end_row - row)
    if side <= _CHUNK:
        yield quads
        return
    # Far cheaper than its pieces one by one where a sparse mosaic has nothing.
    if _FEW < side <= _MANY and not mosaic.may_hold(_grid(lattice, quads, lattice.side * _CHUNK)):
        return
    if end_column - column >= end_row - row:
        middle = (column + end_column) // 2
        halves = (column, row, middle, end_row), (middle, row, end_column, end_row)
    else:
        middle = (row + end_row) // 2
        halves = (column, row, end_column, middle), (column, middle, end_column, end_row)
    for half in halves:
        yield from _chunks(mosaic, lattice, region, half)


def _grid(lattice: Lattice, quads: _Chunk, cell: float) -> Grid:
    """Of cells, metres of EPSG:3857, over all of a range of quads."""
    left, bottom, right, top = lattice.bounds(*quads)
    width, height = (math.ceil((high - low) / cell - 1e-9) for low, high in ((left, right), (bottom, top)))
    return Grid(WEB_MERCATOR, Affine(cell, 0, left, 0, -cell, top), width, height)


def _looked_at(mosaic: Mosaic, lattice: Lattice, area: MultiPolygon, chunk: _Chunk) -> Iterator[tuple[_Place, _Quad]]:
    """The quads of a chunk that hold data."""
    column, row, end_column, end_row = chunk
    grid = _grid(lattice, chunk, lattice.side / _CELLS)
    valid = mosaic.read_valid(grid, detail=max(1, lattice.px // _CELLS))
    if not valid.any():
        return
    wanted = valid
    if not area.covers(box(*lattice.bounds(*chunk))):
        drawn = rasterize([area], valid.shape, transform=grid.affine, all_touched=True, dtype=np.uint8)
        wanted = valid & drawn.astype(bool)
    for j in range(end_row - row):
        for i in range(end_column - column):
            part = np.s_[j * _CELLS : (j + 1) * _CELLS, i * _CELLS : (i + 1) * _CELLS]
            if valid[part].any():
                yield (column + i, row + j), _quad(valid[part], bool(wanted[part].any()))


def _quad(valid: NDArray[np.bool_], wanted: bool) -> _Quad:
    return _Quad(
        share=float(valid.mean()),
        wanted=wanted,
        north=bool(valid[0].any()),
        south=bool(valid[-1].any()),
        west=bool(valid[:, 0].any()),
        east=bool(valid[:, -1].any()),
        north_west=bool(valid[0, 0]),
        north_east=bool(valid[0, -1]),
        south_west=bool(valid[-1, 0]),
        south_east=bool(valid[-1, -1]),
    )
