"""Polygons of the plane: the part that counts of a shape, a point that stands for it, and the pixels in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geoloc.plane.homography import to_opencv

if TYPE_CHECKING:
    from shapely.geometry import MultiPolygon, Point, Polygon
    from shapely.geometry.base import BaseGeometry


def largest_part(shape: BaseGeometry) -> Polygon | None:
    """Return the largest polygon in a shape, made valid where it crosses itself; None where nothing has an area.

    >>> from shapely.geometry import Polygon
    >>> largest_part(Polygon([(0, 0), (6, 6), (6, 0), (0, 2)])).area
    13.5
    >>> largest_part(Polygon([(0, 0), (1, 1), (2, 2)])) is None
    True
    """
    # Not at the head: training from a pack does without the package.
    import shapely

    valid = shape if shape.is_valid else shapely.make_valid(shape)
    parts = shapely.get_parts(shapely.get_parts(valid))
    polygons: list[Polygon] = [part for part in parts if part.geom_type == "Polygon" and part.area > 0]
    return max(polygons, key=lambda part: part.area, default=None)


def enclosed(shape: Polygon) -> Polygon | MultiPolygon:
    """Return all that a polygon's lines enclose, also where they cross, without what its holes do; perhaps nothing.

    >>> from shapely.geometry import Polygon
    >>> enclosed(Polygon([(0, 0), (6, 6), (6, 0), (0, 6)])).area
    18.0
    """
    import shapely
    from shapely.ops import polygonize

    if shape.is_valid:
        return shape
    outer, *holes = (
        shapely.union_all(list(polygonize(shapely.union_all(ring)))) for ring in (shape.exterior, *shape.interiors)
    )
    return shapely.difference(outer, shapely.union_all(holes))


def valid_ring(shape: Polygon) -> Polygon | None:
    """Return the largest part of a shape made valid, without holes; None where it has no area.

    >>> from shapely.geometry import Polygon
    >>> bow = Polygon([(0, 0), (6, 6), (6, 0), (0, 2)])
    >>> valid_ring(bow).is_valid, valid_ring(bow).area
    (True, 13.5)
    """
    from shapely.geometry import Polygon

    part = largest_part(shape)
    return None if part is None else Polygon(part.exterior)


def before_line(shape: BaseGeometry, depth: NDArray[np.float64], least: float) -> BaseGeometry:
    """Return the part of a shape where `depth` . (x, y, 1) is `least` or more; the shape itself where that is all.

    >>> from shapely.geometry import box
    >>> before_line(box(0, 0, 4, 4), np.array([0.0, 1.0, 0.0]), 3.0).bounds
    (0.0, 3.0, 4.0, 4.0)
    """
    from shapely.geometry import Polygon

    slope = float(np.hypot(*depth[:2]))
    xmin, ymin, xmax, ymax = shape.bounds
    reach = 2 * float(np.hypot(xmax - xmin, ymax - ymin)) + 1.0
    centre = np.array([(xmin + xmax) / 2, (ymin + ymax) / 2])
    over = float(depth @ [*centre, 1.0]) - least
    if slope <= abs(over) / reach:
        return shape if over >= 0 else Polygon()
    towards = depth[:2] / slope
    # A square far larger than the shape, one side of it on the line.
    middle = centre + towards * (reach - over / slope)
    across = np.array([-towards[1], towards[0]])
    corners = [middle + reach * (a * towards + b * across) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    return shape.intersection(Polygon(corners))


def inner_point(polygon: Polygon) -> Point:
    """Return the centroid, or where that is outside, as in a C, a point inside.

    >>> from shapely.geometry import Polygon, box
    >>> print(inner_point(box(0, 0, 4, 2)))
    POINT (2 1)
    >>> letter = Polygon([(0, 0), (9, 0), (9, 1), (1, 1), (1, 8), (9, 8), (9, 9), (0, 9)])
    >>> letter.covers(letter.centroid), letter.covers(inner_point(letter))
    (False, True)
    """
    centroid = polygon.centroid
    return centroid if polygon.covers(centroid) else polygon.representative_point()


def filled(corners: NDArray[np.float64], side: int) -> NDArray[np.uint8]:
    """Return 1 inside a polygon and 0 outside, side x side.

    Args:
        corners: N x 2 (x, y), pixels, corner origin; none fill nothing.
        side: pixels along each side.
    """
    import cv2

    canvas = np.zeros((side, side), np.uint8)
    if len(corners):
        cv2.fillPoly(canvas, [np.round(to_opencv(corners) * 16).astype(np.int32)], 1, shift=4)
    return canvas
