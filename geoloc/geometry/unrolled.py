"""The ground round a camera at eye level, unrolled to a map, with how far each part of it can be trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from geoloc.photo.photo import Photo
from geoloc.photo.rectify import Tilt, pixels_towards
from geoloc.plane.homography import to_opencv

REACH_M = 14.0
"""How far from the camera the ground is drawn: farther off a pixel of the photo covers metres, and things stand before
it."""
TRUSTED_M = 12.0
"""Trust falls by a factor e in each so many metres: errors of tilt and height grow with the distance."""
OWN_FEET_M = 1.5
"""Of a panorama's ground so much shows who carries the camera, or what it stands on."""


@dataclass(frozen=True, slots=True, eq=False)
class Unrolled:
    """A map of the ground round a camera, north up, the camera in the middle.

    Attributes:
        pixels: rows x columns x 3, RGB; 0 where the photo does not show the ground.
        trust: rows x columns, 0 to 1.
    """

    pixels: NDArray[np.uint8]
    trust: NDArray[np.float32]


def unrolled(photo: Photo, tilt: Tilt | None, *, heading_deg: float, height_m: float, step_m: float) -> Unrolled:
    """Draw level ground round a camera as a map. What stands on it is smeared away from the camera.

    Args:
        photo: the photograph.
        tilt: how it was tilted; None for a panorama, which is level.
        heading_deg: of its up, a panorama's middle column, clockwise from the map's north.
        height_m: of the camera over the ground.
        step_m: side of a pixel of the map.
    """
    half = math.ceil(REACH_M / step_m)
    at = (np.arange(2 * half) + 0.5 - half) * step_m
    east, north = np.meshgrid(at, -at)
    away = np.hypot(east, north)
    sin, cos = math.sin(math.radians(heading_deg)), math.cos(math.radians(heading_deg))
    right, ahead = east * cos - north * sin, east * sin + north * cos
    seen_at, shown = pixels_towards(photo, tilt, right, ahead, np.full_like(right, height_m))
    if tilt is None:
        shown &= away > OWN_FEET_M
    shown &= away < REACH_M
    seen = np.where(shown[..., None], to_opencv(seen_at), -2.0).astype(np.float32)
    pixels = cv2.remap(photo.pixels, seen[..., 0], seen[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    pixels[~shown] = 0
    return Unrolled(np.asarray(pixels, np.uint8), np.where(shown, np.exp(-away / TRUSTED_M), 0.0).astype(np.float32))
