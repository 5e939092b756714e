"""The local features of one box of ground, found in its pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geoloc.keypoints.matcher import LocalFeatures, Matcher
from tiling.mosaic import WindowPixels

MARGIN_PX = 48
"""How far round a box pixels are needed, for the descriptors of what lies at its edge."""


def features_in_box(matcher: Matcher, pixels: WindowPixels, density: float) -> LocalFeatures:
    """Find the local features of a box.

    Args:
        matcher: finds them.
        pixels: those of the box, and `MARGIN_PX` more on every side.
        density: features a pixel with data at the most, the strongest.

    Returns:
        Those inside the box, their points in pixels from its upper left corner; nothing where there are no data.
    """
    rows, columns = (np.flatnonzero(pixels.valid.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return LocalFeatures.joined([])
    # A box may reach far beyond the mosaic.
    y, x = int(rows[0]), int(columns[0])
    shown = slice(y, int(rows[-1]) + 1), slice(x, int(columns[-1]) + 1)
    most = most_features(density, int(pixels.valid.sum()))
    found = matcher.features(pixels.rgb[shown], pixels.valid[shown], most)
    found = found.moved(shift(x - MARGIN_PX, y - MARGIN_PX))
    # What lies in the margin is another box's.
    height, width = (side - 2 * MARGIN_PX for side in pixels.valid.shape)
    return found.part(np.asarray(((found.points >= 0) & (found.points < [width, height])).all(axis=1)))


def most_features(density: float, pixels: int) -> int:
    """Return how many features are looked for in so many pixels with data: a few also where these are few."""
    return int(density * pixels) + 200


def shift(x: float, y: float) -> NDArray[np.float64]:
    """Return the homography that moves points by (x, y)."""
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])
