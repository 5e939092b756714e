"""The ground round a camera at eye level, unrolled to a map, with how far each part of it can be trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from geoloc.photo.photo import Photo
from geoloc.photo.rectify import Tilt, ground_of
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
    if tilt is None:
        seen_at, shown = _in_panorama(photo, right, ahead, height_m)
        shown &= away > OWN_FEET_M
    else:
        seen_at, shown = _in_photo(photo, tilt, right, ahead, height_m)
    shown &= away < REACH_M
    seen = np.where(shown[..., None], to_opencv(seen_at), -2.0).astype(np.float32)
    pixels = cv2.remap(photo.pixels, seen[..., 0], seen[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    pixels[~shown] = 0
    return Unrolled(np.asarray(pixels, np.uint8), np.where(shown, np.exp(-away / TRUSTED_M), 0.0).astype(np.float32))


def _in_panorama(
    photo: Photo, right: NDArray[np.float64], ahead: NDArray[np.float64], height_m: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the panorama's pixels (... x 2) of places round the camera, metres, and which it shows."""
    width, height = photo.size
    a_radian = width / (2 * math.pi)
    x = (width / 2 + np.arctan2(right, ahead) * a_radian) % width
    y = height / 2 + np.arctan2(height_m, np.hypot(right, ahead)) * a_radian
    return np.stack([x, y], axis=-1), np.asarray(y < height)


def _in_photo(
    photo: Photo, tilt: Tilt, right: NDArray[np.float64], ahead: NDArray[np.float64], height_m: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the photo's pixels (... x 2) of places round the camera, metres, and which it shows."""
    width, height = photo.size
    rays = np.stack([right, -ahead, np.full_like(right, height_m)], axis=-1)
    q = rays @ np.linalg.inv(ground_of(photo, tilt)).T
    before = q[..., 2] > 0
    seen_at = q[..., :2] / np.where(before, q[..., 2], 1.0)[..., None]
    inside = ((seen_at >= 0) & (seen_at <= [width, height])).all(axis=-1)
    return seen_at, before & inside
