"""Whole searches on held-out ground, to measure what a score means: photographs, mosaics and where the object is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from geoloc.photo.photo import Photo
from geoloc.photo.target import Click
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.ground import Ground, Texture
from geoloc.train.grounds.photo_view import PhotoView
from geoloc.train.samples import simulated_views as made
from geoloc.train.samples.appearance import restyle
from geoloc.train.samples.example import STRIDE
from geoloc.train.samples.sample import box_at

PHOTO_PX = 768
MADE = made.Ranges(footprint_m=(25.0, 110.0), tilt_deg=(0.0, 65.0))
MOSAIC_M = 120.0
"""Side of the mosaics that are searched: what a small site or a GPS position leaves."""
RADIUS_M = 3.0
"""A hit where no true box is known."""
SHARE_HEADING = 0.5
"""Photographs that tell their heading, as most drones' do."""
_TRIES = 40


@dataclass(frozen=True, slots=True)
class Trial:
    """A photograph with clicks whose place in `mosaic` is known.

    truth: N x 4 boxes in the mosaic's pixels. site: the name of the ground it shows, to tell other places by.
    """

    photo: Photo
    clicks: tuple[Click, ...]
    truth: np.ndarray
    mosaic: Ground
    site: str


def draw_trials(collection: Collection, count: int, clicks: int, seed: int) -> list[Trial]:
    """Trials from the photographs of a collection and, as many or where it has none, from made ones; none where it has
    neither photographs nor ground that is large enough and has objects.
    """
    rng = np.random.default_rng(seed)
    grounds = [i for i, ground in enumerate(collection.grounds) if ground.size_m >= MOSAIC_M / 2 and len(ground.boxes)]
    trials: list[Trial] = []
    if not (grounds or collection.views):
        return trials
    tries = 0
    while len(trials) < count and tries < 50 * count:
        tries += 1
        view: PhotoView | None
        if collection.views and (len(trials) % 2 or not grounds):
            view = collection.views[rng.integers(len(collection.views))]
        else:
            view = _made_view(collection, grounds, rng)
        trial = None if view is None else _trial(view, collection.grounds[view.ground], rng, clicks)
        if trial is not None:
            trials.append(trial)
    return trials


def _made_view(collection: Collection, grounds: list[int], rng: np.random.Generator) -> PhotoView | None:
    number = grounds[rng.integers(len(grounds))]
    ground = collection.grounds[number]
    device = torch.device("cpu")
    shots = made.simulate_samples(
        [ground], [Texture(ground.pixels, device, ground.valid)], [0], MADE, rng, side=PHOTO_PX, device=device
    )
    if not shots:
        return None
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    picture = restyle(shots[0].image[None], generator)[0].permute(1, 2, 0).round().to(torch.uint8).numpy()
    places = shots[0].cells.astype(np.float32)
    return PhotoView(f"{ground.name}.jpg", number, np.ascontiguousarray(picture), places, STRIDE, panorama=False)


def _trial(view: PhotoView, ground: Ground, rng: np.random.Generator, clicks: int) -> Trial | None:
    """The mosaic is the part of the ground round the first click, anywhere in it."""
    at = rng.uniform(0.1, 0.9, (_TRIES, 2)) * view.size
    places = view.place(at)
    known = np.flatnonzero(np.isfinite(places).all(-1) & ground.shows(np.nan_to_num(places, nan=-1.0), margin=20))
    boxes = {int(i): box_at(ground, places[i], 0) for i in known}
    chosen = sorted(boxes, key=lambda i: boxes[i] is None)[:clicks]
    if not chosen:
        return None
    half = RADIUS_M / ground.gsd_m
    truth = np.stack(
        [np.concatenate([places[i] - half, places[i] + half]) if (box := boxes[i]) is None else box for i in chosen]
    )
    side = np.minimum(ground.size, int(MOSAIC_M / ground.gsd_m))
    corner = ((truth[0, :2] + truth[0, 2:]) / 2 - rng.uniform(0.1, 0.9, 2) * side).clip(0, ground.size - side)
    corner = corner.astype(int)
    part = (slice(corner[1], corner[1] + side[1]), slice(corner[0], corner[0] + side[0]))
    valid = None if ground.valid is None else ground.valid[part]
    nothing = np.zeros((0, 4))
    mosaic = Ground(ground.name, ground.pixels[part], ground.gsd_m, nothing, nothing[:, :2], nothing[:, :3], valid)
    shifted = truth - np.tile(corner, 2)
    middle = (shifted[:, :2] + shifted[:, 2:]) / 2
    whole = (middle >= 0).all(1) & (middle < side).all(1)
    if not whole.any():
        return None
    heading = _heading(view) if not view.panorama and rng.random() < SHARE_HEADING else None
    photo = Photo(Path(view.name), view.pixels, heading_deg=heading, panorama=view.panorama)
    return Trial(photo, tuple(Click(*at[i]) for i in np.array(chosen)[whole]), shifted[whole], mosaic, ground.name)


def _heading(view: PhotoView) -> float | None:
    """Compass bearing of the picture's up in its lower half, where the ground is north-up; None where it shows none."""
    rows, columns = view.places.shape[:2]
    low, high = view.places[int(rows * 0.9), columns // 2], view.places[int(rows * 0.5), columns // 2]
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        return None
    dx, dy = high - low
    return math.degrees(math.atan2(dx, -dy)) % 360
