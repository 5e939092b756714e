"""Homographies of the plane in pixel coordinates with a corner origin."""

from __future__ import annotations

import math

import numpy as np

# OpenCV puts pixel centres at whole numbers; everything here has them at halves.
TO_CENTRE = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]])
TO_CORNER = np.linalg.inv(TO_CENTRE)


def apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """A 3 x 3 homography on points (..., 2). Points at infinity come out as NaN."""
    q = points @ matrix[:, :2].T + matrix[:, 2]
    w = np.where(q[..., 2:] > 1e-9, q[..., 2:], np.nan)
    return q[..., :2] / w


def similarity(scale: float, angle_deg: float, source: tuple[float, float], at: tuple[float, float]) -> np.ndarray:
    """Output pixel -> source pixel: `at` maps to `source`, one output pixel is `scale` source pixels, turned."""
    c, s = scale * math.cos(math.radians(angle_deg)), scale * math.sin(math.radians(angle_deg))
    linear = np.array([[c, -s], [s, c]])
    out = np.eye(3)
    out[:2, :2] = linear
    out[:2, 2] = np.array(source) - linear @ np.array(at)
    return out
