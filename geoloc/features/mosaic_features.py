"""The features of a mosaic on one grid of cells without seams, each encoded once; windows are parts of it."""

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
from tiling.plan import Plan, Window, window_step


class MosaicFeatures:
    """A `Reference` that encodes what the windows of a plan show when they are first needed.

    The mosaic is read in square blocks, each with a margin of as many pixels as the network's backbone looks round a
    cell. So features do not depend on where blocks or windows end, and a cell has the same ones in every window.
    """

    def __init__(
        self, mosaic: Mosaic, plan: Plan, model: Localizer, *, block: int = BLOCK, memory: int = MEMORY
    ) -> None:
        """Lay blocks over the plan; nothing is read yet.

        Args:
            mosaic: where pixels are read; only by the thread that searches.
            plan: the windows.
            model: the network.
            block: cells a side of what is read and encoded at once.
            memory: bytes of features to keep, those used last; what one window needs always is kept.
        """
        self.plan = plan
        self._mosaic, self._encoder = mosaic, ReferenceEncoder(model)
        layout = BlockLayout.over(plan.windows, block)
        self._shown = layout.cells_by_block(plan.windows)
        self._assembler = Assembler(layout, self._block, memory)

    @property
    def crs(self) -> pyproj.CRS:
        """CRS of the mosaic, and so of the answers."""
        return self._mosaic.crs

    @property
    def gsd_m(self) -> float:
        """Ground sample distance of the mosaic, metres."""
        return self._mosaic.gsd_m

    @property
    def finest_m(self) -> float:
        """Ground sample distance finer than which no pixels are read, metres; 0 where there is no such limit."""
        return self._mosaic.finest_m

    def in_turn(self, shape: Polygon) -> Polygon:
        """Move a shape by whole turns round the world to where the mosaic counts x."""
        return self._mosaic.in_turn(shape)

    def features(self, window: Window) -> tuple[Features, NDArray[np.bool_]]:
        """Return features and mask of a window; what was not read before is read and encoded now.

        Raises:
            MosaicError: pixels cannot be read.
        """
        block = self._assembler.window(window)
        return block.features, block.valid

    def features_once(self, window: Window) -> tuple[Features, NDArray[np.bool_]]:
        """Return features and mask of a window without those round it, see `Reference`; they are the same ones.

        Raises:
            MosaicError: pixels cannot be read.
        """
        return self.features(window) if self._assembler.has(window) else self.encode_grid(window.grid)

    def descriptors(self, row: int, columns: Sequence[int]) -> NDArray[np.int8]:
        """Return descriptors of quarters of windows, see `Reference`.

        Raises:
            MosaicError: pixels cannot be read.
        """
        return np.stack([self._descriptors_of(row, column) for column in columns])

    def encode_grid(self, grid: Grid) -> tuple[Features, NDArray[np.bool_]]:
        """Return features and mask of any pixels, of which nothing is kept; see `Reference`.

        Raises:
            MosaicError: pixels cannot be read.
        """
        return self._encoder.encode(read_with_margin(self._mosaic, grid))

    def _descriptors_of(self, row: int, column: int) -> NDArray[np.int8]:
        half = window_step(self.plan.window_px) // STRIDE
        quarter = self._assembler.box(Cells.of_quarter(column, row, half))
        descriptors = self._encoder.describe(quarter.features, quarter.valid, half)
        return descriptors.reshape(len(descriptors), -1)

    def _block(self, index: BlockIndex) -> Block:
        cells = self._shown[index]
        return self._encoder.encode_block(cells, read_with_margin(self._mosaic, grid_of(self.plan, cells)))


def grid_of(plan: Plan, cells: Cells) -> Grid:
    """Return the grid of the pixels of a box of cells."""
    rows, columns = cells.shape
    return plan.pixels(STRIDE * cells.left, STRIDE * cells.top, STRIDE * columns, STRIDE * rows)


def read_with_margin(mosaic: Mosaic, grid: Grid) -> WindowPixels:
    """Read the pixels of a grid and of `MARGIN` cells round it.

    Raises:
        MosaicError: pixels cannot be read.
    """
    return mosaic.read(grid.grown(MARGIN * STRIDE))


@dataclass(frozen=True)
class ReferenceEncoder:
    """The way from pixels with a margin to features and descriptors without it.

    Attributes:
        model: the network.
    """

    model: Localizer

    def encode_block(self, cells: Cells, pixels: WindowPixels) -> Block:
        """Encode the pixels of a box of cells, as `read_with_margin` read them."""
        return Block(cells, *self.encode(pixels))

    def encode(self, pixels: WindowPixels) -> tuple[Features, NDArray[np.bool_]]:
        """Encode pixels that `read_with_margin` read: features and mask of what lies within the margin."""
        margin = MARGIN * STRIDE
        valid = pixels.valid[margin:-margin, margin:-margin].copy()
        rows, columns = (side // STRIDE for side in valid.shape)
        if not pixels.valid.any():
            return self.no_data.repeated(rows, columns), valid
        wide = self.model.encode_reference(pixels.rgb, pixels.valid)
        inner = wide.cells(MARGIN, MARGIN, MARGIN + columns, MARGIN + rows)
        # A copy, since a view would keep the margin in memory.
        return Features(*(side.clone() for side in inner)), valid

    def describe(self, features: Features, valid: NDArray[np.bool_], half: int) -> NDArray[np.int8]:
        """Describe what `encode` returned, see `Localizer.describe_reference`; zeros in quarters without data.

        Args:
            features: of H / 16 x W / 16 cells.
            valid: H x W, which pixels have data.
            half: cells along half a window.
        """
        descriptors = self.model.describe_reference(features, half)
        rows, columns = (side // (half * STRIDE) for side in valid.shape)
        has_data = valid.reshape(rows, half * STRIDE, columns, half * STRIDE).any(axis=(1, 3))
        return descriptors * np.kron(has_data, np.ones((SQUARES, SQUARES), np.int8))

    @cached_property
    def no_data(self) -> Features:
        """Features of one cell with no data far and wide."""
        side = (2 * MARGIN + 1) * STRIDE
        wide = self.model.encode_reference(np.zeros((side, side, 3), np.uint8), np.zeros((side, side), bool))
        return wide.cells(MARGIN, MARGIN, MARGIN + 1, MARGIN + 1)
