"""Local features of a mosaic: found in squares when they are first asked for, and kept from photo to photo."""

from __future__ import annotations

from geoloc.keypoints.finding import MARGIN_PX, features_in_box, shift
from geoloc.keypoints.keypoint_squares import KeptSquares, Square
from geoloc.keypoints.matcher import LocalFeatures, Matcher
from tiling.mosaic import Mosaic
from tiling.plan import Plan

SIDE_PX = 960
"""Pixels a side of what features are found in at once: as large as an index's blocks."""
DENSITY = 0.06
"""Features a reference pixel at the most."""


class MosaicKeypoints:
    """A `KeypointSquares` that finds features in the mosaic; the same for all plans of one lattice of windows."""

    origin = (0, 0)
    side_px = SIDE_PX

    def __init__(self, mosaic: Mosaic, plan: Plan, matcher: Matcher) -> None:
        """Take the pixels, any plan with the pixels that are searched, and what finds features."""
        self._mosaic, self._plan, self._matcher = mosaic, plan, matcher
        self._kept = KeptSquares(self._find)

    def features(self, square: Square) -> LocalFeatures:
        """Return what a square has, see `KeypointSquares`.

        Raises:
            MosaicError: the mosaic cannot be read.
        """
        return self._kept.get(square)

    def _find(self, square: Square) -> LocalFeatures:
        left, top = square.column * SIDE_PX, square.row * SIDE_PX
        side = SIDE_PX + 2 * MARGIN_PX
        pixels = self._mosaic.read(self._plan.pixels(left - MARGIN_PX, top - MARGIN_PX, side, side))
        return features_in_box(self._matcher, pixels, DENSITY).moved(shift(left, top))
