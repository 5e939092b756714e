"""The rectangle on the map that fills a box of the photo: the box is the envelope of the object there, not its outline.

Carried over by its corners the box would grow with every turn between photo and map, up to twice as large.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Polygon

from geoloc.plane.envelope import sides_filling
from geoloc.plane.homography import map_points
from tiling.box import PixelBox

_ROUNDS = 4
"""Perspective is followed by so many linear steps; the last ones move nothing that one could see."""
_CORNERS = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) / 2


def rectangle_filling(matrix: NDArray[np.float64], box: PixelBox, azimuth_deg: float) -> Polygon | None:
    """Return the rectangle of the reference whose picture in the photo has a box as its envelope.

    It is taken to lie flat on the plane; see `geoloc.plane.envelope.sides_filling` for turns that leave its shape open.

    Args:
        matrix: 3 x 3 homography, photo pixels to reference pixels (x right, y down).
        box: of the object in the photo, pixels.
        azimuth_deg: which way one of its sides lies, clockwise from the reference's up.

    Returns:
        Its four corners in reference pixels; None where the box reaches to the horizon.
    """
    if np.isnan(map_points(matrix, np.array(box.corners(), float))).any():
        return None
    back = np.asarray(np.linalg.inv(matrix), np.float64)
    (middle,) = map_points(matrix, np.array([box.centre]))
    turn = math.radians(azimuth_deg)
    axes = np.array([[math.sin(turn), math.cos(turn)], [-math.cos(turn), math.sin(turn)]])
    size, grows = np.array([box.width, box.height]), np.ones(2)
    corners = np.zeros((4, 2))
    for _ in range(_ROUNDS):
        slopes = _slopes(back, np.asarray(middle, np.float64))
        sides = np.array(sides_filling(slopes @ axes, *(size / grows)))
        corners = middle + _CORNERS * sides @ axes.T
        seen = map_points(back, corners)
        if np.isnan(seen).any():
            return None
        low, high = seen.min(axis=0), seen.max(axis=0)
        # Near parts look larger than the linear map says, far ones smaller.
        grows = (high - low) / (np.abs(slopes @ axes) @ sides)
        middle = middle + np.linalg.solve(slopes, np.array(box.centre) - (low + high) / 2)
    return Polygon(corners)


def _slopes(matrix: NDArray[np.float64], point: NDArray[np.float64]) -> NDArray[np.float64]:
    """Jacobian of a homography at a point: the result's (x, y) by the point's (x, y), 2 x 2."""
    x, y, w = matrix @ [*point, 1.0]
    return np.asarray((matrix[:2, :2] - np.outer([x / w, y / w], matrix[2, :2])) / w)
