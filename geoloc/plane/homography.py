"""Homographies of the plane in pixel coordinates with a corner origin."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray

# OpenCV puts pixel centres at whole numbers; everything here has them at halves.
_TO_CENTRE = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]])
_TO_CORNER = np.linalg.inv(_TO_CENTRE)


def map_points(matrix: NDArray[Any], points: NDArray[Any]) -> NDArray[np.float64]:
    """Points (..., 2) through a 3 x 3 homography; NaN at and beyond its horizon."""
    q = points @ matrix[:, :2].T + matrix[:, 2]
    w = np.where(q[..., 2:] > 1e-9, q[..., 2:], np.nan)
    return np.asarray(q[..., :2] / w)


def for_opencv(matrix: NDArray[Any]) -> NDArray[np.float64]:
    """The 3 x 3 homography that does to OpenCV's pixel coordinates what `matrix` does to those with a corner origin."""
    return np.asarray(_TO_CENTRE @ matrix @ _TO_CORNER)


def affine_for_opencv(affine: Affine) -> NDArray[np.float64]:
    """The same of an affine, as the 2 x 3 matrix that OpenCV takes."""
    centred = Affine.translation(-0.5, -0.5) * affine * Affine.translation(0.5, 0.5)
    return np.array(centred[:6], np.float64).reshape(2, 3)


def to_opencv(points: NDArray[Any]) -> NDArray[Any]:
    """Points (..., 2) with a corner origin as OpenCV counts them."""
    return points - 0.5


def from_opencv(points: NDArray[Any]) -> NDArray[Any]:
    """Points (..., 2) of OpenCV with a corner origin."""
    return points + 0.5


def similarity(scale: float, angle_deg: float, source: tuple[float, float], at: tuple[float, float]) -> np.ndarray:
    """Output pixel -> source pixel: `at` maps to `source`, one output pixel is `scale` source pixels, turned."""
    c, s = scale * math.cos(math.radians(angle_deg)), scale * math.sin(math.radians(angle_deg))
    linear = np.array([[c, -s], [s, c]])
    out = np.eye(3)
    out[:2, :2] = linear
    out[:2, 2] = np.array(source) - linear @ np.array(at)
    return out
