"""The protocol of what a search looks at: the windows of a plan, as the network's features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyproj
from numpy.typing import NDArray
from shapely.geometry import Polygon

from tiling.grid import Grid
from tiling.plan import Plan, Window

if TYPE_CHECKING:
    from geoloc.model.network.features import Features


class Reference(Protocol):
    """What is searched: the windows of a plan as features, and the mosaic they are of."""

    @property
    def plan(self) -> Plan:
        """The windows to search, and where answers may be."""

    @property
    def crs(self) -> pyproj.CRS:
        """CRS of the mosaic, and so of the answers."""

    @property
    def gsd_m(self) -> float:
        """Ground sample distance of the mosaic, metres."""

    @property
    def finest_m(self) -> float:
        """Ground sample distance finer than which no pixels are read, metres; 0 where there is no such limit."""

    def in_turn(self, shape: Polygon) -> Polygon:
        """Move a shape by whole turns round the world to where the mosaic counts x."""

    def features(self, window: Window) -> tuple[Features, NDArray[np.bool_]]:
        """Return the network's features of one window of the plan, and which of its pixels have data.

        Returns:
            Features, 1 x C x px / 16 x px / 16 and 1 x C' x px / 8 x px / 8, and a mask, px x px.

        Raises:
            GeolocError: the mosaic or index cannot be read.
        """

    def features_once(self, window: Window) -> tuple[Features, NDArray[np.bool_]]:
        """Return what `features` does, for a look that no other looks near it follow: less may be read and encoded.

        Raises:
            GeolocError: the mosaic or index cannot be read.
        """

    def descriptors(self, row: int, columns: Sequence[int]) -> NDArray[np.int8]:
        """Return descriptors of the squares of quarters of windows; see `Localizer.describe_reference`.

        Args:
            row: row of the quarters among all of the lattice that windows lie on, counted from the upper left corner of
                the world.
            columns: their columns, counted likewise.

        Returns:
            len(columns) x size x squares, zeros where there are no data.

        Raises:
            GeolocError: the mosaic or index cannot be read.
        """

    def encode_grid(self, grid: Grid) -> tuple[Features, NDArray[np.bool_]] | None:
        """Return features and mask, as `features` does, of any pixels.

        Args:
            grid: north-up, in the plan's CRS, its sides multiples of 16 px.

        Returns:
            None where no pixels are at hand.

        Raises:
            GeolocError: the mosaic cannot be read.
        """
