"""Queries from real photographs, or rendered ones, whose every pixel's place on the ground is known."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import torch

from geoloc.train import plane
from geoloc.train.ground import Ground, Texture
from geoloc.train.perspective import pixel_centres
from geoloc.train.record import STRIDE
from geoloc.train.shot import (
    HEADING_SPREAD_DEG,
    SHARE_OBJECT,
    Shot,
    box_at,
    draw_turn,
    log_uniform,
    place_box,
)

CROP_SHARE = (0.3, 1.0)
"""Sides of crops over the photo's shorter side."""
_TRIES = 24
_SLACK_M = 0.3


@dataclass(frozen=True, eq=False)
class View:
    """A photograph with the places it shows.

    name: of its file. ground: the number, in its collection, of the ground it shows. pixels: H x W x 3 uint8. places:
    h x w x 2, pixel of the ground that the photo pixel ((column + 0.5) step, (row + 0.5) step) shows, NaN where none.
    panorama: whether its left and right edges meet.
    """

    name: str
    ground: int
    pixels: np.ndarray = field(repr=False)
    places: np.ndarray = field(repr=False)
    step: float
    panorama: bool

    @property
    def size(self) -> np.ndarray:
        """(width, height) in pixels."""
        return np.array(self.pixels.shape[1::-1])

    def place(self, xy: np.ndarray) -> np.ndarray:
        """The pixels of the ground (..., 2) that photo pixels (..., 2) show, NaN outside and beside unknown places."""
        rows, columns = self.places.shape[:2]
        if self.panorama:
            xy = np.stack([xy[..., 0] % self.size[0], xy[..., 1]], axis=-1)
        inside = np.asarray(((xy >= 0) & (xy < self.size)).all(-1))
        x = (np.where(inside, xy[..., 0], 0) / self.step - 0.5).clip(0, columns - 1)
        y = (np.where(inside, xy[..., 1], 0) / self.step - 0.5).clip(0, rows - 1)
        x0, y0 = x.astype(int), y.astype(int)
        x1, y1 = np.minimum(x0 + 1, columns - 1), np.minimum(y0 + 1, rows - 1)
        dx, dy = (x - x0)[..., None], (y - y0)[..., None]
        upper = (1 - dx) * self.places[y0, x0] + dx * self.places[y0, x1]
        lower = (1 - dx) * self.places[y1, x0] + dx * self.places[y1, x1]
        return np.where(inside[..., None], (1 - dy) * upper + dy * lower, np.nan)


def shot(
    view: View, ground: Ground, texture: Texture, rng: np.random.Generator, *, side: int, device: torch.device
) -> Shot | None:
    """A query of `view`; None where the draw shows nothing known.

    texture: of the photograph. A panorama is taken whole, side x 2 side, the click in its middle column, as the search
    does.
    """
    found = _panorama(view, ground, rng, side) if view.panorama else _crop(view, ground, rng, side)
    if found is None:
        return None
    to_photo, shape, click, box, sized, turn = found
    pixels = pixel_centres(shape[0], shape[1], 1, device)
    matrix = torch.tensor(to_photo, dtype=torch.float32, device=device)
    xy = pixels @ matrix[:2, :2].T + matrix[:2, 2]
    if view.panorama:
        xy = torch.stack([xy[..., 0].remainder(float(view.size[0])), xy[..., 1]], dim=-1)
    scale = math.sqrt(abs(np.linalg.det(to_photo[:2, :2])))
    image = texture.sample(xy, xy.new_full(xy.shape[:2], scale))
    centres = pixel_centres(shape[0] // STRIDE, shape[1] // STRIDE, STRIDE, torch.device("cpu")).double().numpy()
    places = view.place(plane.apply(to_photo, centres))
    places = np.where(ground.holds(np.nan_to_num(places, nan=-1.0))[..., None], places, np.nan)
    return Shot(view.ground, image, click.astype(np.float32), places, box, sized, turn)


_Found = tuple[np.ndarray, tuple[int, int], np.ndarray, np.ndarray, bool, float]


def _crop(view: View, ground: Ground, rng: np.random.Generator, side: int) -> _Found | None:
    """A square of the photo turned so that its up is near to the reference's."""
    width, height = view.size
    across = log_uniform(rng, *(share * min(width, height) for share in CROP_SHARE))
    middle = rng.uniform(across / 2, np.array([width, height]) - across / 2)
    scale = across / side
    bearing = _bearing(view, middle, across)
    if bearing is None:
        return None
    at = np.clip(rng.normal(0.5, 0.2, (_TRIES, 2)), 0.06, 0.94) * side
    # What is clicked decides how the window lies, and that how the crop is turned: so first the place, upright.
    upright = plane.similarity(scale, 0, tuple(middle), (side / 2, side / 2))
    chosen = _choose(view, ground, plane.apply(upright, at), rng)
    if chosen is None:
        return None
    clicked, box, sized = chosen
    turn = draw_turn(sized, rng)
    angle = turn + rng.uniform(-HEADING_SPREAD_DEG, HEADING_SPREAD_DEG) - bearing
    to_photo = plane.similarity(scale, angle, tuple(middle), (side / 2, side / 2))
    click = plane.apply(np.linalg.inv(to_photo), clicked)
    if (click < 0.03 * side).any() or (click > 0.97 * side).any():
        return None
    return to_photo, (side, side), click, box, sized, turn


def _panorama(view: View, ground: Ground, rng: np.random.Generator, side: int) -> _Found | None:
    width, height = view.size
    scale = width / (2 * side)
    tried = np.stack([rng.uniform(0, width, _TRIES), rng.uniform(0.45, 0.95, _TRIES) * height], axis=1)
    chosen = _choose(view, ground, tried, rng)
    if chosen is None:
        return None
    clicked, box, sized = chosen
    to_photo = np.diag([scale, scale, 1.0])
    to_photo[:2, 2] = clicked[0] - width / 2, height / 2 - scale * side / 2
    click = plane.apply(np.linalg.inv(to_photo), clicked)
    if not 0 <= click[1] < side:
        return None
    # Nothing tells which way a panorama looks.
    turn = float(rng.uniform(0, 360)) if not sized else draw_turn(sized, rng)
    return to_photo, (side, 2 * side), click, box, sized, turn


def _choose(
    view: View, ground: Ground, tried: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, bool] | None:
    """Of the photo pixels tried one that shows an object, mostly, or else any that shows the ground."""
    places = view.place(tried)
    known = np.flatnonzero(np.isfinite(places).all(-1) & ground.shows(np.nan_to_num(places, nan=-1.0)))
    slack = _SLACK_M / ground.gsd_m
    if rng.random() < SHARE_OBJECT:
        for i in known:
            box = box_at(ground, places[i], slack)
            if box is not None:
                return tried[i], box, True
    if len(known) == 0:
        return None
    first = known[0]
    return tried[first], place_box(ground, places[first], rng), False


def _bearing(view: View, middle: np.ndarray, across: float) -> float | None:
    """Degrees, clockwise in the image of the ground, of the photo's up near `middle`; None where nothing tells."""
    for low, high in ((0.0, -0.2), (0.2, 0.0), (0.4, 0.2)):
        ends = view.place(middle + np.array([[0, low], [0, high]]) * across)
        if np.isfinite(ends).all():
            dx, dy = ends[1] - ends[0]
            return math.degrees(math.atan2(dx, -dy))
    return None
