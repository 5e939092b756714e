"""Queries cut from photographs, real or rendered, whose every pixel's place on the ground is known."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from geoloc.model.network.features import STRIDE
from geoloc.plane import homography
from geoloc.plane.homography import jacobian, map_points
from geoloc.train.grounds.ground import Ground, Texture
from geoloc.train.grounds.posed_photo import PosedPhoto
from geoloc.train.samples.from_above import filled_beyond, plane_of, view_at, wrong_plane
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
ABOVE_SHARE = 0.55
"""Of queries of photographs that are drawn from above where that can be."""
FOOTPRINT_M = (12.0, 90.0)
"""Metres of ground across a query from above."""
LEAST_PX = 40.0
"""Photo pixels across a query from above, at the click and across the line of sight, at least."""
PLANE_SHARE = (0.25, 0.6)
"""Reach, over the photo's shorter side, of the places that the plane at a click is fitted to."""
PLANE_PLACES = 300
PLANE_SLACK_M = 0.6
LEAST_SHOWN = 0.2
"""Share of a query that must show anything."""
HEIGHT_SPREAD = 0.2
"""Standard deviation of the logarithm of the height over ground that is supposed of a panorama, over the true one."""
MOST_LEVEL_DEG = 87.5
"""Angle from straight down beyond which the ground of a panorama is not drawn."""
_TRIES = 24
_SLACK_M = 0.3


class _PhotoCrop(NamedTuple):
    """A part of a photograph.

    to_photo: the way from query pixels, h x w x 2, to those of the photo, NaN where nothing is shown. shape: rows and
    columns of the query. click: (x, y) in it. box, sized, turn_deg and view: as in `Sample`.
    """

    to_photo: Callable[[Tensor], Tensor]
    shape: tuple[int, int]
    click: np.ndarray
    box: np.ndarray
    sized: bool
    turn_deg: float
    view: np.ndarray


def sample_photo(
    photo: PosedPhoto,
    ground: Ground,
    texture: Texture,
    rng: np.random.Generator,
    *,
    side: int,
    device: torch.device,
    strip: bool = False,
) -> Sample | None:
    """Draw a query of a photograph, as taken or drawn onto the ground.

    Args:
        photo: what the query is cut from.
        ground: what it shows.
        texture: of the photograph.
        rng: what the place, scale and turn are drawn from.
        side: of the query, pixels.
        device: where its image is to be.
        strip: take a panorama whole, side x 2 side, the click in its middle column; else it is drawn onto the ground.

    Returns:
        The query; None where the draw shows nothing known.
    """
    if photo.panorama and not strip:
        crop = _unrolled(photo, ground, rng, side)
    elif photo.panorama:
        crop = _panorama(photo, ground, rng, side)
    elif rng.random() < ABOVE_SHARE:
        crop = _from_above(photo, ground, rng, side)
    else:
        crop = _square(photo, ground, rng, side)
    if crop is None:
        return None
    rows, columns = crop.shape
    # One place more on every side: how far apart neighbours are tells how much of the photo a pixel covers.
    corners = crop.to_photo(pixel_centres(rows + 1, columns + 1, 1, device) - 0.5)
    xy = (corners[:-1, :-1] + corners[1:, 1:]) / 2
    right, down = corners[:-1, 1:] - corners[:-1, :-1], corners[1:, :-1] - corners[:-1, :-1]
    area = (right[..., 0] * down[..., 1] - right[..., 1] * down[..., 0]).abs()
    width, height = (float(side) for side in photo.size)
    shows = torch.isfinite(xy).all(-1) & (xy[..., 1] >= 0) & (xy[..., 1] < height)
    if photo.panorama:
        # Where its edges meet, neighbours lie far apart.
        area = area.clamp(max=float(area.nan_to_num().median()) * 16 + 1)
        xy = torch.stack([xy[..., 0].remainder(width), xy[..., 1]], dim=-1)
    else:
        shows &= (xy[..., 0] >= 0) & (xy[..., 0] < width)
    if shows.float().mean() < LEAST_SHOWN:
        return None
    scale = area.nan_to_num(1.0).sqrt().clamp(min=1e-3)
    image = filled_beyond(texture.sample(torch.where(shows[..., None], xy, 0.0), scale), shows)
    cells = crop.to_photo(pixel_centres(rows // STRIDE, columns // STRIDE, STRIDE, torch.device("cpu")).double())
    places = photo.place(cells.numpy())
    places = np.where(ground.has_data(np.nan_to_num(places, nan=-1.0))[..., None], places, np.nan)
    click = crop.click.astype(np.float32)
    return Sample(photo.ground, image, click, places, crop.box, crop.sized, crop.turn_deg, crop.view)


def _from_above(photo: PosedPhoto, ground: Ground, rng: np.random.Generator, side: int) -> _PhotoCrop | None:
    """Draw a square of the ground round a place, as the photo shows it on a plane that is nearly right."""
    tried = rng.uniform(0.03, 0.97, (_TRIES, 2)) * photo.size
    chosen = _choose(photo, ground, tried, rng)
    if chosen is None:
        return None
    clicked, box, sized = chosen
    reach = log_uniform(rng, *PLANE_SHARE) * min(photo.size)
    seen = _seen_about(photo, clicked, reach)
    if len(seen[0]) < 12:
        return None
    some = rng.permutation(len(seen[0]))[:PLANE_PLACES]
    plane = plane_of(seen[0][some], seen[1][some], PLANE_SLACK_M / ground.gsd_m)
    if plane is None:
        return None
    place = map_points(plane, clicked)
    if not np.isfinite(place).all():
        return None
    plane = wrong_plane(plane, place, rng)
    # Across the line of sight a photo pixel covers the least ground.
    covers = np.linalg.svd(jacobian(plane, clicked))[1][1] * ground.gsd_m
    footprint = log_uniform(rng, max(FOOTPRINT_M[0], LEAST_PX * covers), FOOTPRINT_M[1])
    at = np.clip(rng.normal(0.5, 0.2, 2), 0.06, 0.94) * side
    turn = draw_turn(sized, rng)
    up = turn + rng.uniform(-HEADING_SPREAD_DEG, HEADING_SPREAD_DEG)
    to_ground = homography.similarity(footprint / side / ground.gsd_m, up, tuple(place), tuple(at))
    to_photo = np.linalg.inv(plane) @ to_ground
    to_photo = to_photo / (to_photo[2] @ [*at, 1.0])
    return _PhotoCrop(partial(_mapped, to_photo), (side, side), at, box, sized, turn, view_at(to_photo, at))


def _unrolled(photo: PosedPhoto, ground: Ground, rng: np.random.Generator, side: int) -> _PhotoCrop | None:
    """Draw a square of the ground round a place, as a panorama shows it from a height that is supposed."""
    stand = photo.stand
    tried = np.stack([rng.uniform(0, photo.size[0], _TRIES), rng.uniform(0.5, 0.95, _TRIES) * photo.size[1]], axis=1)
    chosen = _choose(photo, ground, tried, rng)
    if stand is None or chosen is None:
        return None
    clicked, box, sized = chosen
    height = stand.height_m * math.exp(rng.normal(0, HEIGHT_SPREAD)) / ground.gsd_m
    # Where the ray of the click meets the ground that is supposed, from the camera.
    down = (clicked[1] / photo.size[1] - 0.5) * math.pi
    if down <= math.radians(90 - MOST_LEVEL_DEG):
        return None
    azimuth = math.radians(stand.heading_deg) + (clicked[0] / photo.size[0] - 0.5) * 2 * math.pi
    away = np.array([math.sin(azimuth), -math.cos(azimuth)])
    place = away * height / math.tan(down)
    turn = draw_turn(sized, rng)
    up = turn + rng.uniform(-HEADING_SPREAD_DEG, HEADING_SPREAD_DEG)
    at = np.clip(rng.normal(0.5, 0.2, 2), 0.06, 0.94) * side
    to_ground = homography.similarity(log_uniform(rng, *FOOTPRINT_M) / side / ground.gsd_m, up, tuple(place), tuple(at))

    def shown(xy: Tensor) -> Tensor:
        x, y = _mapped(to_ground, xy).unbind(-1)
        flat = (x**2 + y**2).sqrt()
        turned = torch.atan2(x, -y) - math.radians(stand.heading_deg)
        column = (turned / (2 * math.pi) + 0.5).remainder(1) * float(photo.size[0])
        row = (0.5 + torch.atan2(torch.full_like(flat, height), flat) / math.pi) * float(photo.size[1])
        far = flat > height * math.tan(math.radians(MOST_LEVEL_DEG))
        return torch.where(far[..., None], torch.nan, torch.stack([column, row], dim=-1))

    lean = np.linalg.inv(to_ground[:2, :2]) @ away
    lean *= math.cos(down) / np.linalg.norm(lean)
    return _PhotoCrop(shown, (side, side), at, box, sized, turn, np.array([*lean, 1.0]))


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
    chosen = _choose(photo, ground, map_points(upright, at), rng)
    if chosen is None:
        return None
    clicked, box, sized = chosen
    turn = draw_turn(sized, rng)
    angle = turn + rng.uniform(-HEADING_SPREAD_DEG, HEADING_SPREAD_DEG) - bearing
    to_photo = homography.similarity(scale, angle, tuple(middle), (side / 2, side / 2))
    click = map_points(np.linalg.inv(to_photo), clicked)
    if (click < 0.03 * side).any() or (click > 0.97 * side).any():
        return None
    return _PhotoCrop(partial(_mapped, to_photo), (side, side), click, box, sized, turn, np.zeros(3))


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
    click = map_points(np.linalg.inv(to_photo), clicked)
    if not 0 <= click[1] < side:
        return None
    # Nothing tells which way a panorama looks.
    turn = float(rng.uniform(0, 360)) if not sized else draw_turn(sized, rng)
    return _PhotoCrop(partial(_mapped, to_photo), (side, 2 * side), click, box, sized, turn, np.zeros(3))


def _mapped(matrix: np.ndarray, xy: Tensor) -> Tensor:
    """Map points (... x 2) by a 3 x 3 homography, as `map_points` does, on their device."""
    by = torch.tensor(matrix, dtype=xy.dtype, device=xy.device)
    mapped = xy @ by[:, :2].T + by[:, 2]
    depth = mapped[..., 2:]
    return mapped[..., :2] / torch.where(depth > 1e-6, depth, torch.nan)


def _seen_about(photo: PosedPhoto, middle: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the pixels whose places are known within a square about one, and the places, N x 2 each."""
    low = np.maximum((middle - reach) / photo.step, 0).astype(int)
    high = np.ceil((middle + reach) / photo.step).astype(int)
    places = np.asarray(photo.places[low[1] : high[1], low[0] : high[0]], np.float64)
    rows, columns = np.nonzero(np.isfinite(places).all(-1))
    xy = (np.stack([columns + low[0], rows + low[1]], axis=-1) + 0.5) * photo.step
    return xy, places[rows, columns]


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
