"""Whole searches on held-out ground, to measure what a score means: photographs, mosaics and where the object is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from geoloc.model.network.features import STRIDE
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.ground import Ground, Textures
from geoloc.train.grounds.own.extent import LEAST_SEARCHED_M
from geoloc.train.grounds.posed_photo import PosedPhoto
from geoloc.train.samples.appearance import restyle
from geoloc.train.samples.sample import box_at, stacked
from geoloc.train.samples.simulated_views import ViewRanges, paint_views, simulate_samples

PHOTO_PX = 768
SIMULATED = ViewRanges(footprint_m=(25.0, 110.0), tilt_deg=(0.0, 65.0))
MOSAIC_M = 2 * LEAST_SEARCHED_M
"""Side of the mosaics that are searched: what a small site or a GPS position leaves."""
RADIUS_M = 3.0
"""A hit where no true box is known."""
SHARE_HEADING = 0.5
"""Photographs whose heading is known, as most drones' is."""
_TRIES = 40
_LEAST_VALID = 0.5


@dataclass(frozen=True, slots=True)
class Trial:
    """A photograph with clicks whose place in a mosaic is known.

    Attributes:
        photo: the photograph.
        clicks: N, in its pixels.
        truth: N x 4 boxes in the mosaic's pixels.
        mosaic: what is searched.
        site: the name of the ground it shows, to tell other places by.
        beside: another part of the same ground, which shows none of `mosaic`; None where there is too little of it.
        simulated: whether the photograph was made of the mosaic's own pixels.
    """

    photo: Photo
    clicks: tuple[Click, ...]
    truth: np.ndarray
    mosaic: Ground
    site: str
    beside: Ground | None = None
    simulated: bool = False


def can_be_searched(collection: Collection) -> bool:
    """Tell whether trials can be drawn from a collection: it has photographs, or ground of a size and with objects."""
    return bool(_searchable(collection) or collection.photos)


def draw_trials(
    collection: Collection, count: int, clicks: int, seed: int, over: Callable[[], bool] = lambda: False
) -> list[Trial]:
    """Draw trials from the photographs of a collection and, as many or where it has none, from simulated ones.

    Args:
        collection: held-out ground.
        count: of trials at most.
        clicks: of each trial at most.
        seed: of all draws.
        over: whether there is no time to draw more.

    Returns:
        The trials; none where there are neither photographs nor ground that is large enough and has objects.
    """
    rng = np.random.default_rng(seed)
    grounds = _searchable(collection)
    trials: list[Trial] = []
    if not can_be_searched(collection):
        return trials
    tries = 0
    while len(trials) < count and tries < 50 * count and not (trials and over()):
        tries += 1
        photo: PosedPhoto | None
        simulated = not collection.photos or bool(grounds and not len(trials) % 2)
        if simulated:
            photo = _simulated_photo(collection, grounds, rng)
        else:
            photo = collection.photos[rng.integers(len(collection.photos))]
        trial = None if photo is None else _trial(photo, collection.grounds[photo.ground], rng, clicks)
        if trial is not None:
            trials.append(replace(trial, simulated=simulated))
    return trials


def _searchable(collection: Collection) -> list[int]:
    """Numbers of the grounds that are large enough to be searched and have objects."""
    return [i for i, ground in enumerate(collection.grounds) if ground.size_m >= LEAST_SEARCHED_M and len(ground.boxes)]


def _simulated_photo(collection: Collection, grounds: list[int], rng: np.random.Generator) -> PosedPhoto | None:
    number = grounds[rng.integers(len(grounds))]
    ground = collection.grounds[number]
    samples = simulate_samples([ground], [0], SIMULATED, rng, side=PHOTO_PX)
    if not samples:
        return None
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    textures = Textures("cpu")
    numbers = torch.tensor([textures.add(ground.pixels, ground.valid)])
    images = paint_views(stacked([samples[0].picture]), textures, numbers, PHOTO_PX)
    picture = restyle(images, generator)[0].permute(1, 2, 0).round().to(torch.uint8).numpy()
    places = samples[0].cells.astype(np.float32)
    return PosedPhoto(f"{ground.name}.jpg", number, np.ascontiguousarray(picture), places, STRIDE, panorama=False)


def _trial(posed: PosedPhoto, ground: Ground, rng: np.random.Generator, clicks: int) -> Trial | None:
    """Draw clicks in a photograph, and as its mosaic a part of the ground with the first click anywhere in it."""
    at = rng.uniform(0.1, 0.9, (_TRIES, 2)) * posed.size
    places = posed.place(at)
    known = np.flatnonzero(np.isfinite(places).all(-1) & ground.clickable(np.nan_to_num(places, nan=-1.0), margin=20))
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
    mosaic = _part(ground, corner, side)
    shifted = truth - np.tile(corner, 2)
    middle = (shifted[:, :2] + shifted[:, 2:]) / 2
    whole = (middle >= 0).all(1) & (middle < side).all(1)
    if not whole.any():
        return None
    heading = _heading(posed) if not posed.panorama and rng.random() < SHARE_HEADING else None
    photo = Photo(Path(posed.name), posed.pixels, heading_deg=heading, panorama=posed.panorama)
    shown = tuple(Click(*at[i]) for i in np.array(chosen)[whole])
    return Trial(photo, shown, shifted[whole], mosaic, ground.name, _beside(ground, corner, side))


def _part(ground: Ground, corner: np.ndarray, side: np.ndarray) -> Ground:
    """Cut a part out of a ground: its upper left corner and its sides, both (x, y) pixels."""
    (x, y), (width, height) = corner.tolist(), side.tolist()
    part = (slice(y, y + height), slice(x, x + width))
    valid = None if ground.valid is None else ground.valid[part]
    nothing = np.zeros((0, 4))
    return Ground(ground.name, ground.pixels[part], ground.gsd_m, nothing, nothing[:, :2], nothing[:, :3], valid)


def _beside(ground: Ground, corner: np.ndarray, side: np.ndarray) -> Ground | None:
    """Cut out the largest part, of a mosaic's size at most, to one side of another part; None where all are too small.

    What looks most like the place that a photograph shows, and is not, is mostly round it.
    """
    size, far = ground.size, corner + side
    most = np.minimum(size, int(MOSAIC_M / ground.gsd_m))
    parts: list[tuple[np.ndarray, np.ndarray]] = []
    for axis in (0, 1):
        for low, room in ((0, corner[axis]), (far[axis], size[axis] - far[axis])):
            start, sides = corner.copy(), most.copy()
            sides[axis] = min(most[axis], room)
            # Right up to the other part, and beside it as far as the ground reaches.
            start[axis] = low if low else corner[axis] - sides[axis]
            parts.append((np.minimum(start, size - sides), sides))
    start, sides = max(parts, key=lambda part: int(part[1].min()))
    if sides.min() * ground.gsd_m < LEAST_SEARCHED_M:
        return None
    beside = _part(ground, start, sides)
    return None if beside.valid is not None and beside.valid.mean() < _LEAST_VALID else beside


def _heading(photo: PosedPhoto) -> float | None:
    """Return the compass bearing of the lower half's up, where the ground is north-up; None where it shows none."""
    rows, columns = photo.places.shape[:2]
    low, high = photo.places[int(rows * 0.9), columns // 2], photo.places[int(rows * 0.5), columns // 2]
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        return None
    dx, dy = high - low
    return math.degrees(math.atan2(dx, -dy)) % 360
