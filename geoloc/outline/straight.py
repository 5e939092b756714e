"""Straight sides: the rectangle or the right-angled form of a shape, where that is what the pixels show."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import affine_transform, scale, translate
from shapely.geometry import Point, Polygon

from geoloc.plane.shapes import valid_ring
from geoloc.results.detection import iou

RECTANGLE = 0.8
"""IoU with its rectangle from which a shape may be one: a car, a plain roof."""
RIGHT_ANGLED = 0.9
"""IoU with its right-angled form from which a shape may have right angles."""
NO_DISC = 0.02
"""By how much more a shape is like its straight form than like an ellipse: masks have round corners, trees none."""
LIKE = 0.2
"""IoU with the box supposed from which a doubtful shape tells which way the object lies."""
_SQUARE = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) / 2
_DISC = Point(0, 0).buffer(1, quad_segs=16)


def straightened(outline: Polygon, pixel: float) -> Polygon | None:
    """Return a shape's rectangle, or its form with right angles, where it is that rather than round; else None.

    Args:
        outline: of the shape.
        pixel: side of a pixel of the mosaic in the outline's units.
    """
    rectangle = rectangle_of(outline)
    if rectangle is None:
        return None
    round_iou = iou(_ellipse(outline), outline)
    if iou(rectangle, outline) >= max(RECTANGLE, round_iou + NO_DISC):
        return rectangle
    right = right_angled(outline, pixel)
    if right is not None and iou(right, outline) >= max(RIGHT_ANGLED, round_iou + NO_DISC):
        return right
    return None


def rectangle_of(outline: Polygon) -> Polygon | None:
    """Return the rectangle that stands for a shape, of the same area; None where there is none.

    That with the shape's second moments, which a ragged border moves little, or its smallest rectangle, which knows the
    direction of a square: the one that shares more with the shape.
    """
    smallest = shapely.minimum_rotated_rectangle(outline)
    if not isinstance(smallest, Polygon) or smallest.area <= 0:
        return None
    middle, sides, axes = _moments(outline)
    of_moments = Polygon(middle + _SQUARE * np.sqrt(12) * sides @ axes.T)
    candidates = [resized(shape, outline.area) for shape in (of_moments, smallest) if shape.area > 0]
    return max(candidates, key=lambda shape: iou(shape, outline))


def turned_box(doubtful: Polygon, box: Polygon) -> Polygon | None:
    """Return the box of an object whose outline is in doubt: turned as that lies, between the two in place and size.

    Args:
        doubtful: what the pixels let suppose.
        box: what the search supposed.

    Returns:
        A rectangle with the proportions of the doubtful shape, its middle half way between both, its area their
        geometric mean; None where the two are not about the same thing, so that nothing tells a direction.
    """
    rectangle = rectangle_of(doubtful)
    if rectangle is None or iou(rectangle, box) < LIKE:
        return None
    off = np.subtract(box.centroid.coords[0], rectangle.centroid.coords[0]) / 2
    return translate(resized(rectangle, float(np.sqrt(rectangle.area * box.area))), *off)


def resized(shape: Polygon, area: float) -> Polygon:
    """Return the same shape about the same middle with another area."""
    grown = np.sqrt(area / shape.area)
    return scale(shape, grown, grown, origin="centroid")


def right_angled(outline: Polygon, pixel: float) -> Polygon | None:
    """Return a shape with every side along or across its smallest rectangle; None where that makes no polygon.

    Each side of the simplified outline is put down at its own middle, along the nearer axis; neighbours along the same
    axis become one.

    Args:
        outline: of the shape.
        pixel: side of a pixel of the mosaic in the outline's units.
    """
    corner, along = np.array(shapely.minimum_rotated_rectangle(outline).exterior.coords)[:2]
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
    return valid_ring(Polygon(np.array(corners) @ turn))


def _ellipse(outline: Polygon) -> Polygon:
    """The ellipse with a shape's second moments."""
    middle, sides, axes = _moments(outline)
    matrix = axes * (2 * sides)
    return affine_transform(_DISC, [*matrix[0], *matrix[1], *middle])


def _moments(outline: Polygon) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Centroid, standard deviations along both principal axes, and those axes as columns, 2 x 2."""
    middle = np.array(outline.centroid.coords[0])
    x, y = (np.array(outline.exterior.coords)[:-1] - middle).T
    u, v = np.roll(x, -1), np.roll(y, -1)
    # Green's theorem: each integral over the area is a sum over the sides.
    area = x * v - u * y
    xx, yy = (area * (x * x + x * u + u * u)).sum() / 6, (area * (y * y + y * v + v * v)).sum() / 6
    xy = (area * (x * v + 2 * x * y + 2 * u * v + u * y)).sum() / 12
    variances, axes = np.linalg.eigh(np.array([[xx, xy], [xy, yy]]) / area.sum())
    return middle, np.sqrt(variances.clip(0)), axes
