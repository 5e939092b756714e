"""Square blocks of a mosaic's features, and windows put together from them, wherever the blocks come from."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geoloc.model.network.features import STRIDE, Features
from tiling.plan import Window

BLOCK = 64
"""Cells a side of what is read and encoded at once, 1024 px. With smaller ones the margins cost more: a pixel of a
block of 768 px takes 6 % longer; one of 1536 px takes 9 % less, but 350 MiB more to encode."""
MEMORY = 512 * 2**20
"""Bytes of features that are kept: 9 km2 at 0.3 m a pixel, and two rows of blocks of a mosaic 45,000 px wide."""

BlockIndex = tuple[int, int]
"""Column and row of a block."""


class Cells(NamedTuple):
    """A half-open box of cells, counted from the upper left corner of the world in a plan's pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def of(cls, window: Window) -> Cells:
        """Those that a window shows."""
        left, top = (at // STRIDE for at in window.corner)
        side = window.px // STRIDE
        return cls(left, top, left + side, top + side)

    @classmethod
    def quad(cls, column: int, row: int, half: int) -> Cells:
        """A quarter of a window. half: cells along half a window."""
        return cls(half * column, half * row, half * (column + 1), half * (row + 1))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.bottom - self.top, self.right - self.left

    def common(self, other: Cells) -> Cells:
        """What is in both."""
        return Cells(*map(max, self[:2], other[:2]), *map(min, self[2:], other[2:]))

    def around(self, other: Cells) -> Cells:
        """The smallest box that holds both."""
        return Cells(*map(min, self[:2], other[:2]), *map(max, self[2:], other[2:]))


@dataclass(frozen=True, slots=True)
class Block:
    """features of its cells, and valid, height x width pixels."""

    cells: Cells
    features: Features
    valid: NDArray[np.bool_]

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(side.untyped_storage().nbytes() for side in self.features) + self.valid.nbytes

    def part(self, cells: Cells) -> Block:
        """What of it lies in a box of cells."""
        cells = cells.common(self.cells)
        x, y = self.cells[:2]
        left, top, right, bottom = cells.left - x, cells.top - y, cells.right - x, cells.bottom - y
        valid = self.valid[STRIDE * top : STRIDE * bottom, STRIDE * left : STRIDE * right]
        return Block(cells, self.features.cells(left, top, right, bottom), valid)


@dataclass(frozen=True, slots=True)
class BlockLayout:
    """Where the blocks lie. left, top: the first cell of block (0, 0); side: cells a side of each."""

    left: int
    top: int
    side: int

    @classmethod
    def over(cls, windows: Iterable[Window], side: int) -> BlockLayout:
        """From the first cell that is needed on: few windows then lie in few blocks."""
        shown = [Cells.of(window) for window in windows]
        return cls(min(cells.left for cells in shown), min(cells.top for cells in shown), side)

    def square(self, place: BlockIndex) -> Cells:
        """All cells of a block."""
        left, top = self.left + place[0] * self.side, self.top + place[1] * self.side
        return Cells(left, top, left + self.side, top + self.side)

    def places(self, cells: Cells) -> list[list[BlockIndex]]:
        """The blocks that a box of cells touches, row by row."""
        columns = range((cells.left - self.left) // self.side, (cells.right - 1 - self.left) // self.side + 1)
        rows = range((cells.top - self.top) // self.side, (cells.bottom - 1 - self.top) // self.side + 1)
        return [[(column, row) for column in columns] for row in rows]

    def shown(self, windows: Iterable[Window]) -> dict[BlockIndex, Cells]:
        """What windows show of each block, blocks row by row."""
        found: dict[BlockIndex, Cells] = {}
        for cells in map(Cells.of, windows):
            for place in (place for row in self.places(cells) for place in row):
                part = cells.common(self.square(place))
                found[place] = part.around(found.get(place, part))
        return dict(sorted(found.items(), key=lambda item: item[0][::-1]))


class Assembler:
    """Windows put together from blocks, of which those used last are kept."""

    def __init__(self, layout: BlockLayout, fetch: Callable[[BlockIndex], Block], memory: int) -> None:
        """fetch: makes or reads a block. memory: bytes to keep; what one window needs always is."""
        self._layout, self._fetch, self._memory = layout, fetch, memory
        self._blocks: OrderedDict[BlockIndex, Block] = OrderedDict()

    def window(self, window: Window) -> Block:
        """What a window shows, in one piece."""
        return self.box(Cells.of(window))

    def box(self, cells: Cells) -> Block:
        """What a box of cells holds, in one piece."""
        rows = [[self._block(place) for place in row] for row in self._layout.places(cells)]
        self._forget(all_but=sum(map(len, rows)))
        parts = [[block.part(cells) for block in row] for row in rows]
        features = Features.joined([[part.features for part in row] for row in parts])
        return Block(cells, features, np.block([[part.valid for part in row] for row in parts]))

    def _block(self, place: BlockIndex) -> Block:
        if place not in self._blocks:
            self._blocks[place] = self._fetch(place)
        self._blocks.move_to_end(place)
        return self._blocks[place]

    def _forget(self, all_but: int) -> None:
        """Let blocks go, those used longest ago first."""
        size = sum(block.size for block in self._blocks.values())
        while size > self._memory and len(self._blocks) > all_but:
            _, block = self._blocks.popitem(last=False)
            size -= block.size
