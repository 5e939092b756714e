"""Cameras over level ground with angles that are known."""

from __future__ import annotations

import math

import numpy as np

from geoloc.pose.camera import GroundCamera

SIZE = (1280, 960)
HIGH_M, FOCAL_PX = 50.0, 1000.0


def camera(heading_deg: float, tilt_deg: float, turned_deg: float) -> GroundCamera:
    """A camera 50 m above the origin, turned clockwise about its axis."""
    h, t, r = map(math.radians, (heading_deg, tilt_deg, turned_deg))
    ahead, right = np.array([math.sin(h), math.cos(h), 0]), np.array([math.cos(h), -math.sin(h), 0])
    axis = math.sin(t) * ahead - math.cos(t) * np.array([0, 0, 1.0])
    down = np.cross(axis, right)
    across = math.cos(r) * right + math.sin(r) * down
    rotation = np.stack([across, np.cross(axis, across), axis])
    return GroundCamera(np.array([0, 0, HIGH_M]), rotation, FOCAL_PX, np.array(SIZE) / 2)
