"""A camera over level ground: where it is, how it looks, and what it makes of places on the ground.

The world is x east, y north, z up, in metres. The camera is x right, y down, z along its axis; photo pixels have a
corner origin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiling.degrees import wrapped_deg

_NO_AXIS_DEG = 10.0
"""Tilted less, an axis has no azimuth worth the name."""
_UNBEND_ROUNDS = 8


@dataclass(frozen=True, slots=True, eq=False)
class GroundCamera:
    """A pinhole camera with one term of radial distortion.

    Attributes:
        centre: (x, y, z) in the world; z is the height over the ground.
        rotation: 3 x 3, directions in the world to directions in the camera.
        focal_px: focal length, pixels.
        middle: (x, y) of the optical axis in the photo, pixels.
        k1: a ray at the tangent r from the axis comes to lie 1 + k1 r^2 times as far from it.
    """

    centre: NDArray[np.float64]
    rotation: NDArray[np.float64]
    focal_px: float
    middle: NDArray[np.float64]
    k1: float = 0.0

    @property
    def axis(self) -> NDArray[np.float64]:
        """The direction that it looks in, world."""
        return self.rotation[2]

    @property
    def heading_deg(self) -> float:
        """Where the photo's up points on the ground, clockwise from north, [0, 360).

        That of the axis and of the photo's upper edge together: straight down the axis has no heading, level the edge
        has none, and where the camera's right is level both are one.
        """
        ahead = self.axis - self.rotation[1]
        return math.degrees(math.atan2(ahead[0], ahead[1])) % 360.0

    @property
    def tilt_deg(self) -> float:
        """Angle of the axis from straight down."""
        return math.degrees(math.atan2(math.hypot(*self.axis[:2]), -self.axis[2]))

    @property
    def roll_deg(self) -> float:
        """How far the camera's right points below level."""
        return -math.degrees(math.asin(np.clip(self.rotation[0, 2], -1.0, 1.0)))

    @property
    def aircraft_deg(self) -> tuple[float, float, float]:
        """(yaw, pitch, roll) as of an aircraft with the camera in its floor, which straight down and level are 0.

        That is how Pix4D's namespace "Camera" and geo.txt of OpenDroneMap count: the photo's up is where the nose is.
        """
        nose, right, down = -self.rotation[1], self.rotation[0], self.rotation[2]
        yaw = math.degrees(math.atan2(nose[0], nose[1])) % 360.0
        pitch = math.degrees(math.asin(np.clip(nose[2], -1.0, 1.0)))
        return yaw, pitch, math.degrees(math.atan2(-right[2], -down[2]))

    @property
    def gimbal_deg(self) -> tuple[float, float, float]:
        """(yaw, pitch, roll) as of a gimbal, as DJI counts: pitch -90 is straight down, 0 level; yaw in [-180, 180).

        Roll is about the axis; nearly straight down, where it and yaw are one, it is 0.
        """
        pitch = self.tilt_deg - 90.0
        if self.tilt_deg < _NO_AXIS_DEG:
            return wrapped_deg(self.heading_deg), pitch, 0.0
        ahead = self.axis[:2] / np.hypot(*self.axis[:2])
        level = np.array([ahead[1], -ahead[0], 0.0])
        roll = math.atan2(self.rotation[0] @ np.cross(self.axis, level), self.rotation[0] @ level)
        yaw = math.degrees(math.atan2(ahead[0], ahead[1]))
        return wrapped_deg(yaw), pitch, math.degrees(roll)

    def project(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the pixels, N x 2, of places in the world, N x 3; NaN behind the camera."""
        q = (points - self.centre) @ self.rotation.T
        xy = q[:, :2] / np.where(q[:, 2:] > 1e-9, q[:, 2:], np.nan)
        return np.asarray(self.focal_px * (1 + self.k1 * (xy**2).sum(1, keepdims=True)) * xy + self.middle)

    def undistorted(self, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where pixels, N x 2, would lie without the distortion."""
        bent = (pixels - self.middle) / self.focal_px
        straight = bent
        for _ in range(_UNBEND_ROUNDS):
            straight = bent / (1 + self.k1 * (straight**2).sum(axis=1, keepdims=True))
        return np.asarray(self.focal_px * straight + self.middle)

    def directions(self, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return directions in the world, N x 3, not of length 1, of pixels, N x 2; the distortion is left out."""
        offsets = np.column_stack([(pixels - self.middle) / self.focal_px, np.ones(len(pixels))])
        return np.asarray(offsets @ self.rotation)


def rotation_about(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rotation about a vector by as many radians as it is long, 3 x 3 (Rodrigues)."""
    x, y, z = vector
    angle = float(np.linalg.norm(vector))
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    # sin(a) / a and (1 - cos(a)) / a^2, which sinc has at 0 too.
    first, second = np.sinc(angle / math.pi), 0.5 * np.sinc(angle / (2 * math.pi)) ** 2
    return np.asarray(np.eye(3) + first * cross + second * cross @ cross)
