"""Queries cut from photographs, real or rendered, whose every pixel's place on the ground is known."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch

from geoloc.model.network.features import STRIDE
from geoloc.plane import homography
from geoloc.train.grounds.ground import Ground, Texture
from geoloc.train.grounds.posed_photo import PosedPhoto
from geoloc.train.samples.perspective import pixel_centres
from geoloc.train.samples.sample import (
    HEADING_SPREAD_DEG,
    SHARE_OBJECT,
    Sample,
    box_around,
    box_at,
    draw_turn,
    log_uniform,
)

CROP_SHARE = (0.3, 1.0)
"""Sides of crops over the photo's shorter side."""
_TRIES = 24
_SLACK_M = 0.3


class _PhotoCrop(NamedTuple):
    """A part of a photograph.

    to_photo: 3 x 3, query pixels to photo pixels. shape: rows and columns of the query. click: (x, y) in it. box, sized
    and turn_deg: as in `Sample`.
    """

    to_photo: np.ndarray
    shape: tuple[int, int]
    click: np.ndarray
    box: np.ndarray
    sized: bool
    turn_deg: float


def sample_photo(
    photo: PosedPhoto, ground: Ground, texture: Texture, rng: np.random.Generator, *, side: int, device: torch.device
) -> Sample | None:
    """Draw a query of a photograph.

    A panorama is taken whole, side x 2 side, the click in its middle column, as the search does.

    Args:
        photo: what the query is cut from.
        ground: what it shows.
        texture: of the photograph.
        rng: what the place, scale and turn are drawn from.
        side: of the query, pixels.
        device: where its image is to be.

    Returns:
        The query; None where the draw shows nothing known.
    """
    crop = _panorama(photo, ground, rng, side) if photo.panorama else _square(photo, ground, rng, side)
    if crop is None:
        return None
    (rows, columns), to_photo = crop.shape, crop.to_photo
    pixels = pixel_centres(rows, columns, 1, device)
    matrix = torch.tensor(to_photo, dtype=torch.float32, device=device)
    xy = pixels @ matrix[:2, :2].T + matrix[:2, 2]
    if photo.panorama:
        xy = torch.stack([xy[..., 0].remainder(float(photo.size[0])), xy[..., 1]], dim=-1)
    scale = math.sqrt(abs(np.linalg.det(to_photo[:2, :2])))
    image = texture.sample(xy, xy.new_full(xy.shape[:2], scale))
    centres = pixel_centres(rows // STRIDE, columns // STRIDE, STRIDE, torch.device("cpu")).double().numpy()
    places = photo.place(homography.map_points(to_photo, centres))
    places = np.where(ground.has_data(np.nan_to_num(places, nan=-1.0))[..., None], places, np.nan)
    return Sample(photo.ground, image, crop.click.astype(np.float32), places, crop.box, crop.sized, crop.turn_deg)


def _square(photo: PosedPhoto, ground: Ground, rng: np.random.Generator, side: int) -> _PhotoCrop | None:
    """Draw a square of the photo, turned so that its up is near to the reference's."""
    width, height = photo.size
    across = log_uniform(rng, *(share * min(width, height) for share in CROP_SHARE))
    middle = rng.uniform(across / 2, np.array([width, height]) - across / 2)
    scale = across / side
    bearing = _bearing(photo, middle, across)
    if bearing is None:
        return None
    at = np.clip(rng.normal(0.5, 0.2, (_TRIES, 2)), 0.06, 0.94) * side
    # What is clicked decides how the window lies, and that how the crop is turned: so first the place, upright.
    upright = homography.similarity(scale, 0, tuple(middle), (side / 2, side / 2))
    chosen = _choose(photo, ground, homography.map_points(upright, at), rng)
    if chosen is None:
        return None
    clicked, box, sized = chosen
    turn = draw_turn(sized, rng)
    angle = turn + rng.uniform(-HEADING_SPREAD_DEG, HEADING_SPREAD_DEG) - bearing
    to_photo = homography.similarity(scale, angle, tuple(middle), (side / 2, side / 2))
    click = homography.map_points(np.linalg.inv(to_photo), clicked)
    if (click < 0.03 * side).any() or (click > 0.97 * side).any():
        return None
    return _PhotoCrop(to_photo, (side, side), click, box, sized, turn)


def _panorama(photo: PosedPhoto, ground: Ground, rng: np.random.Generator, side: int) -> _PhotoCrop | None:
    width, height = photo.size
    scale = width / (2 * side)
    tried = np.stack([rng.uniform(0, width, _TRIES), rng.uniform(0.45, 0.95, _TRIES) * height], axis=1)
    chosen = _choose(photo, ground, tried, rng)
    if chosen is None:
        return None
    clicked, box, sized = chosen
    to_photo = np.diag([scale, scale, 1.0])
    to_photo[:2, 2] = clicked[0] - width / 2, height / 2 - scale * side / 2
    click = homography.map_points(np.linalg.inv(to_photo), clicked)
    if not 0 <= click[1] < side:
        return None
    # Nothing tells which way a panorama looks.
    turn = float(rng.uniform(0, 360)) if not sized else draw_turn(sized, rng)
    return _PhotoCrop(to_photo, (side, 2 * side), click, box, sized, turn)


def _choose(
    photo: PosedPhoto, ground: Ground, tried: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, bool] | None:
    """Choose of the photo pixels tried one that shows an object, mostly, or else any that shows the ground.

    Returns:
        The pixel, a box round what it shows, and whether that is an object's.
    """
    places = photo.place(tried)
    known = np.flatnonzero(np.isfinite(places).all(-1) & ground.clickable(np.nan_to_num(places, nan=-1.0)))
    slack = _SLACK_M / ground.gsd_m
    if rng.random() < SHARE_OBJECT:
        for i in known:
            box = box_at(ground, places[i], slack)
            if box is not None:
                return tried[i], box, True
    if len(known) == 0:
        return None
    first = known[0]
    return tried[first], box_around(ground, places[first], rng), False


def _bearing(photo: PosedPhoto, middle: np.ndarray, across: float) -> float | None:
    """Return degrees, clockwise in the image of the ground, of the photo's up near `middle`; None if nothing tells."""
    for low, high in ((0.0, -0.2), (0.2, 0.0), (0.4, 0.2)):
        ends = photo.place(middle + np.array([[0, low], [0, high]]) * across)
        if np.isfinite(ends).all():
            dx, dy = ends[1] - ends[0]
            return math.degrees(math.atan2(dx, -dy))
    return None
