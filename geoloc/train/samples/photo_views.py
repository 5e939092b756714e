"""Queries cut from photographs, real or rendered, whose every pixel's place on the ground is known."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from geoloc.model.network.features import STRIDE
from geoloc.plane import homography
from geoloc.plane.equirectangular import ray_of, seen_at
from geoloc.plane.homography import jacobian, map_points
from geoloc.train.grounds.ground import Ground, Textures
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
    on_device,
    stacked,
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
_ANYWHERE = 1e9
"""Pixels after which what does not repeat is said to."""
_SLACK_M = 0.3


class PhotoPicture(NamedTuple):
    """How a query is painted of a photograph; with a first axis more, how B are.

    Attributes:
        photo: the number of the photograph, whatever numbers whoever paints has given them.
        to_plane: 3 x 3, pixels of the query to those of the photo; of a panorama that is drawn onto the ground, to
            places on it, see `geoloc.plane.equirectangular`, in pixels of the ground.
        height: of the camera over that ground, pixels of the ground; NaN where `to_plane` leads to the photo.
        size: 2, width and height of the photo.
        panorama: whether its left and right edges meet.
    """

    photo: np.ndarray
    to_plane: np.ndarray
    height: np.ndarray
    size: np.ndarray
    panorama: np.ndarray


class _PhotoCrop(NamedTuple):
    """A part of a photograph.

    to_plane and height: as in `PhotoPicture`. shape: rows and columns of the query. click: (x, y) in it. box,
    sized, turn_deg and view: as in `Sample`.
    """

    to_plane: np.ndarray
    shape: tuple[int, int]
    click: np.ndarray
    box: np.ndarray
    sized: bool
    turn_deg: float
    view: np.ndarray
    height: float = math.nan


def sample_photo(
    photo: PosedPhoto,
    ground: Ground,
    rng: np.random.Generator,
    *,
    number: int,
    side: int,
    strip: bool = False,
) -> Sample[PhotoPicture] | None:
    """Draw a query of a photograph, as taken or drawn onto the ground.

    Args:
        photo: what the query is cut from.
        ground: what it shows.
        rng: what the place, scale and turn are drawn from.
        number: of the photograph, as `PhotoPicture` is to have it.
        side: of the query, pixels.
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
    picture = PhotoPicture(
        np.asarray(number),
        crop.to_plane,
        np.asarray(crop.height),
        photo.size.astype(np.float64),
        np.asarray(photo.panorama),
    )
    rows, columns = crop.shape
    centres = pixel_centres(rows // STRIDE, columns // STRIDE, STRIDE, torch.device("cpu")).double()
    cells = _photo_pixels(stacked([picture]), centres)
    if _shows(stacked([picture]), cells).float().mean() < LEAST_SHOWN:
        return None
    places = photo.place(cells[0].numpy())
    places = np.where(ground.has_data(np.nan_to_num(places, nan=-1.0))[..., None], places, np.nan)
    click = crop.click.astype(np.float32)
    return Sample(photo.ground, picture, click, places, crop.box, crop.sized, crop.turn_deg, crop.view)


def paint_photos(pictures: PhotoPicture, textures: Textures, numbers: Tensor, shape: tuple[int, int]) -> Tensor:
    """Paint queries of photographs, B x 3 x rows x columns in [0, 255].

    Args:
        pictures: of B queries.
        textures: has the photographs.
        numbers: those that `textures` gave to the photograph of each query.
        shape: rows and columns of the queries.
    """
    rows, columns = shape
    device = textures.device
    # One place more on every side: how far apart neighbours are tells how much of the photo a pixel covers.
    corners = _photo_pixels(pictures, pixel_centres(rows + 1, columns + 1, 1, device) - 0.5)
    # Where the edges of a panorama meet, neighbours lie on both sides of it.
    round_ = np.where(pictures.panorama, pictures.size[:, 0], _ANYWHERE)
    turn = torch.stack([on_device(round_, device), torch.full((len(round_),), _ANYWHERE, device=device)], dim=-1)
    turn = turn[:, None, None]
    first = corners[:, :-1, :-1]
    right, down, across = (
        _nearest_way(corners[:, rows, columns] - first, turn)
        for rows, columns in (
            (slice(None, -1), slice(1, None)),
            (slice(1, None), slice(None, -1)),
            (slice(1, None), slice(1, None)),
        )
    )
    area = (right[..., 0] * down[..., 1] - right[..., 1] * down[..., 0]).abs()
    xy = first + across / 2
    panorama = on_device(pictures.panorama, device)[:, None, None, None]
    xy = torch.where(panorama, xy.remainder(turn), xy)
    shows = _shows(pictures, xy)
    scale = area.nan_to_num(1.0).sqrt().clamp(min=1e-3)
    return filled_beyond(textures.sample(numbers, torch.where(shows[..., None], xy, 0.0), scale), shows)


def _photo_pixels(pictures: PhotoPicture, xy: Tensor) -> Tensor:
    """Return pixels of photographs, B x h x w x 2, NaN where nothing is shown, that pixels of B queries show.

    Args:
        pictures: of B queries.
        xy: h x w x 2 pixels of the queries.
    """
    to_plane = on_device(pictures.to_plane, xy.device, xy.dtype)
    mapped = torch.einsum("bij,hwj->bhwi", to_plane[:, :, :2], xy) + to_plane[:, None, None, :, 2]
    depth = mapped[..., 2:]
    shown = mapped[..., :2] / torch.where(depth > 1e-6, depth, torch.nan)
    (unrolled,) = np.nonzero(np.isfinite(pictures.height))
    if not len(unrolled):
        return shown
    columns = (pictures.height, pictures.size[:, 0], pictures.size[:, 1])
    known = on_device(np.stack(columns)[:, unrolled], xy.device, xy.dtype)
    height, wide, high = known[:, :, None, None]
    which = on_device(unrolled, xy.device)
    x, y = shown[which].unbind(-1)
    far = torch.hypot(x, y) > height * math.tan(math.radians(MOST_LEVEL_DEG))
    seen = seen_at(x, y, height, (wide, high), torch)
    shown[which] = torch.where(far[..., None], torch.nan, seen)
    return shown


def _shows(pictures: PhotoPicture, xy: Tensor) -> Tensor:
    """Tell which pixels (B x h x w x 2) of photographs are on them, B x h x w."""
    size = on_device(pictures.size, xy.device, xy.dtype)[:, None, None]
    panorama = on_device(pictures.panorama, xy.device)[:, None, None]
    within = (xy >= 0) & (xy < size)
    return within[..., 1] & (within[..., 0] | panorama) & torch.isfinite(xy).all(-1)


def _nearest_way(difference: Tensor, turn: Tensor) -> Tensor:
    """Return differences of pixels the short way round where a picture repeats after `turn` pixels."""
    return difference - (difference / turn).round() * turn


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
    return _PhotoCrop(to_photo, (side, side), at, box, sized, turn, view_at(to_photo, at))


def _unrolled(photo: PosedPhoto, ground: Ground, rng: np.random.Generator, side: int) -> _PhotoCrop | None:
    """Draw a square of the ground round a place, as a panorama shows it from a height that is supposed."""
    stand = photo.stand
    tried = np.stack([rng.uniform(0, photo.size[0], _TRIES), rng.uniform(0.5, 0.95, _TRIES) * photo.size[1]], axis=1)
    chosen = _choose(photo, ground, tried, rng)
    if stand is None or chosen is None:
        return None
    clicked, box, sized = chosen
    height = stand.height_m * math.exp(rng.normal(0, HEIGHT_SPREAD)) / ground.gsd_m
    azimuth, from_down = ray_of(clicked[0], clicked[1], (photo.size[0], photo.size[1]))
    if from_down >= math.radians(MOST_LEVEL_DEG):
        return None
    # Where the ray of the click meets the ground that is supposed, to the right and back of the middle column.
    away = np.array([math.sin(azimuth), -math.cos(azimuth)])
    place = away * height * math.tan(from_down)
    turn = draw_turn(sized, rng)
    up = turn + rng.uniform(-HEADING_SPREAD_DEG, HEADING_SPREAD_DEG) - stand.heading_deg
    at = np.clip(rng.normal(0.5, 0.2, 2), 0.06, 0.94) * side
    scale = log_uniform(rng, *FOOTPRINT_M) / side / ground.gsd_m
    to_plane = homography.similarity(scale, up, tuple(place), tuple(at))
    lean = np.linalg.inv(to_plane[:2, :2]) @ away
    lean *= math.sin(from_down) / np.linalg.norm(lean)
    return _PhotoCrop(to_plane, (side, side), at, box, sized, turn, np.array([*lean, 1.0]), height)


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
    return _PhotoCrop(to_photo, (side, side), click, box, sized, turn, np.zeros(3))


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
    return _PhotoCrop(to_photo, (side, 2 * side), click, box, sized, turn, np.zeros(3))


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
