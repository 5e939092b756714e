"""Crops of a photograph drawn from above: resampled onto the ground round a click, as a mosaic shows it.

Where they lie is told in pixels of a plane, by the homography from that plane to the photo: level ground as a tilt has
it, a mosaic that the photo was matched with, or another crop.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geoloc.photo.crop import Crop, drawn
from geoloc.photo.photo import Photo
from geoloc.photo.rectify import HORIZON_DEG, Tilt, focal_px, ground_of
from geoloc.photo.target import Click
from geoloc.plane.homography import jacobian, map_points, similarity, translation
from geoloc.plane.lean import lean_of

_SHIFTS = 3
"""Crops are tried at so many shifts to either side."""
_MOST_SHIFT = 3 / 8
"""How far a crop may have its middle from the click, as a share of its side."""
_GAIN = 0.2
"""What a shift by a whole side has to gain, as a share of the crop that then shows the photo."""
_SAMPLES = 12
"""Points along either side of a crop at which it is asked whether it shows the photo."""


def ground_plane(photo: Photo, tilt: Tilt) -> NDArray[np.float64]:
    """Return the way from level ground to a photo, 3 x 3; the ground is in heights of the camera, see `ground_of`."""
    return np.asarray(np.linalg.inv(ground_of(photo, tilt)), np.float64)


def across(to_photo: NDArray[np.float64], photo: Photo, click: Click) -> float | None:
    """Return how much of a plane one photo pixel shows at the click, across the line of sight.

    Returns:
        Pixels of the plane; None where the click is not on it, or more than `HORIZON_DEG` from straight down.
    """
    at = _on_plane(to_photo, click)
    if at is None or not _shown(photo, to_photo, at[None])[0]:
        return None
    return 1.0 / float(np.linalg.svd(jacobian(to_photo, at), compute_uv=False)[0])


def crop_above(
    photo: Photo,
    to_photo: NDArray[np.float64],
    click: Click,
    *,
    side: float,
    turn_deg: float,
    heading_deg: float,
    size: int,
) -> Crop | None:
    """Cut a square crop from above that holds the click.

    It is shifted so that it shows more of the photo, where that gains much.

    Args:
        photo: the photograph.
        to_photo: 3 x 3, a plane to the photo.
        click: in the photo, on that plane.
        side: of the crop, pixels of the plane.
        turn_deg: by how much what the plane shows is turned clockwise.
        heading_deg: of the photo's up, which the crop supposes.
        size: side of the crop in its own pixels.

    Returns:
        The crop; None where it would show nothing.
    """
    at = _on_plane(to_photo, click)
    if at is None:
        return None
    turned = similarity(side / size, -turn_deg, (at[0], at[1]), (size / 2, size / 2))
    moved = turned @ _best_shift(photo, to_photo @ turned, size)
    matrix = to_photo @ moved
    rows, columns = np.indices((size, size)) + 0.5
    image = drawn(photo.pixels, matrix, _shown(photo, matrix, np.stack([columns, rows], axis=-1)))
    if image is None:
        return None
    x, y = (float(value) for value in map_points(np.linalg.inv(moved), at))
    return Crop(image, (x, y), heading_deg % 360, matrix, (*lean_of(matrix, (x, y)), 1.0))


def quarter_turned(crop: Crop, turn_deg: int) -> Crop:
    """Return a square crop from above with its content turned clockwise, exactly.

    Args:
        crop: the crop.
        turn_deg: a multiple of 90.
    """
    size = len(crop.image)
    turned = similarity(1.0, -turn_deg, (size / 2, size / 2), (size / 2, size / 2))
    x, y = (float(value) for value in map_points(np.linalg.inv(turned), np.array(crop.click)))
    matrix = crop.to_photo @ turned
    return replace(
        crop,
        image=np.ascontiguousarray(np.rot90(crop.image, -turn_deg // 90)),
        click=(x, y),
        heading_deg=(crop.heading_deg + turn_deg) % 360,
        to_photo=matrix,
        view=(*lean_of(matrix, (x, y)), 1.0),
    )


def _on_plane(to_photo: NDArray[np.float64], click: Click) -> NDArray[np.float64] | None:
    """Return the click on the plane, (x, y); None where it is beyond the plane's horizon."""
    at = map_points(np.linalg.inv(to_photo), np.array([click.x, click.y]))
    return at if np.isfinite(at).all() else None


def _shown(photo: Photo, to_photo: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which points of a plane (... x 2) the photo shows, not more than `HORIZON_DEG` from straight down."""
    width, height = photo.size
    q = points @ to_photo[:, :2].T + to_photo[:, 2]
    # Rays of the camera; the plane's normal is across both of its axes, wherever it lies.
    focal = focal_px(photo)
    to_ray = np.array([[1 / focal, 0, -width / 2 / focal], [0, 1 / focal, -height / 2 / focal], [0, 0, 1]])
    axes = to_ray @ to_photo
    normal = np.cross(axes[:, 0], axes[:, 1])
    rays = q @ to_ray.T
    cosine = np.abs(rays @ normal) / (np.linalg.norm(normal) * np.linalg.norm(rays, axis=-1))
    x, y, depth = q[..., 0], q[..., 1], q[..., 2]
    inside = (x >= 0) & (x <= width * depth) & (y >= 0) & (y <= height * depth)
    return np.asarray((depth > 0) & inside & (cosine > math.cos(math.radians(HORIZON_DEG))))


def _best_shift(photo: Photo, to_photo: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Return the translation of a crop, 3 x 3, by which it shows most of the photo for how far it is moved."""
    steps = np.arange(-_SHIFTS, _SHIFTS + 1) * (_MOST_SHIFT / _SHIFTS)
    shifts = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    middles = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    inner = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
    seen = _shown(photo, to_photo, size * (shifts[:, None] + inner)).mean(axis=1)
    best = shifts[int((seen - _GAIN * np.linalg.norm(shifts, axis=1)).argmax())]
    return translation(*(size * best))
