"""The tilt of a photograph by its horizon, where it shows one: what the gimbal knew when the file has lost it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from geoloc.photo.photo import Photo

WIDTH_PX = 160
"""Width of the picture that lines are tried on."""
HIGHEST_PX = 640
"""Its height at the most: a strip that is far higher than wide would have millions of rows."""
SLOPES_DEG = np.arange(-20.0, 20.5, 1.0)
"""Slopes of the lines that are tried."""
SEPARATION = 3.0
"""How many standard deviations the mean colours of sky and ground are apart at least, by the colours of both."""
SMOOTH = 0.5
"""How rough the sky may be, over how rough the ground is."""
LEAST_SHARE = 0.03
"""Share of the picture that lies on either side of the line at least."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """What the horizon tells of a camera.

    Attributes:
        tilt_deg: of the optical axis from straight down.
        slope_deg: of the horizon in the photo, positive where it falls to the right.
    """

    tilt_deg: float
    slope_deg: float


def find_horizon(photo: Photo, focal_px: float) -> Horizon | None:
    """Find the line that parts sky and ground.

    It is the one whose two sides are each most alike in colour (Ettinger et al. 2002, "Vision-guided flight stability
    and control for micro air vehicles").

    Args:
        photo: the photograph.
        focal_px: its focal length in pixels of the photo.

    Returns:
        The horizon, its slope to a degree; None where no line parts a smooth sky from the ground.
    """
    width, height = photo.size
    scale = min(WIDTH_PX / width, HIGHEST_PX / height)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = cv2.resize(photo.pixels, size, interpolation=cv2.INTER_AREA).astype(np.float64)
    x, y = np.meshgrid(np.arange(size[0]) + 0.5 - size[0] / 2, np.arange(size[1]) + 0.5 - size[1] / 2)
    best = (math.inf, 0.0, 0.0, np.zeros_like(x))
    for slope_deg in SLOPES_DEG:
        slope = math.radians(slope_deg)
        # How far below a line of this slope through the middle of the picture.
        below = y * math.cos(slope) - x * math.sin(slope)
        unlike, off = _best_parting(small.reshape(-1, 3), below.ravel())
        if unlike < best[0]:
            best = unlike, off, float(slope_deg), below
    _, off, slope_deg, below = best
    if not _is_sky(small, _roughness(photo.pixels, size), below < off):
        return None
    return Horizon(90.0 + math.degrees(math.atan(off / scale / focal_px)), float(slope_deg))


def _best_parting(colours: NDArray[np.float64], along: NDArray[np.float64]) -> tuple[float, float]:
    """Part N x 3 colours at the value of `along` that leaves both parts least unlike in themselves.

    Unlikeness is the volume that the colours take and their variances squared, of both parts together (Ettinger et al.
    2002).

    Returns:
        The unlikeness, and the value of `along`.
    """
    order = np.argsort(along)
    counts = np.arange(1, len(order) + 1, dtype=np.float64)
    sums = np.cumsum(colours[order], axis=0)
    squares = np.cumsum(colours[order][:, :, None] * colours[order][:, None, :], axis=0)
    least = int(LEAST_SHARE * len(order))
    at = np.arange(least, len(order) - least, max(1, len(order) // 2000))
    unlike = np.zeros(len(at))
    for count, total, square in (
        (counts[at], sums[at], squares[at]),
        (counts[-1] - counts[at], sums[-1] - sums[at], squares[-1] - squares[at]),
    ):
        mean = total / count[:, None]
        covariance = square / count[:, None, None] - mean[:, :, None] * mean[:, None, :]
        unlike += np.linalg.det(covariance) + np.trace(covariance, axis1=1, axis2=2) ** 2
    best = int(unlike.argmin())
    return float(unlike[best]), float(along[order[at[best]]])


def _roughness(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.float64]:
    """Return how much each part of the picture differs from its own blur, height x width of `size`."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 2.0))
    return np.asarray(cv2.resize(detail, size, interpolation=cv2.INTER_AREA), np.float64)


def _is_sky(small: NDArray[np.float64], rough: NDArray[np.float64], sky: NDArray[np.bool_]) -> bool:
    above, below = small[sky], small[~sky]
    pooled = np.cov(above, rowvar=False) + np.cov(below, rowvar=False) + np.eye(3)
    off = above.mean(0) - below.mean(0)
    apart = math.sqrt(float(off @ np.linalg.solve(pooled, off)))
    brighter = off.sum() > 0
    return bool(brighter and apart > SEPARATION and np.median(rough[sky]) < SMOOTH * np.median(rough[~sky]))
