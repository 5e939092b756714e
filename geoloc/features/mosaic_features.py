"""The features of a mosaic on one grid of cells without seams, each encoded once; windows are views of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyproj
from numpy.typing import NDArray
from shapely.geometry import Polygon

from geoloc.features.blocks import BLOCK, MEMORY, Assembler, Block, BlockIndex, BlockLayout, Cells
from geoloc.model.localizer import Localizer
from geoloc.model.network.descriptor import SQUARES
from geoloc.model.network.features import MARGIN, STRIDE, Features
from tiling.grid import Grid
from tiling.mosaic import Mosaic, WindowPixels
from tiling.plan import Plan, Window


class MosaicFeatures:
    """A `Reference` that encodes what the windows of a plan show, when they are first asked for.

    The mosaic is read in square blocks, each with a margin of as many pixels as the network's backbone looks round a
    cell. So features do not depend on where blocks or windows end, and a cell has the same ones in every window.
    """

    def __init__(
        self, mosaic: Mosaic, plan: Plan, model: Localizer, *, block: int = BLOCK, memory: int = MEMORY
    ) -> None:
        """block: cells a side. memory: bytes of features to keep, those used last; what one window needs always is."""
        self.plan = plan
        self._mosaic, self._encoder = mosaic, ReferenceEncoder(model)
        layout = BlockLayout.over(plan.windows, block)
        self._shown = layout.shown(plan.windows)
        self._assembler = Assembler(layout, self._block, memory)

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
        shown = self._assembler.window(window)
        return shown.features, shown.valid

    def squares(self, row: int, columns: Sequence[int]) -> NDArray[np.int8]:
        """See `Reference.squares`.

        Raises:
            MosaicError: pixels cannot be read.
        """
        return np.stack([self._square(row, column) for column in columns])

    def close(self, grid: Grid) -> tuple[Features, NDArray[np.bool_]]:
        """See `Reference.close`. Nothing of it is kept.

        Raises:
            MosaicError: pixels cannot be read.
        """
        return self._encoder.seen(read_with_margin(self._mosaic, grid))

    def _square(self, row: int, column: int) -> NDArray[np.int8]:
        half = self.plan.window_px // (2 * STRIDE)
        shown = self._assembler.box(Cells.quad(column, row, half))
        described = self._encoder.squares(shown.features, shown.valid, half)
        return described.reshape(len(described), -1)

    def _block(self, place: BlockIndex) -> Block:
        cells = self._shown[place]
        return self._encoder.block(cells, read_with_margin(self._mosaic, grid_of(self.plan, cells)))


def grid_of(plan: Plan, cells: Cells) -> Grid:
    """The pixels of a box of cells."""
    rows, columns = cells.shape
    return plan.pixels(STRIDE * cells.left, STRIDE * cells.top, STRIDE * columns, STRIDE * rows)


def read_with_margin(mosaic: Mosaic, grid: Grid) -> WindowPixels:
    """The pixels of a grid and of `MARGIN` cells round it.

    Raises:
        MosaicError: pixels cannot be read.
    """
    return mosaic.read(grid.grown(MARGIN * STRIDE))


@dataclass(frozen=True)
class ReferenceEncoder:
    """From pixels with their margin to features and where they are valid."""

    model: Localizer

    def block(self, cells: Cells, pixels: WindowPixels) -> Block:
        """pixels: of `read_with_margin`."""
        return Block(cells, *self.seen(pixels))

    def seen(self, pixels: WindowPixels) -> tuple[Features, NDArray[np.bool_]]:
        """pixels: of `read_with_margin`; what comes out is without the margin."""
        margin = MARGIN * STRIDE
        valid = pixels.valid[margin:-margin, margin:-margin].copy()
        rows, columns = (side // STRIDE for side in valid.shape)
        if not pixels.valid.any():
            return self.nothing.spread(rows, columns), valid
        wide = self.model.encode_reference(pixels.rgb, pixels.valid)
        inner = wide.cells(MARGIN, MARGIN, MARGIN + columns, MARGIN + rows)
        # A copy, since a view would keep the margin in memory.
        return Features(*(side.clone() for side in inner)), valid

    def squares(self, features: Features, valid: NDArray[np.bool_], half: int) -> NDArray[np.int8]:
        """See `Localizer.describe_reference`; zeros in quarters of windows without data. valid: as of `seen`."""
        described = self.model.describe_reference(features, half)
        rows, columns = (side // (half * STRIDE) for side in valid.shape)
        there = valid.reshape(rows, half * STRIDE, columns, half * STRIDE).any(axis=(1, 3))
        return described * np.kron(there, np.ones((SQUARES, SQUARES), np.int8))

    @cached_property
    def nothing(self) -> Features:
        """Of one cell with no data far and wide."""
        side = (2 * MARGIN + 1) * STRIDE
        wide = self.model.encode_reference(np.zeros((side, side, 3), np.uint8), np.zeros((side, side), bool))
        return wide.cells(MARGIN, MARGIN, MARGIN + 1, MARGIN + 1)
