"""What was drawn in a photo, carried over to the map by the photo's plane."""

from __future__ import annotations

import math

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import translate
from shapely.geometry import Polygon, box

from geoloc.geometry.envelope import rectangle_filling
from geoloc.geometry.homography_fit import HomographyFit
from geoloc.photo.target import Target
from geoloc.plane.homography import map_points
from geoloc.plane.shapes import before_line, largest_part
from tiling.box import PixelBox

FARTHEST = 20.0
"""What is drawn is cut where it lies this many times as far from the camera as where it was clicked: nearer to the
horizon a pixel is as long as a street."""
LONG = 2.5
"""A drawn box that is so many times as long as wide on the ground says which way the object lies."""
_OFF_PX = 0.25
"""A corner that is nearer to the line between its neighbours says nothing, reference pixels."""


def carried_outline(fit: HomographyFit, target: Target) -> Polygon | None:
    """Return the outline of what was drawn, as if it lay flat on the plane.

    A polygon is carried over corner by corner, and cut where it reaches to the horizon. Of a box, which is no more than
    the object's envelope in the photo, the result is the rectangle with that envelope: along the box's longer side
    where that is `LONG` on the ground, else along the reference's axes.

    Args:
        fit: the photo's plane.
        target: what was drawn and where it was clicked.

    Returns:
        A valid polygon in reference pixels; None where nothing was drawn, or nothing of it is before the horizon.
    """
    if target.polygon is not None:
        return _carried_polygon(fit, target, target.polygon)
    if target.box is None:
        return None
    rectangle = rectangle_filling(fit.matrix, target.box, _azimuth_deg(fit.matrix, target.box))
    if rectangle is None:
        return None
    # Ground is no plane: what is clicked is moved as the matches next to it are off.
    middle = np.array([target.box.centre])
    ((dx, dy),) = fit.map_points(middle) - map_points(fit.matrix, middle)
    return translate(rectangle, dx, dy)


def _azimuth_deg(matrix: NDArray[np.float64], drawn: PixelBox) -> float:
    """Which way a side of what a box was drawn round lies, clockwise from the reference's up; 0 where nothing tells."""
    corners = map_points(matrix, np.array(drawn.corners(), float))
    # Between the middles of opposite sides.
    across = [corners[i] + corners[i + 1] - corners[i - 1] - corners[i - 2] for i in (0, 1)]
    shorter, longer = sorted(across, key=lambda side: float(np.hypot(*side)))
    if not np.hypot(*longer) >= LONG * np.hypot(*shorter):
        return 0.0
    return math.degrees(math.atan2(longer[0], -longer[1]))


def _carried_polygon(fit: HomographyFit, target: Target, polygon: Polygon) -> Polygon | None:
    least = float(fit.matrix[2] @ [target.click.x, target.click.y, 1.0]) / FARTHEST
    if least <= 0:
        return None
    part = before_line(polygon, fit.matrix[2], least)
    near = polygon if part is polygon else largest_part(part)
    if near is None:
        return None
    # A homography keeps straight edges straight: corners are all there is to carry.
    return largest_part(shapely.transform(near, fit.map_points).simplify(_OFF_PX))


def cut_to(outline: Polygon, width: float, height: float) -> Polygon | None:
    """Return what of an outline lies on a grid of that many pixels, its largest part; None where nothing does."""
    frame = box(0, 0, width, height)
    return outline if frame.covers(outline) else largest_part(outline.intersection(frame))
