"""What is seen round a click, upright and as wide as it would be from level: where things stand shows below them."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from geoloc.photo.photo import Photo
from geoloc.photo.rectify import Tilt, focal_px, pixels_towards
from geoloc.plane.homography import to_opencv

SIDE_PX = 256
VIEWS_DEG = (20.0, 60.0)
"""How wide the two views are: what is far, and what is near with all that is round it."""
FOCAL_PX, PANORAMA_PX = 900.0, 2048
"""Focal length, and width of a panorama, of pictures as the head has learnt from; pixels."""
MUCH_FINER = 1.6
"""Photos that are so many times finer are averaged first."""
FILL = 127
"""Grey level of what the photo does not show."""


def click_views(photo: Photo, tilt: Tilt | None, aside_deg: float, below_deg: float) -> NDArray[np.uint8]:
    """Draw the photo as cameras would that look straight at the click, level from side to side.

    Args:
        photo: the photograph; see `averaged`.
        tilt: how it was tilted; None for a panorama, which is level.
        aside_deg: azimuth of the click from the photo's up, a panorama's middle column, clockwise.
        below_deg: of the click below level.

    Returns:
        A view for each of `VIEWS_DEG`, `SIDE_PX` x `SIDE_PX` x 3, RGB, the click in the middle.
    """
    small = averaged(photo)
    return np.stack([_view(small, tilt, math.radians(aside_deg), math.radians(below_deg), deg) for deg in VIEWS_DEG])


def averaged(photo: Photo) -> Photo:
    """Return a photo that is much finer than the views, averaged: of single pixels noise and grain would be seen.

    One that is not is returned as it is.
    """
    width, height = photo.size
    fine = width / PANORAMA_PX if photo.panorama else focal_px(photo) / FOCAL_PX
    if fine < MUCH_FINER:
        return photo
    size = max(1, round(width / fine)), max(1, round(height / fine))
    pixels = np.asarray(cv2.resize(photo.pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    return replace(photo, pixels=pixels, focal_px=None if photo.focal_px is None else photo.focal_px * size[0] / width)


def directions(aside: float, below: float, view_deg: float) -> tuple[NDArray[np.float64], ...]:
    """Return what way each pixel of a view looks: to the right, ahead and down, each `SIDE_PX` x `SIDE_PX`.

    Args:
        aside: azimuth of the view's middle from what is ahead, radians.
        below: of the middle below level, radians.
        view_deg: how wide the view is.
    """
    at = (np.arange(SIDE_PX) + 0.5 - SIDE_PX / 2) * math.tan(math.radians(view_deg) / 2) / (SIDE_PX / 2)
    across, lower = np.meshgrid(at, at)
    forward = math.cos(below) - lower * math.sin(below)
    return (
        forward * math.sin(aside) + across * math.cos(aside),
        forward * math.cos(aside) - across * math.sin(aside),
        math.sin(below) + lower * math.cos(below),
    )


def drawn(
    pixels: NDArray[np.uint8], seen: NDArray[np.float64], shown: NDArray[np.bool_], *, whole_turn: bool
) -> NDArray[np.uint8]:
    """Draw a view of a picture.

    Args:
        pixels: of the picture, height x width x 3.
        seen: pixels of the picture, corner origin, that each pixel of the view shows, ... x 2.
        shown: which of them it has; the others are grey.
        whole_turn: whether its left and right edges meet.
    """
    at = np.where(shown[..., None], to_opencv(seen), -1.0).astype(np.float32)
    border = cv2.BORDER_WRAP if whole_turn else cv2.BORDER_REPLICATE
    view = cv2.remap(pixels, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=border)
    view[~shown] = FILL
    return np.asarray(view, np.uint8)


def _view(photo: Photo, tilt: Tilt | None, aside: float, below: float, view_deg: float) -> NDArray[np.uint8]:
    seen, shown = pixels_towards(photo, tilt, *directions(aside, below, view_deg))
    return drawn(photo.pixels, seen, shown, whole_turn=photo.panorama)
