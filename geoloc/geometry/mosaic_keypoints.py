"""Local features of a mosaic: found in squares when they are first asked for, and kept from photo to photo."""

from __future__ import annotations

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from geoloc.geometry.keypoint_squares import Square
from geoloc.geometry.matcher import LocalFeatures, Matcher
from geoloc.geometry.photo_keypoints import FINE
from tiling.mosaic import Mosaic
from tiling.plan import Plan

SIDE_PX = 960
"""Pixels a side of what features are found in at once: as large as an index's blocks."""
KEPT_BYTES = 1.2e9
"""How much is kept of squares, from photo to photo: a little more than `LARGE_PX` of them at the density of `FINE`."""
MARGIN_PX = 48
"""How far round a square is read, for the descriptors of what lies at its edge."""


class MosaicKeypoints:
    """A `KeypointSquares` that finds features in the mosaic; the same for all plans of one lattice of windows."""

    origin = (0, 0)
    side_px = SIDE_PX

    def __init__(self, mosaic: Mosaic, plan: Plan, matcher: Matcher) -> None:
        """Take the pixels, any plan with the pixels that are searched, and what finds features."""
        self._mosaic, self._plan, self._matcher = mosaic, plan, matcher
        self._kept: LRUCache[Square, LocalFeatures] = LRUCache(KEPT_BYTES, getsizeof=lambda found: found.nbytes)

    def features(self, square: Square) -> LocalFeatures:
        """Return what a square has, see `KeypointSquares`.

        Raises:
            MosaicError: the mosaic cannot be read.
        """
        if square not in self._kept:
            self._kept[square] = self._find(square)
        return self._kept[square]

    def _find(self, square: Square) -> LocalFeatures:
        left, top = square.column * SIDE_PX - MARGIN_PX, square.row * SIDE_PX - MARGIN_PX
        side = SIDE_PX + 2 * MARGIN_PX
        pixels = self._mosaic.read(self._plan.pixels(left, top, side, side))
        rows, columns = (np.flatnonzero(pixels.valid.any(axis=axis)) for axis in (1, 0))
        if not len(rows):
            return LocalFeatures.joined([])
        # A square may reach far beyond the mosaic.
        y, x = int(rows[0]), int(columns[0])
        shown = slice(y, int(rows[-1]) + 1), slice(x, int(columns[-1]) + 1)
        most = int(FINE.density * pixels.valid.sum()) + 200
        found = self._matcher.features(pixels.rgb[shown], pixels.valid[shown], most)
        found = found.moved(_shift(x, y))
        # What lies in the margin is another square's.
        inner = np.asarray(((found.points >= MARGIN_PX) & (found.points < MARGIN_PX + SIDE_PX)).all(1))
        return found.part(inner).moved(_shift(left, top))


def _shift(x: float, y: float) -> NDArray[np.float64]:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])
