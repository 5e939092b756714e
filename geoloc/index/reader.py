"""A finished index as what a search looks at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyproj
from cachetools import LRUCache
from numpy.typing import NDArray
from shapely.geometry import Polygon

from geoloc.errors import IndexFileError
from geoloc.features.blocks import MEMORY, Assembler, Block, BlockIndex, Cells
from geoloc.features.mosaic_features import ReferenceEncoder, read_with_margin
from geoloc.index.header import State
from geoloc.index.store import Store
from geoloc.keypoints.matcher import LocalFeatures
from geoloc.model.localizer import Localizer
from geoloc.model.network.descriptor import SQUARES
from geoloc.model.network.features import Features
from geoloc.model.packaged import network_checksum
from geoloc.model.quantise import Quantiser
from tiling.area import Area
from tiling.fingerprint import FilePrint, same
from tiling.grid import Grid, beside
from tiling.mosaic import Mosaic
from tiling.plan import Plan, Window

DESCRIBED = 256 * 2**20
"""Bytes of descriptors that are kept from one search to the next, those used last: of about 330 km2."""


class OpenIndex:
    """A finished index, open for searches; blocks that were read are kept from one search to the next."""

    def __init__(self, path: Path) -> None:
        """Open the index at a path.

        Raises:
            IndexFileError: there is none, it is of another version, or not finished.
        """
        self._store = Store.open(path)
        self.path, self.header = path, self._store.header
        if self.header.state is not State.COMPLETE:
            again = "build` again, with the same options" if self.header.state is State.BUILDING else "update`"
            raise IndexFileError(f"{path}: not finished; run `geoloc index {again}, to go on where it stopped")
        self.whole = self._store.plan()
        self.crs = pyproj.CRS.from_wkt(self.header.crs)
        self._quantiser = Quantiser(self.header.coarse_steps, self.header.fine_steps)
        self._assembler = Assembler(self.header.layout, self._block, MEMORY)
        # A search goes row by row: of a row of blocks, whatever it takes, none is read twice.
        row_bytes = (self.header.columns + 1) * self.header.descriptor * self.header.squares**2
        self._descriptors: LRUCache[BlockIndex, NDArray[np.int8]] = LRUCache(
            max(DESCRIBED, row_bytes), getsizeof=lambda descriptors: descriptors.nbytes
        )

    @property
    def header_path(self) -> Path:
        """The file that changes with every update."""
        return self.path / "zarr.json"

    def check_model(self, preset: str, weights: Path) -> None:
        """Refuse another network than the one that made the index.

        Args:
            preset: name of the network's shape.
            weights: file of its weights; the calibration in it does not matter.

        Raises:
            IndexFileError: the preset or the weights are others.
            WeightsError: the file cannot be read.
        """
        checksum = network_checksum(weights)
        if preset != self.header.preset:
            raise IndexFileError(
                f"{self.path}: made with --model {self.header.preset}, not {preset}; give that, or build another index"
            )
        if checksum != self.header.weights:
            raise IndexFileError(
                f"{self.path}: made with other weights ({self.header.weights[:12]}, not {checksum[:12]}); give those"
                " with --weights, or build another index"
            )

    def check_mosaic(self, files: Sequence[FilePrint]) -> None:
        """Refuse another mosaic, or another state of it, than the one that the index shows.

        Raises:
            IndexFileError: the files are others, or have changed.
        """
        if not same(self.header.mosaic, files):
            raise IndexFileError(
                f"{self.path}: the mosaic is not as it was when it was indexed; bring it up to date with"
                " `geoloc index update`, or build another index"
            )

    def plan(self, area: Area) -> Plan:
        """Return the windows that show what of the index lies in an area.

        Raises:
            AreaError: nothing does.
            IndexFileError: a block is damaged.
        """
        if area.polygon.covers(self.whole.area):
            return self.whole
        return self.whole.limited(area, lambda window: self._assembler.window(window).valid)

    def reference(self, plan: Plan, model: Localizer, mosaic: Mosaic | None) -> IndexFeatures:
        """Return a plan's windows for a search.

        Args:
            plan: of this index.
            model: a network that `check_model` accepts.
            mosaic: one that `check_mosaic` accepts, where its pixels are at hand.
        """
        return IndexFeatures(plan, self, model, mosaic)

    def damaged(self, progress: Callable[[int, int], None] = lambda done, total: None) -> list[BlockIndex]:
        """Return the blocks that are missing or not as they were written.

        Args:
            progress: called with the number of blocks checked and of all.
        """
        blocks = list(self.header.layout.cells_by_block(self.whole.windows))
        wrong = []
        for number, index in enumerate(blocks, start=1):
            lost = self.header.keypoints is not None and self._store.read_keypoints(index) is None
            if lost or self._store.read(index) is None:
                wrong.append(index)
            progress(number, len(blocks))
        return wrong

    def features(self, window: Window, model: Localizer) -> tuple[Features, NDArray[np.bool_]]:
        """Return features and mask of a window, see `Reference`."""
        block = self._assembler.window(window)
        return self._quantiser.dequantised(block.features, model.device), block.valid

    def descriptors(self, row: int, columns: Sequence[int]) -> NDArray[np.int8]:
        """Return descriptors of quarters of windows, see `Reference`."""
        return np.stack([self._descriptors_of(row, column) for column in columns])

    def keypoints(self, index: BlockIndex) -> LocalFeatures:
        """Return the local features of a block, their points in pixels from its corner; for an index that has them.

        Raises:
            IndexFileError: the block is missing or damaged.
        """
        assert self.header.keypoints is not None
        packed = self._store.read_keypoints(index)
        if packed is None:
            raise self._damage(index)
        return self.header.keypoints.unpacked(packed)

    def _descriptors_of(self, row: int, column: int) -> NDArray[np.int8]:
        header, n = self.header, SQUARES
        cells = Cells.of_quarter(column, row, header.half)
        ((index,),) = header.layout.blocks_of(cells)
        if index not in self._descriptors:
            descriptors = self._store.read_squares(index)
            if descriptors is None:
                raise self._damage(index)
            self._descriptors[index] = descriptors
        block = header.layout.cells_of(index)
        x, y = n * (cells.left - block.left) // header.half, n * (cells.top - block.top) // header.half
        return self._descriptors[index][:, y : y + n, x : x + n].reshape(header.descriptor, n * n)

    def _damage(self, index: BlockIndex) -> IndexFileError:
        return IndexFileError(
            f"{self.path}: block {index[0]},{index[1]} is missing or damaged; `geoloc index update` restores it"
        )

    def _block(self, index: BlockIndex) -> Block:
        stored = self._store.read(index)
        if stored is None:
            raise self._damage(index)
        cells = self.header.layout.cells_of(index)
        # Also a block whose own ground has no data may see some in its margin.
        if stored.coarse.any():
            return Block(cells, Features.from_arrays(stored.coarse, stored.fine), stored.valid)
        nothing = self.header.coarse_nothing, self.header.fine_nothing
        sides = (np.array(side, np.int8)[:, None, None] for side in nothing)
        return Block(cells, Features.from_arrays(*sides).repeated(*cells.shape), stored.valid)


@dataclass(frozen=True)
class IndexFeatures:
    """A `Reference` that reads the windows of a plan from an index.

    Attributes:
        plan: the windows.
        index: where their features are.
        model: the network that made them.
        mosaic: what was indexed, where its pixels are at hand.
    """

    plan: Plan
    index: OpenIndex
    model: Localizer
    mosaic: Mosaic | None

    @property
    def crs(self) -> pyproj.CRS:
        """CRS of the mosaic, and so of the answers."""
        return self.index.crs

    @property
    def gsd_m(self) -> float:
        """Ground sample distance of the mosaic, metres."""
        return self.index.header.gsd_m

    @property
    def finest_m(self) -> float:
        """Ground sample distance finer than which no pixels are read, metres; 0 where there is no such limit."""
        return self.index.header.finest_m

    def in_turn(self, shape: Polygon) -> Polygon:
        """Move a shape by whole turns round the world to where the mosaic counts x."""
        return beside(shape, self.crs, self.index.header.middle_x)

    def features(self, window: Window) -> tuple[Features, NDArray[np.bool_]]:
        """Return features and mask of a window, see `Reference`.

        Raises:
            IndexFileError: a block is missing or damaged.
        """
        return self.index.features(window, self.model)

    def features_once(self, window: Window) -> tuple[Features, NDArray[np.bool_]]:
        """Return what `features` does, see `Reference`: a block is read at once or not at all.

        Raises:
            IndexFileError: a block is missing or damaged.
        """
        return self.features(window)

    def descriptors(self, row: int, columns: Sequence[int]) -> NDArray[np.int8]:
        """Return descriptors of quarters of windows, see `Reference`.

        Raises:
            IndexFileError: a block is missing or damaged.
        """
        return self.index.descriptors(row, columns)

    def encode_grid(self, grid: Grid) -> tuple[Features, NDArray[np.bool_]] | None:
        """Return features and mask of any pixels of the mosaic, where they are at hand; see `Reference`.

        Raises:
            MosaicError: pixels cannot be read.
        """
        if self.mosaic is None:
            return None
        return ReferenceEncoder(self.model).encode(read_with_margin(self.mosaic, grid))
