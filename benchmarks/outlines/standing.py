"""Boxes drawn round what stands up: they hold walls and crowns, as the photographs of a town show them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from shapely import affinity
from shapely.geometry import Polygon

from benchmarks.outlines.flat_mosaic import CRS, reader
from benchmarks.outlines.trials import (
    DRAWN_SPREAD,
    FLIP,
    KEPT_M,
    VERIFIED_M,
    DrawnBox,
    OutlineTrial,
    as_coarse,
    plane_of,
    polygon_of,
)
from geoloc.geometry.drawn import carried_outline
from geoloc.outline.answers import OBLIQUE
from geoloc.outline.chip import Known
from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.plane.homography import map_points
from geoloc.plane.lean import lean_of
from geoloc.train.grounds.masked import FlatPhoto, MaskedObject
from geoloc.train.grounds.posed_photo import PosedPhoto
from geoloc.train.grounds.towns.store import load_town

LEAST_SEEN = 25
"""Places of a photo, `PosedPhoto.step` pixels apart, that an object is seen at, at the least."""
LEAST_WHOLE = 0.8
"""Share of these that hang together: nobody draws a box round half an object."""

_LEAST_MATCHES = 5
"""Of the photo's plane, below its horizon."""


def standing_trials(path: Path, most: int) -> Iterator[OutlineTrial]:
    """Yield up to so many objects of a town with a box drawn round all of it that a photograph shows.

    What of a photo shows an object is told by the places that its pixels show. The object was found where it is, off
    by `VERIFIED_M` and a tenth of its size.

    Raises:
        TrainingError: the town cannot be read.
    """
    town = load_town(path)
    ground = town.masked
    posed = {id(photo.pixels): photo for photo in town.photos}
    views = [(taken, posed[id(taken.pixels)]) for taken in ground.photos]
    pixel = max(1.0, KEPT_M / ground.gsd_m)
    read = reader(as_coarse(ground.pixels, pixel))
    rng = np.random.default_rng(7)
    left = most
    for number in rng.permutation(len(ground.objects)):
        item = ground.objects[number]
        seen = [(view, around) for view in views if (around := _seen(item, view[1])) is not None]
        if not left or not seen:
            continue
        (taken, photo), around = seen[rng.integers(len(seen))]
        truth = polygon_of(item)
        drawn = _drawn(truth, around * photo.step, taken, ground.gsd_m, rng)
        if drawn is not None:
            left -= 1
            supposed = drawn.known.drawn or truth
            yield OutlineTrial(
                item.kind, True, truth, supposed, pixel, ground.gsd_m, read, drawn.known, drawn.known, drawn
            )


def slant(one: DrawnBox) -> float:
    """Sine of the angle from straight down at which a photo sees what was drawn."""
    assert one.target.box is not None
    ((x, y),) = map_points(one.fit.matrix, np.array([one.target.box.centre]))
    return float(np.hypot(*lean_of(np.asarray(np.linalg.inv(one.fit.matrix), np.float64), (float(x), float(y)))))


def _seen(item: MaskedObject, photo: PosedPhoto) -> NDArray[np.float64] | None:
    """Corners, 2 x 2, of the box round an object in a photo, in `step` pixels; None where it is not seen whole."""
    # Rays that meet a wall's foot are just outside of the mask.
    mask = cv2.dilate(np.pad(item.mask, 2).astype(np.uint8), np.ones((3, 3), np.uint8))
    at = np.floor(photo.places - item.corner + 2)
    inside = np.isfinite(at).all(-1) & (at >= 0).all(-1) & (at < mask.shape[::-1]).all(-1)
    columns, rows = np.moveaxis(np.where(inside[..., None], at, 0).astype(int), -1, 0)
    shown = inside & (mask[rows, columns] > 0)
    if shown.sum() < LEAST_SEEN:
        return None
    _, _, parts, _ = cv2.connectedComponentsWithStats(shown.astype(np.uint8))
    x, y, width, height, count = parts[1 + int(np.argmax(parts[1:, 4]))]
    cut = x == 0 or y == 0 or x + width >= shown.shape[1] or y + height >= shown.shape[0]
    if cut or count < LEAST_WHOLE * shown.sum():
        return None
    return np.array([[x, y], [x + width, y + height]], float)


def _drawn(
    truth: Polygon, around: NDArray[np.float64], taken: FlatPhoto, gsd_m: float, rng: np.random.Generator
) -> DrawnBox | None:
    """A box drawn round what is seen; None where nothing of it can be carried over."""
    corners = around + rng.normal(0, DRAWN_SPREAD, (2, 2)) * np.ptp(around, axis=0)
    target, fit = Target.from_corners(*corners.ravel()), plane_of(taken)
    assert target.box is not None
    to_map = FLIP @ taken.to_ground
    on_map = map_points(to_map, np.array(target.box.corners(), float))
    carried = carried_outline(fit, target) if fit.inliers >= _LEAST_MATCHES else None
    if carried is None or not np.isfinite(on_map).all():
        return None
    (west, south), (east, north) = np.reshape(truth.bounds, (2, 2))
    size = max(east - west, north - south)
    place = np.array([(west + east) / 2, (south + north) / 2])
    place += rng.normal(0, VERIFIED_M / gsd_m, 2) + rng.normal(0, 0.1 * size, 2)
    off = place - np.array(affinity.scale(carried, 1, -1, origin=(0, 0)).envelope.centroid.coords[0])
    quadrangle = Polygon(on_map)
    quadrangle = affinity.translate(quadrangle, *(place - np.array(quadrangle.centroid.coords[0])))
    side = float(np.ptp(np.reshape(carried.bounds, (2, 2)), axis=0).max())
    known = Known(CRS, (float(place[0]), float(place[1])), side, Photo(Path("x"), taken.pixels), to_map, quadrangle)
    one = DrawnBox(target, fit, known, (float(off[0]), float(off[1])))
    # As in a search, which tells the mask head of no box that is mostly walls.
    return one if slant(one) < OBLIQUE else replace(one, known=replace(known, drawn=None))
