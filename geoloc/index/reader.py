"""An index as what a search looks at."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyproj
from numpy.typing import NDArray
from shapely.geometry import Polygon

from geoloc.errors import IndexFileError
from geoloc.features.blocks import MEMORY, Assembler, Block, BlockIndex, Cells
from geoloc.features.mosaic_features import ReferenceEncoder, read_with_margin
from geoloc.index.header import State
from geoloc.index.store import Store
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
"""Bytes of descriptors that are kept from one search to the next, those read last: of about 330 km2."""


class OpenIndex:
    """A finished index, open for searches. Blocks that were read are kept from one search to the next."""

    def __init__(self, path: Path) -> None:
        """Open it.

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
        self._described: OrderedDict[BlockIndex, NDArray[np.int8]] = OrderedDict()

    @property
    def told_in(self) -> Path:
        """The file that changes with every update."""
        return self.path / "zarr.json"

    def check_model(self, preset: str, weights: Path) -> None:
        """Refuse another network than the one that made it. weights: their file; its calibration does not matter.

        Raises:
            IndexFileError: the preset or the weights are others.
            WeightsError: it cannot be read.
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
        """Refuse another mosaic, or another state of it, than the one that it shows.

        Raises:
            IndexFileError: the files are others, or have changed.
        """
        if not same(self.header.mosaic, files):
            raise IndexFileError(
                f"{self.path}: the mosaic is not as it was when it was indexed; bring it up to date with"
                " `geoloc index update`, or build another index"
            )

    def plan(self, area: Area) -> Plan:
        """The windows that show what of it lies in an area.

        Raises:
            AreaError: nothing does.
            IndexFileError: a block is damaged.
        """
        if area.polygon.covers(self.whole.area):
            return self.whole
        return self.whole.limited(area, lambda window: self._assembler.window(window).valid)

    def reference(self, plan: Plan, model: Localizer, mosaic: Mosaic | None) -> IndexFeatures:
        """A plan's windows for a network that `check_model` accepts. mosaic: that `check_mosaic` accepts, where its
        pixels are at hand.
        """
        return IndexFeatures(plan, self, model, mosaic)

    def damaged(self, progress: Callable[[int, int], None] = lambda done, total: None) -> list[BlockIndex]:
        """The blocks that are missing or not as they were written."""
        places = list(self.header.layout.shown(self.whole.windows))
        wrong = []
        for number, place in enumerate(places, start=1):
            if self._store.read(place) is None:
                wrong.append(place)
            progress(number, len(places))
        return wrong

    def features(self, window: Window, model: Localizer) -> tuple[Features, NDArray[np.bool_]]:
        """See `Reference.features`."""
        shown = self._assembler.window(window)
        return self._quantiser.restored(shown.features, model.device), shown.valid

    def squares(self, row: int, columns: Sequence[int]) -> NDArray[np.int8]:
        """See `Reference.squares`."""
        return np.stack([self._square(row, column) for column in columns])

    def _square(self, row: int, column: int) -> NDArray[np.int8]:
        header, n = self.header, SQUARES
        cells = Cells.quad(column, row, header.half)
        ((place,),) = header.layout.places(cells)
        if place not in self._described:
            squares = self._store.read_squares(place)
            if squares is None:
                raise self._damage(place)
            self._described[place] = squares
            while len(self._described) > max(header.columns + 1, DESCRIBED // squares.nbytes):
                self._described.popitem(last=False)
        self._described.move_to_end(place)
        square = header.layout.square(place)
        x, y = n * (cells.left - square.left) // header.half, n * (cells.top - square.top) // header.half
        return self._described[place][:, y : y + n, x : x + n].reshape(header.descriptor, n * n)

    def _damage(self, place: BlockIndex) -> IndexFileError:
        return IndexFileError(
            f"{self.path}: block {place[0]},{place[1]} is missing or damaged; `geoloc index update` restores it"
        )

    def _block(self, place: BlockIndex) -> Block:
        stored = self._store.read(place)
        if stored is None:
            raise self._damage(place)
        cells = self.header.layout.square(place)
        # Also a block whose own ground has no data may see some in its margin.
        if stored.coarse.any():
            return Block(cells, Features.from_arrays(stored.coarse, stored.fine), stored.valid)
        sides = (np.array(side, np.int8)[:, None, None] for side in self._nothing)
        return Block(cells, Features.from_arrays(*sides).spread(*cells.shape), stored.valid)

    @property
    def _nothing(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return self.header.coarse_nothing, self.header.fine_nothing


@dataclass(frozen=True)
class IndexFeatures:
    """The windows of a plan as an index keeps them: a `Reference`."""

    plan: Plan
    index: OpenIndex
    model: Localizer
    mosaic: Mosaic | None

    @property
    def crs(self) -> pyproj.CRS:
        """Of the mosaic."""
        return self.index.crs

    @property
    def gsd_m(self) -> float:
        """Metres on the ground a pixel of the mosaic."""
        return self.index.header.gsd_m

    @property
    def finest_m(self) -> float:
        """See `Mosaic.finest_m`."""
        return self.index.header.finest_m

    def in_turn(self, shape: Polygon) -> Polygon:
        """See `Mosaic.in_turn`."""
        return beside(shape, self.crs, self.index.header.middle_x)

    def features(self, window: Window) -> tuple[Features, NDArray[np.bool_]]:
        """See `Reference.features`.

        Raises:
            IndexFileError: a block is missing or damaged.
        """
        return self.index.features(window, self.model)

    def squares(self, row: int, columns: Sequence[int]) -> NDArray[np.int8]:
        """See `Reference.squares`.

        Raises:
            IndexFileError: a block is missing or damaged.
        """
        return self.index.squares(row, columns)

    def close(self, grid: Grid) -> tuple[Features, NDArray[np.bool_]] | None:
        """See `Reference.close`: of the mosaic's pixels, where they are at hand."""
        if self.mosaic is None:
            return None
        return ReferenceEncoder(self.model).seen(read_with_margin(self.mosaic, grid))
