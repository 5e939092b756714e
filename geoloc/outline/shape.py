"""From a mask to a polygon: simplified to the pixel, with straight sides where the mask has them."""

from __future__ import annotations

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from geoloc.plane.shapes import largest_part

RECTANGLE = 0.88
"""IoU with its smallest rectangle from which a shape is one: a car, a plain roof."""
RIGHT_ANGLED = 0.93
"""IoU with its right-angled form from which a shape has right angles."""
SIMPLE_PX = 0.75
"""How far the outline may come off the pixels' when it is simplified, mosaic pixels."""
_FINER = 4


def shape_of(
    share: NDArray[np.float32], level: float, click: NDArray[np.float32], pixel: float, *, straight: bool = True
) -> Polygon | None:
    """Return the outline of the part of a mask that the click is on, or else is nearest.

    Args:
        share: H x W, how likely each pixel is the object's.
        level: from which on it counts as the object's.
        click: (x, y), pixels of the mask, corner origin.
        pixel: side of a pixel of the mosaic, pixels of the mask: finer detail is none of the object's.
        straight: whether sides are made straight where the pixels allow.

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
    outline = _valid(Polygon((largest + 0.5) / _FINER).buffer(0.5 / _FINER, join_style="mitre"))
    if outline is None:
        return None
    simple = _valid(outline.simplify(SIMPLE_PX * pixel)) or outline
    return (straightened(outline, pixel) or simple) if straight else simple


def straightened(outline: Polygon, pixel: float) -> Polygon | None:
    """Return a shape's rectangle, or its form with right angles, where it is nearly that; None where it is neither.

    Args:
        outline: of the shape.
        pixel: side of a pixel of the mosaic in the outline's units.
    """
    rectangle = shapely.minimum_rotated_rectangle(outline)
    if not isinstance(rectangle, Polygon) or rectangle.area <= 0:
        return None
    if outline.area / rectangle.area >= RECTANGLE:
        # Of the size of what is there: the smallest rectangle holds every pixel that sticks out.
        grown = np.sqrt(outline.area / rectangle.area)
        return shapely.affinity.scale(rectangle, grown, grown, origin="centroid")
    right = right_angled(outline, rectangle, pixel)
    if right is not None and right.intersection(outline).area / right.union(outline).area >= RIGHT_ANGLED:
        return right
    return None


def right_angled(outline: Polygon, rectangle: Polygon, pixel: float) -> Polygon | None:
    """Return a shape with every side along or across its smallest rectangle; None where that makes no polygon.

    Each side of the simplified outline is put down at its own middle, along the nearer axis; neighbours along the same
    axis become one.

    Args:
        outline: of the shape.
        rectangle: its smallest rectangle.
        pixel: side of a pixel of the mosaic in the outline's units.
    """
    corner, along = np.array(rectangle.exterior.coords)[:2]
    unit = (along - corner) / np.linalg.norm(along - corner)
    turn = np.array([unit, [-unit[1], unit[0]]])
    points = np.array(outline.simplify(2 * pixel).exterior.coords)[:-1] @ turn.T
    sides = np.roll(points, -1, 0) - points
    flat = np.abs(sides[:, 0]) >= np.abs(sides[:, 1])
    if flat.all() or not flat.any():
        return None
    # Begin where the axis changes, so that no run is cut.
    first = next(i for i in range(len(flat)) if flat[i] != flat[i - 1])
    points, sides, flat = (np.roll(array, -first, 0) for array in (points, sides, flat))
    runs: list[tuple[bool, float]] = []
    start = 0
    for end in range(1, len(flat) + 1):
        if end == len(flat) or flat[end] != flat[start]:
            across = 1 if flat[start] else 0
            middles = points[start:end, across] + sides[start:end, across] / 2
            lengths = np.abs(sides[start:end, 1 - across])
            runs.append((bool(flat[start]), float(np.average(middles, weights=lengths + 1e-9))))
            start = end
    if len(runs) < 4 or len(runs) % 2:
        return None
    corners = []
    for (is_flat, value), (_, following) in zip(runs, [*runs[1:], runs[0]], strict=True):
        corners.append([following, value] if is_flat else [value, following])
    return _valid(Polygon(np.array(corners) @ turn))


def _part_at(parts: NDArray[np.int32], click: NDArray[np.float32]) -> int:
    height, width = parts.shape
    column, row = np.clip(np.floor(click), 0, [width - 1, height - 1]).astype(int)
    if parts[row, column]:
        return int(parts[row, column])
    rows, columns = np.nonzero(parts)
    nearest = int(np.argmin((rows + 0.5 - click[1]) ** 2 + (columns + 0.5 - click[0]) ** 2))
    return int(parts[rows[nearest], columns[nearest]])


def _valid(shape: Polygon) -> Polygon | None:
    """The largest part of a shape made valid, without holes; None where it has no area."""
    part = largest_part(shape)
    return None if part is None else Polygon(part.exterior)
