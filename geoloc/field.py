"""The features of a mosaic on one grid of cells without seams, each encoded once; windows are views of it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyproj
from numpy.typing import NDArray
from shapely.geometry import Polygon

from geoloc.model.localizer import Localizer
from geoloc.model.network import MARGIN, STRIDE, Features
from tiling.grid import Grid
from tiling.mosaic import Mosaic
from tiling.plan import Plan, Window

BLOCK = 64
"""Cells a side of what is read and encoded at once, 1024 px. With smaller ones the margins cost more: a pixel of a
block of 768 px takes 6 % longer; one of 1536 px takes 9 % less, but 350 MiB more to encode."""
MEMORY = 512 * 2**20
"""Bytes of features that are kept: 9 km2 at 0.3 m a pixel, and two rows of blocks of a mosaic 45,000 px wide."""

_Place = tuple[int, int]
"""Column and row of a block."""


class _Cells(NamedTuple):
    """A half-open box of cells, counted from the upper left corner of the world in the plan's pixels."""

    left: int
    top: int
    right: int
    bottom: int

    def common(self, other: _Cells) -> _Cells:
        return _Cells(*map(max, self[:2], other[:2]), *map(min, self[2:], other[2:]))

    def around(self, other: _Cells) -> _Cells:
        return _Cells(*map(min, self[:2], other[:2]), *map(max, self[2:], other[2:]))


@dataclass(frozen=True, slots=True)
class _Block:
    """features of its cells, and valid, height x width pixels."""

    cells: _Cells
    features: Features
    valid: NDArray[np.bool_]

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(side.untyped_storage().nbytes() for side in self.features) + self.valid.nbytes

    def part(self, cells: _Cells) -> _Block:
        """What of it lies in a box of cells."""
        cells = cells.common(self.cells)
        x, y = self.cells[:2]
        left, top, right, bottom = cells.left - x, cells.top - y, cells.right - x, cells.bottom - y
        valid = self.valid[STRIDE * top : STRIDE * bottom, STRIDE * left : STRIDE * right]
        return _Block(cells, self.features.cells(left, top, right, bottom), valid)


class Field:
    """A `Reference` that encodes what the windows of a plan show, when they are first asked for.

    The mosaic is read in square blocks, each with a margin of as many pixels as the network's backbone looks round a
    cell. So features do not depend on where blocks or windows end, and a cell has the same ones in every window.
    """

    def __init__(
        self, mosaic: Mosaic, plan: Plan, model: Localizer, *, block: int = BLOCK, memory: int = MEMORY
    ) -> None:
        """block: cells a side. memory: bytes of features to keep, those used last; what one window needs always is."""
        self.plan = plan
        self._mosaic, self._model = mosaic, model
        self._side, self._memory = block, memory
        shown = [_cells(window) for window in plan.windows]
        # From the first cell that is needed on: few windows then lie in few blocks.
        self._left, self._top = (min(cells[axis] for cells in shown) for axis in (0, 1))
        self._shown: dict[_Place, _Cells] = {}
        for cells in shown:
            for place in (place for row in self._places(cells) for place in row):
                part = cells.common(self._square(place))
                self._shown[place] = part.around(self._shown.get(place, part))
        self._blocks: OrderedDict[_Place, _Block] = OrderedDict()

    @property
    def crs(self) -> pyproj.CRS:
        """Of the mosaic."""
        return self._mosaic.crs

    @property
    def gsd_m(self) -> float:
        """Metres on the ground a pixel of the mosaic."""
        return self._mosaic.gsd_m

    @property
    def finest_m(self) -> float:
        """See `Mosaic.finest_m`."""
        return self._mosaic.finest_m

    def in_turn(self, shape: Polygon) -> Polygon:
        """See `Mosaic.in_turn`."""
        return self._mosaic.in_turn(shape)

    def features(self, window: Window) -> tuple[Features, NDArray[np.bool_]]:
        """See `Reference.features`. What was not read before is read and encoded now.

        Raises:
            MosaicError: pixels cannot be read.
        """
        cells = _cells(window)
        rows = [[self._block(place) for place in row] for row in self._places(cells)]
        self._forget(all_but=sum(map(len, rows)))
        parts = [[block.part(cells) for block in row] for row in rows]
        features = Features.joined([[part.features for part in row] for row in parts])
        return features, np.block([[part.valid for part in row] for row in parts])

    def close(self, grid: Grid) -> tuple[Features, NDArray[np.bool_]]:
        """See `Reference.close`. Nothing of it is kept.

        Raises:
            MosaicError: pixels cannot be read.
        """
        return self._seen(grid)

    def _places(self, cells: _Cells) -> list[list[_Place]]:
        """The blocks that a box of cells touches, row by row."""
        columns = range((cells.left - self._left) // self._side, (cells.right - 1 - self._left) // self._side + 1)
        rows = range((cells.top - self._top) // self._side, (cells.bottom - 1 - self._top) // self._side + 1)
        return [[(column, row) for column in columns] for row in rows]

    def _square(self, place: _Place) -> _Cells:
        left, top = self._left + place[0] * self._side, self._top + place[1] * self._side
        return _Cells(left, top, left + self._side, top + self._side)

    def _block(self, place: _Place) -> _Block:
        if place not in self._blocks:
            self._blocks[place] = self._encoded(self._shown[place])
        self._blocks.move_to_end(place)
        return self._blocks[place]

    def _encoded(self, cells: _Cells) -> _Block:
        columns, rows = cells.right - cells.left, cells.bottom - cells.top
        grid = self.plan.pixels(STRIDE * cells.left, STRIDE * cells.top, STRIDE * columns, STRIDE * rows)
        return _Block(cells, *self._seen(grid))

    def _seen(self, grid: Grid) -> tuple[Features, NDArray[np.bool_]]:
        margin = MARGIN * STRIDE
        pixels = self._mosaic.read(grid.grown(margin))
        columns, rows = grid.width // STRIDE, grid.height // STRIDE
        if pixels.valid.any():
            wide = self._model.encode_reference(pixels.rgb, pixels.valid)
            inner = wide.cells(MARGIN, MARGIN, MARGIN + columns, MARGIN + rows)
            # A copy, since a view would keep the margin in memory.
            features = Features(*(side.clone() for side in inner))
        else:
            features = self._nothing.spread(rows, columns)
        return features, pixels.valid[margin:-margin, margin:-margin].copy()

    @cached_property
    def _nothing(self) -> Features:
        """Of one cell with no data far and wide."""
        side = (2 * MARGIN + 1) * STRIDE
        wide = self._model.encode_reference(np.zeros((side, side, 3), np.uint8), np.zeros((side, side), bool))
        return wide.cells(MARGIN, MARGIN, MARGIN + 1, MARGIN + 1)

    def _forget(self, all_but: int) -> None:
        """Let blocks go, those used longest ago first."""
        size = sum(block.size for block in self._blocks.values())
        while size > self._memory and len(self._blocks) > all_but:
            _, block = self._blocks.popitem(last=False)
            size -= block.size


def _cells(window: Window) -> _Cells:
    left, top = (at // STRIDE for at in window.corner)
    side = window.px // STRIDE
    return _Cells(left, top, left + side, top + side)
