"""Crops of full equirectangular panoramas: the whole turn as a strip, and the ground round the camera from above."""

from __future__ import annotations

import math

import cv2
import numpy as np
from affine import Affine
from numpy.typing import NDArray

from geoloc.photo.crop import Crop, resized, warped
from geoloc.photo.photo import Photo
from geoloc.photo.rectify import EYE_HEIGHT_M, HORIZON_DEG
from geoloc.photo.target import Click
from geoloc.plane.equirectangular import ray_of, seen_at
from geoloc.plane.homography import map_points, similarity

GROUND_HEIGHT_M = 20.0
"""Height of the ground that a crop from above shows: what is seen at less than `HORIZON_DEG` from straight down."""
_SAMPLES = 4
"""Samples along either side of a crop pixel."""
_MOST_WIDTH = 2048
"""Columns of the panorama that are sampled at the most; it is averaged first."""


def strip_crop(photo: Photo, click: Click, shape: tuple[int, int]) -> Crop:
    """Cut the whole turn as a strip, rolled so that the click's azimuth is in its middle column.

    A panorama cut at the top or bottom is centred, its first and last row repeated.
    """
    width, height = photo.size
    out_height, out_width = shape
    scale = width / out_width
    to_photo = Affine.translation(click.x - width / 2, height / 2 - scale * out_height / 2) * Affine.scale(scale)
    start = math.floor(click.x - width / 2)
    rolled = np.roll(photo.pixels, -start, axis=1)
    image = warped(rolled, Affine.translation(-start, 0) * to_photo, shape, scale, cv2.BORDER_REPLICATE)
    x, y = ~to_photo * (click.x, click.y)
    return Crop(image, (x, y), 0.0, np.array(to_photo).reshape(3, 3))


def ground_crop(photo: Photo, click: Click, heading_deg: float, shape: tuple[int, int]) -> Crop | None:
    """Draw the level ground round the camera from above, north up, the camera's foot in the middle.

    Its height over the ground is supposed to be `EYE_HEIGHT_M`.

    Args:
        photo: the panorama; what is cut off at its top and bottom is taken to be alike.
        click: in it.
        heading_deg: of the panorama's middle column.
        shape: height and width of the crop, pixels.

    Returns:
        The crop; None where the click is more than `HORIZON_DEG` from straight down.
    """
    height, width = shape
    step = GROUND_HEIGHT_M / height
    to_ground = similarity(step, -heading_deg, (0.0, 0.0), (width / 2, height / 2))
    place = _on_ground(photo, click)
    if place is None:
        return None
    at = map_points(np.linalg.inv(to_ground), place)
    rows, columns = (np.indices((height * _SAMPLES, width * _SAMPLES)) + 0.5) / _SAMPLES
    seen_at = _in_panorama(photo, map_points(to_ground, np.stack([columns, rows], axis=-1)))
    image = _sampled(photo, seen_at, shape)
    # The true way is no homography: what touches it at the click.
    near = _in_panorama(photo, map_points(to_ground, at + np.array([[-0.5, 0], [0.5, 0], [0, -0.5], [0, 0.5]])))
    jacobian = np.stack([near[1] - near[0], near[3] - near[2]], axis=-1)
    # Across the seam a step is nearly a whole turn.
    jacobian[0] -= photo.size[0] * np.round(jacobian[0] / photo.size[0])
    to_photo = np.eye(3)
    to_photo[:2, :2], to_photo[:2, 2] = jacobian, np.array([click.x, click.y]) - jacobian @ at
    away = np.linalg.inv(to_ground)[:2, :2] @ place * step / math.hypot(*place, EYE_HEIGHT_M)
    view = (float(away[0]), float(away[1]), 1.0)
    return Crop(image, (float(at[0]), float(at[1])), heading_deg % 360, to_photo, view)


def _on_ground(photo: Photo, click: Click) -> NDArray[np.float64] | None:
    """Return where the ground is that was clicked, metres to the right and back of the panorama's middle column."""
    azimuth, from_down = ray_of(click.x, click.y, photo.size)
    if not 0.0 <= from_down < math.radians(HORIZON_DEG):
        return None
    return EYE_HEIGHT_M * math.tan(from_down) * np.array([math.sin(azimuth), -math.cos(azimuth)])


def _in_panorama(photo: Photo, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the panorama's pixels of places on the ground, ... x 2, also of those that are cut off at its bottom."""
    return np.asarray(seen_at(places[..., 0], places[..., 1], EYE_HEIGHT_M, photo.size, np))


def _sampled(photo: Photo, at: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Average the panorama's pixels `at` those points, of which each crop pixel has `_SAMPLES` squared.

    What is beyond `HORIZON_DEG` or off the picture has the mean colour of its lower half.
    """
    width, height = photo.size
    share = min(1.0, _MOST_WIDTH / width)
    small = (
        resized(photo.pixels, (max(1, round(height * share)), max(1, round(width * share))))
        if share < 1
        else photo.pixels
    )
    fill = cv2.mean(small[small.shape[0] // 2 :])[:3]
    scaled = (at * (np.array(small.shape[1::-1]) / photo.size) - 0.5).astype(np.float32)
    _, from_down = ray_of(at[..., 0], at[..., 1], photo.size)
    shown = (from_down < math.radians(HORIZON_DEG)) & (at[..., 1] < height)
    scaled[~shown] = 0
    # A column more on either side, so that what lies on the seam is between its neighbours.
    wrapped = np.concatenate([small[:, -1:], small, small[:, :1]], axis=1)
    drawn = cv2.remap(wrapped, scaled[..., 0] + 1, scaled[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    drawn[~shown] = np.round(fill).astype(np.uint8)
    return resized(np.asarray(drawn, np.uint8), shape)
