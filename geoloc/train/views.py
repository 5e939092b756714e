"""Plane geometry of made views: homographies in corner-origin pixel coordinates."""

from __future__ import annotations

import math

import cv2
import numpy as np

# OpenCV puts pixel centres at whole numbers; everything here has them at halves.
TO_CENTRE = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]])
TO_CORNER = np.linalg.inv(TO_CENTRE)


def apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """A 3 x 3 homography on points (..., 2). Points at infinity come out as NaN."""
    q = points @ matrix[:, :2].T + matrix[:, 2]
    w = np.where(q[..., 2:] > 1e-9, q[..., 2:], np.nan)
    return q[..., :2] / w


def warp(image: np.ndarray, to_source: np.ndarray, height: int, width: int, border: int) -> np.ndarray:
    """Resample `image` so that output pixel p shows image point to_source(p)."""
    matrix = TO_CENTRE @ to_source @ TO_CORNER
    return cv2.warpPerspective(
        image,
        matrix,
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=border,
        borderValue=(127, 127, 127),
    )


def similarity(scale: float, angle_deg: float, source: tuple[float, float], at: tuple[float, float]) -> np.ndarray:
    """Output pixel -> source pixel: `at` maps to `source`, one output pixel is `scale` source pixels, turned."""
    c, s = scale * math.cos(math.radians(angle_deg)), scale * math.sin(math.radians(angle_deg))
    linear = np.array([[c, -s], [s, c]])
    out = np.eye(3)
    out[:2, :2] = linear
    out[:2, 2] = np.array(source) - linear @ np.array(at)
    return out


def tilted(tilt_deg: float, side_px: float, field_deg: float) -> np.ndarray:
    """Photo pixel, relative to the photo's centre, -> ground point in pixels at the centre's scale.

    A pinhole camera whose optical axis leaves the vertical by `tilt_deg`, looking away along -y of the photo (up).
    side_px: the photo's side; field_deg: its field of view. Ground x right, y down; at the centre one photo pixel
    is one ground unit across.
    """
    focal = side_px / (2 * math.tan(math.radians(field_deg / 2)))
    t = math.radians(tilt_deg)
    # The ray (x, y, f) meets the plane with normal (0, sin t, cos t) through the axis point (0, 0, f).
    return np.array([[math.cos(t), 0, 0], [0, 1, 0], [0, math.sin(t) / focal, math.cos(t)]])
