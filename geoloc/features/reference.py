"""What a search looks at: the windows of a plan as the network sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pyproj
from numpy.typing import NDArray
from shapely.geometry import Polygon

from geoloc.model.network.features import Features
from tiling.grid import Grid
from tiling.plan import Plan, Window


class Reference(Protocol):
    """What is searched: the windows of a plan, as the network sees them, and the mosaic they are of."""

    @property
    def plan(self) -> Plan:
        """The windows to search, and where answers may be."""

    @property
    def crs(self) -> pyproj.CRS:
        """Of the mosaic, and so of the answers."""

    @property
    def gsd_m(self) -> float:
        """Metres on the ground a pixel of the mosaic."""

    @property
    def finest_m(self) -> float:
        """See `Mosaic.finest_m`."""

    def in_turn(self, shape: Polygon) -> Polygon:
        """See `Mosaic.in_turn`."""

    def features(self, window: Window) -> tuple[Features, NDArray[np.bool_]]:
        """The network's features of one window of the plan (1 x C x px/16 x px/16, 1 x C' x px/8 x px/8), and which of
        its pixels have data, px x px.

        Raises:
            GeolocError: the mosaic cannot be read.
        """

    def squares(self, row: int, columns: Sequence[int]) -> NDArray[np.int8]:
        """Descriptors of quarters of windows, len(columns) x size x squares, see `Localizer.describe_reference`.

        row, columns: of the quarters among all of the lattice that windows lie on, counted from the upper left corner
        of the world. Zeros where there are no data.

        Raises:
            GeolocError: the mosaic cannot be read.
        """

    def close(self, grid: Grid) -> tuple[Features, NDArray[np.bool_]] | None:
        """The same of any north-up grid in the plan's CRS, sides multiples of 16 px; None where no pixels are at hand.

        Raises:
            GeolocError: the mosaic cannot be read.
        """
