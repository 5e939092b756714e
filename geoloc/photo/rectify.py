"""A photograph as it would look from straight above, by its tilt: local features hardly survive an oblique view."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import cv2
import numpy as np
from numpy.typing import NDArray

from geoloc.photo.held.horizon import find_horizon
from geoloc.photo.held.verticals import find_verticals
from geoloc.photo.photo import Photo
from geoloc.plane.equirectangular import seen_at
from geoloc.plane.homography import for_opencv

TRIED_TILTS_DEG = (0.0, 40.0, 60.0)
"""Tilts that are tried where neither the file nor a horizon tells how the photo was tilted."""
STEEP_ENOUGH_DEG = 12.0
"""Photos tilted less are taken as they are."""
HORIZON_DEG = 80.0
"""Rays farther from straight down see the ground too flat for its texture to be told."""
GIMBAL_SD_DEG, HORIZON_SD_DEG = 1.5, 2.0
"""Errors of tilts: by the gimbal or a person, and by the horizon."""
EYE_HEIGHT_M = 1.6
"""Height over the ground of a camera that is held in the hand."""
FOCAL_SHARE = 0.75
"""Focal length over the longer side where it is not known: the main lens of most drones and telephones."""


@dataclass(frozen=True, slots=True, eq=False)
class Rectified:
    """A photo as seen from straight above.

    Attributes:
        image: height x width x 3, RGB.
        valid: height x width, where the image shows the photo; None where it does everywhere.
        to_photo: 3 x 3 homography, the image's pixels to the photo's.
    """

    image: NDArray[np.uint8]
    valid: NDArray[np.bool_] | None
    to_photo: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tilt:
    """How a camera was tilted when it took a photo, its up pointing away.

    Attributes:
        degrees: of the optical axis from straight down.
        roll_deg: by how much the camera was turned clockwise about its axis: the horizon comes to lie turned the other
            way.
        sd_deg: error of the tilt, standard deviation; 0 where nobody asks for it.
    """

    degrees: float
    roll_deg: float = 0.0
    sd_deg: float = 0.0

    def turned(self, by_deg: float) -> Tilt:
        """Return the tilt with the optical axis so many degrees farther from straight down."""
        return replace(self, degrees=self.degrees + by_deg)


_BY_PICTURE: WeakKeyDictionary[Photo, Tilt | None] = WeakKeyDictionary()
"""What `known_tilt` found; to look takes half a second, and every click in a photo asks."""


def known_tilt(photo: Photo) -> Tilt | None:
    """Return the tilt that the file of a photo tells by its gimbal, else what the picture shows of it, or None.

    A gimbal is believed whatever the picture shows: snow, a pale field or a roof at the upper edge of a photo that
    looks down parts from the rest as a sky does. Of a photo that a telephone took, or that shows the horizon, the
    upright edges of walls and posts tell more than the horizon: trees and houses hide that.
    """
    if photo.pitch_deg is not None:
        return Tilt(90.0 + photo.pitch_deg, photo.roll_deg, photo.pitch_sd_deg or GIMBAL_SD_DEG)
    if photo not in _BY_PICTURE:
        _BY_PICTURE[photo] = _tilt_by_picture(photo)
    return _BY_PICTURE[photo]


def _tilt_by_picture(photo: Photo) -> Tilt | None:
    horizon = find_horizon(photo, focal_px(photo))
    if horizon is not None or photo.phone:
        upright = find_verticals(photo, focal_px(photo))
        # Nobody knows that a person held a camera that is no telephone's: walls lean in a drone's picture.
        if upright is not None and (
            photo.phone or (horizon is not None and abs(upright.tilt_deg - horizon.tilt_deg) < 3 * HORIZON_SD_DEG)
        ):
            return Tilt(upright.tilt_deg, upright.roll_deg, upright.sd_deg)
    return None if horizon is None else Tilt(horizon.tilt_deg, -horizon.slope_deg, HORIZON_SD_DEG)


def likely_tilts(photo: Photo) -> Sequence[float]:
    """Return the tilts from straight down at which a photo may have been taken, degrees, the likeliest first.

    There are none for panoramas, whose ground from eye level is too flat to match: attention stands alone there.
    """
    if photo.panorama:
        return ()
    tilts: tuple[float, ...] = TRIED_TILTS_DEG
    if (tilt := known_tilt(photo)) is not None:
        known = tilt.degrees
        # The tilt by the gimbal or the horizon comes first; it may be of another picture, or no horizon.
        tilts = (known, *(t for t in TRIED_TILTS_DEG if abs(t - known) > 15.0)) if known < HORIZON_DEG + 30 else ()
    return tilts


def ground_of(photo: Photo, tilt: Tilt) -> NDArray[np.float64]:
    """Return the way from a photo, no panorama, to level ground: the pinhole model on a plane.

    Returns:
        3 x 3, photo pixels (corner origin) to places on the ground, x to the photo's right and y towards the viewer, in
        heights of the camera from the point below it. Before it is divided by its third part, which is positive below
        the horizon, a place is the direction of the ray, its z straight down.
    """
    width, height = photo.size
    t, r = math.radians(tilt.degrees), math.radians(tilt.roll_deg)
    upright = np.array([[math.cos(r), -math.sin(r), 0], [math.sin(r), math.cos(r), 0], [0, 0, 1]])
    level = np.array([[1, 0, 0], [0, math.cos(t), -math.sin(t)], [0, math.sin(t), math.cos(t)]])
    offset = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, focal_px(photo)]])
    return np.asarray(level @ upright @ offset)


def pixels_towards(
    photo: Photo, tilt: Tilt | None, right: NDArray[np.float64], ahead: NDArray[np.float64], down: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return where a photo shows what lies in some directions from its camera.

    Args:
        photo: the photo.
        tilt: how it was tilted; None for a panorama, which is level.
        right: of each direction, level, to the right of the photo's up or the panorama's middle column.
        ahead: likewise, that way.
        down: likewise, straight down.

    Returns:
        Pixels, corner origin, with a last axis of 2, and which of them the photo has.
    """
    width, height = photo.size
    if tilt is None:
        seen = seen_at(right, -ahead, down, (width, height), np)
        return seen, np.asarray((seen[..., 1] >= 0) & (seen[..., 1] < height))
    q = np.stack([right, -ahead, down], axis=-1) @ np.linalg.inv(ground_of(photo, tilt)).T
    before = q[..., 2] > 0
    seen = q[..., :2] / np.where(before, q[..., 2], 1.0)[..., None]
    return seen, before & ((seen >= 0) & (seen <= [width, height])).all(axis=-1)


def rectify(photo: Photo, tilt_deg: float, side_px: int) -> Rectified | None:
    """Show a photo taken `tilt_deg` from straight down, its up pointing away, as from straight above.

    Rays more than `HORIZON_DEG` from straight down are left out.

    Args:
        photo: the photograph, no panorama.
        tilt_deg: how far from straight down it looks.
        side_px: longer side of the picture at the most.

    Returns:
        The view; None where nothing is left.
    """
    width, height = photo.size
    if tilt_deg < STEEP_ENOUGH_DEG:
        return _scaled(photo, side_px)
    ground = ground_of(photo, Tilt(tilt_deg))
    shown = _ground_in_view(ground, width, height)
    if shown is None:
        return None
    low, high = shown.min(0), shown.max(0)
    scale = side_px / float((high - low).max())
    # No finer than the photo is where it is finest, at its lower edge.
    finest = 1 / max(_stretch(ground, width / 2, float(height)), 1e-9)
    scale = min(scale, finest)
    fit = np.array([[scale, 0, -scale * low[0]], [0, scale, -scale * low[1]], [0, 0, 1]])
    matrix = fit @ ground
    size = tuple(int(v) for v in np.ceil((high - low) * scale).clip(16, side_px))
    valid = _warped(np.full((height, width), 255, np.uint8), matrix, size) > 127
    far = _beyond_horizon(np.linalg.inv(fit), size)
    return Rectified(_warped(photo.pixels, matrix, size), valid & ~far, np.asarray(np.linalg.inv(matrix), np.float64))


def focal_px(photo: Photo) -> float:
    """Return the focal length of a photo, pixels: the file's, or what most cameras have."""
    return photo.focal_px or FOCAL_SHARE * max(photo.size)


def _scaled(photo: Photo, side_px: int) -> Rectified:
    scale = min(1.0, side_px / max(photo.size))
    size = tuple(max(1, round(side * scale)) for side in photo.size)
    image = cv2.resize(photo.pixels, size, interpolation=cv2.INTER_AREA)
    back = np.diag([photo.size[0] / size[0], photo.size[1] / size[1], 1.0])
    return Rectified(np.asarray(image, np.uint8), None, back)


def _ground_in_view(ground: NDArray[np.float64], width: int, height: int) -> NDArray[np.float64] | None:
    """Return ground points, N x 2, that the photo shows nearer than `HORIZON_DEG`; None where they are too few.

    They are in heights of the camera, from the point below it.
    """
    steps = np.linspace(0, 1, 41)
    pixels = np.concatenate([np.stack([steps * width, np.full(41, y)], axis=1) for y in np.linspace(0, height, 41)])
    q = pixels @ ground[:, :2].T + ground[:, 2]
    near = q[:, 2] > math.cos(math.radians(HORIZON_DEG)) * np.linalg.norm(q, axis=1)
    if near.sum() < 12:
        return None
    return np.asarray(q[near, :2] / q[near, 2:])


def _beyond_horizon(to_ground: NDArray[np.float64], size: tuple[int, ...]) -> NDArray[np.bool_]:
    x, y = np.meshgrid(np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5)
    gx = to_ground[0, 0] * x + to_ground[0, 2]
    gy = to_ground[1, 1] * y + to_ground[1, 2]
    return np.asarray(np.hypot(gx, gy) > math.tan(math.radians(HORIZON_DEG)))


def _stretch(ground: NDArray[np.float64], x: float, y: float) -> float:
    """Return ground lengths a photo pixel at (x, y), across the view."""
    a, b = (ground @ np.array([x + d, y, 1.0]) for d in (-0.5, 0.5))
    return float(np.linalg.norm(b[:2] / b[2] - a[:2] / a[2]))


def _warped(image: NDArray[np.uint8], matrix: NDArray[np.float64], size: tuple[int, ...]) -> NDArray[np.uint8]:
    moved = cv2.warpPerspective(image, for_opencv(matrix), (size[0], size[1]), flags=cv2.INTER_LINEAR)
    return np.asarray(moved, np.uint8)
