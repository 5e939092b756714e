"""Cameras whose rays are known."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

FOCAL, SIZE = 900.0, (1200, 900)
"""Of the cameras, pixels."""


def camera(tilt_deg: float, heading_deg: float) -> NDArray[np.float64]:
    """Rays of photo pixels as columns east, south and down: 3 x 3, by (x, y, 1)."""
    tilt, turn = math.radians(tilt_deg), math.radians(heading_deg)
    ahead, right = np.array([math.sin(turn), -math.cos(turn), 0]), np.array([math.cos(turn), math.sin(turn), 0])
    down = np.array([0, 0, 1.0])
    axis = math.sin(tilt) * ahead + math.cos(tilt) * down
    below = math.cos(tilt) * -ahead + math.sin(tilt) * down
    inward = np.array([[1 / FOCAL, 0, -SIZE[0] / 2 / FOCAL], [0, 1 / FOCAL, -SIZE[1] / 2 / FOCAL], [0, 0, 1]])
    return np.asarray(np.column_stack([right, below, axis]) @ inward)
