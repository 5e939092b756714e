"""Square blocks of a mosaic's features, and windows put together from them, wherever the blocks come from."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from geoloc.model.network.features import STRIDE, Features
from tiling.plan import Window

BLOCK = 64
"""Cells a side of what is read and encoded at once, 1024 px. With smaller ones the margins cost more: a pixel of a
block of 768 px takes 6 % longer; one of 1536 px takes 9 % less, but 350 MiB more to encode."""
MEMORY = 512 * 2**20
"""Bytes of features that are kept: 9 km2 at 0.3 m a pixel, and two rows of blocks of a mosaic 45,000 px wide."""

BlockIndex = tuple[int, int]
"""Column and row of a block in its layout."""


class Cells(NamedTuple):
    """A half-open box of cells, counted from the upper left corner of the world in a plan's pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def of_window(cls, window: Window) -> Cells:
        """Return the cells that a window shows."""
        left, top = (at // STRIDE for at in window.corner)
        side = window.px // STRIDE
        return cls(left, top, left + side, top + side)

    @classmethod
    def of_quarter(cls, column: int, row: int, half: int) -> Cells:
        """Return the cells of a quarter of a window.

        Args:
            column: of the quarter, among all of the lattice that windows lie on.
            row: of the quarter, likewise.
            half: cells along half a window.
        """
        return cls(half * column, half * row, half * (column + 1), half * (row + 1))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.bottom - self.top, self.right - self.left

    def intersection(self, other: Cells) -> Cells:
        """Return the box of the cells that are in both."""
        return Cells(*map(max, self[:2], other[:2]), *map(min, self[2:], other[2:]))

    def hull(self, other: Cells) -> Cells:
        """Return the smallest box that holds both."""
        return Cells(*map(min, self[:2], other[:2]), *map(max, self[2:], other[2:]))


@dataclass(frozen=True, slots=True)
class Block:
    """The features of a box of cells, with the mask of its pixels.

    Attributes:
        cells: the box.
        features: of its cells.
        valid: height x width pixels, where there are data.
    """

    cells: Cells
    features: Features
    valid: NDArray[np.bool_]

    @property
    def size(self) -> int:
        """Bytes of memory that it takes."""
        return sum(side.untyped_storage().nbytes() for side in self.features) + self.valid.nbytes

    def part(self, cells: Cells) -> Block:
        """Return what of it lies in a box of cells; a view."""
        cells = cells.intersection(self.cells)
        x, y = self.cells[:2]
        left, top, right, bottom = cells.left - x, cells.top - y, cells.right - x, cells.bottom - y
        valid = self.valid[STRIDE * top : STRIDE * bottom, STRIDE * left : STRIDE * right]
        return Block(cells, self.features.cells(left, top, right, bottom), valid)


@dataclass(frozen=True, slots=True)
class BlockLayout:
    """The lattice of blocks over the cells of a plan.

    Attributes:
        left: first column of cells of block (0, 0).
        top: first row of cells of block (0, 0).
        side: cells a side of each block.
    """

    left: int
    top: int
    side: int

    @classmethod
    def over(cls, windows: Iterable[Window], side: int) -> BlockLayout:
        """Lay blocks from the first cell that is needed on: few windows then lie in few blocks."""
        shown = [Cells.of_window(window) for window in windows]
        return cls(min(cells.left for cells in shown), min(cells.top for cells in shown), side)

    def cells_of(self, index: BlockIndex) -> Cells:
        """Return all cells of a block."""
        left, top = self.left + index[0] * self.side, self.top + index[1] * self.side
        return Cells(left, top, left + self.side, top + self.side)

    def blocks_of(self, cells: Cells) -> list[list[BlockIndex]]:
        """Return the blocks that a box of cells touches, row by row."""
        columns = range((cells.left - self.left) // self.side, (cells.right - 1 - self.left) // self.side + 1)
        rows = range((cells.top - self.top) // self.side, (cells.bottom - 1 - self.top) // self.side + 1)
        return [[(column, row) for column in columns] for row in rows]

    def cells_by_block(self, windows: Iterable[Window]) -> dict[BlockIndex, Cells]:
        """Return what windows show of each block, blocks row by row."""
        shown: dict[BlockIndex, Cells] = {}
        for cells in map(Cells.of_window, windows):
            for index in (index for row in self.blocks_of(cells) for index in row):
                part = cells.intersection(self.cells_of(index))
                shown[index] = part.hull(shown.get(index, part))
        return dict(sorted(shown.items(), key=lambda item: item[0][::-1]))


class Assembler:
    """Windows put together from blocks, of which those used last are kept."""

    def __init__(self, layout: BlockLayout, fetch: Callable[[BlockIndex], Block], memory: int) -> None:
        """Begin with no blocks.

        Args:
            layout: where the blocks lie.
            fetch: encodes or reads a block.
            memory: bytes to keep; what one window needs always is kept until the next.
        """
        self._layout, self._fetch, self._memory = layout, fetch, memory
        # Without a bound of its own: it would let blocks of the very window go that is being put together.
        self._blocks: LRUCache[BlockIndex, Block] = LRUCache(math.inf, getsizeof=lambda block: block.size)

    def window(self, window: Window) -> Block:
        """Return what a window shows, in one piece."""
        return self.box(Cells.of_window(window))

    def has(self, window: Window) -> bool:
        """Return whether all that a window shows is kept."""
        return all(index in self._blocks for row in self._layout.blocks_of(Cells.of_window(window)) for index in row)

    def box(self, cells: Cells) -> Block:
        """Return what a box of cells holds, in one piece."""
        rows = [[self._block(index) for index in row] for row in self._layout.blocks_of(cells)]
        needed = sum(map(len, rows))
        while self._blocks.currsize > self._memory and len(self._blocks) > needed:
            self._blocks.popitem()
        parts = [[block.part(cells) for block in row] for row in rows]
        features = Features.joined([[part.features for part in row] for row in parts])
        return Block(cells, features, np.block([[part.valid for part in row] for row in parts]))

    def _block(self, index: BlockIndex) -> Block:
        """Return a block, which is now the one used last."""
        if index not in self._blocks:
            self._blocks[index] = self._fetch(index)
        return self._blocks[index]
