"""Which blocks of tiles a plan needs: the lattice of their quarters, its valid data, and what may be left out.

A window is 2 x 2 quarters, see `tiling.plan.window_step`. Quarters are named by column and row on the lattice, windows
by their upper left quarter. Columns count on beyond the antimeridian, so that nothing jumps there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely.geometry import MultiPolygon, Polygon, box

from tiling.grid import HALF_WORLD, WEB_MERCATOR, Grid
from tiling.mosaic import Mosaic

_CELLS = 16
"""Cells a side of a quarter in which validity is looked at."""
_CHUNK = 8
"""Quarters a side that are looked at together: bounds memory."""
_FEW, _MANY = 4 * _CHUNK, 8 * _CHUNK
"""Quarters a side of ranges that are looked at as a whole first: more than few, at most many."""

_Place = tuple[int, int]
"""Column and row."""
_Chunk = tuple[int, int, int, int]
"""First column and row, and one past the last."""


@dataclass(frozen=True, slots=True)
class Lattice:
    """The lattice of a plan's quarters over the world.

    Attributes:
        side: of a quarter, metres of EPSG:3857.
        px: pixels a side of a quarter.
    """

    side: float
    px: int

    def quarters(self, xmin: float, ymin: float, xmax: float, ymax: float) -> tuple[int, int, int, int]:
        """First column and row, and one past the last, of the quarters that bounds in EPSG:3857 touch.

        Args:
            xmin: west, metres of EPSG:3857; like all four it may lie beyond the edge of the world.
            ymin: south.
            xmax: east.
            ymax: north.
        """
        return (
            math.floor((xmin + HALF_WORLD) / self.side),
            math.floor((HALF_WORLD - ymax) / self.side),
            math.floor((xmax + HALF_WORLD) / self.side) + 1,
            math.floor((HALF_WORLD - ymin) / self.side) + 1,
        )

    def bounds(self, column: int, row: int, end_column: int, end_row: int) -> tuple[float, float, float, float]:
        """Bounds (xmin, ymin, xmax, ymax) in EPSG:3857 of the quarters from (column, row) up to the end.

        Args:
            column: the first.
            row: the first, counted from the north.
            end_column: one past the last.
            end_row: one past the last.
        """
        return (
            column * self.side - HALF_WORLD,
            HALF_WORLD - end_row * self.side,
            end_column * self.side - HALF_WORLD,
            HALF_WORLD - row * self.side,
        )


@dataclass(frozen=True, slots=True)
class _Quarter:
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


_EMPTY = _Quarter(0.0, *[False] * 9)


def choose_windows(
    mosaic: Mosaic, lattice: Lattice, region: MultiPolygon, area: MultiPolygon, min_valid: float
) -> dict[_Place, float]:
    """Windows that show all valid ground of an area.

    Windows with less than `min_valid` are left out where the others still show everything, and show whole every object
    up to half a window: one that fills a rectangle that reaches into two neighbouring quarters has valid ground on
    both sides of the seam between them, and one that reaches into all four has it all round where they meet.

    Args:
        mosaic: what is searched.
        lattice: the quarters of windows.
        region: what the mosaic's outline and the area have in common, EPSG:3857.
        area: where to search, EPSG:3857.
        min_valid: share of a window that should have data.

    Returns:
        Column and row of the upper left quarter of each window, and its valid share.

    Raises:
        MosaicError: pixels cannot be read.
    """
    quarters: dict[_Place, _Quarter] = {}
    wide = region.buffer(lattice.side, join_style="mitre")
    shapely.prepare(wide)
    shapely.prepare(area)
    for chunk in _chunks(mosaic, lattice, wide, lattice.quarters(*wide.bounds)):
        quarters.update(_quarters_with_data(mosaic, lattice, area, chunk))
    shares = {}
    for (column, row), quarter in quarters.items():
        if quarter.wanted:
            for place in ((column + i, row + j) for i in (-1, 0) for j in (-1, 0)):
                shares[place] = sum(part.share for part in _quarters_of(place, quarters)) / 4
    kept = set(shares)
    for place in sorted((place for place, share in shares.items() if share < min_valid), key=lambda p: (shares[p], p)):
        kept.remove(place)
        if _is_needed(place, quarters, kept):
            kept.add(place)
    return {place: shares[place] for place in kept}


def _quarters_of(place: _Place, quarters: dict[_Place, _Quarter]) -> tuple[_Quarter, _Quarter, _Quarter, _Quarter]:
    """Upper left, upper right, lower left, lower right quarter of a window."""
    c, r = place
    return tuple(quarters.get(at, _EMPTY) for at in ((c, r), (c + 1, r), (c, r + 1), (c + 1, r + 1)))  # type: ignore[return-value]


def _is_needed(place: _Place, quarters: dict[_Place, _Quarter], kept: set[_Place]) -> bool:
    """Whether the windows in `kept` lack something that this one shows."""
    c, r = place
    upper_left, upper_right, lower_left, lower_right = _quarters_of(place, quarters)
    if upper_left.south_east and upper_right.south_west and lower_left.north_east and lower_right.north_west:
        return True
    # Each seam between two of its quarters is in one other window, each quarter in three.
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
        quarter.wanted and not any((c + i - a, r + j - b) in kept for a in (0, 1) for b in (0, 1))
        for quarter, i, j in corners
    )


def _chunks(mosaic: Mosaic, lattice: Lattice, region: Polygon | MultiPolygon, chunk: _Chunk) -> Iterator[_Chunk]:
    """Pieces of a range of quarters, small enough to look at, that meet the region and may hold data."""
    column, row, end_column, end_row = chunk
    if not region.intersects(box(*lattice.bounds(*chunk))):
        return
    side = max(end_column - column, end_row - row)
    if side <= _CHUNK:
        yield chunk
        return
    # Far cheaper than its pieces one by one where a sparse mosaic has nothing.
    if _FEW < side <= _MANY and not mosaic.may_hold(_grid(lattice, chunk, lattice.side * _CHUNK)):
        return
    if end_column - column >= end_row - row:
        middle = (column + end_column) // 2
        halves = (column, row, middle, end_row), (middle, row, end_column, end_row)
    else:
        middle = (row + end_row) // 2
        halves = (column, row, end_column, middle), (column, middle, end_column, end_row)
    for half in halves:
        yield from _chunks(mosaic, lattice, region, half)


def _grid(lattice: Lattice, chunk: _Chunk, cell: float) -> Grid:
    """A grid of cells, metres of EPSG:3857, over all of a range of quarters."""
    left, bottom, right, top = lattice.bounds(*chunk)
    width, height = (math.ceil((high - low) / cell - 1e-9) for low, high in ((left, right), (bottom, top)))
    return Grid.north_up(WEB_MERCATOR, left, top, cell, width=width, height=height)


def _quarters_with_data(
    mosaic: Mosaic, lattice: Lattice, area: MultiPolygon, chunk: _Chunk
) -> Iterator[tuple[_Place, _Quarter]]:
    """The quarters of a chunk that hold data, by their place."""
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
                yield (column + i, row + j), _quarter(valid[part], bool(wanted[part].any()))


def _quarter(valid: NDArray[np.bool_], wanted: bool) -> _Quarter:
    return _Quarter(
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
