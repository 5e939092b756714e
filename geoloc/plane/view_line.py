"""Along which line, and how flatly, a photo sees the ground at a point, by the photo's plane and focal length."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoloc.plane.homography import map_points

STANDS_M = 2.0
"""How high above the plane a click on an object is in the mean: on a car half a metre, on trees and houses 2 to 5."""
HEIGHT_M = 2.0
"""How far what is clicked and what is matched round it stand off that, or off the plane, root mean square."""
LEAST_LEAN = 0.2
"""No photo looks straight down everywhere, and the ground slopes."""
STEEPEST_COSINE = 1e-3
"""Of the angle from straight down: nearer than 0.06 degrees to the horizon nothing is carried over."""


@dataclass(frozen=True, slots=True, eq=False)
class ViewLine:
    """The line along which a photo sees a point of the ground.

    Attributes:
        angle_deg: between it and straight down, from 0 to 90.
        lean: how far what stands up comes to lie beyond its foot for each metre of its height, metres along the
            reference's (x, y): away from the camera, as long as the angle's tangent.
    """

    angle_deg: float
    lean: NDArray[np.float64]


def view_line(
    matrix: NDArray[np.float64], point: NDArray[np.float64], size: tuple[int, int], focal_px: float
) -> ViewLine:
    """Return how a photo's point is seen.

    The homography's last row is the horizon of the plane in the photo, l; with the camera matrix K its normal is along
    K^T l and what lies straight below the camera is seen at K K^T l (Hartley and Zisserman 2004, 8.6). So it holds
    beside the optical axis too, where the local stretch of the homography alone does not tell the angle.

    Args:
        matrix: 3 x 3, photo pixels to reference pixels, of which each is as long as wide; positive depth before the
            horizon.
        point: (x, y) in the photo, before the horizon.
        size: width and height of the photo, pixels; the optical axis goes through its middle.
        focal_px: focal length, pixels.
    """
    width, height = size
    camera = np.array([[focal_px, 0, width / 2], [0, focal_px, height / 2], [0, 0, 1.0]])
    pixel = np.array([*point, 1.0])
    normal, ray = camera.T @ matrix[2], np.linalg.solve(camera, pixel)
    cosine = float(matrix[2] @ pixel / (np.linalg.norm(normal) * np.linalg.norm(ray)))
    cosine = min(max(cosine, STEEPEST_COSINE), 1.0)
    below = matrix @ camera @ normal
    away = map_points(matrix, point) - below[:2] / below[2]
    length = float(np.linalg.norm(away))
    tangent = math.sqrt(1 / cosine**2 - 1)
    lean = away / length * tangent if length > 0 else np.zeros(2)
    return ViewLine(math.degrees(math.acos(cosine)), lean)


def height_covariance(lean: NDArray[np.float64], height_m: float = HEIGHT_M) -> NDArray[np.float64]:
    """Return what heights of so many metres, root mean square, make uncertain of a place, 2 x 2, square metres.

    lean: see `ViewLine`.
    """
    return np.asarray(height_m**2 * (np.outer(lean, lean) + LEAST_LEAN**2 * np.eye(2)))
