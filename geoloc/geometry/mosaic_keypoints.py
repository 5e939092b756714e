"""Local features of the mosaic: found in squares of what a plan searches, and kept from photo to photo."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from affine import Affine
from cachetools import LRUCache
from numpy.typing import NDArray
from shapely import STRtree

from geoloc.geometry.matcher import LocalFeatures, Matcher
from geoloc.results.detection import Detection
from tiling.grid import Grid, project
from tiling.mosaic import Mosaic
from tiling.plan import Plan

AT_ONCE_PX, WHOLE_PX = 6e6, 32e6
"""Up to the first area, in pixels of the plan's GSD, all that is searched is matched; beyond it what lies round
answers, and only where that does not agree all, up to the second.
"""
ROUND_M = 90.0
"""Half the side of what is matched round an answer."""
CHUNK_PX, NEAR_CHUNK_PX = 2048, 640
"""Sides of the squares that features are found in: of all that is searched, and of what lies round answers."""
DENSITY = 0.06
"""Features a reference pixel at the most."""
KEPT_BYTES = 1.2e9
"""How much is kept of squares, from photo to photo: a little more than `WHOLE_PX` of them at the full `DENSITY`."""
_MARGIN_PX = 48

_Chunk = tuple[int, int]
"""Column and row of a square."""


class MosaicKeypoints:
    """Finds the local features of what a plan searches, each square of the mosaic once while it is kept.

    Attributes:
        grid: pixels as the plan's windows have them, round all of them; the features' points are in these.
    """

    def __init__(self, mosaic: Mosaic, plan: Plan, matcher: Matcher) -> None:
        """Take the pixels, the windows that are searched, and what finds features."""
        self._mosaic, self._matcher = mosaic, matcher
        self._kept: LRUCache[_Chunk, LocalFeatures] = LRUCache(KEPT_BYTES, getsizeof=lambda found: found.nbytes)
        outlines = [window.grid.footprint() for window in plan.windows]
        self._windows = STRtree(outlines)
        first = plan.windows[0].grid
        self._step = first.affine.a
        west, south, east, north = shapely.total_bounds(outlines).tolist()
        columns, rows = math.ceil((east - west) / self._step), math.ceil((north - south) / self._step)
        self.grid = Grid(first.crs, Affine(self._step, 0, west, 0, -self._step, north), columns, rows)
        self._area_px = columns * rows
        self._chunk_px = CHUNK_PX if self._area_px <= AT_ONCE_PX else NEAR_CHUNK_PX

    @property
    def is_small(self) -> bool:
        """Whether all of it is matched at once."""
        return self._area_px <= AT_ONCE_PX

    def grounds(self, answers: Sequence[Detection]) -> Iterator[LocalFeatures]:
        """Yield the features of one ground after the other, the likeliest first: to be matched until one agrees.

        Raises:
            MosaicError: the mosaic cannot be read.
        """
        wide, high = (math.ceil(side / self._chunk_px) for side in (self.grid.width, self.grid.height))
        whole = {(i, j) for i in range(wide) for j in range(high)}
        if self._area_px > AT_ONCE_PX:
            # Mostly the best answer is the right one, and the others need not be read.
            for some in ([answer for answer in answers if answer.rank == 1], answers):
                yield self._features({chunk for answer in some for chunk in self._chunks_round(answer)} & whole)
        if self._area_px <= WHOLE_PX:
            yield self._features(whole)

    def _features(self, chunks: set[_Chunk]) -> LocalFeatures:
        """What all of these squares have."""
        return LocalFeatures.joined([part for chunk in sorted(chunks) if len(part := self._square(chunk))])

    def _square(self, chunk: _Chunk) -> LocalFeatures:
        """What a square has, found once and kept while there is room."""
        if chunk not in self._kept:
            self._kept[chunk] = self._find(*chunk)
        return self._kept[chunk]

    def _chunks_round(self, answer: Detection) -> set[_Chunk]:
        centre = project(answer.polygon.centroid, answer.crs, self.grid.crs)
        x, y = self._pixel(centre.x, centre.y)
        reach = ROUND_M / self.grid.ground_gsd(float(x), float(y)) * self._step
        low = self._pixel(centre.x - reach, centre.y + reach) / self._chunk_px
        high = self._pixel(centre.x + reach, centre.y - reach) / self._chunk_px
        return {(i, j) for i in range(int(low[0]), int(high[0]) + 1) for j in range(int(low[1]), int(high[1]) + 1)}

    def _find(self, i: int, j: int) -> LocalFeatures:
        """Read a square, with a margin for the descriptors of what lies at its edge."""
        x0, y0 = i * self._chunk_px - _MARGIN_PX, j * self._chunk_px - _MARGIN_PX
        side = self._chunk_px + 2 * _MARGIN_PX
        west, north = self.grid.affine.c, self.grid.affine.f
        affine = Affine(self._step, 0, west + x0 * self._step, 0, -self._step, north - y0 * self._step)
        grid = Grid(self.grid.crs, affine, side, side)
        if not len(self._windows.query(grid.footprint())):
            return LocalFeatures.joined([])
        pixels = self._mosaic.read(grid)
        if not pixels.valid.any():
            return LocalFeatures.joined([])
        most = int(DENSITY * pixels.valid.sum()) + 200
        found = self._matcher.features(pixels.rgb, pixels.valid, most)
        # What lies in the margin is another square's.
        inner = np.asarray(((found.points >= _MARGIN_PX) & (found.points < _MARGIN_PX + self._chunk_px)).all(1))
        return found.part(inner).moved(np.array([[1, 0, x0], [0, 1, y0], [0, 0, 1.0]]))

    def _pixel(self, x: float, y: float) -> NDArray[np.float64]:
        """Place of the plan's CRS in pixels of `grid`."""
        west, north = self.grid.affine.c, self.grid.affine.f
        return np.array([(x - west) / self._step, (north - y) / self._step])
