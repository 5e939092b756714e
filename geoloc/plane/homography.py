"""Homographies of the plane in pixel coordinates with a corner origin, and the way to OpenCV's coordinates and back.

OpenCV puts the centres of pixels at whole numbers; everything here has them at halves.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from affine import Affine

_TO_CENTRE = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]])
_TO_CORNER = np.linalg.inv(_TO_CENTRE)


def map_points(matrix: NDArray[Any], points: NDArray[Any]) -> NDArray[np.float64]:
    """Map points, ... x 2, by a 3 x 3 homography; NaN at and beyond its horizon.

    >>> map_points(np.diag([2.0, 2.0, 1.0]), np.array([[1.0, 3.0]])).tolist()
    [[2.0, 6.0]]
    """
    q = points @ matrix[:, :2].T + matrix[:, 2]
    w = np.where(q[..., 2:] > 1e-9, q[..., 2:], np.nan)
    return np.asarray(q[..., :2] / w)


def jacobian(matrix: NDArray[Any], at: NDArray[Any]) -> NDArray[np.float64]:
    """Return how a 3 x 3 homography stretches what lies about a point (x, y), 2 x 2."""
    mapped = matrix @ np.array([*at, 1.0])
    x, y = mapped[:2] / mapped[2]
    return np.asarray((matrix[:2, :2] - np.outer([x, y], matrix[2, :2])) / mapped[2])


def translation(x: float, y: float) -> NDArray[np.float64]:
    """Return the 3 x 3 homography that moves points by (x, y)."""
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def for_opencv(matrix: NDArray[Any]) -> NDArray[np.float64]:
    """Return the homography that does to OpenCV's coordinates what `matrix` does to those with a corner origin."""
    return np.asarray(_TO_CENTRE @ matrix @ _TO_CORNER)


def affine_for_opencv(affine: Affine) -> NDArray[np.float64]:
    """Return the 2 x 3 matrix that does to OpenCV's coordinates what `affine` does to those with a corner origin."""
    # Not at the head: training from a pack does without the package.
    from affine import Affine

    centred = Affine.translation(-0.5, -0.5) * affine * Affine.translation(0.5, 0.5)
    return np.array(centred[:6], np.float64).reshape(2, 3)


def to_opencv(points: NDArray[Any]) -> NDArray[Any]:
    """Convert points with a corner origin, ... x 2, or coordinates along one axis, to OpenCV's."""
    return points - 0.5


def from_opencv(points: NDArray[Any]) -> NDArray[Any]:
    """Convert points in OpenCV's coordinates, ... x 2, or along one axis, to a corner origin."""
    return points + 0.5


def similarity(
    scale: float, angle_deg: float, source: tuple[float, float], at: tuple[float, float]
) -> NDArray[np.float64]:
    """Return the 3 x 3 similarity from output to source pixels that maps `at` to `source`.

    Args:
        scale: source pixels along one output pixel.
        angle_deg: how far the output is turned clockwise on the source.
        source: (x, y) in source pixels.
        at: (x, y) in output pixels.
    """
    c, s = scale * math.cos(math.radians(angle_deg)), scale * math.sin(math.radians(angle_deg))
    linear = np.array([[c, -s], [s, c]])
    out = np.eye(3)
    out[:2, :2] = linear
    out[:2, 2] = np.array(source) - linear @ np.array(at)
    return out
