"""From a mask to a polygon: simplified to the pixel, with straight sides where the mask has them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Polygon

from geoloc.outline.straight import straightened
from geoloc.plane.shapes import valid_ring

SIMPLE_PX = 0.75
"""How far the outline may come off the pixels' when it is simplified, mosaic pixels."""
_FINER = 4


def shape_of(share: NDArray[np.float32], level: float, click: NDArray[np.float32], pixel: float) -> Polygon | None:
    """Return the outline of the part of a mask that the click is on, or else is nearest.

    Args:
        share: H x W, how likely each pixel is the object's.
        level: from which on it counts as the object's.
        click: (x, y), pixels of the mask, corner origin.
        pixel: side of a pixel of the mosaic, pixels of the mask: finer detail is none of the object's.

    Returns:
        A valid polygon without holes in pixels of the mask; None where nothing is above the level.
    """
    inside = (share >= level).astype(np.uint8)
    count, parts = cv2.connectedComponents(inside, connectivity=4)
    if count < 2:
        return None
    chosen = _part_at(np.asarray(parts, np.int32), click)
    # Contours of a finer picture run between pixels where the share says so.
    finer = cv2.resize(np.where(parts == chosen, share, np.minimum(share, 0.999 * level)), None, fx=_FINER, fy=_FINER)
    rings, _ = cv2.findContours((finer >= level).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    rings = [ring[:, 0] for ring in rings if len(ring) >= 4]
    if not rings:
        return None
    largest = max(rings, key=lambda ring: float(cv2.contourArea(ring)))
    # The contour goes through the middles of pixels of the finer picture.
    outline = valid_ring(Polygon((largest + 0.5) / _FINER).buffer(0.5 / _FINER, join_style="mitre"))
    if outline is None:
        return None
    return straightened(outline, pixel) or valid_ring(outline.simplify(SIMPLE_PX * pixel)) or outline


def _part_at(parts: NDArray[np.int32], click: NDArray[np.float32]) -> int:
    height, width = parts.shape
    column, row = np.clip(np.floor(click), 0, [width - 1, height - 1]).astype(int)
    if parts[row, column]:
        return int(parts[row, column])
    rows, columns = np.nonzero(parts)
    nearest = int(np.argmin((rows + 0.5 - click[1]) ** 2 + (columns + 0.5 - click[0]) ** 2))
    return int(parts[rows[nearest], columns[nearest]])
